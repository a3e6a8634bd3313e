"""Monotonicity: a fall by hand, a rise that is none, and where nothing can be told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from heard.psychometrics.item_response.mokken import _falls, item_monotonicity
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def rising(n: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(2)
    latent = 1.5 * random.normal(size=(n, 1)) + random.normal(size=(n, 4))
    rows = np.clip(np.round(latent) + 3, 1, 5)
    return pd.DataFrame(rows, columns=list("abcd"))


def test_two_groups_by_hand() -> None:
    # Of 10 low on b 8 pass a; of 10 high on b 3 do.
    first = [1] * 8 + [0] * 2 + [1] * 3 + [0] * 7
    second = [0] * 10 + [1] * 10
    rows = pd.DataFrame({"a": first, "b": second}, dtype=float)
    one = item_monotonicity(rows, smallest_group=10)[0]
    assert number(one.comparisons) == 1
    assert number(one.violations) == 1
    assert number(one.largest_violation) == pytest.approx(0.5)
    # z = .5 / sqrt(.55 * .45 * 20**2 / (100 * 19)) = 2.19
    assert number(one.beyond_chance) == 1
    # 5 of 10 and 4 of 10: .1 / .228, within chance.
    slight = pd.DataFrame(
        {"a": [1] * 5 + [0] * 5 + [1] * 4 + [0] * 6, "b": second}, dtype=float
    )
    one = item_monotonicity(slight, smallest_group=10)[0]
    assert number(one.violations) == 1
    assert number(one.beyond_chance) == 0
    none = item_monotonicity(slight, smallest_group=10, smallest_violation=0.1001)[0]
    assert number(none.violations) == 0
    assert number(none.largest_violation) == 0


def test_z_is_that_of_the_hypergeometric_distribution() -> None:
    random = np.random.default_rng(3)
    own, groups = random.integers(0, 2, 40).astype(float), np.repeat([0, 1], [15, 25])
    falls, scores = _falls(own, groups)
    drawn = hypergeom(40, int(own.sum()), 15)
    low, high = own[:15], own[15:]
    assert falls[0, 0] == pytest.approx(low.mean() - high.mean())
    assert scores[0, 0] == pytest.approx((low.sum() - drawn.mean()) / drawn.std())


def test_groups_keep_equal_sums_together_and_the_rest_joins_the_last() -> None:
    rest = [0] * 3 + [1] * 4 + [2] * 5 + [3] * 2
    rows = pd.DataFrame({"a": [0.0, 1.0] * 7, "b": rest})
    for size, groups in [(2, 4), (3, 3), (4, 2), (5, 2), (7, 2)]:
        one = item_monotonicity(rows, smallest_group=size)[0]
        assert isinstance(one.comparisons, Estimate)
        assert one.comparisons.method.startswith(f"{groups} groups"), size
        assert one.comparisons.estimate == groups * (groups - 1) / 2


def test_items_of_one_trait_rise_and_one_turned_round_falls() -> None:
    rows = rising()
    for one in item_monotonicity(rows):
        assert number(one.beyond_chance) == 0
        assert 0 < number(one.comparisons) <= 10 * 4
    turned = item_monotonicity(rows.assign(a=6 - rows["a"]))[0]
    assert number(turned.beyond_chance) > 5
    assert number(turned.largest_violation) > 0.5


@pytest.mark.parametrize(("n", "size"), [(120, 50), (240, 80), (300, 60), (600, 60)])
def test_groups_are_as_large_as_is_usual(n: int, size: int) -> None:
    one = item_monotonicity(rising(n))[0]
    assert isinstance(one.comparisons, Estimate)
    assert f"groups of at least {size} by" in one.comparisons.method
    assert one.comparisons.n == n


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (rising()[:0], "answered every item 0"),
        (rising()[:1], "answered every item 1"),
        (rising()[["a"]], "number of items 1"),
        (rising(99), "participants 99; two groups of 50"),
        (rising().assign(b="x"), "b does not hold numbers"),
        (rising().assign(b=np.inf), "b holds 300 infinite"),
        (rising().assign(b=np.nan), "no one answered b"),
    ],
)
def test_what_cannot_be_checked_says_why(rows: pd.DataFrame, reason: str) -> None:
    for one in item_monotonicity(rows):
        for result in one.results():
            assert isinstance(result, Unavailable)
            assert reason in result.reason


def test_a_constant_item_and_a_constant_rest_say_so() -> None:
    rows = rising()[["a"]].assign(b=2.0)
    found = item_monotonicity(rows)
    assert isinstance(found[0].violations, Unavailable)
    assert "fewer than two groups" in found[0].violations.reason
    assert isinstance(found[1].violations, Unavailable)
    assert "no variance in b" in found[1].violations.reason
    assert set(found[0].to_frame()["item"]) == {"a"}


def test_who_left_a_gap_is_not_counted() -> None:
    rows = rising()
    rows.iloc[:20, 2] = np.nan
    assert item_monotonicity(rows) == item_monotonicity(rows[20:])


def test_a_programming_error_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        item_monotonicity(rising(), smallest_group=1)
    with pytest.raises(ValueError, match="from 0 to below 1"):
        item_monotonicity(rising(), smallest_violation=1.0)


def test_equal_sums_stay_together_whatever_the_last_digits() -> None:
    """Sums of tenths differ in the order they were added up in."""
    whole, tenths = (
        item_monotonicity(rows, smallest_group=10) for rows in (rising(), rising() / 10)
    )
    for one, other in zip(whole, tenths, strict=True):
        assert number(one.comparisons) == number(other.comparisons)
        assert number(one.largest_violation) == number(other.largest_violation)


def test_a_fall_of_exactly_what_is_allowed_is_no_violation() -> None:
    # .53 of 100 less .50 of 100 is .03 and a rounding more.
    first = [1] * 53 + [0] * 47 + [1] * 50 + [0] * 50
    rows = pd.DataFrame({"a": first, "b": [0] * 100 + [1] * 100}, dtype=float)
    one = item_monotonicity(rows, smallest_group=100)[0]
    assert number(one.violations) == 0
