"""Calculate indices of careless responding, one value a person.

Definitions are those of R careless 1.2.2, except that a correlation which does not
exist is missing with the reason, not drawn at random. Oracles:
tests/oracles/values/careless_*.json; cut-offs: docs/explanation/cleaning.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from heard.psychometrics.careless.compact_answers import GAP, Answers, Array, Block

MINIMUM_STRAIGHT_ITEMS = 3
"""Two equal answers in a row say nothing about the care they were given with."""
FLAT = 1e-12
"""A spread below this share of the mean square is rounding, not an answer."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IndexValues:
    """One index of every person.

    `values`, shape (n_people,): NaN where the person has none.
    `reason`: why a person has none: the one reason there can be for this index.
    """

    term: str
    values: Array
    reason: str

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a person's value."""
        return f"IndexValues({self.term}, {len(self.values)} people)"

    @property
    def absent(self) -> int:
        """How many people have no value."""
        return int(np.isnan(self.values).sum())


def longstring(answers: Answers) -> IndexValues:
    """Most equal answers in a row; an unanswered item ends a row of them."""

    def longest(block: Block) -> Array:
        best = run = np.ones(block.codes.shape[1], dtype=np.int16)
        for same in _same_as_before(block):
            run = run * same + np.int16(1)
            best = np.maximum(best, run)
        return best

    return _index("longstring", answers.each_person(longest), answers, at_least=1)


def average_longstring(answers: Answers) -> IndexValues:
    """Mean length of the rows of equal answers."""

    def repeated(block: Block) -> Array:
        found = np.zeros(block.codes.shape[1], dtype=np.int16)
        for same in _same_as_before(block):
            found += same
        return found

    rows = len(answers.items) - answers.each_person(repeated)
    mean = len(answers.items) / np.maximum(rows, 1)
    return _index("average_longstring", mean, answers, at_least=1)


def intra_individual_variability(answers: Answers) -> IndexValues:
    """Standard deviation of a person's answers, divisor n - 1.

    Dunn, Heggestad, Shanock & Theilgard (2018), Journal of Business and Psychology
    33, 105-121.
    """

    def spread(block: Block) -> Array:
        # Whole codes add up exactly in a float of the block's width.
        n, total, squares = (
            part.sum(axis=0).astype(float)
            for part in (block.answered, block.values, block.squares)
        )
        left = squares - total**2 / np.maximum(n, 1)
        left[left < FLAT * squares] = 0
        deviation: Array = np.sqrt(left / np.maximum(n - 1, 1))
        return deviation

    values = answers.each_person(spread)
    return _index("intra_individual_variability", values, answers, at_least=2)


def mahalanobis(answers: Answers) -> IndexValues:
    """Squared Mahalanobis distance of a person's answers from the means.

    Covariances are of the people who answered both items; an unanswered item stands
    at its mean, and so adds nothing.

    Mahalanobis (1936); Curran (2016), Journal of Experimental Social Psychology 66.
    """
    moments = answers.moments
    if np.isnan(moments.covariance).any():
        reason = "two people must have answered each pair of items"
        return unavailable_index("mahalanobis", answers, reason)
    if (root := _inverse_root(moments.covariance)) is None:
        reason = "an item follows from the others, or does not vary"
        return unavailable_index("mahalanobis", answers, reason)
    centre = (moments.mean - answers.shift)[:, None]

    def distance(block: Block) -> Array:
        deviation = (block.values - centre) * block.answered
        squared: Array = np.square(root @ deviation).sum(axis=0)
        return squared

    return _index("mahalanobis", answers.each_person(distance), answers, at_least=1)


def mahalanobis_p(answers: Answers) -> IndexValues:
    """How seldom so large a distance is, were answers normal: its upper tail.

    The chi-square has as many degrees of freedom as the person answered items.
    """
    distance = mahalanobis(answers)
    degrees = np.maximum(answers.answered_items, 1)
    p = np.asarray(chdtrc(degrees, distance.values), dtype=float)
    return IndexValues(term="mahalanobis_p", values=p, reason=distance.reason)


def share_missing(answers: Answers) -> IndexValues:
    """Share of the items that a person did not answer."""
    missing = 1 - answers.answered_items / max(len(answers.items), 1)
    return IndexValues(term="share_missing", values=missing, reason="")


def straight_lining(
    answers: Answers, instruments: Iterable[Sequence[str]]
) -> IndexValues:
    """Share of the instruments answered with one code throughout.

    Only instruments with at least three answered items count.
    """
    straight, asked = np.zeros(answers.people), np.zeros(answers.people)
    for items in instruments:
        if len(items) < MINIMUM_STRAIGHT_ITEMS:
            continue
        some = answers.chosen(items)
        enough = some.answered_items >= MINIMUM_STRAIGHT_ITEMS
        asked += enough
        straight += enough & (some.each_person(_one_code) > 0)
    values = np.where(asked > 0, straight / np.maximum(asked, 1), np.nan)
    reason = f"fewer than {MINIMUM_STRAIGHT_ITEMS} items of any instrument answered"
    return IndexValues(term="straight_lining", values=values, reason=reason)


def seconds_per_item(seconds: Array, answers: Answers) -> IndexValues:
    """Time taken, divided by the items answered.

    Huang, Curran, Keeney, Poposki & DeShon (2012), Journal of Business and Psychology
    27(1), 99-114.
    """
    answered = answers.answered_items
    values = np.where(answered > 0, seconds / np.maximum(answered, 1), np.nan)
    reason = "no time known, or no item answered"
    return IndexValues(term="seconds_per_item", values=values, reason=reason)


def _index(term: str, values: Array, answers: Answers, *, at_least: int) -> IndexValues:
    enough = answers.answered_items >= at_least
    return IndexValues(
        term=term,
        values=np.where(enough, values, np.nan),
        reason=f"fewer than {at_least} items answered",
    )


def unavailable_index(term: str, answers: Answers, reason: str) -> IndexValues:
    """An index of which no one has a value, and why."""
    nothing = np.full(answers.people, np.nan)
    return IndexValues(term=term, values=nothing, reason=reason)


def _same_as_before(block: Block) -> Iterator[Array]:
    """For each item but the first, who answered as on the item before."""
    codes, known = block.codes, block.known
    for item in range(1, len(codes)):
        yield (codes[item] == codes[item - 1]) & known[item]


def _one_code(block: Block) -> Array:
    """Whether all the answers of each person are equal."""
    whole = block.codes.dtype == np.int8
    low, high = (np.int8(GAP), np.int8(-GAP - 1)) if whole else (-np.inf, np.inf)
    least = np.where(block.known, block.codes, high).min(axis=0)
    equal: Array = least == np.where(block.known, block.codes, low).max(axis=0)
    return equal


def _inverse_root(covariance: Array) -> Array | None:
    """L⁻¹ of LLᵀ = covariance; None where it is singular, or not a covariance."""
    deviations = np.sqrt(np.diag(covariance))
    if not deviations.size or not (deviations > 0).all():
        return None
    scaled = covariance / np.outer(deviations, deviations)
    if np.linalg.eigvalsh(scaled)[0] < 1e-10:
        return None
    lower = np.linalg.cholesky(scaled)
    inverse: Array = np.linalg.inv(lower) / deviations
    return inverse


MINIMUM_PAIRS = 3
"""With two points, a correlation is 1 or -1 whatever was answered."""


def even_odd(answers: Answers, subscales: Iterable[Sequence[str]]) -> IndexValues:
    """Inconsistency between the even and the odd items of the subscales.

    The correlation, over subscales, of the means of even and of odd items, stepped up
    by Spearman and Brown, at least -1, and its sign turned: 1 is most inconsistent.

    `answers`: keyed: a high code must mean the same within a subscale.
    `subscales`: items of each subscale; those of one item are passed over.

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

    `above`: A pair's correlation over all people must exceed this.
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
