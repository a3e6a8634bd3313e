"""Codes of two waves into links between people, and how many of those are false.

A person is linked once at most, on both sides. What could be two people is left alone:
a lost link costs precision, a false one shrinks every change. Elements are read, never
kept: what is given back holds participants' names alone, which are pseudonyms.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.foundation import Estimate, Unavailable
from analysis.intake.pairing import (
    encoded,
    matched,
    repeated_codes,
    similarities,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from analysis.declarations.linkage import LinkageRule
    from analysis.intake.pairing import Pairs, People

PERMUTATIONS = 200


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


def false_match_rate(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    rule: LinkageRule,
    seed: str,
    permutations: int = PERMUTATIONS,
) -> Estimate | Unavailable:
    """Estimate the share of the links that join two different people.

    Of the later wave's codes, each element is dealt anew among all who answered, no
    two elements of one person together: people of the same make who never were. As
    many of them as found no partner meet the earlier wave's people without one. Every
    link the rule makes then is false, and stands for one made by chance.

    Parameters
    ----------
    before, after, rule
        As in `link_waves`.
    seed : str
        The study's name: equal names give equal estimates.
    permutations : int
        Deals.

    Returns
    -------
    Estimate
        Mean share over the deals; the interval holds 95 % of them. n is the links.
    Unavailable
        No link was made, or the code has one element, which cannot be dealt anew.

    References
    ----------
    Elias & Gygi (2007), Nature Methods 4(3), 207-214 (decoys); Schnell et al. (2010),
    Evaluation Review 34(5), 391-418 (codes).
    """
    term = "false_match_rate"
    people = encoded(before, after, rule)
    alike = similarities(before, after, rule)
    links = matched(*people, rule, alike).links
    made = len(links.before)
    if not made:
        return Unavailable(term=term, reason="no link was made", n=0)
    if people[0].codes.shape[1] < 2:
        reason = "a code of one element cannot be told from a chance one"
        return Unavailable(term=term, reason=reason, n=made)
    rng = _generator(f"{seed}/{term}/{rule.rule}")

    def deals(falsely: int, times: int) -> npt.NDArray[np.float64]:
        found = (
            matched(*_decoys(*people, links, falsely, rng), rule, alike)
            for _ in range(times)
        )
        counts = (len(each.links.before) for each in found)
        return np.minimum(np.fromiter(counts, dtype=float) / made, 1.0)

    # Who is linked falsely has no partner either, so they join the second round.
    first = float(deals(0, permutations // 4 + 1).mean())
    shares = deals(round(first * made), permutations)
    mean = float(shares.mean())
    low, high = (float(limit) for limit in np.quantile(shares, [0.025, 0.975]))
    return Estimate(
        term=term,
        estimate=mean,
        conf_low=min(low, mean),
        conf_high=max(high, mean),
        n=made,
        method=f"links among people without a partner whose code elements were dealt "
        f"anew, over links made; mean and 95 % of {permutations} deals",
    )


def _generator(name: str) -> np.random.Generator:
    """A generator seeded by a name: the same on every machine."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _decoys(
    before: People,
    after: People,
    links: Pairs,
    falsely: int,
    rng: np.random.Generator,
) -> tuple[People, People]:
    """People without a partner, and as many who never were.

    Parameters
    ----------
    falsely : int
        Linked people who join them: about as many as are thought to be linked falsely.
    """
    pools = []
    for wave, linked in ((before, links.before), (after, links.after)):
        alone = np.setdiff1d(np.arange(len(wave)), linked)
        joined = rng.choice(linked, size=min(falsely, len(linked)), replace=False)
        pools.append(np.concatenate([alone, joined]))
    order = rng.permutation(len(after))
    dealt = np.stack(
        [
            after.codes[np.roll(order, element), element]
            for element in range(after.codes.shape[1])
        ],
        axis=1,
    )
    pool = pools[1]
    return before.chosen(pools[0]), after.chosen(pool, dealt[: len(pool)])
