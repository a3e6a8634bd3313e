"""Verdicts: every interval has exactly one, and turning the sign turns it."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heard.effects.judgement.verdict import (
    CLASSES,
    Good,
    VerdictCode,
    limit_extents,
    verdict,
    verdict_class,
)

LIMITS = st.tuples(st.floats(-60, 60), st.floats(-60, 60)).map(sorted)
ROUND = st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(sorted)
INTERVALS = st.one_of(LIMITS, ROUND)
BOUNDS = st.one_of(st.floats(0.01, 20), st.integers(1, 3))
MIRRORED: dict[str, set[str]] = {
    "better_by_enough": {"worse_by_enough"},
    "worse_by_enough": {"better_by_enough"},
    "little_or_none": {"little_or_none"},
    "better": {"worse"},
    "worse": {"better"},
    "no_important_gain": {"cannot_tell"},
    "cannot_tell": {"cannot_tell", "no_important_gain"},
}


def rules(low: float, high: float, d: float) -> dict[str, bool]:
    """Each rule of the table on its own, none relying on those before it."""
    return {
        "better_by_enough": low >= d,
        "worse_by_enough": high <= -d,
        "little_or_none": -d < low and high < d,
        "better": 0 < low < d <= high,
        "worse": low <= -d < high < 0,
        "no_important_gain": low <= -d and 0 <= high < d,
        "cannot_tell": low <= 0 and high >= d,
    }


@given(limits=INTERVALS, d=BOUNDS)
@example(limits=[0.0, 2.0], d=2.0)
@example(limits=[-2.0, 0.0], d=2.0)
@example(limits=[-2.0, -2.0], d=2.0)
@example(limits=[2.0, 2.0], d=2.0)
def test_every_interval_has_exactly_the_one_verdict_of_its_rule(
    limits: list[float], d: float
) -> None:
    low, high = limits
    holding = [code for code, holds in rules(low, high, d).items() if holds]
    assert holding == [verdict(low, high, smallest_effect=d, good="higher")]


@given(limits=INTERVALS, d=BOUNDS)
def test_turning_the_sign_swaps_better_and_worse(limits: list[float], d: float) -> None:
    low, high = limits
    code = verdict(low, high, smallest_effect=d, good="higher")
    turned = verdict(-high, -low, smallest_effect=d, good="higher")
    assert turned in MIRRORED[code]
    assert verdict(low, high, smallest_effect=d, good="lower") == turned


@given(limits=INTERVALS, d=BOUNDS)
def test_without_a_good_direction_there_is_no_missing_gain(
    limits: list[float], d: float
) -> None:
    low, high = limits
    as_higher = verdict(low, high, smallest_effect=d, good="higher")
    neutral = verdict(low, high, smallest_effect=d, good="none")
    expected = "cannot_tell" if as_higher == "no_important_gain" else as_higher
    assert neutral == expected


@given(limits=INTERVALS)
def test_without_a_smallest_effect_only_the_side_of_zero_counts(
    limits: list[float],
) -> None:
    low, high = limits
    code = verdict(low, high, smallest_effect=None, good="higher")
    assert (code == "better") == (low > 0)
    assert (code == "worse") == (high < 0)
    assert code in {"better", "worse", "cannot_tell"}


@pytest.mark.parametrize(
    ("low", "high", "good", "code"),
    [
        (2.1, 3.7, "higher", "better_by_enough"),
        (0.4, 2.8, "higher", "better"),
        (-4.6, -0.8, "higher", "worse"),
        (-4.6, -0.8, "lower", "better"),
        (-1.1, 1.5, "higher", "little_or_none"),
        (0.1, 1.5, "higher", "little_or_none"),
        (-3.1, 7.9, "higher", "cannot_tell"),
        (-0.1, 4.3, "higher", "cannot_tell"),
        (-2.4, 1.8, "higher", "no_important_gain"),
        (-2.4, 1.8, "none", "cannot_tell"),
        (-4.6, -2.0, "none", "worse_by_enough"),
    ],
)
def test_the_invented_results_have_their_verdicts(
    low: float, high: float, good: Good, code: str
) -> None:
    assert verdict(low, high, smallest_effect=2.0, good=good) == code


@pytest.mark.parametrize(
    ("low", "high"),
    [(None, None), (1.0, None), (None, 1.0), (math.nan, 1.0), (-math.inf, 1.0)],
)
@pytest.mark.parametrize("d", [None, 2.0])
def test_without_an_interval_there_is_no_answer(
    low: float | None, high: float | None, d: float | None
) -> None:
    assert verdict(low, high, smallest_effect=d, good="higher") == "no_answer"


def test_analyses_agree_by_class() -> None:
    of_class: dict[str, set[VerdictCode]] = {}
    for code in CLASSES:
        of_class.setdefault(verdict_class(code), set()).add(code)
    assert of_class == {
        "no_answer": {"no_answer"},
        "gain": {"better", "better_by_enough"},
        "none": {"little_or_none", "no_important_gain"},
        "open": {"cannot_tell"},
        "harm": {"worse", "worse_by_enough"},
    }


@pytest.mark.parametrize(
    ("low", "high", "d", "good", "codes"),
    [
        (-3.1, 7.9, 2.0, "higher", ("important_loss", "important_gain")),
        (-0.1, 4.3, 2.0, "higher", ("small_loss", "important_gain")),
        (-0.1, 4.3, 2.0, "lower", ("important_loss", "small_gain")),
        (-0.1, 4.3, 2.0, "none", ("small_loss", "important_gain")),
        (0.0, 2.0, 2.0, "higher", ("no_difference", "important_gain")),
        (-2.0, 1.9, 2.0, "higher", ("important_loss", "small_gain")),
        (-0.1, 4.3, None, "higher", ("loss", "gain")),
    ],
)
def test_limits_in_words(
    low: float, high: float, d: float | None, good: Good, codes: tuple[str, str]
) -> None:
    assert limit_extents(low, high, smallest_effect=d, good=good) == codes


@given(limits=INTERVALS, d=BOUNDS)
def test_the_extents_agree_with_the_verdict(limits: list[float], d: float) -> None:
    low, high = limits
    code = verdict(low, high, smallest_effect=d, good="higher")
    first, last = limit_extents(low, high, smallest_effect=d, good="higher")
    assert (first == "important_gain") == (code == "better_by_enough")
    assert (last == "important_loss") == (code == "worse_by_enough")
    if code == "cannot_tell":
        assert last == "important_gain"
        assert first in {"important_loss", "small_loss", "no_difference"}


@pytest.mark.parametrize(
    ("low", "high", "d", "good"),
    [
        (2.0, 1.0, 2.0, "higher"),
        (0.0, 1.0, 0.0, "higher"),
        (0.0, 1.0, -1.0, "higher"),
        (0.0, 1.0, math.nan, "higher"),
        (0.0, 1.0, 2.0, "up"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    low: float, high: float, d: float, good: Good
) -> None:
    with pytest.raises(ValueError, match=r"must be|wrong way"):
        verdict(low, high, smallest_effect=d, good=good)
    with pytest.raises(ValueError, match=r"must be|wrong way"):
        limit_extents(low, high, smallest_effect=d, good=good)


def test_no_extent_without_limits() -> None:
    with pytest.raises(ValueError, match="without limits"):
        limit_extents(math.nan, 1.0, smallest_effect=2.0, good="higher")
