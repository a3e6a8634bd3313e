"""Polychoric correlations into one factor, by diagonally weighted least squares.

Each correlation counts by the inverse of its sampling variance. A fit counts only if
its slope and its curvature say that it is a minimum.

References
----------
Muthen, du Toit & Spisic (1997), unpublished; Wirth & Edwards (2007), Psychological
Methods 12(1), 58-79.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.polychoric import PolychoricMoments

CONVERGED = 1e-9
MAXIMUM_STEPS = 200
HALVINGS = 30
FLAT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOrdinalFactor:
    """Standardised loadings, and how they move with each correlation.

    Attributes
    ----------
    loadings : ndarray, shape (n_items,)
    by_correlation : ndarray, shape (n_items, n_pairs)
        Derivatives of the loadings, weights held.
    fault : str
        Why this is no solution; empty if it is one.
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
    loadings = loadings if loadings.sum() >= 0 else -loadings
    for _ in range(MAXIMUM_STEPS):
        slope = _slope(loadings, matrix, weights)
        if np.abs(slope).max() < CONVERGED / 100:
            break
        values, vectors = np.linalg.eigh(_curvature(loadings, matrix, weights))
        step = -vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-6))
        before = _misfit(loadings, matrix, weights)
        for halving in range(HALVINGS):
            onward = loadings + step / 2**halving
            if _misfit(onward, matrix, weights) <= before:
                loadings = onward
                break
        else:
            break
    return np.asarray(loadings)


def _left(loadings: Array, matrix: Array) -> Array:
    return np.asarray(matrix - np.outer(loadings, loadings))


def _misfit(loadings: Array, matrix: Array, weights: Array) -> float:
    return float((weights * _left(loadings, matrix) ** 2).sum() / 4)


def _slope(loadings: Array, matrix: Array, weights: Array) -> Array:
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
    if np.abs(_slope(loadings, matrix, weights)).max() > CONVERGED:
        return "the least squares of one factor did not reach a minimum"
    if np.linalg.eigvalsh(_curvature(loadings, matrix, weights))[0] < FLAT:
        return "the data do not identify one factor: the misfit is flat"
    return ""
