"""Test the change in a few treated units against all others, by randomisation.

Exact if every set of units was equally likely to be treated; otherwise it describes how
extreme the treated are. If the effect is v everywhere, the statistic of an allocation
is ``zero - v * slope``, and none has a steeper slope than the real one; so p and
interval follow from where each allocation is at least as extreme, without a search.
Oracles: R, tests/oracles/values/compared.json, and every allocation tried at every v.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.designs.difference_in_differences import complete_rows, score_fault
from heard.errors import DataError
from heard.models.cluster_robust import Array, Labels
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Result, Unavailable, counting

LEVEL = 0.05
# Statistics that only rounding parts count as equal.
TIE = 1e-9
# More allocations than this are drawn, not gone through.
MAXIMUM_ALLOCATIONS = 50_000
N_DRAWS = 9_999


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisationTest(Composite):
    """An effect, its exact p, and the smallest p that these allocations allow."""

    effect: Result
    p_value: Result
    smallest_possible_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocations:
    """Statistics of allocations, the real one first.

    `zero`, `slope`, shape (n_allocations,): the statistic if the effect is v is ``zero
      - v * slope``, scaled so that the real slope is the largest.
    `complete`: whether these are all there are, or the real one and draws.
    `possible`: how many there are.
    """

    zero: Array
    slope: Array
    complete: bool
    possible: int

    def p_value(self, value: float = 0.0) -> float:
        """Share of allocations at least as extreme as the real one, itself counted."""
        size = np.abs(self.zero - value * self.slope)
        return float((size >= size[0] - TIE * self._scale()).mean())

    def interval(self) -> tuple[float | None, float | None]:
        """The outermost values whose p is above .05; None where there are none."""
        low, high = self._stretches()
        # As many stretches must reach a value as keep its p above the level.
        spare = math.floor(LEVEL * len(low) + TIE)
        lowest, highest = np.sort(low)[spare], np.sort(high)[::-1][spare]
        return (
            float(lowest) if np.isfinite(lowest) else None,
            float(highest) if np.isfinite(highest) else None,
        )

    @property
    def estimate(self) -> float:
        """The value at which the real allocation's statistic is zero."""
        return float(self.zero[0] / self.slope[0])

    def _stretches(self) -> tuple[Array, Array]:
        """Ends of the values at which each allocation is at least as extreme."""
        zero, slope = self.zero / self.slope[0], self.slope / self.slope[0]
        estimate = zero[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.stack(
                [
                    np.where(slope < 1 - TIE, (estimate - zero) / (1 - slope), -np.inf),
                    np.where(slope > TIE - 1, (estimate + zero) / (1 + slope), np.inf),
                ]
            )
        low, high = ends.min(axis=0), ends.max(axis=0)
        # The same split, or its mirror, is as extreme at every value.
        same = np.abs(slope) >= 1 - TIE
        return np.where(same, -np.inf, low), np.where(same, np.inf, high)

    def _scale(self) -> float:
        return float(np.abs(self.zero).max())


def subsets(n_units: int, n_treated: int, *, seed: str) -> tuple[Labels, bool]:
    """Which units could have been treated, units 0 to n_treated - 1 in fact.

    Returns shape (n_allocations, n_treated): the real one first.
    Returns: whether these are all.
    """
    possible = math.comb(n_units, n_treated)
    if possible <= MAXIMUM_ALLOCATIONS:
        every = list(itertools.combinations(range(n_units), n_treated))
        return np.array(every), True
    random = generator("placebo allocations", seed)
    drawn = np.argsort(random.random((N_DRAWS, n_units)), axis=1)[:, :n_treated]
    return np.vstack([np.arange(n_treated), drawn]), False


def randomisation_test(
    allocations: Allocations, *, name: str, n: int, method: str
) -> RandomisationTest:
    """Results of a randomisation test; terms begin with `name`."""
    how = f"{method}; {_counted(allocations)}"
    low, high = allocations.interval()
    limits = "interval: values whose p is above .05"
    if low is None or high is None:
        low = high = None
        limits = (
            f"no interval: {len(allocations.zero)} allocations cannot rule out any "
            "value at .05"
        )
    estimate = allocations.estimate
    if low is not None and high is not None:
        # the estimate lies within but for rounding
        low, high = min(low, estimate), max(high, estimate)
    return RandomisationTest(
        effect=Estimate.of(
            f"{name}_effect", estimate, (low, high), n=n, method=f"{how}; {limits}"
        ),
        p_value=Estimate.of(
            f"{name}_p_value",
            allocations.p_value(),
            n=n,
            method=f"{how}; two-sided, the real allocation and ties counted; no "
            "interval",
        ),
        smallest_possible_p_value=Estimate.of(
            f"{name}_smallest_possible_p_value",
            _floor(allocations),
            n=n,
            method=f"{how}; no smaller p can come of so few units; follows from the "
            "design, so no interval",
        ),
    )


def _floor(allocations: Allocations) -> float:
    """The smallest p: allocations that are as extreme as the real one at any value."""
    mirrored = np.abs(allocations.slope) >= allocations.slope[0] * (1 - TIE)
    if allocations.complete:
        return float(mirrored.mean())
    return max(1 / allocations.possible, 1 / len(allocations.zero))


def _counted(allocations: Allocations) -> str:
    if allocations.complete:
        return f"all {allocations.possible} allocations"
    return (
        f"{len(allocations.zero) - 1} allocations drawn of {allocations.possible}, and "
        "the real one"
    )


def roll_outs(steps: Labels, *, seed: str) -> tuple[Labels, int]:
    """In which order units could have started, given how many start at each step.

    `steps`, shape (n_units,): at which step each unit did start.
    Returns shape (n_allocations, n_units): steps; the real ones first if drawn,
      somewhere if all are gone through.
    Returns: how many orders there are; they are all here if that many rows are.
    """
    kinds, counts = np.unique(steps, return_counts=True)
    possible = math.factorial(len(steps))
    for count in counts:
        possible //= math.factorial(int(count))
    if possible <= MAXIMUM_ALLOCATIONS:
        every = list(_arranged(list(map(int, kinds)), list(map(int, counts))))
        return np.array(every), possible
    random = generator("roll-out orders", seed)
    drawn = [random.permutation(steps) for _ in range(N_DRAWS)]
    return np.vstack([steps, drawn]), possible


def _arranged(kinds: list[int], counts: list[int]) -> Iterator[tuple[int, ...]]:
    """Every distinct sequence with so many of each kind."""
    if not any(counts):
        yield ()
        return
    for place, kind in enumerate(kinds):
        if counts[place]:
            fewer = [*counts[:place], counts[place] - 1, *counts[place + 1 :]]
            for rest in _arranged(kinds, fewer):
                yield (kind, *rest)


MINIMUM_COMPARISONS = 3
# A gap this small next to the numbers it comes from is rounding.
NOISE = 1e-12
# A unit of which less than this is left stands alone in what is adjusted for.
SEPARATION_TOLERANCE = 1e-9
SEPARATED_REASON = "the treated alone differ in their means before: these cannot adjust"
TREATED_ONLY = (
    "one treated unit's change less what the comparison units predict, by full "
    "conformal prediction; right if it is exchangeable with them"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEffect(Composite):
    """One treated unit's gap, as a conformal prediction from the others sees it.

    - `unit`: its name.
    - `conformal_effect`, `conformal_p_value`: its change less the change foreseen for
      it; the interval holds its effect in 19 of 20 such units if it is exchangeable
      with the comparison.
    """

    unit: str
    conformal_effect: Result
    conformal_p_value: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboComparison(Composite):
    """Treated units together against all sets of as many, and each by itself."""

    placebo_effect: Result
    placebo_p_value: Result
    placebo_smallest_possible_p_value: Result
    by_unit: tuple[UnitEffect, ...] = ()


def placebo_comparison(
    frame: pd.DataFrame,
    *,
    treated: Sequence[str],
    before: str,
    after: str,
    unit: str = "site",
    score: str = "score",
    adjust_for_before: bool = False,
    seed: str = "placebo",
) -> PlaceboComparison:
    """Compare the change of treated units (trusts) with that of every other set.

    Parameters
    ----------
    frame : DataFrame, one row a participant (or a unit) and wave
        Columns ``wave``, the unit and the score; NaN where unanswered. Published
        figures of trusts will do: one row a trust and wave.
    treated : sequence of str
        Names of the treated units; all others in `frame` are comparisons.
    before, after : str
        The two waves. Units without a score at both are left out.
    unit, score : str
        Columns.
    adjust_for_before : bool
        Compare with what the unit's mean before predicts: sharper where those who
        began low rise anyway.
    seed : str
        Names the draws, where there are too many sets to go through.

    Returns
    -------
    PlaceboComparison
        In score units; every unit counts once, whatever its size; n counts units. The
        p is no smaller than 1 over the number of sets: 50 trusts, 2 of them treated,
        1/1225. The interval takes the effect to be the same in all treated units.
        Unavailable: a treated unit without both waves, fewer than 3 comparison units,
        or no change differs from another.

    References
    ----------
    Conley & Taber (2011), Review of Economics and Statistics 93(1), 113-125; Abadie,
    Diamond & Hainmueller (2010), J. American Statistical Association 105(490), 493-505;
    Lei & Candes (2021), J. Royal Statistical Society B 83(5), 911-938.
    """
    if before == after:
        raise DataError("placebo", "the waves before and after are the same")
    if len(set(treated)) < len(treated):
        raise DataError("placebo", "a treated unit is named more than once")
    rows = complete_rows(frame, scores=[score], labels=["wave", unit])
    rows = rows[rows["wave"].isin([before, after])]
    means = rows.pivot_table(
        index=unit, columns="wave", values=score, aggfunc="mean", observed=True
    )
    means = means.reindex(columns=[before, after]).dropna()
    without_mean = [name for name in treated if name not in means.index]
    fault = score_fault(rows, [score])
    if not fault and (without_mean or not len(treated)):
        fault = f"{len(without_mean)} of {len(treated)} treated units lack a wave"
    if fault:
        return _nothing(treated, fault, len(means))
    ordered = means.loc[[*treated, *means.index.difference(list(treated))]]
    return _compared(
        ordered[after].to_numpy(dtype=float) - ordered[before].to_numpy(dtype=float),
        ordered[before].to_numpy(dtype=float),
        [str(name) for name in treated],
        adjusted=adjust_for_before,
        seed=seed,
    )


def _compared(
    change: Array, before: Array, treated: list[str], *, adjusted: bool, seed: str
) -> PlaceboComparison:
    others = np.ones((len(change), 1))
    if adjusted:
        others = np.column_stack([others, before - before.mean()])
    scale = float(np.abs(before).max() + np.abs(change).max())
    count = len(treated)
    if fault := _fault(change, others, count, scale):
        return _nothing(treated, fault, len(change))
    how = (
        "mean change of treated units less that of the others"
        + ", given their means before" * adjusted
        + f"; {count} treated, {len(change) - count} comparison units, each once; "
        "exact if each set was as likely to be treated"
    )
    together = counting(
        _tested(change, others, count, seed=seed, name="placebo", how=how),
        "units with both waves",
    )
    places = np.arange(len(change))
    found = []
    for place, name in enumerate(treated):
        kept = [place, *places[count:]]
        unadjusted = _tested(
            change[kept], others[kept], 1, seed=seed, name="conformal", how=TREATED_ONLY
        )
        unadjusted = counting(unadjusted, "this unit and those compared with it")
        found.append(
            UnitEffect(
                unit=name,
                conformal_effect=unadjusted.effect,
                conformal_p_value=unadjusted.p_value,
            )
        )
    return PlaceboComparison(
        placebo_effect=together.effect,
        placebo_p_value=together.p_value,
        placebo_smallest_possible_p_value=together.smallest_possible_p_value,
        by_unit=tuple(found),
    )


def _tested(
    change: Array, others: Array, count: int, *, seed: str, name: str, how: str
) -> RandomisationTest:
    """Test the first `count` units against every set of as many."""
    sets, complete = subsets(len(change), count, seed=seed)
    basis = np.linalg.qr(others)[0]
    left = change - basis @ (basis.T @ change)
    # Residual of each set's indicator: 1'R1, and its product with the real one, 1'Rt.
    along = basis[sets].sum(axis=1)
    shared = (sets < count).sum(axis=1) - along @ along[0]
    squared = count - (along**2).sum(axis=1)
    if squared[0] <= SEPARATION_TOLERANCE:
        return _untested(name, SEPARATED_REASON, len(change))
    # A set that its means before separate from all others has no gap of its own.
    size = np.where(
        squared > SEPARATION_TOLERANCE,
        np.sqrt(np.clip(squared, SEPARATION_TOLERANCE, None)),
        np.inf,
    )
    possible = Allocations(
        zero=left[sets].sum(axis=1) / size,
        slope=shared / size,
        complete=complete,
        possible=math.comb(len(change), count),
    )
    return randomisation_test(possible, name=name, n=len(change), method=how)


def _untested(name: str, reason: str, n: int) -> RandomisationTest:
    terms = ("effect", "p_value", "smallest_possible_p_value")
    absent = [Unavailable(term=f"{name}_{t}", reason=reason, n=n) for t in terms]
    return RandomisationTest(**dict(zip(terms, absent, strict=True)))


def _fault(change: Array, others: Array, count: int, scale: float) -> str:
    free = len(change) - count
    minimum = MINIMUM_COMPARISONS + others.shape[1] - 1
    if free < minimum:
        return f"{free} comparison units with both waves; at least {minimum} needed"
    if (np.linalg.norm(others, axis=0) <= NOISE * scale).any():
        return "units' means before do not differ: they cannot adjust"
    basis = np.linalg.qr(others)[0]
    left = change - basis @ (basis.T @ change)
    if np.abs(left).max() <= NOISE * scale:
        return "no unit's change differs from another's: nothing to compare"
    return ""


def _nothing(treated: Sequence[str], reason: str, n: int) -> PlaceboComparison:
    units = (UnitEffect.unavailable(reason, n=n, unit=str(name)) for name in treated)
    return PlaceboComparison.unavailable(reason, n=n, by_unit=tuple(units))
