"""Codes of two waves into links between people.

A person is linked once at most, on both sides. What could be two people is left alone:
a lost link costs precision, a false one shrinks every change. Elements are read, never
kept: what is given back holds participants' names alone, which are pseudonyms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.intake.pairing import (
    encoded,
    matched,
    repeated_codes,
    similarities,
)

if TYPE_CHECKING:
    from analysis.declarations.linkage import LinkageRule


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Linkage:
    """Who of one wave is who of another, under one rule.

    Attributes
    ----------
    links : DataFrame, one row a person linked
        ``before`` and ``after``: the participant at either wave.
    not_linked : pair of tuples of str
        Participants before and after who were not linked, for whatever reason.
    ambiguous : pair of tuples of str
        Those of them who had a possible partner, but not one that was best for both.
    repeated : pair of int
        Codes that more than one person gives within a wave; none of them is linked.
    conflicting : int
        Equal codes of people who differ in what never changes; not linked as equal.
    """

    rule: str
    links: pd.DataFrame
    not_linked: tuple[tuple[str, ...], tuple[str, ...]]
    ambiguous: tuple[tuple[str, ...], tuple[str, ...]]
    repeated: tuple[int, int]
    conflicting: int

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a person."""
        return f"Linkage({self.rule}, {len(self.links)} links)"


def link_waves(
    before: pd.DataFrame, after: pd.DataFrame, *, rule: LinkageRule
) -> Linkage:
    """Link the people of two waves.

    Equal codes come first. Under a tolerant rule, of the people left those are linked
    who are each other's best match and have no second as good.

    Parameters
    ----------
    before, after : DataFrame, one row a person
        ``participant``, ``team`` (empty if unknown), a column ``element.N`` an element
        of the code, and the stable attributes the rule names (missing if unknown).
    rule : LinkageRule
        When two codes are one person's.

    References
    ----------
    Schnell, Bachteler & Reiher (2010), Evaluation Review 34(5), 391-418.
    """
    people = encoded(before, after, rule)
    found = matched(*people, rule, similarities(before, after, rule))
    names = [wave["participant"].to_numpy(dtype=object) for wave in (before, after)]
    linked = (found.links.before, found.links.after)
    considered = (found.considered.before, found.considered.after)
    left = [
        np.setdiff1d(np.arange(len(wave)), places)
        for wave, places in zip(people, linked, strict=True)
    ]
    return Linkage(
        rule=rule.rule,
        links=pd.DataFrame(
            {"before": names[0][linked[0]], "after": names[1][linked[1]]}, dtype=str
        ),
        not_linked=(tuple(names[0][left[0]]), tuple(names[1][left[1]])),
        ambiguous=(
            tuple(names[0][np.intersect1d(left[0], considered[0])]),
            tuple(names[1][np.intersect1d(left[1], considered[1])]),
        ),
        repeated=(repeated_codes(people[0]), repeated_codes(people[1])),
        conflicting=found.conflicting,
    )
