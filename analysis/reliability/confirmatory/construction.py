"""Factors and their items into the cells of a model, with values to start at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.specification import (
    Cell,
    Kind,
    Model,
    pattern_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.least_squares import OrdinalBlock
    from analysis.reliability.confirmatory.sample import Block

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
) -> Model:
    """A model of one group of people."""
    names = (*factors, *second_order)
    cells = [
        *_loading_cells(items, factors, block.covariance, marker=marker),
        *_residual_cells(items, factors, block.covariance),
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
        turned = axis * (1 if axis.sum() >= 0 else -1)
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
) -> Model:
    """A model of one group of people who answered in ordered categories."""
    correlation = np.eye(len(items))
    rows, columns = np.triu_indices(len(items), 1)
    correlation[rows, columns] = correlation[columns, rows] = block.correlations
    cells = [
        *_loading_cells(items, factors, correlation, marker=marker),
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
