"""Factors, groups or waves, and what is held equal, into the cells of one model.

A section is a set of items answered by one group or in one wave. Groups stand in
blocks of their own; waves share one block, since the same people answered, and there
what an item leaves over may correlate with itself from wave to wave.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.confirmatory.construction import (
    loading_starts,
    residual_starts,
)
from analysis.reliability.confirmatory.ordinal_fitting import correlation_matrix
from analysis.reliability.confirmatory.specification import (
    Cell,
    Kind,
    Model,
    pattern_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.least_squares import OrdinalSample
    from analysis.reliability.confirmatory.sample import Sample

LOADINGS, INTERCEPTS, RESIDUALS = "loadings", "intercepts", "residuals"
THRESHOLDS = "thresholds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where one group or wave stands in the model, and what starts the search there.

    `thresholds` is empty where answers are not ordinal.
    """

    name: str
    rank: int
    block: int
    first_row: int
    first_column: int
    mean: Array
    covariance: Array
    thresholds: tuple[Array, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and what one level of invariance holds equal.

    Attributes
    ----------
    equal : frozenset of str
        Which of loadings, intercepts and residuals are equal over sections.
    free : mapping
        The items excepted from each.
    """

    items: tuple[str, ...]
    factors: Mapping[str, Sequence[str]]
    sections: tuple[Section, ...]
    equal: frozenset[str]
    free: Mapping[str, frozenset[str]]
    marker: bool

    @property
    def by_waves(self) -> bool:
        """Whether all sections stand in one block."""
        return len({section.block for section in self.sections}) == 1

    def name(self, kind: str, text: str, item: str, section: Section) -> str:
        """Name of a parameter; one name for all sections where it is held equal."""
        return text if self.holds(kind, item) else f"{text} @{section.name!r}"

    def holds(self, kind: str, item: str) -> bool:
        """Whether one item is held equal in this respect."""
        return kind in self.equal and item not in self.free.get(kind, frozenset())


def sections_of(
    sample: Sample, names: Sequence[str], items: int, factors: int, *, by_waves: bool
) -> tuple[Section, ...]:
    """Place every group or wave."""
    found = []
    for rank, name in enumerate(names):
        block = sample.blocks[0 if by_waves else rank]
        rows = slice(rank * items, (rank + 1) * items) if by_waves else slice(None)
        found.append(
            Section(
                name=name,
                rank=rank,
                block=0 if by_waves else rank,
                first_row=rank * items if by_waves else 0,
                first_column=rank * factors if by_waves else 0,
                mean=block.mean[rows],
                covariance=block.covariance[rows, rows],
            )
        )
    return tuple(found)


def sectioned_model(plan: Plan) -> Model:
    """The model of all sections at one level of invariance."""
    cells = [cell for section in plan.sections for cell in _section(plan, section)]
    items, factors = plan.items, tuple(plan.factors)
    blocks = tuple(section.name for section in plan.sections)
    if plan.by_waves:
        cells += _between_waves(plan)
        items = tuple(f"{item} @{s}" for s in blocks for item in plan.items)
        factors = tuple(f"{factor} @{s}" for s in blocks for factor in plan.factors)
        blocks = ("",)
    return Model(
        items=items, factors=factors, blocks=blocks, cells=tuple(cells), means=True
    )


def ordinal_sections(
    sample: OrdinalSample,
    names: Sequence[str],
    items: int,
    factors: int,
    *,
    by_waves: bool,
) -> tuple[Section, ...]:
    """Place every group or wave of ordinal answers."""
    found = []
    for rank, name in enumerate(names):
        block = sample.blocks[0 if by_waves else rank]
        rows = slice(rank * items, (rank + 1) * items) if by_waves else slice(None)
        whole = correlation_matrix(block.correlations, len(block.cuts))
        ends = np.cumsum(block.cuts)
        thresholds = np.split(block.moments[: ends[-1]], ends[:-1])
        found.append(
            Section(
                name=name,
                rank=rank,
                block=0 if by_waves else rank,
                first_row=rank * items if by_waves else 0,
                first_column=rank * factors if by_waves else 0,
                mean=np.zeros(items),
                covariance=whole[rows, rows],
                thresholds=tuple(thresholds[rows]),
            )
        )
    return tuple(found)


def _section(plan: Plan, section: Section) -> Iterator[Cell]:
    yield from _loadings(plan, section)
    yield from _factors(plan, section)
    if section.thresholds:
        yield from _ordinal_items(plan, section)
    else:
        yield from _items(plan, section)


def _items(plan: Plan, section: Section) -> Iterator[Cell]:
    left = residual_starts(plan.items, plan.factors, section.covariance)
    for row, item in enumerate(plan.items):
        yield Cell(
            block=section.block,
            kind=Kind.RESIDUAL_COVARIANCE,
            row=section.first_row + row,
            column=section.first_row + row,
            parameter=plan.name(RESIDUALS, f"residual {item!r}", item, section),
            value=left[row],
        )
        yield Cell(
            block=section.block,
            kind=Kind.INTERCEPT,
            row=section.first_row + row,
            parameter=plan.name(INTERCEPTS, f"intercept {item!r}", item, section),
            value=float(section.mean[row]),
        )


def _ordinal_items(plan: Plan, section: Section) -> Iterator[Cell]:
    """Thresholds; and level and scale, free once equal thresholds tell them.

    Wu & Estabrook (2016), Psychometrika 81(4), 1014-1045.
    """
    for row, item in enumerate(plan.items):
        for rank, threshold in enumerate(section.thresholds[row]):
            text = f"threshold {item!r} {rank}"
            yield Cell(
                block=section.block,
                kind=Kind.THRESHOLD,
                row=section.first_row + row,
                column=rank,
                parameter=plan.name(THRESHOLDS, text, item, section),
                value=float(threshold),
            )
        is_free = section.rank > 0 and plan.holds(THRESHOLDS, item)
        levelled = section.rank == 0 or plan.holds(INTERCEPTS, item)
        yield Cell(
            block=section.block,
            kind=Kind.SCALE,
            row=section.first_row + row,
            parameter=f"scale {item!r} @{section.name!r}" if is_free else "",
            value=1.0,
        )
        yield Cell(
            block=section.block,
            kind=Kind.INTERCEPT,
            row=section.first_row + row,
            parameter=f"intercept {item!r} @{section.name!r}"
            if is_free and not levelled
            else "",
            value=0.0,
        )


def _loadings(plan: Plan, section: Section) -> Iterator[Cell]:
    names = tuple(plan.factors)
    starts = loading_starts(plan.items, plan.factors, section.covariance)
    leads: dict[int, float] = {}
    for (row, column), start in zip(
        pattern_of(plan.items, plan.factors), starts, strict=True
    ):
        fixed = plan.marker and column not in leads
        lead = leads.setdefault(column, start) if plan.marker else 1.0
        text = f"loading {names[column]!r} {plan.items[row]!r}"
        name = plan.name(LOADINGS, text, plan.items[row], section)
        yield Cell(
            block=section.block,
            kind=Kind.LOADING,
            row=section.first_row + row,
            column=section.first_column + column,
            parameter="" if fixed else name,
            value=1.0 if fixed else start / lead,
        )


def _factors(plan: Plan, section: Section) -> Iterator[Cell]:
    """Variances and means of the factors, as far as equality leaves them free."""
    names = tuple(plan.factors)
    scaled = section.rank == 0 or LOADINGS not in plan.equal
    levelled = section.rank == 0 or INTERCEPTS not in plan.equal
    for column, factor in enumerate(names):
        place = section.first_column + column
        fixed = scaled and not plan.marker
        yield Cell(
            block=section.block,
            kind=Kind.FACTOR_COVARIANCE,
            row=place,
            column=place,
            parameter="" if fixed else f"variance {factor!r} @{section.name!r}",
            value=1.0,
        )
        yield Cell(
            block=section.block,
            kind=Kind.FACTOR_MEAN,
            row=place,
            parameter="" if levelled else f"mean {factor!r} @{section.name!r}",
            value=0.0,
        )
    for one, two in combinations(range(len(names)), 2):
        yield Cell(
            block=section.block,
            kind=Kind.FACTOR_COVARIANCE,
            row=section.first_column + two,
            column=section.first_column + one,
            parameter=f"covariance {names[one]!r} {names[two]!r} @{section.name!r}",
            value=0.0,
        )


def _between_waves(plan: Plan) -> Iterator[Cell]:
    """Factors of different waves correlate; so does what an item leaves over."""
    for one, two in combinations(plan.sections, 2):
        for row, item in enumerate(plan.items):
            yield Cell(
                block=0,
                kind=Kind.RESIDUAL_COVARIANCE,
                row=two.first_row + row,
                column=one.first_row + row,
                parameter=f"residual {item!r} @{one.name!r} @{two.name!r}",
                value=0.0,
            )
        for left, first in enumerate(plan.factors):
            for right, second in enumerate(plan.factors):
                yield Cell(
                    block=0,
                    kind=Kind.FACTOR_COVARIANCE,
                    row=two.first_column + right,
                    column=one.first_column + left,
                    parameter=f"covariance {first!r} @{one.name!r} {second!r} "
                    f"@{two.name!r}",
                    value=0.0,
                )
