"""Ratings of targets by the same raters into the six intraclass correlations.

All six are functions of the mean squares of targets, raters and error; so are their
limits. With gaps the variance components by REML take the place of mean squares.
Oracles: R package psych, tests/oracles/values/icc_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.reliability.agreement.mean_squares import (
    MeanSquares,
    root_of_mean_squares,
)
from analysis.reliability.agreement.ratings import RatingsTable, ratings_table
from analysis.reliability.agreement.with_gaps import Sources, of_all_ratings
from analysis.reliability.consistency import PERFECT
from analysis.reliability.influence import percent

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.complete import Array

SINGLE = ("icc_1", "icc_a1", "icc_c1")
AVERAGE = ("icc_1k", "icc_ak", "icc_ck")
MODELS = {
    "icc_1": "one-way random: other raters for every target",
    "icc_a1": "two-way random, absolute agreement",
    "icc_c1": "two-way, consistency: differences in level between raters do not count",
}
WIDTH = 1.96
"""As the literature rounds it: a change beyond WIDTH √2 errors is larger than error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntraclassCorrelations(Composite):
    """Agreement between raters, of one rating and of the mean of all, and its error."""

    icc_1: Result
    icc_a1: Result
    icc_c1: Result
    icc_1k: Result
    icc_ak: Result
    icc_ck: Result
    standard_error_of_measurement_agreement: Result
    standard_error_of_measurement_consistency: Result
    smallest_detectable_change_agreement: Result
    smallest_detectable_change_consistency: Result


def intraclass_correlations(
    ratings: pd.DataFrame,
    *,
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    missing: Literal["fiml", "listwise"] = "fiml",
    confidence: float = 0.95,
) -> IntraclassCorrelations:
    """Estimate how well raters agree about the targets they rated.

    Which one: would other raters be met next time? ``icc_a1`` (or ``icc_1``, if every
    target has its own). Are these the only raters, and only the order matters?
    ``icc_c1``. Is the mean of all raters what is used? the same with ``k``.

    Parameters
    ----------
    ratings : DataFrame, one row a rating
        For raters nested in targets see `analysis.reliability.nested_reliability`.
    target, rater, score : str
        Its columns.
    missing : {"fiml", "listwise"}
        Where targets lack ratings: use all there are, through variance components by
        REML, or leave those targets out. Complete ratings give mean squares either way.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    IntraclassCorrelations
        Unitless, at most 1, and negative when targets differ less than chance would
        have it; errors and changes in points. `Unavailable` with fewer than 2 raters,
        fewer than 3 targets, gaps that leave nothing to tell targets from error, or no
        variance; no interval where all agree.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86(2), 420-428.
    McGraw & Wong (1996), Psychological Methods 1(1), 30-46, with its correction.
    Graybill & Wang (1980), J. American Statistical Association 75(372), 869-873.
    """
    if missing not in {"fiml", "listwise"}:
        raise ValueError(f"missing is {missing!r}; give 'fiml' or 'listwise'")
    table = ratings_table(ratings, target=target, rater=rater, score=score)
    percents = f"{percent(confidence)} interval by F, McGraw and Wong"
    gaps = int(np.isnan(table.values).sum())
    if gaps and missing == "fiml":
        n, k = table.values.shape
        how = (
            f"variance components by REML from all {n * k - gaps} ratings, {gaps} "
            f"missing; {percents}, effective numbers of ratings; {n} targets, {k} "
            "raters"
        )
        sources = of_all_ratings(table.values)
    else:
        how, sources = _of_complete(table, percents)
    if isinstance(sources, str):
        absent = {
            term: table.unavailable(term, sources, how)
            for term in IntraclassCorrelations.__dataclass_fields__
        }
        return IntraclassCorrelations(**absent)
    return _six_of(sources, how + sources.boundary, confidence)


def _of_complete(table: RatingsTable, percents: str) -> tuple[str, Sources | str]:
    """In words what was used, and its mean squares or why there are none."""
    values = table.complete
    missing = len(table.values) - len(values)
    deleted = f"; {missing} targets without a rating by every rater left out"
    n, k = values.shape
    how = f"{percents}; {n} targets, {k} raters{deleted * bool(missing)}"
    if reason := table.fault or _gap(values, table.values.shape[1]):
        return how, reason
    squares = MeanSquares.of(values)
    return how, Sources(planned=squares, seen=squares, n=n, k=k)


def _gap(values: Array, raters: int) -> str:
    n = len(values)
    if raters < 2:
        return f"number of raters {raters}; at least 2 needed"
    if n < 3:
        return f"targets rated by all {raters} raters {n}; at least 3 needed"
    return "all ratings are equal" if np.ptp(values) == 0 else ""


def _six_of(sources: Sources, how: str, confidence: float) -> IntraclassCorrelations:
    found: dict[str, Result] = {}
    for term, average in zip(SINGLE, AVERAGE, strict=True):
        one = _single(sources, term, how, confidence)
        found[term] = one
        found[average] = _average(sources, one, average, f"{MODELS[term]}; {how}")
    return IntraclassCorrelations(**found, **_errors(sources, how, confidence))


def _single(sources: Sources, term: str, how: str, confidence: float) -> Result:
    method = f"intraclass correlation of one rating; {MODELS[term]}; {how}"
    estimate = sources.planned.single(term)
    if not np.isfinite(estimate):
        reason = "neither the targets nor the error vary: raters differ in level only"
        return Unavailable(term=term, reason=reason, n=sources.n, method=method)
    reason = _no_interval(sources.seen, term)
    if reason:
        method += f"; no interval: {reason}"
        return Estimate(term=term, estimate=estimate, n=sources.n, method=method)
    low, high = sources.seen.limits(term, confidence)
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=min(low, estimate),
        conf_high=max(high, estimate),
        n=sources.n,
        method=method,
    )


def _no_interval(squares: MeanSquares, term: str) -> str:
    """Why the F ratio has no distribution to speak of; empty if it has."""
    noise = squares.within if term == "icc_1" else squares.error
    if noise <= PERFECT * max(squares.targets, squares.raters):
        return "no error is left between the raters"
    if squares.targets <= PERFECT * noise:
        return "the targets' means do not differ"
    return ""


def _average(sources: Sources, one: Result, term: str, how: str) -> Result:
    """Spearman-Brown of the single one; its limits are stepped up alike."""
    squares, k = sources.planned, sources.k
    method = f"intraclass correlation of the mean of {k} ratings; {how}"
    if isinstance(one, Unavailable) or squares.targets <= PERFECT * squares.within:
        reason = "the targets' means do not differ, so their mean has no reliability"
        return Unavailable(term=term, reason=reason, n=sources.n, method=method)
    if 1 + (k - 1) * one.estimate <= PERFECT:
        reason = (
            "the correlation of one rating is below what ratings to be averaged have"
        )
        return Unavailable(term=term, reason=reason, n=sources.n, method=method)
    estimate = k * one.estimate / (1 + (k - 1) * one.estimate)
    why = "no error is left between the raters" if one.conf_low is None else ""
    if one.conf_low is not None and 1 + (k - 1) * one.conf_low <= PERFECT:
        why = "the lower limit of one rating is beyond what a mean can have"
    if why or one.conf_low is None or one.conf_high is None:
        method += f"; no interval: {why}"
        return Estimate(term=term, estimate=estimate, n=sources.n, method=method)
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=k * one.conf_low / (1 + (k - 1) * one.conf_low),
        conf_high=k * one.conf_high / (1 + (k - 1) * one.conf_high),
        n=sources.n,
        method=method,
    )


def _errors(sources: Sources, how: str, confidence: float) -> dict[str, Result]:
    """Error of one rating and the change that exceeds it, with their intervals."""
    squares = sources.seen
    n = squares.n
    error = (squares.error, squares.error_freedom)
    raters = (squares.raters, squares.raters_freedom)
    # raters + error, unless the raters' component is below zero and taken as none
    both = [(1 / n, *raters), ((n - 1) / n, *error)]
    parts = {
        "agreement": both if squares.raters > squares.error else [(1.0, *error)],
        "consistency": [(1.0, *error)],
    }
    found: dict[str, Result] = {}
    for kind, squares_of_kind in parts.items():
        for name, factor in (
            ("standard_error_of_measurement", 1.0),
            ("smallest_detectable_change", WIDTH * 2**0.5),
        ):
            term = f"{name}_{kind}"
            method = f"{_error_words(name, kind)}; {how}"
            found[term] = root_of_mean_squares(
                squares_of_kind,
                factor,
                term=term,
                method=method,
                n=sources.n,
                level=confidence,
            )
    return found


def _error_words(name: str, kind: str) -> str:
    source = "raters + error" if kind == "agreement" else "error"
    if name == "smallest_detectable_change":
        return f"1.96 √2 times the root of the variance of {source}, one person"
    return f"root of the variance of {source}, in points; Graybill and Wang's interval"
