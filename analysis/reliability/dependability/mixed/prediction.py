"""A fitted model into the mean of each group, with an error that owns up to everything.

Three things are not known: the group's effect given the variances, the overall mean,
and the variances themselves. Leaving the last out makes intervals too short where
groups are few; it is added to first order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.dependability.mixed.likelihood import solve

if TYPE_CHECKING:
    from analysis.reliability.dependability.mixed.design import Array
    from analysis.reliability.dependability.mixed.model import MixedFit

STEP = 1e-4  # of a central difference by a relative standard deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedMeans:
    """The mean of each group of a term: overall mean plus predicted effect.

    Attributes
    ----------
    levels : tuple
        The groups.
    means : ndarray, shape (n_groups,)
        Shrunken towards the overall mean.
    conditional : ndarray, shape (n_groups,)
        Variance of the effect given the answers, everything else known.
    errors : ndarray, shape (n_groups,)
        Mean squared error of the means, the overall mean and the variances estimated.
    """

    levels: tuple[object, ...]
    means: Array
    conditional: Array
    errors: Array


def predicted_means(fit: MixedFit, name: str) -> PredictedMeans:
    """Predict the mean of every group of one term.

    Parameters
    ----------
    fit : MixedFit
        With one fixed mean and random intercepts only.
    name : str
        The term.

    References
    ----------
    Kackar & Harville (1984), J. American Statistical Association 79, 853-862.
    Kass & Steffey (1989), J. American Statistical Association 84, 717-726.
    """
    effects = fit.effects(name)
    errors = effects.error[:, 0, 0] + fit.coefficient_covariance[0, 0]
    errors = errors + 2 * effects.shared[:, 0, 0]
    return PredictedMeans(
        levels=effects.levels,
        means=effects.predicted[:, 0] + fit.coefficients[0],
        conditional=effects.conditional[:, 0, 0],
        errors=errors + _of_variances(fit, name),
    )


def _of_variances(fit: MixedFit, name: str) -> Array:
    """What estimating the variances adds: how far the means move with them."""
    theta = fit.optimum.theta
    slopes = []
    for place in range(len(theta)):
        step = STEP * np.eye(len(theta))[place]
        ends = [_means(fit, name, theta + sign * step) for sign in (1, -1)]
        slopes.append((ends[0] - ends[1]) / (2 * STEP))
    # means depend on ratios of variances only, whose covariance is this block
    covariance = 2 * np.linalg.pinv(fit.optimum.hessian, hermitian=True)[:-1, :-1]
    rows = np.array(slopes)
    return np.asarray(np.einsum("ig,ij,jg->g", rows, covariance, rows), dtype=float)


def _means(fit: MixedFit, name: str, theta: Array) -> Array:
    place = [term.name for term in fit.design.terms].index(name)
    solution = solve(fit.design, theta)
    effects = solution.effects[place][:, 0] * solution.factors[place][0, 0]
    return np.asarray(effects + solution.coefficients[0] / fit.design.triangle[0, 0])
