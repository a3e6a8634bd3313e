"""A model and a sample into maximum-likelihood estimates with their covariance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.confirmatory.likelihood import (
    expected_information,
    log_likelihood,
    moment_gradient,
    observed_information,
    scores,
    slope,
)
from analysis.reliability.confirmatory.moments import (
    Matrices,
    matrices,
    moment_derivatives,
    slopes,
)
from analysis.reliability.confirmatory.search import Local, not_definite, search

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.sample import Sample
    from analysis.reliability.confirmatory.specification import Model


@dataclass(frozen=True)
class MaximumLikelihood:
    """A fitted model; `fault` says why it is none. What follows is worked out once."""

    model: Model
    sample: Sample
    parameters: Array
    robust: bool
    fault: str = ""

    @cached_property
    def filled(self) -> tuple[Matrices, ...]:
        """The matrices of every block."""
        return tuple(
            matrices(self.model, self.parameters, block)
            for block in range(len(self.model.blocks))
        )

    @cached_property
    def means(self) -> tuple[Array, ...]:
        """Implied means of every block; as observed in a model without means."""
        return tuple(
            filled.mean if self.model.means else block.mean
            for filled, block in zip(self.filled, self.sample.blocks, strict=True)
        )

    @cached_property
    def covariances(self) -> tuple[Array, ...]:
        """Implied covariances of every block."""
        return tuple(filled.covariance for filled in self.filled)

    @cached_property
    def log_likelihood(self) -> float:
        """Log-likelihood of the answers."""
        moments = zip(self.sample.blocks, self.means, self.covariances, strict=True)
        return sum(log_likelihood(*one) for one in moments)

    @cached_property
    def expected(self) -> Array:
        """Expected information about the parameters."""
        return _local(self.model, self.sample, self.parameters).curvature

    @cached_property
    def observed(self) -> Array:
        """Observed information: the true curvature of minus the log-likelihood."""
        total = np.zeros((len(self.parameters),) * 2)
        for place, block in enumerate(self.sample.blocks):
            mean, covariance = self.means[place], self.covariances[place]
            derivatives = moment_derivatives(self.model, self.filled[place], place)
            pulled = moment_gradient(block, mean, covariance)

            def bent(parameters: Any, place: int = place, pulled: Any = pulled) -> Any:
                filled = matrices(self.model, parameters, place)
                spread = self.model.spread_by_block[place]
                return (
                    slope(pulled, moment_derivatives(self.model, filled, place))
                    @ spread
                )

            spread = self.model.spread_by_block[place]
            straight = observed_information(block, mean, covariance, derivatives)
            total += spread.T @ straight @ spread + slopes(bent, self.parameters)
        return (total + total.T) / 2

    @cached_property
    def crossed_scores(self) -> Array:
        """Sum over people of the outer products of their scores."""
        total = np.zeros((len(self.parameters),) * 2)
        for place, block in enumerate(self.sample.blocks):
            derivatives = moment_derivatives(self.model, self.filled[place], place)
            own = scores(block, self.means[place], self.covariances[place], derivatives)
            own = own @ self.model.spread_by_block[place]
            total += own.T @ own
        return total

    @cached_property
    def information(self) -> Array:
        """What standard errors rest on: expected where answers are complete.

        Observed where some are missing, since expected information would be right only
        if they were missing completely at random; and for robust errors.
        """
        complete = all(block.complete for block in self.sample.blocks)
        return self.expected if complete and not self.robust else self.observed

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the estimates; the sandwich where robust."""
        bread = np.linalg.inv(self.information)
        if self.robust:
            bread = bread @ self.crossed_scores @ bread
        return np.asarray(bread)


def maximum_likelihood(
    model: Model, sample: Sample, *, robust: bool
) -> MaximumLikelihood:
    """Fit a model by maximum likelihood.

    Returns
    -------
    MaximumLikelihood
        With a `fault` where the search did not end, or ended where the likelihood is
        not at a maximum, or where the data do not tell the parameters apart.
    """

    def value(parameters: Array) -> float:
        return _value(model, sample, parameters)

    def at(parameters: Array) -> Local:
        return _local(model, sample, parameters)

    found = search(at, value, model.start)
    fitted = MaximumLikelihood(
        model=model, sample=sample, parameters=found.parameters, robust=robust
    )
    fault = found.reason and (_drifting(fitted) or found.reason)
    if not fault and not_definite(found.local.curvature):
        fault = "the model is not identified: the information is singular"
    if not fault and not_definite(fitted.observed):
        fault = "the likelihood is not at a maximum where the search ended"
    return MaximumLikelihood(
        model=model,
        sample=sample,
        parameters=found.parameters,
        robust=robust,
        fault=fault,
    )


def _drifting(fitted: MaximumLikelihood) -> str:
    """The items whose residual variance runs away, in words; empty if none does."""
    whose = [
        item
        for filled, block in zip(fitted.filled, fitted.sample.blocks, strict=True)
        for item, left, whole in zip(
            fitted.model.items,
            np.diag(filled.residual_covariance),
            np.diag(block.covariance),
            strict=True,
        )
        if left < -whole
    ]
    if not whose:
        return ""
    return (
        f"Heywood case without end: the residual variance of {', '.join(whose)} runs "
        "below zero; these items do not share the factor they are given"
    )


def _value(model: Model, sample: Sample, parameters: Array) -> float:
    total = 0.0
    for place, block in enumerate(sample.blocks):
        filled = matrices(model, parameters, place)
        covariance = filled.covariance
        if not np.isfinite(covariance).all() or _indefinite(covariance):
            return float(np.inf)
        mean = filled.mean if model.means else block.mean
        total += moment_gradient(block, mean, covariance).value
    return total


def _indefinite(covariance: Array) -> bool:
    return bool(np.linalg.eigvalsh(covariance)[0] <= 0)


def _local(model: Model, sample: Sample, parameters: Array) -> Local:
    size = len(parameters)
    value, steepness, curvature = 0.0, np.zeros(size), np.zeros((size, size))
    for place, block in enumerate(sample.blocks):
        filled = matrices(model, parameters, place)
        covariance = filled.covariance
        mean = filled.mean if model.means else block.mean
        derivatives = moment_derivatives(model, filled, place)
        spread = model.spread_by_block[place]
        pulled = moment_gradient(block, mean, covariance)
        value += pulled.value
        steepness += slope(pulled, derivatives) @ spread
        curvature += (
            spread.T @ expected_information(block, covariance, derivatives) @ spread
        )
    return Local(value, steepness, curvature)
