"""A sample and a plan into the fitted levels of invariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Estimate, Unavailable
from analysis.reliability.confirmatory.derived import improper
from analysis.reliability.confirmatory.estimation import maximum_likelihood
from analysis.reliability.confirmatory.fitting import likelihood_fit
from analysis.reliability.confirmatory.indices import chi_square_p
from analysis.reliability.confirmatory.least_squares import LeastSquares, least_squares
from analysis.reliability.confirmatory.misfit import baseline_misfit, misfit_of
from analysis.reliability.confirmatory.ordinal_fitting import (
    ordinal_baseline,
    ordinal_fit,
    ordinal_misfit,
)
from analysis.reliability.confirmatory.sample import Sample
from analysis.reliability.confirmatory.specification import Kind
from analysis.reliability.invariance.comparison import (
    CHANGE_TERMS,
    DIFFERENCE_TERMS,
    changes,
    configural_verdict,
    difference,
    verdict,
)
from analysis.reliability.invariance.results import EqualityTest, InvarianceLevel
from analysis.reliability.invariance.score_tests import releases
from analysis.reliability.invariance.sections import (
    INTERCEPTS,
    LOADINGS,
    RESIDUALS,
    THRESHOLDS,
    Plan,
    Section,
    sectioned_model,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.foundation.results import Result
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood
    from analysis.reliability.confirmatory.indices import ModelFit
    from analysis.reliability.confirmatory.least_squares import OrdinalSample
    from analysis.reliability.confirmatory.misfit import Misfit
    from analysis.reliability.confirmatory.specification import Cell
    from analysis.reliability.invariance.results import InvarianceRule

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
FIRST = "the first level: nothing is held equal yet"
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

    def fit_levels(self) -> tuple[list[Fitted], list[str]]:
        """Fit every level that can be fitted; and why others cannot."""
        level_names = ORDINAL_LEVELS if self.estimator == "wlsmv" else LEVELS
        baseline = self._baseline()
        fitted: list[Fitted] = []
        faults: list[str] = []
        for level, equal in level_names.items():
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
        """What one level says beside the level before."""
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
    found = sorted(releases(fitted.estimate), key=lambda one: -one.statistic)
    words = f"{SCORE_TEST}; {method}"
    return tuple(
        EqualityTest(
            **_place(fitted.plan, one.cell),
            score_test=Estimate(
                term="score_test", estimate=one.statistic, n=n, method=words
            ),
            score_test_p=Estimate(
                term="score_test_p",
                estimate=chi_square_p(one.statistic, 1),
                n=n,
                method=words,
            ),
        )
        for one in found
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
        "held": EQUAL_AT[cell.kind],
        "item": items[cell.row % len(items)],
        "factor": factors[cell.column % len(factors)] if loading else "",
        "group": plan.sections[rank].name,
    }
