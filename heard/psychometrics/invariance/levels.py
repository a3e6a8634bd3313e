"""Fit the levels of measurement invariance, and test each equality.

A section is a set of items answered by one group or in one wave. Groups are blocks of
their own; waves share a block, in which an item's residuals may correlate over waves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from heard.models.complete_responses import Array
from heard.models.stable_choice import order
from heard.psychometrics.confirmatory.account import improper
from heard.psychometrics.confirmatory.estimation import (
    MaximumLikelihood,
    expected_information,
    maximum_likelihood,
    moment_derivatives,
    moment_gradient,
    slope,
)
from heard.psychometrics.confirmatory.fit import (
    Misfit,
    ModelFit,
    baseline_misfit,
    chi_square_p,
    likelihood_fit,
    misfit_of,
)
from heard.psychometrics.confirmatory.ordinal import (
    LeastSquares,
    OrdinalSample,
    correlation_matrix,
    least_squares,
    ordinal_baseline,
    ordinal_fit,
    ordinal_misfit,
)
from heard.psychometrics.confirmatory.sample import Sample
from heard.psychometrics.confirmatory.specification import (
    Cell,
    Kind,
    Model,
    loading_starts,
    pattern_of,
    residual_starts,
)
from heard.psychometrics.invariance.results import (
    CHANGE_TERMS,
    DIFFERENCE_TERMS,
    EqualityTest,
    InvarianceLevel,
    InvarianceRule,
    changes,
    configural_verdict,
    difference,
    verdict,
)
from heard.results import Estimate, Result, Unavailable

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
    """What is measured, and what one level of invariance constrains to be equal.

    `equal`: which of loadings, intercepts and residuals are equal over sections.
    `free`: the items excepted from each.
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
        """Name of a parameter; one name for all sections if it is constrained equal."""
        return text if self.holds(kind, item) else f"{text} @{section.name!r}"

    def holds(self, kind: str, item: str) -> bool:
        """Whether one item is constrained equal in this respect."""
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
    """Thresholds; and level and scale, free once equal thresholds identify them.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What freeing one cell from its equality would win.

    `parameter`: what all equal cells are named.
    `cell`: the one set free.
    `statistic`: chi-square with one degree of freedom.
    """

    parameter: str
    cell: Cell
    statistic: float


def releases(fitted: MaximumLikelihood) -> tuple[Release, ...]:
    """Test every cell that shares its parameter, except the first that does.

    With two sections freeing either is the same; with more, each is set apart from all
    the others. Lagrange multiplier tests with expected information: how factors are
    scaled changes nothing. Which section comes first changes nothing for the kind a
    level adds; of loadings held with intercepts it does, since a freed loading moves
    the item's mean except where the factor's mean is 0.
    """
    slopes, information = _by_cell(fitted)
    cells = [cell for block in fitted.model.free_by_block for cell in block]
    spread = np.vstack(fitted.model.spread_by_block)
    crossed = information @ spread
    whole = np.linalg.inv(spread.T @ crossed)
    holders = spread.sum(axis=0)
    seen: set[str] = set()
    found = []
    for place, cell in enumerate(cells):
        sharing = holders[fitted.model.places[cell.parameter]]
        if sharing > 2 or (sharing == 2 and cell.parameter in seen):
            left = information[place, place] - crossed[place] @ whole @ crossed[place]
            statistic = slopes[place] ** 2 / left if left > 0 else 0.0
            found.append(
                Release(parameter=cell.parameter, cell=cell, statistic=float(statistic))
            )
        seen.add(cell.parameter)
    return tuple(found)


def _by_cell(fitted: MaximumLikelihood) -> tuple[Array, Array]:
    """Slope and expected information of every free cell, were it a parameter."""
    slopes, informations = [], []
    for place, block in enumerate(fitted.sample.blocks):
        derivatives = moment_derivatives(fitted.model, fitted.filled[place], place)
        mean, covariance = fitted.means[place], fitted.covariances[place]
        slopes.append(slope(moment_gradient(block, mean, covariance), derivatives))
        informations.append(expected_information(block, covariance, derivatives))
    size = sum(len(part) for part in slopes)
    whole = np.zeros((size, size))
    start = 0
    for part in informations:
        stop = start + len(part)
        whole[start:stop, start:stop] = part
        start = stop
    return np.concatenate(slopes), whole


LEVELS = {
    "configural": frozenset[str](),
    "metric": frozenset({LOADINGS}),
    "scalar": frozenset({LOADINGS, INTERCEPTS}),
    "strict": frozenset({LOADINGS, INTERCEPTS, RESIDUALS}),
}
ORDINAL_LEVELS = {
    "configural": frozenset[str](),
    "thresholds": frozenset({THRESHOLDS}),
    "metric": frozenset({THRESHOLDS, LOADINGS}),
    "scalar": frozenset({THRESHOLDS, LOADINGS, INTERCEPTS}),
}
FIRST = "the first level: nothing is constrained yet"
SCORE_TEST = (
    "score test (Lagrange multiplier) of one equality, expected information, answers "
    "taken for normal; no interval: a test"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """One level as fitted."""

    level: str
    plan: Plan
    estimate: MaximumLikelihood | LeastSquares
    misfit: Misfit
    fit: ModelFit


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSetup:
    """All that the levels share."""

    items: tuple[str, ...]
    factors: Mapping[str, Sequence[str]]
    sections: tuple[Section, ...]
    free: Mapping[str, frozenset[str]]
    marker: bool
    sample: Sample | OrdinalSample
    estimator: str
    method: str
    rule: InvarianceRule

    def fit_levels(
        self, *, last: str = "", known: Fitted | None = None
    ) -> tuple[list[Fitted], list[str]]:
        """Fit every level that can be fitted; and why others cannot.

        Parameters
        ----------
        last : str
            Of the levels, where others are not needed.
        known : Fitted, optional
            The configural level, which is the same whatever is set free.
        """
        level_names = ORDINAL_LEVELS if self.estimator == "wlsmv" else LEVELS
        baseline = self._baseline()
        fitted: list[Fitted] = []
        faults: list[str] = []
        for level, equal in level_names.items():
            if known is not None and level == known.level:
                fitted.append(known)
                continue
            plan = Plan(
                items=self.items,
                factors=self.factors,
                sections=self.sections,
                equal=equal,
                free=self.free,
                marker=self.marker,
            )
            found = self._fit(level, plan, baseline)
            if isinstance(found, str):
                faults.append(f"{level}: {found}")
            else:
                fitted.append(found)
            if level == last:
                break
        return fitted, faults

    def _baseline(self) -> Misfit:
        if isinstance(self.sample, Sample):
            robust = self.estimator == "mlr"
            return baseline_misfit(self.sample, means=True, robust=robust)
        return ordinal_baseline(self.sample)

    def _fit(self, level: str, plan: Plan, baseline: Misfit) -> Fitted | str:
        model = sectioned_model(plan)
        estimate: MaximumLikelihood | LeastSquares
        if isinstance(self.sample, Sample):
            robust = self.estimator == "mlr"
            estimate = maximum_likelihood(model, self.sample, robust=robust)
        else:
            estimate = least_squares(model, self.sample)
        if estimate.fault:
            return estimate.fault
        faults = [
            f"{name}: {fault}" if name else fault
            for name, filled in zip(model.blocks, estimate.filled, strict=True)
            for fault in improper(model, filled)[0]
        ]
        method = "; ".join((f"{level} invariance", self.method, *faults))
        if isinstance(estimate, LeastSquares):
            misfit = ordinal_misfit(estimate)
            fit = ordinal_fit(estimate, misfit, baseline, method)
        else:
            misfit = misfit_of(estimate)
            fit = likelihood_fit(estimate, misfit, baseline, method)
        return Fitted(level=level, plan=plan, estimate=estimate, misfit=misfit, fit=fit)

    def account(self, fitted: Fitted, before: Fitted | None, n: int) -> InvarianceLevel:
        """One level compared with the level before."""
        compared: dict[str, Result]
        if before is None:
            compared = {
                term: Unavailable(term=term, reason=FIRST, n=n, method=self.method)
                for term in (*DIFFERENCE_TERMS, *CHANGE_TERMS)
            }
            found = configural_verdict(fitted.fit, self.rule, self.estimator)
        else:
            compared = difference(
                (before.estimate, before.misfit),
                (fitted.estimate, fitted.misfit),
                n=n,
                method=self.method,
                estimator=self.estimator,
            ) | changes(
                before.fit, fitted.fit, estimator=self.estimator, method=self.method
            )
            found = verdict(compared, self.rule)
        return InvarianceLevel(
            level=fitted.level,
            fit=fitted.fit,
            **compared,
            equality_tests=_equality_tests(fitted, n, self.method),
            verdict=found,
        )


def _equality_tests(fitted: Fitted, n: int, method: str) -> tuple[EqualityTest, ...]:
    """Every equality of a level fitted by maximum likelihood, most denied first."""
    if isinstance(fitted.estimate, LeastSquares) or not fitted.plan.equal:
        return ()
    found = releases(fitted.estimate)
    words = f"{SCORE_TEST}; {method}"
    return tuple(
        EqualityTest(
            **_place(fitted.plan, one.cell),
            score_test=Estimate.of("score_test", one.statistic, n=n, method=words),
            score_test_p=Estimate.of(
                "score_test_p", chi_square_p(one.statistic, 1), n=n, method=words
            ),
        )
        for one in (found[place] for place in order([-one.statistic for one in found]))
    )


EQUAL_AT = {
    Kind.LOADING: LOADINGS,
    Kind.INTERCEPT: INTERCEPTS,
    Kind.RESIDUAL_COVARIANCE: RESIDUALS,
}


def _place(plan: Plan, cell: Cell) -> dict[str, str]:
    """What a cell is: of which item, factor, and group or wave."""
    items, factors = plan.items, tuple(plan.factors)
    rank = cell.row // len(items) if plan.by_waves else cell.block
    loading = cell.kind == Kind.LOADING
    return {
        "constrained": EQUAL_AT[cell.kind],
        "item": items[cell.row % len(items)],
        "factor": factors[cell.column % len(factors)] if loading else "",
        "group": plan.sections[rank].name,
    }
