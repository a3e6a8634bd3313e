"""Test an effect by permutation of who was treated, or of who started when.

Exact if every permitted allocation was as likely; otherwise it describes how extreme
the treated are. If the effect is v everywhere, the statistic of an allocation is
``zero - v * slope``; so p and interval follow from where each allocation is at least as
extreme as the real one, without a search. Oracles: R, tests/oracles/values/
compared.json and unit_means.json, and every allocation tried at every v.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.designs.permitted import Permitted, listed, shuffled
from heard.effects.unit_means import (
    WHAT,
    ArmMeans,
    Summary,
    arm_means,
    in_mixed_strata,
    unit_values,
    usable_units,
)
from heard.errors import DataError
from heard.models.cluster_robust import Array, Labels, dummies
from heard.models.stable_choice import sides
from heard.results import Composite, Estimate, Result, Unavailable, with_n

LEVEL = 0.05
# Statistics that only rounding parts count as equal.
TIE = 1e-9


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
      - v * slope``. An allocation with a steeper slope than the real one counts as
      extreme at every v, which errs on the safe side.
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

    def interval(self, alpha: float = LEVEL) -> tuple[float | None, float | None]:
        """The outermost values whose p is above `alpha`; None where there are none."""
        low, high = self._stretches()
        # As many stretches must reach a value as keep its p above the level.
        spare = math.floor(alpha * len(low) + TIE)
        lowest, highest = np.sort(low)[spare], np.sort(high)[::-1][spare]
        return (
            float(lowest) if np.isfinite(lowest) else None,
            float(highest) if np.isfinite(highest) else None,
        )

    @property
    def estimate(self) -> float:
        """The value at which the real allocation's statistic is zero."""
        return float(self.zero[0] / self.slope[0])

    @property
    def floor(self) -> float:
        """The smallest p: allocations that tie with the real one at any value.

        By symmetry: the real one, and its mirror where that is permitted.
        """
        if not self.complete:
            return max(1 / self.possible, 1 / len(self.zero))
        tied = np.abs(np.abs(self.slope) / self.slope[0] - 1) <= TIE
        return float(tied.mean())

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


def randomisation_test(
    allocations: Allocations, *, name: str, n: int, method: str, alpha: float = LEVEL
) -> RandomisationTest:
    """Results of a randomisation test; terms begin with `name`."""
    how = f"{method}; {_counted(allocations)}"
    low, high = allocations.interval(alpha)
    written = f"{alpha:.4g}".removeprefix("0")
    limits = f"interval: values whose p is above {written}"
    if low is None or high is None:
        low = high = None
        limits = (
            f"no interval: {len(allocations.zero)} allocations cannot rule out any "
            f"value at {written}"
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
            allocations.floor,
            n=n,
            method=f"{how}; no smaller p can come of so few units; follows from the "
            "design, so no interval",
        ),
    )


def _counted(allocations: Allocations) -> str:
    if allocations.complete:
        return f"all {allocations.possible} allocations"
    return (
        f"{len(allocations.zero) - 1} allocations drawn of {allocations.possible}, and "
        "the real one"
    )


MINIMUM_COMPARISONS = 3
# A gap this small next to the numbers it comes from is rounding.
NOISE = 1e-12
# A unit of which less than this is left stands alone in what is adjusted for.
SEPARATION_TOLERANCE = 1e-9
# Rows of allocations turned into numbers at a time.
CHUNK = 4_096
SEPARATED = "the treated alone differ in their means before: these cannot adjust"
NO_BASELINE_SPREAD = "units' means before do not differ: they cannot adjust"
NO_DIFFERENCE = "no unit's change differs from another's: nothing to compare"
NO_VARIANCE = "no unit has two people: the error of its mean is unknown"


def difference_statistics(
    values: Array, nuisance: Array, permitted: Permitted, *, variances: Array | None
) -> Allocations | str:
    """The treated units' gap in every allocation over its error, up to a factor.

    `values`, shape (n_units,): one number a unit.
    `nuisance`, shape (n_units, n_columns): what is allowed for: a constant or strata,
      and perhaps the means before; linearly independent.
    `permitted`: who was treated, as truth values.
    `variances`, shape (n_units,): of each unit's number; None: all alike, so that it is
      the difference of means itself, or least squares' estimate.

    Returns a text where what is allowed for separates the treated.
    """
    basis = np.linalg.qr(nuisance)[0]
    real = permitted.rows[0].astype(float)
    spread = np.ones(len(values)) if variances is None else variances
    columns = np.column_stack(
        [
            values - basis @ (basis.T @ values),
            real - basis @ (basis.T @ real),
            np.ones(len(values)),
            spread,
            basis,
            basis * spread[:, None],
        ]
    )
    sums = _sums(permitted.rows, columns)
    n_columns = basis.shape[1]
    along, weighted = sums[:, 4 : 4 + n_columns], sums[:, 4 + n_columns :]
    squared = sums[:, 2] - (along**2).sum(axis=1)
    if squared[0] <= SEPARATION_TOLERANCE:
        return SEPARATED
    inner = basis.T @ (basis * spread[:, None])
    error = sums[:, 3] - 2 * (along * weighted).sum(axis=1)
    error = error + ((along @ inner) * along).sum(axis=1)
    # A set that its means before separate from all others has no gap of its own.
    separated = squared <= SEPARATION_TOLERANCE
    size = np.where(separated, np.inf, np.sqrt(np.where(separated, 1.0, error)))
    return Allocations(
        zero=sums[:, 0] / size,
        slope=sums[:, 1] / size,
        complete=permitted.complete,
        possible=permitted.possible,
    )


def _sums(rows: Labels, columns: Array) -> Array:
    """Sums of the columns over the treated units of each allocation."""
    parts = range(0, len(rows), CHUNK)
    return np.vstack([rows[start : start + CHUNK] @ columns for start in parts])


def are_smaller(people: Array, treated: Labels) -> bool:
    """Whether the treated units' mean number of people is under the others' median.

    Looks at sizes alone, so that scores cannot choose the statistic.
    """
    mean, median = people[treated].mean(), np.median(people[~treated])
    return bool(sides(mean, median) < 0)


def variances_by_size(
    values: Array, nuisance: Array, treated: Labels, sampling: Array
) -> Array:
    """Variance of each unit's number: between units, plus that of its people's mean.

    That between units, at least 0, is such that the residuals' sum of squares is what
    the two together lead one to expect (moments). Ferman & Pinto (2019), Review of
    Economics and Statistics 101(3), 452-467.
    """
    design = np.column_stack([treated.astype(float), nuisance])
    basis = np.linalg.qr(design)[0]
    residual = values - basis @ (basis.T @ values)
    kept = 1 - (basis**2).sum(axis=1)
    between = (float(residual @ residual) - float(kept @ sampling)) / kept.sum()
    return np.asarray(max(between, 0.0) + sampling)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPermutation(Composite):
    """Two arms of units compared by permutation, with the means behind it.

    - `effect`, `p_value`, `smallest_possible_p_value`: of the permutation.
    - `treated`, `control`: whose difference is the effect.
    """

    effect: Result
    p_value: Result
    smallest_possible_p_value: Result
    treated: ArmMeans
    control: ArmMeans


def permute_unit_means(
    units: pd.DataFrame,
    *,
    treated: str,
    control: str,
    summary: Summary | None = None,
    by_size: bool = False,
    pairs: bool = False,
    permitted: Sequence[Collection[str]] | None = None,
    name: str = "permutation",
    n_unit: str = "",
    seed: str = "permutation",
    alpha: float = LEVEL,
) -> UnitPermutation:
    """Compare two arms of units with every permitted allocation of as many.

    Parameters
    ----------
    units : DataFrame, one row a unit
        As `compare_unit_means` takes it, and ``sampling_variance`` if `by_size`. Where
        it has ``stratum``, allocations are permuted within strata, and strata allowed
        for; strata that hold one arm alone drop out.
    treated, control : str
        The arms.
    summary : {"change", "after", "adjusted"}, optional
        As of `compare_unit_means`.
    by_size : bool
        Where the treated units have fewer people on average than the others' median,
        divide the difference by its standard error from the units' sizes. For few
        treated units; their sizes alone decide.
    pairs : bool
        The strata are pairs, one of each arm.
    permitted : sequence of collections of str, optional
        The treated units, by the frame's index, of every allocation that was possible.
    name : str
        What the terms begin with.
    n_unit : str
        What ``people`` counts; empty: participants.
    seed : str
        Names the draws, where there are too many allocations to go through.
    alpha : float
        One less the coverage of the interval.

    Returns
    -------
    UnitPermutation
        Score units; n counts people. No interval where the smallest possible p is over
        `alpha`. The interval takes the effect to be the same in all treated units.
        Unavailable: no unit of an arm, fewer than 3 in control, or nothing differs.

    Raises
    ------
    DataError
        A pair does not hold one unit of each arm, or the real allocation is not among
        those permitted.

    References
    ----------
    Conley & Taber (2011), Review of Economics and Statistics 93(1), 113-125.
    """
    how = summary or ("change" if "before" in units.columns else "after")
    arms = treated, control
    rows = usable_units(units, arms, how)
    if "stratum" in units.columns:
        rows = rows[in_mixed_strata(rows)]
    if pairs and (rows.groupby("stratum", observed=True).size() != 2).any():
        raise DataError("permutation", "a pair does not hold one unit of each arm")
    real = (rows["arm"] == treated).to_numpy()
    ways: Permitted | None = None
    if permitted is not None and len(rows):
        ways = listed(permitted, units=[str(u) for u in rows.index], treated=real)
    found = permuted(
        rows.assign(value=unit_values(rows, how)),
        real,
        ways,
        adjusted=how == "adjusted",
        by_size=by_size,
        name=name,
        method=WHAT[how],
        seed=seed,
        alpha=alpha,
    )
    estimate = found.effect.estimate if isinstance(found.effect, Estimate) else None
    means = arm_means(rows, arms, how, estimate)
    people = int(rows["people"].sum())
    return UnitPermutation(
        effect=with_n(found.effect, people, n_unit),
        p_value=with_n(found.p_value, people, n_unit),
        smallest_possible_p_value=with_n(
            found.smallest_possible_p_value, people, n_unit
        ),
        treated=means[0],
        control=means[1],
    )


def permuted(
    rows: pd.DataFrame,
    real: Labels,
    ways: Permitted | None,
    *,
    adjusted: bool,
    by_size: bool,
    name: str,
    method: str,
    seed: str,
    alpha: float = LEVEL,
) -> RandomisationTest:
    """Permute who was treated among units; n counts units.

    `rows`, one row a unit: ``value``, ``stratum``, ``people``, perhaps ``before`` and
      ``sampling_variance``.
    `real`, shape (n_units,): who was treated.
    `ways`: the permitted allocations; None: all within strata.
    """
    n = len(rows)
    nuisance, values = dummies(rows["stratum"].to_numpy()), rows["value"].to_numpy()
    fault = _fault(rows, real, nuisance, adjusted=adjusted)
    if fault:
        return untested(name, fault, n)
    if adjusted:
        before = rows["before"].to_numpy(dtype=float)
        nuisance = np.column_stack([nuisance, before - before.mean()])
    variances, statistic = None, "plain difference"
    if by_size and are_smaller(rows["people"].to_numpy(dtype=float), real):
        sampling = rows["sampling_variance"].to_numpy(dtype=float)
        if not np.isfinite(sampling).all():
            return untested(name, NO_VARIANCE, n)
        variances = variances_by_size(values, nuisance, real, sampling)
        statistic = "difference over its standard error from the units' sizes"
    strata = rows["stratum"].to_numpy()
    ways = ways or shuffled(real, strata=strata, seed=seed)
    found = difference_statistics(values, nuisance, ways, variances=variances)
    if isinstance(found, str):
        return untested(name, found, n)
    n_strata = rows["stratum"].nunique()
    within = f" within {n_strata} strata" if n_strata > 1 else ""
    how = (
        f"{method}; {statistic}; {int(real.sum())} treated, {int((~real).sum())} "
        f"comparison units, each once; treatment permuted{within}, exact if each "
        "allocation was as likely"
    )
    return randomisation_test(found, name=name, n=n, method=how, alpha=alpha)


def _fault(rows: pd.DataFrame, real: Labels, nuisance: Array, *, adjusted: bool) -> str:
    free, needed = int((~real).sum()), MINIMUM_COMPARISONS + int(adjusted)
    if not real.any():
        return "no treated unit with every wave"
    if free < needed:
        return f"{free} comparison units with every wave; at least {needed} needed"
    values = rows["value"].to_numpy(dtype=float)
    numbers = [values]
    if "before" in rows.columns:
        numbers.append(rows["before"].to_numpy(dtype=float))
    noise = NOISE * float(np.abs(np.stack(numbers)).max())
    basis = np.linalg.qr(nuisance)[0]
    if adjusted:
        left = numbers[1] - basis @ (basis.T @ numbers[1])
        if np.abs(left).max() <= noise:
            return NO_BASELINE_SPREAD
        basis = np.linalg.qr(np.column_stack([nuisance, left]))[0]
    if np.abs(values - basis @ (basis.T @ values)).max() <= noise:
        return NO_DIFFERENCE
    return ""


def untested(name: str, reason: str, n: int) -> RandomisationTest:
    """A randomisation test that cannot be had, and why."""
    terms = ("effect", "p_value", "smallest_possible_p_value")
    absent = [Unavailable(term=f"{name}_{t}", reason=reason, n=n) for t in terms]
    return RandomisationTest(**dict(zip(terms, absent, strict=True)))
