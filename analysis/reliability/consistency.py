"""Internal consistency of a subscale: keyed responses in, coefficients out.

Every coefficient takes keyed responses, deletes participants with any item unanswered,
and reports the ``n`` that remained. Oracles: R packages psych and lavaan, see
tests/oracles/README.md; formulas and choices: docs/explanation/statistics.md.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Unavailable
from analysis.reliability.complete import (
    LISTWISE,
    Array,
    CompleteResponses,
    complete_responses,
)
from analysis.reliability.influence import percent
from analysis.reliability.one_factor import fit_one_factor

if TYPE_CHECKING:
    import pandas as pd

    from analysis.foundation.results import Result

# Relative sizes under which a double no longer tells a number from zero.
NO_VARIANCE = 1e-12
PERFECT = 1e-9
SINGULAR = 1e-10


def cronbach_alpha(responses: pd.DataFrame, *, confidence: float = 0.95) -> Result:
    """Estimate Cronbach's alpha with Feldt's interval.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1; negative when items disagree. A constant item counts among
        the items, with variance 0, and `method` says so.
    Unavailable
        Fewer than 2 items, fewer than 3 complete participants, no variance, or columns
        that are not numbers.

    References
    ----------
    Cronbach (1951), Psychometrika 16(3), 297-334.
    Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), 93-103.
    """
    complete = complete_responses(responses)
    return alpha_of(complete, term="cronbach_alpha", confidence=confidence)


def alpha_of(complete: CompleteResponses, *, term: str, confidence: float) -> Result:
    """Alpha of responses already reduced to the complete participants."""
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    n, k = complete.values.shape
    method = (
        f"Cronbach's alpha of {k} items: k/(k-1) (1 - sum of item variances / "
        f"observed variance of the sum), divisor n - 1; {percent(confidence)} Feldt "
        f"interval, F(n - 1, (n - 1)(k - 1)); {LISTWISE}{_constants_counted(complete)}"
    )
    if reason := complete.gap(items=2) or _without_variance(complete):
        return complete.unavailable(term, reason, method)
    centred = complete.values - complete.values.mean(axis=0)
    alpha = k / (k - 1) * (1 - np.sum(centred**2) / np.sum(centred.sum(axis=1) ** 2))
    if 1 - alpha < PERFECT:
        method += "; no interval: the items agree perfectly"
        return Estimate(term=term, estimate=1.0, n=n, method=method)
    tails = [(1 + confidence) / 2, (1 - confidence) / 2]
    limits = 1 - (1 - alpha) * stats.f.ppf(tails, n - 1, (n - 1) * (k - 1))
    return Estimate(
        term=term,
        estimate=float(alpha),
        conf_low=float(limits[0]),
        conf_high=float(limits[1]),
        n=n,
        method=method,
    )


def omega_total(responses: pd.DataFrame, *, confidence: float = 0.95) -> Result:
    """Estimate McDonald's omega total from one factor, with a delta-method interval.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, from 0 to 1. The limits are Wald's and may pass 0 or 1: nothing is
        truncated.
    Unavailable
        Fewer than 3 items, no more complete participants than items, a constant item,
        linearly dependent items, a residual variance at or below zero (Heywood), or a
        model the data do not identify.

    References
    ----------
    McDonald (1999), Test Theory: A Unified Treatment.
    Joreskog (1967), Psychometrika 32(4), 443-482.
    """
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    term, complete = "omega_total", complete_responses(responses)
    n, k = complete.values.shape
    method = (
        f"omega total of {k} items: one factor by maximum likelihood, squared sum of "
        "loadings / model-implied variance of the sum, covariances with divisor n; "
        f"{percent(confidence)} Wald interval, delta method, expected information, not "
        f"truncated; {LISTWISE}"
    )
    if reason := complete.gap(items=3, participants=k + 1) or _not_factorable(complete):
        return complete.unavailable(term, reason, method)
    fit = fit_one_factor(_correlations(complete), complete.names)
    if isinstance(fit, Unavailable):
        return complete.unavailable(term, fit.reason, method)
    omega = fit.omega(complete.values.std(axis=0))
    error = fit.omega_standard_error(complete.values.std(axis=0), n)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return Estimate(
        term=term,
        estimate=omega,
        conf_low=omega - reach,
        conf_high=omega + reach,
        n=n,
        method=method,
    )


def mean_inter_item_correlation(responses: pd.DataFrame) -> Result:
    """Average the correlations of all pairs of items.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.

    Returns
    -------
    Estimate
        Unitless, -1 to 1, without an interval.
    Unavailable
        Fewer than 2 items, fewer than 3 complete participants, or a constant item.
    """
    term, complete = "mean_inter_item_correlation", complete_responses(responses)
    n, k = complete.values.shape
    method = (
        f"mean Pearson correlation over the {k * (k - 1) // 2} pairs of {k} items; no "
        f"interval; {LISTWISE}"
    )
    if reason := complete.gap(items=2) or complete.constant_fault:
        return complete.unavailable(term, reason, method)
    pairs = _correlations(complete)[np.triu_indices(k, 1)]
    return Estimate(term=term, estimate=float(pairs.mean()), n=n, method=method)


def spearman_brown(responses: pd.DataFrame, *, confidence: float = 0.95) -> Result:
    """Estimate the reliability of the sum of two items, 2r / (1 + r).

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, 2)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
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
    if pair.estimate == -1:
        return complete.unavailable(term, "the two items disagree perfectly", method)
    return dataclasses.replace(
        pair,
        estimate=_stepped_up(pair.estimate),
        conf_low=None if pair.conf_low is None else _stepped_up(pair.conf_low),
        conf_high=None if pair.conf_high is None else _stepped_up(pair.conf_high),
    )


def _stepped_up(correlation: float) -> float:
    return 2 * correlation / (1 + correlation)


def pearson(
    first: Array, second: Array, *, term: str, method: str, confidence: float
) -> Estimate:
    """Pearson correlation of two columns that vary, with Fisher's z interval."""
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    n = len(first)
    found = stats.pearsonr(first - first.mean(), second - second.mean())
    r = float(found.statistic)
    perfect = 1 - abs(r) < PERFECT
    if perfect or n < 4:
        why = "the correlation is perfect" if perfect else f"n = {n}, under 4"
        exact = float(np.sign(r)) if perfect else r
        return Estimate(
            term=term, estimate=exact, n=n, method=f"{method}; no interval: {why}"
        )
    limits = found.confidence_interval(confidence)
    return Estimate(
        term=term,
        estimate=r,
        conf_low=float(limits.low),
        conf_high=float(limits.high),
        n=n,
        method=method,
    )


def _correlations(complete: CompleteResponses) -> Array:
    return np.asarray(np.corrcoef(complete.values, rowvar=False), dtype=np.float64)


def _constants_counted(complete: CompleteResponses) -> str:
    found = len(complete.constant)
    return f"; constant items counted: {found}" * bool(found)


def _without_variance(complete: CompleteResponses) -> str:
    if len(complete.constant) == len(complete.names):
        return "no item varies among the participants left"
    centred = complete.values - complete.values.mean(axis=0)
    if np.sum(centred.sum(axis=1) ** 2) <= NO_VARIANCE * np.sum(centred**2):
        return "the items cancel: their sum does not vary"
    return ""


def _not_factorable(complete: CompleteResponses) -> str:
    if complete.constant:
        return complete.constant_fault
    if np.linalg.eigvalsh(_correlations(complete))[0] < SINGULAR:
        return "linearly dependent items: some are perfectly predicted by the others"
    return ""
