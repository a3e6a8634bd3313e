"""What no order, unit or copy of the rows may change about item response statistics."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.psychometrics.item_response.graded_response import graded_response_model
from heard.psychometrics.item_response.item_bias import item_bias
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.results import Estimate

if TYPE_CHECKING:
    Numbers = pd.Series[float]

pytestmark = pytest.mark.filterwarnings("error")


def drawn(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    trait = random.normal(size=(25, 1))
    noisy = trait + random.normal(size=(25, 4))
    rows = np.clip(np.round(noisy) + 3, 1, 5)
    rows[0], rows[1] = 1, 5  # no item constant
    return pd.DataFrame(rows, columns=list("abcd"))


def numbers(responses: pd.DataFrame) -> dict[str, float]:
    found = mokken_scalability(responses)
    reported = {"H": found.scalability, "error": found.standard_error}
    reported |= {one.item: one.scalability for one in found.items}
    return {
        key: one.estimate for key, one in reported.items() if isinstance(one, Estimate)
    }


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_units_and_order_leave_scalability_alone(seed: int) -> None:
    responses = drawn(seed)
    before = numbers(responses)
    assert numbers(7 - 2.5 * (6 - responses)) == pytest.approx(before)
    assert numbers(responses[list("dbca")]) == pytest.approx(before)
    assert numbers(responses[::-1]) == pytest.approx(before)
    assert numbers(6 - responses) == pytest.approx(before)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_rows_twice_leave_scalability_and_shrink_its_error(seed: int) -> None:
    responses = drawn(seed)
    before = numbers(responses)
    twice = numbers(pd.concat([responses, responses]))
    assert twice.pop("error") == pytest.approx(before.pop("error") / np.sqrt(2))
    assert twice == pytest.approx(before)


def graded_numbers(
    responses: pd.DataFrame, categories: list[float]
) -> dict[str, list[float]]:
    """Slope, then thresholds, an item; error of the slope of each."""
    found = graded_response_model(responses, categories=categories)
    reported = {}
    for item in found.items:
        results = [item.slope, *(one.threshold for one in item.thresholds)]
        results.append(item.slope_standard_error)
        reported[item.item] = [r.estimate for r in results if isinstance(r, Estimate)]
    return reported


@given(seed=st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_units_order_and_copies_leave_the_graded_model_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    logit = 1.5 * random.normal(size=(150, 1)) + random.logistic(size=(150, 4))
    cuts = np.searchsorted((-2.0, 0.0, 2.0), logit) * 1.0
    responses = pd.DataFrame(cuts, columns=list("abcd"))
    responses.iloc[:9, 1] = np.nan
    before = graded_numbers(responses, [0, 1, 2, 3])
    # as near as a maximum is looked for
    near = functools.partial(pytest.approx, rel=1e-4, abs=1e-4)
    for other in (
        graded_numbers(5 + 2 * responses, [5, 7, 9, 11]),
        graded_numbers(responses[list("dbca")], [0, 1, 2, 3]),
        graded_numbers(responses[::-1], [0, 1, 2, 3]),
    ):
        for item, numbers in before.items():
            assert other[item] == near(numbers)
    turned = graded_numbers(3 - responses, [0, 1, 2, 3])
    twice = graded_numbers(pd.concat([responses, responses]), [0, 1, 2, 3])
    for item, (slope, *thresholds, error) in before.items():
        mirrored = [slope, *(-one for one in reversed(thresholds)), error]
        assert turned[item] == near(mirrored)
        assert twice[item][:-1] == near([slope, *thresholds])
        assert twice[item][-1] == near(error / np.sqrt(2))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_units_and_order_leave_item_bias_alone(seed: int) -> None:
    responses = drawn(seed)
    groups = pd.Series(np.arange(25) % 2)

    def reported(rows: pd.DataFrame, labels: pd.Series, codes: list[float]) -> Numbers:
        found = item_bias(rows, groups=labels, categories=codes)
        tables = pd.concat([one.to_frame() for one in found])
        return tables.set_index(["item", "term"])["estimate"].astype(float)

    codes = [1.0, 2.0, 3.0, 4.0, 5.0]
    before = reported(responses, groups, codes)
    columns = responses[list("dbca")]
    pd.testing.assert_series_equal(
        reported(columns, groups, codes).reindex(before.index), before, rtol=1e-5
    )
    pd.testing.assert_series_equal(
        reported(responses[::-1], groups[::-1], codes), before, rtol=1e-5
    )
    # Differences of means have the unit of the answers; nothing else has.
    scaled = reported(2 * responses + 1, groups, [2 * code + 1 for code in codes])
    shown = scaled.copy()
    differences = shown.index.get_level_values("term") == "standardised_mean_difference"
    shown[differences] /= 2
    pd.testing.assert_series_equal(shown, before, rtol=1e-5)
