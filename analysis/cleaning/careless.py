"""Answers into indices of careless responding: one value a person.

Definitions are those of the R package careless 1.2.2. Oracles:
tests/oracles/values/careless_*.json. Advice on cut-offs: docs/explanation/cleaning.md.
Indices that compare a person's answers with each other are in `coherence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.cleaning.compact import GAP, Answers, Array, Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MINIMUM_STRAIGHT_ITEMS = 3
"""Two equal answers in a row say nothing about the care they were given with."""
FLAT = 1e-12
"""A spread below this share of the mean square is rounding, not an answer."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IndexValues:
    """One index of every person.

    Attributes
    ----------
    values : ndarray of float, shape (n_people,)
        NaN where the person has none.
    reason : str
        Why a person has none: the one reason there can be for this index.
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

    References
    ----------
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

    Covariances rest on the people who answered both items; an unanswered item stands
    at its mean, and so adds nothing.

    References
    ----------
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
    from scipy.special import chdtrc  # noqa: PLC0415 - heavy

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

    References
    ----------
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
    """An index of which nobody has a value, and why."""
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
