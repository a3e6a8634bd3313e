"""The plan's covariates: the same model as a formula's, and what cannot be adjusted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from asked import asked

from analysis.foundation.findings import Contrast, Group
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.methods import cluster_robust
from analysis.outcomes.people import adjusted_of_both
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
AGES = ("under 35", "35 to 54", "55 or over")
LIFT = 1.0


def rows(*, drift: float = 0.0, seed: str = "rows") -> pd.DataFrame:
    """Ten teams at two waves; the old score higher, and `drift` more of them later."""
    draws = generator("held equal tests", seed)
    frame = pd.DataFrame(
        {
            "cluster": np.tile(np.repeat([f"t{n}" for n in range(10)], 30), 2),
            "wave": np.repeat(["before", "after"], 300),
        }
    )
    treated = frame["cluster"].isin([f"t{n}" for n in range(5)]).to_numpy(float)
    later = (frame["wave"] == "after").to_numpy(float)
    old = draws.uniform(size=600) < 0.3 + drift * treated * later
    age = np.where(old, "55 or over", draws.choice(AGES[:2], 600))
    level = frame["cluster"].map(
        {f"t{n}": value for n, value in enumerate(draws.normal(size=10))}
    )
    score = level + 3.0 * old + LIFT * treated * later + draws.normal(size=600)
    return frame.assign(
        participant=[f"p{n}" for n in range(600)],
        treated=treated,
        later=later,
        age_band=age,
        score=score,
    )


def by_team(
    frame: pd.DataFrame, covariates: tuple[str, ...], *, linked: bool = False
) -> Result:
    """The sensitivity analysis of teams that adjusts for covariates."""
    arm = np.where(frame["treated"] > 0, "pilot", "comparison")
    waves = dict(list(frame.assign(arm=arm).groupby("wave")))
    question = asked(
        waves["before"],
        waves["after"],
        linked=linked,
        population="linked" if linked else "answered",
    )
    return cluster_robust(question, covariates=covariates)


def number(found: object) -> Estimate:
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize(
    ("covariates", "formula"),
    [
        (("age_band",), "score ~ treated * later + age_band"),
        (("team",), "score ~ later + treated:later + cluster"),
        (("team", "age_band"), "score ~ later + treated:later + cluster + age_band"),
        (
            ("team", "site", "age_band"),
            "score ~ later + treated:later + cluster + age_band",
        ),
    ],
)
def test_of_teams_it_is_the_model_of_the_formula(
    covariates: tuple[str, ...], formula: str
) -> None:
    frame = rows()
    peer = smf.ols(formula, frame).fit().params["treated:later"]
    found = number(by_team(frame, covariates))
    assert found.estimate == pytest.approx(peer, rel=1e-9)  # the same least squares
    assert found.n == 600
    assert "CR2" in found.method
    assert "a group of its own" in found.method


def test_a_change_of_who_answers_is_taken_out() -> None:
    found = [
        number(by_team(rows(drift=0.4, seed=f"rows {n}"), ("age_band",)))
        for n in range(20)
    ]
    naive = [
        smf.ols("score ~ treated * later", rows(drift=0.4, seed=f"rows {n}"))
        .fit()
        .params["treated:later"]
        for n in range(20)
    ]
    # 20 sets of 600: the error of the mean is about 0.05; left in, 0.4 * 3 is added
    assert np.mean([one.estimate for one in found]) == pytest.approx(LIFT, abs=0.2)
    assert np.mean(naive) > LIFT + 0.9


def test_whoever_is_known_at_the_baseline_keeps_that_answer() -> None:
    frame = rows().assign(participant=[f"p{n % 300}" for n in range(600)])
    later = frame["wave"] == "after"
    moved = frame.assign(age_band=frame["age_band"].where(~later, "under 35"))
    kept = moved.assign(age_band=np.tile(moved.loc[~later, "age_band"].to_numpy(), 2))
    for linked in (True, False):
        found, peer = (
            by_team(one, ("age_band",), linked=linked) for one in (moved, kept)
        )
        assert number(found) == peer


def test_who_said_nothing_is_a_group_of_its_own() -> None:
    frame = rows()
    silent = frame.assign(age_band=frame["age_band"].where(frame.index % 7 > 0))
    named = frame.assign(age_band=frame["age_band"].where(frame.index % 7 > 0, "none"))
    found = number(by_team(silent, ("age_band",)))
    peer = number(by_team(named, ("age_band",)))
    assert found.estimate == pytest.approx(peer.estimate, rel=1e-9)
    assert found.n == 600


def pairs() -> pd.DataFrame:
    draws = generator("held equal tests", "pairs")
    n = 200
    before = draws.normal(size=n)
    treated = (draws.uniform(size=n) < 0.5).astype(float)
    age = draws.choice(AGES, n)
    after = 0.5 * before + treated + 0.7 * (age == AGES[2]) + draws.normal(size=n)
    return pd.DataFrame(
        {
            "treated": treated,
            "before": before,
            "after": after,
            "age_band": age,
            "cluster": draws.choice(["a", "b", "c"], n),
        }
    )


def of_people(frame: pd.DataFrame, covariates: tuple[str, ...]) -> Result:
    """Randomised people at equal scores before, and equal covariates."""
    people = frame.assign(
        participant=[f"p{n}" for n in range(len(frame))],
        arm=np.where(frame["treated"] > 0, "pilot", "comparison"),
    )
    before, after = (people.assign(score=people[wave]) for wave in ("before", "after"))
    frames = (wave.drop(columns=["before", "after"]) for wave in (before, after))
    question = asked(
        *frames,
        linked=True,
        population="randomised",
        unit="person",
        randomised=True,
        summary="adjusted_difference",
        covariates=covariates,
    )
    return adjusted_of_both(question).result


def test_of_people_it_is_the_model_of_the_formula() -> None:
    frame = pairs()
    for covariates, formula in (
        (("age_band",), "after ~ treated + before + age_band"),
        (("score_before", "age_band"), "after ~ treated + before + age_band"),
        (("age_band", "team"), "after ~ treated + before + age_band + cluster"),
    ):
        fit = smf.ols(formula, frame).fit(cov_type="HC3", use_t=True)
        found = number(of_people(frame, covariates))
        peer = (fit.params["treated"], *fit.conf_int().loc["treated"])
        reported = (found.estimate, found.conf_low, found.conf_high)
        assert reported == pytest.approx(peer, rel=1e-8)  # the same least squares


def test_nobody_leaves_for_want_of_a_covariate() -> None:
    frame = pairs()
    silent = frame["age_band"].where(frame.index % 7 > 0)
    named = frame.assign(age_band=silent.fillna("none"))
    for gap in (silent, silent.fillna("")):
        found = number(of_people(frame.assign(age_band=gap), ("age_band",)))
        peer = number(of_people(named, ("age_band",)))
        assert found.estimate == pytest.approx(peer.estimate, rel=1e-9)
        assert found.n == len(frame)


def test_what_cannot_be_adjusted_for_is_said() -> None:
    arm = pairs().assign(age_band=lambda frame: frame["treated"].astype(str))
    follows = of_people(arm, ("age_band",))
    assert isinstance(follows, Unavailable)
    assert "some columns predict each other" in follows.reason
    teams = rows().assign(age_band=lambda frame: frame["treated"].astype(str))
    taken = by_team(teams, ("age_band",))
    assert isinstance(taken, Unavailable)
    assert "predicted by the columns before" in taken.reason


def scores(survey: str, wave: str) -> pd.DataFrame:
    draws = generator("held equal tests", survey, wave)
    team = np.repeat([one.name for one in STUDY.teams], 15)
    arms = {one.name: one.arm for one in STUDY.teams}
    frame = pd.DataFrame({"team": team, "arm": [arms[name] for name in team]})
    frame["participant"] = [f"p{n}" for n in range(len(team))]
    frame["site"] = ""
    frame["role"] = draws.choice(["nurse", "therapist"], len(team))
    for outcome in STUDY.outcomes:
        if outcome.survey == survey:
            name = f"{outcome.instrument}.{outcome.subscale}"
            middle = 30 if outcome.instrument == "care" else 3
            frame[name] = draws.normal(middle, 1, len(team))
    return frame


def test_the_adjusted_analysis_stands_beside_the_others() -> None:
    assert STUDY.plan is not None
    (outcome,) = (one for one in STUDY.outcomes if one.name == "culture")
    outcome = dataclasses.replace(outcome, follow_ups=("after",))
    by_wave = {
        wave: {"staff": scores("staff", wave), "ratings": scores("ratings", wave)}
        for wave in STUDY.wave_names()
    }

    def found(*covariates: str) -> dict[str, float | None]:
        plan = dataclasses.replace(STUDY.plan, covariates=covariates)  # type: ignore[type-var]
        study = dataclasses.replace(STUDY, outcomes=(outcome,), groups=(), plan=plan)
        return {
            str(
                part.group.value if isinstance(part.group, Group) else ""
            ): part.estimate
            for part in evaluate_outcomes(by_wave, study)
            if part.term in ("sensitivity_effect", "difference_in_change")
            and part.arm == Contrast("pilot", "comparison")
        }

    without, with_role = found(), found("role", "score_before", "years")
    assert set(with_role) - set(without) == {"adjusted for role"}
    assert with_role["adjusted for role"] is not None
    assert {name: with_role[name] for name in without} == without
