"""A change is judged by what was declared, in the direction that is better."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from analysis.foundation.findings import Contrast, Finding
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.judgement import (
    answer_between_arms,
    answer_within,
    rate_evidence,
)
from analysis.storage.declared import read_study
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Some(Composite):
    some: Result


OUTCOME = next(outcome for outcome in STUDY.outcomes if outcome.name == "care")


def estimate(value: float, reach: float, n: int = 100) -> Estimate:
    return Estimate(
        term="mean_change",
        estimate=value,
        conf_low=value - reach,
        conf_high=value + reach,
        n=n,
        method="made up",
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (3.5, "larger than the smallest effect that matters"),
        (0.2, "too small to matter"),
        (2.0, "cannot tell"),
        (
            -3.5,
            "larger than the smallest effect that matters, in the unwanted direction",
        ),
    ],
)
def test_verdict_follows_the_declared_smallest_effect(
    value: float, verdict: str
) -> None:
    found = answer_within(estimate(value, 1.0), STUDY, OUTCOME)
    assert found is not None
    assert found.verdict == verdict


def test_without_a_smallest_effect_there_is_no_verdict() -> None:
    undeclared = dataclasses.replace(OUTCOME, smallest_effect=None)
    assert answer_within(estimate(3.5, 1.0), STUDY, undeclared) is None


def test_people_allocated_are_judged_by_the_adjusted_difference() -> None:
    study = dataclasses.replace(
        STUDY, allocation=dataclasses.replace(STUDY.allocation, unit="person")
    )
    nobody = pd.DataFrame({"participant": [], "arm": [], "cluster": [], "score": []})
    found = answer_between_arms(
        nobody,
        nobody,
        study=study,
        outcome=OUTCOME,
        estimated=estimate(3.5, 1.0),
        seed="x",
    )
    assert found.methods == ()
    assert found.judgement is not None
    effect = found.judgement.verdict.effect
    assert isinstance(effect, Estimate)
    assert (effect.conf_low, effect.conf_high) == pytest.approx((2.5, 4.5))
    narrower = found.judgement.verdict.effect_90
    assert isinstance(narrower, Estimate)
    assert narrower.conf_low is not None
    # t quantiles on 100 people less three: .95 and .975
    assert narrower.conf_low == pytest.approx(3.5 - 1.660715 / 1.984723, abs=1e-5)


def test_where_less_is_better_a_fall_is_wanted() -> None:
    care = STUDY.instruments["care"]
    turned = dataclasses.replace(
        care,
        subscales=tuple(
            dataclasses.replace(part, direction="higher_is_worse")
            for part in care.subscales
        ),
    )
    study = dataclasses.replace(
        STUDY, instruments={**STUDY.instruments, "care": turned}
    )
    found = answer_within(estimate(-3.5, 1.0), study, OUTCOME)
    assert found is not None
    assert found.verdict == "larger than the smallest effect that matters"


def scores(survey: str, wave: str, *, lift: float) -> pd.DataFrame:
    draws = generator("answers tests", survey, wave)
    arms = {team.name: team.arm for team in STUDY.teams}
    team = np.repeat([*arms], 12)
    frame = pd.DataFrame({"team": team, "arm": [arms[name] for name in team]})
    frame = frame.assign(
        participant=[f"{survey} {place}" for place in range(len(team))], site=""
    )
    person = generator("answers tests", survey).normal(size=len(team))
    for outcome in STUDY.outcomes:
        if outcome.survey == survey:
            score = 3 + person + 0.5 * draws.normal(size=len(team))
            treated = (frame["arm"] == "pilot").to_numpy(float)
            frame[f"{outcome.instrument}.{outcome.subscale}"] = score + lift * treated
    return frame


def evaluated(reliability: tuple[Finding, ...] = ()) -> list[Finding]:
    by_wave = {
        wave: {
            survey: scores(survey, wave, lift=2.5 * (wave != "before"))
            for survey in ("staff", "ratings")
        }
        for wave in STUDY.wave_names()
    }
    return list(evaluate_outcomes(by_wave, STUDY, reliability=reliability))


def alpha(subscale: str, instrument: str) -> Finding:
    return Finding(
        study=STUDY.name,
        survey="staff",
        instrument=instrument,
        subscale=subscale,
        wave="before",
        term="cronbach_alpha",
        estimate=0.85,
        conf_low=0.8,
        conf_high=0.9,
        n=140,
        method="made up",
    )


def test_findings_carry_the_verdict_and_the_way() -> None:
    found = [part for part in evaluated() if part.wave == Contrast("after", "before")]
    care = [part for part in found if part.instrument == "care"]
    (effect,) = [part for part in care if part.term == "effect"]
    assert effect.arm == Contrast("pilot", "comparison")
    assert effect.estimate == pytest.approx(2.5, abs=0.3)
    assert effect.group == "larger than the smallest effect that matters"
    ways = [p.group for p in care if p.term == "difference_in_change_by_way"]
    assert len(ways) == len(set(ways)) == 6


def test_responders_are_counted_where_a_reliability_is_known() -> None:
    assert not [part for part in evaluated() if part.term == "share_improved"]
    found = [
        part
        for part in evaluated((alpha("total", "seed_culture"),))
        if part.term in {"share_improved", "share_unchanged", "share_worsened"}
        and part.wave == Contrast("after", "before")
    ]
    assert {part.instrument for part in found} == {"seed_culture"}
    by_arm = {part.arm for part in found}
    assert by_arm == {"pilot", "comparison"}
    for arm in by_arm:
        shares = [part.estimate for part in found if part.arm == arm]
        assert sum(share or 0 for share in shares) == pytest.approx(1)


def test_absence_is_judged_with_its_reason() -> None:
    absent = Unavailable(term="mean_change", reason="nobody was linked", n=0)
    found = answer_within(absent, STUDY, OUTCOME)
    assert found is not None
    assert isinstance(found.effect, Unavailable)
    assert found.effect.reason == "nobody was linked"


def test_a_comparison_of_chosen_teams_stands_on_its_rung() -> None:
    found = [part for part in evaluated() if part.term == "evidence_rung"]
    assert {part.group for part in found} == {"comparison_arm"}
    assert all(part.method.startswith("This answer rests on") for part in found)
    assert all(part.n and part.n > 100 for part in found)


def test_lots_drawn_stand_higher_than_no_comparison() -> None:
    change, compared = (Some(some=estimate(1.0, 1.0)) for _ in range(2))
    drawn = dataclasses.replace(STUDY, randomised=True)
    assert rate_evidence(change, compared, drawn, 50).level == "allocated_by_chance"
    assert rate_evidence(change, None, drawn, 50).level == "unlinked_bounds"
    nothing = Some(some=Unavailable(term="mean_change", reason="nobody answered"))
    assert isinstance(
        rate_evidence(nothing, None, drawn, None).evidence_level, Unavailable
    )
