"""Describe each item of a subscale: mean, shares, item-rest correlation.

Mean and shares are of those who answered the item; statistics that need other items are
of those who answered all. All items are computed at once from exact sums if each has a
result; otherwise one by one, with reasons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from heard.models.complete_responses import (
    LISTWISE,
    NO_VARIANCE,
    PERFECT,
    Array,
    CompleteResponses,
    Responses,
    column_fault,
    complete_responses,
    read_responses,
)
from heard.models.skewed_scores import Shape
from heard.psychometrics.consistency.alpha import (
    alpha_of,
    alpha_of_skewed,
    feldt_limits,
    feldt_method,
    shape_of,
)
from heard.psychometrics.consistency.inter_item import pearson
from heard.psychometrics.consistency.item_sums import ItemSums, item_sums
from heard.results import Estimate, Labelled, Result, Results, Unavailable

Row = dict[str, Estimate]


def wilson(counts: Array, n: Array) -> tuple[Array, Array]:
    """95 % limits of shares, by Wilson's score."""
    z = float(special.ndtri(0.975))
    share = counts / n
    below = 2 * (n + z**2)
    centre = (2 * n * share + z**2) / below
    reach = z / below * np.sqrt(4 * n * share * (1 - share) + z**2)
    low = np.where(counts == 0, 0.0, centre - reach)
    high = np.where(counts == n, 1.0, centre + reach)
    return low, high


def rows_of(sums: ItemSums, words: dict[str, str]) -> list[Row] | None:
    """The statistics of every item by name, or None where one has a reason to lack.

    `words`: term → `method`, as item by item.
    """
    k, n, own = len(sums.names), sums.n, sums.answered
    if k < 3 or n < 4 or own.outside or (own.scatter <= 0).any():
        return None
    scatter = sums.scatter.astype(float)
    with_rest = (sums.with_total - sums.scatter).astype(float)
    rest = (sums.total - 2 * sums.with_total + sums.scatter).astype(float)
    others = float(sums.scatter.sum()) - scatter
    if (scatter <= 0).any() or (rest <= NO_VARIANCE * others).any():
        return None
    if sums.shape.skewed:
        return None
    correlation = with_rest / np.sqrt(scatter * rest)
    alpha = (k - 1) / (k - 2) * (1 - others / rest)
    if (1 - np.abs(correlation) < PERFECT).any() or (1 - alpha < PERFECT).any():
        return None
    n_complete = np.full(k, float(n))
    columns: dict[str, tuple[Array | None, ...]] = {
        **_of_answers(sums),
        "item_rest_correlation": (correlation, *_fisher(correlation, n), n_complete),
        "cronbach_alpha_if_dropped": (
            alpha,
            *feldt_limits(alpha, n=n, items=k - 1, confidence=0.95),
            n_complete,
        ),
    }
    words = {
        **words,
        "item_rest_correlation": (
            f"Pearson correlation with the sum of the other {k - 1} items; 95 % "
            f"interval by Fisher's z; {LISTWISE}"
        ),
        "cronbach_alpha_if_dropped": feldt_method(k - 1, 0.95, 0),
    }
    return [
        {
            term: Estimate.of(
                term,
                _at(numbers[0], place),
                (_limit(numbers[1], place), _limit(numbers[2], place)),
                n=int(_at(numbers[3], place)),
                method=words[term],
            )
            for term, numbers in columns.items()
        }
        for place in range(k)
    ]


def _at(numbers: Array | None, place: int) -> float:
    assert numbers is not None, "only limits may be absent"
    return float(numbers[place])


def _limit(limits: Array | None, place: int) -> float | None:
    return None if limits is None else float(limits[place])


def _fisher(correlation: Array, n: int) -> tuple[Array, Array]:
    centre, reach = (
        np.arctanh(correlation),
        float(special.ndtri(0.975)) / (n - 3) ** 0.5,
    )
    return np.tanh(centre - reach), np.tanh(centre + reach)


def _of_answers(sums: ItemSums) -> dict[str, tuple[Array | None, ...]]:
    """What is based on anyone who answered an item: estimate, limits, n."""
    own = sums.answered
    n = own.n.astype(float)
    mean = own.sums.astype(float) / n
    sd = np.sqrt(own.scatter.astype(float) / n / (n - 1))
    reach = special.stdtrit(n - 1, 0.975) * sd / np.sqrt(n)
    asked = np.full(len(n), float(sums.asked))
    found: dict[str, tuple[Array | None, ...]] = {
        "mean": (mean, mean - reach, mean + reach, n),
        "standard_deviation": (sd, None, None, n),
    }
    counts = {
        "share_missing": (asked - n, asked),
        "share_lowest": (own.lowest.astype(float), n),
        "share_highest": (own.highest.astype(float), n),
    }
    for term, (count, of) in counts.items():
        found[term] = (count / of, *wilson(count, of), of)
    return found


ANSWERED = "participants who did not answer the item left out"
MEAN = f"mean; 95 % t interval, n - 1; {ANSWERED}"
SPREAD = f"standard deviation, divisor n - 1; no interval; {ANSWERED}"
MISSING = "share of all participants who did not answer; 95 % Wilson interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatistics(Labelled):
    """One item: its answers, and its relation to the rest of its subscale."""

    item: str
    mean: Result
    standard_deviation: Result
    share_missing: Result
    share_lowest: Result
    share_highest: Result
    item_rest_correlation: Result
    cronbach_alpha_if_dropped: Result


def item_statistics(
    responses: Responses, *, lowest: float, highest: float
) -> Results[ItemStatistics]:
    """Describe every item of a subscale.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    lowest, highest : float
        Ends of the response scale, from the codebook and never from the data.

    Returns
    -------
    tuple of ItemStatistics
        One a column, in the order of the columns; each statistic is an `Estimate`, or
        `Unavailable` with the reason: no answers, no variance, too few participants or
        items, answers outside the scale, or a column that is not numbers.
    """
    responses = read_responses(responses)
    if found := _in_one_pass(responses, (lowest, highest)):
        return Results(found)
    complete = complete_responses(responses)
    shape = shape_of(complete)
    return Results(
        _one_item(responses, complete, place, ends=(lowest, highest), shape=shape)
        for place in range(responses.shape[1])
    )


def _in_one_pass(
    responses: pd.DataFrame, ends: tuple[float, float]
) -> tuple[ItemStatistics, ...]:
    """The same of many answers; empty where items have to be looked at one by one."""
    sums = item_sums(responses, ends=ends)
    words = {
        "mean": MEAN,
        "standard_deviation": SPREAD,
        "share_missing": MISSING,
        "share_lowest": _at_end(ends[0]),
        "share_highest": _at_end(ends[1]),
    }
    rows = None if sums is None else rows_of(sums, words)
    if sums is None or rows is None:
        return ()
    named = zip(sums.names, rows, strict=True)
    return tuple(ItemStatistics(item=name, **row) for name, row in named)


def _at_end(end: float) -> str:
    return f"share of the answers that equal {end:g}; 95 % Wilson interval; {ANSWERED}"


def _one_item(
    responses: pd.DataFrame,
    complete: CompleteResponses,
    place: int,
    *,
    ends: tuple[float, float],
    shape: Shape,
) -> ItemStatistics:
    column = Column.of(responses, place)
    return ItemStatistics(
        item=complete.names[place],
        mean=_mean(column),
        standard_deviation=_standard_deviation(column),
        share_missing=_share_missing(column),
        share_lowest=_share_at("share_lowest", column, ends, end=ends[0]),
        share_highest=_share_at("share_highest", column, ends, end=ends[1]),
        item_rest_correlation=_item_rest_correlation(complete, place),
        cronbach_alpha_if_dropped=_alpha_if_dropped(complete, place, shape),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The answers to one item, and the number of participants asked."""

    answers: Array
    asked: int
    fault: str

    @classmethod
    def of(cls, responses: pd.DataFrame, place: int) -> Column:
        """Read one column; no answers where it does not hold numbers."""
        if fault := column_fault(responses, place):
            return cls(answers=np.empty(0), asked=len(responses), fault=fault)
        values = responses.iloc[:, place].to_numpy(dtype=float, na_value=np.nan)
        answers = values[~np.isnan(values)]
        return cls(answers=answers, asked=len(values), fault="")

    @property
    def is_constant(self) -> bool:
        """Whether all answers are one and the same."""
        return bool((self.answers == self.answers[:1]).all())

    def gap(self, needed: int = 1) -> str:
        """What the answers lack; empty if they suffice."""
        if self.fault or len(self.answers) >= needed:
            return self.fault
        return f"number of answers {len(self.answers)}; at least {needed} needed"

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        n = None if self.fault else len(self.answers)
        return Unavailable(term=term, reason=reason, n=n, method=method)


def _mean(column: Column) -> Result:
    n, method = len(column.answers), MEAN
    if reason := column.gap():
        return column.unavailable("mean", reason, method)
    if column.is_constant:
        method += "; no interval: " + ("one answer" if n == 1 else "all answers equal")
        only = float(column.answers[0])
        return Estimate(term="mean", estimate=only, n=n, method=method)
    mean = float(column.answers.mean())
    standard_error = float(column.answers.std(ddof=1)) / n**0.5
    reach = float(special.stdtrit(n - 1, 0.975)) * standard_error
    return Estimate.of("mean", mean, (mean - reach, mean + reach), n=n, method=method)


def _standard_deviation(column: Column) -> Result:
    method = SPREAD
    if reason := column.gap(needed=2):
        return column.unavailable("standard_deviation", reason, method)
    sd = 0.0 if column.is_constant else float(column.answers.std(ddof=1))
    return Estimate.of("standard_deviation", sd, n=len(column.answers), method=method)


def _share_missing(column: Column) -> Result:
    method = MISSING
    if column.fault or not column.asked:
        reason = column.fault or "number of participants 0; at least 1 needed"
        return column.unavailable("share_missing", reason, method)
    missing = column.asked - len(column.answers)
    return share_of("share_missing", missing, column.asked, method)


def _share_at(
    term: str, column: Column, ends: tuple[float, float], *, end: float
) -> Result:
    method = _at_end(end)
    outside = int(np.sum((column.answers < min(ends)) | (column.answers > max(ends))))
    reason = f"{outside} answers outside {ends[0]:g} to {ends[1]:g}" * bool(outside)
    if reason := column.gap() or reason:
        return column.unavailable(term, reason, method)
    return share_of(
        term, int(np.sum(column.answers == end)), len(column.answers), method
    )


def share_of(term: str, count: int, n: int, method: str) -> Estimate:
    """A share with Wilson's 95 % interval; `n` is above 0."""
    low, high = wilson(np.array(count), np.array(n))
    return Estimate.of(term, count / n, (low, high), n=n, method=method)


def _item_rest_correlation(complete: CompleteResponses, place: int) -> Result:
    term, k = "item_rest_correlation", len(complete.names)
    method = (
        f"Pearson correlation with the sum of the other {k - 1} items; 95 % interval "
        f"by Fisher's z; {LISTWISE}"
    )
    if reason := complete.gap(items=2):
        return complete.unavailable(term, reason, method)
    own = complete.values[:, place]
    others = np.delete(complete.values, place, axis=1)
    if reason := _flat(own, others):
        return complete.unavailable(term, reason, method)
    return pearson(own, others.sum(axis=1), term=term, method=method, confidence=0.95)


def _flat(own: Array, others: Array) -> str:
    if (own == own[0]).all():
        return "the item is constant"
    centred = others - others.mean(axis=0)
    if np.sum(centred.sum(axis=1) ** 2) <= NO_VARIANCE * np.sum(centred**2):
        return "the sum of the other items is constant"
    return ""


def _alpha_if_dropped(complete: CompleteResponses, place: int, shape: Shape) -> Result:
    """Alpha of the rest, its interval by the shape of the sums of all items."""
    term = "cronbach_alpha_if_dropped"
    if reason := complete.gap(items=3):
        return complete.unavailable(term, reason, f"Cronbach's alpha; {LISTWISE}")
    kept = complete.without(complete.names[place])
    if shape.skewed:
        return alpha_of_skewed(kept, term, 0.95, shape)
    return alpha_of(kept, term, 0.95)
