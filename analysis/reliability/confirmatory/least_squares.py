"""Thresholds and polychoric correlations into a factor model, by least squares.

Every moment is weighted by one over its sampling variance (diagonal weights); errors
and the test use the whole sampling covariance of the moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.confirmatory.moments import slopes
from analysis.reliability.confirmatory.ordinal_moments import (
    Latent,
    implied,
    implied_slopes,
    latent,
)
from analysis.reliability.confirmatory.search import Local, not_definite, search

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.moments import Matrices
    from analysis.reliability.confirmatory.specification import Model


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalBlock:
    """Estimated moments of one group: thresholds, then correlations.

    Attributes
    ----------
    cuts : tuple of int
        Thresholds of each item.
    moments : ndarray, shape (n_moments,)
    errors : ndarray, shape (n_moments, n_moments)
        Their sampling covariance, with divisor n - 1 as other programs take it.
    """

    n: int
    cuts: tuple[int, ...]
    moments: Array
    errors: Array

    @property
    def weights(self) -> Array:
        """One over each moment's sampling variance."""
        return np.asarray(1 / np.diag(self.errors))

    @property
    def correlations(self) -> Array:
        """The correlations alone, in the order of their pairs."""
        return self.moments[sum(self.cuts) :]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalSample:
    """All groups, or the `fault` that stands in the way."""

    blocks: tuple[OrdinalBlock, ...]
    n: int
    missing: str
    fault: str = ""


@dataclass(frozen=True)
class LeastSquares:
    """A model fitted to ordinal moments; `fault` says why it is none."""

    model: Model
    sample: OrdinalSample
    parameters: Array
    fault: str = ""

    @cached_property
    def latents(self) -> tuple[Latent, ...]:
        """The matrices of every block, with thresholds and scales."""
        return tuple(
            _latent(self.model, self.sample, self.parameters, place)
            for place in range(len(self.sample.blocks))
        )

    @cached_property
    def filled(self) -> tuple[Matrices, ...]:
        """The matrices of every block."""
        return tuple(found.filled for found in self.latents)

    @cached_property
    def jacobian(self) -> Array:
        """Slopes of the moments of all blocks in the parameters."""
        return np.vstack(
            [
                implied_slopes(self.model, found, place, block.cuts)
                @ self.model.spread_by_block[place]
                for place, (found, block) in enumerate(
                    zip(self.latents, self.sample.blocks, strict=True)
                )
            ]
        )

    @cached_property
    def residuals(self) -> tuple[Array, ...]:
        """Moments found less moments implied, by block."""
        return tuple(
            block.moments - implied(found, block.cuts)
            for found, block in zip(self.latents, self.sample.blocks, strict=True)
        )

    @cached_property
    def statistic(self) -> float:
        """The weighted sum of squares that was made least."""
        blocks = zip(self.residuals, self.sample.blocks, strict=True)
        return float(
            sum(np.sum(block.weights * deviation**2) for deviation, block in blocks)
        )

    @cached_property
    def weights(self) -> Array:
        """Weights of the moments of all blocks."""
        return np.concatenate([block.weights for block in self.sample.blocks])

    @cached_property
    def errors(self) -> Array:
        """Sampling covariance of the moments of all blocks."""
        return _block_diagonal([block.errors for block in self.sample.blocks])

    @cached_property
    def inverse_curvature(self) -> Array:
        """One over the curvature of half the sum of squares."""
        weighted = self.weights[:, None] * self.jacobian
        return np.asarray(np.linalg.inv(self.jacobian.T @ weighted))

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the estimates, by the whole covariance of the moments."""
        pull = self.inverse_curvature @ (self.weights[:, None] * self.jacobian).T
        return np.asarray(pull @ self.errors @ pull.T)

    @cached_property
    def leverage(self) -> Array:
        """What makes residuals of the moments: identity less the projection."""
        pull = self.inverse_curvature @ (self.weights[:, None] * self.jacobian).T
        return np.eye(len(self.weights)) - self.jacobian @ pull

    @cached_property
    def traces(self) -> tuple[float, float]:
        """Trace of the statistic's matrix times the errors, and of its square."""
        both = (self.weights[:, None] * self.leverage) @ self.errors
        return float(np.trace(both)), float(np.sum(both * both.T))


def least_squares(model: Model, sample: OrdinalSample) -> LeastSquares:
    """Fit a model by diagonally weighted least squares.

    Returns
    -------
    LeastSquares
        With a `fault` where the search did not end at a minimum, or the moments do not
        tell the parameters apart.
    """

    def slope(parameters: Any) -> Any:
        return _slope(model, sample, parameters)

    def value(parameters: Array) -> float:
        total = 0.0
        for place, block in enumerate(sample.blocks):
            found = _latent(model, sample, parameters, place)
            if (found.scales <= 0).any():
                return float(np.inf)
            deviation = block.moments - implied(found, block.cuts)
            total += float(np.sum(block.weights * deviation**2)) / 2
        return total if np.isfinite(total) else float(np.inf)

    def at(parameters: Array) -> Local:
        fitted = LeastSquares(model=model, sample=sample, parameters=parameters)
        weighted = fitted.weights[:, None] * fitted.jacobian
        deviation = np.concatenate(fitted.residuals)
        return Local(
            fitted.statistic / 2, -weighted.T @ deviation, weighted.T @ fitted.jacobian
        )

    found = search(at, value, model.start)
    fault = found.reason
    if not fault and not_definite(found.local.curvature):
        fault = "the model is not identified: the information is singular"
    if not fault and not_definite(slopes(slope, found.parameters)):
        fault = "the sum of squares is not at a minimum where the search ended"
    return LeastSquares(
        model=model, sample=sample, parameters=found.parameters, fault=fault
    )


def _latent(model: Model, sample: OrdinalSample, parameters: Any, place: int) -> Latent:
    return latent(model, parameters, place, max(sample.blocks[place].cuts))


def _slope(model: Model, sample: OrdinalSample, parameters: Any) -> Any:
    total = np.zeros(len(parameters), dtype=parameters.dtype)
    for place, block in enumerate(sample.blocks):
        found = _latent(model, sample, parameters, place)
        deviation = block.weights * (block.moments - implied(found, block.cuts))
        jacobian = implied_slopes(model, found, place, block.cuts)
        total -= (deviation @ jacobian) @ model.spread_by_block[place]
    return total


def _block_diagonal(parts: list[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    size = sum(len(part) for part in parts)
    whole = np.zeros((size, size))
    start = 0
    for part in parts:
        stop = start + len(part)
        whole[start:stop, start:stop] = part
        start = stop
    return whole
