"""Answers into indices of consistency: how a person's answers agree with each other.

Definitions are those of the R package careless 1.2.2, which draws at random where a
correlation does not exist; here such a value is absent, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.cleaning.careless import FLAT, IndexValues, unavailable_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.cleaning.compact import Answers, Array, Block

MINIMUM_PAIRS = 3
"""With two points, a correlation is 1 or -1 whatever was answered."""


def even_odd(answers: Answers, subscales: Iterable[Sequence[str]]) -> IndexValues:
    """Inconsistency between the even and the odd items of the subscales.

    The correlation, over subscales, of the means of even and of odd items, stepped up
    by Spearman and Brown, at least -1, and its sign turned: 1 is most inconsistent.

    Parameters
    ----------
    answers : Answers
        Keyed: a high code must mean the same within a subscale.
    subscales : iterable of sequence of str
        Items of each subscale; those of one item are passed over.

    References
    ----------
    Meade & Craig (2012), Psychological Methods 17(3), 437-455.
    """
    used = [tuple(items) for items in subscales if len(items) > 1]
    if len(used) < MINIMUM_PAIRS:
        return unavailable_index("even_odd", answers, _too_few("subscales", len(used)))
    odd, even = _halves(answers, used)
    scale = answers.largest**2 * len(used)

    def inconsistency(block: Block) -> Array:
        first, first_known = _means(block, odd)
        second, second_known = _means(block, even)
        r = _correlation(_sums(first, second, first_known & second_known), scale=scale)
        with np.errstate(divide="ignore"):
            stepped = np.where(r > -1, 2 * r / (1 + r), -1.0)
        return np.where(np.isnan(r), np.nan, -np.maximum(stepped, -1))

    values = answers.each_person(inconsistency)
    reason = "the subscale means of one half are all equal, or fewer than 3 are known"
    return IndexValues(term="even_odd", values=values, reason=reason)


def psychometric_synonyms(answers: Answers, *, above: float = 0.60) -> IndexValues:
    """Correlation, within a person, of pairs of items that go together for all.

    Parameters
    ----------
    above : float
        A pair's correlation over all people must exceed this.
    """
    return _within_pairs("psychometric_synonyms", answers, above=above, sign=1)


def psychometric_antonyms(answers: Answers, *, below: float = -0.60) -> IndexValues:
    """Correlation, within a person, of pairs of items that are opposites for all."""
    return _within_pairs("psychometric_antonyms", answers, above=-below, sign=-1)


def _halves(answers: Answers, subscales: Sequence[Sequence[str]]) -> list[Array]:
    """Which items are the odd, and which the even ones, of each subscale."""
    halves = []
    for start in (0, 1):
        half = np.zeros((len(subscales), len(answers.items)), dtype=answers.width)
        for row, items in enumerate(subscales):
            half[row, [answers.items.index(name) for name in items[start::2]]] = 1
        halves.append(half)
    return halves


def _means(block: Block, half: Array) -> tuple[Array, Array]:
    n = (half @ block.answered).astype(float)
    return (half @ block.values).astype(float) / np.maximum(n, 1), n > 0


def _sums(x: Array, y: Array, known: Array) -> tuple[Array, ...]:
    """What a correlation down the columns is made of, centred for its precision."""
    n = known.sum(axis=0)
    x = np.where(known, x, 0)
    y = np.where(known, y, 0)
    x = np.where(known, x - x.sum(axis=0) / np.maximum(n, 1), 0)
    y = np.where(known, y - y.sum(axis=0) / np.maximum(n, 1), 0)
    no_deviation = np.zeros(x.shape[1])
    squares = (np.square(x).sum(axis=0), np.square(y).sum(axis=0))
    return (n, no_deviation, no_deviation, *squares, (x * y).sum(axis=0))


def _correlation(sums: tuple[Array, ...], *, scale: float) -> Array:
    """Correlations from n, sums, sums of squares and of products; NaN where flat."""
    n, x, y, xx, yy, xy = (part.astype(float) for part in sums)
    enough = n >= MINIMUM_PAIRS
    n = np.maximum(n, 1)
    spread_x, spread_y = xx - x * x / n, yy - y * y / n
    varies = enough & (spread_x > FLAT * scale) & (spread_y > FLAT * scale)
    product = np.where(varies, spread_x * spread_y, 1.0)
    r = np.clip((xy - x * y / n) / np.sqrt(product), -1, 1)
    return np.where(varies, r, np.nan)


def _within_pairs(
    term: str, answers: Answers, *, above: float, sign: int
) -> IndexValues:
    """Correlate pairs within people, all pairs at once.

    A sum over pairs (i, j) of x_i times y_j is a quadratic form in the matrix of pairs,
    which costs no more for a thousand pairs than for ten.
    """
    correlation = sign * np.nan_to_num(answers.moments.correlation, nan=0.0)
    pairs = np.tril(correlation > above, -1)
    if (count := int(pairs.sum())) < MINIMUM_PAIRS:
        return unavailable_index(term, answers, _too_few("such pairs of items", count))
    used = [answers.items[place] for place in np.flatnonzero((pairs | pairs.T).any(0))]
    few = answers.chosen(used)
    places = [answers.items.index(name) for name in used]
    seconds = pairs[np.ix_(places, places)].astype(answers.width)
    scale = max(few.largest**2, 1.0) * count
    values = few.each_person(
        lambda block: _correlation(_pair_sums(block, seconds), scale=scale)
    )
    reason = "answers to one side of the pairs are equal, or fewer than 3 are known"
    return IndexValues(term=term, values=values, reason=reason)


def _pair_sums(block: Block, seconds: Array) -> tuple[Array, ...]:
    x, known = block.values, block.answered
    partner, partner_known = seconds @ x, seconds @ known
    partner_square = seconds @ block.squares
    return (
        (partner_known * known).sum(axis=0),
        (partner_known * x).sum(axis=0),
        (partner * known).sum(axis=0),
        (partner_known * block.squares).sum(axis=0),
        (partner_square * known).sum(axis=0),
        (partner * x).sum(axis=0),
    )


def _too_few(what: str, count: int) -> str:
    return f"{count} {what}; at least {MINIMUM_PAIRS} needed"
