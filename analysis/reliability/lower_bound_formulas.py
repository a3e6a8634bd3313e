"""A covariance matrix into bounds below the reliability of the sum, and slopes."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.randomness import generator

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

ALL_SPLITS = 16
"""Items up to which every split half is tried: 6,435 of them."""
SAMPLED = 10_000
SINGULAR = 1e-10
BARRIER_END = 1e-11
STEP_END = 1e-10
MAXIMUM_STEPS = 100


def singular(matrix: Array) -> bool:
    """Whether some item is predicted perfectly by the others."""
    scale = np.sqrt(np.diag(matrix))
    values = np.linalg.eigvalsh(matrix / np.outer(scale, scale))
    return bool(values[0] < SINGULAR)


def _over_total(error: Array, numerator: float, total: float) -> Array:
    """Derivative of numerator / total, from that of the numerator."""
    return np.asarray((error - numerator / total) / total)


def lambda_1(matrix: Array) -> tuple[float, Array]:
    """One less the share of the item variances."""
    total, trace = matrix.sum(), np.trace(matrix)
    derivative = _over_total(-np.eye(len(matrix)), -trace, total)
    return float(1 - trace / total), derivative


def lambda_2(matrix: Array) -> tuple[float, Array]:
    """Covariances, and the root of their mean square."""
    k = len(matrix)
    others = matrix - np.diag(np.diag(matrix))
    root = float(np.sqrt(k / (k - 1) * np.sum(others**2)))
    numerator = float(others.sum()) + root
    slopes = 1 - np.eye(k)
    if root > 0:
        slopes = slopes + k / (k - 1) * others / root
    total = float(matrix.sum())
    return numerator / total, _over_total(slopes, numerator, total)


def lambda_3(matrix: Array) -> tuple[float, Array]:
    """Alpha."""
    first, derivative = lambda_1(matrix)
    step = len(matrix) / (len(matrix) - 1)
    return step * first, step * derivative


def largest_split(matrix: Array) -> tuple[float, Array]:
    """Lambda 4: the split of the items with the largest reliability."""
    halves = _halves(len(matrix), "lambda 4")
    found = _of_splits(matrix, halves)
    signs = np.where(halves[int(found.argmax())], 1.0, 0.0)
    numerator = 4 * float(signs @ matrix @ (1 - signs))
    slopes = 2 * (np.outer(signs, 1 - signs) + np.outer(1 - signs, signs))
    total = float(matrix.sum())
    return numerator / total, _over_total(slopes, numerator, total)


def lambda_5(matrix: Array) -> tuple[float, Array]:
    """Covariances, and those with the item that has the largest."""
    others = matrix - np.diag(np.diag(matrix))
    sizes = (others**2).sum(axis=0)
    place = int(sizes.argmax())
    root = float(np.sqrt(sizes[place]))
    numerator = float(others.sum()) + 2 * root
    slopes = 1 - np.eye(len(matrix))
    if root > 0:
        slopes[place] += others[place] / root
        slopes[:, place] += others[place] / root
    total = float(matrix.sum())
    return numerator / total, _over_total(slopes, numerator, total)


def lambda_6(matrix: Array) -> tuple[float, Array]:
    """One less the share of what the other items do not predict."""
    inverse = np.linalg.inv(matrix)
    errors = 1 / np.diag(inverse)
    weights = inverse * errors  # column j predicts item j from the others
    total = float(matrix.sum())
    numerator = total - float(errors.sum())
    slopes = np.ones_like(matrix) - weights @ weights.T
    return numerator / total, _over_total(slopes, numerator, total)


def greatest(matrix: Array) -> tuple[float, Array]:
    """Largest trace of error variances t with matrix - diag(t) positive definite.

    The barrier log det(matrix - diag(t)) + log t keeps both inside; Newton's steps
    follow it as it fades. At the end its multipliers are the derivative by the
    covariances.
    """
    scale = np.sqrt(np.diag(matrix))
    scaled = matrix / np.outer(scale, scale)
    weights = scale**2
    error: Array = np.full(len(matrix), 0.5 * np.linalg.eigvalsh(scaled)[0])
    barrier = float(weights.mean())
    while barrier > BARRIER_END * weights.mean():
        for _ in range(MAXIMUM_STEPS):
            left = np.linalg.inv(scaled - np.diag(error))
            slope = weights - barrier * (np.diag(left) - 1 / error)
            bend = barrier * (left**2 + np.diag(1 / error**2))
            step: Array = np.asarray(np.linalg.solve(bend, slope), dtype=np.float64)
            error = error + _inside(scaled, error, step) * step
            if float(slope @ step) < STEP_END * barrier:
                break
        barrier /= 10
    total = float(matrix.sum())
    numerator = total - float(weights @ error)
    left = barrier * 10 * np.linalg.inv(scaled - np.diag(error))
    dual = left / np.outer(scale, scale)
    return numerator / total, _over_total(1 - dual, numerator, total)


def _inside(scaled: Array, error: Array, step: Array) -> float:
    """How much of a step stays where the barrier is finite."""
    share = 1.0
    while (error + share * step <= 0).any() or np.linalg.eigvalsh(
        scaled - np.diag(error + share * step)
    )[0] <= 0:
        share /= 2
    return share


def split_halves(matrix: Array, seed: str) -> Array:
    """Reliability of every split, or of a sample named by `seed`."""
    return _of_splits(matrix, _halves(len(matrix), seed))


def _of_splits(matrix: Array, halves: Array) -> Array:
    """4 covariance of the halves / variance of the sum, of every split."""
    first = halves.astype(float)
    across = np.einsum("si,si->s", first @ matrix, 1 - first)
    return np.asarray(4 * across / matrix.sum())


def _halves(k: int, seed: str) -> Array:
    """Which items are in the first half, a row a split, shape (n_splits, k)."""
    size = k // 2
    if k <= ALL_SPLITS:
        rest = 1 if k % 2 == 0 else 0  # an even number: item 1 stays in the first half
        chosen = [
            (0, *others) if rest else others
            for others in combinations(range(rest, k), size - rest)
        ]
        halves = np.zeros((len(chosen), k), dtype=bool)
        halves[np.arange(len(chosen))[:, None], np.array(chosen)] = True
        return halves
    order = generator("split halves", seed).random((SAMPLED, k)).argsort(axis=1)
    return np.asarray(order < size)


def splits_in_words(k: int) -> str:
    """How many splits are looked at."""
    splits = f"all splits of {k} items into halves"
    return splits if k <= ALL_SPLITS else f"{SAMPLED} splits drawn from {splits}"
