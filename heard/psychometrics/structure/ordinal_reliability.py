"""Estimate ordinal alpha and categorical omega from polychoric correlations.

One factor by diagonally weighted least squares; a fit counts only if slope and
curvature are those of a minimum.

References
----------
Muthen, du Toit & Spisic (1997), unpublished; Wirth & Edwards (2007), Psychological
Methods 12(1), 58-79.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    Array,
    Responses,
    read_responses,
)
from heard.models.item_directions import opposed_items
from heard.models.stable_choice import upward
from heard.psychometrics.structure.ordinal_correlations import (
    Deletion,
    OrdinalItems,
    ordinal_items,
)
from heard.psychometrics.structure.polychoric import (
    BEYOND,
    PolychoricMoments,
    Ranks,
    bivariate_normal_cdf,
    bivariate_normal_density,
    normal_density,
)
from heard.results import Estimate, Labelled, Result, Results

INTERVAL = (
    "interval by the delta method on the scale of log(1 - estimate), from the sampling "
    "covariance of thresholds and correlations (estimating equations, expected "
    "information), t, degrees of freedom n less an item's categories"
)
# An interval reaching farther on the logarithm's scale says nothing.
LARGEST_REACH = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlphaWithout(Labelled):
    """Ordinal alpha of all items but one."""

    item: str
    ordinal_alpha_if_dropped: Result


def ordinal_alpha(
    responses: Responses,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> Result:
    """Estimate alpha from polychoric correlations.

    It is the reliability of the sum of the normal variables behind the answers, not of
    the sum of the answers: for that see `cronbach_alpha` and `omega_categorical`.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows.
    missing : {"pairwise", "listwise"}
        Whether a pair is based on all who answered both, or on who answered every item.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, below 1; negative when items disagree.
    Unavailable
        Fewer than 2 items, fewer than 3 participants, a constant item, a pair whose
        table does not bound its correlation, or items that cancel.

    References
    ----------
    Zumbo, Gadermann & Zeisser (2007), J. Modern Applied Statistical Methods 6, 21-29.
    """
    responses = read_responses(responses)
    found = ordinal_items(responses, categories, missing)
    items = np.arange(len(found.names))
    return _alpha(found, items, "ordinal_alpha", confidence)


def ordinal_alpha_if_dropped(
    responses: Responses,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> Results[AlphaWithout]:
    """Estimate ordinal alpha without each item in turn.

    Parameters and absence are those of `ordinal_alpha`, with at least 3 items; the
    participants stay those of all items.
    """
    responses = read_responses(responses)
    found = ordinal_items(responses, categories, missing, items=3)
    every = np.arange(len(found.names))
    return Results(
        AlphaWithout(
            item=name,
            ordinal_alpha_if_dropped=_alpha(
                found,
                np.delete(every, place),
                "ordinal_alpha_if_dropped",
                confidence,
            ),
        )
        for place, name in enumerate(found.names)
    )


def _alpha(found: OrdinalItems, kept: Ranks, term: str, confidence: float) -> Result:
    k = len(kept)
    method = (
        f"alpha of {k} items from polychoric correlations: k/(k-1) (1 - k / sum of the "
        f"correlation matrix); {percent(confidence)} {INTERVAL}; {found.basis}"
    )
    reason = found.fault or found.pair_fault
    if reason or found.moments is None:
        return found.unavailable(term, reason, method)
    moments = found.moments
    within = np.isin(moments.pairs, kept).all(axis=1)
    total = k + 2 * float(moments.rho[within].sum())
    if total <= 1e-9 * k:
        return found.unavailable(term, "the items cancel: no variance is left", method)
    alpha = k / (k - 1) * (1 - k / total)
    slope = np.where(within, 2 * k**2 / (k - 1) / total**2, 0.0)
    error = standard_error(
        moments.interval_covariance()[-len(slope) :, -len(slope) :], slope
    )
    method += _opposed(found, kept)
    estimate = Estimate(term=term, estimate=alpha, n=found.n, method=method)
    return with_interval(estimate, error, confidence, spent=max(found.counts))


def _opposed(found: OrdinalItems, kept: Ranks) -> str:
    """A warning where items run against the others, empty if none does."""
    assert found.moments is not None, "asked of an estimate only"
    correlations = found.moments.correlations[np.ix_(kept, kept)]
    words = opposed_items(correlations, [found.names[i] for i in kept], found.n)
    return f"; caution: {words}" * bool(words)


def standard_error(covariance: Array, slope: Array) -> float:
    """The delta method's: covariance of what is moved, slope of what moves."""
    return float(np.sqrt(max(0.0, float(slope @ covariance @ slope))))


def with_interval(
    estimate: Estimate, error: float, confidence: float, *, spent: int
) -> Estimate:
    """Limits around a reliability, below 1, by its standard error.

    By t, and the variance over n - `spent` in place of n: every answer is compared with
    thresholds that come from the same answers, as many as the longest item has
    categories less one, and a correlation. With 100 people normal limits are too close.
    """
    left, n = 1 - estimate.estimate, estimate.n or 0
    if n <= spent:
        words = f"; no interval: more than {spent} participants needed"
        return replace(estimate, method=estimate.method + words)
    error *= (n / (n - spent)) ** 0.5
    reach = float(special.stdtrit(n - spent, (1 + confidence) / 2)) * error / left
    if reach > LARGEST_REACH:
        words = "; no interval: the standard error has no bound"
        return replace(estimate, method=estimate.method + words)
    low, high = 1 - left * np.exp([reach, -reach])
    return replace(estimate, conf_low=float(low), conf_high=float(high))


CONVERGED = 1e-9
MAXIMUM_STEPS = 200
HALVINGS = 30
FLAT = 1e-9
# Relative rise of the misfit that may be rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOrdinalFactor:
    """Standardised loadings, and how they move with each correlation.

    `loadings`, shape (n_items,).
    `by_correlation`, shape (n_items, n_pairs): derivatives of the loadings, weights
      held.
    `fault`: why this is no solution; empty if it is one.
    """

    loadings: Array
    by_correlation: Array
    fault: str


def fit_one_ordinal_factor(
    moments: PolychoricMoments, names: tuple[str, ...]
) -> OneOrdinalFactor:
    """Find the loadings whose products come nearest the correlations."""
    matrix, k = moments.correlations, len(names)
    weights = np.zeros((k, k))
    first, second = moments.pairs.T
    weights[first, second] = weights[second, first] = 1 / moments.errors**2
    weights /= weights.max()
    loadings = _minimised(matrix, weights)
    curvature = _curvature(loadings, matrix, weights)
    slopes = np.zeros((k, len(first)))
    each = np.arange(len(first))
    slopes[first, each] = weights[first, second] * loadings[second]
    slopes[second, each] = weights[first, second] * loadings[first]
    fault = _fault(loadings, matrix, weights, names)
    return OneOrdinalFactor(
        loadings=loadings,
        by_correlation=np.asarray(
            slopes if fault else np.linalg.solve(curvature, slopes)
        ),
        fault=fault,
    )


def _minimised(matrix: Array, weights: Array) -> Array:
    """Newton's steps, halved where they would not lead down."""
    values, vectors = np.linalg.eigh(matrix)
    loadings = np.clip(vectors[:, -1] * np.sqrt(values[-1]), -0.95, 0.95)
    loadings = loadings * upward(loadings[:, None])
    for _ in range(MAXIMUM_STEPS):
        slope = _one_ordinal_factor_slope(loadings, matrix, weights)
        if np.abs(slope).max() < CONVERGED / 100:
            break
        values, vectors = np.linalg.eigh(_curvature(loadings, matrix, weights))
        step = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-6))
        before = _misfit(loadings, matrix, weights)
        for halving in range(HALVINGS):
            onward = loadings + step / 2**halving
            if _misfit(onward, matrix, weights) <= before * (1 + ROUNDING):
                loadings = onward
                break
        else:
            break
    return np.asarray(loadings)


def _left(loadings: Array, matrix: Array) -> Array:
    return np.asarray(matrix - np.outer(loadings, loadings))


def _misfit(loadings: Array, matrix: Array, weights: Array) -> float:
    return float((weights * _left(loadings, matrix) ** 2).sum() / 4)


def _one_ordinal_factor_slope(loadings: Array, matrix: Array, weights: Array) -> Array:
    return np.asarray(-(weights * _left(loadings, matrix)) @ loadings)


def _curvature(loadings: Array, matrix: Array, weights: Array) -> Array:
    products = np.outer(loadings, loadings)
    return np.asarray(
        weights * (2 * products - matrix) + np.diag(weights @ loadings**2)
    )


def _fault(
    loadings: Array, matrix: Array, weights: Array, names: tuple[str, ...]
) -> str:
    over = np.abs(loadings) >= 1
    if over.any():
        whose = ", ".join(name for name, yes in zip(names, over, strict=True) if yes)
        return f"Heywood case: residual variance at or below zero for {whose}"
    if np.abs(_one_ordinal_factor_slope(loadings, matrix, weights)).max() > CONVERGED:
        return "the least squares of one factor did not reach a minimum"
    if np.linalg.eigvalsh(_curvature(loadings, matrix, weights))[0] < FLAT:
        return "the data do not identify one factor: the misfit is flat"
    return ""


def omega_categorical(
    responses: Responses,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> Result:
    """Estimate the reliability of the sum of ordinal answers from one factor.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows. The sum counts each by its number.
    missing : {"pairwise", "listwise"}
        Whether a pair is based on all who answered both, or on who answered every item.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, below 1.
    Unavailable
        Fewer than 3 items, fewer than 3 participants, a constant item, a pair whose
        table does not bound its correlation, a loading at or beyond 1 (Heywood), or no
        minimum.

    References
    ----------
    Green & Yang (2009), Psychometrika 74(1), 155-167, equation 21.
    """
    responses = read_responses(responses)
    found = ordinal_items(responses, categories, missing, items=3)
    term, k = "omega_categorical", len(found.names)
    method = (
        f"categorical omega of {k} items: variance of the sum of answers due to one "
        "factor / variance of that sum by the observed polychoric correlations, normal "
        "variables cut at the thresholds; loadings by diagonally weighted least squares"
        f"; {percent(confidence)} {INTERVAL}; {found.basis}"
    )
    reason = found.fault or found.pair_fault
    if reason or found.moments is None:
        return found.unavailable(term, reason, method)
    factor = fit_one_ordinal_factor(found.moments, found.names)
    if factor.fault:
        return found.unavailable(term, factor.fault, method)
    common = _SumVariance.of(found, np.outer(factor.loadings, factor.loadings))
    whole = _SumVariance.of(found, found.moments.correlations)
    if whole.value <= 0:
        return found.unavailable(term, "the sum of the answers does not vary", method)
    omega = common.value / whole.value
    if omega >= 1:
        reason = "the factor explains more than the sum's variance: one factor misfits"
        return found.unavailable(term, reason, method)
    slope = _slope(found, common, whole, factor.loadings, factor.by_correlation)
    error = standard_error(found.moments.interval_covariance(), slope)
    method += _opposed(found, np.arange(k))
    estimate = Estimate(term=term, estimate=omega, n=found.n, method=method)
    return with_interval(estimate, error, confidence, spent=max(found.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _SumVariance:
    """The variance of a sum of answers, of normal variables cut at thresholds.

    `by_threshold`, shape (n_items, n_thresholds): derivatives; 0 where an item has
      fewer thresholds.
    `by_correlation`, shape (n_items, n_items): derivatives, each correlation once for
      each of its two places.
    """

    value: float
    by_threshold: Array
    by_correlation: Array

    @classmethod
    def of(cls, found: OrdinalItems, correlations: Array) -> _SumVariance:
        """Sum the covariances of all steps between neighbouring answers."""
        cuts, steps = _padded(found)
        one, other = cuts[:, None, :, None], cuts[None, :, None, :]
        same = (correlations >= 1)[:, :, None, None]
        r = np.where(same, 0.0, correlations[:, :, None, None])
        weight = steps[:, None, :, None] * steps[None, :, None, :]
        below, supplementary = special.ndtr(one), special.ndtr(other)
        both = np.where(
            same,
            special.ndtr(np.minimum(one, other)),
            bivariate_normal_cdf(one, other, r),
        )
        given = np.where(
            same,
            np.where(one == other, 0.5, one < other),
            special.ndtr((other - r * one) / np.sqrt(1 - r**2)),
        )
        gain = 2 * normal_density(one) * (given - supplementary)
        density = np.where(same, 0.0, bivariate_normal_density(one, other, r))
        return cls(
            value=float((weight * (both - below * supplementary)).sum()),
            by_threshold=np.asarray((weight * gain).sum(axis=(1, 3))),
            by_correlation=np.asarray((weight * density).sum(axis=(2, 3))),
        )


def _padded(found: OrdinalItems) -> tuple[Array, Array]:
    """Thresholds and the steps of the answers over them, shape (n_items, most)."""
    assert found.moments is not None, "asked only where there are moments"
    most = max(found.counts) - 1
    cuts = np.full((len(found.names), most), BEYOND)
    steps = np.zeros_like(cuts)
    for place, own in enumerate(found.moments.thresholds):
        cuts[place, : len(own)] = own
        steps[place, : len(own)] = np.diff(found.answers[place])
    return cuts, steps


def _slope(
    found: OrdinalItems,
    common: _SumVariance,
    whole: _SumVariance,
    loadings: Array,
    by_correlation: Array,
) -> Array:
    """How omega moves with every threshold, then with every correlation."""
    assert found.moments is not None, "asked only where there are moments"
    omega = common.value / whole.value
    by_cut = (common.by_threshold - omega * whole.by_threshold) / whole.value
    real = [by_cut[i, : count - 1] for i, count in enumerate(found.counts)]
    by_loading = 2 * common.by_correlation @ loadings
    first, second = found.moments.pairs.T
    threshold_part = (
        by_loading @ by_correlation - 2 * omega * whole.by_correlation[first, second]
    )
    return np.concatenate([*real, threshold_part / whole.value])
