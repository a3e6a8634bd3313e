"""Permutations: who could have been treated is respected, and sizes alone choose."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.designs.permitted import listed, shuffled
from heard.effects.designs.permutation import (
    UnitPermutation,
    are_smaller,
    permute_unit_means,
    variances_by_size,
)
from heard.effects.designs.randomisation import placebo_comparison
from heard.effects.unit_means import compare_unit_means
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")


def units(
    treated: int,
    control: int,
    *,
    stratum: str = "",
    people: list[int] | None = None,
    seed: str = "units",
) -> pd.DataFrame:
    """Units of two arms, the treated first; `stratum` a letter each."""
    random, count = generator("test", seed), treated + control
    frame = pd.DataFrame(
        {
            "arm": ["pilot"] * treated + ["usual"] * control,
            "before": random.normal(40, 2, count),
            "people": people or [20] * count,
        },
        index=[f"u{place:02d}" for place in range(count)],
    )
    frame["after"] = 8 + 0.8 * frame["before"] + random.normal(0, 2, count)
    frame["sampling_variance"] = 30 / frame["people"]
    return frame.assign(stratum=list(stratum)) if stratum else frame


def permuted(frame: pd.DataFrame, **options: Any) -> UnitPermutation:
    return permute_unit_means(frame, treated="pilot", control="usual", **options)


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def reason(result: object) -> str:
    assert isinstance(result, Unavailable), result
    return result.reason


def floor_of(found: UnitPermutation) -> float:
    return estimate(found.smallest_possible_p_value).estimate


# --- which allocations were possible --------------------------------------------------


def test_strata_are_gone_through_in_all_combinations() -> None:
    """1 of 3 and 2 of 5: 3 times 10, each once, and no other."""
    treated = np.array([True, True, True, False, False, False, False, False])
    strata = np.array(list("abbaabbb"))
    ways = shuffled(treated, strata=strata, seed="s")
    assert ways.complete
    assert ways.possible == 30
    assert (ways.rows[0] == treated).all()
    found = {tuple(row) for row in ways.rows}
    expected = {
        row
        for row in itertools.product([False, True], repeat=8)
        if sum(np.array(row)[strata == "a"]) == 1
        and sum(np.array(row)[strata == "b"]) == 2
    }
    assert found == expected
    assert len(ways.rows) == 30


def test_orders_of_starting_are_distinct() -> None:
    steps = np.array([1, 1, 2, 3, 3])
    ways = shuffled(steps, seed="s")
    assert {tuple(row) for row in ways.rows} == set(itertools.permutations(steps))
    assert ways.possible == len(ways.rows) == 30


def test_too_many_are_drawn_within_strata_and_the_same_again() -> None:
    treated = np.tile([True, False], 15)
    strata = np.repeat(["a", "b"], 15)
    first, again = (shuffled(treated, strata=strata, seed="s") for _ in range(2))
    assert not first.complete
    assert first.rows.shape == (10_000, 30)
    assert (first.rows == again.rows).all()
    assert (first.rows[0] == treated).all()
    for name in ("a", "b"):
        own = first.rows[:, strata == name].sum(axis=1)
        assert (own == treated[strata == name].sum()).all()
    assert first.rows[1:].mean(axis=0) == pytest.approx(8 / 15, abs=0.1)


def test_a_list_is_taken_as_it_is() -> None:
    names, treated = ["a", "b", "c", "d"], np.array([False, True, True, False])
    ways = listed([["a", "b"], ["c", "b"], ["a", "d"]], units=names, treated=treated)
    assert ways.rows.astype(int).tolist() == [[0, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1]]
    assert (ways.complete, ways.possible) == (True, 3)
    for wrong, words in (
        ([["a", "x"], ["b", "c"]], "1 names on the list"),
        ([["a"], ["b", "c"]], "more or fewer units"),
        ([["a", "b"]], "real allocation is not among"),
        ([], "real allocation is not among"),
    ):
        with pytest.raises(DataError, match=words) as caught:
            listed(wrong, units=names, treated=treated)
        assert "'x'" not in str(caught.value)


# --- the smallest possible p ----------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "floor"),
    [
        (units(3, 3), 2 / 20),
        (units(2, 4), 1 / 15),
        (units(2, 5), 1 / 21),
        (units(3, 4), 1 / 35),
        (units(4, 4), 2 / 70),
        (units(1, 19), 1 / 20),
        (units(2, 10), 1 / 66),
        (units(4, 4, stratum="aabbaabb"), 2 / 36),
        (units(3, 5, stratum="abbaabbb"), 1 / 30),
        (units(6, 6, stratum="abcdefabcdef"), 2 / 64),
    ],
)
def test_the_floor_is_ties_over_permitted_allocations(
    frame: pd.DataFrame, floor: float
) -> None:
    """The specification's own list; no interval exactly where it is over .05."""
    found = permuted(frame)
    assert floor_of(found) == pytest.approx(floor, abs=1e-12)
    effect = estimate(found.effect)
    assert (effect.conf_low is None) == (floor > 0.05)
    assert (effect.conf_high is None) == (floor > 0.05)


def test_pairs_are_strata_and_broken_pairs_are_an_error() -> None:
    frame = units(6, 6, stratum="abcdefabcdef")
    assert permuted(frame, pairs=True) == permuted(frame)
    broken = frame.assign(stratum=list("aacdefbacdef"))
    with pytest.raises(DataError, match="one unit of each arm"):
        permuted(broken, pairs=True)


# --- p and interval, by trying every allocation ---------------------------------------


def by_definition(
    frame: pd.DataFrame, value: float, *, variances: np.ndarray | None = None
) -> float:
    """p of an effect: every allocation within strata refitted by least squares."""
    real = (frame["arm"] == "pilot").to_numpy()
    change = (frame["after"] - frame["before"]).to_numpy() - value * real
    strata = pd.get_dummies(frame["stratum"]).to_numpy(float)
    sizes = []
    wanted = (strata[real]).sum(axis=0)
    for chosen in itertools.combinations(range(len(frame)), int(real.sum())):
        mark = np.isin(np.arange(len(frame)), chosen)
        if (strata[mark].sum(axis=0) != wanted).any():
            continue
        design = np.column_stack([mark, strata])
        loading = np.linalg.pinv(design)[0]
        spread = np.ones(len(frame)) if variances is None else variances
        sizes.append(abs(loading @ change) / np.sqrt((loading**2 * spread).sum()))
        if (mark == real).all():
            observed = sizes[-1]
    return float(np.mean(np.array(sizes) >= observed - 1e-9))


@pytest.mark.parametrize("stratum", ["a" * 10, "aabbbaabbb", "abbbbaabbb"])
@pytest.mark.parametrize("by_size", [False, True])
def test_p_and_limits_are_those_of_trying_every_allocation(
    stratum: str, by_size: bool
) -> None:
    people = [5, 8, 6, 9, 7, 40, 31, 22, 28, 35]
    frame = units(4, 6, stratum=stratum, people=people)
    variances = None
    if by_size:
        variances = variances_by_size(
            (frame["after"] - frame["before"]).to_numpy(),
            pd.get_dummies(frame["stratum"]).to_numpy(float),
            (frame["arm"] == "pilot").to_numpy(),
            frame["sampling_variance"].to_numpy(),
        )
    found = permuted(frame, by_size=by_size)
    p_value = estimate(found.p_value).estimate
    assert p_value == pytest.approx(by_definition(frame, 0, variances=variances))
    effect = estimate(found.effect)
    assert effect.conf_low is not None
    assert effect.conf_high is not None
    for limit, outwards in ((effect.conf_low, -1e-6), (effect.conf_high, 1e-6)):
        assert by_definition(frame, limit - outwards, variances=variances) > 0.05
        assert by_definition(frame, limit + outwards, variances=variances) <= 0.05
    assert ("standard error from the units' sizes" in effect.method) == by_size


def test_the_effect_is_that_of_least_squares_and_its_means() -> None:
    for stratum in ("", "aabbbaabbb"):
        frame = units(4, 6, stratum=stratum)
        for summary in ("change", "after", "adjusted"):
            options: Any = {"summary": summary}
            found = permuted(frame, **options)
            peer = compare_unit_means(
                frame, treated="pilot", control="usual", **options
            )
            effect = estimate(found.effect)
            assert effect.estimate == pytest.approx(peer.result().estimate)  # type: ignore[union-attr]
            assert found.treated.after == pytest.approx(peer.treated.after)
            assert found.control.after == pytest.approx(peer.control.after)
            assert effect.n == frame["people"].sum()


def test_strata_with_one_arm_drop_out() -> None:
    frame = units(4, 6, stratum="aabcaabbbd")
    kept = frame[~frame["stratum"].isin(["c", "d"])]
    assert permuted(frame) == permuted(kept)


# --- the statistic is chosen by sizes alone -------------------------------------------

SMALL = [5, 6, 30, 31, 32, 33, 34, 35]


@given(seed=st.text(max_size=5), people=st.permutations(SMALL))
@settings(max_examples=25, deadline=None)
def test_scores_never_choose_the_statistic(seed: str, people: list[int]) -> None:
    frame = units(2, 6, people=people, seed=seed)
    smaller = np.mean(people[:2]) < np.median(people[2:])
    found = permuted(frame, by_size=True)
    assert ("from the units' sizes" in found.effect.method) == smaller
    if not smaller:
        assert found == permuted(frame)
    other = permuted(frame.assign(after=frame["before"] * 2), by_size=True)
    assert ("from the units' sizes" in other.effect.method) == smaller


def test_equal_sizes_are_not_smaller() -> None:
    for people in ([20.0] * 8, [0.1 + 0.2, *[0.3] * 7]):
        treated = np.arange(8) < 2
        assert not are_smaller(np.array(people), treated)


def test_equal_sizes_make_both_statistics_one() -> None:
    frame = units(2, 6, people=SMALL)
    alike = frame.assign(sampling_variance=0.7)
    plain, sized = permuted(alike), permuted(alike, by_size=True)
    for name in ("estimate", "conf_low", "conf_high"):
        first, second = (getattr(found.effect, name) for found in (plain, sized))
        assert first == pytest.approx(second)
    assert sized.p_value.estimate == plain.p_value.estimate  # type: ignore[union-attr]


def test_small_treated_units_widen_the_interval() -> None:
    frame = units(2, 10, people=[5, 6, *range(30, 40)])
    frame["sampling_variance"] = 300 / frame["people"]
    plain, sized = (estimate(permuted(frame, by_size=b).effect) for b in (False, True))
    assert plain.conf_low is not None
    assert plain.conf_high is not None
    assert sized.conf_low is not None
    assert sized.conf_high is not None
    assert sized.conf_high - sized.conf_low > plain.conf_high - plain.conf_low


def test_a_tiny_treated_unit_may_leave_no_limits_though_the_floor_is_low() -> None:
    """Sets without the tiny unit are surer than the real one: any effect fits some."""
    frame = units(2, 10, people=[1, 40, *[45] * 10])
    frame["sampling_variance"] = 300 / frame["people"]
    found = permuted(frame, by_size=True)
    assert floor_of(found) == pytest.approx(1 / 66)
    assert estimate(found.effect).conf_low is None
    assert "cannot rule out" in found.effect.method
    assert floor_of(found) <= estimate(found.p_value).estimate
    variances = variances_by_size(
        (frame["after"] - frame["before"]).to_numpy(),
        np.ones((12, 1)),
        np.arange(12) < 2,
        frame["sampling_variance"].to_numpy(),
    )
    for far in (-1e4, 1e4):
        p_value = by_definition(frame.assign(stratum="a"), far, variances=variances)
        assert p_value > 0.05


def test_variance_between_units_is_that_of_the_moments() -> None:
    """Changes 0, 4 | 1, 1, 4 about 2 and 2: 14 left by 5 - 2 degrees of freedom."""
    values, treated = np.array([0.0, 4, 1, 1, 4]), np.array([1, 1, 0, 0, 0]) == 1
    found = variances_by_size(values, np.ones((5, 1)), treated, np.full(5, 2.0))
    assert found == pytest.approx(14 / 3)
    noisy = variances_by_size(values, np.ones((5, 1)), treated, np.full(5, 9.0))
    assert noisy == pytest.approx(9.0)  # never under 0 between units


def test_by_size_without_a_variance_within_is_refused() -> None:
    frame = units(2, 6, people=SMALL).assign(sampling_variance=np.nan)
    assert "no unit has two people" in reason(permuted(frame, by_size=True).effect)
    assert isinstance(permuted(frame).effect, Estimate)


# --- what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (units(0, 8), "no treated unit"),
        (units(3, 2), "2 comparison units with every wave; at least 3"),
        (units(3, 0), "0 comparison units"),
        (units(3, 5).assign(after=50.0, before=40.0), "nothing to compare"),
    ],
)
def test_absence_has_a_reason(frame: pd.DataFrame, words: str) -> None:
    found = permuted(frame)
    for result in found.results():
        assert words in reason(result)
    assert found.treated.n_units == (frame["arm"] == "pilot").sum()


def test_before_that_does_not_vary_cannot_adjust() -> None:
    flat = units(4, 6).assign(before=40.0)
    assert "cannot adjust" in reason(permuted(flat, summary="adjusted").effect)


# --- the same of published figures, one row a unit and wave ---------------------------


def waves_of(frame: pd.DataFrame) -> pd.DataFrame:
    own = frame.reset_index(names="site")
    return pd.concat(
        own.assign(wave=wave, score=own[wave]) for wave in ("before", "after")
    )


def placebo(frame: pd.DataFrame, **options: Any) -> Any:
    treated = list(frame.index[frame["arm"] == "pilot"])
    return placebo_comparison(
        waves_of(frame), treated=treated, before="before", after="after", **options
    )


def test_placebo_respects_strata_pairs_and_lists() -> None:
    frame = units(6, 6, stratum="abcdefabcdef")
    within = permuted(frame)
    for options in ({"strata": "stratum"}, {"pairs": "stratum"}):
        found = placebo(frame, **options)
        assert found.by_unit == ()
        for name in ("estimate", "conf_low", "conf_high"):
            first, second = (
                getattr(one, name) for one in (found.placebo_effect, within.effect)
            )
            assert first == pytest.approx(second)
        assert found.placebo_p_value.estimate == within.p_value.estimate  # type: ignore[union-attr]
    names = list(frame.index)
    allowed = [names[:6], names[6:], *(names[k : k + 6] for k in range(1, 6))]
    found = placebo(frame, permitted=allowed)
    assert "all 7 allocations" in found.placebo_p_value.method
    floor = found.placebo_smallest_possible_p_value.estimate
    assert floor == pytest.approx(2 / 7)
    with pytest.raises(DataError, match="strata and pairs"):
        placebo(frame, strata="stratum", pairs="stratum")


def test_placebo_by_size_counts_rows() -> None:
    frame = units(2, 8)
    rows = waves_of(frame)
    many = rows[rows["arm"] == "usual"]
    random = generator("test", "rows")
    rows = pd.concat([rows, *[many] * 4, rows])
    rows = rows.assign(score=rows["score"] + random.normal(0, 1, len(rows)))
    treated = ["u00", "u01"]
    options: Any = {"treated": treated, "before": "before", "after": "after"}
    sized = placebo_comparison(rows, by_size=True, **options)
    assert "from the units' sizes" in sized.placebo_effect.method
    assert (
        "plain difference" in placebo_comparison(rows, **options).placebo_effect.method
    )
