"""Extract and rotate common factors, many matrices at once.

Minimum residuals and maximum likelihood are functions of the uniquenesses alone,
minimised by Newton's steps. Rotations are found by gradient projection; draws start
from the sample's rotation, so that factors keep their place and sign.

References
----------
Harman & Jones (1966), Psychometrika 31(3), 351-368.
Joreskog (1967), Psychometrika 32(4), 443-482.
Jennrich (2002), Psychometrika 67(1), 7-19.
Bernaards & Jennrich (2005), Educational and Psychological Measurement 65(5), 676-696.
Hendrickson & White (1964), British Journal of Statistical Psychology 17(1), 65-70.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np

from heard.models.complete_responses import SINGULAR, Array
from heard.models.random_streams import generator
from heard.models.stable_choice import order, rounded, upward
from heard.psychometrics.structure.item_correlations import ItemCorrelations
from heard.psychometrics.structure.polychoric import Ranks

Extraction: TypeAlias = Literal["minres", "ml"]
Truths: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

# The least uniqueness; an item there is Heywood's case.
MINIMUM_UNIQUENESS = 0.005
# The steepest slope at which a minimum counts as found.
CONVERGED = 1e-7
ENOUGH = 1e-11
MAXIMUM_STEPS = 200
MINIMUM_CURVATURE = 1e-6
HALVINGS = 20
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Unrotated factors of several correlation matrices.

    `loadings`, shape (n_matrices, n_items, n_factors): each column's sum is not
      negative.
    `uniquenesses`, shape (n_matrices, n_items).
    `discrepancy`, shape (n_matrices,): half the sum of squared residuals, or maximum
      likelihood's.
    `settled`, shape (n_matrices,): whether slope and curvature say that it is a
      minimum.
    """

    loadings: Array
    uniquenesses: Array
    discrepancy: Array
    settled: Truths

    @property
    def heywood(self) -> Truths:
        """Which uniquenesses lie at the least allowed."""
        return np.asarray(self.uniquenesses <= MINIMUM_UNIQUENESS * (1 + 1e-9))


def extract_factors(
    matrices: Array, factors: int, extraction: Extraction, start: Array | None = None
) -> Factors:
    """Find the uniquenesses that leave least, and the loadings that go with them.

    `matrices`, shape (n_matrices, n_items, n_items): correlations; for maximum
      likelihood positive definite.
    `factors`: at least 1, fewer than items.
    `extraction`, {"minres", "ml"}.
    `start`, shape (n_items,): uniquenesses from which to search; None for Joreskog's
      start.
    """
    begin = _start(matrices, factors) if start is None else start
    uniquenesses = np.array(np.broadcast_to(begin, matrices.shape[:2]))
    settled = np.zeros(len(matrices), dtype=bool)
    moving: Ranks = np.arange(len(matrices))
    for _ in range(MAXIMUM_STEPS):
        surface = _Surface.at(
            matrices[moving], uniquenesses[moving], factors, extraction
        )
        step, slope, valid = _newton_step(surface)
        settled[moving] = (slope < CONVERGED) & valid
        going = slope > ENOUGH
        moving = moving[going]
        if not len(moving):
            break
        uniquenesses[moving] = _descended(
            matrices[moving], surface.only(going), step[going]
        )
    last = _Surface.at(matrices, uniquenesses, factors, extraction)
    return Factors(
        loadings=last.loadings(),
        uniquenesses=uniquenesses,
        discrepancy=last.value,
        settled=settled,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surface:
    """The discrepancy around given uniquenesses.

    Coordinates are the uniquenesses, or their logarithms for maximum likelihood.
    """

    uniquenesses: Array
    factors: int
    extraction: Extraction
    values: Array
    vectors: Array
    value: Array

    @classmethod
    def at(
        cls, matrices: Array, uniquenesses: Array, factors: int, extraction: Extraction
    ) -> _Surface:
        if extraction == "minres":
            reduced = matrices - uniquenesses[:, :, None] * np.eye(matrices.shape[1])
        else:
            root = np.sqrt(uniquenesses)
            reduced = matrices / (root[:, :, None] * root[:, None, :])
        values, vectors = np.linalg.eigh(reduced)
        left = values[:, :-factors]
        if extraction == "minres":
            value = (left**2).sum(axis=1) / 2
        else:
            left = np.maximum(left, 1e-12)
            value = (left - np.log(left) - 1).sum(axis=1)
        return cls(
            uniquenesses=uniquenesses,
            factors=factors,
            extraction=extraction,
            values=values,
            vectors=vectors,
            value=value,
        )

    def only(self, chosen: Truths) -> _Surface:
        """The surface of some of the matrices."""
        return replace(
            self,
            uniquenesses=self.uniquenesses[chosen],
            values=self.values[chosen],
            vectors=self.vectors[chosen],
            value=self.value[chosen],
        )

    def slope(self) -> Array:
        left = self.vectors[:, :, : -self.factors]
        pull = self.values if self.extraction == "minres" else self.values - 1
        return -np.asarray(np.einsum("bij,bj->bi", left**2, pull[:, : -self.factors]))

    def curvature(self) -> Array:
        """Second derivatives, by those of the eigenvalues left over."""
        values, vectors, many = self.values, self.vectors, self.factors
        k = values.shape[1]
        near, far = values[:, :-many, None], values[:, None, -many:]
        weight = np.zeros((len(values), k, k))
        if self.extraction == "minres":
            weight[:, :-many, :-many] = 1.0
            weight[:, :-many, -many:] = 2 * near / _apart(near - far)
        else:
            low = np.maximum(values[:, :-many], 1e-12)
            product = low[:, :, None] * low[:, None, :]
            spread = (low[:, :, None] + low[:, None, :]) ** 2 / 4
            weight[:, :-many, :-many] = spread / product
            across = 2 * (1 - 1 / low[:, :, None]) / _apart(near - far)
            weight[:, :-many, -many:] = across * (near + far) ** 2 / 4
        products = vectors[:, :, None, :] * vectors[:, None, :, :]
        found = np.sum(products @ weight[:, None] * products, axis=3)
        return np.asarray(
            found if self.extraction == "minres" else found + self._bend()
        )

    def _bend(self) -> Array:
        """What the logarithm adds: the second derivative of the scaled matrix."""
        left = self.vectors[:, :, : -self.factors]
        low = np.maximum(self.values[:, : -self.factors], 1e-12)
        pull = 1 - 1 / low
        whole = np.einsum("bis,bs,bls->bil", self.vectors, self.values, self.vectors)
        crossed = np.einsum("bij,bj,blj->bil", left, pull, left) * whole / 2
        own = np.einsum("bij,bj->bi", left**2, pull * low) / 2
        return np.asarray(crossed + own[:, :, None] * np.eye(self.values.shape[1]))

    def loadings(self) -> Array:
        """The best loadings at these uniquenesses, largest factor first."""
        values = self.values[:, : -self.factors - 1 : -1]
        vectors = self.vectors[:, :, : -self.factors - 1 : -1]
        if self.extraction == "minres":
            found = vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
        else:
            size = np.sqrt(np.maximum(values - 1, 0))[:, None, :]
            found = np.sqrt(self.uniquenesses)[:, :, None] * vectors * size
        return np.asarray(found * upward(found)[:, None, :])

    def stepped(self, step: Array) -> Array:
        """Uniquenesses one step on, kept within their bounds."""
        if self.extraction == "minres":
            onward = self.uniquenesses + step
        else:
            onward = self.uniquenesses * np.exp(np.clip(step, -3, 3))
        return np.asarray(np.clip(onward, MINIMUM_UNIQUENESS, 1.0))


def _apart(difference: Array) -> Array:
    """Eigenvalues kept from coinciding, where their derivative has no limit."""
    return np.asarray(np.minimum(difference, -1e-8))


def _start(matrices: Array, factors: int) -> Array:
    """Joreskog's start, of a matrix made safely invertible."""
    k = matrices.shape[1]
    safe = matrices + 0.01 * np.eye(k)
    unique = 1 / np.diagonal(np.linalg.inv(safe), axis1=1, axis2=2)
    return np.asarray(np.clip((1 - factors / (2 * k)) * unique, 0.05, 1.0))


def _newton_step(surface: _Surface) -> tuple[Array, Array, Truths]:
    """A step down, the steepest slope, and whether the curvature is a minimum's.

    Uniquenesses at a bound that would pass it stay where they are.
    """
    slope, unique = surface.slope(), surface.uniquenesses
    stuck = (unique <= MINIMUM_UNIQUENESS) & (slope > 0)
    stuck |= (unique >= 1) & (slope < 0)
    free = ~stuck
    slope = np.where(free, slope, 0.0)
    both = free[:, :, None] & free[:, None, :]
    curvature = np.where(both, surface.curvature(), np.eye(slope.shape[1]))
    values, vectors = np.linalg.eigh(curvature)
    along = np.einsum("bij,bi->bj", vectors, slope)
    steep = np.maximum(np.abs(values), MINIMUM_CURVATURE)
    step = -np.einsum("bij,bj->bi", vectors, along / steep)
    return np.where(free, step, 0.0), np.abs(slope).max(axis=1), values[:, 0] > 0


def _descended(matrices: Array, surface: _Surface, step: Array) -> Array:
    """Uniquenesses after the step, halved where it would not lead down."""
    onward = surface.stepped(step)
    uphill: Ranks = np.arange(len(step))
    for halving in range(HALVINGS):
        there = onward[uphill]
        reached = _Surface.at(
            matrices[uphill], there, surface.factors, surface.extraction
        )
        before = surface.value[uphill]
        uphill = uphill[reached.value > before + ROUNDING * (1 + before)]
        if not len(uphill):
            break
        onward[uphill] = surface.stepped(step / 2 ** (halving + 1))[uphill]
    return onward


Rotation: TypeAlias = Literal["oblimin", "promax", "varimax", "none"]

# The steepest slope at which a rotation counts as found, and at which it is left.
ROTATION_CONVERGED, ROTATION_ENOUGH = 1e-5, 1e-7
# Newton steps after the search, and what its curvature is measured with.
LAST_STEPS = 4
STEP = 1e-5
# A complexity that bends less than this has no minimum of its own.
FLAT = 1e-6
ROTATION_MAXIMUM_STEPS = 1000
ROTATION_HALVINGS = 10
PROMAX_POWER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """Rotated solutions.

    `loadings`, shape (n_solutions, n_items, n_factors).
    `correlations`, shape (n_solutions, n_factors, n_factors): of the factors.
    `turn`, shape (n_solutions, n_factors, n_factors): the last matrix of the search:
      where another may start.
    `complexity`, shape (n_solutions,): what was minimised.
    `settled`, shape (n_solutions,).
    """

    loadings: Array
    correlations: Array
    turn: Array
    complexity: Array
    settled: Truths


def rotate(unrotated: Array, rotation: Rotation, start: Array | None = None) -> Rotated:
    """Rotate every solution.

    `unrotated`, shape (n_solutions, n_items, n_factors).
    `rotation`, {"oblimin", "promax", "varimax", "none"}: varimax and promax of loadings
      normalised by Kaiser, that is with communality 1; oblimin with gamma 0, not
      normalised.
    `start`, shape (n_factors, n_factors): where to search from; None for the identity.
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
    for _ in range(ROTATION_MAXIMUM_STEPS):
        steep = np.sqrt((slope**2).sum(axis=(1, 2)))
        moving = np.flatnonzero(steep > ROTATION_ENOUGH)
        if not len(moving):
            break
        pace[moving] *= 2
        untried = moving
        for _ in range(ROTATION_HALVINGS):
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
            break  # no one can go further down: rounding
    settled = np.sqrt((slope**2).sum(axis=(1, 2))) < ROTATION_CONVERGED
    turn[settled] = _followed(unrotated[settled], turn[settled], oblique=oblique)
    return Rotated(
        loadings=_rotated(unrotated, turn, oblique=oblique),
        correlations=turn.transpose(0, 2, 1) @ turn,
        turn=turn,
        complexity=_slope(unrotated, turn, oblique=oblique)[0],
        settled=settled,
    )


def _followed(unrotated: Array, turn: Array, *, oblique: bool) -> Array:
    """The minimum itself, from where a search ended near it.

    Where that is depends on last digits, and so on the processor. Newton's steps are
    taken as long as each leads where it is flatter.
    """
    along = _directions(turn, oblique=oblique)

    def slope(at: Array) -> Array:
        steepness = _slope(unrotated, at, oblique=oblique)[1]
        return np.asarray(np.einsum("bij,bdij->bd", steepness, along))

    def moved(step: Array) -> Array:
        onward = turn + np.einsum("bd,bdij->bij", step, along)
        return _projected(onward, oblique=oblique)

    count = along.shape[1]
    ahead = STEP * np.broadcast_to(np.eye(count), (len(turn), count, count))
    bend = np.stack(
        [
            (slope(moved(ahead[:, place])) - slope(moved(-ahead[:, place]))) / 2 / STEP
            for place in range(count)
        ],
        axis=2,
    )
    values, vectors = np.linalg.eigh((bend + bend.transpose(0, 2, 1)) / 2)
    inverse = (vectors / np.maximum(values, FLAT)[:, None, :]) @ vectors.swapaxes(1, 2)
    step = np.zeros((len(turn), count))
    here = slope(turn)
    going = values[:, 0] > FLAT
    for _ in range(LAST_STEPS):
        onward = step - np.einsum("bde,be->bd", inverse, here)
        there = slope(moved(onward))
        going &= (there**2).sum(axis=1) < (here**2).sum(axis=1)
        step = np.where(going[:, None], onward, step)
        here = np.where(going[:, None], there, here)
    return moved(step)


def _directions(turn: Array, *, oblique: bool) -> Array:
    """Every way a rotation can be turned, shape (n_solutions, n_ways, m, m)."""
    factors = turn.shape[1]
    ways = []
    for one in range(factors):
        for other in range(one):
            if not oblique:
                plane = np.zeros((factors, factors))
                plane[one, other], plane[other, one] = 1.0, -1.0
                ways.append(turn @ plane)
                continue
            # Each column turns towards the other, and away from itself.
            for column, towards in ((one, other), (other, one)):
                own, goal = turn[:, :, column], turn[:, :, towards]
                shared = (own * goal).sum(axis=1, keepdims=True)
                way = np.zeros_like(turn)
                way[:, :, column] = goal - shared * own
                ways.append(way)
    return np.stack(ways, axis=1)


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


# Where searches begin besides the usual start: all uniquenesses alike, and turned at
# random; the lowest end is kept.
OTHER_STARTS = (0.2, 0.5, 0.9)
RANDOM_ROTATIONS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Rotated factors of one or several correlation matrices.

    `extracted`: before rotation.
    `loadings`, shape (n_matrices, n_items, n_factors).
    `correlations`, shape (n_matrices, n_factors, n_factors): of the factors.
    `turn`, shape (n_factors, n_factors): where the rotation ended.
    `settled`, shape (n_matrices,): whether extraction and rotation ended at a minimum.
    `places`, shape (n_matrices,): which of the matrices given these are.
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
    least = rounded([float(one.discrepancy[0]) for one in tried])[0]
    first = min(range(len(tried)), key=lambda at: (not tried[at].settled[0], least[at]))
    extracted = tried[first]
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
    places, sign = _order(loadings, correlations)
    signs = np.outer(sign, sign)
    return Solution(
        extracted=extracted,
        loadings=(loadings[:, places] * sign)[None],
        correlations=(correlations[np.ix_(places, places)] * signs)[None],
        turn=rotated.turn[best][:, places] * sign,
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
    by_size = order(-explained)
    return by_size, upward(loadings[:, by_size])
