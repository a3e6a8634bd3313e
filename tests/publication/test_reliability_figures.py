"""Figures of reliability: what is drawn, what is not, and what is said of them."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from invented import TOO_FEW, study_of, with_suppressed
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from analysis.foundation.findings import TIDY_COLUMNS, Finding, Groups
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.figure import Figure, Note
from analysis.publication.house_style import lightness
from analysis.publication.reliability_figures.agreement import limits_figure
from analysis.publication.reliability_figures.dependability import (
    decision_figure,
    staff_figure,
)
from analysis.publication.reliability_figures.factors import (
    exploratory_loading_figure,
    loading_figure,
    scree_figure,
)
from analysis.publication.reliability_figures.items import (
    information_figure,
    item_map_figure,
    response_figure,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes

CARE = {"survey": "ratings", "instrument": "care", "subscale": "total"}
STUDY = study_of("listening-pilot")
ITEMS = STUDY.instruments["care"].subscale("total").items[:3]
MAKERS: dict[str, Callable[..., Figure | Note]] = {
    "responses": response_figure,
    "scree": scree_figure,
    "loadings": loading_figure,
    "decision": decision_figure,
    "staff": staff_figure,
    "limits": limits_figure,
    "map": item_map_figure,
    "information": information_figure,
}
TERM = {
    "responses": "response_share",
    "scree": "eigenvalue",
    "loadings": "loading",
    "decision": "dependability_coefficient",
    "staff": "shrunken_mean",
    "limits": "responses_in_cell",
    "map": "graded_threshold",
    "information": "test_information",
}


def label_of(item: str) -> str:
    return STUDY.instruments["care"].item(item).label


def number(
    term: str,
    estimate: float,
    reach: float = 0.0,
    n: int = 120,
    method: str = "",
    **place: Any,
) -> Finding:
    return Finding(
        study=STUDY.name,
        **CARE,
        wave="before",
        **place,
        term=term,
        estimate=estimate,
        conf_low=estimate - reach if reach else None,
        conf_high=estimate + reach if reach else None,
        n=n,
        method=method,
    )


def shares() -> Iterator[Finding]:
    one, two, three = ITEMS
    for item, parts in {
        one: {"1": 0.1, "2": 0.2, "3": 0.3, "4": 0.25, "5": 0.15},
        two: {"1\N{EN DASH}2": 0.15, "3": 0.2, "4": 0.4, "5": 0.25},
        three: {"1": 0.1, "2\N{EN DASH}4": 0.6, "5": 0.3},
    }.items():
        for group, share in parts.items():
            yield number("response_share", share, item=item, group=group)


def eigenvalues() -> Iterator[Finding]:
    for place, values in enumerate([(2.1, 1.1, 1.2), (0.6, 1.0, 1.05)], start=1):
        for term, value in zip(
            (
                "eigenvalue",
                "eigenvalue_by_chance_mean",
                "eigenvalue_by_chance_percentile",
            ),
            values,
            strict=True,
        ):
            yield number(term, value, group=f"{place}")
    yield number("dimensions_by_percentile", 1.0)


def loadings() -> Iterator[Finding]:
    for order, item in enumerate(ITEMS):
        for factor in ("1", "2"):
            value = 0.5 + 0.1 * order if factor == "1" else -0.1 * order
            yield number("loading", value, 0.1, item=item, group=factor)
        yield number("loading", 1.0 + order, 0.2, item=item, group="Heard")
        yield number(
            "standardised_loading", 0.6 + 0.1 * order, 0.1, item=item, group="Heard"
        )


def decisions() -> Iterator[Finding]:
    for items in (5, 10):
        for raters in (1, 5, 20):
            method = (
                f"variance of staff / (itself + error) of a mean over {items} item, "
                f"{raters} rater, all facets random; absolute error"
            )
            group, value = f"{items}, {raters}", raters / (raters + 50 / items)
            yield number(
                "generalisability_coefficient",
                value + 0.02,
                0.05,
                group=group,
                method=method,
            )
            yield number(
                "dependability_coefficient", value, 0.05, group=group, method=method
            )
    required = "number of rater for a dependability of 0.7 (absolute error)"
    yield number("raters_needed", 12.0, 3.0, method=required)


def staff() -> Iterator[Finding]:
    for place, (name, enough) in enumerate(
        [("Robin", "yes"), ("Kim", "no"), ("Alex", "yes"), ("Sam", "no")]
    ):
        value = 30.0 + (place * 3 % 4)
        group = Groups((name, enough), ", ")
        yield number("shrunken_mean", value, 2.0, n=15, group=group)
        yield number("observed_mean", value + 1, n=15, group=group)


def limits() -> Iterator[Finding]:
    yield number("bias", 0.5, 0.3)
    yield number("lower_limit_of_agreement", -5.0, 0.8)
    yield number("upper_limit_of_agreement", 6.0, 0.8)
    for count, cell in {
        14: "mean 15 to 25, difference -5 to 5",
        40: "mean 25 to 35, difference -5 to 5",
        12: "mean 25 to 35, difference 5 to 15",
    }.items():
        yield number("responses_in_cell", float(count), n=count, group=cell)
    yield number("responses_outside_cells", 13.0)


def thresholds() -> Iterator[Finding]:
    for order, item in enumerate(ITEMS):
        yield number("mean", 3.0 + 0.4 * order, 0.2, item=item)
        for step in (2, 3):
            value = 1.0 - order + 0.5 * (step - 2)
            yield number("graded_threshold", value, 0.2, item=item, group=f"{step}")


def information() -> Iterator[Finding]:
    for level, reported in {"-1": 4.0, "0": 6.25, "1": 1.0}.items():
        yield number("test_information", reported, group=level)
        yield number("conditional_standard_error", reported**-0.5, group=level)


@cache
def disclosed() -> Disclosed:
    makers = (
        shares,
        eigenvalues,
        loadings,
        decisions,
        staff,
        limits,
        thresholds,
        information,
    )
    return Disclosed(findings=tuple(part for made in makers for part in made()))


def drawn(kind: str, given: Disclosed | None = None, **options: Any) -> Figure:
    maker = MAKERS.get(kind, exploratory_loading_figure)
    figure = maker(given or disclosed(), STUDY, **CARE, **options)
    assert isinstance(figure, Figure)
    return figure


def axes_of(figure: Figure) -> Axes:
    axes = Canvas().add_subplot()
    figure.draw(axes)
    return axes


def without(term: str) -> Disclosed:
    kept = (part for part in disclosed().findings if part.term != term)
    return Disclosed(findings=tuple(kept))


# ------------------------------------------------------------------------- every kind


@pytest.mark.parametrize("kind", MAKERS)
def test_a_figure_says_what_it_shows_and_keeps_its_numbers(kind: str) -> None:
    figure = drawn(kind)
    assert any(sign.isdigit() for sign in figure.alt_text)
    assert figure.alt_text != figure.caption
    assert figure.name.endswith("-ratings-care-total-before")
    assert "CARE total, Before" in figure.caption
    frame = figure.to_frame()
    assert tuple(frame.columns) == TIDY_COLUMNS
    assert set(frame["estimate"]) <= {part.estimate for part in disclosed().findings}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_same_numbers_give_the_same_picture(kind: str) -> None:
    figure = drawn(kind)
    again = dataclasses.replace(figure, title="Not kept from before")
    assert figure.png() == again.png()
    assert figure.svg() == again.svg()


def test_no_two_figures_share_a_name() -> None:
    assert len({drawn(kind).name for kind in MAKERS}) == len(MAKERS)


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_held_back_is_counted_and_stands_nowhere(kind: str) -> None:
    last = disclosed().where(term=TERM[kind]).findings[-1]
    place = {"term": last.term, "item": last.item, "group": last.group}
    figure_kind = kind
    if kind == "loadings":
        figure_kind = "exploratory loadings"
        place |= {"item": ITEMS[0], "group": "2"}
    less = with_suppressed(disclosed(), **place)
    figure = drawn(figure_kind, less)
    assert f"1 value is suppressed ({TOO_FEW})." in figure.caption
    assert f"1 value is suppressed ({TOO_FEW})." in figure.alt_text
    assert len(figure.points) < len(drawn(figure_kind).points)
    assert all(point.finding.estimate is not None for point in figure.points)
    assert figure.png()


@pytest.mark.parametrize("kind", MAKERS)
def test_where_nothing_may_be_drawn_a_note_says_why(kind: str) -> None:
    empty = MAKERS[kind](Disclosed(findings=()), STUDY, **CARE)
    assert isinstance(empty, Note)
    assert "nothing was found to draw" in empty.text
    given = Disclosed(
        findings=tuple(
            dataclasses.replace(
                part,
                estimate=None,
                conf_low=None,
                conf_high=None,
                n=None,
                reason=TOO_FEW,
            )
            for part in disclosed().findings
        )
    )
    note = MAKERS[kind](given, STUDY, **CARE)
    assert isinstance(note, Note)
    assert TOO_FEW in note.text


@pytest.mark.parametrize("kind", MAKERS)
def test_a_figure_is_of_one_wave_the_first_or_the_one_asked_for(kind: str) -> None:
    later = tuple(
        dataclasses.replace(part, wave="after") for part in disclosed().findings
    )
    both = Disclosed(findings=(*later, *disclosed().findings))
    first = drawn(kind, both)
    assert first.points == drawn(kind).points
    assert first.name.endswith("-before")
    asked = drawn(kind, both, wave="after")
    assert asked.name.endswith("-after")
    assert {point.finding.wave for point in asked.points} == {"after"}


@pytest.mark.parametrize("kind", MAKERS)
def test_an_arm_of_its_own_is_not_mixed_in(kind: str) -> None:
    of_arm = tuple(
        dataclasses.replace(part, arm="pilot") for part in disclosed().findings
    )
    both = Disclosed(findings=(*disclosed().findings, *of_arm))
    assert len(drawn(kind, both).points) == len(drawn(kind).points)


# -------------------------------------------------------------------------- responses


def bars_of(figure: Figure) -> dict[float, list[Rectangle]]:
    """Item by item from the top, its bars from left to right."""
    rows: dict[float, list[Rectangle]] = {}
    for patch in axes_of(figure).patches:
        assert isinstance(patch, Rectangle)
        rows.setdefault(round(patch.get_y(), 3), []).append(patch)
    return {
        place: sorted(bars, key=Rectangle.get_x) for place, bars in sorted(rows.items())
    }


def test_the_middle_answer_is_split_round_zero() -> None:
    rows = list(bars_of(drawn("responses")).values())
    by_length = {len(bars): bars for bars in rows}
    usual = by_length[5]
    assert usual[0].get_x() == pytest.approx(-0.45)
    assert usual[2].get_x() == pytest.approx(-0.15)
    assert [bar.get_width() for bar in usual] == pytest.approx(
        [0.1, 0.2, 0.3, 0.25, 0.15]
    )
    assert by_length[4][0].get_x() == pytest.approx(-0.25)
    assert by_length[3][1].get_x() == pytest.approx(-0.3)


def test_without_a_middle_answer_the_bars_part_between_two() -> None:
    parts = {"1": 0.1, "2": 0.3, "3": 0.4, "4": 0.2}
    even = Disclosed(
        findings=tuple(
            number("response_share", share, item=ITEMS[0], group=group)
            for group, share in parts.items()
        )
    )
    (bars,) = bars_of(drawn("responses", even)).values()
    assert bars[0].get_x() == pytest.approx(-0.4)
    assert bars[2].get_x() == pytest.approx(0.0)
    assert "40% below the middle, 60% above" in drawn("responses", even).alt_text


def test_categories_without_codes_are_taken_in_the_order_found() -> None:
    parts = {"never": 0.2, "at times": 0.5, "always": 0.3}
    reported = Disclosed(
        findings=tuple(
            number("response_share", share, item=ITEMS[0], group=group)
            for group, share in parts.items()
        )
    )
    (bars,) = bars_of(drawn("responses", reported)).values()
    assert bars[1].get_x() == pytest.approx(-0.25)


def test_an_item_nobody_answered_does_not_change_the_categories() -> None:
    absent = dataclasses.replace(
        number("response_share", 0.0, item=ITEMS[0]),
        estimate=None,
        n=0,
        reason="nobody answered",
    )
    parts = {"1": 0.3, "2 to 4": 0.2, "5": 0.5}
    reported = tuple(
        number("response_share", share, item=ITEMS[1], group=group)
        for group, share in parts.items()
    )
    figure = drawn("responses", Disclosed(findings=(absent, *reported)))
    (bars,) = bars_of(figure).values()
    assert [bar.get_x() for bar in bars] == pytest.approx([-0.4, -0.1, 0.1])
    assert "1 value is suppressed (nobody answered)." in figure.caption
    texts = {text.get_text() for text in axes_of(figure).texts}
    assert texts == {"2\N{EN DASH}4"}


def test_an_item_with_a_share_held_back_is_left_out_whole() -> None:
    less = with_suppressed(disclosed(), term="response_share", item=ITEMS[0], group="4")
    figure = drawn("responses", less)
    assert {point.finding.item for point in figure.points} == {*ITEMS[1:]}
    assert "1 value is suppressed" in figure.caption
    assert label_of(ITEMS[0]) not in figure.alt_text


def test_merged_answers_are_named_in_their_bar_and_single_ones_in_the_legend() -> None:
    axes = axes_of(drawn("responses"))
    assert {text.get_text() for text in axes.texts} == {
        "1\N{EN DASH}2",
        "2\N{EN DASH}4",
    }
    (legend,) = axes.figure.legends
    named = [text.get_text() for text in legend.get_texts()]
    assert named == ["1", "2", "3", "4", "5"]
    shades = [lightness(part.get_facecolor()[:3]) for part in legend.get_patches()]  # type: ignore[arg-type]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 5


def test_answers_keep_their_order_in_grey() -> None:
    bars = max(bars_of(drawn("responses")).values(), key=len)
    shades = [lightness(bar.get_facecolor()[:3]) for bar in bars]  # type: ignore[arg-type]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 5


# ----------------------------------------------------------- dimensions and loadings


def test_the_words_say_how_many_dimensions_exceed_chance() -> None:
    words = drawn("scree").alt_text
    assert words.startswith("1 dimension exceeds chance. ")
    assert "dimension 1: 2.10 against 1.20; dimension 2: 0.60 against 1.05." in words


def test_found_and_chance_are_told_apart_without_colour() -> None:
    lines = [line for line in axes_of(drawn("scree")).lines if line.get_marker() != "|"]
    looks = {(line.get_marker(), line.get_linestyle()) for line in lines}
    assert len(looks) == 3


def test_the_confirmatory_model_comes_first_and_standardised() -> None:
    frame = drawn("loadings").to_frame()
    assert set(frame["term"]) == {"standardised_loading"}
    assert set(frame["group"]) == {"Heard"}
    best = label_of(ITEMS[2])
    assert f"to 0.80 (0.70 to 0.90) ({best})" in drawn("loadings").alt_text


def test_an_exploratory_model_is_not_mixed_with_a_confirmatory_one() -> None:
    figure = drawn("exploratory loadings")
    assert {point.series for point in figure.points} == {"Factor 1", "Factor 2"}
    alone = drawn("loadings", without("standardised_loading"))
    assert "exploratory" in alone.name


def test_items_stand_by_the_factor_they_go_with_the_strongest_first() -> None:
    labels = [tick.get_text() for tick in axes_of(drawn("loadings")).get_yticklabels()]
    assert [label.replace("\n", " ") for label in labels] == [
        label_of(item) for item in ITEMS[::-1]
    ]


# ------------------------------------------------------------------ raters and staff


def test_a_curve_runs_over_what_varies_most_one_line_for_each_other_number() -> None:
    figure = drawn("decision")
    assert {point.label for point in figure.points} == {"1", "5", "20"}
    assert {point.series for point in figure.points} == {
        "Dependability, 5 item",
        "Dependability, 10 item",
        "Generalisability, 5 item",
        "Generalisability, 10 item",
    }
    assert axes_of(figure).get_xlabel() == "Number of rater"


def test_of_two_decision_studies_the_first_is_drawn() -> None:
    method = "of a mean over 3 ratings, all facets random"
    other = number("dependability_coefficient", 0.4, group="3", method=method)
    both = Disclosed(findings=(*disclosed().findings, other))
    assert drawn("decision", both).points == drawn("decision").points


def test_the_number_needed_is_marked_and_said() -> None:
    figure = drawn("decision")
    assert "12 (9 to 15) rater needed for a dependability of 0.70" in figure.alt_text
    texts = [text.get_text() for text in axes_of(figure).texts]
    assert texts == ["12 for 0.70"]
    assert "finely dotted" in figure.caption
    (needed,) = disclosed().where(term="raters_needed").findings
    beyond = dataclasses.replace(needed, estimate=80.0, conf_low=None)
    kept = without("raters_needed").findings
    outside = drawn("decision", Disclosed(findings=(*kept, beyond)))
    assert "finely dotted" not in outside.caption
    assert "80 rater needed" in outside.alt_text
    less = with_suppressed(disclosed(), term="raters_needed")
    assert axes_of(drawn("decision", less)).texts[:] == []


def test_where_both_coefficients_are_equal_one_line_is_drawn() -> None:
    equal = tuple(
        dataclasses.replace(part, term="generalisability_coefficient")
        for part in disclosed().where(term="dependability_coefficient").findings
    )
    kept = without("generalisability_coefficient").findings
    figure = drawn("decision", Disclosed(findings=(*equal, *kept)))
    assert not any("General" in point.series for point in figure.points)


def test_staff_are_numbers_and_their_labels_stand_nowhere() -> None:
    figure = drawn("staff")
    everything = figure.to_frame().to_csv() + figure.alt_text + figure._repr_html_()
    everything += repr(figure.points) + figure.svg().decode()
    for name in ("Robin", "Kim", "Alex", "Sam"):
        assert name not in everything
    by_rank = {point.label: point.value for point in figure.points}
    assert by_rank == {"1": 33.0, "2": 32.0, "3": 31.0, "4": 30.0}


def test_a_line_parts_staff_rated_reliably_enough_from_the_others() -> None:
    figure = drawn("staff")
    assert [point.series for point in figure.points] == [
        "Rated reliably enough",
        "Rated reliably enough",
        "Not yet reliably enough",
        "Not yet reliably enough",
    ]
    levels = {
        float(line.get_ydata()[0])  # type: ignore[index,arg-type]
        for line in axes_of(figure).lines
        if line.get_linestyle() == "--"
    }
    assert levels == {1.5}
    assert figure.alt_text.startswith("2 of 4 staff members")


def test_where_all_are_rated_reliably_enough_there_is_no_line() -> None:
    given = tuple(
        part
        for part in disclosed().where(term="shrunken_mean").findings
        if str(part.group).endswith("yes")
    )
    axes = axes_of(drawn("staff", Disclosed(findings=given)))
    assert not [line for line in axes.lines if line.get_linestyle() == "--"]


# ------------------------------------------------------------- limits, items, traits


def test_limits_are_drawn_over_counts_in_cells() -> None:
    axes = axes_of(drawn("limits"))
    counts = {text.get_text() for text in axes.texts} & {"14", "40", "12"}
    assert counts == {"14", "40", "12"}
    levels = {
        float(line.get_ydata()[0])  # type: ignore[index,arg-type]
        for line in axes.lines
        if line.get_linestyle() != ":"
    }
    assert levels == {0.5, -5.0, 6.0}
    left, right = axes.get_xlim()
    assert left < 15
    assert right > 35


def test_people_in_no_cell_are_counted() -> None:
    figure = drawn("limits")
    assert "13 people are in cells with too few of them to show." in figure.caption
    assert "too few" not in drawn("limits", without("responses_outside_cells")).caption


def test_limits_without_cells_are_drawn_alone() -> None:
    kept = (
        part for part in disclosed().findings if not part.term.startswith("responses_")
    )
    figure = drawn("limits", Disclosed(findings=tuple(kept)))
    assert len(figure.points) == 3
    assert "how many people" not in figure.caption
    assert not list(axes_of(figure).get_xticks())


def test_items_are_mapped_by_their_thresholds_the_easiest_first() -> None:
    figure = drawn("map")
    assert {point.finding.term for point in figure.points} == {"graded_threshold"}
    axes = axes_of(figure)
    labels = [t.get_text().replace("\n", " ") for t in axes.get_yticklabels()]
    assert labels == [label_of(item) for item in ITEMS[::-1]]
    assert [p.series for p in figure.points[:4]] == ["Threshold 2"] * 3 + [
        "Threshold 3"
    ]


def test_thresholds_that_do_not_say_which_are_counted_within_the_item() -> None:
    blank = tuple(
        dataclasses.replace(part, group="")
        for part in disclosed().where(term="graded_threshold").findings
    )
    figure = drawn("map", Disclosed(findings=blank))
    assert {point.series for point in figure.points} == {"Threshold 1", "Threshold 2"}


def test_thresholds_of_a_factor_model_are_numbered_by_their_term() -> None:
    numbered = tuple(
        dataclasses.replace(part, group="", term=f"threshold_{part.group}")
        for part in disclosed().where(term="graded_threshold").findings
    )
    figure = drawn("map", Disclosed(findings=numbered))
    assert {point.series for point in figure.points} == {"Threshold 2", "Threshold 3"}


def test_without_thresholds_items_are_mapped_by_their_means() -> None:
    figure = drawn("map", without("graded_threshold"))
    labels = [
        tick.get_text().replace("\n", " ") for tick in axes_of(figure).get_yticklabels()
    ]
    assert labels == [label_of(item) for item in ITEMS[::-1]]
    assert "Means run from 3.00 (2.80 to 3.20)" in figure.alt_text


def test_information_and_error_have_an_axis_each() -> None:
    axes = axes_of(drawn("information"))
    left, right = axes.figure.axes
    assert (left.get_ylabel(), right.get_ylabel()) == ("Information", "Standard error")
    words = drawn("information").alt_text
    assert "Most information, 6.25, at 0.00" in words
    minus = "\N{MINUS SIGN}"
    assert f"error 0.40 at 0.00, 0.50 at {minus}1.00 and 1.00 at 1.00" in words
