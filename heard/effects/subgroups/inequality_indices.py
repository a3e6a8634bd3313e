"""Estimate the slope and relative indices of inequality along a social rank.

A group's position is the middle of its share of all people, from most to least
deprived, so that groups of different size can be compared. Oracle: R lm, glm, sandwich
and clubSandwich, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.models.cluster_robust import Array
from heard.models.linear import WIDEST, least_squares
from heard.results import Composite, Estimate, Result, Unavailable

MINIMUM_RANKS = 3
STEPS = 100
ENOUGH = 1e-12
NAMES = ("intercept", "rank")
RANK = np.array([0.0, 1.0])
COUNTED = "participants"


@dataclass(frozen=True, slots=True, kw_only=True)
class InequalityIndices(Composite):
    """The most deprived end compared with the least deprived.

    - `slope_index_of_inequality`: score at the most deprived end less that at the
      least, in points.
    - `relative_index_of_inequality`: the same as a ratio, of scores above the lowest
      possible.
    """

    slope_index_of_inequality: Result
    relative_index_of_inequality: Result


def inequality_indices(
    frame: pd.DataFrame,
    *,
    order: Sequence[object],
    score: str = "score",
    rank: str = "quintile",
    cluster: str | None = None,
    lowest: float = 0.0,
    population: Mapping[object, float] | None = None,
) -> InequalityIndices:
    """Estimate the slope and the relative index of inequality.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows without a score, rank or cluster are left out.
    order : sequence
        The ranks from the least to the most deprived, as declared: quintiles are
        numbered either way round in published tables.
    score, rank : str
        The columns. The score may be 0 and 1.
    cluster : str, optional
        What was sampled together; at least 5 of them.
    lowest : float
        Lowest possible score, from which the ratio counts.
    population : mapping of rank to float, optional
        Shares of the ranks among all who could have answered; those of the answers if
        not given, and then who answers moves the index.

    Returns
    -------
    InequalityIndices
        Unavailable within: a rank not in the order, fewer than 3 ranks with scores, no
        variation, scores below the lowest, fewer than 5 clusters.

    References
    ----------
    Mackenbach & Kunst (1997), Social Science & Medicine 44(6), 757-771.
    """
    kept = frame[[score, rank, *([cluster] if cluster else [])]].dropna()
    scores = kept[score].to_numpy(dtype=float)
    fault = _fault(scores, kept[rank], order, population)
    if fault:
        return _nothing(fault, len(kept))
    places = ridits(kept[rank], order, population)
    design = np.column_stack([np.ones(len(kept)), places])
    clusters = kept[cluster] if cluster else None
    line = least_squares(scores, design, names=NAMES, clusters=clusters)
    slope = _index("slope_index_of_inequality", len(kept))
    if isinstance(line, Unavailable):
        return _nothing(line.reason, len(kept))
    whose = "as given" if population else "of those who answered"
    slope_method = (
        f"straight line over the middle of each rank's share ({whose}), "
        "most deprived end less least"
    )
    found = line.estimate(RANK, term=slope.term, n=len(kept), counted=COUNTED)
    return InequalityIndices(
        slope_index_of_inequality=dataclasses.replace(
            found, method=f"{slope_method}; {found.method}"
        ),
        relative_index_of_inequality=_relative(
            scores - lowest, design, clusters, whose=whose
        ),
    )


def ridits(
    ranks: pd.Series, order: Sequence[object], population: Mapping[object, float] | None
) -> Array:
    """Each row's place from 0 (least deprived) to 1: the middle of its rank's share."""
    shares = np.array(
        [
            float((ranks == one).sum()) if population is None else population[one]
            for one in order
        ]
    )
    shares = shares / shares.sum()
    middles = dict(zip(order, np.cumsum(shares) - shares / 2, strict=True))
    return ranks.map(middles).to_numpy(dtype=float)


def _fault(
    scores: Array,
    ranks: pd.Series,
    order: Sequence[object],
    population: Mapping[object, float] | None,
) -> str:
    if why := _order_fault(ranks, order, population):
        return why
    if (found := ranks.nunique()) < MINIMUM_RANKS:
        return f"{found} ranks with scores; at least {MINIMUM_RANKS} needed for a line"
    if not np.isfinite(scores).all():
        return "some scores are infinite"
    if np.ptp(scores) == 0:
        return "all scores are the same: nothing varies"
    return ""


def _order_fault(
    ranks: pd.Series, order: Sequence[object], population: Mapping[object, float] | None
) -> str:
    if strange := int((~ranks.isin(list(order))).sum()):
        return f"{strange} rows have a rank that is not in the declared order"
    if len(set(order)) < len(order):
        return "a rank stands twice in the declared order"
    if population is not None:
        shares = [population.get(one, math.nan) for one in order]
        if not all(share > 0 for share in shares):
            return "the population's share of a rank is missing or not positive"
    return ""


def _index(term: str, n: int, reason: str = "") -> Unavailable:
    return Unavailable(term=term, reason=reason, n=n)


def _nothing(reason: str, n: int) -> InequalityIndices:
    return InequalityIndices(
        slope_index_of_inequality=_index("slope_index_of_inequality", n, reason),
        relative_index_of_inequality=_index("relative_index_of_inequality", n, reason),
    )


def _relative(
    scores: Array, design: Array, clusters: pd.Series | None, *, whose: str
) -> Result:
    """Ratio of the two ends: Poisson regression, its last step as least squares."""
    term, n = "relative_index_of_inequality", len(scores)
    if scores.min() < 0:
        return _index(term, n, "some scores lie below the lowest possible score")
    expected = poisson_means(scores, design)
    if expected is None:
        reason = "no ratio of the ends: an end has hardly a score above the lowest"
        return _index(term, n, reason)
    # At the solution the last weighted step gives the very coefficients back.
    working = np.log(expected) + (scores - expected) / expected
    fit = least_squares(
        working, design, names=NAMES, clusters=clusters, weights=expected
    )
    if isinstance(fit, Unavailable):
        return _index(term, n, fit.reason)
    if why := fit.fault(RANK):
        return _index(term, n, why)
    value, low, high = fit.interval(RANK)
    if max(abs(low), abs(high)) > WIDEST:
        reason = "no ratio of the ends: an end has hardly a score above the lowest"
        return _index(term, n, reason)
    return Estimate.of(
        term,
        math.exp(value),
        (math.exp(low), math.exp(high)),
        n=n,
        method="Poisson regression with a log link (no assumption of counts: the "
        f"variance is robust) over the middle of each rank's share ({whose}), most "
        f"deprived end over least; last step as {fit.method}; t interval of the "
        f"logarithm with {fit.degrees(RANK):.1f} degrees of freedom",
        n_unit=COUNTED,
    )


def poisson_means(scores: Array, design: Array) -> Array | None:
    """Expected scores by Poisson regression; None if it does not settle.

    `scores`, shape (n_rows,): from 0, not all 0.
    `design`, shape (n_rows, 2): intercept and place.
    """
    coefficients = np.array([math.log(scores.mean()), 0.0])
    for _ in range(STEPS):
        expected = np.exp(design @ coefficients)
        information = (design * expected[:, None]).T @ design
        step = np.linalg.solve(information, design.T @ (scores - expected))
        # A full step from far away may overshoot.
        size = float(np.abs(step).max())
        coefficients = coefficients + step / max(1.0, size)
        if size <= ENOUGH * max(1.0, float(np.abs(coefficients).max())):
            settled: Array = np.exp(design @ coefficients)
            return settled
    return None
