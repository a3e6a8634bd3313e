"""Choices between numbers that are equal but for their last digits."""

from __future__ import annotations

import numpy as np
import pytest

from heard.models.stable_choice import (
    largest,
    order,
    rounded,
    sides,
    smallest,
    steps,
    upward,
)

pytestmark = pytest.mark.filterwarnings("error")

NOISE = np.array([3, -1, 0, 2, -3, 1]) * 1e-15


def test_the_first_of_equals_is_chosen_whatever_the_last_digits() -> None:
    for noise in (NOISE, -NOISE, NOISE[::-1]):
        values = np.array([2.0, 1.0, 1.0, 3.0, 3.0, 1.0]) + noise
        assert order(values).tolist() == [1, 2, 5, 0, 3, 4]
        assert smallest(values) == 1
        assert largest(values) == 3


def test_each_row_has_its_own_choice() -> None:
    table = np.array([[1.0, 1.0 - 1e-15, 2.0], [5.0, 4.0, 4.0 + 1e-15]])
    assert smallest(table).tolist() == [0, 1]
    assert largest(table).tolist() == [2, 0]
    assert order(table).tolist() == [[0, 1, 2], [1, 2, 0]]


def test_a_difference_that_shows_in_ten_digits_decides() -> None:
    assert smallest([1.0, 1.0 - 1e-8]) == 1
    assert sides([1.0 + 1e-8, 1.0 - 1e-8], 1.0).tolist() == [1, -1]


def test_digits_are_counted_from_the_largest_number_of_all_arrays() -> None:
    small, large = rounded([1.25e-9, 1e-12], [1.5])
    assert small.tolist() == [1e-9, 0.0]
    assert large.tolist() == [1.5]
    assert rounded([1234.5678], digits=3)[0].tolist() == [1230.0]


def test_distances_between_steps_are_exact() -> None:
    low, middle, high = steps(*(np.array([0.1, 0.2, 0.3]) + NOISE[:3]))
    assert high - middle == middle - low == 1e9


@pytest.mark.parametrize("scale", [1e-250, 1e-20, 1.0, 1e20, 1e250])
def test_scale_does_not_matter(scale: float) -> None:
    values = np.array([3.0, 1.0, 1.0 + 1e-15, 2.0]) * scale
    assert order(values).tolist() == [1, 2, 3, 0]
    assert sides(values, scale).tolist() == [1, 0, 0, 1]
    assert rounded(rounded(values)[0])[0].tolist() == rounded(values)[0].tolist()


def test_what_is_zero_or_not_finite_stays() -> None:
    assert rounded([0.0, 0.0])[0].tolist() == [0.0, 0.0]
    assert rounded([np.inf, -np.inf, 1.0])[0].tolist() == [np.inf, -np.inf, 1.0]
    assert np.isnan(rounded([np.nan, 1.0])[0]).tolist() == [True, False]
    assert rounded([])[0].tolist() == []
    assert sides([], 1.0).tolist() == []
    assert order([np.inf, 0.0]).tolist() == [1, 0]


def test_a_number_that_should_be_zero_lies_on_zero() -> None:
    """What was added up to nothing leaves digits as large as what was added."""
    values = np.array([0.3, 0.1 + 0.2 - 0.3, -0.2])
    assert values[1] != 0
    assert sides(values, 0.0).tolist() == [1, 0, -1]


def test_columns_are_turned_upward() -> None:
    columns = np.array([[1.0, -1.0], [2.0, -2.0]])
    assert upward(columns).tolist() == [1.0, -1.0]
    assert upward(np.stack([columns, -columns])).tolist() == [[1, -1], [-1, 1]]


def test_a_column_of_sum_zero_is_turned_by_its_first_entry() -> None:
    for noise in (NOISE[:3], -NOISE[:3]):
        column = np.array([0.0, -0.7, 0.7]) + noise
        assert upward(column[:, None]).tolist() == [-1.0]
        assert upward(-column[:, None]).tolist() == [1.0]
    assert upward(np.zeros((3, 1))).tolist() == [1.0]
