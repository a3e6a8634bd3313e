"""Outcomes tested together: by the plan's measure, its families and its rule."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from conftest import ROOT
from scipy import stats

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD, lock_of, parsed

from analysis.declarations.plan_lock import deviations, lockable
from analysis.declarations.study import Study
from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.families import adjusted_outcomes
from analysis.outcomes.planned import planned_estimate
from analysis.outcomes.question import questions_of
from heard.effects.judgement.equivalence import UncertainEffect
from heard.models.random_streams import generator

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.filterwarnings("error")

RULED = GOOD.replace("[plan]\n", '[plan]\nmultiplicity_rule = "holm"\n').replace(
    'negative_controls = ["food"]\nintercurrent', "intercurrent"
)
RULED = RULED.replace(
    'families.culture = ["culture"]', 'families.staff = ["culture", "food"]'
)
RULED = RULED.replace("gates.minimum_reliability = 0.7\n", "")
TEAMS = """
red_2 = { title = "Red 2", arm = "pilot" }
red_3 = { title = "Red 3", arm = "pilot" }
blue_2 = { title = "Blue 2", arm = "other" }
blue_3 = { title = "Blue 3", arm = "other" }
"""
WAVES = ("before", "after")


def scores(study: Study, survey: str, wave: str, *, lift: float = 1.0) -> pd.DataFrame:
    draws = generator("family tests", survey, wave)
    arms = np.repeat(["pilot", "other"], 60)
    frame = pd.DataFrame(
        {
            "participant": [f"p{n}" for n in range(120)],
            "arm": arms,
            "team": [f"{arm} {n % 3}" for n, arm in enumerate(arms)],
            "site": "",
        }
    )
    own = generator("family tests", survey).normal(size=120)
    for outcome in study.outcomes:
        if outcome.survey == survey:
            name = f"{outcome.instrument}.{outcome.subscale}"
            treated = (arms == "pilot") & (wave == "after")
            middle = 30 if outcome.instrument == "care" else 3
            frame[name] = middle + own + draws.normal(size=120) + lift * treated
    return frame


def by_wave(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    return {
        wave: {name: scores(study, name, wave) for name in ("staff", "ratings")}
        for wave in WAVES
    }


def p_values(study: Study) -> dict[tuple[str, str, str], Finding]:
    found = evaluate_outcomes(by_wave(study), study)
    return {
        (part.instrument, part.term, str(part.group)): part
        for part in found
        if part.term in {"p_value", "adjusted_p_value"}
    }


def test_without_a_rule_nothing_is_tested() -> None:
    assert p_values(parsed()) == {}


def test_families_wait_for_the_primary_outcome_and_are_adjusted_within() -> None:
    found = p_values(parsed(RULED))
    assert {(name, group) for name, _, group in found} == {
        ("care", "primary"),
        ("seed_culture", "staff"),
        ("seed_confidence", "staff"),
    }

    def value(name: str, term: str, group: str) -> float:
        estimate = found[name, term, group].estimate
        assert estimate is not None
        return estimate

    gate = value("care", "p_value", "primary")
    assert value("care", "adjusted_p_value", "primary") == gate
    alone = {
        n: value(n, "p_value", "staff") for n in ("seed_culture", "seed_confidence")
    }
    low, high = sorted(alone, key=lambda name: alone[name])
    # Holm by hand: twice the smaller, then the larger of that and the other.
    first = max(2 * alone[low], gate)
    assert value(low, "adjusted_p_value", "staff") == pytest.approx(first, rel=1e-12)
    second = max(2 * alone[low], alone[high], gate)
    assert value(high, "adjusted_p_value", "staff") == pytest.approx(second, rel=1e-12)


def test_the_p_is_that_of_team_means_where_teams_were_allocated() -> None:
    study = parsed(RULED)
    waves = by_wave(study)
    means = [
        waves[wave]["ratings"].groupby("team")["care.total"].mean() for wave in WAVES
    ]
    change = means[1] - means[0]
    of_pilot = change.index.str.startswith("pilot")
    peer = stats.ttest_ind(change[of_pilot], change[~of_pilot]).pvalue
    found = p_values(study)["care", "p_value", "primary"].estimate
    assert found == pytest.approx(peer, rel=1e-9)  # the same closed form


def planned(measure: str, *, unit: str) -> Study:
    """The study with another summary measure and another unit of allocation."""
    study = parsed(RULED)
    assert study.plan is not None
    # Adjusted for the score before, people are compared who were randomised.
    randomised = measure == "adjusted_difference"
    return dataclasses.replace(
        study,
        plan=dataclasses.replace(study.plan, summary_measure=measure),
        allocation=dataclasses.replace(
            study.allocation, unit=unit, randomised=randomised
        ),
    )


def _pairs(study: Study) -> pd.DataFrame:
    waves = by_wave(study)
    name = "seed_culture.total"
    first, second = (waves[wave]["staff"].set_index("participant") for wave in WAVES)
    return pd.DataFrame(
        {"arm": first["arm"], "before": first[name], "after": second[name]}
    )


def _ancova(pairs: pd.DataFrame) -> float:
    treated = (pairs["arm"] == "pilot").astype(float)
    design = sm.add_constant(pd.DataFrame({"x": treated, "b": pairs["before"]}))
    fit = sm.OLS(pairs["after"], design).fit(cov_type="HC3", use_t=True)
    return float(fit.pvalues["x"])


def _welch(pairs: pd.DataFrame) -> float:
    change = pairs["after"] - pairs["before"]
    pilot = pairs["arm"] == "pilot"
    return float(stats.ttest_ind(change[pilot], change[~pilot], equal_var=False).pvalue)


def _change(pairs: pd.DataFrame) -> float:
    return float(stats.ttest_rel(pairs["after"], pairs["before"]).pvalue)


@pytest.mark.parametrize(
    ("measure", "peer"),
    [
        ("adjusted_difference", _ancova),
        ("difference_in_change", _welch),
        ("change", _change),
    ],
)
def test_of_people_the_p_is_that_of_the_plans_measure(measure: str, peer) -> None:  # type: ignore[no-untyped-def]
    study = planned(measure, unit="person")
    found = p_values(study)["seed_culture", "p_value", "staff"]
    # statsmodels, scipy: the same closed forms, by way of an interval's limits
    assert found.estimate == pytest.approx(peer(_pairs(study)), rel=1e-8)
    assert found.arm == ("" if measure == "change" else Contrast("pilot", "other"))


@pytest.mark.parametrize("unit", ["team", "person"])
@pytest.mark.parametrize("measure", ["difference_in_change", "change"])
def test_of_different_people_the_error_is_that_of_the_interval_shown(
    measure: str, unit: str
) -> None:
    study = planned(measure, unit=unit)
    found = evaluate_outcomes(by_wave(study), study)
    arm = "" if measure == "change" else Contrast("pilot", "other")
    (shown,) = [
        part
        for part in found
        if (part.instrument, part.term, part.arm) == ("care", measure, arm)
    ]
    assert shown.estimate is not None
    assert shown.conf_low is not None
    tested = p_values(study)["care", "p_value", "primary"].estimate
    waves = by_wave(study)
    frames = [waves[wave]["ratings"] for wave in WAVES]
    change = (
        frames[1].groupby("team")["care.total"].mean()
        - frames[0].groupby("team")["care.total"].mean()
    )
    of_pilot = change.index.str.startswith("pilot")
    care = [frame["care.total"].to_numpy() for frame in frames]
    # Pooled t of six teams; t of one group; rows less columns; Welch.
    degrees = {
        ("difference_in_change", "team"): stats.ttest_ind(
            change[of_pilot], change[~of_pilot]
        ).df,
        ("change", "team"): stats.ttest_1samp(change, 0).df,
        ("difference_in_change", "person"): 240 - 4,
        ("change", "person"): stats.ttest_ind(care[1], care[0], equal_var=False).df,
    }[measure, unit]
    error = (shown.estimate - shown.conf_low) / stats.t.ppf(0.975, degrees)
    peer = 2 * stats.t.sf(abs(shown.estimate) / error, degrees)
    assert tested == pytest.approx(peer, rel=1e-9)
    (care_outcome, *_) = study.outcomes
    (question,) = questions_of(waves, study, care_outcome, "after", links=None)
    effect = planned_estimate(question).effect
    assert isinstance(effect, UncertainEffect)
    assert effect.degrees_of_freedom == pytest.approx(degrees, rel=1e-12)


def p(outcome: str, value: float | None, study: Study) -> Finding:
    declared = next(one for one in study.outcomes if one.name == outcome)
    return Finding(
        study=study.name,
        survey=declared.survey,
        instrument=declared.instrument,
        subscale=declared.subscale,
        wave=Contrast("after", "before"),
        group=Group("family", of="difference_in_change"),
        term="p_value",
        estimate=value,
        n=50,
        reason="" if value is not None else "refused",
    )


def adjusted(study: Study, values: Mapping[str, float | None]) -> dict[str, Finding]:
    made = [p(name, value, study) for name, value in values.items()]
    found = list(adjusted_outcomes(made, study))
    return {f"{part.instrument} {part.term}": part for part in found}


def test_a_refused_outcome_counts_as_one_that_does_not_hold() -> None:
    study = parsed(RULED)
    found = adjusted(study, {"care": 0.001, "culture": 0.01, "food": None})
    assert found["seed_culture adjusted_p_value"].estimate == pytest.approx(0.02)
    assert found["seed_confidence adjusted_p_value"].estimate is None
    assert found["seed_confidence p_value"].reason == "refused"


def test_a_primary_outcome_that_does_not_hold_lets_none_stand() -> None:
    study = parsed(RULED)
    found = adjusted(study, {"care": 0.3, "culture": 0.001, "food": 0.001})
    assert found["seed_culture adjusted_p_value"].estimate == 0.3
    refused = adjusted(study, {"care": None, "culture": 0.001, "food": 0.001})
    assert refused["seed_culture adjusted_p_value"].estimate == 1.0


def test_what_was_added_after_the_lock_is_exploratory() -> None:
    study = parsed(RULED)
    without = dataclasses.replace(study, outcomes=study.outcomes[:2])
    late = dataclasses.replace(study, lock=lock_of(without))
    found = adjusted(late, {"care": 0.001, "culture": 0.02, "food": 0.001})
    assert found["seed_confidence p_value"].group == Group(
        "family", "exploratory", of="difference_in_change"
    )
    assert found["seed_confidence adjusted_p_value"].estimate is None
    # One outcome is left in the family, so nothing is doubled.
    assert found["seed_culture adjusted_p_value"].estimate == 0.02


def test_the_lock_holds_the_rule_and_leaves_older_locks_as_they_are() -> None:
    assert "multiplicity_rule" not in lockable(parsed())["plan"]
    ruled = parsed(RULED)
    assert lockable(ruled)["plan"]["multiplicity_rule"] == "holm"
    changed = RULED.replace('"holm"', '"benjamini_hochberg"')
    late = dataclasses.replace(parsed(changed), lock=lock_of(ruled))
    assert deviations(late) == (
        "Plan: the rule for several outcomes was 'holm' when locked and is "
        "'benjamini_hochberg' now.",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"holm"', '"bonferroni"', "unknown value 'bonferroni'"),
        ('families.staff = ["culture", "food"]\n', "", "needs [plan.families]"),
        ("families.staff", "families.primary", "means something else"),
        ("families.staff", "families.exploratory", "means something else"),
        (
            "intercurrent_events.leavers",
            'negative_controls = ["food"]\nintercurrent_events.leavers',
            "'food' is a negative control",
        ),
    ],
)
def test_a_rule_that_contradicts_the_plan_is_a_fault(
    old: str, new: str, message: str
) -> None:
    assert RULED.count(old) == 1
    with pytest.raises(DeclarationError, match=message.replace("[", r"\[")):
        parsed(RULED.replace(old, new))
