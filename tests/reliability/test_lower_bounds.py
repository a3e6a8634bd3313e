"""What the lower bounds do by hand, with gaps, clusters, and data no bound fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.consistency.lower_bounds import (
    greatest,
    greatest_lower_bound,
    guttman_lambdas,
    lambda_1,
    lambda_2,
    lambda_3,
    lambda_5,
    lambda_6,
    largest_split,
    split_half_distribution,
)
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def responses() -> pd.DataFrame:
    """Sixty participants, five items, no holes."""
    random = np.random.default_rng(11)
    trait = random.normal(3, 1, (60, 1))
    answers = np.clip(np.round(trait + random.normal(0, 0.9, (60, 5))), 1, 5)
    return pd.DataFrame(answers, columns=list("abcde"))


def test_lambdas_of_parallel_items_by_hand() -> None:
    matrix = np.full((4, 4), 0.5) + 0.5 * np.eye(4)  # sum of all 10, trace 4
    assert lambda_1(matrix)[0] == pytest.approx(0.6)
    assert largest_split(matrix)[0] == pytest.approx(0.8)
    for bound in (lambda_2, lambda_3, greatest):
        assert bound(matrix)[0] == pytest.approx(0.8, abs=1e-8)


@pytest.mark.parametrize(
    "bound",
    [lambda_1, lambda_2, lambda_3, largest_split, lambda_5, lambda_6, greatest],
)
def test_derivatives_are_those_of_small_differences(bound, responses) -> None:  # type: ignore[no-untyped-def]
    matrix, step = responses.cov().to_numpy(), 1e-4
    _, derivative = bound(matrix)
    for row, column in ((0, 0), (1, 1), (0, 2), (3, 4)):
        moved = np.zeros_like(matrix)
        moved[row, column] = moved[column, row] = step
        slope = (bound(matrix + moved)[0] - bound(matrix - moved)[0]) / (2 * step)
        expected = float(np.sum(derivative * moved)) / step
        assert slope == pytest.approx(expected, abs=2e-4)


def test_no_bound_passes_the_greatest(responses: pd.DataFrame) -> None:
    top = greatest_lower_bound(responses)
    assert isinstance(top, Estimate)
    assert "too high by chance" in top.method
    for result in guttman_lambdas(responses).results():
        assert isinstance(result, Estimate)
        assert result.estimate <= top.estimate + 1e-8


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda frame: frame.iloc[:0], "participants"),
        (lambda frame: frame.iloc[:1], "participants"),
        (lambda frame: frame[["a"]], "items"),
        (lambda frame: frame.assign(a=3.0), "constant"),
        (lambda frame: frame.assign(a=np.nan), "no one answered a"),
        (lambda frame: frame.assign(a="x"), "numbers"),
        (lambda frame: frame.assign(a=np.inf), "infinite"),
    ],
)
def test_data_without_a_bound_say_why(responses, broken, reason) -> None:  # type: ignore[no-untyped-def]
    frame = broken(responses)
    results = [
        *guttman_lambdas(frame).results(),
        *split_half_distribution(frame).results(),
        greatest_lower_bound(frame),
    ]
    for result in results:
        assert isinstance(result, Unavailable)
        assert reason in result.reason


def test_two_items_have_no_lambda_6(responses: pd.DataFrame) -> None:
    found = guttman_lambdas(responses[["a", "b"]])
    assert isinstance(found.guttman_lambda_6, Unavailable)
    assert isinstance(found.guttman_lambda_4, Estimate)


def test_items_that_cancel_have_no_bound(responses: pd.DataFrame) -> None:
    frame = pd.DataFrame({"a": responses["a"], "b": -responses["a"]})
    found = guttman_lambdas(frame).guttman_lambda_3
    assert isinstance(found, Unavailable)
    assert "does not vary" in found.reason


def test_items_that_agree_perfectly_have_no_interval(responses: pd.DataFrame) -> None:
    found = guttman_lambdas(responses[["a"]].assign(b=responses["a"]))
    for result in (found.guttman_lambda_1, found.guttman_lambda_3):
        assert isinstance(result, Estimate)
        assert result.conf_low is None
        assert "no interval" in result.method


def test_people_counted_twice_in_clusters_narrow_nothing(
    responses: pd.DataFrame,
) -> None:
    twice = pd.concat([responses, responses], ignore_index=True)
    people = pd.Series([*range(60), *range(60)])
    alone = guttman_lambdas(responses, clusters=pd.Series(range(60))).guttman_lambda_3
    found = guttman_lambdas(twice, clusters=people).guttman_lambda_3
    assert isinstance(alone, Estimate)
    assert isinstance(found, Estimate)
    # n - 1 of 120 rows is not twice that of 60: the standard errors differ by 1 / 119.
    assert found.conf_low == pytest.approx(alone.conf_low, abs=1e-3)
    assert "60 clusters" in found.method


def test_few_or_unknown_clusters_give_no_interval(responses: pd.DataFrame) -> None:
    few = guttman_lambdas(responses, clusters=pd.Series([1, 2] * 30)).guttman_lambda_3
    assert isinstance(few, Estimate)
    assert few.conf_low is None
    assert "clusters 2" in few.method
    unknown = pd.Series([np.nan, *range(59)])
    found = guttman_lambdas(responses, clusters=unknown).guttman_lambda_3
    assert "1 participants without a cluster" in found.method


def test_wrong_options_are_refused(responses: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="clusters has 3 rows"):
        guttman_lambdas(responses, clusters=pd.Series([1, 2, 3]))
    with pytest.raises(ValueError, match="confidence"):
        guttman_lambdas(responses, confidence=95)


def test_sampled_splits_come_from_their_name(responses: pd.DataFrame) -> None:
    wide = pd.concat([responses.add_suffix(str(i)) + 0 for i in range(4)], axis=1)
    wide += np.random.default_rng(3).normal(size=wide.shape)
    first = split_half_distribution(wide, seed="one")
    assert first == split_half_distribution(wide, seed="one")
    assert first != split_half_distribution(wide, seed="two")
    assert "10000 splits drawn" in first.split_half_mean.method
