"""Responses with gaps into what is known of the gaps: Little's test and EM moments.

Moments are those of full-information maximum likelihood under normality, found by EM;
divisor n. Who answered nothing takes no part. Oracles:
tests/oracles/values/missing_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.cleaning.patterns import gaps_of
from analysis.foundation import Composite, Estimate, Unavailable

if TYPE_CHECKING:
    import pandas as pd

    from analysis.cleaning.compact import Array
    from analysis.cleaning.patterns import Gaps
    from analysis.foundation import Result

CLOSE_ENOUGH = 1e-10
MAXIMUM_STEPS = 5_000
MAXIMUM_WORK = 2e8
"""Patterns times items cubed, about a second's tenth a step: with far more patterns
than that, each of few people, the test has no power to speak of."""
LITTLE = (
    "Little's test that answers are missing completely at random: distances of the "
    "patterns' means from the EM means, in the EM covariance, divisor n; who answered "
    "nothing takes no part"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingData(Composite):
    """How many answered all, and whether gaps look random."""

    share_complete: Result
    little_mcar_chi_square: Result
    little_mcar_df: Result
    little_mcar_p: Result


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pattern:
    """The people who answered the same items, as far as moments depend on them."""

    answered: Array
    n: int
    mean: Array
    scatter: Array


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Moments:
    """Means and covariance by EM; `reason` says why there are none."""

    mean: Array
    covariance: Array
    n: int
    reason: str = ""


def missing_data(responses: pd.DataFrame) -> MissingData:
    """Share of complete responses, and Little's test.

    Parameters
    ----------
    responses : DataFrame, shape (n_people, n_items)
        Codes; NaN where not answered.

    References
    ----------
    Little (1988), Journal of the American Statistical Association 83, 1198-1202.
    """
    return missing_data_of(gaps_of(responses))


def missing_data_of(gaps: Gaps) -> MissingData:
    """Share of complete responses, and Little's test, of gaps found already."""
    chi_square, df, p = _little(gaps)
    return MissingData(
        share_complete=gaps.share_complete(),
        little_mcar_chi_square=chi_square,
        little_mcar_df=df,
        little_mcar_p=p,
    )


def estimate_moments(responses: pd.DataFrame) -> Moments:
    """Means and covariance of the items, by EM, from every answer there is."""
    gaps = gaps_of(responses)
    items = gaps.values.shape[1]
    patterns, reason = _patterns(gaps)
    if reason:
        nothing = np.full((items, items), np.nan)
        return Moments(mean=nothing[:1], covariance=nothing, n=0, reason=reason)
    return _moments(patterns, items)


def _patterns(gaps: Gaps) -> tuple[list[Pattern], str]:
    """The patterns among those who answered anything; or why they are not made."""
    items = gaps.values.shape[1]
    some = np.flatnonzero(gaps.kinds.any(axis=1))
    if len(some) * items**3 > MAXIMUM_WORK:
        return [], f"there are too many patterns of {items} items to fit"
    order = np.argsort(gaps.of_person, kind="stable")
    of_kind = np.split(order, np.cumsum(gaps.counts)[:-1])
    found = []
    for kind in some:
        people, answered = of_kind[kind], gaps.kinds[kind]
        rows = gaps.values[people][:, answered]
        mean = rows.mean(axis=0)
        deviation = rows - mean
        found.append(
            Pattern(
                answered=answered,
                n=len(rows),
                mean=mean,
                scatter=deviation.T @ deviation,
            )
        )
    return found, ""


def _moments(patterns: list[Pattern], items: int) -> Moments:
    n = sum(pattern.n for pattern in patterns)
    nothing = np.full((items, items), np.nan)
    start = _available_moments(patterns, items)
    if start is None:
        reason = "an item was not answered by two people, or does not vary"
        return Moments(mean=nothing[:1], covariance=nothing, n=n, reason=reason)
    mean, covariance = start
    for _ in range(MAXIMUM_STEPS):
        try:
            new_mean, new_covariance = _step(patterns, mean, covariance)
        except np.linalg.LinAlgError:
            break
        scale = np.sqrt(np.diag(covariance))
        change = max(
            np.abs((new_mean - mean) / scale).max(),
            np.abs((new_covariance - covariance) / np.outer(scale, scale)).max(),
        )
        mean, covariance = new_mean, new_covariance
        if change < CLOSE_ENOUGH:
            if np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] < 1e-8:
                break
            return Moments(mean=mean, covariance=covariance, n=n)
    reason = "the covariance of the items cannot be estimated from these answers"
    return Moments(mean=nothing[:1], covariance=nothing, n=n, reason=reason)


def _available_moments(
    patterns: list[Pattern], items: int
) -> tuple[Array, Array] | None:
    """Means and variances item by item, from which EM starts."""
    n, total, squares = (np.zeros(items) for _ in range(3))
    for pattern in patterns:
        n[pattern.answered] += pattern.n
        total[pattern.answered] += pattern.n * pattern.mean
    mean = total / np.maximum(n, 1)
    for pattern in patterns:
        deviation = pattern.mean - mean[pattern.answered]
        squares[pattern.answered] += np.diag(pattern.scatter) + pattern.n * deviation**2
    variance = squares / np.maximum(n, 1)
    if (n < 2).any() or (variance <= 1e-12 * (1 + mean**2)).any():
        return None
    return mean, np.diag(variance)


def _step(
    patterns: list[Pattern], mean: Array, covariance: Array
) -> tuple[Array, Array]:
    """One step of EM: fill what is missing by its expectation, take moments again."""
    items = len(mean)
    total, products = np.zeros(items), np.zeros((items, items))
    for pattern in patterns:
        seen, unseen = pattern.answered, ~pattern.answered
        filled = np.zeros((items, int(seen.sum())))
        filled[seen] = np.eye(int(seen.sum()))
        solved = np.linalg.solve(
            covariance[np.ix_(seen, seen)], covariance[np.ix_(seen, unseen)]
        )
        filled[unseen] = solved.T
        expected = mean + filled @ (pattern.mean - mean[seen])
        total += pattern.n * expected
        products += pattern.n * np.outer(expected, expected)
        products += filled @ pattern.scatter @ filled.T
        left = covariance[np.ix_(unseen, unseen)]
        left = left - covariance[np.ix_(unseen, seen)] @ solved
        products[np.ix_(unseen, unseen)] += pattern.n * left
    n = sum(pattern.n for pattern in patterns)
    new_mean = total / n
    return new_mean, products / n - np.outer(new_mean, new_mean)


def _little(gaps: Gaps) -> tuple[Result, ...]:
    """Chi-square, degrees of freedom and p; their n is everyone.

    An n of those who answered anything would tell, beside the responses kept, how many
    answered nothing.
    """
    n, items = gaps.values.shape
    patterns, reason = _patterns(gaps)
    terms = ("little_mcar_chi_square", "little_mcar_df", "little_mcar_p")
    df = sum(int(pattern.answered.sum()) for pattern in patterns) - items
    moments = _moments(patterns, items) if len(patterns) > 1 else None
    reason = reason or (moments.reason if moments else "all answered the same items")
    if not reason and df < 1:
        reason = "no item was answered in two patterns"
    if moments is None or reason:
        absent = (
            Unavailable(term=term, reason=reason, n=n, method=LITTLE) for term in terms
        )
        return tuple(absent)
    distance = 0.0
    for pattern in patterns:
        deviation = pattern.mean - moments.mean[pattern.answered]
        within = moments.covariance[np.ix_(pattern.answered, pattern.answered)]
        distance += pattern.n * float(deviation @ np.linalg.solve(within, deviation))
    from scipy.special import chdtrc  # noqa: PLC0415 - heavy

    numbers = (max(distance, 0.0), float(df), float(chdtrc(df, distance)))
    return tuple(
        Estimate(term=term, estimate=number, n=n, method=LITTLE)
        for term, number in zip(terms, numbers, strict=True)
    )
