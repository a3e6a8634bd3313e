"""A value, its slope and an approximate curvature into the place where it is least.

Scoring steps, damped while they do not help. Whether the place found is a minimum is
not believed but looked at: the caller checks slope and true curvature there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.reliability.complete import Array

MAXIMUM_STEPS = 500
# Half of what the next step promises to win: a ten-millionth of a standard error's
# worth where the value is minus a log-likelihood.
CLOSE_ENOUGH = 1e-14
FLAT = 1e-10
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

    Parameters
    ----------
    at : callable
        Parameters → value, slope and a curvature that is never negative.
    value : callable
        Parameters → value alone, infinite where there is none.
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
