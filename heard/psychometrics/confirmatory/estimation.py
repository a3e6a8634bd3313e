"""Fit a factor model by (full-information) maximum likelihood.

The implied covariance of a block is T P T' + R with T = L (I - B)^-1: loadings L,
regressions B among factors, covariance P of the factors' residuals, R of the items'. A
free cell moves it by u v' + v u', so slopes and information are products of thin
matrices. Damped scoring steps; the caller checks that slope and curvature are those of
a minimum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from heard.models.complete_responses import Array
from heard.psychometrics.confirmatory.specification import Kind

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.sample import Block, Pattern, Sample
    from heard.psychometrics.confirmatory.specification import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """The matrices of one block, real or complex as the parameters are."""

    loadings: Any
    regressions: Any
    factor_covariance: Any
    residual_covariance: Any
    intercepts: Any
    factor_means: Any

    @property
    def through(self) -> Any:
        """Effect of the factors' residuals on the items, shape (n_items, n_factors)."""
        return self.loadings @ self.resolved

    @property
    def resolved(self) -> Any:
        """(I - B)^-1."""
        unit = np.eye(len(self.regressions))
        if not self.regressions.any():
            return unit
        return np.linalg.inv(unit - self.regressions)

    @property
    def total_factor_covariance(self) -> Any:
        """Covariance of the factors themselves."""
        return self.resolved @ self.factor_covariance @ self.resolved.T

    @property
    def covariance(self) -> Any:
        """Implied covariance of the items."""
        through = self.through
        return through @ self.factor_covariance @ through.T + self.residual_covariance

    @property
    def mean(self) -> Any:
        """Implied means of the items."""
        return self.intercepts + self.through @ self.factor_means


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentDerivatives:
    """How covariance (u v' + v u') and mean (d) move with each free cell.

    Each of `u`, `v`, `d` has shape (n_cells, n_items).
    """

    u: Any
    v: Any
    d: Any


def matrices(model: Model, parameters: Any, block: int) -> Matrices:
    """Put the parameters into the matrices of one block."""
    p, m = len(model.items), len(model.factors)
    shapes: dict[Kind, tuple[int, ...]] = {
        Kind.LOADING: (p, m),
        Kind.REGRESSION: (m, m),
        Kind.FACTOR_COVARIANCE: (m, m),
        Kind.RESIDUAL_COVARIANCE: (p, p),
        Kind.INTERCEPT: (p, 1),
        Kind.FACTOR_MEAN: (m, 1),
    }
    filled = {kind: np.zeros(shapes[kind], dtype=parameters.dtype) for kind in shapes}
    for kind, rows, columns, values, places in model.filling[block]:
        if kind in shapes:
            entries = np.where(places < 0, values, parameters[places])
            filled[kind][rows, columns] = entries
            if kind in {Kind.FACTOR_COVARIANCE, Kind.RESIDUAL_COVARIANCE}:
                filled[kind][columns, rows] = entries
    return Matrices(
        loadings=filled[Kind.LOADING],
        regressions=filled[Kind.REGRESSION],
        factor_covariance=filled[Kind.FACTOR_COVARIANCE],
        residual_covariance=filled[Kind.RESIDUAL_COVARIANCE],
        intercepts=filled[Kind.INTERCEPT][:, 0],
        factor_means=filled[Kind.FACTOR_MEAN][:, 0],
    )


def moment_derivatives(model: Model, filled: Matrices, block: int) -> MomentDerivatives:
    """How the moments of one block move with each of its free cells."""
    size, p = len(model.free_by_block[block]), len(model.items)
    unit = np.eye(p)
    resolved, through = filled.resolved, filled.through
    carried = filled.total_factor_covariance @ filled.loadings.T
    level = resolved @ filled.factor_means
    u, v, d = (np.zeros((size, p), dtype=through.dtype) for _ in range(3))
    for kind, at, rows, columns in model.free_kinds[block]:
        half = np.where(rows == columns, 0.5, 1.0)[:, None]
        if kind == Kind.LOADING:
            u[at], v[at] = unit[rows], carried[columns]
            d[at] = unit[rows] * level[columns, None]
        elif kind == Kind.REGRESSION:
            u[at], v[at] = through.T[rows], carried[columns]
            d[at] = through.T[rows] * level[columns, None]
        elif kind == Kind.FACTOR_COVARIANCE:
            u[at], v[at] = through.T[rows], through.T[columns] * half
        elif kind == Kind.RESIDUAL_COVARIANCE:
            u[at], v[at] = unit[rows], unit[columns] * half
        elif kind == Kind.INTERCEPT:
            d[at] = unit[rows]
        elif kind == Kind.FACTOR_MEAN:
            d[at] = through.T[rows]
    return MomentDerivatives(u=u, v=v, d=d)


def saturated_derivatives(items: int, *, means: bool) -> MomentDerivatives:
    """The moves of a model in which every mean, variance and covariance is free."""
    rows, columns = np.tril_indices(items)
    unit = np.eye(items)
    u = unit[rows]
    v = unit[columns] * np.where(rows == columns, 0.5, 1.0)[:, None]
    d = np.zeros_like(u)
    if means:
        nothing = np.zeros((items, items))
        u, v = np.vstack([nothing, u]), np.vstack([nothing, v])
        d = np.vstack([unit, d])
    return MomentDerivatives(u=u, v=v, d=d)


def independent_derivatives(items: int, *, means: bool) -> MomentDerivatives:
    """The moves of a model in which items are independent."""
    unit = np.eye(items)
    nothing = np.zeros((items, items))
    u, v, d = unit, unit / 2, nothing
    if means:
        u, v = np.vstack([nothing, u]), np.vstack([nothing, v])
        d = np.vstack([unit, d])
    return MomentDerivatives(u=u, v=v, d=d)


TINY = 1e-30


def slopes(function: Callable[[Any], Any], parameters: Array) -> Array:
    """Derivatives of a function of the parameters, exact to rounding.

    By the complex step: nothing is subtracted, so nothing cancels. The function must
    hold to arithmetic that complex numbers know (no absolute value, no comparison).

    Returns shape (n_values, n_parameters).
    """
    columns = []
    for place in range(len(parameters)):
        stepped = parameters.astype(complex)
        stepped[place] += TINY * 1j
        columns.append(np.imag(np.atleast_1d(function(stepped))) / TINY)
    return np.stack(columns, axis=-1)


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
    """The inverse; NaN where the answers do not identify the moments."""
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


MAXIMUM_STEPS = 500
# Half of what the next step promises to win: a ten-millionth of a standard error's
# worth where the value is minus a log-likelihood.
CLOSE_ENOUGH = 1e-14
FLAT = 1e-10
# Newton steps after the search; each doubles the digits that are right.
LAST_STEPS = 4
# Steepest first damping, and when to give up.
FIRST_DAMPING, LAST_DAMPING = 1e-3, 1e12


class Local(NamedTuple):
    """What is known at one place."""

    value: float
    slope: Array
    curvature: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where the search ended; `reason` says why it is no solution, empty if it is."""

    parameters: Array
    local: Local
    steps: int
    reason: str = ""


def search(
    at: Callable[[Array], Local], value: Callable[[Array], float], start: Array
) -> Found:
    """Go down from `start` until the slope is flat.

    `at`: parameters → value, slope and a curvature that is never negative.
    `value`: parameters → value alone, infinite where there is none.
    """
    current, local, damping = start, at(start), FIRST_DAMPING
    for step in range(MAXIMUM_STEPS):
        scale = np.sqrt(np.maximum(np.diag(local.curvature), 0))
        if not np.isfinite(local.value) or not (scale > 0).all():
            reason = "the model is not identified: a parameter changes nothing"
            return Found(parameters=current, local=local, steps=step, reason=reason)
        candidate = _move(local, scale, 0.0)
        gain = -float(local.slope @ candidate)
        if 0 <= gain < CLOSE_ENOUGH:
            return Found(parameters=current, local=local, steps=step)
        next_point, damping = _downhill(value, current, local, scale, damping)
        if next_point is None:
            # Nothing lower within rounding: as far down as numbers go.
            reason = "" if 0 <= gain < 1e-8 else "the search found no way down"
            return Found(parameters=current, local=local, steps=step, reason=reason)
        current = next_point
        local = at(current)
    reason = f"the search did not end within {MAXIMUM_STEPS} steps"
    return Found(parameters=current, local=local, steps=MAXIMUM_STEPS, reason=reason)


def followed(at: Callable[[Array], Local], found: Found, curvature: Array) -> Array:
    """Parameters at the minimum itself, by the true curvature near it.

    Whether a search is close enough, and whether a step still leads down, is decided
    by last digits that differ between processors; nothing is left of that here. Steps
    are taken for as long as each promises less than the one before.
    """
    current, local, promised = found.parameters, found.local, np.inf
    for _ in range(LAST_STEPS):
        candidate = np.linalg.solve(curvature, -local.slope)
        gain = -float(local.slope @ candidate)
        if not 0 < gain < promised:
            break
        current, promised = current + candidate, gain
        local = at(current)
    return current


def _downhill(
    value: Callable[[Array], float],
    current: Array,
    local: Local,
    scale: Array,
    damping: float,
) -> tuple[Array | None, float]:
    """A lower place and the damping that led there; None if there is none."""
    while damping < LAST_DAMPING:
        there = current + _move(local, scale, damping)
        if value(there) < local.value:
            return there, max(damping / 10, 1e-9) if damping > 1e-8 else 0.0
        damping = max(10 * damping, FIRST_DAMPING)
    return None, damping


def _move(local: Local, scale: Array, damping: float) -> Array:
    curvature = local.curvature / np.outer(scale, scale)
    curvature = curvature + damping * np.eye(len(scale))
    values, vectors = np.linalg.eigh(curvature)
    along = vectors.T @ (-local.slope / scale)
    return np.asarray(vectors @ (along / np.maximum(values, FLAT)) / scale)


def not_definite(curvature: Array) -> bool:
    """Whether a curvature has a direction in which nothing, or the wrong way, bends."""
    diagonal = np.diag(curvature)
    if not np.isfinite(curvature).all() or (diagonal <= 0).any():
        return True
    scale = np.sqrt(diagonal)
    return bool(np.linalg.eigvalsh(curvature / np.outer(scale, scale))[0] < FLAT)


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
        for _, own in self.scores:
            total += own.T @ own
        return total

    @cached_property
    def scores(self) -> tuple[tuple[Array, Array], ...]:
        """Of every block the rows of its people, and each person's scores."""
        found = []
        for place, block in enumerate(self.sample.blocks):
            derivatives = moment_derivatives(self.model, self.filled[place], place)
            own = scores(block, self.means[place], self.covariances[place], derivatives)
            people = np.concatenate([pattern.people for pattern in block.patterns])
            found.append((people, own @ self.model.spread_by_block[place]))
        return tuple(found)

    @cached_property
    def information(self) -> Array:
        """What standard errors are based on: expected where answers are complete.

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

    Returns: with a `fault` where the search did not end, or ended where the likelihood
      is not at a maximum, or where the data do not identify the parameters.
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
    parameters = found.parameters
    if not fault:
        parameters = followed(at, found, fitted.observed)
    return MaximumLikelihood(
        model=model, sample=sample, parameters=parameters, robust=robust, fault=fault
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
