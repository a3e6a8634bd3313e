"""A correlation matrix into one common factor, by maximum likelihood.

A fit counts only if its slope and its curvature say that it is a maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Unavailable

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

FLAT = 1e-8
# Residual variance, as a share of its item's variance: at the floor is Heywood's case.
RESIDUAL_FLOOR = 1e-6
# The largest scaled slope at which the likelihood counts as maximised.
CONVERGED = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class OneFactor:
    """Loadings and residual variances of items with variance 1 under one factor."""

    loadings: Array
    residuals: Array

    def omega(self, spread: Array) -> float:
        """Omega total of the items multiplied by their standard deviations."""
        common = (spread @ self.loadings) ** 2
        return float(common / (common + spread**2 @ self.residuals))

    def omega_standard_error(self, spread: Array, n: int) -> float:
        """Delta-method standard error of omega total from expected information."""
        shared, unique = spread @ self.loadings, spread**2 @ self.residuals
        slope = np.concatenate([2 * shared * unique * spread, -(shared**2) * spread**2])
        slope /= (shared**2 + unique) ** 2
        return float(np.sqrt(slope @ np.linalg.solve(n * self.information(), slope)))

    def times(self, spread: Array) -> OneFactor:
        """The same factor of items multiplied by their standard deviations."""
        return OneFactor(
            loadings=spread * self.loadings, residuals=spread**2 * self.residuals
        )

    @property
    def implied(self) -> Array:
        """The covariances the factor implies."""
        return np.outer(self.loadings, self.loadings) + np.diag(self.residuals)

    def omega_derivative(self, covariance: Array, *, expected: bool) -> Array:
        """Of omega total by the covariances it was fitted to."""
        k, common = len(self.loadings), self.loadings.sum() ** 2
        whole = common + self.residuals.sum()
        slope = np.full(2 * k, -common / whole**2)
        slope[:k] = 2 * self.loadings.sum() * self.residuals.sum() / whole**2
        return self.derivative(slope, covariance, expected=expected)

    def derivative(self, slope: Array, covariance: Array, *, expected: bool) -> Array:
        """Of anything by the covariances, from its slope in the parameters.

        By the implicit function theorem: at the optimum the discrepancy's slope stays
        zero. With `expected` curvature as if the model were true.
        """
        k, inverse = len(self.loadings), self._precision
        curvature = 2 * self.information() if expected else self.hessian(covariance)
        weights = np.linalg.solve(curvature, slope)
        through = np.outer(weights[:k], self.loadings)
        variation = through + through.T + np.diag(weights[k:])
        return np.asarray(inverse @ variation @ inverse)

    def gradient(self, correlation: Array) -> Array:
        """Slope of the discrepancy in the loadings, then in the residual variances."""
        excess = self._precision - self._precision @ correlation @ self._precision
        return np.concatenate([2 * excess @ self.loadings, np.diag(excess)])

    def information(self) -> Array:
        """Expected information of one participant about all parameters."""
        jacobian = self._jacobian @ self._precision
        return np.asarray(np.einsum("aij,bji->ab", jacobian, jacobian) / 2)

    def hessian(self, correlation: Array) -> Array:
        """Curvature of the discrepancy in all parameters."""
        k, jacobian, inverse = len(self.loadings), self._jacobian, self._precision
        observed = inverse @ correlation @ inverse
        curvature = 2 * np.einsum(
            "aij,bji->ab", jacobian @ inverse, jacobian @ observed
        )
        curvature -= 2 * self.information()
        curvature[:k, :k] += 2 * (inverse - observed)
        return np.asarray(curvature)

    @property
    def _precision(self) -> Array:
        return np.asarray(np.linalg.inv(self.implied), dtype=np.float64)

    @property
    def _jacobian(self) -> Array:
        """How the implied matrix moves with each parameter, shape (2k, k, k)."""
        unit = np.eye(len(self.loadings))
        half = unit[:, :, None] * self.loadings
        by_loading = half + half.transpose(0, 2, 1)
        return np.concatenate([by_loading, unit[:, :, None] * unit[:, None, :]])


def fit_one_factor(
    correlation: Array, names: tuple[str, ...]
) -> OneFactor | Unavailable:
    """Fit one factor by maximum likelihood, or say why there is no solution."""
    from scipy import optimize  # noqa: PLC0415 - heavy, and only needed here

    k = len(correlation)
    start = (1 - 0.5 / k) / np.diag(np.linalg.inv(correlation))
    found = optimize.minimize(
        _discrepancy,
        np.clip(start, RESIDUAL_FLOOR, 1.0),
        args=(correlation,),
        jac=_slope,
        method="L-BFGS-B",
        bounds=[(RESIDUAL_FLOOR, 1.0)] * k,
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000},
    )
    factor = OneFactor(loadings=_loadings(found.x, correlation), residuals=found.x)
    if reason := _unsound(factor, correlation, names):
        return Unavailable(term="one_factor", reason=reason)
    return factor


def _unsound(factor: OneFactor, correlation: Array, names: tuple[str, ...]) -> str:
    """Why a fitted factor is no solution; empty if it is one."""
    at_floor = factor.residuals <= 2 * RESIDUAL_FLOOR
    if at_floor.any():
        whose = ", ".join(np.array(names, dtype=object)[at_floor])
        return f"Heywood case: residual variance at or below zero for {whose}"
    scale = np.concatenate([np.ones(len(names)), factor.residuals])
    if np.abs(factor.gradient(correlation) * scale).max() > CONVERGED:
        return "the likelihood of one factor did not reach a maximum"
    for curvature in (factor.hessian(correlation), factor.information()):
        if np.linalg.eigvalsh(curvature)[0] < FLAT:
            return "the data do not identify one factor: the likelihood is flat"
    return ""


def _discrepancy(residuals: Array, correlation: Array) -> float:
    """Maximum-likelihood discrepancy at the best loadings for these residuals."""
    root = np.sqrt(residuals)
    others = np.linalg.eigvalsh(correlation / np.outer(root, root))[:-1]
    return float(np.sum(others - np.log(others) - 1))


def _slope(residuals: Array, correlation: Array) -> Array:
    loadings = _loadings(residuals, correlation)
    factor = OneFactor(loadings=loadings, residuals=residuals)
    return factor.gradient(correlation)[len(residuals) :]


def _loadings(residuals: Array, correlation: Array) -> Array:
    """The best loadings for given residual variances: Joreskog's closed form."""
    root = np.sqrt(residuals)
    values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
    return np.asarray(root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0)))
