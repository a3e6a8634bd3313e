"""Test whether items are tau-equivalent, as alpha supposes: whether loadings are equal.

A one-factor model with one loading for all is compared with one in which each item has
its own. Oracle: lavaan, tests/oracles/values/equal_loadings.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from scipy import stats

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.confirmatory.estimation import maximum_likelihood
from heard.psychometrics.confirmatory.fit import Misfit, misfit_of
from heard.psychometrics.confirmatory.sample import Sample, sample_of
from heard.psychometrics.confirmatory.specification import Kind, Model, factor_model
from heard.psychometrics.invariance.results import likelihood_difference
from heard.results import Composite, Estimate, Result

MINIMUM_ITEMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TauEquivalence(Composite):
    """Whether one loading serves all items; a small p speaks against it."""

    tau_equivalence_chi_square: Result
    tau_equivalence_df: Result
    tau_equivalence_p: Result


def tau_equivalence(
    responses: Responses,
    *,
    estimator: Literal["ml", "mlr"] = "mlr",
    missing: Literal["fiml", "listwise"] = "listwise",
) -> TauEquivalence:
    """Test whether all items measure one factor in the same unit.

    Alpha is the reliability of the sum only if they do and errors are unrelated;
    otherwise it is a lower bound, and omega total serves.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    estimator : {"ml", "mlr"}
        Chi-square difference that takes answers for normal, or a scaled one that does
        not.
    missing : {"fiml", "listwise"}
        Use every answer there is, or delete participants with any item unanswered.

    Returns
    -------
    TauEquivalence
        Unavailable: fewer than 3 items, too few participants, a constant item, or a
        model that cannot be fitted. With many people small differences count.

    References
    ----------
    Graham (2006), Educational and Psychological Measurement 66(6), 930-944.
    Satorra & Bentler (2001), Psychometrika 66(4), 507-514 (scaled difference).
    """
    if estimator not in {"ml", "mlr"}:
        raise ValueError(f"estimator is {estimator!r}; give 'ml' or 'mlr'")
    responses = read_responses(responses)
    sample = sample_of(responses, missing=missing)
    scaled = ", Satorra and Bentler's scaled difference" * (estimator == "mlr")
    method = (
        f"one factor of {responses.shape[1]} items, one loading for all against one "
        f"each, maximum likelihood{scaled}; {sample.missing}"
    )
    found = _difference(
        responses, sample, means=missing == "fiml", robust=estimator == "mlr"
    )
    if isinstance(found, str):
        return TauEquivalence.unavailable(found, n=sample.n, method=method)
    value, df = found
    numbers = (value, float(df), float(stats.chi2.sf(value, df)))
    return TauEquivalence(
        **{
            term: Estimate.of(
                term, number, n=sample.n, method=f"{method}; no interval: a test"
            )
            for term, number in zip(
                TauEquivalence.__dataclass_fields__, numbers, strict=True
            )
        }
    )


def _difference(
    responses: pd.DataFrame, sample: Sample, *, means: bool, robust: bool
) -> tuple[float, int] | str:
    names = [str(name) for name in responses.columns]
    if sample.fault or len(names) < MINIMUM_ITEMS:
        return sample.fault or f"number of items {len(names)}; {MINIMUM_ITEMS} needed"
    free = factor_model(
        names,
        {"factor": names},
        sample.blocks[0],
        marker=False,
        means=means,
        second_order={},
    )
    misfits: list[Misfit] = []
    for model in (free, _one_loading(free)):
        fitted = maximum_likelihood(model, sample, robust=robust)
        if fitted.fault:
            return fitted.fault
        misfits.append(misfit_of(fitted))
    return likelihood_difference(*misfits)


def _one_loading(model: Model) -> Model:
    """The same with one loading for every item."""
    return dataclasses.replace(
        model,
        cells=tuple(
            dataclasses.replace(cell, parameter="loading of all")
            if cell.kind == Kind.LOADING
            else cell
            for cell in model.cells
        ),
    )
