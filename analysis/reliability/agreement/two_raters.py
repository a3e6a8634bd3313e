"""Pairs of ratings into Cohen's kappa: two raters, or one rater twice, in categories.

The coefficient and its standard error are statsmodels'; here they get their n, their
interval, the declared order of the categories, and a reason where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.reliability.categories import MISSING, categorised_responses
from analysis.reliability.consistency import PERFECT
from analysis.reliability.influence import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Weights: TypeAlias = Literal["unweighted", "linear", "quadratic"]
Interval: TypeAlias = Literal["log", "wald"]


def weighted_kappa(
    pairs: pd.DataFrame,
    *,
    categories: Sequence[float],
    weights: Weights = "quadratic",
    interval: Interval = "log",
    confidence: float = 0.95,
) -> Result:
    """Estimate Cohen's kappa of two raters.

    Parameters
    ----------
    pairs : DataFrame, shape (n_targets, 2)
        The ratings of the two; NaN if there is none.
    categories : sequence of float
        The ratings the codebook allows, lowest first. One that neither uses counts in
        the distance between the others.
    weights : {"unweighted", "linear", "quadratic"}
        How disagreement grows with the number of ranks between two ratings.
    interval : {"log", "wald"}
        On the scale log(1 - kappa), which holds its coverage and stays below 1; or
        Wald's, as most programs give it.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1.
    Unavailable
        Not two columns, fewer than 2 targets rated by both, ratings outside the
        categories, or both raters use one and the same category only.

    References
    ----------
    Cohen (1968), Psychological Bulletin 70(4), 213-220.
    Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72(5), 323-327: the
    standard error.
    """
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here
    from statsmodels.stats import inter_rater  # noqa: PLC0415 - as above

    if weights not in {"unweighted", "linear", "quadratic"}:
        raise ValueError(f"unknown weights {weights!r}")
    if interval not in {"log", "wald"}:
        raise ValueError(f"unknown interval {interval!r}")
    term, size = "weighted_kappa", len(set(categories))
    method = (
        f"Cohen's kappa, {weights}, {size} declared categories; {percent(confidence)} "
        f"{interval} interval, standard error of Fleiss, Cohen and Everitt; "
        "targets without both ratings left out"
    )
    if pairs.shape[1] != 2:
        reason = f"{pairs.shape[1]} raters; exactly 2 needed"
        return Unavailable(term=term, reason=reason, method=method)
    if reason := categorised_responses(pairs, categories).fault:
        return Unavailable(term=term, reason=reason, method=method)
    ranks = _ranks(pairs, categories)
    n = len(ranks)
    if reason := _gap(ranks):
        return Unavailable(term=term, reason=reason, n=n, method=method)
    table = np.zeros((size, size))
    np.add.at(table, (ranks[:, 0], ranks[:, 1]), 1)
    if np.trace(table) == n:
        method += "; no interval: the raters agree perfectly"
        return Estimate(term=term, estimate=1.0, n=n, method=method)
    wt = None if weights == "unweighted" else weights
    found = inter_rater.cohens_kappa(table, wt=wt)
    estimate, error = float(found.kappa), float(found.std_kappa)
    if not error > PERFECT:
        method += "; no interval: the standard error is zero"
        return Estimate(term=term, estimate=estimate, n=n, method=method)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    low, high = estimate - reach, estimate + reach
    if interval == "log":
        reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
        factor = float(np.exp(reach / (1 - estimate)))
        low, high = 1 - (1 - estimate) * factor, 1 - (1 - estimate) / factor
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=low,
        conf_high=high,
        n=n,
        method=method,
    )


def _ranks(
    pairs: pd.DataFrame, categories: Sequence[float]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Ranks among all declared categories, of the targets rated by both."""
    values = pairs.to_numpy(dtype=float, na_value=np.nan)
    ranks = np.where(
        np.isnan(values), MISSING, np.searchsorted(sorted(set(categories)), values)
    )
    return np.asarray(ranks[(ranks != MISSING).all(axis=1)], dtype=np.int64)


def _gap(ranks: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    if len(ranks) < 2:
        return f"targets rated by both {len(ranks)}; at least 2 needed"
    return "both raters use one category only" if np.ptp(ranks) == 0 else ""
