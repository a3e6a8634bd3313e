"""Sites and families on the page: side by side, together, and what still stands."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.declarations.study import Site
from analysis.foundation.findings import AnyGroup, Contrast, Finding, Group
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Note
from analysis.publication.judgement import show_families
from analysis.publication.sites import show_sites
from analysis.storage.declared import read_study

pytestmark = pytest.mark.filterwarnings("error")

PILOT = read_study("listening-pilot")
STUDY = dataclasses.replace(
    PILOT, sites=tuple(Site(name=f"s{n}", title=f"Trust {n}") for n in range(4))
)
MINUS = "\N{MINUS SIGN}"


def number(
    term: str, value: float | None, group: AnyGroup = "", **more: object
) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": Contrast("after", "before"),
        "arm": Contrast("pilot", "comparison"),
        "group": group,
        "term": term,
        "estimate": value,
        "n": 40,
        "method": "made up",
    }
    if value is not None and not term.endswith("p_value"):
        place |= {"conf_low": value - 1, "conf_high": value + 1}
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def sites(*values: float, n: int = 40) -> list[Finding]:
    return [
        number(
            "effect_at_site", value, Group("site", f"s{place}"), n=n if place else 40
        )
        for place, value in enumerate(values)
    ]


def together() -> list[Finding]:
    return [
        number("pooled_effect_cautious", 1.5, "site"),
        number("prediction_interval", 1.5, "site"),
        number("between_site_standard_deviation", 0.3, "site"),
        number("homogeneity_p_value", 0.21, "site"),
        *(number("pooled_without_site", 1.4, Group("site", f"s{n}")) for n in range(4)),
    ]


def test_sites_then_all_together_stand_in_one_figure_and_one_table() -> None:
    found = [*sites(2.0, 0.5, 1.1, 2.4), *together()]
    shown = show_sites(disclose(found, smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert [point.label for point in figure.points] == [
        *(f"Trust {n}" for n in range(4)),
        "All sites together",
        "A further site, at least",
    ]
    assert "the interval of 3 of 4 results leaves out zero" in figure.alt_text
    assert "The smallest that matters is 2.00" in figure.alt_text
    assert "at each of 4 sites" in figure.caption
    assert figure.png()
    named = [row[2] for row in table.rows]
    assert named[:6] == [
        *(f"Trust {n}" for n in range(4)),
        "All sites together",
        "A further site, at least",
    ]
    assert named[-4:] == [f"All but Trust {n}" for n in range(4)]
    assert table.rows[1][3:] == ("40", f"0.50 ({MINUS}0.50 to 1.50)")
    assert table.rows[7][4] == "0.210"


def test_two_sites_are_set_side_by_side_and_the_reason_is_said_once() -> None:
    why = "under 3 sites: too few"
    found = [
        *sites(2.0, 0.5),
        number("pooled_effect_cautious", None, "site", reason=why),
    ]
    shown = show_sites(disclose(found, smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    assert [point.label for point in figure.points] == ["Trust 0", "Trust 1"]
    assert "suppressed" not in figure.caption
    assert len(table.rows) == 2
    assert f"All sites together: {why}." in table.notes


def test_a_small_site_leaves_without_its_numbers() -> None:
    found = [*sites(2.0, 0.5, 1.1, n=5), *together()]
    reported = show_sites(disclose(found, smallest=11), STUDY)._repr_html_()
    assert "fewer than 11 people" in reported
    assert "0.50 (" not in reported
    assert "All but" not in reported or "1.40" not in reported


def test_sites_of_which_none_could_be_told_are_a_table_alone() -> None:
    found = [
        number("effect_at_site", None, Group("site", f"s{n}"), reason="too few teams")
        for n in range(3)
    ]
    shown = show_sites(disclose(found, smallest=11), STUDY)
    (part,) = shown.parts
    assert part in shown.tables
    assert "(a) too few teams." in shown.tables[0].notes


def test_without_sites_a_sentence_says_so() -> None:
    (part,) = show_sites(disclose([], smallest=11), STUDY).parts
    assert isinstance(part, Note)
    assert "Fewer than two sites" in part.text


def of_families() -> list[Finding]:
    measure = "difference_in_change against no effect, both sides"
    cares = {"instrument": "seed_three_behaviours", "subscale": "cares"}
    culture = {"survey": "staff", "instrument": "seed_culture"}
    return [
        number("difference_in_change", 2.2),
        number("p_value", 0.004, "primary", method=measure),
        number("adjusted_p_value", 0.004, "primary"),
        number("difference_in_change", 0.3, **cares),
        number("p_value", 0.03, "behaviours", method=measure, **cares),
        number("adjusted_p_value", 0.09, "behaviours", **cares),
        number("difference_in_change", None, reason="not comparable", **culture),
        number("p_value", None, "staff", reason="not comparable", **culture),
        number("adjusted_p_value", None, "staff", reason="no p-value", **culture),
    ]


def test_outcomes_stand_together_with_both_ps() -> None:
    shown = show_families(disclose(of_families(), smallest=11), STUDY)
    (table,) = shown.tables
    assert [row[:2] for row in table.rows] == [
        ("Primary", "Empathy as service users rate it (CARE)"),
        ("Behaviours", "Shows that they care"),
        ("Staff", "Culture that supports listening"),
    ]
    assert table.rows[0][2:5] == ("2.20 (1.20 to 3.20)", "0.004", "0.004")
    assert table.rows[1][3:5] == ("0.030", "0.090")
    assert "not shown" in table.rows[2][2]
    reported = shown._repr_html_()
    assert "1 of 2 outcomes still stand at a level of .05" in reported
    assert "(a) not comparable." in table.notes
    assert "significant" not in reported.lower()


def test_without_a_rule_it_is_said_that_none_is_tested() -> None:
    (part,) = show_families(disclose([], smallest=11), STUDY).parts
    assert isinstance(part, Note)
    assert "no rule by which several outcomes are tested" in part.text
