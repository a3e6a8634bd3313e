"""Fit one common factor by maximum likelihood, to one or many matrices.

A fit counts only if slope and curvature are those of a maximum. Replicates start from
the solution of the matrix they come from; parameters stand in rows: loadings, then
residual variances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from heard.models.complete_responses import Array
from heard.models.stable_choice import upward
from heard.results import Unavailable

FLAT = 1e-8
# Residual variance, as a share of its item's variance: at the floor is Heywood's case.
RESIDUAL_FLOOR = 1e-6
# The largest scaled slope at which the likelihood counts as maximised.
CONVERGED = 1e-6
# Newton steps after the search; each doubles the digits that are right.
LAST_STEPS = 2


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
    return _followed(factor, correlation)


def _followed(factor: OneFactor, correlation: Array) -> OneFactor:
    """The minimum itself, its factor turned upwards, from where a search ended.

    Where that is depends on last digits, and so on the processor.
    """
    k = len(correlation)
    place = np.concatenate([factor.loadings, factor.residuals])
    for _ in range(LAST_STEPS):
        at = OneFactor(loadings=place[:k], residuals=place[k:])
        place = place - np.linalg.solve(
            at.hessian(correlation), at.gradient(correlation)
        )
    turn = upward(place[:k, None])
    return OneFactor(loadings=place[:k] * turn, residuals=place[k:])


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


MAXIMUM_STEPS = 60
SCORED = 2
"""First steps, by expected curvature: far from the maximum the true one misleads."""
HALVINGS = 12


def fit_replicates(matrices: Array, start: OneFactor) -> tuple[Array, Array]:
    """Fit one factor to many matrices like the one `start` was fitted to.

    Fisher scoring, then Newton's steps; each matrix leaves when its slope is flat.

    `matrices`, shape (n, k, k): in the units of `start`.
    Returns shape (n, k): NaN where no maximum was found. A residual variance below zero
      (Heywood) is kept: left out, replicates would spread less than they do.
    """
    n, k = matrices.shape[:2]
    answers = np.full((n, 2 * k), np.nan)
    at = np.tile(np.concatenate([start.loadings, start.residuals]), (n, 1))
    left = np.flatnonzero(np.isfinite(discrepancy(at, matrices)))
    at = at[left]
    for n_steps in range(MAXIMUM_STEPS):
        # One that runs away overflows in the end, and is then one without a value.
        with np.errstate(over="ignore", invalid="ignore"):
            slope, step = _steps(at, matrices[left], newton=n_steps >= SCORED)
        size = np.abs(slope)
        size[:, k:] *= np.abs(at[:, k:])
        done = size.max(axis=1) < CONVERGED
        # one more step where the slope is flat doubles the digits
        answers[left[done]] = (at - step)[done]
        left, at, step = left[~done], at[~done], step[~done]
        if not len(left):
            break
        at = _lower(at, step, matrices[left])
    answers[~np.isfinite(discrepancy(answers, matrices))] = np.nan
    return answers[:, :k], answers[:, k:]


def discrepancy(at: Array, matrices: Array) -> Array:
    """Maximum-likelihood discrepancy; infinite where the parameters imply nothing.

    One residual variance may be below zero if the determinant stays above it.
    """
    k = matrices.shape[1]
    loadings, residuals = at[:, :k], at[:, k:]
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = loadings / residuals
        reduced = 1 + np.sum(loadings * shared, axis=1)
        carried = np.einsum("bi,bij,bj->b", shared, matrices, shared) / reduced
        logs = np.sum(np.log(np.abs(residuals)), axis=1) + np.log(np.abs(reduced))
        own = np.sum(np.einsum("bii->bi", matrices) / residuals, axis=1)
        value = logs + own - carried
    below = np.sum(residuals <= 0, axis=1)
    valid = (below == 0) | ((below == 1) & (reduced < 0))
    return np.where(valid & np.isfinite(value), value, np.inf)


def _lower(at: Array, step: Array, matrices: Array) -> Array:
    """As much of each step, halved and halved again, as lowers the discrepancy."""
    before = discrepancy(at, matrices)
    proposed, share = at - step, 1.0
    for _ in range(HALVINGS):
        worse = ~(discrepancy(proposed, matrices) <= before + 1e-12)
        if not worse.any():
            return proposed
        share /= 2
        proposed[worse] = at[worse] - share * step[worse]
    worse = ~(discrepancy(proposed, matrices) <= before + 1e-12)
    proposed[worse] = at[worse]
    return proposed


def _steps(at: Array, matrices: Array, *, newton: bool) -> tuple[Array, Array]:
    """Slope of each discrepancy, and the step that leads down from it."""
    k = matrices.shape[1]
    loadings, residuals = at[:, :k], at[:, k:]
    shared = loadings / residuals
    reduced = 1 + np.sum(loadings * shared, axis=1)
    pulled = shared / reduced[:, None]  # precision times loadings
    precision = -shared[:, :, None] * pulled[:, None, :]
    diagonal = np.arange(k)
    precision[:, diagonal, diagonal] += 1 / residuals
    observed = precision @ matrices @ precision
    excess = precision - observed
    by_loading = 2 * (excess @ loadings[:, :, None])[:, :, 0]
    slope = np.concatenate([by_loading, excess[:, diagonal, diagonal]], axis=1)
    if not newton:
        expected = _curvature(loadings, pulled, precision, precision)
        return slope, _solved(expected, slope)
    true = _curvature(loadings, pulled, precision, observed)
    true[:, :k, :k] += 2 * excess
    step = _solved(true, slope)
    up = ~(np.sum(step * slope, axis=1) > 0)
    if up.any():
        cut = precision[up]
        expected = _curvature(loadings[up], pulled[up], cut, cut)
        step[up] = _solved(expected, slope[up])
    return slope, step


def _solved(curvature: Array, slope: Array) -> Array:
    try:
        step = np.linalg.solve(curvature, slope[:, :, None])
    except np.linalg.LinAlgError:  # one of them is singular: raise them all a little
        raised = 1e-9 * (1 + np.abs(curvature).max(axis=(1, 2)))[:, None, None]
        step = np.linalg.solve(
            curvature + raised * np.eye(curvature.shape[1]), slope[:, :, None]
        )
    return np.asarray(step[:, :, 0])


def _curvature(loadings: Array, pulled: Array, precision: Array, seen: Array) -> Array:
    """Curvature of each discrepancy; the expected one where `seen` is the precision.

    `seen` is precision times matrix times precision; what is added to the true
    curvature of the loadings for the bending of the model is left to the caller.
    """
    size, k = loadings.shape
    drawn = (seen @ loadings[:, :, None])[:, :, 0]
    along = np.sum(loadings * pulled, axis=1)[:, None, None]
    across = np.sum(loadings * drawn, axis=1)[:, None, None]
    mixed = pulled[:, :, None] * drawn[:, None, :]
    outer = pulled[:, :, None] * pulled[:, None, :]
    found = np.empty((size, 2 * k, 2 * k))
    found[:, :k, :k] = 2 * (
        mixed
        + mixed.transpose(0, 2, 1)
        + along * seen
        + across * precision
        - along * precision
        - outer
    )
    crossed = seen * pulled[:, None, :] + precision * drawn[:, None, :]
    crossed = 2 * (crossed - precision * pulled[:, None, :])
    found[:, :k, k:] = crossed
    found[:, k:, :k] = crossed.transpose(0, 2, 1)
    found[:, k:, k:] = 2 * precision * seen - precision**2
    return found
