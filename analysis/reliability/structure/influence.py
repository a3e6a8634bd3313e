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

    def pair_errors(self, tables: Array) -> Array:
        """Standard errors of the correlations, from how often two answers met."""
        return np.asarray(np.sqrt(np.einsum("pab,pab->p", tables, self.by_pair**2)))

    def squares(self) -> Array:
        """Sum over participants of their influences' products."""
        size = sum(self.counts) - len(self.counts) + len(self.pairs)
        total = np.zeros((size, size))
        for start in range(0, self.ranks.shape[1], ROWS_AT_ONCE):
            rows = self.rows(start, start + ROWS_AT_ONCE)
            total += rows.T @ rows
        return total


def pair_influences(
    tables: Array, model: PairModel, by_item: Array, pairs: Ranks
) -> tuple[Array, Array]:
    """What each two answers add to the correlation, thresholds' part included.

    By the information in the answers counted, and by that in those expected.
    """
    probabilities = model.probabilities()
    score = share_slopes(model.slopes(), probabilities)
    gains = model.threshold_slopes(), model.turned().threshold_slopes()
    item_rows = by_item[pairs[:, 0]], by_item[pairs[:, 1]]
    expected = tables.sum(axis=(1, 2))[:, None, None] * probabilities

    def influence(answers: Array) -> Array:
        weight = share_slopes(answers * score, probabilities)
        total = -_through_thresholds(weight, gains[0], item_rows[0])[:, :, None]
        turned = weight.transpose(0, 2, 1)
        total = total - _through_thresholds(turned, gains[1], item_rows[1])[:, None, :]
        total[:, :-1, :-1] += score
        information = np.einsum("pab,pab->p", answers, score**2)[:, None, None]
        # nobody answered both: nothing is known, and `faults` says so
        known = information > 1e-300
        return np.asarray(
            np.divide(total, information, out=np.zeros_like(total), where=known)
        )

    return influence(tables), influence(expected)


def _through_thresholds(weight: Array, gains: Array, by_item: Array) -> Array:
    """What an answer to the first item adds to the score by moving its thresholds."""
    by_threshold = ((weight[:, :-1] - weight[:, 1:]) * gains).sum(axis=2)
    return np.asarray(np.einsum("pac,pc->pa", by_item, by_threshold))
