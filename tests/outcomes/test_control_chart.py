"""XmR charts: the four rules of Making Data Count, as its R package has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.trends.control_chart import (
    ControlChart,
    control_chart,
    mean_moving_range,
    signals,
)
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

PRIORITY = ["outside", "in a row rising", "in a row falling", "2 of 3", "the mean"]


def chart(values: Any, **options: Any) -> ControlChart:
    names = [f"w{place + 1}" for place in range(len(values))]
    frame = pd.DataFrame({"wave": names, "value": np.asarray(values, float)})
    return control_chart(frame, **options)


def flagged(values: Any, words: str, **line: float) -> list[int]:
    options = {"centre": 0.0, "moving_range": 1.0, **line}
    broken = signals(np.asarray(values, float), **options)
    return [int(any(words in message for message, _ in point)) for point in broken]


def package_rules(values: np.ndarray, centre: float, reach: float) -> list[int]:
    """NHSRplotthedots, its definitions point by point -> 0, or rule 1-4 times side."""
    n = len(values)
    side = np.sign(values - centre)
    outside = (values > centre + 2.66 * reach) | (values < centre - 2.66 * reach)
    close = 2 * 2.66 / 3 * reach
    near = ~outside & ((values < centre - close) | (values > centre + close))
    last_of_shift = [
        i >= 6 and side[i] != 0 and all(side[i - j] == side[i] for j in range(7))
        for i in range(n)
    ]
    steps = [np.sign(np.diff(values[i - 6 : i + 1])) for i in range(6, n)]
    last_of_trend = [False] * min(n, 6) + [abs(step.sum()) == 6 for step in steps]
    found = []
    for i in range(n):
        in_shift = any(last_of_shift[i : i + 7])
        in_trend = any(last_of_trend[i : i + 7])
        triples = [range(a, a + 3) for a in range(i - 2, i + 1) if 0 <= a <= n - 3]
        in_triple = near[i] and any(
            near[list(t)].sum() >= 2 and abs(side[list(t)].sum()) == 3 for t in triples
        )
        if outside[i]:
            found.append(int(side[i]))
        elif in_trend:
            # where two trends meet, that of the step that follows
            after = any(last_of_trend[i + 1 : i + 8]) and i + 1 < n
            step = values[i + 1] - values[i] if after else values[i] - values[i - 1]
            found.append(2 * int(np.sign(step)))
        elif in_triple:
            found.append(3 * int(side[i]))
        elif in_shift:
            found.append(4 * int(side[i]))
        else:
            found.append(0)
    return found


@given(
    seed=st.text(),
    length=st.integers(3, 40),
    slow=st.floats(0, 1),
    whole=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_signals_are_those_of_the_package(
    seed: str, length: int, slow: float, whole: bool
) -> None:
    random = generator("chart", seed)
    values = random.normal(size=length) + slow * np.cumsum(random.normal(size=length))
    if whole:
        values = np.rint(2 * values)
    line = {"centre": float(values.mean()), "moving_range": 0.8}
    rules = []
    for point in signals(values, **line):
        if not point:
            rules.append(0)
            continue
        words, side = point[0]
        place = next(i for i, part in enumerate(PRIORITY) if part in words)
        rules.append(side * [1, 2, 2, 3, 4][place])
    assert rules == package_rules(values, line["centre"], line["moving_range"])


@pytest.mark.parametrize(
    ("values", "words", "expected"),
    [
        ([1] * 6, "the mean", [0] * 6),
        ([1] * 8 + [-1], "the mean", [1] * 8 + [0]),
        ([1, 2, 3, 3, 4, 5, 6], "rising", [0] * 7),
        ([2, 1, 2, 3, 4, 5, 6, 7, 3], "rising", [0] + [1] * 7 + [0]),
        ([2, 7, 6, 5, 4, 3, 2, 1, 3], "falling", [0] + [1] * 7 + [0]),
        # 1.7733 is two thirds of the way to 2.66
        ([2, 1, 2], "2 of 3", [1, 0, 1]),
        ([1, 2, 2], "2 of 3", [0, 1, 1]),
        ([2, -1, 2], "2 of 3", [0, 0, 0]),
        ([2, 1, 1, 2], "2 of 3", [0, 0, 0, 0]),
        ([2, 1, 1, 2, 2], "2 of 3", [0, 0, 0, 1, 1]),
        ([0, 2.66, 2.67, -2.67], "outside", [0, 0, 1, 1]),
    ],
)
def test_worked_examples_of_the_packages_own_tests(
    values: list[float], words: str, expected: list[int]
) -> None:
    assert flagged(values, words) == expected


def test_limits_by_hand() -> None:
    """Mean 11, ranges 2 2 2 2 2: limits 11 -+ 2.66 x 2."""
    found = chart([10, 12, 10, 12, 10, 12])
    point = found.points[0]
    lines = [point.chart_lower_limit, point.chart_centre, point.chart_upper_limit]
    numbers = [line.estimate for line in lines if isinstance(line, Estimate)]
    assert numbers == pytest.approx([5.68, 11, 16.32], rel=1e-12)
    assert found.trial == (True,)
    assert "on trial" in found.sentence


def test_a_range_far_beyond_the_rest_does_not_set_the_limits() -> None:
    """Ranges 1 x 9 and 20: mean 2.9, 20 > 3.267 x 2.9, so 1."""
    assert mean_moving_range(np.array([0, 1] * 5 + [21.0])) == pytest.approx(1)


def test_limits_rest_on_the_first_twelve_waves() -> None:
    calm = [10.0, 11] * 6
    assert chart([*calm, 30, 31]).points[0].chart_upper_limit == (
        chart([*calm, 99, 3]).points[0].chart_upper_limit
    )
    assert chart([*calm, 30, 31]).points[12].signals == ("outside the limits",)


def test_a_declared_wave_starts_new_limits() -> None:
    values = [10.0, 11] * 6 + [20.0, 21] * 6
    assert chart(values).points[12].verdict == "change"
    again = chart(values, rebase=["w13"])
    assert {point.verdict for point in again.points} == {"wavering"}
    assert again.trial == (False, False)
    assert again.sentence == "No wave shows special-cause variation."


def test_direction_says_what_is_better() -> None:
    values = [10.0, 11] * 6 + [30.0]
    for improvement, message in [
        ("increase", "improvement"),
        ("decrease", "concern"),
        ("neither", "change"),
    ]:
        found = chart(values, improvement=improvement)
        assert found.points[12].verdict == message
        assert found.points[0].verdict == "wavering"
    assert "w13 shows a change" in found.sentence
    assert found.chart_frame()["signals"].iloc[12] == "outside the limits"


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ([], {}, "fewer than 3 waves"),
        ([1, 2], {}, "fewer than 3 waves"),
        ([np.nan] * 6, {}, "fewer than 3 waves"),
        ([4.0] * 12 + [5], {}, "all have one value"),
        ([0.0] * 12 + [5], {}, "all have one value"),
        ([1, 2, 3, 4, 5], {"rebase": ["w4"]}, "fewer than 3 waves"),
        ([1, 2, 3, 4, 5], {"rebase": ["june"]}, "nothing to rebase at: june"),
        ([1, 2, np.inf], {}, "infinite"),
    ],
)
def test_no_chart_without_wavering(
    values: list[float], options: dict[str, Any], words: str
) -> None:
    found = chart(values, **options)
    assert isinstance(found.special_cause_points, Unavailable)
    assert words in found.special_cause_points.reason
    assert words in found.sentence


def test_missing_waves_are_left_out_and_said() -> None:
    found = chart([10, np.nan, 12, 10, 12])
    assert isinstance(found.special_cause_points, Estimate)
    assert "1 waves without a value left out" in found.special_cause_points.method
    assert [point.point for point in found.points] == ["w1", "w3", "w4", "w5"]


def test_last_digits_break_no_rule() -> None:
    """Means of different answers may be equal and differ in their last digits."""
    values = np.array([3.0, 3.1, 3.0, 3.1, 3.0, 3.1, 3.1, 3.1, 3.1, 3.1, 3.1, 3.1])
    plain = chart(values)
    random = np.random.default_rng(1)
    for _ in range(5):
        other = chart(values + 1e-15 * random.integers(-2, 3, len(values)))
        assert [p.signals for p in other.points] == [p.signals for p in plain.points]
    assert flagged([0.3] * 9, "the mean", centre=0.1 + 0.2) == [0] * 9
    assert flagged([0.3, 0.1 + 0.2] * 5, "rising") == [0] * 10
