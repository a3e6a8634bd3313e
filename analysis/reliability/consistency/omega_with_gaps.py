"""Responses with gaps into omega total, by full-information maximum likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.foundation.results import Estimate, Unavailable
from analysis.reliability.confirmatory.construction import factor_model
from analysis.reliability.confirmatory.derived import improper
from analysis.reliability.confirmatory.estimation import maximum_likelihood
from analysis.reliability.confirmatory.likelihood import scores
from analysis.reliability.confirmatory.moments import (
    matrices,
    moment_derivatives,
    slopes,
)
from analysis.reliability.confirmatory.sample import sample_of
from analysis.reliability.consistency.limits import with_limits
from analysis.reliability.consistency.sample import order_of
from analysis.reliability.influence import interval_of, percent

if TYPE_CHECKING:
    import pandas as pd

    from analysis.foundation.results import Result
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.estimation import MaximumLikelihood

TERM = "omega_total"


def omega_with_gaps(
    responses: pd.DataFrame,
    interval: str,
    clusters: pd.Series | None,
    confidence: float,
) -> Result:
    """Omega total from every answer there is; see `omega_total`."""
    names = [str(name) for name in responses.columns]
    sample = sample_of(responses, missing="fiml")
    method = (
        f"omega total of {len(names)} items: one factor by maximum likelihood, squared "
        f"sum of loadings / model-implied variance of the sum; {sample.missing}"
    )
    percent(confidence)
    fault = sample.fault
    if len(names) < 3 and not fault:
        fault = f"number of items {len(names)}; at least 3 needed"
    if fault:
        return _absent(fault, sample.n, method)
    model = factor_model(
        names,
        {"factor": names},
        sample.blocks[0],
        marker=False,
        means=True,
        second_order={},
    )
    fitted = maximum_likelihood(model, sample, robust=False)
    if fault := fitted.fault or "; ".join(improper(model, fitted.filled[0])[0]):
        return _absent(fault, sample.n, method)

    def omega_of(parameters: Any) -> Any:
        filled = matrices(model, parameters, 0)
        return filled.loadings.sum() ** 2 / filled.covariance.sum()

    omega = float(np.real(omega_of(fitted.parameters)))
    slope = slopes(omega_of, fitted.parameters)[0]
    if interval == "delta":
        error = float(np.sqrt(slope @ fitted.covariance @ slope))
        return _wald(omega, error, sample.n, method, confidence)
    known = responses.notna().to_numpy()
    people = known.any(axis=1)
    back = order_of(known[people]).argsort(kind="stable")
    kept = None
    if clusters is not None:
        kept = clusters.iloc[np.flatnonzero(people)].reset_index(drop=True)
    limits = interval_of(
        omega,
        _influences(fitted, slope)[back],
        clusters=kept,
        confidence=confidence,
    )
    return with_limits(TERM, omega, sample.n, method, limits)


def _influences(fitted: MaximumLikelihood, slope: Array) -> Array:
    """Of every participant on omega, in the order of the patterns."""
    model, block = fitted.model, fitted.sample.blocks[0]
    derivatives = moment_derivatives(model, fitted.filled[0], 0)
    own = scores(block, fitted.means[0], fitted.covariances[0], derivatives)
    weights = np.linalg.solve(fitted.observed, slope)
    return np.asarray(block.n * (own @ model.spread_by_block[0]) @ weights)


def _wald(omega: float, error: float, n: int, method: str, of: float) -> Estimate:
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    reach = float(special.ndtri((1 + of) / 2)) * error
    return Estimate(
        term=TERM,
        estimate=omega,
        conf_low=omega - reach,
        conf_high=omega + reach,
        n=n,
        method=f"{method}; {percent(of)} Wald interval, delta method, observed "
        "information where answers are missing, not truncated",
    )


def _absent(reason: str, n: int, method: str) -> Unavailable:
    return Unavailable(term=TERM, reason=reason, n=n, method=method)
