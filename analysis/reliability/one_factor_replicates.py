"""Many covariance matrices into one common factor each, by maximum likelihood.

All at once, from the solution of the matrix they are replicates of. Parameters stand in
rows: the loadings of an item each, then the residual variances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.one_factor import CONVERGED

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.one_factor import OneFactor

MAXIMUM_STEPS = 60
SCORED = 2
"""First steps, by expected curvature: far from the maximum the true one misleads."""
HALVINGS = 12


def fit_replicates(matrices: Array, start: OneFactor) -> tuple[Array, Array]:
    """Fit one factor to many matrices like the one `start` was fitted to.

    Fisher scoring, then Newton's steps; each matrix leaves when its slope is flat.

    Parameters
    ----------
    matrices : ndarray, shape (n, k, k)
        In the units of `start`.

    Returns
    -------
    loadings, residuals : ndarray, shape (n, k)
        NaN where no maximum was found. A residual variance below zero (Heywood) is
        kept: left out, replicates would spread less than they do.
    """
    n, k = matrices.shape[:2]
    answers = np.full((n, 2 * k), np.nan)
    at = np.tile(np.concatenate([start.loadings, start.residuals]), (n, 1))
    left = np.flatnonzero(np.isfinite(discrepancy(at, matrices)))
    at = at[left]
    for n_steps in range(MAXIMUM_STEPS):
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
