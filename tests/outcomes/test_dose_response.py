"""Scores by sessions attended in a study: by hand, and when unavailable."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from asked import one

from analysis.declarations.study import Dose, Study
from analysis.declarations.survey import Attribute
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.comparison_designs import evaluate_comparisons
from analysis.storage.declared import read_study
from heard.effects.designs.dose_response import (
    dose_response,
    ingredient_contrasts,
    within_person_dose,
)
from heard.effects.designs.negative_controls import future_dose
from heard.models.random_streams import generator

WHOLE = read_study("listening-pilot")
TEAMS = [team.name for team in WHOLE.teams]
SCORE = "seed_culture.total"
DOSE = Dose(survey="staff", column="sessions", ingredients={"Film": "film"})
CHANGE = Contrast("later", "before")
PEOPLE = 15


def study_of(
    dose: Dose = DOSE, *, asked: tuple[str, ...] = ("after", "later")
) -> Study:
    """The staff's outcome, sessions asked for at these waves."""
    count = Attribute(name="sessions", column="S", lowest=0, highest=20)
    film = Attribute(name="film", column="F", values={"Y": "yes", "N": "no"})
    waves = tuple(
        dataclasses.replace(
            wave,
            exports=tuple(
                dataclasses.replace(
                    export,
                    attributes=(count, film) if wave.name in asked else (),
                    linkage_rule=None,
                )
                for export in wave.exports
            ),
        )
        for wave in WHOLE.waves
    )
    kept = tuple(one for one in WHOLE.outcomes if one.name == "culture")
    return dataclasses.replace(
        WHOLE, waves=waves, outcomes=kept, groups=(), plan=None, dose=dose
    )


def scores_of(
    study: Study, *, keen: float = 0.0, slope: float = 0.1
) -> dict[str, dict[str, pd.DataFrame]]:
    """Scores that rise by `slope` a session; the keen began `keen` higher."""
    draws = generator("dose glue", "people")
    at = np.repeat(np.arange(len(TEAMS)), PEOPLE)
    sessions = draws.integers(0, 9, len(at)).astype(float)
    film = np.where(draws.random(len(at)) < 0.5, "yes", "no")
    film = np.where(sessions == 0, "no", film)
    base = draws.normal(3, 0.3, len(at)) + keen * sessions
    found = {}
    for wave, share in (("before", 0.0), ("after", 0.5), ("later", 1.0)):
        attended = np.floor(share * sessions)
        frame = pd.DataFrame(
            {
                "participant": [f"p{number}" for number in range(len(at))],
                "team": np.array(TEAMS)[at],
                "arm": np.array([team.arm for team in study.teams])[at],
                "site": np.array([team.site for team in study.teams])[at],
                SCORE: base + slope * attended + draws.normal(0, 0.1, len(at)),
            }
        )
        export = study.wave(wave).export("staff")
        assert export is not None
        if export.attributes:
            frame = frame.assign(sessions=attended, film=film)
        found[wave] = {"staff": frame}
    return found


def of_dose(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    words = ("dose", "ingredient")
    return tuple(f for f in findings if any(word in f.term for word in words))


def numbers(found: object) -> tuple[float | None, ...]:
    return tuple(
        getattr(found, name, None) for name in ("estimate", "conf_low", "conf_high")
    )


def by_hand(scores: dict[str, dict[str, pd.DataFrame]], arm: str) -> pd.DataFrame:
    first, last = scores["before"]["staff"], scores["later"]["staff"]
    frame = last.assign(before=first[SCORE], after=last[SCORE], cluster=last["team"])
    site = (frame["site"] == "quillmoor").astype(float)
    film = (frame["film"] == "yes").astype(float)
    frame = frame.assign(**{"site quillmoor": site, "film": film})
    return frame.loc[frame["arm"] == arm] if arm else frame


def test_the_treated_are_compared_by_what_they_attended_within_their_site() -> None:
    study = study_of()
    scores = scores_of(study)
    found = of_dose(evaluate_comparisons(scores, study))
    frame = by_hand(scores, "pilot")
    reported = dose_response(
        frame, at=[2, 3, 5, 6, 7], reference=1, covariates=["site quillmoor"]
    )
    slope = one(found, term="dose_slope")
    assert numbers(slope) == pytest.approx(numbers(reported.dose_slope), rel=1e-12)
    assert (slope.wave, slope.arm, slope.n) == (CHANGE, "pilot", 6 * PEOPLE)
    assert slope.estimate == pytest.approx(0.1, abs=0.01)
    points = [part for part in found if part.term == "dose_effect"]
    assert [part.group for part in points] == [
        Group("dose", part.dose, "1") for part in reported.by_dose
    ]
    for part, point in zip(reported.by_dose, points, strict=True):
        assert numbers(point) == pytest.approx(numbers(part.dose_effect), rel=1e-12)
    curve = one(found, term="dose_curve_p_value")
    assert curve.estimate == pytest.approx(
        reported.dose_curve_p_value.estimate,  # type: ignore[union-attr]
        rel=1e-10,
    )


def test_no_dose_is_told_of_that_few_people_had() -> None:
    study = study_of()
    scores = scores_of(study)
    staff = scores["later"]["staff"]
    staff.loc[:9, "sessions"] = 19.0
    found = of_dose(evaluate_comparisons(scores, study))
    points = [part.group for part in found if part.term == "dose_effect"]
    assert all(isinstance(group, Group) and float(group.value) <= 8 for group in points)


def test_each_person_is_compared_with_themselves_over_the_waves() -> None:
    study = study_of()
    scores = scores_of(study)
    found = of_dose(evaluate_comparisons(scores, study))
    rows = pd.concat(
        frame["staff"].assign(wave=wave, score=frame["staff"][SCORE])
        for wave, frame in scores.items()
    )
    rows = rows.assign(cluster=rows["team"], sessions=rows["sessions"].fillna(0.0))
    reported = within_person_dose(rows.loc[rows["arm"] == "pilot"])
    slope = one(found, term="within_person_dose_slope")
    assert numbers(slope) == pytest.approx(
        numbers(reported.within_person_dose_slope), rel=1e-10
    )
    assert "taken as none" in slope.method


@pytest.mark.parametrize("keen", [0.0, 0.1])
def test_sessions_to_come_do_or_do_not_foretell_the_score_before(keen: float) -> None:
    study = study_of()
    scores = scores_of(study, keen=keen)
    found = of_dose(evaluate_comparisons(scores, study))
    reported = future_dose(by_hand(scores, "pilot"))
    slope = one(found, term="future_dose_slope")
    assert numbers(slope) == pytest.approx(
        numbers(reported.future_dose_slope), rel=1e-10
    )
    assert slope.wave == "before"
    p_value = one(found, term="future_dose_p_value").estimate
    assert p_value is not None
    assert (p_value > 0.05) == (keen == 0)


def test_sessions_to_come_are_those_declared_where_they_are() -> None:
    dose = Dose(survey="staff", column="sessions", future="to_come")
    study = study_of(dose)
    scores = scores_of(study)
    later = generator("dose glue", "later").integers(0, 5, len(TEAMS) * PEOPLE)
    scores["before"]["staff"] = scores["before"]["staff"].assign(to_come=later)
    found = of_dose(evaluate_comparisons(scores, study))
    first = scores["before"]["staff"]
    rows = first.assign(before=first[SCORE], cluster=first["team"], sessions=later)
    reported = future_dose(rows.loc[rows["arm"] == "pilot"])
    slope = one(found, term="future_dose_slope")
    assert numbers(slope) == pytest.approx(
        numbers(reported.future_dose_slope), rel=1e-10
    )


def test_an_ingredient_is_contrasted_among_those_who_attended() -> None:
    study = study_of()
    scores = scores_of(study)
    found = of_dose(evaluate_comparisons(scores, study))
    reported = ingredient_contrasts(by_hand(scores, "pilot"), ingredients=["film"])
    effect = one(found, term="ingredient_effect")
    (part,) = reported.by_ingredient
    assert numbers(effect) == pytest.approx(numbers(part.ingredient_effect), rel=1e-10)
    assert effect.group == "Film"
    assert "people with it less those without" in effect.method


def test_without_links_the_dose_has_reasons_and_no_number() -> None:
    study = study_of()
    waves = tuple(
        dataclasses.replace(
            wave,
            exports=tuple(
                dataclasses.replace(export, linkage="none") for export in wave.exports
            ),
        )
        for wave in study.waves
    )
    study = dataclasses.replace(study, waves=waves)
    found = of_dose(evaluate_comparisons(scores_of(study), study))
    assert {part.estimate for part in found} == {None}
    assert all("not linked" in part.reason for part in found)


def test_a_dose_nobody_was_asked_for_at_the_end_is_said_to_lack() -> None:
    study = study_of(asked=("after",))
    found = of_dose(evaluate_comparisons(scores_of(study), study))
    assert {part.estimate for part in found} == {None}
    assert any("not asked at the last" in part.reason for part in found)


def test_all_alike_is_no_dose() -> None:
    study = study_of()
    scores = scores_of(study)
    for surveys in scores.values():
        if "sessions" in surveys["staff"]:
            surveys["staff"]["sessions"] = 3.0
    found = of_dose(evaluate_comparisons(scores, study))
    assert one(found, term="dose_slope").estimate is None
    assert one(found, term="future_dose_slope").estimate is None
