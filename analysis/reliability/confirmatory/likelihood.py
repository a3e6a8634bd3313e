"""Implied moments and patterns of answers into the likelihood, its slope and curvature.

Everything is of minus the log-likelihood, summed over people; constants left out where
they cancel. With complete answers there is one pattern, and this is ordinary maximum
likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.moments import MomentDerivatives
    from analysis.reliability.confirmatory.sample import Block, Pattern

LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentGradient:
    """Minus the log-likelihood of a block, and how the moments pull at it.

    A move (u, v, d) changes `value` by u' `covariance` v - d' `mean`.
    """

    value: float
    covariance: Array
    mean: Array


def log_likelihood(block: Block, mean: Array, covariance: Array) -> float:
    """Log-likelihood of the answers of a block, constants included."""
    answers = sum(p.n * int(p.answered.sum()) for p in block.patterns)
    return -moment_gradient(block, mean, covariance).value - answers * LOG_TWO_PI / 2


def moment_gradient(block: Block, mean: Array, covariance: Array) -> MomentGradient:
    """Value and slope in the moments; an infinite value where there is no density."""
    items = len(mean)
    value, by_covariance, by_mean = 0.0, np.zeros((items, items)), np.zeros(items)
    for pattern in block.patterns:
        within = covariance[np.ix_(pattern.answered, pattern.answered)]
        sign, log_determinant = np.linalg.slogdet(within)
        if sign <= 0:
            return MomentGradient(value=np.inf, covariance=by_covariance, mean=by_mean)
        inverse = np.linalg.inv(within)
        deviation = pattern.mean - mean[pattern.answered]
        scatter = pattern.covariance + np.outer(deviation, deviation)
        value += pattern.n / 2 * (log_determinant + np.sum(inverse * scatter))
        excess = inverse - inverse @ scatter @ inverse
        at = np.flatnonzero(pattern.answered)
        by_covariance[np.ix_(at, at)] += pattern.n * excess
        by_mean[at] += pattern.n * inverse @ deviation
    return MomentGradient(value=float(value), covariance=by_covariance, mean=by_mean)


def slope(gradient: MomentGradient, derivatives: MomentDerivatives) -> Array:
    """Slope of minus the log-likelihood in every move."""
    by_covariance = np.sum(derivatives.u @ gradient.covariance * derivatives.v, axis=1)
    return np.asarray(by_covariance - derivatives.d @ gradient.mean)


def expected_information(
    block: Block, covariance: Array, derivatives: MomentDerivatives
) -> Array:
    """Expected information about every pair of moves; the gaps as they are."""
    size = len(derivatives.u)
    total = np.zeros((size, size))
    for pattern, inverse, u, v, d in _seen(block, covariance, derivatives):
        crossed = u @ inverse @ v.T
        both = (u @ inverse @ u.T) * (v @ inverse @ v.T) + crossed * crossed.T
        total += pattern.n * (both + d @ inverse @ d.T)
    return total


def observed_information(
    block: Block, mean: Array, covariance: Array, derivatives: MomentDerivatives
) -> Array:
    """Curvature in every pair of moves, were the moves straight.

    What the bending of the moves adds depends on the model: see `estimation`.
    """
    size = len(derivatives.u)
    total = np.zeros((size, size))
    for pattern, inverse, u, v, d in _seen(block, covariance, derivatives):
        deviation = inverse @ (pattern.mean - mean[pattern.answered])
        twice = 2 * (
            inverse @ pattern.covariance @ inverse + np.outer(deviation, deviation)
        )
        twice -= inverse
        plain = u @ inverse, v @ inverse
        heavy = u @ twice, v @ twice
        by_spread = (heavy[1] @ u.T) * (plain[0] @ v.T)
        by_spread += (heavy[1] @ v.T) * (plain[0] @ u.T)
        by_spread += (heavy[0] @ u.T) * (plain[1] @ v.T)
        by_spread += (heavy[0] @ v.T) * (plain[1] @ u.T)
        by_both = (plain[0] @ d.T) * (v @ deviation)[:, None]
        by_both += (plain[1] @ d.T) * (u @ deviation)[:, None]
        by_mean = d @ inverse @ d.T
        total += pattern.n * (by_spread / 2 + by_both + by_both.T + by_mean)
    return (total + total.T) / 2


def scores(
    block: Block, mean: Array, covariance: Array, derivatives: MomentDerivatives
) -> Array:
    """Each person's slope of the log-likelihood, shape (n_people, n_moves)."""
    parts = []
    for pattern, inverse, u, v, d in _seen(block, covariance, derivatives):
        deviation = (pattern.values - mean[pattern.answered]) @ inverse
        expected = np.sum(u @ inverse * v, axis=1)
        parts.append((deviation @ u.T) * (deviation @ v.T) - expected + deviation @ d.T)
    return np.vstack(parts)


def inverted(information: Array) -> Array:
    """The inverse; not a number where the answers do not tell the moments apart."""
    try:
        return np.asarray(np.linalg.inv(information), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(information.shape, np.nan)


def _seen(
    block: Block, covariance: Array, derivatives: MomentDerivatives
) -> Iterator[tuple[Pattern, Array, Array, Array, Array]]:
    """Each pattern, the inverse covariance of its items, and the moves of these."""
    for pattern in block.patterns:
        at = pattern.answered
        inverse = np.linalg.inv(covariance[np.ix_(at, at)])
        yield (
            pattern,
            inverse,
            derivatives.u[:, at],
            derivatives.v[:, at],
            derivatives.d[:, at],
        )
