"""Responses into heterotrait-monotrait ratios: whether two factors are two things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.likelihood import (
    inverted,
    observed_information,
    scores,
)
from analysis.reliability.confirmatory.moments import saturated_derivatives

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.sample import Block


def covariance_errors(block: Block) -> Array:
    """Sampling covariance of the saturated variances and covariances, robust."""
    items = len(block.mean)
    derivatives = saturated_derivatives(items, means=True)
    own = scores(block, block.mean, block.covariance, derivatives)
    bread = inverted(
        observed_information(block, block.mean, block.covariance, derivatives)
    )
    return np.asarray((bread @ (own.T @ own) @ bread)[items:, items:])


def heterotrait_ratio(
    covariance: Array, errors: Array, first: Sequence[int], second: Sequence[int]
) -> tuple[float, float]:
    """Ratio and standard error for two sets of items.

    Parameters
    ----------
    covariance : ndarray, shape (n_items, n_items)
    errors : ndarray, shape (n_moments, n_moments)
        Sampling covariance of its lower triangle, row by row.
    """
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    across, one, two = (
        _pair_weights(len(spread), left, right)
        for left, right in ((first, second), (first, first), (second, second))
    )
    size = np.abs(correlation)
    means = [float(np.sum(weights * size)) for weights in (across, one, two)]
    ratio = means[0] / np.sqrt(means[1] * means[2])
    pull = across / means[0] - one / (2 * means[1]) - two / (2 * means[2])
    # By each correlation, then by what correlations are made of.
    by_pair = ratio * np.sign(correlation) * pull
    slopes = by_pair / np.outer(spread, spread)
    diagonal_part = (by_pair + by_pair.T) * correlation
    np.fill_diagonal(slopes, -diagonal_part.sum(axis=1) / (2 * spread**2))
    steepness = slopes[np.tril_indices(len(spread))]
    variance = float(steepness @ errors @ steepness)
    return float(ratio), float(np.sqrt(max(variance, 0.0)))


def _pair_weights(items: int, first: Sequence[int], second: Sequence[int]) -> Array:
    """Weights, below the diagonal, that average over the pairs of two sets of items."""
    weights = np.zeros((items, items))
    for left in first:
        for right in second:
            if left != right:
                weights[max(left, right), min(left, right)] = 1
    return np.asarray(weights / weights.sum())


def comparable_sets(
    factors: Mapping[str, Sequence[str]], first: str, second: str
) -> bool:
    """Whether two factors have two items or more each, and share none."""
    one, two = set(factors[first]), set(factors[second])
    return len(one) > 1 and len(two) > 1 and not one & two
