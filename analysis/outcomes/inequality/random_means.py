"""Means and the covariance of their errors into true means that vary around one.

The rule that holds throughout: what is known of the variance between groups is its
restricted likelihood, from 0.
Oracle: R metafor, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.outcomes.clustered.bias_reduction import Array

GRID = 80
SPREADS = 200
SEARCH_LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Everything the means come to if the variance between groups were known.

    Attributes
    ----------
    middle, spread : float
        Mean of the groups, and the variance of its error.
    shares : ndarray, shape (n_groups, n_groups)
        How much of each group's distance from the middle each keeps.
    shrunken, variances : ndarray, shape (n_groups,)
        The means drawn together, and the variances of their errors.
    """

    middle: float
    spread: float
    shares: Array
    shrunken: Array
    variances: Array


def shrunken_given(means: Array, errors: Array, between: float) -> Given:
    """Draw means together, the variance between groups taken as known."""
    inverse = np.linalg.inv(errors + between * np.eye(len(means)))
    spread = 1 / float(inverse.sum())
    middle = spread * float(inverse.sum(axis=0) @ means)
    shares: Array = np.asarray(between * inverse, dtype=float)
    away = 1 - shares.sum(axis=1)
    return Given(
        middle=middle,
        spread=spread,
        shares=shares,
        shrunken=middle + shares @ (means - middle),
        variances=between * (1 - np.diag(shares)) + away**2 * spread,
    )


def averaged_errors(means: Array, errors: Array, *, around: Array) -> Array:
    """Root of the squared error of shrunken means, over all spreads of true means.

    Taken as known, the spread makes intervals too narrow, most where it comes out as
    zero by chance. Weighed are standard deviations, by restricted likelihood.

    Parameters
    ----------
    means, errors : ndarray
        As in `between_variance`.
    around : ndarray, shape (n_groups,)
        The shrunken means shown.
    """
    scale = float(np.sqrt(np.var(means, ddof=1) + np.diag(errors).max()))
    # Squares put the grid's points where the likelihood bends, near zero.
    steps = np.linspace(0, 1, SPREADS)
    spreads = SEARCH_LIMIT * scale * steps**2
    widths = np.gradient(spreads)
    logs = np.array(
        [restricted_likelihood(one**2, means, errors)[0] for one in spreads]
    )
    weights = np.exp(logs - logs.max()) * widths
    parts = [shrunken_given(means, errors, float(one) ** 2) for one in spreads]
    squares = [part.variances + (part.shrunken - around) ** 2 for part in parts]
    averaged: Array = np.sqrt(np.average(squares, axis=0, weights=weights))
    return averaged


def restricted_likelihood(
    between: float, means: Array, errors: Array
) -> tuple[float, float]:
    """Restricted log-likelihood, and its slope in the variance between groups."""
    total = errors + between * np.eye(len(means))
    inverse = np.linalg.inv(total)
    ones = inverse.sum(axis=0)
    projected = inverse - np.outer(ones, ones) / ones.sum()
    left = projected @ means
    value = np.linalg.slogdet(total)[1] + np.log(ones.sum()) + means @ left
    return -float(value) / 2, float(left @ left - np.trace(projected)) / 2


def between_variance(means: Array, errors: Array) -> float:
    """Variance between groups by restricted maximum likelihood, from 0.

    Parameters
    ----------
    means : ndarray, shape (n_groups,)
        Their means.
    errors : ndarray, shape (n_groups, n_groups)
        Covariance of the errors.
    """
    from scipy import optimize  # noqa: PLC0415 - heavy, and only needed here

    top = float(np.var(means, ddof=1) + np.diag(errors).max()) * 4
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 1, GRID) * top])
    slopes = [restricted_likelihood(step, means, errors)[1] for step in grid]
    peaks = [0.0]
    for low, high, rises, falls in zip(
        grid[:-1], grid[1:], slopes[:-1], slopes[1:], strict=True
    ):
        if rises > 0 >= falls:
            root = optimize.brentq(
                lambda step: restricted_likelihood(step, means, errors)[1],
                low,
                high,
                xtol=1e-14 * top,
                rtol=1e-12,
            )
            peaks.append(float(root))
    return max(peaks, key=lambda step: restricted_likelihood(step, means, errors)[0])
