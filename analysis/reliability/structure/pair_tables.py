"""Ranks of two items into their table, and a table under a correlation into scores.

A table has a row for each category of the first item and a column for each of the
second; the last row and the last column hold those who left that item unanswered. Items
with fewer categories than the longest are padded, with no counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from analysis.reliability.structure.bivariate_normal import (
    BEYOND,
    bivariate_normal_cdf,
    bivariate_normal_density,
    normal_density,
)

if TYPE_CHECKING:
    from analysis.reliability.complete import Array

Ranks: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

# Under this a cell's probability is rounding error of those it is the difference of.
MINIMUM_PROBABILITY = 1e-15


def unanswered_last(ranks: Ranks, size: int) -> Ranks:
    """Ranks with `size` in place of -1, items in rows."""
    items: Ranks = np.ascontiguousarray(ranks.T)
    return items if items.min(initial=0) >= 0 else np.where(items < 0, size, items)


def item_counts(ranks: Ranks, size: int) -> Array:
    """How often each item got each answer, shape (n_items, size + 1)."""
    counts = [np.bincount(column, minlength=size + 1) for column in ranks]
    return np.array(counts, dtype=float).reshape(len(ranks), size + 1)


def pair_counts(ranks: Ranks, pairs: Ranks, size: int) -> Array:
    """How often each pair got each two answers, shape (n_pairs, size + 1, size + 1)."""
    cells = size + 1
    counts = [
        np.bincount(ranks[one] * cells + other, minlength=cells**2)
        for one, other in ((one, ranks[other]) for one, other in pairs)
    ]
    return np.array(counts, dtype=float).reshape(len(pairs), cells, cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairModel:
    """Pairs of normal variables cut at thresholds, with a correlation each.

    Attributes
    ----------
    first, second : ndarray, shape (n_pairs, size - 1)
        Thresholds; `BEYOND` where an item has fewer categories.
    correlation : ndarray, shape (n_pairs,)
        Strictly between -1 and 1.
    """

    first: Array
    second: Array
    correlation: Array

    def probabilities(self) -> Array:
        """The chance of every cell, shape (n_pairs, size, size)."""
        return self._cells(bivariate_normal_cdf(*self._corners))

    def slopes(self) -> Array:
        """How the chance of every cell grows with the correlation."""
        corners = self._corners
        inside = bivariate_normal_density(*corners)
        nothing = np.zeros((len(inside), inside.shape[1] + 2, inside.shape[2] + 2))
        nothing[:, 1:-1, 1:-1] = inside
        return np.asarray(np.diff(np.diff(nothing, axis=1), axis=2))

    def threshold_slopes(self) -> Array:
        """What a cell gains as the first item's threshold above it rises.

        Shape (n_pairs, size - 1, size); the cell beyond the threshold loses as much.
        """
        from scipy import special  # noqa: PLC0415 - heavy, and only needed here

        edge = np.full((len(self.second), 1), BEYOND)
        second = np.concatenate([-edge, self.second, edge], axis=1)
        correlation = self.correlation[:, None, None]
        given = special.ndtr(
            (second[:, None, :] - correlation * self.first[:, :, None])
            / np.sqrt(1 - correlation**2)
        )
        return np.asarray(
            normal_density(self.first)[:, :, None] * np.diff(given, axis=2)
        )

    def turned(self) -> PairModel:
        """The same with the second item first."""
        return PairModel(
            first=self.second, second=self.first, correlation=self.correlation
        )

    @property
    def _corners(self) -> tuple[Array, Array, Array]:
        return (
            self.first[:, :, None],
            self.second[:, None, :],
            self.correlation[:, None, None],
        )

    def _cells(self, below: Array) -> Array:
        """Chances below every corner into chances between them."""
        from scipy import special  # noqa: PLC0415 - heavy, and only needed here

        pairs, rows, columns = below.shape
        padded = np.zeros((pairs, rows + 2, columns + 2))
        padded[:, 1:-1, 1:-1] = below
        padded[:, 1:-1, -1] = special.ndtr(self.first)
        padded[:, -1, 1:-1] = special.ndtr(self.second)
        padded[:, -1, -1] = 1
        return np.asarray(np.diff(np.diff(padded, axis=1), axis=2))


def share_slopes(slopes: Array, probabilities: Array) -> Array:
    """Relative growth of each cell; 0 where its chance is nothing."""
    there = probabilities > MINIMUM_PROBABILITY
    return np.divide(slopes, probabilities, out=np.zeros_like(slopes), where=there)
