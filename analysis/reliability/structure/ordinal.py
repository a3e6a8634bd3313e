"""Responses and the codebook's categories into moments, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from analysis.foundation.results import Unavailable
from analysis.reliability.categories import MISSING, categorised_responses
from analysis.reliability.complete import LISTWISE
from analysis.reliability.structure.polychoric import polychoric_moments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from analysis.reliability.categories import CategorisedResponses
    from analysis.reliability.structure.polychoric import PolychoricMoments

Deletion: TypeAlias = Literal["listwise", "pairwise"]
PAIRWISE = "every pair from the participants who answered both, thresholds from all"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalItems:
    """Items as categories, with their moments.

    Attributes
    ----------
    names : tuple of str
        The items.
    n : int
        Participants: complete ones, or all who answered anything if pairwise.
    counts : tuple of int
        Categories of each item after merging.
    answers : tuple of tuple of float
        The answer chosen in each category of each item.
    moments : PolychoricMoments or None
        None where `fault` says why.
    basis : str
        Missing rule and merges, for a result's `method`.
    fault : str
        What stands in the way; empty if nothing does.
    """

    names: tuple[str, ...]
    n: int
    counts: tuple[int, ...]
    answers: tuple[tuple[float, ...], ...]
    moments: PolychoricMoments | None
    basis: str
    fault: str

    @property
    def pair_fault(self) -> str:
        """How many pairs have no correlation, and why the first has none."""
        assert self.moments is not None, "asked only where there is no other fault"
        found = [reason for reason in self.moments.faults if reason]
        if not found:
            return ""
        return f"{len(found)} of {len(self.moments.faults)} pairs of items: {found[0]}"

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        n = None if self.n < 0 else self.n
        return Unavailable(term=term, reason=reason, n=n, method=method)


def ordinal_items(
    responses: pd.DataFrame,
    categories: Sequence[float],
    missing: Deletion,
    *,
    items: int = 2,
    participants: int = 3,
) -> OrdinalItems:
    """Sort the answers into categories and estimate the moments of the items.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows.
    missing : {"listwise", "pairwise"}
        Who takes part.
    items, participants : int
        The fewest that suffice.
    """
    if missing not in get_args(Deletion):
        raise ValueError(f"missing is {missing!r}; give one of {get_args(Deletion)}")
    if len(set(categories)) < 2:
        raise ValueError("categories must hold at least two different answers")
    answered = responses.notna()
    kept = answered.all(axis=1) if missing == "listwise" else answered.any(axis=1)
    if not kept.all():
        responses = responses[kept.to_numpy(dtype=bool)]
    found = categorised_responses(responses, categories)
    fault = _fault(found, missing, items, participants)
    basis = (LISTWISE if missing == "listwise" else PAIRWISE) + found.merged
    return OrdinalItems(
        names=found.names,
        n=-1 if found.fault else len(found.ranks),
        counts=found.counts,
        answers=() if fault else found.answers,
        moments=None if fault else polychoric_moments(found.ranks, found.counts),
        basis=basis,
        fault=fault,
    )


def _fault(
    found: CategorisedResponses, missing: Deletion, items: int, participants: int
) -> str:
    n, k = len(found.ranks), len(found.names)
    if found.fault:
        return found.fault
    if k < items:
        return f"number of items {k}; at least {items} needed"
    if n < participants:
        who = "every item" if missing == "listwise" else "any item"
        return f"participants who answered {who} {n}; at least {participants} needed"
    empty = (found.ranks == MISSING).all(axis=0)
    if empty.any():
        return "nobody answered " + ", ".join(_where(found.names, empty))
    constant = np.array(found.counts) < 2
    if constant.any():
        whose = ", ".join(_where(found.names, constant))
        return f"{int(constant.sum())} of {k} items constant: {whose}"
    return ""


def _where(names: tuple[str, ...], chosen: Iterable[bool]) -> list[str]:
    return [name for name, yes in zip(names, chosen, strict=True) if yes]
