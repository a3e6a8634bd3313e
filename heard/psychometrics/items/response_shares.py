"""Describe the distribution of answers to an item without small counts.

A rare category is merged with its neighbour until every share describes enough people,
so that nothing needs to be suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.models.complete_responses import Array
from heard.psychometrics.items.statistics import Column, share_of
from heard.results import Composite, Result, Results

TERM = "response_share"
METHOD = (
    "share of those who answered the item; Wilson's 95 % interval, participants taken "
    "as independent; rare categories joined with a neighbour"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseShare(Composite):
    """How many chose one answer to one item, or one of some neighbouring answers."""

    item: str
    category: str
    response_share: Result


def response_shares(
    responses: pd.DataFrame, *, categories: Sequence[float], minimum: int
) -> Results[ResponseShare]:
    """Share of every answer among those who answered, item by item.

    `responses`, shape (n_participants, n_items): keyed responses, one column an item,
      one row a participant; NaN if unanswered.
    `categories`: the answers the codebook allows.
    `minimum`: A category chosen by fewer joins the smaller of its neighbours.
    Returns: by item as in the columns, by category as in the codebook. `Unavailable`
      for an item that no one answered, or with answers outside the categories.
    """
    ladder = np.asarray(sorted(categories), dtype=float)
    return Results(
        share
        for place, name in enumerate(responses.columns)
        for share in _of_item(str(name), Column.of(responses, place), ladder, minimum)
    )


def _of_item(
    name: str, column: Column, ladder: Array, minimum: int
) -> Iterator[ResponseShare]:
    reason = column.gap()
    if outside := int((~np.isin(column.answers, ladder)).sum()):
        reason = f"{outside} answers are none of the declared categories"
    if reason:
        absent = column.unavailable(TERM, reason, METHOD)
        yield ResponseShare(item=name, category="", response_share=absent)
        return
    ranks = np.searchsorted(ladder, column.answers)
    counts = [int(count) for count in np.bincount(ranks, minlength=len(ladder))]
    for low, high in _joined(counts, minimum):
        yield ResponseShare(
            item=name,
            category=f"{ladder[low]:g}" + f" to {ladder[high]:g}" * (low < high),
            response_share=share_of(
                TERM, sum(counts[low : high + 1]), sum(counts), METHOD
            ),
        )


def _joined(counts: Sequence[int], minimum: int) -> list[tuple[int, int]]:
    """First and last of the neighbours put together, until each has been chosen enough.

    The rarest is joined first, with the rarer of its neighbours.
    """
    groups = [(place, place) for place in range(len(counts))]

    def size(place: int) -> int:
        low, high = groups[place]
        return sum(counts[low : high + 1])

    while len(groups) > 1:
        rarest = min(range(len(groups)), key=size)
        if size(rarest) >= minimum:
            break
        neighbours = [p for p in (rarest - 1, rarest + 1) if 0 <= p < len(groups)]
        low, high = sorted((rarest, min(neighbours, key=size)))
        groups[low : high + 1] = [(groups[low][0], groups[high][1])]
    return groups
