"""Sum whole-number responses exactly, in one pass over blocks of rows.

Alpha and item statistics need only each item's sum, its squares, and its products with
the participant's total. Blocks are small enough for exact sums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from heard.models.complete_responses import Array
from heard.models.skewed_scores import Shape

Whole: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[Any]]

MANY = 50_000
"""Answers from which on one pass pays."""
READ = 32_768
"""Rows read at a time."""
LARGEST = 2**12
"""The largest answer taken for one of a questionnaire."""
EXACT = 2**24
"""Whole numbers up to here are exact in single precision."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answered:
    """What those who answered an item gave, item by item, shape (k,); whole numbers."""

    n: Whole
    sums: Whole
    squares: Whole
    lowest: Whole
    highest: Whole
    outside: int

    @property
    def scatter(self) -> Whole:
        """Of an item: n times the sum of squared deviations."""
        return np.asarray(self.n * self.squares - self.sums**2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemSums:
    """Sums of a frame of answers.

    `names`: the items.
    `asked`: all participants.
    `n`: those who answered every item, on whom the next three rest.
    `scatter`, shape (k,): n times the sum of squared deviations of an item.
    `with_total`, shape (k,): n times the sum of products of an item's deviations with
      the total's.
    `total`: n times the sum of squared deviations of the total.
    `answered`: item by item, of anyone who answered it.
    `shape`: of the totals of those who answered every item.
    """

    names: tuple[str, ...]
    asked: int
    n: int
    scatter: Whole
    with_total: Whole
    total: int
    answered: Answered
    shape: Shape


def item_sums(
    responses: pd.DataFrame, *, ends: tuple[float, float] | None = None
) -> ItemSums | None:
    """Sum in one pass; None where answers are few, or not all small whole numbers.

    `responses`, shape (n_participants, n_items): keyed responses; NaN or NA if
      unanswered.
    `ends`: ends of the response scale, to count the answers there and beyond.
    """
    names = tuple(str(name) for name in responses.columns)
    if responses.size < MANY or len(set(names)) < len(names):
        return None
    if not all(_numbers(dtype) for dtype in set(responses.dtypes)):
        return None
    counted = Counted(len(names), ends)
    for chunk in _chunks(responses):
        if not counted.add(chunk):
            return None
    return counted.sums(names, len(responses))


def _numbers(dtype: Any) -> bool:
    masked = pd.api.types.is_extension_array_dtype(dtype)
    return bool(
        pd.api.types.is_numeric_dtype(dtype)
        and dtype.kind in "iuf"
        and (not masked or hasattr(dtype, "numpy_dtype"))
    )


def _chunks(responses: pd.DataFrame) -> Iterator[Whole]:
    """Some rows at a time, without a copy where all columns are of one kind."""
    dtypes = set(responses.dtypes)
    plain = len(dtypes) == 1 and isinstance(next(iter(dtypes)), np.dtype)
    values = responses.to_numpy() if plain else None
    for start in range(0, len(responses), READ):
        if values is not None:
            yield values[start : start + READ]
        else:
            rows = responses.iloc[start : start + READ]
            yield rows.to_numpy(dtype=np.float64, na_value=np.nan)


class Counted:
    """Sums on their way; one chunk of rows after the other."""

    def __init__(self, items: int, ends: tuple[float, float] | None) -> None:
        self.ends = ends
        self.n = 0
        self.squared_total = 0
        self.totals: Counter[float] = Counter()
        # sums, squares and products with the total of complete participants, then
        # n, sums, squares, lowest and highest of anyone who answered
        self.complete = np.zeros((3, items), dtype=np.int64)
        self.answered = np.zeros((5, items), dtype=np.int64)
        self.outside = 0
        self.gaps = False

    def add(self, chunk: Whole) -> bool:
        """Take a chunk in; whether it holds nothing but small whole numbers."""
        known = None
        if chunk.dtype.kind == "f":
            missing = np.isnan(chunk)
            known = ~missing if missing.any() else None
            chunk = np.where(missing, 0, chunk) if known is not None else chunk
            if not np.isfinite(chunk).all() or (chunk != np.rint(chunk)).any():
                return False
        low, high = int(chunk.min(initial=0)), int(chunk.max(initial=0))
        largest = max(1, -low, high)
        if largest > LARGEST:
            return False
        items = chunk.shape[1]
        rows = EXACT // (largest * largest * items)
        kind = np.float32 if rows >= 64 else np.float64
        size = min(rows if kind is np.float32 else 4096, 4096)
        # the squared totals, in double precision
        size = max(1, min(size, 2**52 // (largest * items) ** 2))
        for start in range(0, len(chunk), size):
            part = slice(start, start + size)
            seen = None if known is None else known[part]
            self._add(chunk[part].astype(kind), seen, (low, high))
        return True

    def _add(self, block: Array, known: Whole | None, reach: tuple[int, int]) -> None:
        whole = block if known is None else block[known.all(axis=1)]
        ones = np.ones(len(whole), dtype=block.dtype)
        total = whole @ np.ones(whole.shape[1], dtype=block.dtype)
        sums, squares = ones @ whole, ones @ (whole * whole)
        for place, found in enumerate((sums, squares, total @ whole)):
            self.complete[place] += np.rint(found).astype(np.int64)
        self.n += len(whole)
        doubles = total.astype(np.float64)
        self.squared_total += int(doubles @ doubles)
        self.totals.update(
            dict(zip(*np.unique(doubles, return_counts=True), strict=True))
        )
        own = (np.full(block.shape[1], len(block)), sums, squares)
        if known is not None:
            self.gaps = True
            every = np.ones(len(block), dtype=block.dtype)
            own = (known.sum(axis=0), every @ block, every @ (block * block))
        for place, counted in enumerate(own):
            self.answered[place] += np.rint(counted).astype(np.int64)
        if self.ends is not None:
            self._count_ends(block, known, reach)

    def _count_ends(
        self, block: Array, known: Whole | None, reach: tuple[int, int]
    ) -> None:
        assert self.ends is not None
        every = np.ones(len(block), dtype=np.float32)
        for place, end in enumerate(self.ends, start=3):
            at = block == end
            if known is not None:
                at &= known
            self.answered[place] += np.rint(every @ at.astype(np.float32)).astype(int)
        low, high = min(self.ends), max(self.ends)
        if reach[0] < low or reach[1] > high:
            beyond = (block < low) | (block > high)
            self.outside += int(beyond.sum() if known is None else beyond[known].sum())

    def sums(self, names: tuple[str, ...], asked: int) -> ItemSums:
        """What was counted, in whole numbers without limit."""
        own = self.answered.astype(object)
        sums, squares, products = self.complete.astype(object)
        total = int(sums.sum())
        return ItemSums(
            names=names,
            asked=asked,
            n=self.n,
            scatter=self.n * squares - sums**2,
            with_total=self.n * products - sums * total,
            total=self.n * self.squared_total - total**2,
            shape=Shape.of_counts(self.totals),
            answered=Answered(
                n=own[0],
                sums=own[1],
                squares=own[2],
                lowest=own[3],
                highest=own[4],
                outside=self.outside,
            ),
        )
