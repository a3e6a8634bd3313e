"""Ordinal responses into the reliability of their sum, from one ordinal factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate
from analysis.reliability.influence import percent
from analysis.reliability.structure.bivariate_normal import (
    BEYOND,
    bivariate_normal_cdf,
    bivariate_normal_density,
    normal_density,
)
from analysis.reliability.structure.one_ordinal_factor import fit_one_ordinal_factor
from analysis.reliability.structure.ordinal import ordinal_items
from analysis.reliability.structure.ordinal_alpha import (
    INTERVAL,
    standard_error,
    with_interval,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.foundation.results import Result
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.ordinal import Deletion, OrdinalItems


def omega_categorical(
    responses: pd.DataFrame,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> Result:
    """Estimate the reliability of the sum of ordinal answers from one factor.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows. The sum counts each by its number.
    missing : {"pairwise", "listwise"}
        Whether a pair rests on all who answered both, or on who answered every item.
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
    estimate = Estimate(term=term, estimate=omega, n=found.n, method=method)
    return with_interval(estimate, error, confidence, spent=max(found.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _SumVariance:
    """The variance of a sum of answers, of normal variables cut at thresholds.

    Attributes
    ----------
    value : float
    by_threshold : ndarray, shape (n_items, n_thresholds)
        Derivatives; 0 where an item has fewer thresholds.
    by_correlation : ndarray, shape (n_items, n_items)
        Derivatives, each correlation once for each of its two places.
    """

    value: float
    by_threshold: Array
    by_correlation: Array

    @classmethod
    def of(cls, found: OrdinalItems, correlations: Array) -> _SumVariance:
        """Sum the covariances of all steps between neighbouring answers."""
        from scipy import special  # noqa: PLC0415 - heavy, and only needed here

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
