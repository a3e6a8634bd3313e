"""Estimates into what is reported of them, each with its standard error.

Everything reported is a function of the parameters; its error follows from theirs by
the delta method, with derivatives exact to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.confirmatory.moments import slopes

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.moments import Matrices
    from analysis.reliability.confirmatory.specification import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Named arrays of estimates, and arrays of the same shapes of standard errors."""

    values: dict[str, Array]
    errors: dict[str, Array]

    def of(self, name: str, *place: int) -> tuple[float, float]:
        """One estimate and its standard error."""
        return float(self.values[name][place]), float(self.errors[name][place])


def derived_of(
    fill: Callable[[Any], Matrices], parameters: Array, covariance: Array
) -> Derived:
    """Work out everything reported of one block.

    Parameters
    ----------
    fill : callable
        Parameters → the matrices of the block.
    """

    def flat(stepped: Any) -> Any:
        found = reported(fill(stepped))
        return np.concatenate([array.ravel() for array in found.values()])

    values = reported(fill(parameters))
    jacobian = slopes(flat, parameters)
    variances = np.sum(jacobian @ covariance * jacobian, axis=1)
    errors, start = {}, 0
    for name, array in values.items():
        part = variances[start : start + array.size]
        errors[name] = np.sqrt(np.maximum(part, 0)).reshape(array.shape)
        start += array.size
    return Derived(values=values, errors=errors)


def reported(filled: Matrices) -> dict[str, Any]:
    """Everything reported of one block, by name; real or complex."""
    among = filled.total_factor_covariance
    covariance = filled.covariance
    variance = np.diagonal(among)
    item_spread = np.sqrt(np.diagonal(covariance))
    spread = np.sqrt(np.where(variance == 0, 1, variance))
    standardised = filled.loadings * spread / item_spread[:, None]
    residual = np.diagonal(filled.residual_covariance)
    belongs = (filled.loadings != 0).astype(float)
    within = np.einsum("if,ij,jf->f", belongs, covariance, belongs)
    of_items = belongs.T @ np.diagonal(covariance)
    common = filled.loadings.sum(axis=0) ** 2 * variance
    squares = (filled.loadings**2).sum(axis=0) * variance
    through = (filled.loadings @ filled.resolved).sum(axis=0)
    return {
        "loading": filled.loadings,
        "standardised_loading": standardised,
        "residual_variance": residual,
        "residual_share": residual / np.diagonal(covariance),
        "intercept": filled.intercepts,
        "factor_mean": filled.factor_means,
        "factor_covariance": among,
        "factor_correlation": among / np.outer(spread, spread),
        "second_order_loading": filled.regressions,
        "standardised_second_order_loading": filled.regressions
        * spread
        / spread[:, None],
        "composite_reliability": common / np.where(within == 0, 1, within),
        "average_variance_extracted": squares / np.where(of_items == 0, 1, of_items),
        "share_of_sum": through**2
        * np.diagonal(filled.factor_covariance)
        / covariance.sum(),
    }


def improper(model: Model, filled: Matrices) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why a solution cannot describe people, and the items that are to blame.

    A negative variance, or factors that correlate beyond 1: Heywood's case.
    """
    residual = np.diagonal(filled.residual_covariance)
    improper_items = tuple(
        item for item, left in zip(model.items, residual, strict=True) if left < 0
    )
    faults = []
    if improper_items:
        faults.append(
            "Heywood case: the estimated residual variance is below zero for "
            + ", ".join(improper_items)
        )
    if np.linalg.eigvalsh(filled.factor_covariance)[0] < 0:
        faults.append(
            "the estimated covariance of the factors is impossible: a variance is "
            "below zero, or factors correlate beyond 1"
        )
    return tuple(faults), improper_items
