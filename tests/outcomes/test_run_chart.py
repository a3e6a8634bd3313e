"""Run charts: shift, trend and the number of runs chance brings."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from heard.effects.trends.run_chart import RunChart, run_chart, run_limits
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

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


def ways_by_runs(above: int, below: int) -> dict[int, int]:
    """Arrangements by their number of runs, built wave by wave, with no formula."""
    # (above left, below left, side of the last wave) → runs so far → arrangements
    reached = {(above, below, 0): {0: 1}}
    for _ in range(above + below):
        further: dict[tuple[int, int, int], dict[int, int]] = {}
        for (up, down, last), counts in reached.items():
            for side, left in ((1, (up - 1, down)), (-1, (up, down - 1))):
                if min(left) < 0:
                    continue
                place = further.setdefault((*left, side), {})
                for runs, ways in counts.items():
                    new = runs + (side != last)
                    place[new] = place.get(new, 0) + ways
        reached = further
    total: dict[int, int] = {}
    for counts in reached.values():
        for runs, ways in counts.items():
            total[runs] = total.get(runs, 0) + ways
    return total


@pytest.mark.parametrize(
    ("above", "below"), [(7, 7), (9, 6), (10, 10), (12, 8), (15, 15), (20, 20)]
)
def test_run_limits_of_longer_series_are_those_counted_wave_by_wave(
    above: int, below: int
) -> None:
    counts = ways_by_runs(above, below)
    all_ways = sum(counts.values())
    assert all_ways == comb(above + below, above)
    low, high = run_limits(above, below)

    def share(test: Callable[[int], bool]) -> float:
        return sum(ways for runs, ways in counts.items() if test(runs)) / all_ways

    assert share(lambda runs: runs < low) <= 0.025 < share(lambda runs: runs <= low)
    assert share(lambda runs: runs > high) <= 0.025 < share(lambda runs: runs >= high)


TEN = "1,6 2,8 3,10 3,12 4,13 5,14 5,15 5,16 6,16 6,17 7,17 7,18 7,18 7,18"
TEN += " 8,19 8,19 8,19 8,20 9,20"
"""Too few and too many runs, 2.5 % each, of 10 above and 2 to 20 below.

As textbooks print the table of Swed and Eisenhart (two-tailed, 5 %).
"""
PRINTED = {
    (10, 2 + place): tuple(map(int, pair.split(",")))
    for place, pair in enumerate(TEN.split())
} | {(5, 5): (2, 10), (6, 6): (3, 11), (20, 20): (14, 28)}


@pytest.mark.parametrize("sides", PRINTED)
def test_run_limits_are_those_printed(sides: tuple[int, int]) -> None:
    few, many = PRINTED[sides]
    assert run_limits(*sides) == run_limits(*sides[::-1]) == (few + 1, many - 1)


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
    assert found.sentence == "Only common-cause variation around the median."


def test_a_wave_twice_is_refused() -> None:
    frame = pd.DataFrame({"wave": ["a"] * 6, "value": range(6)})
    assert "more than one row" in run_chart(frame).sentence


def test_a_wave_is_on_the_median_whatever_its_last_digits() -> None:
    """Means of different answers may be equal and differ in their last digits."""
    values = np.array([3.4, 3.1, 3.4, 3.6, 3.4, 3.0, 3.4, 3.9])
    plain = chart(values)
    random = np.random.default_rng(1)
    for _ in range(5):
        other = chart(values + 1e-15 * random.integers(-2, 3, len(values)))
        assert other.runs == plain.runs
        assert [p.signals for p in other.points] == [p.signals for p in plain.points]
    still = chart([0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3, 0.3])
    assert isinstance(still.chart_median, Unavailable)
