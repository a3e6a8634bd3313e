"""Responses into bounds below their reliability: lambdas, the greatest, splits.

Every bound is a function of the items' covariances, or (standardised) correlations. Its
interval comes from each participant's influence on it, so that participants of one
cluster may be counted together.
Oracles: R package psych, tests/oracles/values/guttman_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result
from analysis.reliability.complete import LISTWISE, complete_responses
from analysis.reliability.influence import Moments, interval_of, of_complete
from analysis.reliability.lower_bound_formulas import (
    greatest,
    lambda_1,
    lambda_2,
    lambda_3,
    lambda_5,
    lambda_6,
    largest_split,
    singular,
    split_halves,
    splits_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import pandas as pd

    from analysis.reliability.complete import Array, CompleteResponses

    Bound: TypeAlias = Callable[[Array], tuple[float, Array]]
    """Covariances in; the bound and its derivative by them out."""

PERFECT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class GuttmanLambdas(Composite):
    """Guttman's six lower bounds of the reliability of the sum."""

    guttman_lambda_1: Result
    guttman_lambda_2: Result
    guttman_lambda_3: Result
    guttman_lambda_4: Result
    guttman_lambda_5: Result
    guttman_lambda_6: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitHalves(Composite):
    """Reliability of the sum by every way of halving the items."""

    split_half_minimum: Result
    split_half_median: Result
    split_half_mean: Result
    split_half_maximum: Result


def guttman_lambdas(
    responses: pd.DataFrame,
    *,
    standardised: bool = False,
    clusters: pd.Series | None = None,
    confidence: float = 0.95,
) -> GuttmanLambdas:
    """Estimate Guttman's lambda 1 to 6.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses; who left an item unanswered is left out (listwise).
    standardised : bool
        Whether the sum is that of standardised items: correlations, not covariances.
    clusters : Series, shape (n_participants,), optional
        Cluster of each participant, by position, whose answers depend on each other.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    GuttmanLambdas
        Lambda 3 is alpha; lambda 4 the largest split half (of a sample of splits with
        more than 16 items, which `method` says). `Unavailable` with fewer than 2 items
        (lambda 6: 3) or 3 complete participants, a constant item, or (lambda 6)
        linearly dependent items.

    References
    ----------
    Guttman (1945), Psychometrika 10(4), 255-282.
    """
    bounds = {
        1: (lambda_1, "all covariance is true, all variance error"),
        2: (lambda_2, "covariances and their mean square"),
        3: (lambda_3, "alpha"),
        4: (largest_split, "the largest of the split halves"),
        5: (lambda_5, "covariances with the item that has the largest"),
        6: (lambda_6, "error of an item: what the others do not predict"),
    }
    return GuttmanLambdas(
        **{
            f"guttman_lambda_{number}": _bounded(
                responses,
                bound,
                term=f"guttman_lambda_{number}",
                words=f"Guttman's lambda {number}: {words}",
                standardised=standardised,
                clusters=clusters,
                confidence=confidence,
                invertible=number == 6,
            )
            for number, (bound, words) in bounds.items()
        }
    )


def greatest_lower_bound(
    responses: pd.DataFrame,
    *,
    standardised: bool = False,
    clusters: pd.Series | None = None,
    confidence: float = 0.95,
) -> Result:
    """Estimate the greatest lower bound of the reliability of the sum.

    The error variances that are as large as the covariances allow: the largest trace
    of a diagonal matrix that leaves the rest a covariance matrix. It capitalises on
    chance: with few hundred people it is too high, and `method` says so under 1,000.

    Parameters
    ----------
    responses, standardised, clusters, confidence
        As for `guttman_lambdas`.

    Returns
    -------
    Estimate or Unavailable
        As for `guttman_lambdas`; at least lambda 4.

    References
    ----------
    Woodhouse & Jackson (1977), Psychometrika 42(4), 579-591.
    ten Berge & Socan (2004), Psychometrika 69(4), 613-625 (bias).
    """
    words = "greatest lower bound: log-barrier Newton on the error variances"
    if 0 < int(responses.notna().all(axis=1).sum()) < 1000:
        words += "; too high by chance under 1,000 participants"
    return _bounded(
        responses,
        greatest,
        term="greatest_lower_bound",
        words=words,
        standardised=standardised,
        clusters=clusters,
        confidence=confidence,
        invertible=True,
    )


def split_half_distribution(
    responses: pd.DataFrame,
    *,
    standardised: bool = False,
    seed: str = "split halves",
) -> SplitHalves:
    """Describe the reliabilities by every split of the items into halves.

    Parameters
    ----------
    responses, standardised
        As for `guttman_lambdas`.
    seed : str
        Name of the draws, with more than 16 items: a sample of 10,000 splits.

    Returns
    -------
    SplitHalves
        Guttman's 4 · covariance of the halves / variance of the sum: of halves that
        differ by one item where their number is odd. No intervals: what is described is
        the spread over splits. `Unavailable` as for `guttman_lambdas`.
    """
    complete = complete_responses(responses)
    n, k = complete.values.shape
    names = SplitHalves.__dataclass_fields__
    method = (
        f"{splits_in_words(k)}; 4 covariance of halves / variance of the sum, divisor "
        f"n - 1; no interval: the spread over splits is described; {LISTWISE}"
    )
    if reason := _gap(complete):
        return SplitHalves(
            **{term: complete.unavailable(term, reason, method) for term in names}
        )
    found = split_halves(Moments.of(complete, standardised=standardised).matrix, seed)
    numbers = (found.min(), np.median(found), found.mean(), found.max())
    return SplitHalves(
        **{
            term: Estimate(term=term, estimate=float(value), n=n, method=method)
            for term, value in zip(names, numbers, strict=True)
        }
    )


def _bounded(
    responses: pd.DataFrame,
    bound: Bound,
    *,
    term: str,
    words: str,
    standardised: bool,
    clusters: pd.Series | None,
    confidence: float,
    invertible: bool,
) -> Result:
    """One bound with the interval its derivative gives."""
    complete = complete_responses(responses)
    n, k = complete.values.shape
    of_what = "correlations" if standardised else "covariances, divisor n - 1"
    method = f"{words}; {k} items, {of_what}; {LISTWISE}"
    if reason := _gap(complete, items=3 if invertible else 2):
        return complete.unavailable(term, reason, method)
    moments = Moments.of(complete, standardised=standardised)
    if invertible and singular(moments.matrix):
        reason = "the items are linearly dependent"
        return complete.unavailable(term, reason, method)
    if bound is largest_split:
        method += f"; {splits_in_words(k)}"
    estimate, derivative = bound(moments.matrix)
    if 1 - estimate < PERFECT:
        method += "; no interval: the items agree perfectly"
        return Estimate(term=term, estimate=min(estimate, 1.0), n=n, method=method)
    kept = None if clusters is None else of_complete(responses, clusters)
    interval = interval_of(
        estimate, moments.influence(derivative), clusters=kept, confidence=confidence
    )
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=interval.low,
        conf_high=interval.high,
        n=n,
        method=f"{method}; {interval.words}",
    )


def _gap(complete: CompleteResponses, items: int = 2) -> str:
    return (
        complete.gap(items=items)
        or complete.constant_fault
        or (
            "the sum of the items does not vary"
            if np.ptp(complete.values.sum(axis=1))
            <= PERFECT * np.ptp(complete.values, axis=0).sum()
            else ""
        )
    )
