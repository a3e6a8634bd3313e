"""What each participant's answers add to each threshold and each correlation.

Sums of the products of these influences are the sampling covariance of the estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.structure.pair_tables import share_slopes

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.pair_tables import PairModel, Ranks

ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """What each answer adds to each threshold, and each two answers to each rho.

    Attributes
    ----------
    ranks : ndarray of int, shape (n_items, n_participants)
        The last category means unanswered.
    by_item : ndarray, shape (n_items, size + 1, size - 1)
    by_pair : ndarray, shape (n_pairs, size + 1, size + 1)
    """

    ranks: Ranks
    pairs: Ranks
    counts: tuple[int, ...]
    by_item: Array
    by_pair: Array

    def rows(self, start: int, stop: int) -> Array:
        """Influences of some participants, shape (n_rows, n_thresholds + n_pairs)."""
        ranks = self.ranks[:, start:stop]
        of_items = [
            table[own, : count - 1]
            for table, own, count in zip(self.by_item, ranks, self.counts, strict=True)
        ]
        first, second = self.pairs.T
        each = np.arange(len(self.pairs))[:, None]
        of_pairs = self.by_pair[each, ranks[first], ranks[second]]
        return np.concatenate([*of_items, of_pairs.T], axis=1)

    def squares(self) -> Array:
        """Sum over participants of their influences' products."""
        size = sum(self.counts) - len(self.counts) + len(self.pairs)
        total = np.zeros((size, size))
        for start in range(0, self.ranks.shape[1], ROWS_AT_ONCE):
            rows = self.rows(start, start + ROWS_AT_ONCE)
            total += rows.T @ rows
        return total


def pair_influence(
    tables: Array, model: PairModel, by_item: Array, pairs: Ranks
) -> Array:
    """What each two answers add to the correlation, thresholds' part included."""
    probabilities = model.probabilities()
    score = share_slopes(model.slopes(), probabilities)
    weight = share_slopes(tables * score, probabilities)
    through_first = _through_thresholds(weight, model, by_item[pairs[:, 0]])
    turned = weight.transpose(0, 2, 1)
    through_second = _through_thresholds(turned, model.turned(), by_item[pairs[:, 1]])
    information = np.einsum("pab,pab->p", tables, score**2)
    total = -(through_first[:, :, None] + through_second[:, None, :])
    total[:, :-1, :-1] += score
    return np.asarray(total / np.maximum(information, 1e-300)[:, None, None])


def _through_thresholds(weight: Array, model: PairModel, by_item: Array) -> Array:
    """What an answer to the first item adds to the score by moving its thresholds."""
    gains = (weight[:, :-1] - weight[:, 1:]) * model.threshold_slopes()
    return np.asarray(np.einsum("pac,pc->pa", by_item, gains.sum(axis=2)))
