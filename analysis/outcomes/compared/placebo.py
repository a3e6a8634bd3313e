"""Changes of a few treated trusts beside those of all others, taken as placebos.

Where one or two trusts were treated no standard error can be had from them, but one can
ask how often so large a gap would come from any other one or two. Exact where each set
of trusts was equally likely to be the treated one; otherwise a description of how far
out the treated stand. Oracle: R, tests/oracles/values/compared.json.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.errors import DataError
from analysis.foundation.results import Composite, Result, Unavailable
from analysis.outcomes.compared.panels import complete_rows, score_fault
from analysis.outcomes.compared.randomisation import (
    Allocations,
    RandomisationTest,
    randomisation_test,
    subsets,
)
from analysis.outcomes.description import every_unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.outcomes.clustered.bias_reduction import Array

MINIMUM_COMPARISONS = 3
# A gap this small beside the numbers it comes from is rounding.
NOISE = 1e-12
# A unit of which less than this is left stands alone in what is adjusted for.
SEPARATION_TOLERANCE = 1e-9
SEPARATED_REASON = "the treated alone differ in their means before: these cannot adjust"
TREATED_ONLY = (
    "one treated unit's change less what the comparison units foretell, by full "
    "conformal prediction; n counts it and them; right if it is exchangeable with them"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitEffect(Composite):
    """One treated unit's gap, as a conformal prediction from the others sees it.

    Attributes
    ----------
    unit : str
        Its name.
    conformal_effect, conformal_p_value : Estimate or Unavailable
        Its change less the change foreseen for it; the interval holds its effect in
        19 of 20 such units if it is exchangeable with the comparison.
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
    """Set the change of treated units (trusts) beside that of every other set of them.

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
        Compare with what the unit's mean before foretells: sharper where those who
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
        + f"; {count} treated, {len(change) - count} comparison units, each once; n "
        "counts units with both waves; exact if each set was as likely to be treated"
    )
    together = _tested(change, others, count, seed=seed, name="placebo", how=how)
    places = np.arange(len(change))
    found = []
    for place, name in enumerate(treated):
        kept = [place, *places[count:]]
        unadjusted = _tested(
            change[kept], others[kept], 1, seed=seed, name="conformal", how=TREATED_ONLY
        )
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
    # A set that its means before tell apart from all others has no gap of its own.
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
    absent = every_unavailable(PlaceboComparison, reason, n=n)
    units = tuple(
        UnitEffect(
            unit=str(name),
            conformal_effect=Unavailable(term="conformal_effect", reason=reason, n=n),
            conformal_p_value=Unavailable(term="conformal_p_value", reason=reason, n=n),
        )
        for name in treated
    )
    return dataclasses.replace(absent, by_unit=units)
