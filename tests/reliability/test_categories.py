"""Categories come from the codebook and are the same in every group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard.psychometrics.categories import MISSING, categorised_responses


def frame(*columns: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {f"q{i}": pd.array(c, dtype="Float64") for i, c in enumerate(columns)}
    )


def test_an_answer_keeps_its_rank_when_all_categories_are_used() -> None:
    found = categorised_responses(frame([1, 2, 3, None]), [1, 2, 3])
    assert found.ranks[:, 0].tolist() == [0, 1, 2, MISSING]
    assert found.counts == (3,)
    assert found.merged == ""


def test_a_category_empty_in_one_group_is_merged_in_all_and_told() -> None:
    groups = pd.Series(["a", "a", "a", "b", "b", "b"])
    found = categorised_responses(frame([1, 2, 3, 2, 3, 3]), [1, 2, 3], groups)
    assert found.ranks[:, 0].tolist() == [0, 0, 1, 0, 1, 1]
    assert found.merges == ("q0: 1 with 2",)


@pytest.mark.parametrize(
    ("answers", "ranks"),
    [([1, 2, 4, 5], [0, 1, 2, 3]), ([1, 2, 3, 3], [0, 1, 2, 2]), ([5, 5, 5], [0] * 3)],
)
def test_empty_categories_in_the_middle_at_the_end_and_all_but_one(
    answers: list[float | None], ranks: list[int]
) -> None:
    found = categorised_responses(frame(answers), [1, 2, 3, 4, 5])
    assert found.ranks[:, 0].tolist() == ranks
    assert found.counts == (max(ranks) + 1,)
    assert len(found.merges) == 5 - found.counts[0]


def test_answers_outside_the_categories_are_counted_and_refused() -> None:
    found = categorised_responses(frame([1, 2, 9, 8]), [1, 2])
    assert found.fault == "2 answers are none of the declared categories"


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from("ab")), min_size=1, max_size=40
    )
)
def test_every_category_left_is_used_in_every_group_and_order_is_kept(
    rows: list[tuple[int, str]],
) -> None:
    answers = np.array([float(a) for a, _ in rows])
    groups = pd.Series([g for _, g in rows])
    found = categorised_responses(pd.DataFrame({"q": answers}), [1, 2, 3, 4, 5], groups)
    ranks = found.ranks[:, 0]
    for group in set(groups):
        used = set(ranks[(groups == group).to_numpy()].tolist())
        assert used == set(range(found.counts[0])) or found.counts[0] == 1
    assert (np.diff(ranks[np.argsort(answers, kind="stable")]) >= 0).all()
