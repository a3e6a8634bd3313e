"""Comparisons over waves on the page: sentences, figures and tables."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.foundation.findings import Contrast, Finding, Group
from analysis.publication.comparison_designs import (
    show_compared,
    show_dose,
    show_falsification,
    show_sensitivity,
)
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Note
from analysis.storage.declared import read_study

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
ARMS = Contrast("pilot", "comparison")
OTHER = Group("not_planned", "answers of all waves")
MINUS = "\N{MINUS SIGN}"


def number(term: str, value: float | None, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "term": term,
        "estimate": value,
        "n": 40,
        "method": "made up",
    }
    if value is not None and not term.endswith("p_value"):
        place |= {"conf_low": value - 1, "conf_high": value + 1}
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def of_arms(effect: float = 2.0, before: float | None = None) -> list[Finding]:
    """A baseline in the middle, one wave before it and one after."""
    reported = {"arm": ARMS}
    reason = "" if before is not None else "one wave before the start"
    made = [
        number("difference_in_differences", effect, group=OTHER, **reported),
        number("difference_in_differences_p_value", 0.03, group=OTHER, **reported),
        number("pre_trend_p_value", before, reason=reason, **reported),
    ]
    for wave, value, group in (
        (Contrast("before", "after"), 0.2, ""),
        (Contrast("later", "after"), effect, OTHER),
    ):
        place = {**reported, "wave": wave, "group": group}
        made.append(number("event_study_effect", value, **place))
        made.append(number("event_study_p_value", 0.4, **place))
    return made


def of_rollout() -> list[Finding]:
    made = [
        number("staggered_effect", 1.5),
        number("staggered_effect_p_value", 0.02),
        number("placebo_effect", 1.2, group=OTHER, wave=Contrast("later", "before")),
        number("placebo_p_value", 0.05, wave=Contrast("later", "before")),
        number(
            "placebo_smallest_possible_p_value", 0.01, wave=Contrast("later", "before")
        ),
        number(
            "stepped_wedge_effect",
            None,
            n=None,
            group=OTHER,
            reason="nobody drew lots",
        ),
        number("stepped_wedge_p_value", None, n=None, reason="nobody drew lots"),
    ]
    for steps, value in ((-2, 0.1), (0, 1.0), (1, 2.0)):
        group = Group("waves_since_start", f"{steps}")
        made.append(number("event_time_effect", value, group=group))
    for start, p in (("after", 0.04), ("later", 0.5)):
        group = Group("start", start)
        made.append(number("difference_in_differences", 1.1, group=group))
        made.append(number("difference_in_differences_p_value", 0.1, group=group))
        made.append(number("pre_trend_p_value", p, group=group))
    return made


def of_dose(p: float) -> list[Finding]:
    change = {"wave": Contrast("later", "before")}
    made = [
        number("dose_slope", 0.4, **change),
        number("dose_slope_p_value", 0.03, **change),
        number("dose_curve_p_value", 0.6, **change),
        number("future_dose_slope", 0.1, wave="before"),
        number("future_dose_p_value", p, wave="before"),
        number("ingredient_effect", 0.2, group="Film", **change),
        number("ingredient_p_value", 0.7, group="Film", **change),
    ]
    for dose in (3, 6):
        group = Group("dose", f"{dose}", "0")
        made.append(number("dose_effect", 0.4 * dose, group=group, **change))
    return made


def test_an_outcome_has_a_sentence_a_figure_and_a_table() -> None:
    shown = show_compared(disclose(of_arms(), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert figure.name == "compared-care"
    assert [(point.label, point.series) for point in figure.points] == [
        ("Before", "Before the start"),
        ("Later", "With the pilot"),
    ]
    words = (
        "2.00 (1.00 to 3.00) points. Not planned: answers of all waves. The interval"
    )
    assert f"{words} leaves out zero" in figure.alt_text
    assert "Not planned: answers of all waves." in figure.caption
    assert "Not planned: answers of all waves." in table.notes
    assert "The smallest that matters is 2.00" in figure.alt_text
    assert figure.png()
    assert table.columns == ("What", "n", "Points", "p")
    assert [(row[0], row[3]) for row in table.rows] == [
        ("All waves after, not planned", "0.030"),
        ("After to Before", "0.400"),
        ("After to Later, not planned", "0.400"),
        ("Alike before?", "not shown (a)"),
    ]
    assert "one wave before the start." in table.notes[0]


def test_an_interval_with_zero_in_it_tells_no_difference() -> None:
    (figure,) = show_compared(disclose(of_arms(0.5), smallest=11), STUDY).figures
    assert "includes zero, so no difference can be shown" in figure.alt_text


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (None, "One wave before the start."),
        (0.3, "Nothing shows that trends differed before the start (p = 0.300)"),
        (0.049, "Trends differed before the start by more than chance"),
    ],
)
def test_whether_courses_were_alike_before_is_said(p: float | None, words: str) -> None:
    page = show_compared(disclose(of_arms(before=p), smallest=11), STUDY)
    assert words in page._repr_html_()


def test_of_several_starts_the_smallest_p_is_held_against_their_number() -> None:
    page = show_compared(disclose(of_rollout(), smallest=11), STUDY)
    words = "Nothing shows that trends differed before the start (the smallest of 2"
    assert words in page._repr_html_()


def test_a_roll_out_is_drawn_and_listed_by_waves_since_the_start() -> None:
    shown = show_compared(disclose(of_rollout(), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert [(point.label, point.series) for point in figure.points] == [
        ("2 waves before", "Before the start"),
        ("At the start", "With the pilot"),
        ("1 wave after", "With the pilot"),
    ]
    assert figure.svg()
    assert [row[0] for row in table.rows] == [
        "All starts, since the start, as planned",
        "2 waves before",
        "At the start",
        "1 wave after",
        "One effect, by the order of starting, not planned",
        "Compared with every other set of units, not planned",
        "Started at After: all waves after",
        "Started at After: alike before?",
        "Started at Later: all waves after",
        "Started at Later: alike before?",
    ]
    assert any("so many units: 0.010." in note for note in table.notes)


def test_a_small_side_is_held_back_with_all_its_numbers() -> None:
    few = [dataclasses.replace(part, n=10) for part in of_arms()]
    shown = show_compared(disclose(few, smallest=11), STUDY)
    assert not shown.figures
    (table,) = shown.tables
    assert all("not shown" in cell for row in table.rows for cell in (row[1], row[3]))
    assert not any(cell[:1].isdigit() for row in table.rows for cell in row[1:])


def test_a_negative_control_has_no_figure_of_its_own() -> None:
    assert STUDY.plan is not None
    plan = dataclasses.replace(STUDY.plan, negative_controls=("care",))
    study = dataclasses.replace(STUDY, plan=plan)
    assert not show_compared(disclose(of_arms(), smallest=11), study).figures


def test_lots_take_the_caution_away() -> None:
    found = disclose(of_arms(), smallest=11)
    assert "It was not randomised" in show_compared(found, STUDY)._repr_html_()
    allocation = dataclasses.replace(STUDY.allocation, randomised=True)
    drawn = dataclasses.replace(STUDY, allocation=allocation)
    assert "It was not randomised" not in show_compared(found, drawn)._repr_html_()


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.2, "A wide interval clears little"), (0.01, "something else differed")],
)
def test_controls_stand_first_and_are_told_of_in_a_sentence(
    p: float, words: str
) -> None:
    made = []
    for role, where in (
        ("outcome", {}),
        (
            "negative_control",
            {"instrument": "seed_three_behaviours", "subscale": "cares"},
        ),
    ):
        for term in ("effect", "standardised_effect", "p_value", "holm_p_value"):
            if role == "outcome" and term == "holm_p_value":
                continue
            made.append(number(f"falsification_{term}", 0.3, group=role, **where))
    smallest = number("smallest_negative_control_p_value", p)
    made.append(dataclasses.replace(smallest, survey="", instrument="", subscale=""))
    shown = show_falsification(disclose(made, smallest=11), STUDY)
    (table,) = shown.tables
    assert [row[1] for row in table.rows] == ["Negative control", "Outcome"]
    assert table.rows[0][-1] == "0.300"
    assert table.rows[1][-1] == "\N{EN DASH}"
    assert words in shown._repr_html_()


def test_what_would_undo_an_answer_is_told_by_how_far_courses_part() -> None:
    reported = {"arm": ARMS}
    made = [*of_arms(), number("trend_breakdown_value", 0.75, **reported)]
    for departure in ("0", "1"):
        group = Group("departure", f"{departure}")
        made.append(number("trend_robust_effect", 2.0, group=group, **reported))
    (table,) = show_sensitivity(disclose(made, smallest=11), STUDY).tables
    assert table.columns == ("Outcome", "Undone at", "M = 0", "M = 1")
    assert table.rows[0][1:3] == ("M = 0.75", "2.00 (1.00 to 3.00)")


def test_one_reason_for_all_is_told_once() -> None:
    reason = "one wave before the start"
    made = [
        *of_arms(),
        number("trend_breakdown_value", None, reason=reason, arm=ARMS),
    ]
    (part,) = show_sensitivity(disclose(made, smallest=11), STUDY).parts
    assert part == Note(text=f"It cannot be estimated: {reason}.")


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.2, "do not predict the score before"), (0.01, "differed to begin with")],
)
def test_a_dose_is_told_of_with_its_check(p: float, words: str) -> None:
    shown = show_dose(disclose(of_dose(p), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert figure.name == "dose-care"
    assert words in figure.alt_text
    assert figure.png()
    assert [row[0] for row in table.rows] == [
        "One session more, between people",
        "One session still to come, score before",
        "More than a straight line?",
        "With Film, less without",
    ]


def test_where_nothing_was_found_a_sentence_says_so() -> None:
    nothing = disclose([], smallest=11)
    for show in (show_compared, show_falsification, show_sensitivity, show_dose):
        (part,) = show(nothing, STUDY).parts
        assert isinstance(part, Note)
