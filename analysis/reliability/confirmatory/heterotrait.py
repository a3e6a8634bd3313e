"""Responses into heterotrait-monotrait ratios: whether two factors are two things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.confirmatory.likelihood import observed_information, scores
from analysis.reliability.confirmatory.moments import saturated_moves, slopes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.sample import Block


def covariance_errors(block: Block) -> Array:
    """Sampling covariance of the saturated variances and covariances, robust."""
    items = len(block.mean)
    moved = saturated_moves(items, means=True)
    own = scores(block, block.mean, block.covariance, moved)
    bread = np.linalg.inv(
        observed_information(block, block.mean, block.covariance, moved)
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
    rows, columns = np.tril_indices(len(covariance))

    def ratio(moments: Any) -> Any:
        full = np.zeros(covariance.shape, dtype=moments.dtype)
        full[rows, columns] = moments
        full[columns, rows] = moments
        spread = np.sqrt(np.diagonal(full))
        correlation = full / np.outer(spread, spread)
        size = np.where(correlation.real < 0, -correlation, correlation)
        across = size[np.ix_(first, second)].mean()
        return across / np.sqrt(_inside(size, first) * _inside(size, second))

    moments = covariance[rows, columns]
    steepness = slopes(ratio, moments)[0]
    return float(ratio(moments).real), float(np.sqrt(steepness @ errors @ steepness))


def _inside(size: Any, items: Sequence[int]) -> Any:
    """Mean correlation of a set's different items."""
    rows, columns = np.triu_indices(len(items), 1)
    return size[np.ix_(items, items)][rows, columns].mean()


def comparable_sets(
    factors: Mapping[str, Sequence[str]], first: str, second: str
) -> bool:
    """Whether two factors have two items or more each, and share none."""
    one, two = set(factors[first]), set(factors[second])
    return len(one) > 1 and len(two) > 1 and not one & two
