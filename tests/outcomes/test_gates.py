"""Gates: a score that is not reliable enough is not compared, if the plan says so."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD, STUDY, parsed

from analysis.declarations.study import Study
from analysis.foundation.findings import Contrast, Finding, Place
from analysis.outcomes.evaluation import evaluate_outcomes
from heard.models.random_streams import generator

CHANGE = Contrast("after", "before")
GATED = parsed(GOOD)
FREE = parsed(STUDY)


def alpha(wave: Place, value: float | None) -> Finding:
    return Finding(
        study="planned",
        survey="staff",
        instrument="seed_culture",
        subscale="total",
        wave=wave,
        term="cronbach_alpha",
        estimate=value,
        n=40,
        reason="" if value is not None else "no variance",
    )


def scores(study: Study, survey: str, wave: str) -> pd.DataFrame:
    draws = generator("gate tests", survey, wave)
    frame = pd.DataFrame(
        {
            "participant": [f"p{n}" for n in range(40)],
            "team": np.repeat(["red", "blue"], 20),
            "arm": np.repeat(["pilot", "other"], 20),
            "site": "",
        }
    )
    for outcome in study.outcomes:
        if outcome.survey == survey:
            name = f"{outcome.instrument}.{outcome.subscale}"
            frame[name] = draws.normal(size=len(frame))
    return frame


def evaluated(study: Study, *alphas: Finding) -> tuple[Finding, ...]:
    # By participant: two teams could not be compared at all.
    study = dataclasses.replace(
        study, allocation=dataclasses.replace(study.allocation, unit="person")
    )
    by_wave = {
        wave: {survey: scores(study, survey, wave) for survey in ("staff", "ratings")}
        for wave in study.wave_names()
    }
    return evaluate_outcomes(by_wave, study, reliability=alphas)


def judged(findings: tuple[Finding, ...]) -> list[Finding]:
    return [part for part in findings if part.wave == CHANGE]


def refused(findings: tuple[Finding, ...]) -> set[str]:
    return {
        part.instrument
        for part in judged(findings)
        if part.reason.startswith(("The score is less precise", "the score is not rel"))
    }


@pytest.mark.parametrize("wave", ["before", "after"])
def test_an_unreliable_wave_refuses_change_and_comparison(wave: str) -> None:
    found = evaluated(GATED, alpha("before", 0.9), alpha(wave, 0.6))
    assert refused(found) == {"seed_culture"}
    for part in judged(found):
        if part.instrument == "seed_culture" and part.term != "participants_linked":
            assert part.estimate is part.conf_low is part.conf_high is None
            if part.term == "verdict":
                assert part.reason.startswith("The score is less precise than the plan")
                continue
            # made-up scores leave the scale, so nobody's own change can be counted
            if part.reason.startswith("scores lie outside"):
                continue
            assert part.reason in (
                "The score is less precise than the plan asks for, so it was not "
                "compared.",
                "the score is not reliable enough: Cronbach's alpha is 0.600 at "
                f"{wave}, under the 0.7 that the plan asks for",
            )
    (verdict,) = (
        part
        for part in judged(found)
        if part.term == "verdict" and part.instrument == "seed_culture"
    )
    assert verdict.reason.startswith("The score is less precise than the plan asks")


def test_the_other_scores_and_the_descriptions_stay_as_they_were() -> None:
    with_gate = evaluated(GATED, alpha("after", 0.6))
    without = evaluated(GATED)
    for found, was in zip(with_gate, without, strict=True):
        gated = found.instrument == "seed_culture" and found.wave == CHANGE
        if not gated or found.term == "participants_linked":
            assert found == was


def test_who_was_linked_is_still_told() -> None:
    found = [
        part
        for part in judged(evaluated(GATED, alpha("after", 0.6)))
        if (part.instrument, part.term) == ("seed_culture", "participants_linked")
    ]
    assert found
    assert all(part.estimate is not None for part in found)


def test_the_limit_itself_is_reliable_enough() -> None:
    assert refused(evaluated(GATED, alpha("before", 0.7))) == set()
    found = evaluated(GATED, alpha("before", 0.7 - 1e-9))
    assert refused(found) == {"seed_culture"}
    assert any("is 0.699 at before" in part.reason for part in found)


def test_both_waves_are_named() -> None:
    found = evaluated(GATED, alpha("before", 0.5), alpha("after", -0.2))
    reported = "alpha is 0.500 at before and -0.200 at after, under"
    assert any(reported in part.reason for part in found)


@pytest.mark.parametrize(
    "message",
    [
        alpha("after", None),
        dataclasses.replace(alpha("after", 0.1), item="speak_up"),
        dataclasses.replace(alpha("after", 0.1), arm="pilot"),
        dataclasses.replace(alpha("after", 0.1), group="first"),
        dataclasses.replace(alpha("after", 0.1), term="omega_total"),
        dataclasses.replace(alpha("after", 0.1), survey="ratings"),
        alpha("later", 0.1),
    ],
)
def test_what_is_no_alpha_of_the_score_refuses_nothing(message: Finding) -> None:
    assert evaluated(GATED, message) == evaluated(GATED)


def test_without_a_gate_nothing_is_refused() -> None:
    ungated = parsed(GOOD.replace("gates.minimum_reliability = 0.7\n", ""))
    for study in (FREE, ungated):
        assert evaluated(study, alpha("after", 0.1)) == evaluated(study)


def test_a_reason_that_stands_already_is_kept() -> None:
    verdict = dataclasses.replace(
        alpha(CHANGE, 0.0), term="comparability_consequence", method="fit falls"
    )
    study = dataclasses.replace(
        GATED, allocation=dataclasses.replace(GATED.allocation, unit="person")
    )
    by_wave = {
        wave: {survey: scores(study, survey, wave) for survey in ("staff", "ratings")}
        for wave in study.wave_names()
    }
    found = evaluate_outcomes(
        by_wave, study, comparability=[verdict], reliability=[alpha("after", 0.1)]
    )
    reasons = {
        part.reason
        for part in judged(found)
        if part.instrument == "seed_culture" and part.term == "mean_change"
    }
    assert reasons == {"the items do not measure the same at both waves: fit falls"}


def against_the_others(n: int, high: float) -> Finding:
    """An item of the culture scale, keyed, whose answers run the other way."""
    item = GATED.instruments["seed_culture"].subscale("total").items[0]
    return dataclasses.replace(
        alpha("before", -0.3),
        term="item_rest_correlation",
        item=item,
        conf_low=-0.6,
        conf_high=high,
        n=n,
    )


def with_turned_key(study: Study, n: int, high: float) -> set[str]:
    found = judged(evaluated(study, against_the_others(n, high)))
    return {part.instrument for part in found if "scored the wrong way" in part.reason}


def test_an_item_that_runs_against_the_others_stops_its_score() -> None:
    assert with_turned_key(GATED, 60, -0.1) == {"seed_culture"}
    found = judged(evaluated(GATED, against_the_others(60, -0.1)))
    verdicts = [part for part in found if part.term == "verdict"]
    stopped = {p.instrument for p in verdicts if str(p.group) == "no_answer"}
    assert "seed_culture" in stopped


@pytest.mark.parametrize(("n", "high"), [(40, -0.1), (60, 0.05)])
def test_few_people_or_an_interval_that_holds_zero_stop_nothing(
    n: int, high: float
) -> None:
    assert with_turned_key(GATED, n, high) == set()


def test_a_confirmed_key_stops_nothing() -> None:
    item = against_the_others(60, -0.1).item
    confirmed = dataclasses.replace(GATED, confirmed_keys={item: "asked in reverse"})
    assert with_turned_key(confirmed, 60, -0.1) == set()
