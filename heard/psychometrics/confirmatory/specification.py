"""Specify the parameters of a factor model and the cells they fill.

A cell is a place in the matrices of a block (a group of people) with a fixed value or a
parameter. Cells that name one parameter are equal, so invariance is a matter of names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from heard.models.complete_responses import Array
from heard.models.stable_choice import upward

if TYPE_CHECKING:
    from heard.psychometrics.confirmatory.ordinal import OrdinalBlock
    from heard.psychometrics.confirmatory.sample import Block

    Places = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    Filling = tuple["Kind", Places, Places, Array, Places]
    FreeCells = tuple["Kind", Places, Places, Places]


class Kind(IntEnum):
    """The matrices a cell can stand in."""

    LOADING = 0
    REGRESSION = 1
    FACTOR_COVARIANCE = 2
    RESIDUAL_COVARIANCE = 3
    INTERCEPT = 4
    FACTOR_MEAN = 5
    THRESHOLD = 6
    SCALE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One place in one matrix of one block.

    `row`, `column`: item and factor of a loading; outcome and predictor of a
      regression; for a threshold, the item and the rank of the threshold.
    `parameter`: the parameter that fills the place; empty where `value` is fixed.
    `value`: the fixed value, or where the search for the parameter starts.
    """

    block: int
    kind: Kind
    row: int
    column: int = 0
    parameter: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Model:
    """Items, factors and cells; the parameters in the order they first appear.

    `means` says whether intercepts are part of the model; without them means are taken
    as observed. Not slotted: what follows from the cells is kept once worked out.
    """

    items: tuple[str, ...]
    factors: tuple[str, ...]
    blocks: tuple[str, ...]
    cells: tuple[Cell, ...]
    means: bool

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(dict.fromkeys(c.parameter for c in self.cells if c.parameter))

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each parameter stands in the vector of parameters."""
        return {name: place for place, name in enumerate(self.parameters)}

    @cached_property
    def start(self) -> Array:
        """The first value named for each parameter."""
        first: dict[str, float] = {}
        for cell in self.cells:
            first.setdefault(cell.parameter, cell.value)
        return np.array([first[name] for name in self.parameters], dtype=np.float64)

    @cached_property
    def residual_pairs(self) -> tuple[tuple[int, int], ...]:
        """Places of the items whose residuals correlate, in the first block."""
        return tuple(
            (cell.row, cell.column)
            for cell in self.free_by_block[0]
            if cell.kind == Kind.RESIDUAL_COVARIANCE and cell.row != cell.column
        )

    @cached_property
    def free_by_block(self) -> tuple[tuple[Cell, ...], ...]:
        """The free cells of each block."""
        return tuple(
            tuple(c for c in self.cells if c.block == block and c.parameter)
            for block in range(len(self.blocks))
        )

    @cached_property
    def free_kinds(self) -> tuple[tuple[FreeCells, ...], ...]:
        """By block and matrix: which of its free cells, their rows and columns."""
        return tuple(tuple(_free_kinds(cells)) for cells in self.free_by_block)

    @cached_property
    def spread_by_block(self) -> tuple[Array, ...]:
        """Which cell holds which parameter: 0 and 1, shape (n_cells, n_parameters)."""
        spreads = []
        for cells in self.free_by_block:
            spread = np.zeros((len(cells), len(self.parameters)))
            spread[np.arange(len(cells)), [self.places[c.parameter] for c in cells]] = 1
            spreads.append(spread)
        return tuple(spreads)

    @cached_property
    def filling(
        self,
    ) -> tuple[tuple[tuple[Kind, Places, Places, Array, Places], ...], ...]:
        """By block and matrix: rows, columns, fixed values, parameter (or -1)."""
        return tuple(tuple(_filling(self, block)) for block in range(len(self.blocks)))


def _free_kinds(cells: tuple[Cell, ...]) -> Iterator[FreeCells]:
    kinds = [cell.kind for cell in cells]
    for kind in Kind:
        if kind in kinds:
            at = np.array([place for place, own in enumerate(kinds) if own == kind])
            rows = np.array([cells[place].row for place in at])
            yield kind, at, rows, np.array([cells[place].column for place in at])


def _filling(model: Model, block: int) -> Iterator[Filling]:
    for kind in Kind:
        cells = [c for c in model.cells if c.block == block and c.kind == kind]
        if cells:
            yield (
                kind,
                np.array([c.row for c in cells]),
                np.array([c.column for c in cells]),
                np.array([c.value for c in cells], dtype=np.float64),
                np.array([model.places.get(c.parameter, -1) for c in cells]),
            )


def specification_fault(
    items: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    second_order: Mapping[str, Sequence[str]],
    correlated_residuals: Sequence[tuple[str, str]] = (),
) -> str:
    """Why the factors cannot be a model of the items; empty if they can."""
    unknown = sorted({i for named in factors.values() for i in named} - set(items))
    lower = {f for named in second_order.values() for f in named}
    strange = sorted(lower - set(factors))
    twice = sorted(set(second_order) & set(factors))
    namesakes = sorted({*factors, *second_order} & set(items))
    uneven = [f for f, named in factors.items() if len({*named}) != len(named)]
    empty = [f for f, named in {**factors, **second_order}.items() if not named]
    pairs = [tuple(pair) for pair in correlated_residuals]
    used = {i for named in factors.values() for i in named}
    apart = sorted({i for pair in pairs for i in pair} - used)
    odd = [pair for pair in pairs if len(set(pair)) != 2 or len(pair) != 2]
    again = len({frozenset(pair) for pair in pairs}) < len(pairs)
    found = (
        (not factors, "no factor is named"),
        (unknown, f"{_listed(unknown)}: not among the items ({_listed(items)})"),
        (uneven, f"{_listed(uneven)}: an item is named twice"),
        (empty, f"{_listed(empty)}: no item is named"),
        (namesakes, f"{_listed(namesakes)}: the name of an item too"),
        (strange, f"{_listed(strange)}: not among the factors ({_listed(factors)})"),
        (twice, f"{_listed(twice)}: the name of a first-order factor too"),
        (apart, f"{_listed(apart)}: residuals to correlate, but in no factor"),
        (odd, "correlated_residuals holds what is no pair of two items"),
        (again, "correlated_residuals names a pair twice"),
    )
    return next((words for fault, words in found if fault), "")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def pattern_of(
    items: Sequence[str], factors: Mapping[str, Sequence[str]]
) -> list[tuple[int, int]]:
    """The places (item, factor) of the loadings, factor by factor."""
    place = {item: row for row, item in enumerate(items)}
    return [
        (place[item], column)
        for column, named in enumerate(factors.values())
        for item in named
    ]


SMALLEST_SHARE, LARGEST_SHARE = 0.1, 0.8
"""Bounds of the share of an item's variance that is common, where the search starts."""


def factor_model(
    items: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    block: Block,
    *,
    marker: bool,
    means: bool,
    second_order: Mapping[str, Sequence[str]],
    correlated_residuals: Sequence[tuple[str, str]] = (),
) -> Model:
    """A model of one group of people."""
    names = (*factors, *second_order)
    cells = [
        *_loading_cells(items, factors, block.covariance, marker=marker),
        *_residual_cells(items, factors, block.covariance),
        *_pair_cells(items, correlated_residuals),
        *_factor_cells(tuple(factors), second_order, marker=marker),
    ]
    if means:
        cells += [
            Cell(
                block=0,
                kind=Kind.INTERCEPT,
                row=row,
                parameter=f"intercept {item!r}",
                value=float(block.mean[row]),
            )
            for row, item in enumerate(items)
        ]
    return Model(
        items=tuple(items), factors=names, blocks=("",), cells=tuple(cells), means=means
    )


def _loading_cells(
    items: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    covariance: Array,
    *,
    marker: bool,
) -> Iterator[Cell]:
    names = tuple(factors)
    first: set[int] = set()
    starts = loading_starts(items, factors, covariance)
    for (row, column), value in zip(pattern_of(items, factors), starts, strict=True):
        fixed = marker and column not in first
        first.add(column)
        lead = starts_of(column, items, factors, starts) if marker else 1.0
        yield Cell(
            block=0,
            kind=Kind.LOADING,
            row=row,
            column=column,
            parameter="" if fixed else f"loading {names[column]!r} {items[row]!r}",
            value=1.0 if fixed else value / lead,
        )


def starts_of(
    column: int,
    items: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    starts: Sequence[float],
) -> float:
    """Where the first loading of a factor starts, by which a marker divides."""
    for (_, other), value in zip(pattern_of(items, factors), starts, strict=True):
        if other == column:
            return value
    raise AssertionError("every factor has an item")


def loading_starts(
    items: Sequence[str], factors: Mapping[str, Sequence[str]], covariance: Array
) -> list[float]:
    """Loadings on factors of variance 1, from the first axis of each factor's items."""
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    starts: list[float] = []
    place = {item: row for row, item in enumerate(items)}
    for named in factors.values():
        rows = [place[item] for item in named]
        values, vectors = np.linalg.eigh(correlation[np.ix_(rows, rows)])
        axis = vectors[:, -1] * np.sqrt(values[-1])
        if len(rows) > 1:
            shrunk = np.sqrt(max((values[-1] - 1) / values[-1], SMALLEST_SHARE))
            axis = axis * shrunk
        turned = axis * upward(axis[:, None])
        least, most = np.sqrt(SMALLEST_SHARE) / 2, np.sqrt(LARGEST_SHARE)
        size = np.clip(np.abs(turned), least, most) * np.where(turned < 0, -1, 1)
        starts += list(size * spread[rows])
    return [float(start) for start in starts]


def _residual_cells(
    items: Sequence[str], factors: Mapping[str, Sequence[str]], covariance: Array
) -> Iterator[Cell]:
    left = residual_starts(items, factors, covariance)
    for row, item in enumerate(items):
        yield Cell(
            block=0,
            kind=Kind.RESIDUAL_COVARIANCE,
            row=row,
            column=row,
            parameter=f"residual {item!r}",
            value=left[row],
        )


def _pair_cells(
    items: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> Iterator[Cell]:
    """The covariances of residuals, which start at zero."""
    for one, other in pairs:
        yield Cell(
            block=0,
            kind=Kind.RESIDUAL_COVARIANCE,
            row=items.index(one),
            column=items.index(other),
            parameter=f"residuals {one!r} {other!r}",
        )


def residual_starts(
    items: Sequence[str], factors: Mapping[str, Sequence[str]], covariance: Array
) -> list[float]:
    """What the starting loadings leave of each variance, at least a fifth of it."""
    left = np.diag(covariance).copy()
    starts = loading_starts(items, factors, covariance)
    for (row, _), value in zip(pattern_of(items, factors), starts, strict=True):
        left[row] -= value**2
    least = (1 - LARGEST_SHARE) * np.diag(covariance)
    return [float(value) for value in np.maximum(left, least)]


def _factor_cells(
    factors: Sequence[str], second_order: Mapping[str, Sequence[str]], *, marker: bool
) -> Iterator[Cell]:
    names = (*factors, *second_order)
    ruled = {name for named in second_order.values() for name in named}
    for column, name in enumerate(names):
        yield Cell(
            block=0,
            kind=Kind.FACTOR_COVARIANCE,
            row=column,
            column=column,
            parameter=f"variance {name!r}" if marker else "",
            value=1.0,
        )
    free = [c for c, name in enumerate(names) if name not in ruled]
    for place, column in enumerate(free):
        for row in free[place + 1 :]:
            yield Cell(
                block=0,
                kind=Kind.FACTOR_COVARIANCE,
                row=row,
                column=column,
                parameter=f"covariance {names[column]!r} {names[row]!r}",
                value=0.0,
            )
    for top, named in second_order.items():
        for rank, name in enumerate(named):
            fixed = marker and rank == 0
            yield Cell(
                block=0,
                kind=Kind.REGRESSION,
                row=names.index(name),
                column=names.index(top),
                parameter="" if fixed else f"loading {top!r} {name!r}",
                value=1.0 if fixed else 0.5,
            )


def ordinal_model(
    items: Sequence[str],
    factors: Mapping[str, Sequence[str]],
    block: OrdinalBlock,
    *,
    marker: bool,
    second_order: Mapping[str, Sequence[str]],
    correlated_residuals: Sequence[tuple[str, str]] = (),
) -> Model:
    """A model of one group of people who answered in ordered categories."""
    correlation = np.eye(len(items))
    rows, columns = np.triu_indices(len(items), 1)
    correlation[rows, columns] = correlation[columns, rows] = block.correlations
    cells = [
        *_loading_cells(items, factors, correlation, marker=marker),
        *_pair_cells(items, correlated_residuals),
        *_factor_cells(tuple(factors), second_order, marker=marker),
        *threshold_cells(items, block),
    ]
    return Model(
        items=tuple(items),
        factors=(*factors, *second_order),
        blocks=("",),
        cells=tuple(cells),
        means=True,
    )


def threshold_cells(items: Sequence[str], block: OrdinalBlock) -> Iterator[Cell]:
    """Every threshold a parameter that starts where it was found."""
    place = 0
    for row, (item, cuts) in enumerate(zip(items, block.cuts, strict=True)):
        for rank in range(cuts):
            yield Cell(
                block=0,
                kind=Kind.THRESHOLD,
                row=row,
                column=rank,
                parameter=f"threshold {item!r} {rank}",
                value=float(block.moments[place]),
            )
            place += 1
