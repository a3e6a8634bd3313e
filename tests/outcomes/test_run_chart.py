"""Run charts: shift, trend and the number of runs chance brings."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.foundation import Estimate, Unavailable
from analysis.outcomes.trends import RunChart, run_chart
from analysis.outcomes.trends.run_chart import run_limits

pytestmark = pytest.mark.filterwarnings("error")


def chart(values: Any, **options: Any) -> RunChart:
    names = [f"w{place + 1}" for place in range(len(values))]
    frame = pd.DataFrame({"wave": names, "value": np.asarray(values, float)})
    return run_chart(frame, **options)


def all_run_counts(above: int, below: int) -> np.ndarray:
    counts = []
    for places in combinations(range(above + below), above):
        sides = np.zeros(above + below, dtype=int)
        sides[list(places)] = 1
        counts.append(1 + int((np.diff(sides) != 0).sum()))
    return np.array(counts)


@pytest.mark.parametrize(
    ("above", "below"), [(1, 9), (2, 8), (4, 6), (5, 5), (6, 6), (7, 5)]
)
def test_run_limits_are_those_of_every_arrangement(above: int, below: int) -> None:
    counts = all_run_counts(above, below)
    low, high = run_limits(above, below)
    assert (counts < low).mean() <= 0.025 < (counts <= low).mean()
    assert (counts > high).mean() <= 0.025 < (counts >= high).mean()


@pytest.mark.parametrize(
    ("half", "few", "many"), [(5, 2, 10), (6, 3, 11), (10, 6, 16), (20, 14, 28)]
)
def test_run_limits_are_swed_and_eisenharts(half: int, few: int, many: int) -> None:
    """Their table names the numbers that are too few and too many, 2.5 % each."""
    assert run_limits(half, half) == (few + 1, many - 1)


def test_six_on_one_side_are_a_shift_and_the_median_itself_counts_on_neither() -> None:
    values = [1, 1, 1, 1, 1, 1, 3, 2, 3, 3, 3, 3, 3]
    found = chart(values, improvement="increase")
    assert isinstance(found.chart_median, Estimate)
    assert found.chart_median.estimate == 2
    assert [point.signals for point in found.points][5] == (
        "6 or more below the median",
    )
    assert [point.verdict for point in found.points][:9] == [
        *["concern"] * 6,
        "improvement",
        "wavering",
        "improvement",
    ]
    assert "too few runs" in found.sentence
    assert isinstance(found.runs, Estimate)
    assert found.runs.estimate == 2


def test_five_rising_are_a_trend_and_a_tie_does_not_break_it() -> None:
    found = chart([5, 1, 2, 2, 3, 4, 5, 2])
    trend = [int("5 or more rising" in point.signals) for point in found.points]
    assert trend == [0, 1, 1, 0, 1, 1, 1, 0]
    assert not any(point.signals for point in chart([5, 1, 2, 3, 4, 2]).points)


def test_swinging_values_have_too_many_runs() -> None:
    found = chart([1, 9] * 8)
    assert "too many runs" in found.sentence


def test_the_median_can_rest_on_the_first_waves() -> None:
    found = chart([1, 2, 3, 2, 1, 9, 9, 9, 9, 9, 9], baseline=5)
    assert isinstance(found.chart_median, Estimate)
    assert found.chart_median.estimate == 2
    assert found.points[-1].verdict == "change"


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ([], {}, "0 waves"),
        ([1, 2, 3, 4], {}, "4 waves"),
        ([np.nan] * 8, {}, "0 waves"),
        ([3.0] * 8, {}, "one value"),
        ([1, 2, 3, 2, 1], {"baseline": 9}, "first waves"),
    ],
)
def test_no_chart_from_nothing(
    values: list[float], options: dict[str, Any], words: str
) -> None:
    found = chart(values, **options)
    assert isinstance(found.chart_median, Unavailable)
    assert words in found.chart_median.reason
    assert words in found.sentence


def test_runs_are_not_judged_on_few_waves() -> None:
    found = chart([1, 2, 1, 2, 1, 2])
    assert isinstance(found.runs, Unavailable)
    assert found.sentence == "Nothing but the usual wavering around the median."


def test_a_wave_twice_is_refused() -> None:
    frame = pd.DataFrame({"wave": ["a"] * 6, "value": range(6)})
    assert "more than one row" in run_chart(frame).sentence
