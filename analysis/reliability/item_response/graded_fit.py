"""Ranked answers into slopes and intercepts by marginal maximum likelihood.

Gradient steps of EM (Bock & Aitkin 1981; Lange 1995) bring the weights near, Newton's
method with the observed information (Louis 1982) settles them: every number is taken
over one grid of the trait, and what somebody left unanswered is left out of their
likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.item_response.graded_expectation import Expectation, Patterns

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

    Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

EM_STEPS = 12
STEPS = 500
# Past this slope an item is a step, and the grid too coarse for it.
STEEPEST = 15.0
# Distance to the maximum, in standard errors: taken as there, and taken as failed.
NEAR = 1e-6
FAR = 1e-3
# Share of the information on a weight that is none at all.
FLAT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedFit:
    """What was fitted, or why nothing was.

    Attributes
    ----------
    point : ndarray, shape (n_items, most_answers)
        Slope, then intercepts, minus infinity where padded.
    free : ndarray of bool, same shape
        Which of them are weights.
    covariance : ndarray, shape (n_weights, n_weights)
        Inverse of the observed information, in the order of `point[free]`.
    log_likelihood : float
        At the maximum.
    fault : str
        Why there is no fit; empty if there is.
    """

    point: Array
    free: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    covariance: Array
    log_likelihood: float
    fault: str = ""


def graded_fit(
    ranks: Ranks, counts: tuple[int, ...], names: tuple[str, ...]
) -> GradedFit:
    """Find the maximum, and make sure that it is one.

    Parameters
    ----------
    ranks : ndarray of int, shape (n_participants, n_items)
        Answers from 0 up, each of them given by somebody; -1 if unanswered.
    counts : tuple of int
        How many answers each item has; at least 2.
    names : tuple of str
        The items, for the words of a fault.
    """
    data = Patterns.of(ranks, counts)
    point = _start(ranks, counts)
    now = data.at(point)
    distance = np.inf
    # Newton's matrix is dear; it is kept while it brings the gradient down quickly.
    matrix: Array | None = None
    for step in range(STEPS):
        if matrix is None and step >= EM_STEPS:
            matrix = _solvable(data.information(point, now))
        move = _direction(matrix, now, data)
        if move is None:
            return _none(data, "the answers do not tell all slopes")
        before, distance = distance, _length(float(now.gradient[data.free] @ move))
        size, following = _halve_until_rising(data, point, now, move)
        # Without a rise we are there, or lost: the gradient at the end tells which.
        if size == 0 or (matrix is not None and distance < NEAR):
            break
        point, now = data.stepped(point, size * move), following
        if steep := _steep(point[:, 0], names):
            return _none(data, f"the slope of {steep} grows without end")
        if matrix is not None and distance > before / 4:
            matrix = None
    return _settled(data, point, now)


def _length(square: float) -> float:
    return float(np.sqrt(max(square, 0.0)))


def _steep(slopes: Array, names: tuple[str, ...]) -> str:
    pairs = zip(names, slopes, strict=True)
    return ", ".join(name for name, slope in pairs if abs(slope) > STEEPEST)


def _settled(data: Patterns, point: Array, now: Expectation) -> GradedFit:
    """The fit, if the gradient is flat and the likelihood curves down in all ways."""
    information = data.information(point, now)
    # What is left of the information there would be, were the traits known.
    known = np.einsum("kpp->kp", now.complete)[data.free]
    scale = np.sqrt(np.maximum(known, 1e-300))
    if np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < FLAT:
        return _none(data, "the likelihood is flat: the answers do not tell all slopes")
    covariance = np.linalg.inv(information).astype(float)
    gradient = now.gradient[data.free]
    if gradient @ covariance @ gradient > FAR**2:
        return _none(data, f"no maximum found in {STEPS} steps")
    # The trait has no direction of its own: most items shall rise with it.
    turn = np.ones(point.shape)
    turn[:, 0] = -1.0 if point[:, 0].sum() < 0 else 1.0
    signs = turn[data.free]
    return GradedFit(
        point=point * turn,
        free=data.free,
        covariance=covariance * np.outer(signs, signs),
        log_likelihood=now.log_likelihood,
    )


def _direction(matrix: Array | None, now: Expectation, data: Patterns) -> Array | None:
    """Newton's step, or one of EM's where there is no matrix; None if there is none."""
    gradient = now.gradient[data.free]
    # Padded weights get a 1 on the diagonal and a gradient of 0.
    padded = np.eye(data.free.shape[1]) * (~data.free)[:, None, :]
    try:
        if matrix is not None:
            return np.linalg.solve(matrix, gradient).astype(float)
        newton_step = np.linalg.solve(now.complete + padded, now.gradient[..., None])
    except np.linalg.LinAlgError:
        return None
    return newton_step[..., 0][data.free].astype(float)


def _halve_until_rising(
    data: Patterns, point: Array, now: Expectation, move: Array
) -> tuple[float, Expectation]:
    """Halve the step until the likelihood rises; a step of 0 where it never does."""
    size = 1.0
    while size > 1e-8:
        following = data.at(data.stepped(point, size * move))
        if following.log_likelihood > now.log_likelihood:
            return size, following
        size /= 2
    return 0.0, now


def _solvable(information: Array) -> Array | None:
    """The information, if Newton's step with it leads upwards."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    lowest = np.linalg.eigvalsh(information / np.outer(scale, scale))[0]
    return information if lowest > 1e-9 else None


def _start(ranks: Ranks, counts: tuple[int, ...]) -> Array:
    """Slopes from correlations with the mean of the others, intercepts from shares."""
    answered = ranks >= 0
    values = np.where(answered, ranks, np.nan)
    values = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    filled = np.where(answered, values, 0.0)
    point = np.full((len(counts), max(counts)), -np.inf)
    # The first direction tells items that run against the others.
    _, vectors = np.linalg.eigh(filled.T @ filled)
    scores = filled @ vectors[:, -1]
    scores /= scores.std()
    for place, count in enumerate(counts):
        given = answered[:, place]
        # Smaller than it is: an item is part of the direction it goes with.
        correlation = 0.9 * float(np.mean(filled[given, place] * scores[given]))
        correlation = min(max(correlation, -0.9), 0.9)
        slope = 1.7 * correlation / np.sqrt(1 - correlation**2)
        own = ranks[given, place]
        above = np.array([(own >= c).mean() for c in range(1, count)])
        point[place, 0] = slope
        point[place, 1:count] = np.log(above / (1 - above)) * np.sqrt(1 + slope**2 / 3)
    return point


def _none(data: Patterns, fault: str) -> GradedFit:
    nothing = np.empty((0, 0))
    return GradedFit(
        point=nothing,
        free=data.free,
        covariance=nothing,
        log_likelihood=0.0,
        fault=fault,
    )
