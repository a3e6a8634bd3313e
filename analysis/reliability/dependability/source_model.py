"""Means of the same staff by several sources into true variances and correlations.

Each source (users, peers, managers) has its own true score of a staff member, its own
variance of raters around it, and its own number of raters. Raters of different sources
are different people, so only the true scores go together. What is fitted by restricted
likelihood are the staff's means; the spread within adds what it knows of the raters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.dependability.mixed.design import log_two_pi
from analysis.reliability.dependability.mixed.optimum import GAIN_TOLERANCE, minimised

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.reliability.dependability.mixed.design import Array

STEP = 1e-5  # of a central difference of the analytic gradient
NEWTON_STEPS = 10
NEARLY_ONE = 0.9999
# A true standard deviation this small beside the raters' is on the boundary.
BOUNDARY = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMeans:
    """What the likelihood needs of the ratings.

    Attributes
    ----------
    counts : ndarray, shape (n_staff, n_sources)
        Ratings of each staff member by each source, 0 where there is none.
    means : ndarray, shape (n_staff, n_sources)
        Their means, 0 where there is none.
    within : ndarray, shape (n_sources,)
        Sums of squares of the ratings around those means.
    """

    counts: Array
    means: Array
    within: Array

    @property
    def n_sources(self) -> int:
        """How many sources there are."""
        return self.counts.shape[1]

    @property
    def size(self) -> int:
        """How many entries the triangular factor has."""
        return self.n_sources * (self.n_sources + 1) // 2

    def reordered(self, order: list[int]) -> SourceMeans:
        """The same with the sources in another order."""
        return SourceMeans(
            counts=self.counts[:, order],
            means=self.means[:, order],
            within=self.within[order],
        )

    def unpacked(self, parameters: Array) -> tuple[Array, Array]:
        """The triangular factor of the true covariance, and the raters' variances."""
        factor = np.zeros((self.n_sources, self.n_sources))
        factor[np.tril_indices(self.n_sources)] = parameters[: self.size]
        return factor, np.exp(parameters[self.size :])

    def start(self) -> Array:
        """Parameters to begin from: half a rater's standard deviation, uncorrelated."""
        rated = (self.counts > 0).sum(axis=0)
        freedom = np.maximum(self.counts.sum(axis=0) - rated, 1)
        variances = self.within / freedom
        factor = np.diag(np.sqrt(variances) / 2)
        return np.append(factor[np.tril_indices(self.n_sources)], np.log(variances))


def deviance(data: SourceMeans, parameters: Array) -> tuple[float, Array]:
    """Minus twice the restricted log likelihood, and its gradient.

    Parameters
    ----------
    data : SourceMeans
        The means.
    parameters : ndarray, shape (n_sources (n_sources + 1) / 2 + n_sources,)
        Lower triangle of the factor row by row, then log variances of raters.
    """
    factor, raters = data.unpacked(parameters)
    there = data.counts > 0
    per_mean = np.where(there, 1 / np.where(there, data.counts, 1), 0.0)
    # a source that is not there gets variance 1 and no part in anything
    both = there[:, :, None] & there[:, None, :]
    covariances = np.where(both, factor @ factor.T, 0.0)
    sources = np.arange(data.n_sources)
    covariances[:, sources, sources] += np.where(there, raters * per_mean, 1.0)
    weights = np.where(both, np.linalg.inv(covariances), 0.0)
    precision = weights.sum(axis=0)
    known = np.linalg.inv(precision)
    centre = known @ np.einsum("gab,gb->a", weights, data.means)
    pulled = np.einsum("gab,gb->ga", weights, np.where(there, data.means - centre, 0.0))
    rated = there.sum(axis=0)
    freedom = data.counts.sum(axis=0) - rated
    value = np.linalg.slogdet(covariances)[1].sum() + np.linalg.slogdet(precision)[1]
    value += np.sum(pulled * np.where(there, data.means - centre, 0.0))
    value += np.sum(freedom * np.log(raters) + data.within / raters)
    value += np.sum(np.log(data.counts[there]))
    value += (data.counts.sum() - data.n_sources) * log_two_pi()
    slopes = weights - pulled[:, :, None] * pulled[:, None, :]
    slopes -= weights @ known @ weights
    by_factor = (2 * slopes.sum(axis=0) @ factor)[np.tril_indices(data.n_sources)]
    by_raters = np.einsum("gaa,ga->a", slopes, per_mean) * raters
    by_raters += freedom - data.within / raters
    return float(value), np.append(by_factor, by_raters)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFit:
    """The fitted covariance of true scores, and how sharply it is known.

    Attributes
    ----------
    parameters : ndarray
        As `deviance` takes them.
    true : ndarray, shape (n_sources, n_sources)
        Covariance of the true scores.
    raters : ndarray, shape (n_sources,)
        Variance of raters around a true score.
    deviance : float
        Minus twice the restricted log likelihood.
    hessian : ndarray
        Its second derivatives.
    remaining_gain : float
        What another Newton step promises.
    """

    parameters: Array
    true: Array
    raters: Array
    deviance: float
    hessian: Array
    remaining_gain: float

    @property
    def converged(self) -> bool:
        """The gradient vanishes, and no direction of the Hessian bends down."""
        lowest = float(np.linalg.eigvalsh(self.hessian)[0])
        flat = -1e-4 * float(np.abs(np.diag(self.hessian)).max())
        return lowest > flat and abs(self.remaining_gain) < GAIN_TOLERANCE

    @property
    def on_boundary(self) -> bool:
        """A true variance of zero, or true scores that are one and the same."""
        scaled = self.true / np.sqrt(np.outer(self.raters, self.raters))
        return float(np.linalg.eigvalsh(scaled)[0]) < BOUNDARY**2


def fit_sources(data: SourceMeans) -> SourceFit:
    """Maximise the restricted likelihood, and check gradient and Hessian."""

    def objective(parameters: Array) -> tuple[float, Array]:
        return deviance(data, parameters)

    parameters = minimised(objective, data.start())[0]
    hessian = _hessian(objective, parameters)
    value, slope = objective(parameters)
    step = np.linalg.lstsq(hessian, slope, rcond=1e-8)[0]
    gain = float(slope @ step) / 2
    for _ in range(NEWTON_STEPS):
        if abs(gain) < GAIN_TOLERANCE / 100:
            break
        nearer, bent = objective(parameters - step)
        if nearer > value + GAIN_TOLERANCE:
            break
        parameters, value = parameters - step, nearer
        step = np.linalg.lstsq(hessian, bent, rcond=1e-8)[0]
        gain = float(bent @ step) / 2
    factor, raters = data.unpacked(parameters)
    return SourceFit(
        parameters=parameters,
        true=factor @ factor.T,
        raters=raters,
        deviance=value,
        hessian=hessian,
        remaining_gain=gain,
    )


def _hessian(
    objective: Callable[[Array], tuple[float, Array]], parameters: Array
) -> Array:
    k = len(parameters)
    steps = STEP * np.eye(k)
    rows = [
        (objective(parameters + step)[1] - objective(parameters - step)[1]) / (2 * STEP)
        for step in steps
    ]
    found = np.array(rows)
    return (found + found.T) / 2


def correlation_interval(
    data: SourceMeans, fit: SourceFit, pair: tuple[int, int], *, confidence: float
) -> tuple[float, float]:
    """Profile-likelihood limits of the true correlation of two sources.

    Parameters
    ----------
    data : SourceMeans
        The means.
    fit : SourceFit
        Their fit.
    pair : tuple of int
        Which two sources.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    tuple of float
        From -1 to 1; an end that fits well enough is the limit.
    """
    from scipy import optimize, stats  # noqa: PLC0415 - heavy, and only needed here

    # with the pair first, their correlation is one angle of the triangular factor
    order = [*pair, *(s for s in range(data.n_sources) if s not in pair)]
    turned = data.reordered(order)
    true = fit.true[np.ix_(order, order)]
    root = np.linalg.cholesky(true + 1e-9 * np.diag(np.diag(true)))
    parameters = np.append(root[np.tril_indices(len(root))], np.log(fit.raters[order]))
    begin = np.delete(parameters, 1)  # entries (0, 0), (1, 0), (1, 1), ...
    # their lengths stay positive: with both signs free, so is the correlation's
    begin[:2] = np.log([parameters[0], math.hypot(parameters[1], parameters[2])])
    centre = float(np.clip(true[0, 1] / math.sqrt(true[0, 0] * true[1, 1]), -1, 1))
    reach = float(stats.chi2.ppf(confidence, 1))

    def excess(correlation: float) -> float:
        left = math.sqrt(max(1 - correlation**2, 0.0))

        def objective(free: Array) -> tuple[float, Array]:
            first, second = np.exp(free[:2])
            pair_part = [first, correlation * second, left * second]
            value, slope = deviance(turned, np.append(pair_part, free[2:]))
            by_second = second * (correlation * slope[1] + left * slope[2])
            return value, np.concatenate([[first * slope[0], by_second], slope[3:]])

        found = minimised(objective, begin, slope=1e-3)[0]
        return objective(found)[0] - fit.deviance - reach

    ends = []
    for end in (-1.0, 1.0):
        inside = centre if abs(centre) < NEARLY_ONE else NEARLY_ONE * centre
        if abs(centre - end) < 1 - NEARLY_ONE or excess(end) <= 0:
            ends.append(end)
        elif excess(inside) >= 0:
            ends.append(centre)
        else:
            ends.append(float(optimize.brentq(excess, inside, end, xtol=1e-5)))
    return min(ends[0], centre), max(ends[1], centre)
