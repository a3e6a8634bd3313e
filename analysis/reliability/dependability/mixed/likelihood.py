"""Variance ratios into the (restricted) likelihood, its gradient, and the effects.

With relative covariance factors Lambda, H = I + Z Lambda Lambda' Z' is the covariance
of a row in units of the residual variance. The effects of the largest term are
eliminated group by group, which leaves one dense matrix for all other terms: the
algebra of Bates et al. (2015), Journal of Statistical Software 67(1), arranged for one
large term instead of a general sparse factor.
"""

from __future__ import annotations

import functools
import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.dependability.mixed.design import Array, Matrix, log_two_pi

if TYPE_CHECKING:
    from analysis.reliability.dependability.mixed.design import MixedDesign


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The penalised least squares solution at one theta.

    Effects are spherical: those of a group are Lambda times them. M is
    Lambda'Z'Z Lambda + I.

    Attributes
    ----------
    factors : list of ndarray
        Relative covariance factor of each term.
    log_determinant : float
        log det H.
    precision : ndarray, shape (n_fixed, n_fixed)
        X' H^-1 X of the orthonormal columns.
    coefficients : ndarray, shape (n_fixed,)
        Of the orthonormal columns, beyond ordinary least squares.
    squares : float
        y' P y: residual and penalty together.
    roots : ndarray, shape (n_groups, width, width)
        Inverse Cholesky factors of the first term's diagonal blocks.
    links : list of matrices
        The first term's columns with the others, seen through those roots.
    inverse : ndarray, shape (n_other, n_other)
        M^-1 of the other terms.
    effects : list of ndarray, each (n_groups, width)
        Predicted effects of each term.
    projections : list of ndarray, each (n_groups, width, n_fixed)
        M^-1 Lambda' Z' X: how the effects lean on the fixed columns.
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
    from scipy import sparse  # noqa: PLC0415 - heavy, and only needed here

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
    from scipy.linalg import lapack  # noqa: PLC0415 - heavy, and only needed here

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
