"""Item bias without a model: Mantel (1963) and the standardised mean difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.reliability.complete import Array


def mantel(
    answers: Array,
    total: Array,
    focal: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    method: str,
) -> tuple[Result, Result, Result]:
    """Chi-square, its p, and the mean difference, within totals both groups have.

    Parameters
    ----------
    answers, total : ndarray, shape (n,)
        Answers to the item, and what people are matched on.
    focal : ndarray of bool, shape (n,)
        Who is in the focal group.
    method : str
        What else is to be told.
    """
    terms = ("mantel_chi_square", "mantel_p", "standardised_mean_difference")
    _, stratum = np.unique(total, return_inverse=True)
    stratum = stratum.ravel()
    size = np.bincount(stratum)
    inside = np.bincount(stratum[focal], minlength=len(size))
    both = (inside > 0) & (inside < size)
    people = np.where(both, size, 2)  # no division by 0 where nothing is counted
    outside = people - inside
    summed = np.bincount(stratum, answers)
    squared = np.bincount(stratum, answers**2)
    summed_inside = np.bincount(stratum[focal], answers[focal], minlength=len(size))
    spread = inside * outside * (people * squared - summed**2)
    variance = (spread / (people**2 * (people - 1)))[both].sum()
    n = int(size[both].sum())
    if not variance > 0:
        reason = "no total at which both groups are found and answers differ"
        absent = [Unavailable(term=t, reason=reason, n=n, method=method) for t in terms]
        return absent[0], absent[1], absent[2]
    excess = (summed_inside - inside * summed / people)[both].sum()
    statistic = float(excess**2 / variance)
    means = summed_inside[both] / inside[both]
    others = (summed - summed_inside)[both] / outside[both]
    difference = float(inside[both] @ (means - others) / inside[both].sum())
    words = (
        "within totals both groups have, 1 df, no continuity correction; "
        "no interval: a test, not an amount"
    )
    weighted = "focal minus other group, weighted by the focal group; no interval: none"
    methods = [words, words, f"{weighted} in closed form"]
    values = [statistic, upper_tail(statistic, 1), difference]
    found = [
        Estimate(term=t, estimate=v, n=n, method=f"{w}; {method}")
        for t, v, w in zip(terms, values, methods, strict=True)
    ]
    return found[0], found[1], found[2]


def upper_tail(statistic: float, df: int) -> float:
    """P(chi-square with `df` degrees of freedom > statistic)."""
    from scipy.special import chdtrc  # noqa: PLC0415 - heavy, and only needed here

    return float(chdtrc(df, statistic))
