"""Estimate inter-item correlations and the reliability of two items."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import REPLICATES, Draws, percent, replicated_correlations
from heard.models.complete_responses import (
    LISTWISE,
    PERFECT,
    Array,
    CompleteResponses,
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.skewed_scores import NORMAL
from heard.psychometrics.consistency.alpha import (
    Choice,
    Wanted,
    cautioned,
    cautions,
    check_choice,
    limits_of,
    with_limits,
)
from heard.psychometrics.consistency.sample import Missing, sample_for
from heard.results import Estimate, Result

Interval: TypeAlias = Choice | Literal["none"]
KNOWN = ("none", "adf", "bootstrap", "percentile", "cluster")
TERM = "mean_inter_item_correlation"


def mean_inter_item_correlation(
    responses: Responses,
    *,
    interval: Interval | None = None,
    clusters: pd.Series | None = None,
    missing: Missing = "listwise",
    replicates: int = REPLICATES,
    seed: str = TERM,
    confidence: float = 0.95,
) -> Result:
    """Average the correlations of all pairs of items.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    interval : {"none", "adf", "bootstrap", "percentile", "cluster"}, optional
        As for `cronbach_alpha`, on Fisher's z. Unless chosen: cluster where `clusters`
        is given, none otherwise.
    clusters, missing, replicates, seed, confidence
        As for `cronbach_alpha`. With gaps the correlations are made from covariances.

    Returns
    -------
    Estimate
        Unitless, -1 to 1. With two items it is their correlation.
    Unavailable
        Fewer than 2 items, fewer than 3 complete participants, or a constant item.
    """
    found = _averaged(
        responses,
        interval=interval,
        clusters=clusters,
        missing=missing,
        draws=(replicates, seed),
        confidence=confidence,
    )
    complete = complete_responses(read_responses(responses))
    return cautioned(found, cautions(complete, NORMAL))


def _averaged(
    responses: Responses,
    *,
    interval: Interval | None = None,
    clusters: pd.Series | None,
    missing: Missing = "listwise",
    draws: tuple[int, str] = (REPLICATES, TERM),
    confidence: float,
    what: str = "",
) -> Result:
    """The mean correlation; `what` it is called where two items have only one."""
    responses = read_responses(responses)
    check_choice(
        interval,
        known=KNOWN,
        clusters=clusters,
        missing=missing,
        people=len(responses),
    )
    chosen = interval or ("none" if clusters is None else "cluster")
    if (chosen, missing) == ("none", "listwise"):
        return _plain(responses)
    k, sample = responses.shape[1], sample_for(responses, missing)
    pairs = k * (k - 1) // 2
    what = what or f"mean Pearson correlation over the {pairs} pairs of {k} items"
    method = f"{what}; {sample.words}"
    flat = 0 if sample.fault else int(np.sum(np.diag(sample.covariance) <= 0))
    if reason := sample.fault or f"{flat} of {k} items constant" * bool(flat):
        return sample.unavailable(TERM, reason, method)
    sample = sample.standardised()
    away = (1 - np.eye(k)) / (k * (k - 1))
    mean = float(np.sum(away * sample.covariance))
    if chosen == "none" or 1 - abs(mean) < PERFECT:
        why = "" if chosen == "none" else ": the items agree perfectly"
        method += f"; no interval{why}"
        mean = float(np.clip(mean, -1, 1))
        return Estimate(term=TERM, estimate=mean, n=sample.n, method=method)

    def drawn(drawing: Draws) -> Array:
        return mean_replicates(complete_responses(responses).values, drawing)

    wanted = Wanted(
        interval=chosen,
        clusters=clusters,
        draws=draws,
        confidence=confidence,
    )
    limits = limits_of(mean, away, sample, wanted, drawn, scale="fisher")
    return with_limits(TERM, mean, sample.n, method, limits)


def mean_replicates(values: Array, draws: Draws, *, block: int = 0) -> Array:
    """The mean correlation in every replicate; NaN where an item does not vary."""
    k = values.shape[1]

    def mean(matrices: Array) -> Array:
        return np.asarray((matrices.sum(axis=(1, 2)) - k) / (k * (k - 1)))

    return replicated_correlations(values, draws, mean, block=block)


def _plain(responses: pd.DataFrame) -> Result:
    complete = complete_responses(responses)
    n, k = complete.values.shape
    method = (
        f"mean Pearson correlation over the {k * (k - 1) // 2} pairs of {k} items; no "
        f"interval; {LISTWISE}"
    )
    if reason := complete.gap(items=2) or complete.constant_fault:
        return complete.unavailable(TERM, reason, method)
    pairs = correlations(complete)[np.triu_indices(k, 1)]
    return Estimate(term=TERM, estimate=float(pairs.mean()), n=n, method=method)


def pearson_correlation(
    first: pd.Series,
    second: pd.Series,
    *,
    clusters: pd.Series | None = None,
    confidence: float = 0.95,
) -> Result:
    """Correlate two scores, allowing for clusters of participants.

    Parameters
    ----------
    first, second : Series, shape (n_participants,)
        Scores by position; NaN if there is none.
    clusters : Series, shape (n_participants,), optional
        Cluster of each participant; the interval then comes from influences summed
        within clusters, by t on Fisher's z, and needs 5 clusters.

    Returns
    -------
    Estimate or Unavailable
        As for `mean_inter_item_correlation` of two items.
    """
    both = first.reset_index(drop=True).rename("first").to_frame()
    both = both.assign(second=second.reset_index(drop=True))
    term = "pearson_correlation"
    if clusters is not None:
        found = _averaged(
            both, clusters=clusters, confidence=confidence, what="Pearson's r"
        )
        return dataclasses.replace(found, term=term)
    complete = complete_responses(both)
    method = f"Pearson's r; {percent(confidence)} interval by Fisher's z; {LISTWISE}"
    if reason := complete.gap(items=2) or complete.constant_fault:
        return complete.unavailable(term, reason, method)
    columns = complete.values.T
    return pearson(*columns, term=term, method=method, confidence=confidence)


def spearman_brown(
    responses: Responses,
    *,
    clusters: pd.Series | None = None,
    confidence: float = 0.95,
) -> Result:
    """Estimate the reliability of the sum of two items, 2r / (1 + r).

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, 2)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    clusters : Series, shape (n_participants,), optional
        Cluster of each participant, by position, whose answers depend on each other.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1; negative when the items disagree.
    Unavailable
        Not exactly 2 items, fewer than 3 complete participants, a constant item, or a
        correlation of -1.

    References
    ----------
    Eisinga, te Grotenhuis & Pelzer (2013), Int. J. Public Health 58(4), 637-642.
    """
    responses = read_responses(responses)
    term, complete = "spearman_brown", complete_responses(responses)
    method = (
        f"Spearman-Brown 2r / (1 + r) of 2 items; {percent(confidence)} interval by "
        f"Fisher's z of r; {LISTWISE}"
    )
    if len(complete.names) != 2 and not complete.fault:
        reason = f"{len(complete.names)} items; exactly 2 needed"
        return complete.unavailable(term, reason, method)
    if reason := complete.gap(items=2) or complete.constant_fault:
        return complete.unavailable(term, reason, method)
    pair = pearson(*complete.values.T, term=term, method=method, confidence=confidence)
    if clusters is not None:
        pair = _within(responses, clusters, term, confidence)
    if pair.estimate == -1:
        return complete.unavailable(term, "the two items disagree perfectly", method)
    return dataclasses.replace(
        pair,
        estimate=_stepped_up(pair.estimate),
        conf_low=None if pair.conf_low is None else _stepped_up(pair.conf_low),
        conf_high=None if pair.conf_high is None else _stepped_up(pair.conf_high),
    )


def _within(
    responses: pd.DataFrame, clusters: pd.Series, term: str, confidence: float
) -> Estimate:
    """The correlation of two items that vary, its limits allowing for clusters."""
    what = "Spearman-Brown 2r / (1 + r) of 2 items"
    found = _averaged(responses, clusters=clusters, confidence=confidence, what=what)
    assert isinstance(found, Estimate), "the caller has seen that both items vary"
    return dataclasses.replace(found, term=term)


def _stepped_up(correlation: float) -> float:
    return 2 * correlation / (1 + correlation)


def pearson(
    first: Array, second: Array, *, term: str, method: str, confidence: float
) -> Estimate:
    """Pearson correlation of two columns that vary, with Fisher's z interval."""
    n = len(first)
    found = stats.pearsonr(first - first.mean(), second - second.mean())
    r = float(found.statistic)
    perfect = 1 - abs(r) < PERFECT
    if perfect or n < 4:
        why = "the correlation is perfect" if perfect else f"n = {n}, under 4"
        exact = float(np.sign(r)) if perfect else r
        return Estimate.of(term, exact, n=n, method=f"{method}; no interval: {why}")
    limits = found.confidence_interval(confidence)
    return Estimate.of(term, r, (limits.low, limits.high), n=n, method=method)


def correlations(complete: CompleteResponses) -> Array:
    """Of the items, among complete participants."""
    return np.asarray(np.corrcoef(complete.values, rowvar=False), dtype=np.float64)
