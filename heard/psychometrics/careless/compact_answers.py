"""Hold answers compactly, and pass them to careless-response indices by block.

Whole-number codes take a byte each; a block is widened to floats in which every sum is
exact, so that its size changes no result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pandas as pd

from heard.models.threads import in_threads

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[Any]]
T = TypeVar("T")

GAP = -128
"""Stands for *not answered* among whole-number codes."""
LARGEST_ANSWER = 1e50
BLOCK = 8_192
"""People a block: few enough that a block of a hundred items stays near the processor,
and that several threads' blocks together take little memory."""
WHOLE_IN_FLOAT32 = 2.0**24


@dataclass(frozen=True, kw_only=True, repr=False)
class Block:
    """Some people's answers, one row an item, one column a person.

    `codes`: as kept: bytes with `GAP`, or floats with NaN.
    `width`: the float in which sums are taken.
    """

    people: slice
    codes: Array
    width: type[np.floating[Any]]
    shift: float

    @cached_property
    def known(self) -> Array:
        """Whether each item was answered."""
        whole = self.codes.dtype == np.int8
        return self.codes != GAP if whole else ~np.isnan(self.codes)

    @cached_property
    def answered(self) -> Array:
        """The same as a float: 1 where answered, else 0."""
        return self.known.astype(self.width)

    @cached_property
    def values(self) -> Array:
        """Answers less the matrix's shift; zero where not answered."""
        if self.codes.dtype == np.int8 and not self.shift:
            return np.where(self.known, self.codes, np.int8(0)).astype(self.width)
        shifted = self.codes.astype(self.width) - self.width(self.shift)
        return np.where(self.known, shifted, self.width(0))

    @cached_property
    def squares(self) -> Array:
        """Squares of the values."""
        return np.square(self.values)


@dataclass(frozen=True, kw_only=True, repr=False)
class Answers:
    """Every answer of every person.

    `items`: names, in the order the form asked them.
    `codes`, shape (n_items, n_people): bytes with `GAP`, or floats with NaN where codes
      are not small whole numbers.
    `shift`: taken from every answer before sums are made, lest squares swamp
      differences; no index but a mean depends on it.
    """

    items: tuple[str, ...]
    codes: Array
    shift: float = 0.0

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
        most = max(BLOCK, len(self.items) ** 2)
        exact = self.largest**2 * most < WHOLE_IN_FLOAT32
        return np.float32 if exact else np.float64

    @cached_property
    def largest(self) -> float:
        """The largest answer in size, less the shift; 0 if there is none."""

        def of_block(block: Block) -> float:
            if self.is_whole:
                known = np.where(block.known, block.codes, np.int8(0))
                return float(np.abs(known).max(initial=0))
            return float(np.abs(block.values).max(initial=0))

        return max(self._each(of_block, width=np.float64), default=0.0)

    @cached_property
    def answered_items(self) -> Array:
        """How many items each person answered."""
        return self.each_person(lambda block: block.answered.sum(axis=0))

    @cached_property
    def moments(self) -> Moments:
        """Counts, means, covariances and correlations of every pair of items."""
        return _moments(self)

    def each_block(self, of_block: Callable[[Block], T]) -> list[T]:
        """What `of_block` makes of the people, block by block, in their order."""
        return self._each(of_block, width=self.width)

    def each_person(self, of_block: Callable[[Block], Array]) -> Array:
        """One number a person, from what `of_block` makes of each block of them."""
        return np.concatenate([np.zeros(0), *self.each_block(of_block)])

    def _each(
        self, of_block: Callable[[Block], T], *, width: type[np.floating[Any]]
    ) -> list[T]:
        def made(start: int) -> T:
            people = slice(start, min(start + BLOCK, self.people))
            codes = self.codes[:, people]
            return of_block(
                Block(people=people, codes=codes, width=width, shift=self.shift)
            )

        return in_threads(made, range(0, self.people, BLOCK))

    def chosen(self, items: Sequence[str]) -> Answers:
        """The same people's answers to some items."""
        if tuple(items) == self.items:
            return self
        places = [self.items.index(name) for name in items]
        return Answers(items=tuple(items), codes=self.codes[places], shift=self.shift)


def compact_answers(responses: pd.DataFrame, *, rows: Array | None = None) -> Answers:
    """Responses as a compact matrix.

    `responses`, shape (n_people, n_items): codes; NaN where not answered. An immense
      code counts as NaN: its square would be no number.
    `rows`: whose responses; everyone's if not given.
    """
    items = tuple(str(name) for name in responses.columns)
    chosen = np.ones(len(responses), dtype=bool) if rows is None else rows
    codes = np.empty((len(items), int(chosen.sum())), dtype=np.int8)

    def fill(place: int) -> bool:
        column = _column(responses, place, chosen)
        known = np.isfinite(column)
        small = known & (np.abs(column) < -GAP)
        codes[place] = np.where(small, column, GAP)
        return bool(((codes[place] == column) | ~known).all())

    if not all(in_threads(fill, range(len(items)))):
        return _with_fractions(responses, chosen)
    return Answers(items=items, codes=codes)


def _column(responses: pd.DataFrame, place: int, rows: Array) -> Array:
    column = responses.iloc[rows, place]
    return column.to_numpy(dtype=float, na_value=np.nan)


def reverse_scored(answers: Answers, ends: Mapping[str, float]) -> Answers:
    """Answers with some items reverse-scored.

    `ends`: item → the sum of its lowest and highest code.
    """
    turning = {p: ends[name] for p, name in enumerate(answers.items) if name in ends}
    gaps = answers.codes == GAP if answers.is_whole else np.isnan(answers.codes)
    whole = answers.is_whole and all(
        _fits_a_byte(end, answers.codes[place][~gaps[place]])
        for place, end in turning.items()
    )
    codes = answers.codes.astype(np.int8 if whole else float)
    codes[gaps] = GAP if whole else np.nan
    for place, end in turning.items():
        turned = end - codes[place].astype(float)
        codes[place] = np.where(gaps[place], codes[place], turned)
    return Answers(items=answers.items, codes=codes, shift=answers.shift)


def _fits_a_byte(end: float, codes: Array) -> bool:
    """Whether codes reverse-scored are small whole numbers too."""
    ends = (end - float(codes.min(initial=0)), end - float(codes.max(initial=0)))
    return float(end).is_integer() and max(map(abs, ends)) < -GAP


def _with_fractions(responses: pd.DataFrame, rows: Array) -> Answers:
    items = tuple(str(name) for name in responses.columns)
    columns = [_column(responses, place, rows) for place in range(len(items))]
    codes = np.array(columns, dtype=float)
    codes[~(np.abs(codes) < LARGEST_ANSWER)] = np.nan
    shift = float(np.nanmean(codes)) if (~np.isnan(codes)).any() else 0.0
    return Answers(items=items, codes=codes, shift=shift)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Moments:
    """Counts, means, covariances and correlations of the items, pair by pair.

    A pair's numbers are of the people who answered both of its items; the divisor is
    n - 1. NaN where fewer than two did, or where an item does not vary.
    """

    n: Array
    mean: Array
    covariance: Array
    correlation: Array


def _moments(answers: Answers) -> Moments:
    k = len(answers.items)
    n, products, sums, squares = (np.zeros((k, k)) for _ in range(4))
    # Added in the order of the blocks: the order threads end in changes no digit.
    for part in answers.each_block(_pair_sums):
        n += part[0]
        products += part[1]
        sums += part[2]
        squares += part[3]
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


def _pair_sums(block: Block) -> tuple[Array, Array, Array, Array]:
    """Of every pair of items: people, products, and sums and squares of the first."""
    values, answered = block.values, block.answered
    if block.known.all():
        return (
            np.full((1, 1), float(answered.shape[1])),
            values @ values.T,
            values.sum(axis=1, dtype=float)[:, None],
            block.squares.sum(axis=1, dtype=float)[:, None],
        )
    return (
        answered @ answered.T,
        values @ values.T,
        values @ answered.T,
        block.squares @ answered.T,
    )
