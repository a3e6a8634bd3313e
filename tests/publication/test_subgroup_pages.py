"""Groups on the page: a sentence, a figure and a table an outcome."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from analysis.foundation.findings import AnyGroup, Contrast, Finding, Group
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure
from analysis.publication.subgroups import show_groups
from analysis.storage.declared import read_study

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
AGE = Group("subgroup", of="age")
ADDED = {"wave": Contrast("later", "before"), "arm": Contrast("pilot", "comparison")}
SIZES = {"under 35": 40, "35 to 54": 60, "55 or over": 50}


def number(term: str, group: AnyGroup, value: float | None, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": "before",
        "group": group,
        "term": term,
        "estimate": value,
        "n": 40,
        "method": "made up",
    }
    if value is not None and not term.endswith("p_value"):
        place |= {"conf_low": value - 1, "conf_high": value + 1}
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def found(
    p: float | None = 0.4, reason: str = "", sizes: Mapping[str, int] = SIZES
) -> list[Finding]:
    made = []
    for wave, gap in (("before", 0.5), ("later", -1.5)):
        for group, n in {**SIZES, **sizes}.items():
            made.append(
                number(
                    "shrunken_mean",
                    Group("subgroup", group, of="age"),
                    40.0,
                    wave=wave,
                    n=n,
                )
            )
            if group != "35 to 54":
                name = Group("subgroup", group, "35 to 54", of="age")
                made.append(number("gap_difference", name, gap, wave=wave, n=n))
    for group in SIZES:
        made.append(
            number("effect_in_group", Group("subgroup", group, of="age"), 2.0, **ADDED)
        )
        if group != "35 to 54":
            name = Group("subgroup", group, "35 to 54", of="age")
            made.append(number("effect_difference", name, 0.3, **ADDED))
    made.append(number("interaction_p_value", AGE, p, reason=reason, **ADDED))
    return made


def page(findings: list[Finding]) -> str:
    return show_groups(disclose(findings, smallest=11), STUDY)._repr_html_()


def test_an_outcome_has_a_sentence_a_figure_and_a_table() -> None:
    shown = show_groups(disclose(found(), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert [point.label for point in figure.points] == ["Under 35", "55 or over"] * 2
    assert [point.series for point in figure.points] == ["Before"] * 2 + ["Later"] * 2
    assert "the interval of 2 of 2 gaps to 35 to 54 leaves out zero" in figure.alt_text
    assert (
        "\N{MINUS SIGN}1.50 (\N{MINUS SIGN}2.50 to \N{MINUS SIGN}0.50) at Under 35"
        in figure.alt_text
    )
    assert figure.name == "gap-age-care"
    assert figure.png()
    assert table.columns == ("Age", "What", "n", "Points", "Less 35 to 54")
    assert [row[:3] for row in table.rows[:3]] == [
        ("35 to 54", "Mean, Before", "60"),
        ("35 to 54", "Mean, Later", "60"),
        ("35 to 54", "Pilot added, Before to Later", "40"),
    ]
    assert table.rows[0][4] == "\N{EN DASH}"
    assert table.rows[4][3:] == (
        "40.00 (39.00 to 41.00)",
        "\N{MINUS SIGN}1.50 (\N{MINUS SIGN}2.50 to \N{MINUS SIGN}0.50)",
    )
    assert table.rows[5][4] == "0.30 (\N{MINUS SIGN}0.70 to 1.30)"


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.4, "another (p = 0.400), which is no proof that it added as much"),
        (0.05, "which is no proof"),
        (0.049, "differs between groups by more than chance easily brings (p = 0.049)"),
        (0.0001, "easily brings (p under 0.001)"),
    ],
)
def test_whether_groups_gained_alike_is_said_with_its_p(p: float, words: str) -> None:
    assert words in page(found(p))


def test_what_cannot_be_told_is_said_with_the_reason() -> None:
    words = "added as much for each group is not known: too few teams."
    assert words in page(found(None, "too few teams"))


def test_a_held_back_group_is_named_without_its_numbers() -> None:
    shown = show_groups(disclose(found(sizes={"under 35": 5}), smallest=11), STUDY)
    (table,) = shown.tables
    young = [row for row in table.rows if row[0] == "Under 35"]
    assert all("not shown" in cell for cell in young[0][2:])
    # The next smallest is hidden with it, so nothing is left to draw.
    assert not any(isinstance(part, Figure) for part in shown.parts)
    assert "no group can be compared with 35 to 54" in shown._repr_html_()


def test_what_no_plan_names_is_called_exploratory() -> None:
    assert "the plan names no subgroups by age or role" in page(found())
    assert STUDY.plan is not None
    plan = dataclasses.replace(STUDY.plan, subgroups=("age_band", "role"))
    planned = dataclasses.replace(STUDY, plan=plan, lock=None)
    reported = show_groups(disclose(found(), smallest=11), planned)._repr_html_()
    assert "Exploratory" not in reported
    # Named after the plan was locked is not named beforehand.
    late = dataclasses.replace(STUDY, plan=plan)
    reported = show_groups(disclose(found(), smallest=11), late)._repr_html_()
    assert "Exploratory" in reported


def test_along_an_order_the_indices_stand_below_the_table() -> None:
    index = number("slope_index_of_inequality", AGE, -2.5, n=150)
    reported = page([*found(), index])
    assert (
        "Slope index of inequality (most deprived end less the least, in poin"
        in reported
    )
    assert (
        "Before \N{MINUS SIGN}2.50 (\N{MINUS SIGN}3.50 to \N{MINUS SIGN}1.50)"
        in reported
    )


@pytest.mark.parametrize(
    ("value", "reason", "words"),
    [
        (1.0, "", "the questions mean the same to every group that is large"),
        (
            0.0,
            "",
            "do not mean the same to each group, so no gap between them",
        ),
        (None, "a single question", "to each group: a single question."),
    ],
)
def test_whether_the_score_means_the_same_is_said(
    value: float | None, reason: str, words: str
) -> None:
    verdict = number("group_means_comparable", AGE, value, reason=reason, conf_low=None)
    reported = page([verdict, *found()])
    assert words in reported
    untested = "Where it was not tested"
    assert (untested in reported) == (value is None)
    assert untested in page(found())


def test_what_the_plan_names_is_said_to_confirm() -> None:
    assert STUDY.plan is not None
    plan = dataclasses.replace(STUDY.plan, subgroups=("age_band",))
    planned = dataclasses.replace(STUDY, plan=plan, lock=None)
    reported = show_groups(disclose(found(), smallest=11), planned)._repr_html_()
    assert "the plan, as declared, names subgroups by age." in reported
    assert "names no subgroups by role" in reported
    assert "Declared in advance" not in page(found())


def test_a_verdict_beside_a_hidden_group_is_hidden_with_it() -> None:
    verdict = number("group_means_comparable", AGE, 1.0, n=110)
    small = found(sizes={"under 35": 5})
    shown = disclose([verdict, *small], smallest=11).findings
    (kept,) = [part for part in shown if part.term == verdict.term]
    assert kept.estimate is kept.n is None


def test_nothing_found_is_a_sentence() -> None:
    (part,) = show_groups(disclose([], smallest=11), STUDY).parts
    assert "No groups were declared" in part._repr_html_()


def test_the_page_never_says_significant() -> None:
    assert "significant" not in page(found()).lower()
