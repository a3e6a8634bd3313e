"""Pair codes of two waves that are one person's: equal, near or similar.

Everything here is arithmetic on positions and numbers; what a code says is used only
for the similarity of two texts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

if TYPE_CHECKING:
    from analysis.declarations.survey import LinkageRule

Whole: TypeAlias = npt.NDArray[np.int64]
Real: TypeAlias = npt.NDArray[np.float32]

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

    def chosen(self, places: Whole, codes: Whole | None = None) -> People:
        """Some of them, with other codes if given."""
        return People(
            codes=self.codes[places] if codes is None else codes,
            teams=self.teams[places],
            stable=self.stable[places],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Places before and after that could be one person, and how alike they are."""

    before: Whole
    after: Whole
    score: Real

    def where(self, kept: npt.NDArray[np.bool_]) -> Pairs:
        """Some of the pairs."""
        return Pairs(
            before=self.before[kept], after=self.after[kept], score=self.score[kept]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The links, pairs considered besides equal codes, and equal codes refused."""

    links: Pairs
    considered: Pairs
    conflicting: int


def encoded(
    before: pd.DataFrame, after: pd.DataFrame, rule: LinkageRule
) -> tuple[People, People]:
    """The people of two waves, equal texts as equal numbers."""
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
        People(
            codes=numbers["codes"].T[part],
            teams=numbers["teams"][0][part],
            stable=numbers["stable"].T[part],
        )
        for part in (first, then)
    ]
    return waves[0], waves[1]


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
    whole = sum(rule.weights)
    tables = []
    for name, weight in zip(_elements(both), rule.weights, strict=True):
        texts = list(pd.factorize(both[name])[1])
        pair_scores = cdist(
            texts, texts, scorer=OSA.normalized_similarity, dtype=np.float32
        )
        tables.append(
            np.asarray(pair_scores, dtype=np.float32) * np.float32(weight / whole)
        )
    return tables


def matched(
    before: People, after: People, rule: LinkageRule, pair_scores: list[Real]
) -> Found:
    """Equal codes, then the tolerant rule among those left.

    Who shares a code within a wave is nobody's partner, and yet everybody's rival: an
    equal code that cannot be linked is still likelier than a near one.
    """
    repeated = _is_repeated(before), _is_repeated(after)
    single = [np.flatnonzero(~several) for several in repeated]
    keys = _keys(np.concatenate([before.codes, after.codes]))
    own, other = keys[: len(before)], keys[len(before) :]
    equal = _equal(own[single[0]], other[single[1]], *single)
    fits = _agrees(equal, before, after)
    links = equal.where(fits)
    conflicting = int((~fits).sum())
    if rule.rule == "exact":
        return Found(links=links, considered=links, conflicting=conflicting)
    left = (
        np.setdiff1d(np.arange(len(before)), links.before),
        np.setdiff1d(np.arange(len(after)), links.after),
    )
    if rule.rule == "one_element_off":
        pairs = _near(before, after, left)
    else:
        pairs = _similar(
            before, after, left, pair_scores=pair_scores, threshold=rule.threshold
        )
    pairs = pairs.where(_agrees(pairs, before, after))
    is_equal = np.equal(own[pairs.before], other[pairs.after])
    pairs = dataclasses.replace(
        pairs, score=np.where(is_equal, np.float32(EQUAL), pairs.score)
    )
    if rule.within_team:
        same = _same_or_unknown(before.teams[pairs.before], after.teams[pairs.after])
        pairs = pairs.where(np.logical_or(is_equal, same))
    several = np.logical_or(repeated[0][pairs.before], repeated[1][pairs.after])
    best = pairs.where(np.logical_and(_mutually_best(pairs), ~several))
    return Found(
        links=Pairs(
            before=np.concatenate([links.before, best.before]),
            after=np.concatenate([links.after, best.after]),
            score=np.concatenate([links.score, best.score]),
        ),
        considered=pairs,
        conflicting=conflicting,
    )


def _equal(
    keys_before: Whole, keys_after: Whole, at_before: Whole, at_after: Whole
) -> Pairs:
    """Every two places with the same key."""
    order = np.argsort(keys_after, kind="stable")
    ordered = keys_after[order]
    first = np.searchsorted(ordered, keys_before, side="left")
    times = np.searchsorted(ordered, keys_before, side="right") - first
    within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
    return Pairs(
        before=np.repeat(at_before, times),
        after=at_after[order[np.repeat(first, times) + within]],
        score=np.ones(len(within), dtype=np.float32),
    )


def _near(before: People, after: People, left: tuple[Whole, Whole]) -> Pairs:
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
    return Pairs(before=pairs[:, 0], after=pairs[:, 1], score=score)


def _similar(
    before: People,
    after: People,
    left: tuple[Whole, Whole],
    *,
    pair_scores: list[Real],
    threshold: float,
) -> Pairs:
    """Codes whose weighted similarity reaches the threshold."""
    left_before, left_after = left
    rows = max(1, CELLS_AT_ONCE // max(1, len(left_after)))
    found_before, found_after, scores = [], [], []
    for start in range(0, len(left_before), rows):
        chunk = left_before[start : start + rows]
        score = np.zeros((len(chunk), len(left_after)), dtype=np.float32)
        for element, table in enumerate(pair_scores):
            before_codes = before.codes[chunk, element]
            score += table[before_codes][:, after.codes[left_after, element]]
        # Sums of the same similarities differ in their last digit by their order.
        row, column = np.nonzero(score >= threshold - 1e-5)
        found_before.append(chunk[row])
        found_after.append(left_after[column])
        scores.append(np.round(score[row, column], 4))
    none = np.empty(0, dtype=np.int64)
    return Pairs(
        before=np.concatenate([none, *found_before]),
        after=np.concatenate([none, *found_after]),
        score=np.concatenate([np.empty(0, dtype=np.float32), *scores]),
    )


def _mutually_best(pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs are the only best one of both people."""
    chosen = [_is_only_best(side, pairs.score) for side in (pairs.before, pairs.after)]
    return np.logical_and(*chosen)


def _is_only_best(side: Whole, score: Real) -> npt.NDArray[np.bool_]:
    """Which pairs are the best one of the person on this side, with none as good."""
    top = np.zeros(side.max(initial=-1) + 1, dtype=np.float32)
    np.maximum.at(top, side, score)
    is_top = np.equal(score, top[side])
    tops = np.bincount(side[is_top], minlength=len(top))
    only: npt.NDArray[np.bool_] = np.logical_and(is_top, np.equal(tops[side], 1))
    return only


def _agrees(pairs: Pairs, before: People, after: People) -> npt.NDArray[np.bool_]:
    """Which pairs differ in nothing that never changes."""
    before_codes, after_codes = before.stable[pairs.before], after.stable[pairs.after]
    return np.asarray(
        _same_or_unknown(before_codes, after_codes).all(axis=1), dtype=np.bool_
    )


def _same_or_unknown(before_codes: Whole, after_codes: Whole) -> npt.NDArray[np.bool_]:
    unknown = np.logical_or(
        np.equal(before_codes, UNKNOWN), np.equal(after_codes, UNKNOWN)
    )
    same: npt.NDArray[np.bool_] = np.logical_or(
        np.equal(before_codes, after_codes), unknown
    )
    return same


def _keys(codes: Whole) -> Whole:
    """One whole number a code, equal where the codes are."""
    keys = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        # Numbered anew at each element, so that no product overflows.
        keys = pd.factorize(keys * (column.max(initial=0) + 1) + column)[0]
    return keys


def _is_repeated(people: People) -> npt.NDArray[np.bool_]:
    return pd.Series(_keys(people.codes)).duplicated(keep=False).to_numpy()


def repeated_codes(people: People) -> int:
    """How many codes more than one person gives."""
    keys = pd.Series(_keys(people.codes))
    return int(keys[keys.duplicated(keep=False)].nunique())
