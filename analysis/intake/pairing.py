"""Pair codes of two waves that are one person's: equal, near or similar.

Everything here is arithmetic on positions and numbers; what a code says is used only
for the similarity of two texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.declarations.survey import LinkageRule

Whole: TypeAlias = npt.NDArray[np.int64]
Real: TypeAlias = npt.NDArray[np.float32]
Is: TypeAlias = npt.NDArray[np.bool_]

ELEMENT = "element."
"""How the column of an element of the code begins."""
UNKNOWN = -1
EQUAL = 2.0
"""Score of equal codes: over that of any that are near."""
CELLS_AT_ONCE = 4_000_000
"""Similarities held in memory together: 16 MB an element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people of one wave in whole numbers, equal where their texts are."""

    codes: Whole
    teams: Whole
    stable: Whole

    def __len__(self) -> int:
        return len(self.codes)

    def repeated(self) -> Is:
        """Whose code others of the wave give too."""
        return pd.Series(_keys(self.codes)).duplicated(keep=False).to_numpy()


Waves: TypeAlias = tuple[People, People]
"""The earlier one and the later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Who could be one person: a row of places before, one of places after."""

    places: Whole
    score: Real

    def where(self, kept: Is) -> Pairs:
        """Some of the pairs."""
        return Pairs(places=self.places[:, kept], score=self.score[kept])

    @staticmethod
    def joined(parts: Sequence[Pairs]) -> Pairs:
        """All of the pairs."""
        return Pairs(
            places=np.concatenate([part.places for part in parts], axis=1),
            score=np.concatenate([part.score for part in parts]),
        )


NO_PAIRS = Pairs(
    places=np.empty((2, 0), dtype=np.int64), score=np.empty(0, dtype=np.float32)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The links, pairs considered besides equal codes, and equal codes refused.

    Attributes
    ----------
    left : list of arrays
        Places before and after of who is not linked.
    """

    links: Pairs
    considered: Pairs
    conflicting: int
    left: list[Whole]

    def uncertain(self) -> list[Whole]:
        """Of either wave who is not linked, and had a possible partner."""
        return list(map(np.intersect1d, self.left, self.considered.places))


def encoded(before: pd.DataFrame, after: pd.DataFrame, rule: LinkageRule) -> Waves:
    """The people of two waves, equal texts as equal numbers."""
    both = pd.concat([before, after], ignore_index=True)

    def numbered(columns: Iterable[pd.Series[str]]) -> Whole:
        numbers = [pd.factorize(column)[0] for column in columns]
        return np.array(numbers, dtype=np.int64).reshape(len(numbers), len(both)).T

    codes = numbered(both[name] for name in _elements(both))
    teams = numbered([both["team"].replace("", None)])[:, 0]
    stable = numbered(both[name].replace("", None) for name in rule.stable)
    first, then = (
        People(codes=codes[part], teams=teams[part], stable=stable[part])
        for part in (slice(0, len(before)), slice(len(before), None))
    )
    return first, then


def _elements(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if name.startswith(ELEMENT)]


def similarities(
    before: pd.DataFrame, after: pd.DataFrame, rule: LinkageRule
) -> list[Real]:
    """Of each element, the weighted similarity of every two texts given by anyone.

    One less the share of letters to insert, remove, change or swap with their
    neighbour. The weights add up to one.
    """
    if rule.rule != "weighted":
        return []
    both = pd.concat([before, after], ignore_index=True)
    tables = []
    for name, weight in zip(_elements(both), rule.weights, strict=True):
        texts = list(pd.factorize(both[name])[1])
        table = cdist(texts, texts, scorer=OSA.normalized_similarity, dtype=np.float32)
        share = np.float32(weight / sum(rule.weights))
        tables.append(np.asarray(table, dtype=np.float32) * share)
    return tables


def matched(waves: Waves, rule: LinkageRule, tables: list[Real]) -> Found:
    """Equal codes, then the tolerant rule among those left.

    Who shares a code within a wave is nobody's partner, and yet everybody's rival: an
    equal code that cannot be linked is still likelier than a near one.
    """
    before, after = waves
    repeated = [wave.repeated() for wave in waves]
    keys = np.split(_keys(np.concatenate([w.codes for w in waves])), [len(before)])
    equal = _equal(keys, [np.flatnonzero(~several) for several in repeated])
    fits = _agrees(equal, waves)
    links, conflicting = equal.where(fits), int((~fits).sum())
    if rule.rule == "exact":
        pairs = links
    else:
        left = _without(waves, links)
        near = rule.rule == "one_element_off"
        pairs = _near(waves, left) if near else _similar(waves, left, tables, rule)
        pairs = pairs.where(_agrees(pairs, waves))
        first, then = pairs.places
        is_equal = np.equal(keys[0][first], keys[1][then])
        score = np.where(is_equal, np.float32(EQUAL), pairs.score)
        pairs = Pairs(places=pairs.places, score=score)
        if rule.within_team:
            same = _same_or_unknown(before.teams[first], after.teams[then])
            pairs = pairs.where(np.logical_or(is_equal, same))
        first, then = pairs.places
        several = np.logical_or(repeated[0][first], repeated[1][then])
        best = np.logical_and(*(_is_only_best(side, pairs) for side in pairs.places))
        links = Pairs.joined([links, pairs.where(np.logical_and(best, ~several))])
    return Found(
        links=links,
        considered=pairs,
        conflicting=conflicting,
        left=_without(waves, links),
    )


def _without(waves: Waves, links: Pairs) -> list[Whole]:
    """Who of either wave is not linked."""
    everybody = [np.arange(len(wave)) for wave in waves]
    return list(map(np.setdiff1d, everybody, links.places))


def _equal(keys: Sequence[Whole], among: Sequence[Whole]) -> Pairs:
    """Every two places with the same key, among some of each wave."""
    own, other = map(np.take, keys, among)
    order = np.argsort(other, kind="stable")
    ordered = other[order]
    first = np.searchsorted(ordered, own, side="left")
    times = np.searchsorted(ordered, own, side="right") - first
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    after = among[1][order[np.repeat(first, times) + within]]
    return Pairs(
        places=np.stack([np.repeat(among[0], times), after]),
        score=np.ones(len(within), dtype=np.float32),
    )


def _near(waves: Waves, left: list[Whole]) -> Pairs:
    """Codes that are equal without one of their elements."""
    codes = np.concatenate([wave.codes for wave in waves])
    found = []
    for element in range(codes.shape[1]):
        keys = _keys(np.delete(codes, element, axis=1))
        found.append(_equal(np.split(keys, [len(waves[0])]), left))
    # Equal codes that were refused as equal stand with every element left out.
    places = np.unique(Pairs.joined(found).places, axis=1)
    return Pairs(places=places, score=np.ones(places.shape[1], dtype=np.float32))


def _similar(
    waves: Waves, left: list[Whole], tables: list[Real], rule: LinkageRule
) -> Pairs:
    """Codes whose weighted similarity reaches the threshold."""
    before, after = (wave.codes[who] for wave, who in zip(waves, left, strict=True))
    rows = max(1, CELLS_AT_ONCE // max(1, len(after)))
    found = [NO_PAIRS]
    for start in range(0, len(before), rows):
        chunk = before[start : start + rows]
        score = np.zeros((len(chunk), len(after)), dtype=np.float32)
        for element, table in enumerate(tables):
            score += table[chunk[:, element]][:, after[:, element]]
        # Sums of the same similarities differ in their last digit by their order.
        row, column = np.nonzero(score >= rule.threshold - 1e-5)
        places = np.stack([left[0][start + row], left[1][column]])
        found.append(Pairs(places=places, score=np.round(score[row, column], 4)))
    return Pairs.joined(found)


def _is_only_best(side: Whole, pairs: Pairs) -> Is:
    """Which pairs are the best one of the person on this side, with none as good."""
    top = np.zeros(side.max(initial=-1) + 1, dtype=np.float32)
    np.maximum.at(top, side, pairs.score)
    is_top = np.equal(pairs.score, top[side])
    tops = np.bincount(side[is_top], minlength=len(top))
    only: Is = np.logical_and(is_top, np.equal(tops[side], 1))
    return only


def _agrees(pairs: Pairs, waves: Waves) -> Is:
    """Which pairs differ in nothing that never changes."""
    before, after = (w.stable[at] for w, at in zip(waves, pairs.places, strict=True))
    return np.asarray(_same_or_unknown(before, after).all(axis=1), dtype=np.bool_)


def _same_or_unknown(before: Whole, after: Whole) -> Is:
    same: Is = (before == after) | (before == UNKNOWN) | (after == UNKNOWN)
    return same


def _keys(codes: Whole) -> Whole:
    """One whole number a code, equal where the codes are."""
    keys = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        # Numbered anew at each element, so that no product overflows.
        keys = pd.factorize(keys * (column.max(initial=0) + 1) + column)[0]
    return keys


def repeated_codes(people: People) -> int:
    """How many codes more than one person gives."""
    return len(np.unique(people.codes[people.repeated()], axis=0))
