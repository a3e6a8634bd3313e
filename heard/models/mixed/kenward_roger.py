"""Allow for few groups in a linear mixed model: Kenward and Roger's errors.

Variances that are estimated make errors too small and intervals too narrow. All is
calculated from the model's cross-products, with the expected information, as R pbkrtest
does. Oracle: pbkrtest, tests/oracles/values/kenward_roger.json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.linalg import block_diag

from heard.models.mixed.design import Array, MixedDesign
from heard.models.mixed.model import MixedFit
from heard.models.mmrm import kenward_roger_covariance
from heard.results import Described, Unavailable

# Beyond it the matrices of effects by effects no longer fit a small machine.
MAXIMUM_EFFECTS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class KenwardRoger(Described):
    """How sure the coefficients are, the variances being estimated.

    - `covariance`, shape (n_fixed, n_fixed): of the coefficients.
    - `plain_covariance`, shape (n_fixed, n_fixed): the variances taken as known.
    - `slopes`, shape (n_variances, n_fixed, n_fixed): how that moves with each.
    - `variance_covariance`, shape (n_variances, n_variances): how well they are known.
    """

    covariance: Array = field(compare=False)
    plain_covariance: Array = field(repr=False, compare=False)
    slopes: Array = field(repr=False, compare=False)
    variance_covariance: Array = field(repr=False, compare=False)

    def standard_error(self, contrast: Sequence[float]) -> float:
        """Standard error of a contrast of coefficients."""
        weights = np.asarray(contrast, float)
        return math.sqrt(float(weights @ self.covariance @ weights))

    def degrees_of_freedom(self, contrast: Sequence[float]) -> float:
        """Degrees of freedom of a contrast; infinite where its variance is known."""
        weights = np.asarray(contrast, float)
        variance = float(weights @ self.plain_covariance @ weights)
        slope = np.einsum("p,kpq,q->k", weights, self.slopes, weights)
        spread = float(slope @ self.variance_covariance @ slope)
        return 2 * variance**2 / spread if spread > 0 else math.inf


def kenward_roger(fit: MixedFit) -> KenwardRoger | Unavailable:
    """Correct a fitted model's covariance and degrees of freedom for few groups.

    Parameters
    ----------
    fit : MixedFit
        By restricted likelihood.

    Returns
    -------
    KenwardRoger
        Ask it for contrasts.
    Unavailable
        A fit by full likelihood, over 3,000 effects, or variances that the data cannot
        distinguish.

    References
    ----------
    Kenward & Roger (1997), Biometrics 53(3), 983-997; Halekoh & Hojsgaard (2014), J.
    Statistical Software 59(9).
    """
    effects = sum(term.size for term in fit.design.terms)
    reason = ""
    if fit.criterion != "reml":
        reason = "Kenward and Roger's errors need a fit by restricted likelihood"
    elif effects > MAXIMUM_EFFECTS:
        reason = f"{effects} effects; at most {MAXIMUM_EFFECTS} for these errors"
    if reason:
        return Unavailable(term="kenward_roger", reason=reason, n=fit.n)
    parts = _parts(fit)
    phi = np.asarray(np.linalg.inv(parts.information), float)
    turned = phi @ parts.first
    information = (
        parts.traces
        - 2 * np.einsum("pq,ijqp->ij", phi, parts.second)
        + np.einsum("ipq,jqp->ij", turned, turned)
    ) / 2
    scale = np.sqrt(np.diag(information))
    if not np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > 1e-10:
        reason = "the data cannot distinguish the model's variances"
        return Unavailable(term="kenward_roger", reason=reason, n=fit.n)
    known = np.asarray(np.linalg.inv(information), float)
    covariance = kenward_roger_covariance(phi, parts.first, parts.second, known)
    back = np.linalg.inv(fit.design.triangle)
    return KenwardRoger(
        covariance=back @ covariance @ back.T,
        plain_covariance=back @ phi @ back.T,
        slopes=-back @ (phi @ parts.first @ phi) @ back.T,
        variance_covariance=known,
    )


class _Parts(NamedTuple):
    """X'V^-1X; P_i; Q_ij; tr(V^-1 V_i V^-1 V_j), the residual variance last."""

    information: Array
    first: Array
    second: Array
    traces: Array


def _crossed(design: MixedDesign) -> tuple[Array, Array]:
    """Z'Z and Z'X of all terms, dense."""
    groups, width, _ = design.first.shape
    size = groups * width
    others = len(design.others)
    found = np.zeros((size + others, size + others))
    found[:size, :size] = block_diag(*design.first)
    for column, part in enumerate(design.between):
        dense = part if isinstance(part, np.ndarray) else part.toarray()
        found[column:size:width, size:] = dense
    found[size:, :size] = found[:size, size:].T
    found[size:, size:] = design.others
    sides = design.first_sides.reshape(size, -1)
    return found, np.vstack([sides, design.other_sides])[:, :-1]


def _directions(design: MixedDesign) -> list[Array]:
    """E_i: one matrix of effects by effects for each variance and covariance."""
    total = sum(term.size for term in design.terms)
    found: list[Array] = []
    start = 0
    for term in design.terms:
        width = len(term.columns)
        for row, column in zip(*np.tril_indices(width), strict=True):
            own = np.zeros((width, width))
            own[row, column] = own[column, row] = 1.0
            whole = np.zeros((total, total))
            places = slice(start, start + term.size)
            whole[places, places] = np.kron(np.eye(len(term.levels)), own)
            found.append(whole)
        start += term.size
    return found


def _kernel(fit: MixedFit, crossed: Array) -> Array:
    """K, by which V^-1 = (I - Z K Z') / s2."""
    factors = zip(fit.design.terms, fit.optimum.solution.factors, strict=True)
    blocks = (np.kron(np.eye(len(term.levels)), own) for term, own in factors)
    factor = block_diag(*blocks)
    middle = np.eye(len(crossed)) + factor.T @ crossed @ factor
    return np.asarray(factor @ np.linalg.solve(middle, factor.T), float)


def _parts(fit: MixedFit) -> _Parts:
    """Everything follows from Z'Z, Z'X, X'X = I and K."""
    variance, (crossed, sides) = fit.residual_variance, _crossed(fit.design)
    kernel = _kernel(fit, crossed)
    rest = np.eye(len(crossed)) - crossed @ kernel
    own = np.eye(sides.shape[1])
    once, lean = rest @ crossed / variance, rest @ sides / variance  # Z'V^-1 Z, X
    twice, lean_twice = rest @ once / variance, rest @ lean / variance  # Z'V^-2 Z, X
    inner = sides.T @ kernel @ sides
    squared = own - 2 * inner + sides.T @ kernel @ crossed @ kernel @ sides
    squared = squared / variance**2  # X'V^-2X
    directions = _directions(fit.design)
    moved = [direction @ lean for direction in directions]
    weighed = [once @ direction for direction in directions]
    size = len(directions) + 1
    second, traces = np.zeros((size, size, *own.shape)), np.zeros((size, size))
    for i, part in enumerate(moved):
        for j, other in enumerate(moved):
            second[i, j] = part.T @ once @ other
            traces[i, j] = (weighed[i] * weighed[j].T).sum()
        second[i, -1] = part.T @ lean_twice
        second[-1, i] = second[i, -1].T
        traces[i, -1] = traces[-1, i] = (directions[i] * twice).sum()
    second[-1, -1] = (squared - lean.T @ kernel @ lean) / variance
    shared = kernel @ crossed
    alone = fit.n - 2 * np.trace(shared) + (shared * shared.T).sum()
    traces[-1, -1] = alone / variance**2
    return _Parts(
        information=(own - inner) / variance,
        first=-np.array([*(lean.T @ part for part in moved), squared]),
        second=second,
        traces=traces,
    )
