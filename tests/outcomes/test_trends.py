"""Outcomes of many waves charted in a study: by hand, and what is left out."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from asked import incomparable

from analysis.declarations.study import Allocation, Study
from analysis.declarations.trends import charted_outcomes
from analysis.foundation.findings import Contrast, Finding
from analysis.outcomes.trends import evaluate_over_time
from analysis.publication.disclosure.control import disclose
from analysis.storage.declared import read_study
from heard.effects.trends.control_chart import control_chart
from heard.effects.trends.rules import MINIMUM_WAVES
from heard.effects.trends.run_chart import MINIMUM_POINTS, run_chart
from heard.models.random_streams import generator

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
SCORE = "care.total"
ARMS = ("pilot", "comparison")


def of_waves(count: int, **more: object) -> Study:
    """The study held at so many waves, with its primary outcome alone."""
    first = WHOLE.waves[0]
    waves = tuple(
        dataclasses.replace(first, name=f"w{place}", title=f"Wave {place}")
        for place in range(1, count + 1)
    )
    outcome = dataclasses.replace(
        WHOLE.outcomes[0],
        baseline="w1",
        follow_ups=tuple(wave.name for wave in waves[1:]),
    )
    changes: dict[str, object] = {"waves": waves, "outcomes": (outcome,), **more}
    return dataclasses.replace(WHOLE, **changes)  # type: ignore[arg-type]


EIGHT = of_waves(8)


def answers(study: Study, people: int = 30) -> dict[str, dict[str, pd.DataFrame]]:
    """The pilot rises from wave to wave, the comparison wavers."""
    scores: dict[str, dict[str, pd.DataFrame]] = {}
    for place, wave in enumerate(study.wave_names()):
        draws = generator("over time tests", wave)
        frame = pd.DataFrame(
            {
                "participant": "",
                "arm": np.repeat(ARMS, people),
                "team": "",
                "site": "",
                SCORE: draws.normal(30, 2, 2 * people),
            }
        )
        frame.loc[frame["arm"] == "pilot", SCORE] += 1.5 * place
        scores[wave] = {"ratings": frame}
    return scores


def where(findings: tuple[Finding, ...], **place: str) -> list[Finding]:
    return [
        part
        for part in findings
        if all(getattr(part, name) == value for name, value in place.items())
    ]


def means(scores: dict[str, dict[str, pd.DataFrame]], arm: str) -> pd.DataFrame:
    rows = []
    for wave, held in scores.items():
        among = held["ratings"].loc[held["ratings"]["arm"] == arm, SCORE].dropna()
        rows.append({"wave": wave, "value": among.mean(), "count": len(among)})
    return pd.DataFrame(rows)


def test_what_is_declared_is_what_the_chart_asks_for() -> None:
    assert MINIMUM_WAVES == MINIMUM_POINTS
    assert charted_outcomes(of_waves(MINIMUM_WAVES - 1)) == ()
    assert len(charted_outcomes(of_waves(MINIMUM_WAVES))) == 1


def test_numbers_are_those_of_the_charts_with_people_as_n() -> None:
    scores = answers(EIGHT)
    found = evaluate_over_time(scores, EIGHT)
    for arm in ARMS:
        frame = means(scores, arm)
        run = run_chart(frame, count="count", improvement="increase")
        control = control_chart(frame, count="count", improvement="increase")
        values = where(found, arm=arm, term="chart_value")
        assert [part.wave for part in values] == list(EIGHT.wave_names())
        assert [part.estimate for part in values] == list(frame["value"])
        assert {part.n for part in values} == {30}
        expected = {
            result.term: result
            for result in (
                run.chart_median,
                run.runs,
                control.special_cause_points,
                *list(control.points[0].results())[1:],
            )
        }
        for term, result in expected.items():
            (reported,) = where(found, arm=arm, term=term)
            assert reported.estimate == getattr(result, "estimate", None), term
            assert reported.n == (240 if reported.estimate is not None else None)
            assert "counts waves" not in reported.method


def test_signals_say_which_wave_which_rule_and_which_side() -> None:
    found = evaluate_over_time(answers(EIGHT), EIGHT)
    signals = where(found, arm="pilot", term="run_chart_signal")
    assert [part.wave for part in signals] == list(EIGHT.wave_names())
    assert {(part.estimate, str(part.group)) for part in signals} == {
        (1.0, "5 or more rising")
    }
    above = where(found, arm="pilot", term="control_chart_signal", wave="w8")
    assert [part.estimate for part in above] == [1.0]
    assert not where(found, arm="comparison", term="run_chart_signal")


def test_without_arms_everybody_is_one_series() -> None:
    study = of_waves(5, arms=(), allocation=Allocation(unit="team"))
    found = evaluate_over_time(answers(study), study)
    assert {part.arm for part in found} == {""}
    assert {part.n for part in where(found, term="chart_value")} == {60}


def test_a_wave_of_few_people_is_no_point_and_follows_from_no_line() -> None:
    scores = answers(EIGHT)
    held = scores["w3"]["ratings"]
    few = held.loc[~((held["arm"] == "pilot") & (held.index >= 5))]
    scores["w3"]["ratings"] = few
    found = evaluate_over_time(scores, EIGHT)
    frame = means(scores, "pilot").query("wave != 'w3'")
    (median,) = where(found, arm="pilot", term="chart_median")
    assert median.estimate == np.median(frame["value"])
    assert median.n == 210
    (centre,) = where(found, arm="pilot", term="chart_centre")
    assert centre.estimate == pytest.approx(frame["value"].mean(), rel=1e-12)
    shown = disclose(found, smallest=11).findings
    (hidden,) = where(shown, arm="pilot", term="chart_value", wave="w3")
    assert (hidden.estimate, hidden.n) == (None, None)
    assert hidden.reason == "fewer than 11 people"


def test_a_wave_whose_score_may_not_be_compared_is_left_out_with_the_reason() -> None:
    refusal = incomparable(EIGHT, Contrast("w4", "w1"))
    found = evaluate_over_time(answers(EIGHT), EIGHT, comparability=[refusal])
    (left_out,) = where(found, arm="pilot", term="chart_value", wave="w4")
    assert left_out.estimate is None
    assert "do not measure the same" in left_out.reason
    (median,) = where(found, arm="pilot", term="chart_median")
    assert median.n == 210
    assert "first 7 of 7 waves; 1 waves without a value" in median.method


def test_all_the_same_answer_and_no_answers_are_no_points() -> None:
    scores = answers(EIGHT)
    for wave, value in (("w2", 40.0), ("w5", np.nan)):
        held = scores[wave]["ratings"]
        held.loc[held["arm"] == "pilot", SCORE] = value
    found = evaluate_over_time(scores, EIGHT)
    reported = {
        part.wave: part.reason
        for part in where(found, arm="pilot", term="chart_value")
        if part.estimate is None
    }
    assert set(reported) == {"w2", "w5"}
    assert "everybody gave the same answer" in reported["w2"]
    (median,) = where(found, arm="pilot", term="chart_median")
    assert median.n == 180


def test_too_few_waves_left_are_no_chart() -> None:
    scores = answers(EIGHT, people=5)
    found = evaluate_over_time(scores, EIGHT)
    shown = disclose(found, smallest=11).findings
    assert all(part.estimate is None for part in shown)
    (median,) = where(shown, arm="pilot", term="chart_median")
    assert median.reason == "0 waves with a value; at least 5 needed"
    (special,) = where(shown, arm="pilot", term="special_cause_points")
    assert special.reason == "fewer than 3 waves with a value in a stretch"


def test_a_score_of_yes_or_no_counts_those_who_said_so() -> None:
    care = EIGHT.instruments["care"]
    total = dataclasses.replace(
        care.subscale("total"), method="all_highest", lowest=0.0, highest=1.0
    )
    instrument = dataclasses.replace(
        care,
        subscales=tuple(
            total if part.name == "total" else part for part in care.subscales
        ),
    )
    study = dataclasses.replace(
        EIGHT, instruments={**EIGHT.instruments, "care": instrument}
    )
    scores = answers(study)
    for place, wave in enumerate(study.wave_names()):
        frame = scores[wave]["ratings"]
        yes = 10 + place  # of 30 in each arm
        frame[SCORE] = np.tile(np.arange(30) < yes, 2).astype(float)
    found = evaluate_over_time(scores, study)
    (first, *others) = where(found, arm="pilot", term="chart_value")
    assert first.reason == "fewer than 11 people answered yes, or no"
    assert [part.estimate for part in others][:2] == [11 / 30, 12 / 30]
