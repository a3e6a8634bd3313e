"""Correlations into one rotated solution, and the same of every bootstrap draw.

Draws are turned onto the sample's solution before they are rotated, from where the
sample's rotation ended: so a factor keeps its place and its sign in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from analysis.foundation import generator
from analysis.reliability.consistency import SINGULAR
from analysis.reliability.structure.extraction import Extraction, extract_factors
from analysis.reliability.structure.rotation import Rotation, rotate

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.extraction import Factors, Truths
    from analysis.reliability.structure.item_correlations import ItemCorrelations
    from analysis.reliability.structure.pair_tables import Ranks
    from analysis.reliability.structure.rotation import Rotated

# Where searches begin besides the usual start: all uniquenesses alike, and turned at
# random; the lowest end is kept.
OTHER_STARTS = (0.2, 0.5, 0.9)
RANDOM_ROTATIONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Rotated factors of one or several correlation matrices.

    Attributes
    ----------
    extracted : Factors
        Before rotation.
    loadings : ndarray, shape (n_matrices, n_items, n_factors)
    correlations : ndarray, shape (n_matrices, n_factors, n_factors)
        Of the factors.
    turn : ndarray, shape (n_factors, n_factors)
        Where the rotation ended.
    settled : ndarray of bool, shape (n_matrices,)
        Whether extraction and rotation ended at a minimum.
    places : ndarray of int, shape (n_matrices,)
        Which of the matrices given these are.
    """

    extracted: Factors
    loadings: Array
    correlations: Array
    turn: Array
    settled: Truths
    places: Ranks

    def implied(self) -> Array:
        """Correlations that the factors account for, communalities on the diagonal."""
        loadings = self.extracted.loadings
        return np.asarray(loadings @ loadings.transpose(0, 2, 1))


def check_choices(extraction: str, rotation: str, factors: int) -> None:
    """Refuse what is no choice."""
    if extraction not in get_args(Extraction):
        raise ValueError(
            f"extraction is {extraction!r}; give one of {get_args(Extraction)}"
        )
    if rotation not in get_args(Rotation):
        raise ValueError(f"rotation is {rotation!r}; give one of {get_args(Rotation)}")
    if factors < 1:
        raise ValueError(f"factors is {factors}; at least 1 needed")


def not_solvable(found: ItemCorrelations, factors: int, extraction: Extraction) -> str:
    """Why there is no such solution of these correlations; empty if there may be."""
    k = len(found.names)
    if found.fault or found.too_few:
        return found.fault or found.too_few
    if (k - factors) ** 2 < k + factors or factors >= k:
        return f"{factors} factors of {k} items: more than the correlations identify"
    return found.singular if extraction == "ml" else ""


def caution_words(found: ItemCorrelations, sample: Solution) -> str:
    """What is odd about a solution, to stand in a result's method."""
    words = f"; caution: {found.singular}" * bool(found.singular)
    at_least = sample.extracted.heywood[0]
    if at_least.any():
        whose = [name for name, yes in zip(found.names, at_least, strict=True) if yes]
        words += f"; Heywood case, uniqueness held at 0.005: {', '.join(whose)}"
    return words


def solve(
    matrix: Array, factors: int, extraction: Extraction, rotation: Rotation
) -> Solution:
    """The best solution of several starts, factors by size, each turned upwards."""
    k = len(matrix)
    starts = [np.full(k, start) for start in OTHER_STARTS]
    tried = [
        extract_factors(matrix[None], factors, extraction, start)
        for start in (None, *starts)
    ]
    extracted = min(tried, key=lambda one: (not one.settled[0], one.discrepancy[0]))
    turns = np.linalg.qr(
        generator("rotation").standard_normal((RANDOM_ROTATIONS, factors, factors))
    )[0]
    turns[0] = np.eye(factors)
    rotated = rotate(
        np.repeat(extracted.loadings, RANDOM_ROTATIONS, axis=0), rotation, turns
    )
    ends = np.where(rotated.settled, rotated.complexity, np.inf)
    best = int(np.argmax(ends <= ends.min() + 1e-9)) if rotated.settled.any() else 0
    loadings, correlations = rotated.loadings[best], rotated.correlations[best]
    order, sign = _order(loadings, correlations)
    return Solution(
        extracted=extracted,
        loadings=(loadings[:, order] * sign)[None],
        correlations=(correlations[np.ix_(order, order)] * np.outer(sign, sign))[None],
        turn=rotated.turn[best][:, order] * sign,
        settled=extracted.settled & rotated.settled[best],
        places=np.zeros(1, dtype=np.int64),
    )


def solve_draws(
    matrices: Array, sample: Solution, extraction: Extraction, rotation: Rotation
) -> Solution:
    """The solution of every draw that has one, factors in the sample's order."""
    factors, places = sample.loadings.shape[2], np.arange(len(matrices))
    if extraction == "ml":  # its likelihood needs a matrix with an inverse
        places = np.flatnonzero(np.linalg.eigvalsh(matrices)[:, 0] > SINGULAR)
    start = sample.extracted.uniquenesses[0]
    found = extract_factors(matrices[places], factors, extraction, start)
    left, _, right = np.linalg.svd(
        found.loadings.transpose(0, 2, 1) @ sample.extracted.loadings
    )
    aligned = found.loadings @ (left @ right)
    rotated = rotate(aligned, rotation, sample.turn)
    return _only(found, rotated, sample.turn, places)


def _only(found: Factors, rotated: Rotated, turn: Array, places: Ranks) -> Solution:
    valid = found.settled & rotated.settled
    return Solution(
        extracted=replace(
            found,
            loadings=found.loadings[valid],
            uniquenesses=found.uniquenesses[valid],
            discrepancy=found.discrepancy[valid],
            settled=found.settled[valid],
        ),
        loadings=rotated.loadings[valid],
        correlations=rotated.correlations[valid],
        turn=turn,
        settled=valid[valid],
        places=places[valid],
    )


def _order(loadings: Array, correlations: Array) -> tuple[Ranks, Array]:
    """Factors by the variance they explain, and the sign that turns each upwards."""
    explained = np.diag(correlations @ loadings.T @ loadings)
    order = np.argsort(-explained, kind="stable")
    sign = np.where(loadings[:, order].sum(axis=0) < 0, -1.0, 1.0)
    return order, np.asarray(sign, dtype=np.float64)
