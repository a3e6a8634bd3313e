"""Estimate profile likelihood intervals of variances and of their ratios.

The constraint expresses one variance by the others, so the search is unconstrained.
Random intercepts only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from heard.models.mixed.design import Array
from heard.models.mixed.likelihood import deviance, freedom, gradient, minimised, solve
from heard.models.mixed.model import MixedFit

Bounds = tuple[float, float]

# In units of the root of the deviance's rise, of which 1.96 makes a 95 % interval.
NEAR_ENOUGH = 1e-5
MAXIMUM_STEPS = 40
LIMIT_DIGITS = 9  # of a limit, which the search finds to about 6
# Gradient at which a constrained search ends: its square is far below what is reported.
SLOPE = 1e-3
# Where a search begins that would begin at zero, in root variance ratios.
LEAST_START = 0.1
SLIGHT = 1e-6  # of a central difference of a closed form
# A value this many times a typical one that still fits has no upper limit.
SEARCH_LIMIT = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceConstraint:
    """A number that fixes one term's variance: v = weights . others + residual + plain.

    All in units of the residual variance but `plain`, which is in squared units of the
    response; each is linear in the number held.

    `term`: the term whose variance follows; empty where the residual variance itself is
      held.
    `others`: for each term: weight of its variance at zero, and its rise by the number.
    `residual`: the same for the residual variance.
    `plain`: rise by the number of the variance itself.
    """

    term: str
    others: tuple[tuple[str, float, float], ...] = ()
    residual: tuple[float, float] = (0.0, 0.0)
    plain: float = 0.0

    def at_fit(self, fit: MixedFit) -> float:
        """The number as the fit has it; negative where none can be."""
        variances = {term.name: term.variance for term in fit.random}
        return self.number(variances, fit.residual_variance)

    def number(self, variances: Mapping[str, float], residual: float) -> float:
        """The number that variances imply."""
        if not self.term:
            return residual
        fixed = self.residual[0] * residual
        rise = self.residual[1] * residual + self.plain
        fixed += sum(at * variances[name] for name, at, _ in self.others)
        rise += sum(by * variances[name] for name, _, by in self.others)
        return (variances[self.term] - fixed) / rise


def wald_interval(
    fit: MixedFit, constraint: VarianceConstraint, *, confidence: float
) -> Bounds | None:
    """Limits of a held number on its log scale, by the curvature at the fit.

    `fit`: with random intercepts only.
    `constraint`: what the interval is of.
    `confidence`: coverage of the interval.
    Returns: None where the number is zero, which has no logarithm.
    """
    best = constraint.at_fit(fit)
    if best <= 0:
        return None
    names = [term.name for term in fit.design.terms]

    def logarithm(parameters: Array) -> float:
        residual = math.exp(parameters[-1])
        variances = residual * parameters[:-1] ** 2
        return math.log(
            constraint.number(
                dict(zip(names, map(float, variances), strict=True)), residual
            )
        )

    at = np.append(fit.optimum.theta, fit.optimum.log_variance)
    steps = np.diag(SLIGHT * np.maximum(1.0, np.abs(at)))
    slope = np.array(
        [(logarithm(at + s) - logarithm(at - s)) / (2 * s.sum()) for s in steps]
    )
    covariance = 2 * np.linalg.pinv(fit.optimum.hessian, hermitian=True)
    error = math.sqrt(float(slope @ covariance @ slope))
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    if reach > math.log(SEARCH_LIMIT) / 2:
        return 0.0, math.inf
    return best * math.exp(-reach), best * math.exp(reach)


def profile_interval(
    fit: MixedFit, constraint: VarianceConstraint, *, confidence: float
) -> Bounds:
    """Limits of a held number, from 0 to infinity.

    `fit`: with random intercepts only.
    `constraint`: what the interval is of; not negative at the fit.
    `confidence`: coverage of the interval.
    Returns: lower limit, 0 where zero fits well enough, and upper limit, infinite where
      any large number does. To `LIMIT_DIGITS` digits: the order of rows moves the
      later ones, more than a published number's last digit.
    """
    reach = float(stats.norm.ppf((1 + confidence) / 2))
    trace = _Trace(fit, constraint)
    ends = _lower(trace, reach), _upper(trace, reach)
    low, high = (float(f"{end:.{LIMIT_DIGITS}g}") for end in ends)
    return low, high


class _Trace:
    """The best deviance at each held number.

    Searched from where the last search ended and from the fit. A search cannot leave a
    variance of zero, where the slope is zero whatever lies beyond; so from the fit all
    begin above it.
    """

    def __init__(self, fit: MixedFit, constraint: VarianceConstraint) -> None:
        self.fit, self.constraint = fit, constraint
        self.best = max(constraint.at_fit(fit), 0.0)
        self.typical = self.best or (fit.residual_variance if constraint.plain else 1.0)
        names = [term.name for term in fit.design.terms]
        self.target = names.index(constraint.term) if constraint.term else -1
        self.weights = np.zeros((len(names), 2))
        for name, at, by in constraint.others:
            self.weights[names.index(name)] = at, by
        self.last = self.begin = self._start()
        self.curve: Array | None = None

    def _start(self) -> Array:
        theta = (
            np.delete(self.fit.optimum.theta, self.target)
            if self.constraint.term
            else (self.fit.optimum.theta)
        )
        theta = np.where(np.abs(theta) < LEAST_START, LEAST_START, theta)
        free_variance = bool(self.constraint.plain)
        return np.append(theta, [self.fit.optimum.log_variance] * free_variance)

    def rise(self, number: float) -> float:
        """Root of how far the best deviance at a number lies above the best of all."""

        def objective(free: Array) -> tuple[float, Array]:
            return self._deviance(free, number)

        if len(self.last):
            found = [
                minimised(objective, begin, inverse_hessian=curve, slope=SLOPE)
                for begin, curve in ((self.last, self.curve), (self.begin, None))
            ]
            self.last, self.curve = min(found, key=lambda end: objective(end[0])[0])
        gap = objective(self.last)[0] - self.fit.optimum.deviance
        return math.sqrt(max(gap, 0.0))

    def _deviance(self, free: Array, number: float) -> tuple[float, Array]:
        """Deviance and gradient by the free parameters, the held number kept."""
        design, constraint = self.fit.design, self.constraint
        restricted = self.fit.criterion == "reml"
        if not constraint.term:
            solution = solve(design, free)
            level = math.log(number)
            slope = gradient(design, solution, level, restricted=restricted)
            return deviance(design, solution, level, restricted=restricted), slope
        theta = np.insert(free[: len(design.terms) - 1], self.target, 0.0)
        weights = self.weights @ [1.0, number]
        square = float(weights @ theta**2) + constraint.residual @ np.array(
            [1.0, number]
        )
        if constraint.plain:
            square += number * constraint.plain * math.exp(-free[-1])
        theta[self.target] = math.sqrt(square)
        solution = solve(design, theta)
        many = freedom(design, restricted=restricted)
        level = free[-1] if constraint.plain else math.log(solution.squares / many)
        slope = gradient(design, solution, level, restricted=restricted)
        by_square = slope[self.target] / (2 * theta[self.target] or 1.0)
        others = np.delete(slope + 2 * by_square * weights * theta, self.target)
        if constraint.plain:
            own = many - solution.squares * math.exp(-level)
            own -= by_square * number * constraint.plain * math.exp(-level)
            others = np.append(others, own)
        return deviance(design, solution, level, restricted=restricted), others


def _lower(trace: _Trace, reach: float) -> float:
    if trace.best == 0:
        return 0.0
    begin = trace.last
    if trace.constraint.term and trace.rise(0.0) <= reach:
        trace.last = begin
        return 0.0
    trace.last = begin
    found = _crossing(trace, reach, -1.0)
    trace.last = begin
    return found


def _upper(trace: _Trace, reach: float) -> float:
    return _crossing(trace, reach, 1.0)


def _crossing(trace: _Trace, reach: float, direction: float) -> float:
    """Where the rise equals the reach, walking on the log scale, then by secants."""
    inside, outside = math.log(trace.typical), math.nan
    low, high = (0.0 if trace.best else trace.rise(trace.typical)), math.nan
    if low > reach:  # the estimate is zero and a typical number is already too large
        inside, outside, low, high = math.nan, inside, 0.0, low
    step = 0.5
    place = inside + direction * step if math.isfinite(inside) else outside - step
    limit = math.log(SEARCH_LIMIT)
    for _ in range(MAXIMUM_STEPS):
        rise = trace.rise(math.exp(place))
        if abs(rise - reach) < NEAR_ENOUGH:
            break
        if rise < reach:
            inside, low = place, rise
        else:
            outside, high = place, rise
        if math.isnan(outside):
            step = min(2 * step, step * max(1.1, (reach - rise) / max(rise, 1e-3)))
            place = inside + direction * step
            if abs(place - math.log(trace.typical)) > limit:
                return math.inf if direction > 0 else 0.0
        elif math.isnan(inside):
            place = outside - step
            step *= 2
        else:
            share = (reach - low) / (high - low)
            place = inside + min(max(share, 0.02), 0.98) * (outside - inside)
    return math.exp(place)
