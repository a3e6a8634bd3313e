"""Answer categories from the codebook, kept the same in every group and wave.

Ordinal statistics break, or quietly change their meaning, when the categories are read
off the data: one that nobody chose in one wave shifts all the others. Here they are
declared; a category that is empty in any group is merged with its neighbour in all of
them, and the merge is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.complete import Array, column_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

MISSING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorisedResponses:
    """Responses as ranks of their category.

    Attributes
    ----------
    names : tuple of str
        The items.
    ranks : ndarray of int, shape (n_participants, n_items)
        0 for the lowest category left after merging, -1 if unanswered.
    counts : tuple of int
        How many categories each item has after merging.
    merges : tuple of str
        Each merge in words; empty if there was none.
    fault : str
        Why there are no ranks; empty if there are.
    """

    names: tuple[str, ...]
    ranks: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    counts: tuple[int, ...]
    merges: tuple[str, ...]
    fault: str = ""

    @property
    def merged(self) -> str:
        """What was merged, to stand in a result's method; empty if nothing was."""
        return "; categories merged: " + ", ".join(self.merges) if self.merges else ""


def categorised_responses(
    responses: pd.DataFrame,
    categories: Sequence[float],
    groups: pd.Series | None = None,
) -> CategorisedResponses:
    """Put every answer into its declared category, merging those empty in a group.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows, lowest first.
    groups : Series, shape (n_participants,), optional
        The group or wave of each participant; None for one group.

    Returns
    -------
    CategorisedResponses
        With a `fault` where a column holds no numbers or answers outside the categories
        (how many; never which).
    """
    names = tuple(str(name) for name in responses.columns)
    ladder = np.asarray(sorted(categories), dtype=float)
    faults = [column_fault(responses, place) for place in range(len(names))]
    if not any(faults):
        values = responses.to_numpy(dtype=float, na_value=np.nan)
        faults = [_outside(values, ladder)]
    if fault := "; ".join(dict.fromkeys(filter(None, faults))):
        nothing = np.empty((0, len(names)), dtype=np.int64)
        return CategorisedResponses(
            names=names, ranks=nothing, counts=(), merges=(), fault=fault
        )
    ranks = np.where(np.isnan(values), MISSING, np.searchsorted(ladder, values))
    labels = np.zeros(len(ranks)) if groups is None else groups.factorize()[0]
    merges: list[str] = []
    counts = []
    for place, name in enumerate(names):
        kept, targets = _merged(ranks[:, place], labels, len(ladder))
        merges += [
            f"{name}: {ladder[old]:g} with {ladder[new]:g}" for old, new in targets
        ]
        ranks[:, place] = np.where(
            ranks[:, place] == MISSING, MISSING, kept[ranks[:, place]]
        )
        counts.append(int(kept[-1]) + 1)
    return CategorisedResponses(
        names=names, ranks=ranks, counts=tuple(counts), merges=tuple(merges)
    )


def _outside(values: Array, ladder: Array) -> str:
    answered = ~np.isnan(values)
    outside = int((answered & ~np.isin(values, ladder)).sum())
    return f"{outside} answers are none of the declared categories" * bool(outside)


def _merged(
    ranks: np.ndarray[tuple[int, ...], np.dtype[np.int64]], labels: Array, size: int
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], list[tuple[int, int]]]:
    """The new rank of each category, and which category joined which.

    An empty category joins the neighbour towards the middle of the scale, so that the
    ends, which are the rarest, are the first to give way.
    """
    answered = ranks != MISSING
    groups = np.unique(labels[answered])
    holder = np.arange(size)  # the category each category now belongs to
    joined: list[tuple[int, int]] = []
    while True:
        left = np.unique(holder)
        filled = np.array(
            [
                [np.any(holder[ranks[answered & (labels == g)]] == c) for g in groups]
                for c in left
            ]
        )
        empty = [c for c, full in zip(left, filled, strict=True) if not full.all()]
        if len(left) == 1 or not empty:
            break
        place = int(np.flatnonzero(left == empty[0])[0])
        below_middle = place < (len(left) - 1) / 2 or place == 0
        neighbour = left[place + 1] if below_middle else left[place - 1]
        holder[holder == empty[0]] = neighbour
        joined.append((int(empty[0]), int(neighbour)))
    order = {int(c): rank for rank, c in enumerate(np.unique(holder))}
    return np.array([order[int(c)] for c in holder]), joined
