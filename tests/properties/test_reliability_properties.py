"""What must hold for every subscale, whatever its answers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import (
    mean_inter_item_correlation,
    spearman_brown,
)
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.items.statistics import item_statistics
from heard.psychometrics.scale import estimate_scale_reliability
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

    Statistic = Callable[[pd.DataFrame], Result]

STEADY = settings(derandomize=True, deadline=None, max_examples=60)
COEFFICIENTS: tuple[Statistic, ...] = (
    cronbach_alpha,
    omega_total,
    mean_inter_item_correlation,
)
# The optimiser of omega stops at 1e-8 (seen in 1,335 fits); the rest only rounds.
SAME = 1e-7


@st.composite
def one_trait(draw: st.DrawFn) -> pd.DataFrame:
    """Items from 1 to 6 that follow one trait, at random strengths, some missing."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(20, 60)), draw(st.integers(3, 6))
    loadings = random.uniform(0.5, 1.5, k)
    raw = 3.5 + random.normal(size=(n, 1)) * loadings + random.normal(size=(n, k))
    answers = np.clip(np.round(raw), 1, 6)
    answers[random.random((n, k)) < draw(st.sampled_from([0.0, 0.05]))] = np.nan
    return pd.DataFrame(answers, columns=[f"item{i}" for i in range(k)])


@st.composite
def anything(draw: st.DrawFn) -> pd.DataFrame:
    """Small frames of every awkward kind: constant, empty, missing, infinite."""
    shape = (draw(st.integers(0, 12)), draw(st.integers(0, 5)))
    cell = st.sampled_from([1.0, 2.0, 2.0, 3.0, 6.0, np.nan]) | st.sampled_from(
        draw(st.sampled_from([[4.0], [4.0, np.nan], [np.inf, 1e300], [-7.5, 0.1, 1e9]]))
    )
    values = draw(arrays.arrays(np.float64, shape, elements=cell))
    return pd.DataFrame(values, columns=[f"item{i}" for i in range(shape[1])])


def assert_same(found: Result, expected: Result) -> None:
    """Alike in kind, n and numbers."""
    assert type(found) is type(expected)
    assert found.n == expected.n
    if isinstance(found, Estimate) and isinstance(expected, Estimate):
        assert numbers(found) == pytest.approx(numbers(expected), rel=SAME, abs=SAME)


def numbers(found: Estimate) -> list[float]:
    limits = (found.estimate, found.conf_low, found.conf_high)
    return [limit for limit in limits if limit is not None]


@pytest.mark.parametrize("statistic", COEFFICIENTS)
@given(frame=one_trait(), shift=st.floats(-100, 100), factor=st.floats(0.01, 100))
@STEADY
def test_a_new_origin_and_unit_change_no_coefficient(
    statistic: Statistic, frame: pd.DataFrame, shift: float, factor: float
) -> None:
    assert_same(statistic(frame * factor + shift), statistic(frame))


@pytest.mark.parametrize("statistic", COEFFICIENTS)
@given(frame=one_trait(), data=st.data())
@STEADY
def test_order_of_items_and_rows_changes_no_coefficient(
    statistic: Statistic, frame: pd.DataFrame, data: st.DataObject
) -> None:
    columns = data.draw(st.permutations(list(frame.columns)))
    rows = data.draw(st.permutations(list(frame.index)))
    assert_same(statistic(frame.loc[rows, columns]), statistic(frame))


@given(frame=one_trait(), data=st.data())
@STEADY
def test_order_of_items_changes_no_item_statistic(
    frame: pd.DataFrame, data: st.DataObject
) -> None:
    columns = data.draw(st.permutations(list(frame.columns)))
    before = {i.item: i for i in item_statistics(frame, lowest=1, highest=6)}
    for item in item_statistics(frame[columns], lowest=1, highest=6):
        for found, expected in zip(
            item.results(), before[item.item].results(), strict=True
        ):
            assert_same(found, expected)


@pytest.mark.parametrize("statistic", COEFFICIENTS)
@given(frame=one_trait())
@STEADY
def test_everyone_twice_leaves_the_estimate_and_doubles_n(
    statistic: Statistic, frame: pd.DataFrame
) -> None:
    once, twice = statistic(frame), statistic(pd.concat([frame, frame]))
    assert type(once) is type(twice)
    assert once.n is not None
    assert twice.n == 2 * once.n
    if isinstance(once, Estimate) and isinstance(twice, Estimate):
        assert twice.estimate == pytest.approx(once.estimate, rel=SAME, abs=SAME)


@pytest.mark.parametrize("statistic", COEFFICIENTS)
@given(frame=one_trait())
@STEADY
def test_reversing_every_item_changes_no_coefficient(
    statistic: Statistic, frame: pd.DataFrame
) -> None:
    assert_same(statistic(7 - frame), statistic(frame))


@pytest.mark.parametrize("statistic", COEFFICIENTS)
@given(frame=one_trait())
@STEADY
def test_reversing_an_item_twice_is_no_reversal(
    statistic: Statistic, frame: pd.DataFrame
) -> None:
    once = frame.assign(item0=7 - frame["item0"])
    if isinstance(statistic(once), Estimate):
        assert statistic(once) != statistic(frame)
    assert statistic(once.assign(item0=7 - once["item0"])) == statistic(frame)


@given(frame=one_trait())
@STEADY
def test_reversing_swaps_floor_and_ceiling(frame: pd.DataFrame) -> None:
    turned = item_statistics(7 - frame, lowest=1, highest=6)
    for item, opposite in zip(
        item_statistics(frame, lowest=1, highest=6), turned, strict=True
    ):
        assert_same(item.share_lowest, opposite.share_highest)
        assert_same(item.item_rest_correlation, opposite.item_rest_correlation)


@given(frame=one_trait())
@STEADY
def test_spearman_brown_is_alpha_of_two_standardised_items(frame: pd.DataFrame) -> None:
    pair = frame.iloc[:, :2].dropna()
    alpha = cronbach_alpha((pair - pair.mean()) / pair.std())
    found = spearman_brown(pair)
    assert isinstance(alpha, Estimate)
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(alpha.estimate, rel=SAME, abs=SAME)


@given(frame=anything() | one_trait())
@settings(STEADY, max_examples=400)
def test_every_answer_is_an_estimate_inside_its_limits_or_a_reason(
    frame: pd.DataFrame,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together = estimate_scale_reliability(frame, lowest=1, highest=6)
        pair = spearman_brown(frame.iloc[:, :2])
    found = [*together.results(), pair]
    assert len(found) == 4 + 7 * frame.shape[1]
    for result in found:
        if isinstance(result, Unavailable):
            assert result.reason
        elif result.conf_low is not None and result.conf_high is not None:
            assert result.conf_low <= result.estimate <= result.conf_high


@given(frame=anything() | one_trait())
@settings(STEADY, max_examples=200)
def test_bounded_statistics_stay_within_their_bounds(frame: pd.DataFrame) -> None:
    bounds = {
        "cronbach_alpha": (-np.inf, 1),
        "cronbach_alpha_if_dropped": (-np.inf, 1),
        "omega_total": (0, 1),
        "mean_inter_item_correlation": (-1, 1),
        "item_rest_correlation": (-1, 1),
        "share_missing": (0, 1),
        "share_lowest": (0, 1),
        "share_highest": (0, 1),
    }
    for result in estimate_scale_reliability(frame, lowest=1, highest=6).results():
        if isinstance(result, Estimate) and result.term in bounds:
            low, high = bounds[result.term]
            assert low <= result.estimate <= high
