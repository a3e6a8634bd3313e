"""Statistics of every possible allocation into an exact p and the interval it leaves.

Under the hypothesis that the effect is v everywhere, an allocation's statistic is
``zero - v * slope``, and none has a steeper slope than the real one. So each allocation
is at least as extreme as the real one on one stretch of v, which holds the estimate,
and p and interval come from the stretches' ends: no search, no grid.
Oracle: every allocation tried at every v, tests/outcomes/test_placebo.py.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.randomness import generator
from analysis.foundation.results import Composite, Estimate, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.outcomes.clustered.bias_reduction import Array, Labels

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

    Attributes
    ----------
    zero, slope : ndarray, shape (n_allocations,)
        The statistic if the effect is v is ``zero - v * slope``, scaled so that the
        real slope is the largest.
    complete : bool
        Whether these are all there are, or the real one and draws.
    possible : int
        How many there are.
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
        """The value at which the real allocation's statistic is nought."""
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

    Returns
    -------
    ndarray, shape (n_allocations, n_treated)
        The real one first.
    bool
        Whether these are all.
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
        effect=Estimate(
            term=f"{name}_effect",
            estimate=estimate,
            conf_low=low,
            conf_high=high,
            n=n,
            method=f"{how}; {limits}",
        ),
        p_value=Estimate(
            term=f"{name}_p_value",
            estimate=allocations.p_value(),
            n=n,
            method=f"{how}; two-sided, the real allocation and ties counted; no "
            "interval",
        ),
        smallest_possible_p_value=Estimate(
            term=f"{name}_smallest_possible_p_value",
            estimate=_floor(allocations),
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

    Parameters
    ----------
    steps : ndarray of int, shape (n_units,)
        At which step each unit did start.

    Returns
    -------
    ndarray, shape (n_allocations, n_units)
        Steps; the real ones first if drawn, somewhere if all are gone through.
    int
        How many orders there are; they are all here if that many rows are.
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
