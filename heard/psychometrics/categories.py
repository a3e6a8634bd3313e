"""Rank answers by the codebook's categories, the same in every group and wave.

Categories read off the data would shift when one is not used in a wave. A category that
is empty in any group is merged with its neighbour in all of them, and reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from heard.models.complete_responses import Array, column_fault

Ranks: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

MISSING = -1
# Ladders of whole numbers no longer than this are looked up, others searched.
LONGEST_TABLE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorisedResponses:
    """Responses as ranks of their category.

    `names`: the items.
    `ranks`, shape (n_participants, n_items): 0 for the lowest category left after
      merging, -1 if unanswered.
    `counts`: how many categories each item has after merging.
    `merges`: each merge in words; empty if there was none.
    `answers`: for each item, the lowest answer someone chose in each category left.
    `fault`: why there are no ranks; empty if there are.
    """

    names: tuple[str, ...]
    ranks: Ranks
    counts: tuple[int, ...]
    merges: tuple[str, ...]
    answers: tuple[tuple[float, ...], ...] = ()
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

    `responses`, shape (n_participants, n_items): keyed responses; NaN if unanswered.
    `categories`: the answers the codebook allows, lowest first.
    `groups`, shape (n_participants,): the group or wave of each participant; None for
      one group.
    Returns: with a `fault` where a column holds no numbers or answers outside the
      categories (how many; never which).
    """
    names = tuple(str(name) for name in responses.columns)
    ladder = np.asarray(sorted(categories), dtype=float)
    # an item's ranks are contiguous: all that follows goes item by item
    ranks: Ranks = np.empty((len(names), len(responses)), dtype=np.int64)
    faults = [column_fault(responses, place) for place in range(len(names))]
    if not any(faults):
        outside = 0
        for place, (_, answered) in enumerate(responses.items()):
            ranks[place], strange = _ranks(answered, ladder)
            outside += strange
        faults = [f"{outside} answers are none of the declared categories"] * (
            outside > 0
        )
    if fault := "; ".join(dict.fromkeys(filter(None, faults))):
        nothing = np.empty((0, len(names)), dtype=np.int64)
        return CategorisedResponses(
            names=names, ranks=nothing, counts=(), merges=(), fault=fault
        )
    labels = None if groups is None else groups.factorize()[0] + 1
    merges: list[str] = []
    counts, answers = [], []
    for place, name in enumerate(names):
        chosen = _chosen(ranks[place], labels, len(ladder))
        kept, joined = _merged(chosen)
        merges += [
            f"{name}: {ladder[old]:g} with {ladder[new]:g}" for old, new in joined
        ]
        if joined:
            # the last place, which -1 means, stays missing
            ranks[place] = np.append(kept, MISSING)[ranks[place]]
        counts.append(int(kept[-1]) + 1)
        there = np.flatnonzero(chosen.any(axis=0))
        # ranks rise with the answers: a category starts where they do
        lowest = there[np.diff(kept[there], prepend=-1) > 0]
        answers.append(tuple(ladder[lowest].tolist()))
    return CategorisedResponses(
        names=names,
        ranks=ranks.T,
        counts=tuple(counts),
        merges=tuple(merges),
        answers=tuple(answers),
    )


def _ranks(answers: pd.Series, ladder: Array) -> tuple[Ranks, int]:
    """The place of each answer on the ladder, and how many have none."""
    whole = answers.dtype.kind in "iu" and isinstance(answers.dtype, np.dtype)
    values = (
        answers.to_numpy() if whole else answers.to_numpy(dtype=float, na_value=np.nan)
    )
    steps = np.round(ladder)
    if np.any(steps != ladder) or len(ladder) == 0 or np.ptp(ladder) > LONGEST_TABLE:
        return _searched(values.astype(float), ladder)
    low, high = int(steps[0]), int(steps[-1])
    # a place below the ladder and one above, for what is not on it
    table = np.full(high - low + 3, MISSING, dtype=np.int64)
    table[steps.astype(np.int64) - low + 1] = np.arange(len(ladder))
    if whole:
        ranks = table[np.clip(values, low - 1, high + 1).astype(np.int64) - (low - 1)]
        return ranks, int(np.count_nonzero(ranks < 0))
    answered = ~np.isnan(values)
    clipped = np.clip(np.where(answered, values, low - 1), low - 1, high + 1)
    places = clipped.astype(np.int64)
    ranks = table[places - (low - 1)]
    strange = answered & ((ranks < 0) | (places != clipped))
    return ranks, int(np.count_nonzero(strange))


def _searched(values: Array, ladder: Array) -> tuple[Ranks, int]:
    """The same for answers that are no whole numbers, or far apart."""
    answered = ~np.isnan(values)
    strange = answered & ~np.isin(values, ladder)
    ranks = np.where(answered & ~strange, np.searchsorted(ladder, values), MISSING)
    return ranks, int(np.count_nonzero(strange))


def _chosen(ranks: Ranks, labels: Ranks | None, size: int) -> Flags:
    """Whether each group that answered chose each category, shape (n_groups, size)."""
    if labels is None:
        counts = np.bincount(ranks + 1, minlength=size + 1)[None, 1:]
    else:
        groups = int(labels.max(initial=0)) + 1
        cells = np.bincount(
            labels * (size + 1) + ranks + 1, minlength=groups * (size + 1)
        )
        counts = cells.reshape(groups, size + 1)[:, 1:]
    return np.asarray(counts[counts.any(axis=1)] > 0)


def _merged(chosen: Flags) -> tuple[Ranks, list[tuple[int, int]]]:
    """The new rank of each category, and which category joined which.

    An empty category joins the neighbour towards the middle of the scale, so that the
    ends, which are the rarest, are the first to give way.
    """
    holder = np.arange(chosen.shape[1])  # the category each category now belongs to
    joined: list[tuple[int, int]] = []
    if chosen.all():
        return holder, joined
    while True:
        left = np.unique(holder)
        empty = [c for c in left if not chosen[:, holder == c].any(axis=1).all()]
        if len(left) == 1 or not empty:
            break
        place = int(np.flatnonzero(left == empty[0])[0])
        below_middle = place < (len(left) - 1) / 2 or place == 0
        neighbour = left[place + 1] if below_middle else left[place - 1]
        holder[holder == empty[0]] = neighbour
        joined.append((int(empty[0]), int(neighbour)))
    return np.unique(holder, return_inverse=True)[1], joined
