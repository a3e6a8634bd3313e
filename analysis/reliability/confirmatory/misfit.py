"""A fitted model into how far it is from the answers: chi-square, its scaling factor.

The same for the model of interest and for the baseline, in which all items are
independent; comparative indices set one against the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.likelihood import (
    inverted,
    log_likelihood,
    observed_information,
    scores,
)
from analysis.reliability.confirmatory.moments import (
    MomentDerivatives,
    independent_derivatives,
    moment_derivatives,
    saturated_derivatives,
)

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood
    from analysis.reliability.confirmatory.sample import Block, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """How far a model is from the answers.

    Attributes
    ----------
    statistic : float
        Twice the log-likelihood lost against the saturated model.
    scaling : float
        What the statistic is divided by to behave as chi-square; 1 if not robust.
    shift : float
        What is added then; 0 for maximum likelihood.
    distance, expected : float
        A distance from the complete answers people would have given, times n, and what
        it would be on average were the model right. From these come the robust
        indices; statistic and scaling times df where answers are complete.
    """

    statistic: float
    df: int
    scaling: float
    distance: float
    expected: float
    shift: float = 0.0

    @property
    def scaled(self) -> float:
        """The statistic made to behave as chi-square."""
        return self.statistic / self.scaling + self.shift


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """What one block of either model is compared with, and how it moves."""

    block: Block
    mean: Array
    covariance: Array
    derivatives: MomentDerivatives
    spread: Array


def misfit_of(fitted: MaximumLikelihood) -> Misfit:
    """How far a fitted model is from the answers."""
    parts = [
        _Fitted(
            block=block,
            mean=fitted.means[place],
            covariance=fitted.covariances[place],
            derivatives=moment_derivatives(fitted.model, fitted.filled[place], place),
            spread=fitted.model.spread_by_block[place],
        )
        for place, block in enumerate(fitted.sample.blocks)
    ]
    trace_lost = 0.0
    if fitted.robust:
        crossed, information = fitted.crossed_scores, fitted.observed
        trace_lost = float(np.sum(inverted(information) * crossed))
    return _misfit(
        parts, trace_lost=trace_lost, means=fitted.model.means, robust=fitted.robust
    )


def baseline_misfit(sample: Sample, *, means: bool, robust: bool) -> Misfit:
    """How far independent items are from the answers."""
    parts, trace_lost = [], 0.0
    for place, block in enumerate(sample.blocks):
        mean, variance = _item_moments(block)
        derivatives = independent_derivatives(len(mean), means=means)
        size = len(derivatives.u)
        spread = np.zeros((size, size * len(sample.blocks)))
        spread[:, place * size : (place + 1) * size] = np.eye(size)
        covariance = np.diag(variance)
        if robust:
            own = scores(block, mean, covariance, derivatives)
            information = observed_information(block, mean, covariance, derivatives)
            trace_lost += float(np.sum(inverted(information) * (own.T @ own)))
        parts.append(
            _Fitted(
                block=block,
                mean=mean,
                covariance=covariance,
                derivatives=derivatives,
                spread=spread,
            )
        )
    return _misfit(parts, trace_lost=trace_lost, means=means, robust=robust)


def _item_moments(block: Block) -> tuple[Array, Array]:
    """Means and variances of the items, each from all who answered it."""
    items = len(block.mean)
    n, total, squares = np.zeros(items), np.zeros(items), np.zeros(items)
    for pattern in block.patterns:
        n[pattern.answered] += pattern.n
        total[pattern.answered] += pattern.n * pattern.mean
    mean = total / n
    for pattern in block.patterns:
        deviation = pattern.mean - mean[pattern.answered]
        spread = np.diag(pattern.covariance) + deviation**2
        squares[pattern.answered] += pattern.n * spread
    return mean, squares / n


def _misfit(
    parts: list[_Fitted], *, trace_lost: float, means: bool, robust: bool
) -> Misfit:
    items = len(parts[0].mean)
    moments = len(parts) * (items * (items + 1) // 2 + items * means)
    df = moments - parts[0].spread.shape[1]
    statistic = 2 * sum(
        log_likelihood(p.block, p.block.mean, p.block.covariance)
        - log_likelihood(p.block, p.mean, p.covariance)
        for p in parts
    )
    scaling = 1.0
    if robust and df:
        whole = sum(_saturated_trace(p.block, means=means) for p in parts)
        scaling = (whole - trace_lost) / df
    distance, expected = statistic, scaling * df
    if df and not all(p.block.complete for p in parts):
        distance = sum(p.block.n * _distance(p) for p in parts)
        expected = _expected_distance(parts, robust=robust)
    return Misfit(
        statistic=max(statistic, 0.0),
        df=df,
        scaling=scaling,
        distance=distance,
        expected=expected,
    )


def _saturated_trace(block: Block, *, means: bool) -> float:
    """Crossed scores times inverse information of the saturated model.

    In complete answers this is Mardia's kurtosis in other words.
    """
    items = len(block.mean)
    if block.complete:
        deviation = block.patterns[0].values - block.mean
        lengths = np.sum(
            deviation @ np.linalg.inv(block.covariance) * deviation, axis=1
        )
        return float(np.mean(lengths**2) / 2 + items * (means - 0.5))
    derivatives = saturated_derivatives(items, means=means)
    own = scores(block, block.mean, block.covariance, derivatives)
    information = observed_information(block, block.mean, block.covariance, derivatives)
    return float(np.sum(inverted(information) * (own.T @ own)))


def _distance(part: _Fitted) -> float:
    """Discrepancy of the saturated moments, as if everybody had answered all."""
    inverse = np.linalg.inv(part.covariance)
    ratio = inverse @ part.block.covariance
    deviation = part.block.mean - part.mean
    _, log_ratio = np.linalg.slogdet(ratio)
    spread = np.trace(ratio) - log_ratio - len(ratio)
    return float(spread + deviation @ inverse @ deviation)


def _expected_distance(parts: list[_Fitted], *, robust: bool) -> float:
    """What the distance would be on average were the model right.

    Zhang & Savalei (2023), Psychological Methods 28(2), 263-283, their versions 3
    (robust) and 6, with unstructured observed information.
    """
    incomplete, complete, gamma, jacobian = [], [], [], []
    for part in parts:
        block, items = part.block, len(part.mean)
        derivatives = saturated_derivatives(items, means=True)
        seen = observed_information(block, block.mean, block.covariance, derivatives)
        incomplete.append(seen)
        complete.append(block.n * _complete_information(block.covariance))
        inverse = inverted(seen)
        if robust:
            own = scores(block, block.mean, block.covariance, derivatives)
            inverse = inverse @ (own.T @ own) @ inverse
        gamma.append(inverse)
        jacobian.append(moment_slopes(part.derivatives) @ part.spread)
    information = sum(j.T @ w @ j for j, w in zip(jacobian, incomplete, strict=True))
    bread = inverted(np.asarray(information))
    crossed = sum(
        j.T @ w @ g @ w @ j for j, w, g in zip(jacobian, incomplete, gamma, strict=True)
    )
    total = 0.0
    for j, w, g, whole in zip(jacobian, incomplete, gamma, complete, strict=True):
        pull_back = j @ bread
        left = g - pull_back @ (j.T @ w @ g)
        left = left - (g @ w @ j) @ pull_back.T + pull_back @ crossed @ pull_back.T
        total += float(np.sum(whole * left))
    return total


def _complete_information(covariance: Array) -> Array:
    """Information of one person who answered every item, saturated model."""
    inverse = np.linalg.inv(covariance)
    derivatives = saturated_derivatives(len(covariance), means=True)
    crossed = derivatives.u @ inverse @ derivatives.v.T
    both = (derivatives.u @ inverse @ derivatives.u.T) * (
        derivatives.v @ inverse @ derivatives.v.T
    )
    return np.asarray(
        both + crossed * crossed.T + derivatives.d @ inverse @ derivatives.d.T
    )


def moment_slopes(derivatives: MomentDerivatives) -> Array:
    """Slopes of means, then variances and covariances, in every move."""
    rows, columns = np.tril_indices(derivatives.u.shape[1])
    spread = derivatives.u[:, rows] * derivatives.v[:, columns]
    spread = spread + derivatives.v[:, rows] * derivatives.u[:, columns]
    return np.asarray(np.hstack([derivatives.d, spread]).T)
