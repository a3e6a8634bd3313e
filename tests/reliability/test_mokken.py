"""Scalability by hand, and where there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.filterwarnings("error")


def frame(*columns: Sequence[float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {f"q{i}": pd.array(c, dtype="Float64") for i, c in enumerate(columns)}
    )


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def test_two_binary_items_by_hand() -> None:
    # 10 people; q0 passed by 6, q1 by 4, both by 3. Guttman errors: 1 of 4 * 4 / 10.
    first = [1.0] * 6 + [0.0] * 4
    second = [1.0] * 3 + [0.0] * 3 + [1.0] + [0.0] * 3
    found = mokken_scalability(frame(first, second))
    assert number(found.scalability) == pytest.approx(1 - 1 / 1.6)
    # H = 1 - n * errors / (easy failed * hard passed); log-derivatives a person.
    failed, passed, wrong = 4, 4, 1
    rows = zip(first, second, strict=True)
    ratio = 1 / 1.6
    parts = [
        -ratio
        * (1 / 10 + (x == 0 and y == 1) / wrong - (x == 0) / failed - (y == 1) / passed)
        for x, y in rows
    ]
    by_hand = math.sqrt(sum(part**2 for part in parts))
    assert number(found.standard_error) == pytest.approx(by_hand)


def test_limits_stay_below_one_and_hold_the_estimate() -> None:
    found = mokken_scalability(
        frame([0, 1, 2, 3, 3, 1], [0, 1, 2, 3, 2, 1], [0, 1, 3, 3, 2, 1])
    )
    for result in found.results():
        if isinstance(result, Estimate) and result.conf_low is not None:
            assert result.conf_high is not None
            assert result.conf_low <= result.estimate <= result.conf_high <= 1


def test_perfect_order_is_one_without_interval() -> None:
    found = mokken_scalability(frame([0, 1, 2, 3], [0, 0, 1, 2], [1, 2, 2, 3]))
    assert isinstance(found.scalability, Estimate)
    assert found.scalability.estimate == 1
    assert found.scalability.conf_low is None
    assert "no interval" in found.scalability.method


def test_a_constant_item_has_no_coefficient_but_other_pairs_do() -> None:
    found = mokken_scalability(frame([1, 2, 3, 1], [2, 2, 2, 2], [1, 3, 2, 1]))
    assert isinstance(found.scalability, Unavailable)
    assert found.scalability.reason == "no variance in q1"
    kept = {(one.item, one.other_item): one.scalability for one in found.pairs}
    assert isinstance(kept["q0", "q2"], Estimate)
    assert isinstance(kept["q0", "q1"], Unavailable)


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        (frame([], []), "participants who answered every item 0"),
        (frame([1], [2]), "participants who answered every item 1"),
        (frame([1, 2, 3]), "number of items 1"),
        (frame([1, 2, 3], [None, None, None]), "no one answered q1"),
        (frame([1, 2, math.inf], [1, 2, 3]), "q0 holds 1 infinite"),
        (pd.DataFrame({"q0": ["a"] * 4, "q1": [1, 2, 3, 4]}), "does not hold numbers"),
        (frame([2, 2, 2], [2, 2, 2]), "no variance in q0, q1"),
    ],
)
def test_what_cannot_be_scaled_says_why(responses: pd.DataFrame, reason: str) -> None:
    found = mokken_scalability(responses)
    for result in found.results():
        assert isinstance(result, Unavailable)
        assert reason in result.reason or "no variance" in result.reason
    assert isinstance(found.scalability, Unavailable)
    assert reason in found.scalability.reason


def test_fewer_people_than_items_is_no_obstacle() -> None:
    rows = np.array([[1, 2, 1, 3, 2], [2, 3, 2, 3, 1], [3, 1, 2, 1, 3]], dtype=float)
    found = mokken_scalability(pd.DataFrame(rows, columns=list("abcde")))
    assert isinstance(found.scalability, Estimate)


def test_a_row_names_its_items() -> None:
    found = mokken_scalability(frame([1, 2, 3, 1], [1, 2, 2, 3], [1, 3, 2, 1]))
    table = found.to_frame()
    assert list(table.columns[:3]) == ["item", "other_item", "term"]
    assert table[["item", "other_item"]].to_numpy().tolist()[-1] == ["q1", "q2"]
    assert found.pairs[0].to_frame()["other_item"].tolist() == ["q1", "q1"]
    assert found.items[0].to_frame()["item"].tolist() == ["q0", "q0"]


def test_a_confidence_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mokken_scalability(frame([1, 2, 3], [1, 2, 3]), confidence=95)
