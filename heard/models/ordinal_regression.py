"""Proportional-odds regression by Newton's method (McCullagh 1980).

The log likelihood is concave: a flat gradient with a definite Hessian is the maximum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from heard.models.complete_responses import Array

Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

STEPS = 100
FLAT = 1e-8
# Newton steps after the search; each doubles the digits that are right.
LAST_STEPS = 2
# Past this range of log odds the categories are separated: no weight is finite.
SEPARATED = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalFit:
    """What was fitted, or why nothing was.

    `log_likelihood`: at the maximum.
    `weights`, `errors`, shape (n_covariates,): log odds of a higher category a unit of
      each covariate, and standard errors (observed information).
    `fault`: why there is no fit; empty if there is.
    """

    log_likelihood: float
    weights: Array
    errors: Array
    fault: str = ""


def empty_log_likelihood(ranks: Ranks) -> float:
    """Log likelihood without covariates: the categories' own shares."""
    counts = np.bincount(ranks)
    counts = counts[counts > 0]
    return float(counts @ np.log(counts / counts.sum()))


def ordinal_fit(ranks: Ranks, covariates: Array) -> OrdinalFit:
    """Fit logit P(y > j) = covariates @ weights - threshold_j.

    `ranks`, shape (n,): categories from 0 up, each of them used.
    `covariates`, shape (n, n_covariates).
    Returns: with a `fault` where a covariate is constant or follows from the others,
      where the categories are separated, or where Newton's method does not settle.
    """
    spread = covariates.std(axis=0)
    if not (spread > 0).all():
        return _none("a covariate without variance")
    scaled = (covariates - covariates.mean(axis=0)) / spread
    design = _Design.of(ranks, scaled)
    below = np.bincount(ranks).cumsum()[:-1] / len(ranks)
    point = np.concatenate([np.log(below / (1 - below)), np.zeros(scaled.shape[1])])
    value, gradient, information = design.at(point)
    for _ in range(STEPS):
        if np.abs(gradient).max() < FLAT * len(ranks):
            break
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return _none("covariates that follow from each other")
        size = 1.0
        while size > FLAT and not design.at(point + size * step)[0] > value:
            size /= 2
        if size <= FLAT:
            break
        point = point + size * step
        value, gradient, information = design.at(point)
        if np.ptp(scaled @ point[design.thresholds :]) > SEPARATED:
            return _none("a covariate that separates the categories")
    if np.abs(gradient).max() > 1e-5 * len(ranks):
        return _none("no maximum found")
    if np.linalg.eigvalsh(information)[0] <= FLAT:
        return _none("covariates that follow from each other")
    point, value, information = _followed(design, point)
    covariance = np.linalg.inv(information)
    errors = np.sqrt(np.diag(covariance)[design.thresholds :]) / spread
    return OrdinalFit(
        log_likelihood=value, weights=point[design.thresholds :] / spread, errors=errors
    )


def _followed(design: _Design, point: Array) -> tuple[Array, float, Array]:
    """The maximum itself, its value and information, from where a search ended.

    Where that is depends on last digits, and so on the processor.
    """
    value, gradient, information = design.at(point)
    for _ in range(LAST_STEPS):
        point = point + np.linalg.solve(information, gradient)
        value, gradient, information = design.at(point)
    return point, value, information


@dataclass(frozen=True, slots=True)
class _Design:
    """Which parameters make the upper and the lower end of each person's category."""

    upper: Array
    lower: Array
    highest: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    lowest: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    thresholds: int

    @classmethod
    def of(cls, ranks: Ranks, covariates: Array) -> _Design:
        count = int(ranks.max())
        steps = np.arange(count)
        upper = np.hstack([ranks[:, None] == steps, -covariates])
        lower = np.hstack([ranks[:, None] - 1 == steps, -covariates])
        return cls(upper, lower, ranks == count, ranks == 0, count)

    def at(self, point: Array) -> tuple[float, Array, Array]:
        """Log likelihood, its gradient and the observed information."""
        high = np.where(self.highest, np.inf, self.upper @ point)
        low = np.where(self.lowest, -np.inf, self.lower @ point)
        # On the side where both tails are thin, so that their difference keeps digits.
        turn = low > 0
        share = expit(np.where(turn, -low, high)) - expit(np.where(turn, -high, low))
        if not (share > 0).all():  # thresholds out of order: no likelihood at all
            nothing = np.zeros(len(point))
            return -np.inf, nothing, np.eye(len(point))
        above, below = expit(high), expit(low)
        first = above * expit(-high) / share
        second = below * expit(-low) / share
        gradient = self.upper.T @ first - self.lower.T @ second
        bend_high = first * (1 - 2 * above) - first**2
        bend_low = -second * (1 - 2 * below) - second**2
        cross = (self.upper * (first * second)[:, None]).T @ self.lower
        hessian = (
            (self.upper * bend_high[:, None]).T @ self.upper
            + (self.lower * bend_low[:, None]).T @ self.lower
            + cross
            + cross.T
        )
        return float(np.log(share).sum()), gradient, -hessian


def _none(fault: str) -> OrdinalFit:
    nothing = np.empty(0)
    return OrdinalFit(log_likelihood=0.0, weights=nothing, errors=nothing, fault=fault)
