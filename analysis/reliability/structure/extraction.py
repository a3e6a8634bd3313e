"""Correlation matrices into common factors, many matrices at once.

Minimum residuals and maximum likelihood are both a function of the uniquenesses alone:
what the eigenvalues left over amount to. Its exact slope and curvature are known, so
Newton's steps find the minimum in a few rounds for all matrices of a bootstrap
together, and say of each whether it is one.

References
----------
Harman & Jones (1966), Psychometrika 31(3), 351-368.
Joreskog (1967), Psychometrika 32(4), 443-482.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.pair_tables import Ranks

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

    Attributes
    ----------
    loadings : ndarray, shape (n_matrices, n_items, n_factors)
        Each column's sum is not negative.
    uniquenesses : ndarray, shape (n_matrices, n_items)
    discrepancy : ndarray, shape (n_matrices,)
        Half the sum of squared residuals, or maximum likelihood's.
    settled : ndarray of bool, shape (n_matrices,)
        Whether slope and curvature say that it is a minimum.
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

    Parameters
    ----------
    matrices : ndarray, shape (n_matrices, n_items, n_items)
        Correlations; for maximum likelihood positive definite.
    factors : int
        At least 1, fewer than items.
    extraction : {"minres", "ml"}
    start : ndarray, shape (n_items,), optional
        Uniquenesses from which to search; None for Joreskog's start.
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
        sums = found.sum(axis=1, keepdims=True)
        return np.asarray(found * np.where(sums < 0, -1.0, 1.0))

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
