"""Estimate lower bounds of reliability: Guttman's lambdas, the greatest, splits.

Each is a function of covariances or (standardised) correlations; its interval comes
from participants' influences, summed within clusters. Oracles: R psych,
tests/oracles/values/guttman_*.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
import pandas as pd

from heard.models.bootstrap import Moments, interval_of, of_complete
from heard.models.complete_responses import (
    LISTWISE,
    Array,
    CompleteResponses,
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.item_directions import opposed_items
from heard.models.random_streams import generator
from heard.models.stable_choice import largest
from heard.results import Composite, Estimate, Result

ALL_SPLITS = 16
"""Items up to which every split half is tried: 6,435 of them."""
SAMPLED = 10_000
SINGULAR = 1e-10
BARRIER_END = 1e-11
STEP_END = 1e-10
# Until here the multipliers are followed, and steps go on to the last digits; further
# on the matrix is so near singular that rounding is all that would change in them.
MULTIPLIERS_END, LAST_STEP_END = 1e-7, 1e-16
MAXIMUM_STEPS = 100


def singular(matrix: Array) -> bool:
    """Whether some item is predicted perfectly by the others."""
    scale = np.sqrt(np.diag(matrix))
    values = np.linalg.eigvalsh(matrix / np.outer(scale, scale))
    return bool(values[0] < SINGULAR)


def _over_total(error: Array, numerator: float, total: float) -> Array:
    """Derivative of numerator / total, from that of the numerator."""
    return np.asarray((error - numerator / total) / total)


def lambda_1(matrix: Array) -> tuple[float, Array]:
    """One less the share of the item variances."""
    total, trace = matrix.sum(), np.trace(matrix)
    derivative = _over_total(-np.eye(len(matrix)), -trace, total)
    return float(1 - trace / total), derivative


def lambda_2(matrix: Array) -> tuple[float, Array]:
    """Covariances, and the root of their mean square."""
    k = len(matrix)
    others = matrix - np.diag(np.diag(matrix))
    root = float(np.sqrt(k / (k - 1) * np.sum(others**2)))
    numerator = float(others.sum()) + root
    slopes = 1 - np.eye(k)
    if root > 0:
        slopes = slopes + k / (k - 1) * others / root
    total = float(matrix.sum())
    return numerator / total, _over_total(slopes, numerator, total)


def lambda_3(matrix: Array) -> tuple[float, Array]:
    """Alpha."""
    first, derivative = lambda_1(matrix)
    step = len(matrix) / (len(matrix) - 1)
    return step * first, step * derivative


def largest_split(matrix: Array) -> tuple[float, Array]:
    """Lambda 4: the split of the items with the largest reliability."""
    halves = _halves(len(matrix), "lambda 4")
    found = _of_splits(matrix, halves)
    signs = np.where(halves[int(largest(found))], 1.0, 0.0)
    numerator = 4 * float(signs @ matrix @ (1 - signs))
    slopes = 2 * (np.outer(signs, 1 - signs) + np.outer(1 - signs, signs))
    total = float(matrix.sum())
    return numerator / total, _over_total(slopes, numerator, total)


def lambda_5(matrix: Array) -> tuple[float, Array]:
    """Covariances, and those with the item that has the largest."""
    others = matrix - np.diag(np.diag(matrix))
    sizes = (others**2).sum(axis=0)
    place = int(largest(sizes))
    root = float(np.sqrt(sizes[place]))
    numerator = float(others.sum()) + 2 * root
    slopes = 1 - np.eye(len(matrix))
    if root > 0:
        slopes[place] += others[place] / root
        slopes[:, place] += others[place] / root
    total = float(matrix.sum())
    return numerator / total, _over_total(slopes, numerator, total)


def lambda_6(matrix: Array) -> tuple[float, Array]:
    """One less the share of what the other items do not predict."""
    inverse = np.linalg.inv(matrix)
    errors = 1 / np.diag(inverse)
    weights = inverse * errors  # column j predicts item j from the others
    total = float(matrix.sum())
    numerator = total - float(errors.sum())
    slopes = np.ones_like(matrix) - weights @ weights.T
    return numerator / total, _over_total(slopes, numerator, total)


def greatest(matrix: Array) -> tuple[float, Array]:
    """Largest trace of error variances t with matrix - diag(t) positive definite.

    The barrier log det(matrix - diag(t)) + log t keeps both inside; Newton's steps
    follow it as it fades. Its multipliers become the derivative by the covariances.
    """
    scale = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(scale, scale)
    weights = scale**2
    error: Array = np.full(len(matrix), 0.5 * np.linalg.eigvalsh(scaled)[0])
    barrier = float(weights.mean())
    dual = np.zeros_like(matrix)
    while barrier > BARRIER_END * weights.mean():
        followed = barrier > 0.5 * MULTIPLIERS_END * weights.mean()
        for _ in range(MAXIMUM_STEPS):
            left = np.linalg.inv(scaled - np.diag(error))
            slope = weights - barrier * (np.diag(left) - 1 / error)
            bend = barrier * (left**2 + np.diag(1 / error**2))
            step: Array = np.asarray(np.linalg.solve(bend, slope), dtype=np.float64)
            error = error + _inside(scaled, error, step) * step
            enough = LAST_STEP_END if followed else STEP_END
            if float(slope @ step) < enough * barrier:
                break
        if followed:
            dual = barrier * np.linalg.inv(scaled - np.diag(error))
        barrier /= 10
    total = float(matrix.sum())
    numerator = total - float(weights @ error)
    slopes = 1 - dual / np.outer(scale, scale)
    return numerator / total, _over_total(slopes, numerator, total)


def _inside(scaled: Array, error: Array, step: Array) -> float:
    """How much of a step stays where the barrier is finite."""
    share = 1.0
    while (error + share * step <= 0).any() or np.linalg.eigvalsh(
        scaled - np.diag(error + share * step)
    )[0] <= 0:
        share /= 2
    return share


def split_halves(matrix: Array, seed: str) -> Array:
    """Reliability of every split, or of a sample named by `seed`."""
    return _of_splits(matrix, _halves(len(matrix), seed))


def _of_splits(matrix: Array, halves: Array) -> Array:
    """4 covariance of the halves / variance of the sum, of every split."""
    first = halves.astype(float)
    across = np.einsum("si,si->s", first @ matrix, 1 - first)
    return np.asarray(4 * across / matrix.sum())


def _halves(k: int, seed: str) -> Array:
    """Which items are in the first half, a row a split, shape (n_splits, k)."""
    size = k // 2
    if k <= ALL_SPLITS:
        rest = 1 if k % 2 == 0 else 0  # an even number: item 1 stays in the first half
        chosen = [
            (0, *others) if rest else others
            for others in combinations(range(rest, k), size - rest)
        ]
        halves = np.zeros((len(chosen), k), dtype=bool)
        halves[np.arange(len(chosen))[:, None], np.array(chosen)] = True
        return halves
    order = generator("split halves", seed).random((SAMPLED, k)).argsort(axis=1)
    return np.asarray(order < size)


def splits_in_words(k: int) -> str:
    """How many splits are looked at."""
    splits = f"all splits of {k} items into halves"
    return splits if k <= ALL_SPLITS else f"{SAMPLED} splits drawn from {splits}"


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
    responses: Responses,
    *,
    standardised: bool = False,
    clusters: pd.Series | None = None,
    confidence: float = 0.95,
) -> GuttmanLambdas:
    """Estimate Guttman's lambda 1 to 6.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
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
    responses = read_responses(responses)
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
    responses: Responses,
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
    responses = read_responses(responses)
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
    responses: Responses,
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
    responses = read_responses(responses)
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
    if opposed := opposed_items(
        np.corrcoef(complete.values, rowvar=False), complete.names, n
    ):
        method += f"; caution: {opposed}"
    estimate, derivative = bound(moments.matrix)
    if 1 - estimate < PERFECT:
        method += "; no interval: the items agree perfectly"
        return Estimate(term=term, estimate=min(estimate, 1.0), n=n, method=method)
    kept = None if clusters is None else of_complete(responses, clusters)
    interval = interval_of(
        estimate, moments.influence(derivative), clusters=kept, confidence=confidence
    )
    return Estimate.of(
        term,
        estimate,
        (interval.low, interval.high),
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
