"""Responses with gaps into what is known of the gaps: patterns, and Little's test.

Moments are those of full-information maximum likelihood under normality, found by EM;
divisor n. Who answered nothing takes no part. Oracles:
tests/oracles/values/missing_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation import Composite, Estimate, Finding, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from analysis.cleaning.compact import Array
    from analysis.cleaning.flow import Cleaned
    from analysis.declarations import Study
    from analysis.foundation import Result

CLOSE_ENOUGH = 1e-10
MOST_STEPS = 5_000
MOST_WORK = 2e8
"""Patterns times items cubed, about a second's tenth a step: with far more patterns
than that, each of few people, the test has no power to speak of."""
LITTLE = (
    "Little's test that answers are missing completely at random: distances of the "
    "patterns' means from the EM means, in the EM covariance, divisor n; who answered "
    "nothing takes no part"
)
COMPLETE = "complete"
OTHERS = "other patterns"


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
    values = responses.to_numpy(dtype=float, na_value=np.nan)
    chi_square, df, p = _little(values)
    return MissingData(
        share_complete=_share_complete(values),
        little_mcar_chi_square=chi_square,
        little_mcar_df=df,
        little_mcar_p=p,
    )


def _share_complete(values: Array) -> Result:
    method = "people who answered every item, of all"
    if not len(values):
        return Unavailable(term="share_complete", reason="nobody", method=method)
    share = float((~np.isnan(values)).all(axis=1).mean())
    return Estimate(term="share_complete", estimate=share, n=len(values), method=method)


def estimate_moments(responses: pd.DataFrame) -> Moments:
    """Means and covariance of the items, by EM, from every answer there is."""
    values = responses.to_numpy(dtype=float, na_value=np.nan)
    patterns, reason = _patterns(values)
    if reason:
        nothing = np.full((values.shape[1], values.shape[1]), np.nan)
        return Moments(mean=nothing[:1], covariance=nothing, n=0, reason=reason)
    return _moments(patterns, values.shape[1])


def _patterns(values: Array) -> tuple[list[Pattern], str]:
    """The patterns among those who answered anything; or why they are not made."""
    known = ~np.isnan(values)
    values, known = values[known.any(axis=1)], known[known.any(axis=1)]
    if not len(values):
        return [], ""
    kinds, first, of_row = _kinds(known)
    if len(kinds) * values.shape[1] ** 3 > MOST_WORK:
        return [], f"there are too many patterns of {values.shape[1]} items to fit"
    order = np.argsort(of_row, kind="stable")
    starts = np.append(
        np.searchsorted(of_row[order], np.arange(len(first))), len(order)
    )
    found = []
    for place, answered in enumerate(kinds):
        rows = values[order[starts[place] : starts[place + 1]]][:, answered]
        mean = rows.mean(axis=0)
        apart = rows - mean
        found.append(
            Pattern(answered=answered, n=len(rows), mean=mean, scatter=apart.T @ apart)
        )
    return found, ""


def _kinds(rows: Array) -> tuple[Array, Array, Array]:
    """The different rows of truths, where each stands first, and which each row is."""
    packed = np.packbits(rows, axis=1)
    as_text = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
    _, first, of_row = np.unique(as_text, return_index=True, return_inverse=True)
    return rows[first], first, of_row


def _moments(patterns: list[Pattern], items: int) -> Moments:
    n = sum(pattern.n for pattern in patterns)
    nothing = np.full((items, items), np.nan)
    start = _available_moments(patterns, items)
    if start is None:
        reason = "an item was not answered by two people, or does not vary"
        return Moments(mean=nothing[:1], covariance=nothing, n=n, reason=reason)
    mean, covariance = start
    for _ in range(MOST_STEPS):
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
        apart = pattern.mean - mean[pattern.answered]
        squares[pattern.answered] += np.diag(pattern.scatter) + pattern.n * apart**2
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


def _little(values: Array) -> tuple[Result, ...]:
    """Chi-square, degrees of freedom and p; their n is everyone.

    An n of those who answered anything would tell, beside the responses kept, how many
    answered nothing.
    """
    n, items = values.shape
    patterns, reason = _patterns(values)
    terms = ("little_mcar_chi_square", "little_mcar_df", "little_mcar_p")
    moments = _moments(patterns, items) if len(patterns) > 1 else None
    reason = reason or (moments.reason if moments else "all answered the same items")
    if moments is None or reason:
        absent = (
            Unavailable(term=term, reason=reason, n=n, method=LITTLE) for term in terms
        )
        return tuple(absent)
    distance = 0.0
    for pattern in patterns:
        apart = pattern.mean - moments.mean[pattern.answered]
        within = moments.covariance[np.ix_(pattern.answered, pattern.answered)]
        distance += pattern.n * float(apart @ np.linalg.solve(within, apart))
    df = sum(int(pattern.answered.sum()) for pattern in patterns) - items
    from scipy.special import chdtrc  # noqa: PLC0415 - heavy

    numbers = (max(distance, 0.0), float(df), float(chdtrc(df, distance)))
    return tuple(
        Estimate(term=term, estimate=number, n=n, method=LITTLE)
        for term, number in zip(terms, numbers, strict=True)
    )


def pattern_counts(responses: pd.DataFrame, *, smallest: int) -> dict[str, int]:
    """People by the items they did not answer, largest first, small ones together.

    Patterns of fewer than `smallest` people are counted together, with the next larger
    one where together they are fewer still; where nothing is left apart, nothing is
    told.
    """
    names = [str(name) for name in responses.columns]
    kinds, _, of_row = _kinds(responses.isna().to_numpy())
    counts = np.bincount(of_row, minlength=len(kinds))
    listed = [
        (_pattern_name(names, kind), int(count))
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
    ]
    listed.sort(key=lambda pair: (-pair[1], pair[0]))
    told = {name: count for name, count in listed if count >= smallest}
    together = sum(count for _, count in listed) - sum(told.values())
    # The complete ones follow from their share, so they hide nothing.
    hiding = [name for name in told if name != COMPLETE]
    while 0 < together < smallest and hiding:
        together += told.pop(hiding.pop())
    if 0 < together < smallest or not told:
        return {}
    return {**told, OTHERS: together} if together else told


def _pattern_name(names: list[str], missing: list[bool]) -> str:
    lacking = [name for name, gone in zip(names, missing, strict=True) if gone]
    if not lacking:
        return COMPLETE
    return "nothing" if len(lacking) == len(names) else "without " + ", ".join(lacking)


def missing_findings(surveys: Iterable[Cleaned], study: Study) -> tuple[Finding, ...]:
    """Patterns and Little's test, of every instrument, as findings."""
    return tuple(
        finding
        for cleaned in surveys
        for name in cleaned.export.instruments
        for group, result in _of_instrument(cleaned, name, study)
        for finding in Finding.place(
            result,
            study=study.name,
            survey=cleaned.export.survey,
            instrument=name,
            wave=cleaned.export.wave,
            group=group,
        )
    )


def _of_instrument(
    cleaned: Cleaned, name: str, study: Study
) -> Iterator[tuple[str, Result]]:
    items = [item.name for item in study.asked(cleaned.export)[name].items]
    answers = cleaned.frame[[f"{name}.{item}" for item in items]].set_axis(
        items, axis="columns"
    )
    yield from (("", result) for result in missing_data(answers).results())
    counts = pattern_counts(answers, smallest=study.smallest_group_shown)
    for pattern, count in counts.items():
        yield (
            pattern,
            Estimate(
                term="responses_by_pattern",
                estimate=float(count),
                n=count,
                method="count",
            ),
        )
