"""Estimate McDonald's omega total of one factor, also with missing answers."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import special

from heard.models.bootstrap import (
    REPLICATES,
    Draws,
    covariance_columns,
    covariances,
    interval_of,
    percent,
    replicated,
)
from heard.models.complete_responses import (
    LISTWISE,
    SINGULAR,
    Array,
    CompleteResponses,
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.skewed_scores import Shape
from heard.psychometrics.confirmatory.account import improper
from heard.psychometrics.confirmatory.estimation import (
    MaximumLikelihood,
    matrices,
    maximum_likelihood,
    moment_derivatives,
    scores,
    slopes,
)
from heard.psychometrics.confirmatory.sample import sample_of
from heard.psychometrics.confirmatory.specification import factor_model
from heard.psychometrics.consistency.alpha import (
    Wanted,
    cautioned,
    cautions,
    check_choice,
    limits_of,
    shape_of,
    with_limits,
)
from heard.psychometrics.consistency.inter_item import correlations
from heard.psychometrics.consistency.one_factor import (
    OneFactor,
    fit_one_factor,
    fit_replicates,
)
from heard.psychometrics.consistency.sample import Sample, listwise, order_of
from heard.results import Estimate, Result, Unavailable

Interval: TypeAlias = Literal["delta", "adf", "bootstrap", "percentile", "cluster"]
Denominator: TypeAlias = Literal["implied", "observed"]
TERM = "omega_total"
DIVIDED = {
    "implied": "model-implied variance of the sum",
    "observed": "observed variance of the sum",
}


def omega_total(
    responses: Responses,
    *,
    denominator: Denominator = "implied",
    interval: Interval | None = None,
    clusters: pd.Series | None = None,
    missing: Literal["listwise", "fiml"] = "listwise",
    replicates: int = REPLICATES,
    seed: str = TERM,
    confidence: float = 0.95,
) -> Result:
    """Estimate McDonald's omega total from one factor, with a delta-method interval.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    denominator : {"implied", "observed"}
        The variance of the sum: the model's, or that of the answers, which also counts
        what one factor does not explain.
    interval : {"delta", "adf", "bootstrap", "percentile", "cluster"}, optional
        Delta method, which takes answers for normal and the model for true; free of
        both (ADF); resampled, corrected (BCa) or not; or allowing for clusters. Unless
        chosen: cluster where `clusters` is given; ADF where the sums of the complete
        participants have a skewness of 1 or more, and `method` warns of it; delta
        otherwise.
    clusters : Series, shape (n_participants,), optional
        Cluster of each participant, by position, whose answers depend on each other.
    missing : {"listwise", "fiml"}
        Delete participants with a gap, or use every answer by maximum likelihood.
    replicates, seed : int, str
        Draws of a resampled interval, and their name.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, from 0 to 1. The limits of "delta" are Wald's and may pass 0 or 1:
        nothing is truncated.
    Unavailable
        Fewer than 3 items, no more complete participants than items, a constant item,
        linearly dependent items, a residual variance at or below zero (Heywood), or a
        model the data do not identify.

    Raises
    ------
    ValueError
        Options that do not go together.

    References
    ----------
    McDonald (1999), Test Theory: A Unified Treatment.
    Joreskog (1967), Psychometrika 32(4), 443-482.
    """
    responses = read_responses(responses)
    if missing not in {"listwise", "fiml"}:
        raise ValueError(f"missing is {missing!r}; give 'listwise' or 'fiml'")
    if denominator not in DIVIDED:
        raise ValueError(f"denominator is {denominator!r}; give implied or observed")
    known = ("delta", "adf", "bootstrap", "percentile", "cluster")
    people = len(responses)
    check_choice(
        interval, known=known, clusters=clusters, missing=missing, people=people
    )
    complete = complete_responses(responses)
    shape = shape_of(complete)
    words = cautions(complete, shape)
    chosen = interval or _suiting(shape, clusters)
    wanted = Wanted(
        interval=chosen,
        clusters=clusters,
        draws=(replicates, seed),
        confidence=confidence,
    )
    if missing == "listwise":
        return cautioned(_of_complete(responses, denominator, wanted), words)
    if denominator == "observed":
        raise ValueError("denominator is 'observed', which needs missing='listwise'")
    return cautioned(omega_with_gaps(responses, chosen, clusters, confidence), words)


def _suiting(shape: Shape, clusters: pd.Series | None) -> Interval:
    if clusters is not None:
        return "cluster"
    return "adf" if shape.skewed else "delta"


def _of_complete(
    responses: pd.DataFrame, denominator: Denominator, wanted: Wanted
) -> Result:
    """Omega of the participants who answered everything."""
    fitted = Fitted.of(responses, denominator, wanted.confidence, wanted.interval)
    if isinstance(fitted, Unavailable):
        return fitted
    if wanted.interval == "delta":
        return fitted.by_delta()
    return fitted.limited(responses, wanted)


class Fitted:
    """One factor of complete responses, and omega by a denominator."""

    def __init__(
        self,
        complete: CompleteResponses,
        factor: OneFactor,
        denominator: Denominator,
        confidence: float,
        method: str,
    ) -> None:
        self.complete, self.factor, self.method = complete, factor, method
        self.denominator, self.confidence = denominator, confidence
        self.spread: Array = complete.values.std(axis=0)

    @classmethod
    def of(
        cls,
        responses: pd.DataFrame,
        denominator: Denominator,
        confidence: float,
        chosen: str,
    ) -> Fitted | Unavailable:
        """Fit, or say why there is nothing to fit."""
        complete = complete_responses(responses)
        k = complete.values.shape[1]
        wald = (
            f"; {percent(confidence)} Wald interval, delta method, expected "
            f"information, not truncated; {LISTWISE}"
        )
        method = (
            f"omega total of {k} items: one factor by maximum likelihood, squared sum "
            f"of loadings / {DIVIDED[denominator]}, covariances with divisor n"
            + (wald if chosen == "delta" else f"; {LISTWISE}")
        )
        if reason := complete.gap(items=3, participants=k + 1) or _not_factorable(
            complete
        ):
            return complete.unavailable(TERM, reason, method)
        fit = fit_one_factor(correlations(complete), complete.names)
        if isinstance(fit, Unavailable):
            return complete.unavailable(TERM, fit.reason, method)
        return cls(complete, fit, denominator, confidence, method)

    @property
    def omega(self) -> float:
        """The estimate."""
        if self.denominator == "implied":
            return self.factor.omega(self.spread)
        common = float(self.spread @ self.factor.loadings) ** 2
        return common / float(self.complete.values.sum(axis=1).var())

    def derivative(self, *, expected: bool) -> Array:
        """Of omega by the covariances, shape (k, k)."""
        scaled = self.factor.times(self.spread)
        values = self.complete.values
        covariance = np.cov(values, rowvar=False, ddof=0)
        total = scaled.loadings.sum()
        if self.denominator == "implied":
            return scaled.omega_derivative(covariance, expected=expected)
        whole = float(covariance.sum())
        slope = np.zeros(2 * len(self.spread))
        slope[: len(self.spread)] = 2 * total / whole
        by_model = scaled.derivative(slope, covariance, expected=expected)
        return np.asarray(by_model - total**2 / whole**2)

    def by_delta(self) -> Result:
        """Wald's limits from normal theory."""
        n = len(self.complete.values)
        if self.denominator == "implied":
            error = self.factor.omega_standard_error(self.spread, n)
        else:
            influence = (
                self.derivative(expected=True) @ self.factor.times(self.spread).implied
            )
            error = float(np.sqrt(2 * np.sum(influence * influence.T) / n))
        reach = float(special.ndtri((1 + self.confidence) / 2)) * error
        return Estimate.of(
            TERM,
            self.omega,
            (self.omega - reach, self.omega + reach),
            n=n,
            method=self.method,
        )

    def limited(self, responses: pd.DataFrame, wanted: Wanted) -> Result:
        """Limits by influence or resampling."""
        sample: Sample = listwise(responses)

        def drawn(drawing: Draws) -> Array:
            return omega_replicates(
                self.complete.values, self.factor, drawing, self.denominator
            )

        omega, derivative = self.omega, self.derivative(expected=False)
        limits = limits_of(omega, derivative, sample, wanted, drawn, scale="log")
        return with_limits(TERM, omega, sample.n, self.method, limits)


def omega_replicates(
    values: Array,
    factor: OneFactor,
    draws: Draws,
    denominator: Denominator = "implied",
    *,
    block: int = 0,
) -> Array:
    """Omega in every replicate; NaN where one factor has no proper solution."""
    k, spread = values.shape[1], values.std(axis=0)
    columns = covariance_columns(values / spread)

    def of_means(means: Array) -> Array:
        matrices = covariances(means, k)
        loadings, residuals = fit_replicates(matrices, factor)
        common = (loadings @ spread) ** 2
        if denominator == "observed":
            return np.asarray(common / (spread @ matrices @ spread))
        return np.asarray(common / (common + residuals @ spread**2))

    # the largest arrays are the information about 2 k parameters of each replicate
    block = block or max(1, 400_000 // (2 * k) ** 2)
    return replicated(columns, draws, of_means, block=block)


def _not_factorable(complete: CompleteResponses) -> str:
    if complete.constant:
        return complete.constant_fault
    if np.linalg.eigvalsh(correlations(complete))[0] < SINGULAR:
        return "linearly dependent items: some are perfectly predicted by the others"
    return ""


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
    reach = float(special.ndtri((1 + of) / 2)) * error
    return Estimate.of(
        TERM,
        omega,
        (omega - reach, omega + reach),
        n=n,
        method=f"{method}; {percent(of)} Wald interval, delta method, observed "
        "information where answers are missing, not truncated",
    )


def _absent(reason: str, n: int, method: str) -> Unavailable:
    return Unavailable(term=TERM, reason=reason, n=n, method=method)
