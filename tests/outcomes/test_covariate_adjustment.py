"""Adjustment for declared covariates: the model of a formula, and its refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from analysis.foundation.findings import Finding
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.methods import (
    covariate_adjusted_by_person,
    covariate_adjusted_by_team,
    method_title,
)
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

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


def number(found: object) -> Estimate:
    assert isinstance(found, Estimate)
    return found


@pytest.mark.parametrize(
    ("covariates", "formula"),
    [
        (("age_band",), "score ~ treated * later + age_band"),
        (("team",), "score ~ later + treated:later + cluster"),
        (("team", "age_band"), "score ~ later + treated:later + cluster + age_band"),
        (("score_before", "age_band"), "score ~ treated * later + age_band"),
    ],
)
def test_of_teams_it_is_the_model_of_the_formula(
    covariates: tuple[str, ...], formula: str
) -> None:
    frame = rows()
    peer = smf.ols(formula, frame).fit().params["treated:later"]
    found = number(covariate_adjusted_by_team(frame, covariates))
    assert found.estimate == pytest.approx(peer, rel=1e-9)  # the same least squares
    assert found.n == 600
    assert "CR2" in found.method
    assert "a group of its own" in found.method


def test_a_change_of_who_answers_is_taken_out() -> None:
    found = [
        number(
            covariate_adjusted_by_team(rows(drift=0.4, seed=f"rows {n}"), ("age_band",))
        )
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
    assert covariate_adjusted_by_team(
        moved, ("age_band",)
    ) == covariate_adjusted_by_team(kept, ("age_band",))


def test_who_said_nothing_is_a_group_of_its_own() -> None:
    frame = rows()
    silent = frame.assign(age_band=frame["age_band"].where(frame.index % 7 > 0))
    named = frame.assign(age_band=frame["age_band"].where(frame.index % 7 > 0, "none"))
    found = number(covariate_adjusted_by_team(silent, ("age_band",)))
    peer = number(covariate_adjusted_by_team(named, ("age_band",)))
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


def test_of_people_it_is_the_model_of_the_formula() -> None:
    frame = pairs()
    for covariates, formula in (
        (("age_band",), "after ~ treated + before + age_band"),
        (("age_band", "team"), "after ~ treated + before + age_band + cluster"),
    ):
        fit = smf.ols(formula, frame).fit(cov_type="HC3", use_t=True)
        found = number(covariate_adjusted_by_person(frame, covariates))
        peer = (fit.params["treated"], *fit.conf_int().loc["treated"])
        reported = (found.estimate, found.conf_low, found.conf_high)
        assert reported == pytest.approx(peer, rel=1e-8)  # the same least squares


def test_what_cannot_be_held_equal_is_said() -> None:
    gone = covariate_adjusted_by_team(rows(), ("years",))
    assert isinstance(gone, Unavailable)
    assert "years: no answer that puts people into groups" in gone.reason
    person = covariate_adjusted_by_person(pairs(), ("years",))
    assert isinstance(person, Unavailable)
    arm = pairs().assign(age_band=lambda frame: frame["treated"].astype(str))
    follows = covariate_adjusted_by_person(arm, ("age_band",))
    assert isinstance(follows, Unavailable)
    assert "follows from the arm" in follows.reason
    by_team = rows().assign(age_band=lambda frame: frame["treated"].astype(str))
    taken = covariate_adjusted_by_team(by_team, ("age_band",))
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
            frame[name] = draws.normal(3, 1, len(team))
    return frame


@pytest.mark.parametrize("allocated_by", ["team", "participant"])
def test_the_way_stands_beside_the_others(allocated_by: str) -> None:
    assert STUDY.plan is not None
    (outcome,) = (one for one in STUDY.outcomes if one.name == "culture")
    outcome = dataclasses.replace(outcome, follow_ups=("after",))
    planned = dataclasses.replace(STUDY.plan, covariates=("role",))
    by_wave = {
        wave: {"staff": scores("staff", wave), "ratings": scores("ratings", wave)}
        for wave in STUDY.wave_names()
    }

    def found(plan: object) -> list[Finding]:
        study = dataclasses.replace(
            STUDY,
            outcomes=(outcome,),
            groups=(),
            plan=plan,  # type: ignore[arg-type]
            allocated_by=allocated_by,
        )
        every = evaluate_outcomes(by_wave, study)
        return [p for p in every if p.term == "difference_in_change_by_way"]

    with_role = found(planned)
    (held,) = [part for part in with_role if part.group == "with role held equal"]
    assert held.estimate is not None
    assert method_title(("role", "score_before")) == "with role held equal"
    without = found(STUDY.plan)
    assert len(without) == (6 if allocated_by == "team" else 0)
    for part in without:
        assert part in with_role
