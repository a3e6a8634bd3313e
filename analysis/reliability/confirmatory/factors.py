"""Responses, and which item measures which factor, into a tested factor model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from analysis.foundation.results import Unavailable
from analysis.reliability.confirmatory.account import Account, account_of
from analysis.reliability.confirmatory.construction import factor_model
from analysis.reliability.confirmatory.derived import derived_of, improper
from analysis.reliability.confirmatory.estimation import maximum_likelihood
from analysis.reliability.confirmatory.fitting import likelihood_fit
from analysis.reliability.confirmatory.misfit import baseline_misfit, misfit_of
from analysis.reliability.confirmatory.sample import sample_of
from analysis.reliability.confirmatory.specification import specification_fault
from analysis.reliability.confirmatory.statements import Statements, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from analysis.reliability.confirmatory.results import ConfirmatoryFactors

Estimator: TypeAlias = Literal["ml", "mlr", "wlsmv"]
Missing: TypeAlias = Literal["fiml", "listwise"]
Identification: TypeAlias = Literal["variance", "marker"]
TERM = "confirmatory_factors"
ERRORS = {
    "ml": "expected information where answers are complete, else observed",
    "mlr": "sandwich of observed information, for answers that are not normal",
}


def confirmatory_factors(
    responses: pd.DataFrame,
    *,
    factors: Mapping[str, Sequence[str]],
    second_order: Mapping[str, Sequence[str]] | None = None,
    estimator: Estimator = "mlr",
    missing: Missing = "fiml",
    identification: Identification = "variance",
    confidence: float = 0.95,
) -> ConfirmatoryFactors | Unavailable:
    """Test whether the items measure the factors they are meant to measure.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
        Columns no factor names take no part.
    factors : mapping
        Factor → its items. An item may belong to several.
    second_order : mapping, optional
        Factor above → the factors it explains. Factors not explained correlate freely.
    estimator : {"ml", "mlr"}
        Maximum likelihood, with errors and chi-square that take the answers for normal
        ("ml") or do not ("mlr").
    missing : {"fiml", "listwise"}
        Use every answer there is, or delete participants with any item unanswered.
        With "fiml" item means are part of the model.
    identification : {"variance", "marker"}
        What sets a factor's scale: its variance is 1 (a second-order factor's too, and
        what it leaves of the first-order ones), or its first loading is 1.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    ConfirmatoryFactors
        Fit, loadings, factor relations and reliability. A negative variance (Heywood)
        is kept and told in `improper` and in every `method`.
    Unavailable
        Too few participants, a constant item, linearly dependent items, a model the
        data do not identify, or no maximum.

    Raises
    ------
    ValueError
        A factor names a column that is not there, or an option is unknown.

    References
    ----------
    Joreskog (1969), Psychometrika 34(2), 183-202.
    Yuan & Bentler (2000), Sociological Methodology 30, 165-200.
    """
    second_order = second_order or {}
    _refuse(responses, factors, second_order, estimator, missing, identification)
    coverage = percent(confidence)
    assert coverage
    items = tuple(dict.fromkeys(i for named in factors.values() for i in named))
    method = _method(items, factors, second_order, estimator)
    sample = sample_of(responses[list(items)], missing=missing)
    method += f"; {sample.missing}"
    if sample.fault:
        return Unavailable(term=TERM, reason=sample.fault, n=sample.n, method=method)
    model = factor_model(
        items,
        factors,
        sample.blocks[0],
        marker=identification == "marker",
        means=missing == "fiml",
        second_order=second_order,
    )
    moments = len(items) * (len(items) + 1) // 2 + len(items) * model.means
    if len(model.parameters) > moments:
        reason = f"{len(model.parameters)} parameters for {moments} moments"
        return Unavailable(term=TERM, reason=reason, n=sample.n, method=method)
    robust = estimator == "mlr"
    fitted = maximum_likelihood(model, sample, robust=robust)
    if fitted.fault:
        return Unavailable(term=TERM, reason=fitted.fault, n=sample.n, method=method)
    faults, guilty = improper(model, fitted.filled[0])
    method += "".join(f"; {fault}" for fault in faults)
    fit = likelihood_fit(
        fitted,
        misfit_of(fitted),
        baseline_misfit(sample, means=model.means, robust=robust),
        method,
    )
    statements = Statements(
        n=sample.n, confidence=confidence, method=method, errors=ERRORS[estimator]
    )
    account = Account(
        model=model,
        factors=factors,
        second_order=second_order,
        derived=derived_of(model, fitted.parameters, fitted.covariance, 0),
        statements=statements,
        block=sample.blocks[0],
        guilty=guilty,
    )
    return account_of(account, fit, faults)


def _refuse(
    responses: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    second_order: Mapping[str, Sequence[str]],
    estimator: str,
    missing: str,
    identification: str,
) -> None:
    """Refuse what no data could mend."""
    for name, given, known in (
        ("estimator", estimator, get_args(Estimator)),
        ("missing", missing, get_args(Missing)),
        ("identification", identification, get_args(Identification)),
    ):
        if given not in known:
            raise ValueError(f"{name} is {given!r}; give one of {', '.join(known)}")
    names = [str(name) for name in responses.columns]
    if fault := specification_fault(names, factors, second_order):
        raise ValueError(fault)


def _method(
    items: tuple[str, ...],
    factors: Mapping[str, Sequence[str]],
    second_order: Mapping[str, Sequence[str]],
    estimator: str,
) -> str:
    shape = "; ".join(f"{name} by {', '.join(of)}" for name, of in factors.items())
    above = "".join(
        f"; above them {name} by {', '.join(of)}" for name, of in second_order.items()
    )
    how = {
        "ml": "maximum likelihood, covariances with divisor n",
        "mlr": "maximum likelihood, covariances with divisor n, robust errors and test",
    }[estimator]
    return f"factor model of {len(items)} items: {shape}{above}; {how}"
