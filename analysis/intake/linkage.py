"""Codes of two waves into links between people, and how many of those are false.

A person is linked once at most, on both sides. What could be two people is left alone:
a lost link costs precision, a false one shrinks every change. Elements are read, never
kept: what is given back holds participants' names alone, which are pseudonyms.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from analysis.foundation import Estimate, Unavailable

if TYPE_CHECKING:
    from analysis.declarations.linkage import LinkageRule

Whole: TypeAlias = npt.NDArray[np.int64]
Real: TypeAlias = npt.NDArray[np.float32]

ELEMENT = "element."
UNKNOWN = -1
CELLS_AT_ONCE = 4_000_000
"""Similarities held in memory together: 16 MB an element."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _People:
    """The people of one wave in whole numbers, equal where their texts are."""

    codes: Whole
    teams: Whole
    stable: Whole

    def __len__(self) -> int:
        return len(self.codes)

    def chosen(self, places: Whole, codes: Whole | None = None) -> _People:
        """Some of them, with other codes if given."""
        return _People(
            codes=self.codes[places] if codes is None else codes,
            teams=self.teams[places],
            stable=self.stable[places],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """Places before and after that could be one person, and how alike they are."""

    before: Whole
    after: Whole
    score: Real

    def where(self, kept: npt.NDArray[np.bool_]) -> _Pairs:
        return _Pairs(
            before=self.before[kept], after=self.after[kept], score=self.score[kept]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    links: _Pairs
    considered: _Pairs
    conflicting: int


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
    people = _encoded(before, after, rule)
    found = _linked(*people, rule, _similarities(before, after, rule))
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
        repeated=(_repeated_codes(people[0]), _repeated_codes(people[1])),
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
        No link was made.

    References
    ----------
    Elias & Gygi (2007), Nature Methods 4(3), 207-214 (decoys); Schnell et al. (2010),
    Evaluation Review 34(5), 391-418 (codes).
    """
    term = "false_match_rate"
    people = _encoded(before, after, rule)
    alike = _similarities(before, after, rule)
    links = _linked(*people, rule, alike).links
    made = len(links.before)
    if not made:
        return Unavailable(term=term, reason="no link was made", n=0)
    digest = hashlib.sha256(f"{seed}/{term}/{rule.rule}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:16], "big"))

    def deals(falsely: int, times: int) -> npt.NDArray[np.float64]:
        found = (
            _linked(*_decoys(*people, links, falsely, rng), rule, alike)
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


def _encoded(
    before: pd.DataFrame, after: pd.DataFrame, rule: LinkageRule
) -> tuple[_People, _People]:
    both = pd.concat([before, after], ignore_index=True)
    columns = {
        "codes": [both[name] for name in _elements(both)],
        "teams": [both["team"].replace("", None)],
        "stable": [both[name].replace("", None) for name in rule.stable],
    }
    numbers = {
        kind: np.array(
            [pd.factorize(column)[0] for column in listed], dtype=np.int64
        ).reshape(len(listed), len(both))
        for kind, listed in columns.items()
    }
    first, then = slice(0, len(before)), slice(len(before), None)
    waves = [
        _People(
            codes=numbers["codes"].T[part],
            teams=numbers["teams"][0][part],
            stable=numbers["stable"].T[part],
        )
        for part in (first, then)
    ]
    return waves[0], waves[1]


def _elements(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith(ELEMENT)]


def _similarities(
    before: pd.DataFrame, after: pd.DataFrame, rule: LinkageRule
) -> list[Real]:
    """Of each element, the weighted similarity of every two texts given by anyone.

    One less the share of letters to insert, remove, change or swap with their
    neighbour. The weights add up to one.
    """
    if rule.rule != "weighted":
        return []
    both = pd.concat([before, after], ignore_index=True)
    whole = sum(rule.weights)
    tables = []
    for name, weight in zip(_elements(both), rule.weights, strict=True):
        texts = list(pd.factorize(both[name])[1])
        alike = cdist(texts, texts, scorer=OSA.normalized_similarity, dtype=np.float32)
        tables.append(np.asarray(alike, dtype=np.float32) * np.float32(weight / whole))
    return tables


def _linked(
    before: _People, after: _People, rule: LinkageRule, alike: list[Real]
) -> _Found:
    """Equal codes, then the tolerant rule among those left."""
    single = [np.flatnonzero(~_is_repeated(wave)) for wave in (before, after)]
    keys = _keys(np.concatenate([before.codes, after.codes]))
    split = len(before)
    equal = _equal(keys[:split][single[0]], keys[split:][single[1]], *single)
    fits = _agrees(equal, before, after)
    links = equal.where(fits)
    conflicting = int((~fits).sum())
    if rule.rule == "exact":
        return _Found(links=links, considered=links, conflicting=conflicting)
    left = (
        np.setdiff1d(single[0], links.before),
        np.setdiff1d(single[1], links.after),
    )
    if rule.rule == "one_element_off":
        pairs = _near(before, after, left)
    else:
        pairs = _similar(before, after, left, alike=alike, threshold=rule.threshold)
    pairs = pairs.where(_agrees(pairs, before, after))
    if rule.within_team:
        pairs = pairs.where(
            _same_or_unknown(before.teams[pairs.before], after.teams[pairs.after])
        )
    best = pairs.where(_mutually_best(pairs))
    return _Found(
        links=_Pairs(
            before=np.concatenate([links.before, best.before]),
            after=np.concatenate([links.after, best.after]),
            score=np.concatenate([links.score, best.score]),
        ),
        considered=pairs,
        conflicting=conflicting,
    )


def _equal(
    keys_before: Whole, keys_after: Whole, at_before: Whole, at_after: Whole
) -> _Pairs:
    """Every two places with the same key."""
    order = np.argsort(keys_after, kind="stable")
    ordered = keys_after[order]
    first = np.searchsorted(ordered, keys_before, side="left")
    times = np.searchsorted(ordered, keys_before, side="right") - first
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return _Pairs(
        before=np.repeat(at_before, times),
        after=at_after[order[np.repeat(first, times) + within]],
        score=np.ones(len(within), dtype=np.float32),
    )


def _near(before: _People, after: _People, left: tuple[Whole, Whole]) -> _Pairs:
    """Codes that are equal without one of their elements."""
    codes = np.concatenate([before.codes[left[0]], after.codes[left[1]]])
    split = len(left[0])
    found = []
    for element in range(codes.shape[1]):
        keys = _keys(np.delete(codes, element, axis=1))
        found.append(_equal(keys[:split], keys[split:], *left))
    # Equal codes that were refused as equal stand with every element left out.
    pairs = np.unique(
        np.concatenate([np.stack([p.before, p.after], axis=1) for p in found]), axis=0
    )
    score = np.ones(len(pairs), dtype=np.float32)
    return _Pairs(before=pairs[:, 0], after=pairs[:, 1], score=score)


def _similar(
    before: _People,
    after: _People,
    left: tuple[Whole, Whole],
    *,
    alike: list[Real],
    threshold: float,
) -> _Pairs:
    """Codes whose weighted similarity reaches the threshold."""
    left_before, left_after = left
    rows = max(1, CELLS_AT_ONCE // max(1, len(left_after)))
    found_before, found_after, scores = [], [], []
    for start in range(0, len(left_before), rows):
        chunk = left_before[start : start + rows]
        score = np.zeros((len(chunk), len(left_after)), dtype=np.float32)
        for element, table in enumerate(alike):
            mine = before.codes[chunk, element]
            score += table[mine][:, after.codes[left_after, element]]
        # Sums of the same similarities differ in their last digit by their order.
        row, column = np.nonzero(score >= threshold - 1e-5)
        found_before.append(chunk[row])
        found_after.append(left_after[column])
        scores.append(np.round(score[row, column], 4))
    none = np.empty(0, dtype=np.int64)
    return _Pairs(
        before=np.concatenate([none, *found_before]),
        after=np.concatenate([none, *found_after]),
        score=np.concatenate([np.empty(0, dtype=np.float32), *scores]),
    )


def _mutually_best(pairs: _Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs are the only best one of both people."""
    best = np.ones(len(pairs.score), dtype=bool)
    for side in (pairs.before, pairs.after):
        top = np.zeros(side.max(initial=-1) + 1, dtype=np.float32)
        np.maximum.at(top, side, pairs.score)
        is_top = pairs.score == top[side]
        best &= is_top & (np.bincount(side[is_top], minlength=len(top))[side] == 1)
    return best


def _agrees(pairs: _Pairs, before: _People, after: _People) -> npt.NDArray[np.bool_]:
    """Which pairs differ in nothing that never changes."""
    mine, theirs = before.stable[pairs.before], after.stable[pairs.after]
    agrees: npt.NDArray[np.bool_] = _same_or_unknown(mine, theirs).all(axis=1)
    return agrees


def _same_or_unknown(mine: Whole, theirs: Whole) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (
        (mine == theirs) | (mine == UNKNOWN) | (theirs == UNKNOWN)
    )
    return same


def _keys(codes: Whole) -> Whole:
    """One whole number a code, equal where the codes are."""
    keys = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        # Numbered anew at each element, so that no product overflows.
        keys = pd.factorize(keys * (column.max(initial=0) + 1) + column)[0]
    return keys


def _is_repeated(people: _People) -> npt.NDArray[np.bool_]:
    return pd.Series(_keys(people.codes)).duplicated(keep=False).to_numpy()


def _repeated_codes(people: _People) -> int:
    keys = pd.Series(_keys(people.codes))
    return int(keys[keys.duplicated(keep=False)].nunique())


def _decoys(
    before: _People,
    after: _People,
    links: _Pairs,
    falsely: int,
    rng: np.random.Generator,
) -> tuple[_People, _People]:
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
