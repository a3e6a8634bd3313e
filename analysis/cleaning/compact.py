"""Answers into a compact matrix that the careless indices go through block by block.

Whole-number codes take a byte each. A block is widened to floats in which every sum
that is taken of it is exact, so that the size of a block changes no result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[Any]]

GAP = -128
"""Stands for *not answered* among whole-number codes."""
LARGEST_ANSWER = 1e50
BLOCK = 16_384
"""People a block: a block of a hundred items stays in the processor's cache."""
WHOLE_IN_FLOAT32 = 2.0**24


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Block:
    """Some people's answers, one row an item, one column a person.

    Attributes
    ----------
    codes : ndarray
        As kept: bytes with `GAP`, or floats with NaN.
    values : ndarray of float
        Answers less the matrix's shift; zero where not answered.
    answered : ndarray of float
        1 where answered, else 0; of the same type as `values`.
    """

    people: slice
    codes: Array
    values: Array
    answered: Array


@dataclass(frozen=True, kw_only=True, repr=False)
class Answers:
    """Every answer of every person.

    Attributes
    ----------
    items : tuple of str
        Names, in the order the form asked them.
    codes : ndarray, shape (n_items, n_people)
        Bytes with `GAP`, or floats with NaN where codes are not small whole numbers.
    shift : float
        Taken from every answer before sums are made, lest squares swamp differences;
        no index but a mean depends on it.
    """

    items: tuple[str, ...]
    codes: Array
    shift: float = 0.0
    moments_cache: dict[str, Any] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold an answer."""
        return f"Answers({len(self.items)} items, {self.people} people)"

    @property
    def people(self) -> int:
        """How many people."""
        return int(self.codes.shape[1])

    @property
    def is_whole(self) -> bool:
        """Whether codes are small whole numbers."""
        return self.codes.dtype == np.int8

    @cached_property
    def width(self) -> type[np.floating[Any]]:
        """The narrowest float in which sums of products over a block are exact."""
        if not self.is_whole or not self.codes.size:
            return np.float64
        known = self.codes[self.codes != GAP]
        most = max(BLOCK, len(self.items) ** 2)
        largest = float(np.abs(known, dtype=np.int16).max()) if known.size else 0.0
        return np.float32 if largest**2 * most < WHOLE_IN_FLOAT32 else np.float64

    def blocks(self) -> Iterator[Block]:
        """The people in blocks, in their order."""
        for start in range(0, self.people, BLOCK):
            people = slice(start, min(start + BLOCK, self.people))
            codes = self.codes[:, people]
            known = codes != GAP if self.is_whole else ~np.isnan(codes)
            answered = known.astype(self.width)
            shifted = codes.astype(self.width) - self.width(self.shift)
            values = np.where(known, shifted, self.width(0))
            yield Block(people=people, codes=codes, values=values, answered=answered)

    def chosen(self, items: Sequence[str]) -> Answers:
        """The same people's answers to some items."""
        places = [self.items.index(name) for name in items]
        return Answers(items=tuple(items), codes=self.codes[places], shift=self.shift)


def compact_answers(responses: pd.DataFrame, *, rows: Array | None = None) -> Answers:
    """Responses as a compact matrix.

    Parameters
    ----------
    responses : DataFrame, shape (n_people, n_items)
        Codes; NaN where not answered. An immense code counts as NaN: its square would
        be no number.
    rows : ndarray of bool, optional
        Whose responses; everybody's if not given.
    """
    items = tuple(str(name) for name in responses.columns)
    chosen = np.ones(len(responses), dtype=bool) if rows is None else rows
    columns = [
        responses.iloc[:, place].to_numpy(dtype=float, na_value=np.nan)
        for place in range(len(items))
    ]
    codes = np.empty((len(items), int(chosen.sum())), dtype=np.int8)
    for place, column in enumerate(columns):
        column = column[chosen]  # noqa: PLW2901 - the rest of it is not asked for
        known = np.isfinite(column)
        small = known & (np.abs(column) < -GAP)
        filled = np.where(small, column, GAP).astype(np.int8)
        if not np.array_equal(filled[known], column[known]):
            return _with_fractions(columns, chosen, items)
        codes[place] = filled
    return Answers(items=items, codes=codes)


def turned_round(answers: Answers, ends: Mapping[str, float]) -> Answers:
    """Answers with some items turned round.

    Parameters
    ----------
    ends : mapping
        Item → the sum of its lowest and highest code.
    """
    whole = answers.is_whole and all(
        float(end).is_integer() and abs(end) < -GAP for end in ends.values()
    )
    codes = answers.codes.astype(np.int8 if whole else float)
    if answers.is_whole and not whole:
        codes[answers.codes == GAP] = np.nan
    for place, name in enumerate(answers.items):
        if name in ends:
            known = answers.codes[place] != GAP if whole else True
            turned = ends[name] - codes[place].astype(float)
            codes[place] = np.where(known, turned, GAP) if whole else turned
    return Answers(items=answers.items, codes=codes, shift=answers.shift)


def _with_fractions(
    columns: Sequence[Array], rows: Array, items: tuple[str, ...]
) -> Answers:
    codes = np.array([column[rows] for column in columns], dtype=float)
    codes[~(np.abs(codes) < LARGEST_ANSWER)] = np.nan
    shift = float(np.nanmean(codes)) if (~np.isnan(codes)).any() else 0.0
    return Answers(items=items, codes=codes, shift=shift)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Moments:
    """Counts, means, covariances and correlations of the items, pair by pair.

    A pair's numbers rest on the people who answered both of its items; the divisor is
    n - 1. NaN where fewer than two did, or where an item does not vary.
    """

    n: Array
    mean: Array
    covariance: Array
    correlation: Array


def pairwise_moments(answers: Answers) -> Moments:
    """Moments of every pair of items."""
    if "moments" not in answers.moments_cache:
        answers.moments_cache["moments"] = _moments(answers)
    found: Moments = answers.moments_cache["moments"]
    return found


def _moments(answers: Answers) -> Moments:
    k = len(answers.items)
    n, products, sums, squares = (np.zeros((k, k)) for _ in range(4))
    for block in answers.blocks():
        values, answered = block.values, block.answered
        products += values @ values.T
        if answered.all():
            n += answered.shape[1]
            sums += values.sum(axis=1, dtype=float)[:, None]
            squares += np.square(values).sum(axis=1, dtype=float)[:, None]
        else:
            n += answered @ answered.T
            sums += values @ answered.T
            squares += np.square(values) @ answered.T
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.diag(sums) / np.diag(n)
        covariance = (products - sums * sums.T / n) / (n - 1)
        variance = (squares - sums**2 / n) / (n - 1)
        spread = np.where(variance > 1e-12 * (squares / n + 1e-300), variance, np.nan)
        correlation = covariance / np.sqrt(spread * spread.T)
    covariance[n < 2] = np.nan
    return Moments(
        n=n,
        mean=own + answers.shift,
        covariance=covariance,
        correlation=np.clip(correlation, -1, 1),
    )
