"""Test whether answers are missing completely at random; estimate EM moments.

Moments are by full-information maximum likelihood under normality, divisor n; people
who answered the same items are one pattern. Oracles:
tests/oracles/values/missing_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.careless.compact_answers import Array
from heard.results import Composite, Estimate, Result, Unavailable

COMPLETE = "complete"
OTHERS = "other patterns"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gaps:
    """Who answered what: each person's answers, and which pattern they make.

    `values`, shape (n_people, n_items): NaN where not answered.
    `kinds`, shape (n_patterns, n_items): the different patterns of answered items.
    `of_person`, shape (n_people,): which pattern each person has.
    """

    values: Array
    kinds: Array
    of_person: Array

    @property
    def counts(self) -> Array:
        """People of each pattern."""
        return np.bincount(self.of_person, minlength=len(self.kinds))

    def share_complete(self) -> Result:
        """Share of the people who answered every item."""
        term, method = "share_complete", "people who answered every item, of all"
        n = len(self.values)
        if not n:
            return Unavailable(term=term, reason="no one", method=method)
        share = float(self.counts[self.kinds.all(axis=1)].sum()) / n
        return Estimate(term=term, estimate=share, n=n, method=method)

    def pattern_counts(self, names: list[str], *, smallest: int) -> dict[str, int]:
        """As `pattern_counts`, under the names given to the items."""
        counts = self.counts
        listed = [
            (_pattern_name(names, self.kinds[kind]), int(counts[kind]))
            for kind in np.flatnonzero(counts >= smallest)
        ]
        shown = dict(sorted(listed, key=lambda pair: (-pair[1], pair[0])))
        other_count = len(self.values) - sum(shown.values())
        # The complete ones follow from their share, so they hide nothing.
        hiding = [name for name in shown if name != COMPLETE]
        while 0 < other_count < smallest and hiding:
            other_count += shown.pop(hiding.pop())
        if 0 < other_count < smallest or not shown:
            return {}
        return {**shown, OTHERS: other_count} if other_count else shown


def gaps_of(responses: pd.DataFrame) -> Gaps:
    """Who answered what, from a column an item, NaN where not answered."""
    values = responses.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(values)
    # A bit an item: rows of a few bytes are sorted sooner than rows of truths.
    packed = np.ascontiguousarray(np.packbits(known.T, axis=0).T)
    if not packed.size:
        nobody = np.zeros(len(values), dtype=int)
        return Gaps(values=values, kinds=known[:1], of_person=nobody)
    as_text = packed.view(f"V{packed.shape[1]}").ravel()
    _, first, of_person = np.unique(as_text, return_index=True, return_inverse=True)
    return Gaps(values=values, kinds=known[first], of_person=of_person)


def pattern_counts(responses: pd.DataFrame, *, smallest: int) -> dict[str, int]:
    """People by the items they did not answer, largest first, small ones together.

    Patterns of fewer than `smallest` people are counted together, with the next larger
    one if together they are fewer still; where nothing is left, nothing is reported.
    """
    names = [str(name) for name in responses.columns]
    return gaps_of(responses).pattern_counts(names, smallest=smallest)


def _pattern_name(names: list[str], answered: Array) -> str:
    lacking = [name for name, known in zip(names, answered, strict=True) if not known]
    if not lacking:
        return COMPLETE
    return "nothing" if len(lacking) == len(names) else "without " + ", ".join(lacking)


CLOSE_ENOUGH = 1e-10
MAXIMUM_STEPS = 5_000
MAXIMUM_WORK = 2e8
"""Patterns times items cubed, about a second's tenth a step: with far more patterns
than that, each of few people, the test has hardly any power."""
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


def missing_data(responses: Responses) -> MissingData:
    """Share of complete responses, and Little's test.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_people, n_items)
        Codes; NaN where not answered.

    References
    ----------
    Little (1988), Journal of the American Statistical Association 83, 1198-1202.
    """
    responses = read_responses(responses)
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

    The n of those who answered anything would reveal, with the responses kept, how many
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
    numbers = (max(distance, 0.0), float(df), float(chdtrc(df, distance)))
    return tuple(
        Estimate(term=term, estimate=number, n=n, method=LITTLE)
        for term, number in zip(terms, numbers, strict=True)
    )
