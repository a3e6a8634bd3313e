"""Evaluate and maximise the (restricted) likelihood of a mixed model.

With relative covariance factors Lambda, H = I + Z Lambda Lambda' Z' is the covariance
of a row in units of the residual variance. The effects of the largest term are
eliminated group by group, leaving one dense matrix (after Bates et al. 2015, Journal of
Statistical Software 67(1)). Theta is not bounded: a variance of zero is an ordinary
minimum.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, sparse
from scipy.linalg import lapack

from heard.models.mixed.design import Array, Matrix, MixedDesign, log_two_pi
from heard.models.stable_choice import upward


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The penalised least squares solution at one theta.

    Effects are spherical: those of a group are Lambda times them. M is
    Lambda'Z'Z Lambda + I.

    `factors`: relative covariance factor of each term.
    `log_determinant`: log det H.
    `precision`, shape (n_fixed, n_fixed): X' H^-1 X of the orthonormal columns.
    `coefficients`, shape (n_fixed,): of the orthonormal columns, beyond ordinary least
      squares.
    `squares`: y' P y: residual and penalty together.
    `roots`, shape (n_groups, width, width): inverse Cholesky factors of the first
      term's diagonal blocks.
    `links`: the first term's columns with the others, seen through those roots.
    `inverse`, shape (n_other, n_other): M^-1 of the other terms.
    `effects`: predicted effects of each term.
    `projections`: M^-1 Lambda' Z' X: how the effects lean on the fixed columns.
    """

    factors: list[Array]
    log_determinant: float
    precision: Array
    coefficients: Array
    squares: float
    roots: Array
    links: list[Matrix]
    inverse: Array
    effects: list[Array]
    projections: list[Array]


def solve(design: MixedDesign, theta: Array) -> Solution:
    """Solve the mixed model equations at one theta."""
    factors = design.factors(theta)
    first = factors[0]
    blocks = first.T @ design.first @ first + np.eye(len(first))
    roots = np.linalg.inv(np.linalg.cholesky(blocks))
    seen = roots @ first.T  # what the first term's design becomes
    upper = seen @ design.first_sides
    links = _links(design, seen, factors[1:])
    lower, inverse, log_rest = _others(design, links, upper, factors[1:])
    flat = upper.reshape(-1, upper.shape[2])
    reduced = design.sides - flat.T @ flat - lower[0].T @ lower[0]
    precision = reduced[:-1, :-1]
    coefficients = np.asarray(np.linalg.solve(precision, reduced[:-1, -1]), float)
    squares = float(reduced[-1, -1] - reduced[:-1, -1] @ coefficients)
    solved = _solved(design, links, roots, upper, lower[1])
    return Solution(
        factors=factors,
        log_determinant=log_rest - 2 * float(np.log(_diagonals(roots)).sum()),
        precision=precision,
        coefficients=coefficients,
        squares=squares,
        roots=roots,
        links=links,
        inverse=inverse,
        effects=[part[..., -1] - part[..., :-1] @ coefficients for part in solved],
        projections=[part[..., :-1] for part in solved],
    )


def _diagonals(blocks: Array) -> Array:
    return np.diagonal(blocks, axis1=1, axis2=2)


def _links(design: MixedDesign, seen: Array, factors: list[Array]) -> list[Matrix]:
    """Rows of the first term against columns of the others, both scaled."""
    spread = _spread(design, factors)
    return _mixed(seen, [_by_columns(part, spread) for part in design.between])


def _mixed(weights: Array, parts: list[Matrix]) -> list[Matrix]:
    """Sums of the parts, row by row, with weights of shape (n_groups, width, width)."""
    width = len(parts)
    return [
        functools.reduce(
            operator.add, (_by_rows(parts[b], weights[:, a, b]) for b in range(width))
        )
        for a in range(width)
    ]


def _spread(design: MixedDesign, factors: list[Array]) -> Matrix:
    """The factors of the other terms as one block diagonal matrix, or its diagonal."""
    pairs = list(zip(design.terms[1:], factors, strict=True))
    if all(len(factor) == 1 for factor in factors):
        parts = [np.full(term.size, factor[0, 0]) for term, factor in pairs]
        return np.concatenate([np.zeros(0), *parts])
    blocks = [sparse.kron(sparse.eye_array(len(t.levels)), f) for t, f in pairs]
    return sparse.block_diag(blocks, format="csr")


def _by_columns(part: Matrix, spread: Matrix) -> Matrix:
    if spread.ndim == 2:
        return part @ spread
    return part * spread if isinstance(part, np.ndarray) else part.multiply(spread)


def _by_rows(part: Matrix, weights: Array) -> Matrix:
    if isinstance(part, np.ndarray):
        return part * weights[:, None]
    return part.multiply(weights[:, None]).tocsr()


def _dense(part: Matrix) -> Array:
    return part if isinstance(part, np.ndarray) else part.toarray()


def _others(
    design: MixedDesign, links: list[Matrix], upper: Array, factors: list[Array]
) -> tuple[tuple[Array, Array], Array, float]:
    """The dense part: sides half-solved and solved, inverse, log determinant."""
    if not factors:
        return (design.other_sides, design.other_sides), design.others, 0.0
    spread = _spread(design, factors)
    dense = np.asfortranarray(_by_columns(_by_columns(design.others, spread).T, spread))
    dense[np.diag_indices_from(dense)] += 1
    sides = _by_columns(design.other_sides.T, spread).T
    for column, link in enumerate(links):
        dense -= _dense(link.T @ link)
        sides = sides - link.T @ upper[:, column]
    root, failed = lapack.dpotrf(dense, lower=1, clean=1, overwrite_a=1)
    assert not failed, "I plus a cross-product has a Cholesky factor"
    half, _ = lapack.dtrtrs(root, sides, lower=1)
    whole, _ = lapack.dtrtrs(root, half, lower=1, trans=1)
    log_determinant = 2 * float(np.log(np.diag(root)).sum())
    inverse, _ = lapack.dpotri(root, lower=1, overwrite_c=1)
    return (half, whole), _whole(inverse), log_determinant


def _whole(lower: Array) -> Array:
    """A symmetric matrix from its lower triangle, the upper one being zero."""
    whole = lower + lower.T
    whole[np.diag_indices_from(whole)] /= 2
    return np.asarray(whole)


def _solved(
    design: MixedDesign, links: list[Matrix], roots: Array, upper: Array, rest: Array
) -> list[Array]:
    """M^-1 Lambda' Z' [X y], term by term, shape (n_groups, width, n_fixed + 1)."""
    inner = upper
    if links:
        inner = upper - np.stack([link @ rest for link in links], axis=1)
    found, place = [roots.transpose(0, 2, 1) @ inner], 0
    for term in design.terms[1:]:
        part = rest[place : place + term.size]
        found.append(part.reshape(len(term.levels), len(term.columns), -1))
        place += term.size
    return found


def freedom(design: MixedDesign, *, restricted: bool) -> int:
    """The rows, less the fixed columns where the likelihood is restricted."""
    return design.n - len(design.names) * restricted


def deviance(
    design: MixedDesign, solution: Solution, log_variance: float, *, restricted: bool
) -> float:
    """Minus twice the log likelihood at a residual variance."""
    found = solution.log_determinant + solution.squares * math.exp(-log_variance)
    found += freedom(design, restricted=restricted) * (log_two_pi() + log_variance)
    if restricted:
        found += float(np.linalg.slogdet(solution.precision)[1]) + design.log_scale
    return found


def gradient(
    design: MixedDesign, solution: Solution, log_variance: float, *, restricted: bool
) -> Array:
    """Derivative of `deviance` by theta, the residual variance held."""
    covariance = np.linalg.inv(solution.precision)
    found = []
    for place, factor in enumerate(solution.factors):
        effects, projections = solution.effects[place], solution.projections[place]
        groups, width = effects.shape
        slope = groups * np.eye(width) - _trace(design, solution, place)
        if restricted:
            slope -= np.einsum("gap,pq,gbq->ab", projections, covariance, projections)
        slope -= math.exp(-log_variance) * effects.T @ effects
        found.append(_by_factor(factor, slope)[np.tril_indices(width)])
    return np.concatenate(found)


def _by_factor(factor: Array, slope: Array) -> Array:
    """From Lambda' A Lambda to 2 A Lambda, zero where Lambda is."""
    if len(factor) == 1:
        return 2 * slope / factor if factor[0, 0] else np.zeros_like(slope)
    return np.asarray(2 * np.linalg.lstsq(factor.T, slope)[0], dtype=float)


def _trace(design: MixedDesign, solution: Solution, place: int) -> Array:
    """Sum over its groups of the blocks of M^-1 that belong to one term."""
    width = len(solution.factors[place])
    if place:
        blocks = own_blocks(design, solution, place)
        return np.asarray(blocks.sum(axis=0))
    roots = solution.roots
    total = np.einsum("gca,gcb->ab", roots, roots)
    links = _mixed(roots.transpose(0, 2, 1), solution.links)
    for a in range(len(links)):
        for b in range(width):
            total[a, b] += _inner(links[a].T @ links[b], solution.inverse)
    return np.asarray(total)


def _inner(crossed: Matrix, inverse: Array) -> float:
    if isinstance(crossed, np.ndarray):
        return float(np.vdot(crossed, inverse))
    entries = crossed.tocoo()
    return float(entries.data @ inverse[entries.coords])


def own_blocks(design: MixedDesign, solution: Solution, place: int) -> Array:
    """The blocks of M^-1 of each group of a term, shape (n_groups, width, width)."""
    term = design.terms[place]
    width = len(term.columns)
    if place:
        start = sum(other.size for other in design.terms[1:place])
        places = start + np.arange(term.size).reshape(-1, width)
        return solution.inverse[places[:, :, None], places[:, None, :]]
    roots = solution.roots
    blocks = roots.transpose(0, 2, 1) @ roots
    links = _mixed(roots.transpose(0, 2, 1), solution.links)
    for a in range(len(links)):
        reached = links[a] @ solution.inverse
        for b in range(width):
            blocks[:, a, b] += np.asarray((links[b] * reached).sum(axis=1)).ravel()
    return np.asarray(blocks)


# lme4 starts at 1; half of that is nearer to what ratings of people show.
START = 0.5
# Twice the log likelihood that a further Newton step would still gain.
GAIN_TOLERANCE = 1e-7
GAIN_FLOOR = 1e-20
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

    `theta`: relative covariance factors, row by row of each lower triangle.
    `solution`: the mixed model equations solved there.
    `log_variance`: log of the residual variance.
    `deviance`: minus twice the log likelihood.
    `hessian`: second derivatives of `deviance` by theta and, last, the log variance.
    `change_of_covariance`, shape (n_parameters + 1, n_fixed, n_fixed): derivatives of
      the covariance of the orthonormal coefficients by the same.
    `remaining_gain`: what another Newton step promises; tiny where the fit has
      converged.
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
        theta = found.theta + START / 2 * (directions * upward(directions))[:, 0]
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
    # degrees of freedom want the curvature of the summit, not of a place near it
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
    move = np.linalg.lstsq(at.hessian, full)[0][:-1]
    # The likelihood is even in a factor: what is zero stays so, but for rounding.
    theta = at.theta - np.where(at.theta == 0, 0.0, move)
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
