"""Unrotated loadings into simple structure, many solutions at once.

Rotations are found by gradient projection: from a start, down the slope of how complex
the loadings are, back onto the rotations each time.

References
----------
Jennrich (2002), Psychometrika 67(1), 7-19.
Bernaards & Jennrich (2005), Educational and Psychological Measurement 65(5), 676-696.
Hendrickson & White (1964), British Journal of Statistical Psychology 17(1), 65-70.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.extraction import Truths

Rotation: TypeAlias = Literal["oblimin", "promax", "varimax", "none"]

# The steepest slope at which a rotation counts as found, and at which it is left.
CONVERGED, ENOUGH = 1e-5, 1e-7
MAXIMUM_STEPS = 1000
HALVINGS = 10
PROMAX_POWER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """Rotated solutions.

    Attributes
    ----------
    loadings : ndarray, shape (n_solutions, n_items, n_factors)
    correlations : ndarray, shape (n_solutions, n_factors, n_factors)
        Of the factors.
    turn : ndarray, shape (n_solutions, n_factors, n_factors)
        The last matrix of the search: where another may start.
    complexity : ndarray, shape (n_solutions,)
        What was minimised.
    settled : ndarray of bool, shape (n_solutions,)
    """

    loadings: Array
    correlations: Array
    turn: Array
    complexity: Array
    settled: Truths


def rotate(unrotated: Array, rotation: Rotation, start: Array | None = None) -> Rotated:
    """Rotate every solution.

    Parameters
    ----------
    unrotated : ndarray, shape (n_solutions, n_items, n_factors)
    rotation : {"oblimin", "promax", "varimax", "none"}
        Varimax and promax of loadings normalised by Kaiser, that is with communality 1;
        oblimin with gamma 0, not normalised.
    start : ndarray, shape (n_factors, n_factors), optional
        Where to search from; None for the identity.
    """
    solutions, _, factors = unrotated.shape
    begin = np.eye(factors) if start is None else start
    turn = np.array(np.broadcast_to(begin, (solutions, factors, factors)))
    if rotation == "none" or factors == 1:
        nothing = np.zeros(solutions)
        return Rotated(
            loadings=unrotated,
            correlations=np.broadcast_to(np.eye(factors), turn.shape),
            turn=turn,
            complexity=nothing,
            settled=nothing == 0,
        )
    if rotation == "oblimin":
        return _searched(unrotated, turn, oblique=True)
    size = np.sqrt((unrotated**2).sum(axis=2, keepdims=True))
    size = np.where(size > 0, size, 1.0)
    varimax = _searched(unrotated / size, turn, oblique=False)
    found = _promax(varimax) if rotation == "promax" else varimax
    return replace(found, loadings=found.loadings * size)


def _promax(varimax: Rotated) -> Rotated:
    """Towards the loadings' fourth powers, factors scaled to variance 1."""
    loadings = varimax.loadings
    target = loadings * np.abs(loadings) ** (PROMAX_POWER - 1)
    across = loadings.transpose(0, 2, 1)
    turn = np.linalg.solve(across @ loadings, across @ target)
    inverse = np.linalg.inv(turn.transpose(0, 2, 1) @ turn)
    size = np.sqrt(np.diagonal(inverse, axis1=1, axis2=2))
    turn = turn * size[:, None, :]
    return replace(
        varimax,
        loadings=loadings @ turn,
        correlations=inverse / (size[:, :, None] * size[:, None, :]),
    )


def _searched(unrotated: Array, turn: Array, *, oblique: bool) -> Rotated:
    """Gradient projection with a step that grows while it succeeds."""
    complexity, slope = _slope(unrotated, turn, oblique=oblique)
    pace = np.ones(len(turn))
    for _ in range(MAXIMUM_STEPS):
        steep = np.sqrt((slope**2).sum(axis=(1, 2)))
        moving = np.flatnonzero(steep > ENOUGH)
        if not len(moving):
            break
        pace[moving] *= 2
        untried = moving
        for _ in range(HALVINGS):
            onward = _projected(
                turn[untried] - pace[untried, None, None] * slope[untried],
                oblique=oblique,
            )
            value, new_slope = _slope(unrotated[untried], onward, oblique=oblique)
            gain = complexity[untried] - value
            better = gain > 0.5 * steep[untried] ** 2 * pace[untried]
            accepted = untried[better]
            turn[accepted], slope[accepted] = onward[better], new_slope[better]
            complexity[accepted] = value[better]
            untried = untried[~better]
            pace[untried] /= 2
            if not len(untried):
                break
        if len(untried) == len(moving):
            break  # nobody can go further down: rounding
    return Rotated(
        loadings=_rotated(unrotated, turn, oblique=oblique),
        correlations=turn.transpose(0, 2, 1) @ turn,
        turn=turn,
        complexity=complexity,
        settled=np.sqrt((slope**2).sum(axis=(1, 2))) < CONVERGED,
    )


def _rotated(unrotated: Array, turn: Array, *, oblique: bool) -> Array:
    if oblique:
        return np.asarray(unrotated @ np.linalg.inv(turn).transpose(0, 2, 1))
    return np.asarray(unrotated @ turn)


def _slope(unrotated: Array, turn: Array, *, oblique: bool) -> tuple[Array, Array]:
    """How complex the loadings are, and its slope along the rotations."""
    loadings = _rotated(unrotated, turn, oblique=oblique)
    squares = loadings**2
    if oblique:
        others = squares.sum(axis=2, keepdims=True) - squares
        value = (squares * others).sum(axis=(1, 2)) / 4
        pull = loadings * others
        inverse = np.linalg.inv(turn)
        slope = -(loadings.transpose(0, 2, 1) @ pull @ inverse).transpose(0, 2, 1)
        along = turn * (turn * slope).sum(axis=1, keepdims=True)
        return value, np.asarray(slope - along)
    centred_squares = squares - squares.mean(axis=1, keepdims=True)
    value = -(centred_squares**2).sum(axis=(1, 2)) / 4
    slope = -unrotated.transpose(0, 2, 1) @ (loadings * centred_squares)
    both = turn.transpose(0, 2, 1) @ slope
    return value, np.asarray(slope - turn @ (both + both.transpose(0, 2, 1)) / 2)


def _projected(turn: Array, *, oblique: bool) -> Array:
    """The nearest matrix that is a rotation."""
    if oblique:
        return np.asarray(turn / np.sqrt((turn**2).sum(axis=1, keepdims=True)))
    left, _, right = np.linalg.svd(turn)
    return np.asarray(left @ right)
