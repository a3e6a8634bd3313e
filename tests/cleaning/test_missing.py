"""Gaps: their patterns, small ones together; Little's test at the edges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from heard.psychometrics.missing_answers import (
    estimate_moments,
    missing_data,
    pattern_counts,
)
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def gappy(people: int = 200) -> pd.DataFrame:
    values = np.random.default_rng(2).normal(size=(people, 3))
    return pd.DataFrame(values, columns=["a", "b", "c"])


def test_patterns_of_few_are_counted_together() -> None:
    responses = gappy()
    responses.loc[:49, "a"] = np.nan
    responses.loc[50:54, "b"] = np.nan
    responses.loc[55:62, ["b", "c"]] = np.nan
    assert pattern_counts(responses, smallest=11) == {
        "complete": 137,
        "without a": 50,
        "other patterns": 13,
    }


def test_a_few_take_the_next_pattern_along() -> None:
    responses = gappy()
    responses.loc[:49, "a"] = np.nan
    responses.loc[50:69, "b"] = np.nan
    responses.loc[70:71, "c"] = np.nan
    counts = pattern_counts(responses, smallest=11)
    assert counts == {"complete": 128, "without a": 50, "other patterns": 22}


def test_a_few_beside_the_complete_alone_are_not_told() -> None:
    responses = gappy()
    responses.loc[:4, "a"] = np.nan
    assert pattern_counts(responses, smallest=11) == {}


@given(
    known=arrays.arrays(bool, st.tuples(st.integers(0, 60), st.integers(1, 3))),
    smallest=st.integers(5, 12),
)
@settings(derandomize=True, deadline=None)
def test_no_small_pattern_is_told_and_all_add_up(
    known: np.ndarray, smallest: int
) -> None:
    responses = pd.DataFrame(np.where(known, 1.0, np.nan))
    counts = pattern_counts(responses, smallest=smallest)
    assert all(count >= smallest for count in counts.values())
    assert sum(counts.values()) in (0, len(responses))


def test_without_gaps_the_moments_are_the_plain_ones() -> None:
    responses = gappy()
    moments = estimate_moments(responses)
    np.testing.assert_allclose(moments.mean, responses.mean(), rtol=0, atol=1e-12)
    plain = responses.cov(ddof=0)
    np.testing.assert_allclose(moments.covariance, plain, rtol=0, atol=1e-12)


def test_gaps_that_depend_on_another_answer_are_not_random() -> None:
    responses = gappy()
    responses.loc[responses["a"] > 0.5, "b"] = np.nan
    p = missing_data(responses).little_mcar_p
    assert isinstance(p, Estimate)
    assert p.estimate < 1e-6
    assert p.n == 200


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        (gappy(), "all answered the same items"),
        (gappy(0), "all answered the same items"),
        (gappy().assign(a=np.nan), "all answered the same items"),
        (gappy().mask(np.eye(200, 3, dtype=bool)).assign(c=1.0), "does not vary"),
        (
            gappy().mask(np.eye(200, 3, dtype=bool)).assign(c=lambda d: d["b"]),
            "cannot be estimated",
        ),
    ],
)
def test_no_test_where_it_cannot_be(responses: pd.DataFrame, reason: str) -> None:
    found = missing_data(responses).little_mcar_chi_square
    assert isinstance(found, Unavailable)
    assert reason in found.reason


def test_too_many_patterns_are_not_fitted() -> None:
    """Of a long form, nearly everyone leaves out something else."""
    values = np.random.default_rng(4).normal(size=(3_000, 60))
    values[np.random.default_rng(5).random(values.shape) < 0.1] = np.nan
    found = missing_data(pd.DataFrame(values)).little_mcar_p
    assert isinstance(found, Unavailable)
    assert found.reason == "there are too many patterns of 60 items to fit"


def test_patterns_without_an_item_in_common_compare_nothing() -> None:
    """Two versions of a form: no degree of freedom is left, and no p."""
    values = np.full((10, 2), np.nan)
    values[:5, 0] = values[5:, 1] = [1, 2, 3, 1, 2]
    found = missing_data(pd.DataFrame(values))
    assert isinstance(found.little_mcar_p, Unavailable)
    assert found.little_mcar_p.reason == "no item was answered in two patterns"
    assert found.little_mcar_p.n == 10


@given(
    values=arrays.arrays(
        np.float64,
        st.tuples(st.integers(0, 15), st.integers(1, 4)),
        elements=st.sampled_from([np.nan, 1.0, 2.0, 3.0, 5.0]),
    )
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_any_gaps_give_a_test_or_a_reason(values: np.ndarray) -> None:
    for result in missing_data(pd.DataFrame(values)).results():
        assert isinstance(result, Estimate) or result.reason
