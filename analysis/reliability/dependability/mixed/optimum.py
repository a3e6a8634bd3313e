"""The likelihood into its optimum, and how curved it is there.

Theta is not bounded: the likelihood is an even function of a factor, so a variance of
zero is an ordinary minimum, with a gradient that vanishes and a Hessian that does not.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.reliability.dependability.mixed.likelihood import (
    Solution,
    deviance,
    freedom,
    gradient,
    solve,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.reliability.dependability.mixed.design import Array, MixedDesign

# lme4 starts at 1; half of that is nearer to what ratings of people show.
START = 0.5
# Twice the log likelihood that a further Newton step would still gain.
GAIN_TOLERANCE = 1e-7
GAIN_FLOOR = 1e-12
STEP_TOLERANCE = 1e-10
# Relative to the likelihood, what counts as no worse: it is known to about 1e-13.
LIKELIHOOD_TOLERANCE = 1e-11
# A standard deviation under this share of the residual one is tried as zero.
NEARLY_ZERO = 1e-3
STEP = 1e-4  # of a central difference; its error is of the order of its square
NEWTON_STEPS = 8
DESCENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimum:
    """Where the likelihood is highest, and whether it is a proper summit.

    Attributes
    ----------
    theta : ndarray
        Relative covariance factors, row by row of each lower triangle.
    solution : Solution
        The mixed model equations solved there.
    log_variance : float
        Log of the residual variance.
    deviance : float
        Minus twice the log likelihood.
    hessian : ndarray
        Second derivatives of `deviance` by theta and, last, the log variance.
    change_of_covariance : ndarray, shape (n_parameters + 1, n_fixed, n_fixed)
        Derivatives of the covariance of the orthonormal coefficients by the same.
    remaining_gain : float
        What another Newton step promises; tiny where the fit has converged.
    """

    theta: Array
    solution: Solution
    log_variance: float
    deviance: float
    hessian: Array
    change_of_covariance: Array
    remaining_gain: float

    @property
    def converged(self) -> bool:
        """The gradient vanishes and the Hessian is positive definite."""
        definite = float(np.linalg.eigvalsh(self.hessian)[0]) > 0
        return definite and abs(self.remaining_gain) < GAIN_TOLERANCE


def optimise(
    design: MixedDesign, *, restricted: bool, start: Array | None = None
) -> Optimum:
    """Find the highest likelihood, then check gradient and Hessian there."""
    theta = _starts(design) if start is None else start
    for _ in range(DESCENTS):
        theta = _descended(design, theta, restricted=restricted)
        theta = _without_traces(design, theta, restricted=restricted)
        found = _polished(
            design, _curved(design, theta, restricted=restricted), restricted=restricted
        )
        values, directions = np.linalg.eigh(found.hessian[:-1, :-1])
        if values[0] > 0:
            break
        # a saddle, such as a zero that is no minimum: leave it where it falls most
        theta = found.theta + START / 2 * directions[:, 0]
    return found


def _polished(design: MixedDesign, found: Optimum, *, restricted: bool) -> Optimum:
    """Newton steps until nothing is left to gain or they no longer help."""
    first = abs(found.remaining_gain)
    for _ in range(NEWTON_STEPS):
        if abs(found.remaining_gain) < GAIN_FLOOR:
            break
        closer = _stepped(design, found, restricted=restricted)
        if abs(closer.remaining_gain) > abs(found.remaining_gain) / 10:
            closer = _curved(design, closer.theta, restricted=restricted)
        if abs(closer.remaining_gain) >= abs(found.remaining_gain):
            break
        found = closer
    # degrees of freedom want the curvature of the summit, not of a place beside it
    return (
        _curved(design, found.theta, restricted=restricted)
        if first > STEP_TOLERANCE
        else found
    )


def profiled(
    design: MixedDesign, theta: Array, *, restricted: bool
) -> tuple[float, Array, Solution, float]:
    """Deviance, gradient, solution and log variance, the variance at its best."""
    solution = solve(design, theta)
    log_variance = math.log(solution.squares / freedom(design, restricted=restricted))
    value = deviance(design, solution, log_variance, restricted=restricted)
    slope = gradient(design, solution, log_variance, restricted=restricted)
    return value, slope, solution, log_variance


def minimised(
    objective: Callable[[Array], tuple[float, Array]],
    start: Array,
    *,
    inverse_hessian: Array | None = None,
    slope: float = 1e-4,
) -> tuple[Array, Array]:
    """Go downhill with the gradient until it is no steeper than `slope`.

    Where it stopped is checked by the caller. An inverse Hessian known from a search
    nearby saves steps; the one reached is handed back for the next.
    """
    from scipy import optimize  # noqa: PLC0415 - heavy, and only needed here

    scale = max(1.0, float(np.linalg.norm(objective(start)[1])))

    def scaled(point: Array) -> tuple[float, Array]:
        value, at = objective(point)
        return value / scale, at / scale

    known = None if inverse_hessian is None else inverse_hessian * scale
    options: Any = {"gtol": slope / scale, "hess_inv0": known}
    found = optimize.minimize(scaled, start, jac=True, method="BFGS", options=options)
    reached = np.asarray(found.hess_inv, dtype=float)
    return np.asarray(found.x, dtype=float), (reached + reached.T) / (2 * scale)


def _descended(design: MixedDesign, start: Array, *, restricted: bool) -> Array:
    def objective(theta: Array) -> tuple[float, Array]:
        return profiled(design, theta, restricted=restricted)[:2]

    return minimised(objective, start)[0]


def _starts(design: MixedDesign) -> Array:
    parts = [
        START * np.eye(len(term.columns))[np.tril_indices(len(term.columns))]
        for term in design.terms
    ]
    return np.concatenate(parts)


def _without_traces(design: MixedDesign, theta: Array, *, restricted: bool) -> Array:
    """Set to zero what is nearly so and fits no worse as zero."""
    lengths = np.array([np.linalg.norm(f) for f in design.factors(theta)])
    sizes = [len(t.columns) * (len(t.columns) + 1) // 2 for t in design.terms]
    traces = np.repeat(lengths < NEARLY_ZERO, sizes)
    if not traces.any():
        return theta
    bare = _descended(design, np.where(traces, 0.0, theta), restricted=restricted)
    values = [profiled(design, at, restricted=restricted)[0] for at in (bare, theta)]
    return (
        bare
        if values[0] <= values[1] + LIKELIHOOD_TOLERANCE * abs(values[1])
        else theta
    )


def _stepped(design: MixedDesign, at: Optimum, *, restricted: bool) -> Optimum:
    """One Newton step, the curvature kept."""
    full = np.append(_slope(design, at, restricted=restricted), 0.0)
    theta = at.theta - np.linalg.lstsq(at.hessian, full)[0][:-1]
    value, slope, solution, log_variance = profiled(
        design, theta, restricted=restricted
    )
    return dataclasses.replace(
        at,
        theta=theta,
        solution=solution,
        log_variance=log_variance,
        deviance=value,
        remaining_gain=_gain(at.hessian, slope),
    )


def _gain(hessian: Array, slope: Array) -> float:
    full = np.append(slope, 0.0)
    return float(full @ np.linalg.lstsq(hessian, full)[0]) / 2


def _slope(design: MixedDesign, at: Optimum, *, restricted: bool) -> Array:
    return gradient(design, at.solution, at.log_variance, restricted=restricted)


def _curved(design: MixedDesign, theta: Array, *, restricted: bool) -> Optimum:
    """Second derivatives, by central differences of the analytic first ones."""
    value, slope, solution, log_variance = profiled(
        design, theta, restricted=restricted
    )
    k, variance = len(theta), math.exp(log_variance)
    hessian = np.zeros((k + 1, k + 1))
    hessian[k, k] = solution.squares / variance
    covariance = variance * np.linalg.inv(solution.precision)
    change = np.zeros((k + 1, *covariance.shape))
    change[k] = covariance
    for place in range(k):
        step = STEP * np.eye(k)[place] * max(1.0, abs(theta[place]))
        ends = [solve(design, theta + sign * step) for sign in (1, -1)]
        slopes = [
            gradient(design, end, log_variance, restricted=restricted) for end in ends
        ]
        inverses = [np.linalg.inv(end.precision) for end in ends]
        across = 2 * step[place]
        hessian[place, :k] = (slopes[0] - slopes[1]) / across
        hessian[place, k] = -(ends[0].squares - ends[1].squares) / across / variance
        change[place] = variance * (inverses[0] - inverses[1]) / across
    hessian[k, :k] = hessian[:k, k]
    hessian[:k, :k] = (hessian[:k, :k] + hessian[:k, :k].T) / 2
    return Optimum(
        theta=theta,
        solution=solution,
        log_variance=log_variance,
        deviance=value,
        hessian=hessian,
        change_of_covariance=change,
        remaining_gain=_gain(hessian, slope),
    )
