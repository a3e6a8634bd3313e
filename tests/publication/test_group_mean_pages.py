"""What is shown of means of teams and of staff, and of people asked again."""

from __future__ import annotations

from typing import Any

import pytest
from invented import TOO_FEW, disclosed_of, study_of, with_suppressed

from analysis.foundation.findings import Contrast, Finding
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.group_means import show_staff_means, show_team_means
from analysis.publication.numbers import estimate_text
from analysis.publication.reliability import (
    show_reliability,
    show_retest_between_waves,
)
from analysis.publication.shown import Shown

STUDY = study_of("listening-pilot")
CARE: dict[str, Any] = {"survey": "ratings", "instrument": "care", "subscale": "total"}
CARES: dict[str, Any] = {
    "survey": "ratings",
    "instrument": "seed_three_behaviours",
    "subscale": "cares",
}


def number(term: str, estimate: float, reach: float = 0.1, **place: Any) -> Finding:
    return Finding(
        study="invented",
        term=term,
        estimate=estimate,
        conf_low=estimate - reach,
        conf_high=estimate + reach,
        n=place.pop("n", 300),
        method="a way",
        **place,
    )


def teams(*reliabilities: float) -> Disclosed:
    places = [{**CARE, "wave": "before"}, {**CARES, "wave": "before"}]
    found = [
        finding
        for place, value in zip(places, reliabilities, strict=True)
        for finding in (
            number("icc_1", 0.05, **place),
            number("icc_2", value, **place),
        )
    ]
    agreed = number("mean_r_wg_j", 0.95, n=210, **CARE, wave="before")
    return Disclosed(findings=(*found, agreed))


def text_of(shown: Shown) -> str:
    return shown._repr_html_()


@pytest.mark.parametrize(
    ("reliabilities", "words"),
    [
        ((0.9, 0.75), "at least 0.70 in 2 of 2 scores, with the whole interval in 1."),
        ((0.75, 0.4), "at least 0.70 in 1 of 2 scores, never with the whole interval."),
        ((0.5, 0.4), "is below 0.70 in each of 2 scores."),
    ],
)
def test_one_sentence_says_what_means_of_teams_are_worth(
    reliabilities: tuple[float, float], words: str
) -> None:
    shown = show_team_means(teams(*reliabilities), STUDY)
    assert words in text_of(shown)
    assert "not one team with another" in text_of(shown)


def test_of_one_score_the_sentence_counts_none() -> None:
    for reach, words in (
        (0.1, "at least 0.70, with"),
        (0.3, "at least 0.70, but not with"),
    ):
        found = (number("icc_2", 0.85, reach, **CARE, wave="before"),)
        text = text_of(show_team_means(Disclosed(findings=found), STUDY))
        assert f"(ICC(2)) is {words} the whole interval." in text


def test_agreement_stands_with_its_own_n() -> None:
    shown = show_team_means(teams(0.8, 0.8), STUDY)
    (agreement,) = (t for t in shown.tables if t.caption.startswith("Agreement"))
    assert agreement.rows[0][-2:] == ("210", "0.95 (0.85 to 1.05)")
    first = next(table for table in shown.tables if table is not agreement)
    assert "300" in first.rows[0]


def test_without_teams_or_staff_or_people_followed_the_page_says_so() -> None:
    nothing = Disclosed(findings=())
    study = study_of("eq-short")
    assert "name no teams" in text_of(show_team_means(nothing, study))
    assert "member of staff" in text_of(show_staff_means(nothing, study))
    assert "Nobody was followed" in text_of(show_retest_between_waves(nothing, study))


def staff(needed: float, low: float = 8.0, high: float | None = 40.0) -> Disclosed:
    place: dict[str, Any] = {**CARE, "n": 60}
    found = []
    for wave in ("before", "after"):
        for group, value in (("1", 0.1), ("5", 0.4)):
            found.append(
                number(
                    "dependability_coefficient", value, **place, wave=wave, group=group
                )
            )
        found.append(
            Finding(
                study="invented",
                **CARE,
                wave=wave,
                term="raters_needed",
                estimate=needed,
                conf_low=low,
                conf_high=high,
                n=60,
            )
        )
    return Disclosed(findings=tuple(found))


def test_ratings_needed_stand_beside_those_declared() -> None:
    shown = show_staff_means(staff(12.0), STUDY)
    assert "needs 12 ratings" in text_of(shown)
    assert "The 5 that this study asks for are enough in none of 2." in text_of(shown)
    (table,), (figure,) = shown.tables, shown.figures
    assert table.columns[2:] == (
        "Staff",
        "One rating",
        "5 ratings",
        "Ratings needed for 0.70",
    )
    assert table.rows[0][-1] == "12 (8 to 40)"
    assert [point.finding.group for point in figure.points] == ["5", "5"]
    assert "0.40 (0.30 to 0.50) at" in figure.alt_text


def test_a_number_of_ratings_without_an_upper_limit_keeps_its_lower() -> None:
    endless = staff(12.0, high=None)
    assert estimate_text(endless.findings[2]) == "12 (8 or more)"
    assert "12 (8 or more)" in text_of(show_staff_means(endless, STUDY))


def test_what_is_suppressed_of_staff_is_neither_drawn_nor_told() -> None:
    hidden = with_suppressed(staff(12.0), subscale="total")
    shown = show_staff_means(hidden, STUDY)
    assert not shown.figures
    assert TOO_FEW in text_of(shown)
    assert "needs 12" not in text_of(shown)


def again(study: str, arm: str, waves: Contrast, value: float) -> str:
    declared = study_of(study)
    outcome = declared.outcomes[-1]
    place: dict[str, Any] = {
        "survey": outcome.survey,
        "instrument": outcome.instrument,
        "subscale": outcome.subscale,
        "wave": waves,
        "arm": arm,
    }
    found = (
        number("retest_icc", value, **place),
        number("retest_smallest_detectable_change", 1.5, **place),
    )
    return text_of(show_retest_between_waves(Disclosed(findings=found), declared))


def test_whose_scores_a_retest_compares_is_said() -> None:
    text = again(
        "listening-pilot", "comparison", Contrast("after", "before"), value=0.6
    )
    assert "The retest reliability is below 0.70. Only" in text
    assert "Only “Comparison” is compared, which did not have the pilot." in text
    assert "0.60 (0.50 to 0.70)" in text
    assert "1.50 (1.40 to 1.60)" in text
    waves = Contrast("2024-04", "2024-01")
    text = again("listening-rollout", "", waves, value=0.8)
    assert "Only people whom the pilot had not reached" in text
    text = again("social-dominance", "", Contrast("1997", "1996"), value=0.8)
    assert "Everyone followed is compared" in text


def test_reliability_is_drawn_over_waves_and_not_of_one_wave() -> None:
    every = disclosed_of("listening-pilot")
    assert show_reliability(every, STUDY).figures
    assert not show_reliability(every.where(wave="before"), STUDY).figures
    assert show_reliability(every.where(wave="before"), STUDY).tables
