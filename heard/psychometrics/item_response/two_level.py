"""Estimate scalability where several raters answer about one target.

Within raters, and between raters of the same target, who alone distinguish targets
(Snijders 2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.models.bootstrap import interval_of
from heard.models.complete_responses import (
    LISTWISE,
    Array,
    CompleteResponses,
    Responses,
    complete_responses,
    read_responses,
)
from heard.psychometrics.item_response.mokken import largest_parts
from heard.results import Estimate, Labelled, Result, Unavailable

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Codes = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

KINDS = ("within_scalability", "between_scalability", "between_within_ratio")
MODEL = (
    "1 - Guttman errors over those expected of unrelated answers, item steps in the "
    "order of everyone together (Snijders 2001; Koopman 2020); "
    "{}; targets taken as sampled; " + LISTWISE
)
WORDS = {
    "within_scalability": "errors within raters, each rater counts once",
    "between_scalability": "errors between two raters of a target, each pair counts "
    "once",
    "between_within_ratio": "between over within",
}
PERFECT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelScalability(Labelled):
    """Scalability within and between raters, and their ratio.

    About the scale where both items are empty, about an item where the second is.
    """

    item: str = ""
    other_item: str = ""
    within: Result
    within_standard_error: Result
    between: Result
    between_standard_error: Result
    ratio: Result
    ratio_standard_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoLevelScalability(Labelled):
    """The scale, its items and their pairs."""

    scale: LevelScalability
    items: tuple[LevelScalability, ...]
    pairs: tuple[LevelScalability, ...]


def two_level_scalability(
    responses: Responses, *, groups: pd.Series, confidence: float = 0.95
) -> TwoLevelScalability:
    """Scalability of a scale, of items and of pairs, within and between raters.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_raters, n_items)
        Keyed responses, one row a rater; NaN if unanswered.
    groups : Series, shape (n_raters,)
        The target each rater answers about, by position; who has none is left out.
    confidence : float
        Coverage the intervals aim at.

    Returns
    -------
    TwoLevelScalability
        Every coefficient with a standard error and an interval that allow for the
        raters of a target answering alike (at least 5 targets). `Unavailable` with
        fewer than two items, two targets or two raters of any target, with columns
        that are not numbers, and where an item is constant. The ratio needs an order
        within raters.

    Raises
    ------
    ValueError
        If groups and responses differ in length, or `confidence` is not between 0.5
        and 1.

    References
    ----------
    Snijders (2001), in Boomsma and others, Essays on Item Response Theory, 319-338;
    Koopman, Zijlstra & van der Ark (2020), British Journal of Mathematical and
    Statistical Psychology 73(2), 213-236.
    """
    responses = read_responses(responses)
    if len(groups) != len(responses):
        raise ValueError(
            f"groups has {len(groups)} entries for {len(responses)} raters"
        )
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence}; give one from 0.5 to below 1")
    placed = groups.notna().to_numpy()
    rows, labels = responses[placed], groups[placed]
    complete = complete_responses(rows)
    answered = rows.notna().all(axis=1).to_numpy()
    codes = labels[answered].factorize()[0].astype(np.int64)
    errors = _Errors.of(complete, codes[: len(complete.values)], confidence)
    names = complete.names
    k = len(names)
    upper = np.triu(np.ones((k, k), dtype=bool), 1)
    items, pairs = [], []
    for place, name in enumerate(names):
        own = np.zeros((k, k), dtype=bool)
        own[place] = np.arange(k) != place
        items.append(errors.level(own, item=name))
    for first, second in np.argwhere(upper):
        own = np.zeros((k, k), dtype=bool)
        own[first, second] = True
        pairs.append(errors.level(own, item=names[first], other_item=names[second]))
    return TwoLevelScalability(
        scale=errors.level(upper), items=tuple(items), pairs=tuple(pairs)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errors:
    """Guttman errors of every pair of items, and what each target adds to them.

    `sizes`, shape (n_targets,): raters of each target.
    `within`, `between`, `expected`, shape (n_items, n_items, n_targets): sums over a
      target's raters, or its ordered pairs of raters; symmetric.
    """

    complete: CompleteResponses
    gap: str
    confidence: float
    sizes: Codes
    within: Array
    between: Array
    expected: Array

    @classmethod
    def of(
        cls, complete: CompleteResponses, codes: Codes, confidence: float
    ) -> _Errors:
        """Go over all pairs once; nothing to go over where there is a gap."""
        sizes = np.bincount(codes, minlength=1)
        k, count = len(complete.names), len(sizes)
        gap = complete.gap(items=2)
        if not gap and count < 2:
            gap = f"targets {count}; at least 2 needed"
        if not gap and sizes.max() < 2:
            gap = "no target with two raters who answered every item"
        tables = [np.zeros((k, k, count)) for _ in range(3)]
        values = complete.values - complete.values.mean(axis=0) if not gap else None
        for i, j in np.argwhere(np.triu(np.ones((k, k)), 1)):
            if values is None:
                break
            sums = _pair_sums(values[:, i], values[:, j], codes, sizes)
            for table, found in zip(tables, sums, strict=True):
                table[i, j] = table[j, i] = found
        return cls(
            complete=complete,
            gap=gap,
            confidence=confidence,
            sizes=sizes,
            within=tables[0],
            between=tables[1],
            expected=tables[2],
        )

    def level(
        self, chosen: Flags, *, item: str = "", other_item: str = ""
    ) -> LevelScalability:
        """The three coefficients over the chosen pairs."""
        names = np.array(self.complete.names, dtype=object)
        involved = names[chosen.any(axis=0) | chosen.any(axis=1)]
        constant = [name for name in self.complete.constant if name in involved]
        reason = self.gap or f"no variance in {', '.join(constant)}" * bool(constant)
        found = (
            [self._absent(kind, reason) for kind in KINDS]
            if reason
            else self._coefficients(chosen)
        )
        (within, within_error), (between, between_error), (ratio, ratio_error) = found
        return LevelScalability(
            item=item,
            other_item=other_item,
            within=within,
            within_standard_error=within_error,
            between=between,
            between_standard_error=between_error,
            ratio=ratio,
            ratio_standard_error=ratio_error,
        )

    def _coefficients(self, chosen: Flags) -> list[tuple[Result, Result]]:
        raters, couples = self.sizes, self.sizes * (self.sizes - 1)
        expected, expected_derivatives = _mean(
            self.expected[chosen].sum(axis=0), raters
        )
        found = []
        for table, weight in ((self.within, raters), (self.between, couples)):
            errors, derivatives = _mean(table[chosen].sum(axis=0), weight)
            value = min(1 - errors / expected, 1.0)
            found.append(
                (
                    value,
                    (errors / expected * expected_derivatives - derivatives) / expected,
                )
            )
        (within, within_derivatives), (between, between_derivatives) = found
        reported = [
            self._with_limits(kind, *one)
            for kind, one in zip(KINDS[:2], found, strict=True)
        ]
        if within <= PERFECT:
            return [*reported, self._absent(KINDS[2], "no order within raters")]
        ratio = between / within
        derivatives = (between_derivatives - ratio * within_derivatives) / within
        return [*reported, self._with_limits(KINDS[2], ratio, derivatives)]

    def _with_limits(
        self, kind: str, value: float, derivatives: Array
    ) -> tuple[Result, Result]:
        """An estimate and its standard error, from how far each target moves it."""
        n, count = len(self.complete.values), len(derivatives)
        method = MODEL.format(WORDS[kind])
        interval = interval_of(
            value,
            derivatives * count,
            clusters=pd.Series(range(count)),
            confidence=self.confidence,
            scale="log" if kind == KINDS[0] and 1 - value > PERFECT else "plain",
        )
        low, high, words = interval.low, interval.high, interval.words
        error = interval.standard_error
        # What targets share is skewed like a variance, and its error grows with it.
        if kind != KINDS[0] and error is not None and high is not None:
            if value > error:
                factor = math.exp((high - value) / value)
                low, high = value / factor, value * factor
                words += ", on the scale log(estimate)"
            if kind == KINDS[1]:
                high = max(min(high, 1.0), value)
        estimate = Estimate.of(
            kind, value, (low, high), n=n, method=f"{method}; {words}"
        )
        error_term = f"{kind}_standard_error"
        if error is None:
            return estimate, self._absent(kind, interval.words)[1]
        return estimate, Estimate.of(
            error_term,
            error,
            n=n,
            method=f"{method}; no interval: it is itself a standard error",
        )

    def _absent(self, kind: str, reason: str) -> tuple[Unavailable, Unavailable]:
        method = MODEL.format(WORDS[kind])
        return (
            self.complete.unavailable(kind, reason, method),
            self.complete.unavailable(f"{kind}_standard_error", reason, method),
        )


def _mean(sums: Array, weight: Codes) -> tuple[float, Array]:
    """A mean over raters or pairs, and how far each target moves it."""
    total = weight.sum()
    mean = float(sums.sum() / total)
    return mean, (sums - mean * weight) / total


def _pair_sums(
    x: Array, y: Array, codes: Codes, sizes: Codes
) -> tuple[Array, Array, Array]:
    """Errors within raters, between raters, and expected, summed for each target.

    Answers x and y hold as many weighted errors as x * y falls short of what they add
    to the largest mean of x * y. Of unrelated answers x * y has the mean 0, both being
    centred: that part alone is what they are expected to hold.
    """
    count = len(sizes)

    def summed(one: Array) -> Array:
        return np.bincount(codes, one, minlength=count).astype(float)

    most, product = summed(largest_parts(x, y)), summed(x * y)
    between = (sizes - 1) * most - (summed(x) * summed(y) - product)
    return most - product, between, most
