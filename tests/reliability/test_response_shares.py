"""Shares of answers: nobody's rare answer is told, and no share is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.psychometrics.items.response_shares import response_shares
from heard.results import Estimate, Unavailable

CATEGORIES = (1.0, 2.0, 3.0, 4.0, 5.0)


def answered(counts: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"listens": np.repeat(CATEGORIES[: len(counts)], counts)})


def test_rare_ends_join_their_rarer_neighbour() -> None:
    found = response_shares(
        answered([2, 9, 30, 40, 19]), categories=CATEGORIES, minimum=11
    )
    assert [share.category for share in found] == ["1 to 2", "3", "4", "5"]
    lowest = found[0].response_share
    assert isinstance(lowest, Estimate)
    assert lowest.estimate == pytest.approx(0.11)
    assert lowest.n == 100


def test_a_category_nobody_chose_is_joined() -> None:
    found = response_shares(answered([20, 0, 20]), categories=CATEGORIES, minimum=11)
    assert [share.category for share in found] == ["1 to 2", "3 to 5"]


def test_gaps_are_no_answers() -> None:
    items = answered([20, 20])
    items.loc[40] = np.nan
    found = response_shares(items, categories=CATEGORIES, minimum=11)
    assert {share.response_share.n for share in found} == {40}


@given(st.lists(st.integers(0, 40), min_size=5, max_size=5))
def test_shares_add_to_one_and_none_is_of_few(counts: list[int]) -> None:
    found = response_shares(answered(counts), categories=CATEGORIES, minimum=11)
    shares = [share.response_share for share in found]
    if not sum(counts):
        assert isinstance(shares[0], Unavailable)
        return
    numbers = [share.estimate for share in shares if isinstance(share, Estimate)]
    assert sum(numbers) == pytest.approx(1)
    people = [round(number * sum(counts)) for number in numbers]
    assert len(people) == 1 or min(people) >= 11


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([np.nan, np.nan], "number of answers 0; at least 1 needed"),
        ([1.0, 7.0], "1 answers are none of the declared categories"),
        (["a", "b"], "numbers"),
    ],
)
def test_what_has_no_shares_says_why(values: list[object], reason: str) -> None:
    items = pd.DataFrame({"listens": values})
    (found,) = response_shares(items, categories=CATEGORIES, minimum=1)
    assert isinstance(found.response_share, Unavailable)
    assert reason in found.response_share.reason
