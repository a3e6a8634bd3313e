"""Parameters into the thresholds and correlations of answers in ordered categories.

Behind every answer stands an unseen number; thresholds cut it into categories. Its mean
and covariance are implied as in any factor model; its scale (1 over its standard
deviation) is 1 in the first group and free elsewhere once thresholds are held equal.
What a model leaves of an item's variance is therefore no parameter: it is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.confirmatory.moments import (
    Matrices,
    matrices,
    moment_derivatives,
)
from analysis.reliability.confirmatory.specification import Kind

if TYPE_CHECKING:
    from analysis.reliability.confirmatory.specification import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """The matrices of one block, with the thresholds and scales of its items.

    `thresholds` has one row an item; past its last threshold a row holds zeros.
    """

    filled: Matrices
    thresholds: Any
    scales: Any


def latent(model: Model, parameters: Any, block: int, most: int) -> Latent:
    """Put the parameters into the matrices of one block of ordinal items.

    Parameters
    ----------
    most : int
        The largest number of thresholds of any item.
    """
    filled = matrices(model, parameters, block)
    items = len(model.items)
    thresholds = np.zeros((items, most), dtype=parameters.dtype)
    scales = np.ones(items, dtype=parameters.dtype)
    for kind, rows, columns, values, places in model.filling[block]:
        entries = np.where(places < 0, values, parameters[places])
        if kind == Kind.THRESHOLD:
            thresholds[rows, columns] = entries
        elif kind == Kind.SCALE:
            scales[rows] = entries
    common = filled.through @ filled.factor_covariance @ filled.through.T
    rest = filled.residual_covariance.copy()
    diagonal = np.arange(items)
    rest[diagonal, diagonal] = 1 / scales**2 - np.diagonal(common)
    return Latent(
        filled=Matrices(
            loadings=filled.loadings,
            regressions=filled.regressions,
            factor_covariance=filled.factor_covariance,
            residual_covariance=rest,
            intercepts=filled.intercepts,
            factor_means=filled.factor_means,
        ),
        thresholds=thresholds,
        scales=scales,
    )


def implied(found: Latent, cuts: tuple[int, ...]) -> Any:
    """Thresholds item by item, then correlations in the order of `pairs`."""
    mean, covariance = found.filled.mean, found.filled.covariance
    level = found.scales[:, None] * (found.thresholds - mean[:, None])
    correlation = covariance * np.outer(found.scales, found.scales)
    rows, columns = np.triu_indices(len(mean), 1)
    has_threshold = np.arange(level.shape[1]) < np.array(cuts)[:, None]
    return np.concatenate([level[has_threshold], correlation[rows, columns]])


def implied_slopes(
    model: Model, found: Latent, block: int, cuts: tuple[int, ...]
) -> Any:
    """How they move with each free cell, shape (n_moments, n_cells)."""
    cells = model.free_by_block[block]
    derivatives = moment_derivatives(model, found.filled, block)
    scales = found.scales
    mean, covariance = found.filled.mean, found.filled.covariance
    rows, columns = np.triu_indices(len(scales), 1)
    has_threshold = np.arange(found.thresholds.shape[1]) < np.array(cuts)[:, None]
    owner, rank = np.nonzero(has_threshold)
    by_level = -scales[owner] * derivatives.d[:, owner]
    by_pair = derivatives.u[:, rows] * derivatives.v[:, columns]
    by_pair = by_pair + derivatives.v[:, rows] * derivatives.u[:, columns]
    by_pair = by_pair * (scales[rows] * scales[columns])
    for place, cell in enumerate(cells):
        if cell.kind == Kind.THRESHOLD:
            by_level[place] = scales[owner] * (
                (owner == cell.row) & (rank == cell.column)
            )
        elif cell.kind == Kind.SCALE:
            own = owner == cell.row
            by_level[place] = own * (found.thresholds[owner, rank] - mean[owner])
            touched = (rows == cell.row) * scales[columns]
            touched = touched + (columns == cell.row) * scales[rows]
            by_pair[place] = covariance[rows, columns] * touched
    return np.concatenate([by_level, by_pair], axis=1).T
