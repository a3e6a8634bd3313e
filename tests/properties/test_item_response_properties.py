"""What no order, unit or copy of the rows may change about item response statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.foundation.results import Estimate
from analysis.reliability.item_response import mokken_scalability

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
    told = {"H": found.scalability, "error": found.standard_error}
    told |= {one.item: one.scalability for one in found.items}
    return {key: one.estimate for key, one in told.items() if isinstance(one, Estimate)}


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
