"""Parameters into the means and covariances a model implies, and how these move.

The implied covariance of a block is T P T' + R with T = L (I - B)^-1: loadings L,
regressions B among factors, covariance P of the factors' residuals, R of the items'.
Each free cell moves it by u v' + v u', a matrix of rank two; so slopes and information
are products of thin matrices, and no matrix of all moments is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.confirmatory.specification import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.specification import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """The matrices of one block, real or complex as the parameters are."""

    loadings: Any
    regressions: Any
    factor_covariance: Any
    residual_covariance: Any
    intercepts: Any
    factor_means: Any

    @property
    def through(self) -> Any:
        """Effect of the factors' residuals on the items, shape (n_items, n_factors)."""
        return self.loadings @ self.resolved

    @property
    def resolved(self) -> Any:
        """(I - B)^-1."""
        unit = np.eye(len(self.regressions))
        if not self.regressions.any():
            return unit
        return np.linalg.inv(unit - self.regressions)

    @property
    def total_factor_covariance(self) -> Any:
        """Covariance of the factors themselves."""
        return self.resolved @ self.factor_covariance @ self.resolved.T

    @property
    def covariance(self) -> Any:
        """Implied covariance of the items."""
        through = self.through
        return through @ self.factor_covariance @ through.T + self.residual_covariance

    @property
    def mean(self) -> Any:
        """Implied means of the items."""
        return self.intercepts + self.through @ self.factor_means


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentDerivatives:
    """How covariance (u v' + v u') and mean (d) move with each free cell.

    Each of `u`, `v`, `d` has shape (n_cells, n_items).
    """

    u: Any
    v: Any
    d: Any


def matrices(model: Model, parameters: Any, block: int) -> Matrices:
    """Put the parameters into the matrices of one block."""
    p, m = len(model.items), len(model.factors)
    shapes: dict[Kind, tuple[int, ...]] = {
        Kind.LOADING: (p, m),
        Kind.REGRESSION: (m, m),
        Kind.FACTOR_COVARIANCE: (m, m),
        Kind.RESIDUAL_COVARIANCE: (p, p),
        Kind.INTERCEPT: (p, 1),
        Kind.FACTOR_MEAN: (m, 1),
    }
    filled = {kind: np.zeros(shapes[kind], dtype=parameters.dtype) for kind in shapes}
    for kind, rows, columns, values, places in model.filling[block]:
        if kind in shapes:
            entries = np.where(places < 0, values, parameters[places])
            filled[kind][rows, columns] = entries
            if kind in {Kind.FACTOR_COVARIANCE, Kind.RESIDUAL_COVARIANCE}:
                filled[kind][columns, rows] = entries
    return Matrices(
        loadings=filled[Kind.LOADING],
        regressions=filled[Kind.REGRESSION],
        factor_covariance=filled[Kind.FACTOR_COVARIANCE],
        residual_covariance=filled[Kind.RESIDUAL_COVARIANCE],
        intercepts=filled[Kind.INTERCEPT][:, 0],
        factor_means=filled[Kind.FACTOR_MEAN][:, 0],
    )


def moment_derivatives(model: Model, filled: Matrices, block: int) -> MomentDerivatives:
    """How the moments of one block move with each of its free cells."""
    size, p = len(model.free_by_block[block]), len(model.items)
    unit = np.eye(p)
    resolved, through = filled.resolved, filled.through
    carried = filled.total_factor_covariance @ filled.loadings.T
    level = resolved @ filled.factor_means
    u, v, d = (np.zeros((size, p), dtype=through.dtype) for _ in range(3))
    for kind, at, rows, columns in model.free_kinds[block]:
        half = np.where(rows == columns, 0.5, 1.0)[:, None]
        if kind == Kind.LOADING:
            u[at], v[at] = unit[rows], carried[columns]
            d[at] = unit[rows] * level[columns, None]
        elif kind == Kind.REGRESSION:
            u[at], v[at] = through.T[rows], carried[columns]
            d[at] = through.T[rows] * level[columns, None]
        elif kind == Kind.FACTOR_COVARIANCE:
            u[at], v[at] = through.T[rows], through.T[columns] * half
        elif kind == Kind.RESIDUAL_COVARIANCE:
            u[at], v[at] = unit[rows], unit[columns] * half
        elif kind == Kind.INTERCEPT:
            d[at] = unit[rows]
        elif kind == Kind.FACTOR_MEAN:
            d[at] = through.T[rows]
    return MomentDerivatives(u=u, v=v, d=d)


def saturated_derivatives(items: int, *, means: bool) -> MomentDerivatives:
    """The moves of a model in which every mean, variance and covariance is free."""
    rows, columns = np.tril_indices(items)
    unit = np.eye(items)
    u = unit[rows]
    v = unit[columns] * np.where(rows == columns, 0.5, 1.0)[:, None]
    d = np.zeros_like(u)
    if means:
        nothing = np.zeros((items, items))
        u, v = np.vstack([nothing, u]), np.vstack([nothing, v])
        d = np.vstack([unit, d])
    return MomentDerivatives(u=u, v=v, d=d)


def independent_derivatives(items: int, *, means: bool) -> MomentDerivatives:
    """The moves of a model in which items are independent."""
    unit = np.eye(items)
    nothing = np.zeros((items, items))
    u, v, d = unit, unit / 2, nothing
    if means:
        u, v = np.vstack([nothing, u]), np.vstack([nothing, v])
        d = np.vstack([unit, d])
    return MomentDerivatives(u=u, v=v, d=d)


TINY = 1e-30


def slopes(function: Callable[[Any], Any], parameters: Array) -> Array:
    """Derivatives of a function of the parameters, exact to rounding.

    By the complex step: nothing is subtracted, so nothing cancels. The function must
    hold to arithmetic that complex numbers know (no absolute value, no comparison).

    Returns
    -------
    ndarray, shape (n_values, n_parameters)
    """
    columns = []
    for place in range(len(parameters)):
        stepped = parameters.astype(complex)
        stepped[place] += TINY * 1j
        columns.append(np.imag(np.atleast_1d(function(stepped))) / TINY)
    return np.stack(columns, axis=-1)
