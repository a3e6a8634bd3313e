"""Estimate percentage agreement, and Kendall's concordance of rankings.

Neither is corrected for chance. Oracle: base R,
tests/oracles/values/rank_agreement.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.complete_responses import Array
from heard.psychometrics.agreement.ratings import ratings_table
from heard.results import Composite, Estimate, Result


def percentage_agreement(
    ratings: pd.DataFrame,
    *,
    tolerance: float = 0.0,
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    confidence: float = 0.95,
) -> Result:
    """Estimate the share of pairs of raters who agree, averaged over targets.

    Report a chance-corrected coefficient with it: where most ratings are one category,
    raters agree by chance.

    Parameters
    ----------
    ratings : DataFrame, one row a rating
        Targets rated once take no part.
    tolerance : float
        Ratings no further apart than this agree.
    target, rater, score : str
        Its columns.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        From 0 to 1.
    Unavailable
        Fewer than 2 targets rated twice, or repeated ratings.
    """
    table = ratings_table(ratings, target=target, rater=rater, score=score)
    method = (
        f"share of pairs of raters no more than {tolerance:g} apart, mean over targets "
        f"rated twice or more; not corrected for chance; {percent(confidence)} "
    )
    term = "percentage_agreement"
    shares = np.empty(0) if table.fault else _shares(table.values, tolerance)
    n = len(shares)
    if reason := table.fault or f"targets rated twice or more {n}; 2 needed" * (n < 2):
        return table.unavailable(term, reason, f"{method}interval")
    value = float(shares.mean())
    if set(shares.tolist()) <= {0.0, 1.0}:
        z = float(stats.norm.ppf((1 + confidence) / 2))
        centre = (n * value + z**2 / 2) / (n + z**2)
        reach = z / (n + z**2) * (n * value * (1 - value) + z**2 / 4) ** 0.5
        kind = "Wilson interval over targets"
    else:
        error = float(shares.std(ddof=1)) / n**0.5
        centre, reach = value, float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
        kind = "t interval over targets, cut at 0 and 1"
    limits = max(min(centre - reach, value), 0.0), min(max(centre + reach, value), 1.0)
    return Estimate.of(
        term, value, limits, n=n, n_unit="targets", method=f"{method}{kind}"
    )


def _shares(values: Array, tolerance: float) -> Array:
    """Of each target rated twice or more, the share of its pairs of ratings alike."""
    found = []
    for row in values:
        own = np.sort(row[~np.isnan(row)])
        if len(own) > 1:
            later = np.searchsorted(own, own + tolerance * (1 + 1e-12), side="right")
            alike = later.sum() - np.arange(1, len(own) + 1).sum()
            found.append(alike / (len(own) * (len(own) - 1) / 2))
    return np.array(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankConcordance(Composite):
    """How far raters put targets in the same order.

    - `kendall_w`: from 0, no agreement, to 1, the same order by all.
    - `friedman_chi_square`, `friedman_p_value`: of orders without agreement.
    """

    kendall_w: Result
    friedman_chi_square: Result
    friedman_p_value: Result


def kendall_concordance(
    ratings: pd.DataFrame,
    *,
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
) -> RankConcordance:
    """Estimate Kendall's W, how far raters put targets in the same order.

    Parameters
    ----------
    ratings : DataFrame, one row a rating
        Targets that not every rater rated are left out.
    target, rater, score : str
        Its columns.

    Returns
    -------
    RankConcordance
        Corrected for ties. Unavailable: fewer than 2 raters, fewer than 3 targets, or
        raters who each rated all targets alike.

    References
    ----------
    Kendall & Babington Smith (1939), Annals of Mathematical Statistics 10(3), 275-287.
    """
    table = ratings_table(ratings, target=target, rater=rater, score=score)
    values = table.complete
    n, raters = values.shape
    method = (
        f"ranks of {n} targets by {raters} raters, ties at their mean rank and "
        f"corrected for; {table.incomplete} targets without a rating by every rater "
        "left out"
    )
    if reason := table.fault or _lacking(values):
        return RankConcordance.unavailable(reason, n=n, method=method)
    ranks = np.apply_along_axis(stats.rankdata, 0, values)
    sums = ranks.sum(axis=1)
    ties = sum(_tied(column) for column in ranks.T)
    most = raters**2 * (n**3 - n) - raters * ties
    w = 12 * float(np.sum((sums - sums.mean()) ** 2)) / most
    chi_square = raters * (n - 1) * w
    numbers = {
        "kendall_w": (w, "Kendall's W"),
        "friedman_chi_square": (chi_square, "Friedman's chi-square"),
        "friedman_p_value": (
            float(stats.chi2.sf(chi_square, n - 1)),
            "p of Friedman's chi-square, targets - 1 degrees of freedom",
        ),
    }
    return RankConcordance(
        **{
            term: Estimate.of(
                term,
                value,
                n=n,
                n_unit="targets",
                method=f"{words}; {method}; no interval",
            )
            for term, (value, words) in numbers.items()
        }
    )


def _lacking(values: Array) -> str:
    n, raters = values.shape
    if raters < 2:
        return f"number of raters {raters}; at least 2 needed"
    if n < 3:
        return f"targets rated by every rater {n}; at least 3 needed"
    if (np.ptp(values, axis=0) == 0).all():
        return "every rater rated all targets alike"
    return ""


def _tied(ranks: Array) -> float:
    counts = np.unique(ranks, return_counts=True)[1].astype(float)
    return float(np.sum(counts**3 - counts))
