"""Fit and test a confirmatory factor model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.confirmatory.account import (
    Account,
    account_of,
    derived_of,
    improper,
)
from heard.psychometrics.confirmatory.estimation import (
    Matrices,
    matrices,
    maximum_likelihood,
)
from heard.psychometrics.confirmatory.fit import (
    baseline_misfit,
    likelihood_fit,
    misfit_of,
)
from heard.psychometrics.confirmatory.ordinal import (
    latent,
    least_squares,
    ordinal_baseline,
    ordinal_fit,
    ordinal_misfit,
    ordinal_sample,
)
from heard.psychometrics.confirmatory.results import (
    ConfirmatoryFactors,
    Estimator,
    Identification,
    Missing,
    Statements,
    check_options,
)
from heard.psychometrics.confirmatory.sample import sample_of
from heard.psychometrics.confirmatory.specification import (
    Kind,
    Model,
    factor_model,
    ordinal_model,
    specification_fault,
)
from heard.results import Unavailable

TERM = "confirmatory_factors"
ERRORS = {
    "ml": "expected information where answers are complete, else observed",
    "mlr": "sandwich of observed information, for answers that are not normal",
    "wlsmv": "from the whole covariance of thresholds and correlations",
}
HOW = {
    "ml": "maximum likelihood, covariances with divisor n",
    "mlr": "maximum likelihood, covariances with divisor n, robust errors and test",
    "wlsmv": "polychoric correlations, diagonally weighted least squares, divisor "
    "n - 1, test scaled and shifted",
}


def confirmatory_factors(
    responses: Responses,
    *,
    factors: Mapping[str, Sequence[str]],
    second_order: Mapping[str, Sequence[str]] | None = None,
    correlated_residuals: Sequence[tuple[str, str]] = (),
    estimator: Estimator = "mlr",
    missing: Missing | None = None,
    categories: Sequence[float] | None = None,
    identification: Identification = "variance",
    confidence: float = 0.95,
) -> ConfirmatoryFactors | Unavailable:
    """Test whether the items measure the factors they are meant to measure.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
        Columns no factor names take no part.
    factors : mapping
        Factor → its items. An item may belong to several.
    second_order : mapping, optional
        Factor above → the factors it explains. Factors not explained correlate freely.
    correlated_residuals : sequence of (item, item)
        Pairs of items that may share more than their factors give them, such as two of
        like wording: declared for a reason known before, not to improve the fit.
    estimator : {"ml", "mlr", "wlsmv"}
        Maximum likelihood, with errors and chi-square that take the answers for normal
        ("ml") or do not ("mlr"); or least squares on polychoric correlations, for
        answers in ordered categories ("wlsmv").
    missing : {"fiml", "listwise", "pairwise"}, optional
        Maximum likelihood: use every answer there is ("fiml", the default; item means
        are then part of the model), or delete participants with any item unanswered.
        Least squares: each correlation from those who answered both items
        ("pairwise", the default), or delete.
    categories : sequence of float, optional
        The answers the codebook allows; "wlsmv" needs them.
    identification : {"variance", "marker"}
        What sets a factor's scale: its variance is 1 (a second-order factor's too, and
        what it leaves of the first-order ones), or its first loading is 1.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    ConfirmatoryFactors
        Fit, loadings, factor relations and reliability. A negative variance (Heywood)
        is kept and reported in `improper` and in every `method`.
    Unavailable
        Too few participants, a constant item, linearly dependent items, a model the
        data do not identify, or no maximum.

    Raises
    ------
    ValueError
        A factor names a column that is not there, or options do not go together.

    References
    ----------
    Joreskog (1969), Psychometrika 34(2), 183-202.
    Yuan & Bentler (2000), Sociological Methodology 30, 165-200.
    Muthen, du Toit & Spisic (1997), Robust inference using weighted least squares.
    """
    responses = read_responses(responses)
    second_order = second_order or {}
    missing = check_options(estimator, missing, categories, identification, confidence)
    names = [str(name) for name in responses.columns]
    if fault := specification_fault(names, factors, second_order, correlated_residuals):
        raise ValueError(fault)
    items = tuple(dict.fromkeys(i for named in factors.values() for i in named))
    fitter = Fitter(
        responses=responses.set_axis(names, axis=1)[list(items)],
        items=items,
        factors=factors,
        second_order=second_order,
        correlated_residuals=tuple(correlated_residuals),
        estimator=estimator,
        missing=missing,
        marker=identification == "marker",
        confidence=confidence,
    )
    if estimator == "wlsmv":
        assert categories is not None, "checked with the options"
        return fitter.by_least_squares(categories)
    return fitter.by_likelihood()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitter:
    """One model asked of one set of responses, and what answers it."""

    responses: pd.DataFrame
    items: tuple[str, ...]
    factors: Mapping[str, Sequence[str]]
    second_order: Mapping[str, Sequence[str]]
    correlated_residuals: tuple[tuple[str, str], ...]
    estimator: Estimator
    missing: Missing
    marker: bool
    confidence: float

    def by_likelihood(self) -> ConfirmatoryFactors | Unavailable:
        """Fit by maximum likelihood."""
        sample = sample_of(self.responses, missing=self.missing)
        method = self._method(sample.missing)
        if sample.fault:
            return _absent(sample.fault, sample.n, method)
        model = factor_model(
            self.items,
            self.factors,
            sample.blocks[0],
            marker=self.marker,
            means=self.missing == "fiml",
            second_order=self.second_order,
            correlated_residuals=self.correlated_residuals,
        )
        moments = len(self.items) * (len(self.items) + 1) // 2
        if reason := _too_free(model, moments + len(self.items) * model.means):
            return _absent(reason, sample.n, method)
        robust = self.estimator == "mlr"
        fitted = maximum_likelihood(model, sample, robust=robust)
        if fitted.fault:
            return _absent(fitted.fault, sample.n, method)
        baseline = baseline_misfit(sample, means=model.means, robust=robust)

        def fill(parameters: Any) -> Matrices:
            return matrices(model, parameters, 0)

        faults, improper_items = improper(model, fitted.filled[0])
        method = "; ".join((method, *faults))
        return account_of(
            Account(
                model=model,
                factors=self.factors,
                second_order=self.second_order,
                derived=derived_of(
                    fill,
                    fitted.parameters,
                    fitted.covariance,
                    model.residual_pairs,
                ),
                statements=self._statements(sample.n, method),
                block=sample.blocks[0],
                improper_items=improper_items,
            ),
            likelihood_fit(fitted, misfit_of(fitted), baseline, method),
            faults,
        )

    def by_least_squares(
        self, categories: Sequence[float]
    ) -> ConfirmatoryFactors | Unavailable:
        """Fit to polychoric correlations."""
        sample = ordinal_sample(self.responses, categories, missing=self.missing)
        method = self._method(sample.missing)
        if sample.fault:
            return _absent(sample.fault, sample.n, method)
        block = sample.blocks[0]
        model = ordinal_model(
            self.items,
            self.factors,
            block,
            marker=self.marker,
            second_order=self.second_order,
            correlated_residuals=self.correlated_residuals,
        )
        if reason := _too_free(model, len(block.moments)):
            return _absent(reason, sample.n, method)
        fitted = least_squares(model, sample)
        if fitted.fault:
            return _absent(fitted.fault, sample.n, method)

        def fill(parameters: Any) -> Matrices:
            return latent(model, parameters, 0, max(block.cuts)).filled

        faults, improper_items = improper(model, fitted.filled[0])
        method = "; ".join((method, *faults))
        errors = np.sqrt(np.diag(fitted.covariance))
        return account_of(
            Account(
                model=model,
                factors=self.factors,
                second_order=self.second_order,
                derived=derived_of(
                    fill,
                    fitted.parameters,
                    fitted.covariance,
                    model.residual_pairs,
                ),
                statements=self._statements(sample.n, method),
                block=None,
                improper_items=improper_items,
                thresholds={
                    (cell.row, cell.column): (
                        float(fitted.parameters[model.places[cell.parameter]]),
                        float(errors[model.places[cell.parameter]]),
                    )
                    for cell in model.cells
                    if cell.kind == Kind.THRESHOLD
                },
            ),
            ordinal_fit(
                fitted, ordinal_misfit(fitted), ordinal_baseline(sample), method
            ),
            faults,
        )

    def _statements(self, n: int, method: str) -> Statements:
        return Statements(
            n=n,
            confidence=self.confidence,
            method=method,
            errors=ERRORS[self.estimator],
        )

    def _method(self, missing: str) -> str:
        shape = "; ".join(
            f"{name} by {', '.join(of)}" for name, of in self.factors.items()
        )
        pairs = ", ".join(f"{one} and {two}" for one, two in self.correlated_residuals)
        shape += f"; residuals correlated: {pairs}" * bool(pairs)
        above = "".join(
            f"; above them {name} by {', '.join(named)}"
            for name, named in self.second_order.items()
        )
        how = HOW[self.estimator]
        return (
            f"factor model of {len(self.items)} items: {shape}{above}; {how}; {missing}"
        )


def _too_free(model: Model, moments: int) -> str:
    """Why a model is not identified by its moments; empty if their number allows it."""
    free = len(model.parameters)
    if free <= moments:
        return ""
    return f"not identified: {free} parameters for {moments} moments"


def _absent(reason: str, n: int, method: str) -> Unavailable:
    return Unavailable(term=TERM, reason=reason, n=n, method=method)
