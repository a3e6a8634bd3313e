"""Each participant's influence on a coefficient into its interval, clusters respected.

A coefficient of covariances moves, to first order, by the mean over participants of
d'Gd - tr(GS): d the participant's deviations, S the covariances, G the coefficient's
derivative by S. The spread of these influences gives its standard error whatever the
distribution of the answers (ADF); summed within clusters first, it also allows for
answers that depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.complete import Array, CompleteResponses

MINIMUM_CLUSTERS = 5
NO_WIDTH = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Covariances, or correlations, of items, and the deviations they come from.

    Attributes
    ----------
    matrix : ndarray, shape (k, k)
        Divisor n - 1.
    deviations : ndarray, shape (n, k)
        From the mean; in standard deviations if `standardised`.
    """

    matrix: Array
    deviations: Array
    standardised: bool

    @classmethod
    def of(cls, complete: CompleteResponses, *, standardised: bool) -> Moments:
        """Of the participants who answered everything."""
        values = complete.values
        deviations = values - values.mean(axis=0)
        if standardised:
            deviations = deviations / values.std(axis=0, ddof=1)
        return cls(
            matrix=deviations.T @ deviations / (len(values) - 1),
            deviations=deviations,
            standardised=standardised,
        )

    def influence(self, derivative: Array) -> Array:
        """Of every participant on a coefficient with this derivative, shape (n,)."""
        d = self.deviations
        own = np.einsum("ij,ij->i", d @ derivative, d)
        product = derivative @ self.matrix
        if self.standardised:
            return np.asarray(own - d**2 @ np.diag(product))
        return np.asarray(own - np.trace(product))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Limits and standard error, or why there are none."""

    low: float | None
    high: float | None
    standard_error: float | None
    words: str


def percent(confidence: float) -> str:
    """The coverage in words, refusing one no interval here is meant for."""
    if not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence}; give one from 0.5 to below 1")
    return f"{100 * confidence:g} %"


def of_complete(responses: pd.DataFrame, clusters: pd.Series) -> pd.Series:
    """The clusters of the participants who answered everything."""
    if len(clusters) != len(responses):
        raise ValueError(
            f"clusters has {len(clusters)} rows, responses {len(responses)}; give one "
            "cluster a participant, by position"
        )
    return clusters[responses.notna().all(axis=1).to_numpy()]


def no_interval(why: str) -> Interval:
    """The absence of limits, and why."""
    return Interval(
        low=None, high=None, standard_error=None, words=f"no interval: {why}"
    )


def interval_of(
    estimate: float,
    influence: Array,
    *,
    clusters: pd.Series | None,
    confidence: float,
    scale: Literal["plain", "log", "fisher"] = "log",
) -> Interval:
    """An interval from influences.

    Parameters
    ----------
    estimate : float
        Below 1.
    influence : ndarray, shape (n,)
        Mean near zero.
    clusters : Series or None
        Cluster of each participant; limits are then by t with clusters - 1 degrees of
        freedom, and need 5 clusters.
    scale : {"plain", "log", "fisher"}
        Symmetric limits; or symmetric on log(1 - estimate), which stay below 1 and suit
        the skewness of reliability coefficients; or on Fisher's z, for correlations.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    n, tail = len(influence), (1 + confidence) / 2
    shape = {
        "plain": "",
        "log": ", on the scale log(1 - estimate)",
        "fisher": ", on Fisher's z",
    }[scale]
    if clusters is None:
        error = float(influence.std(ddof=1)) / n**0.5
        quantile = float(special.ndtri(tail))
        words = f"{percent(confidence)} distribution-free (ADF) interval{shape}"
    else:
        codes, names = clusters.factorize()
        groups = len(names)
        if groups < MINIMUM_CLUSTERS or (codes < 0).any():
            lacking = int((codes < 0).sum())
            why = f"clusters {groups}; at least {MINIMUM_CLUSTERS} needed"
            if lacking:
                why = f"{lacking} participants without a cluster"
            return no_interval(why)
        sums = np.bincount(codes, weights=influence, minlength=groups)
        error = float(np.sqrt(groups / (groups - 1) * np.sum(sums**2)) / n)
        quantile = float(special.stdtrit(groups - 1, tail))
        words = (
            f"{percent(confidence)} interval over {groups} clusters, influences summed "
            f"within each, t{shape}"
        )
    if error < NO_WIDTH:
        return no_interval("no participant moves the estimate")
    reach = quantile * error
    low, high = estimate - reach, estimate + reach
    if scale == "log":
        factor = float(np.exp(reach / (1 - estimate)))
        low, high = 1 - (1 - estimate) * factor, 1 - (1 - estimate) / factor
    if scale == "fisher":
        centre, half = np.arctanh(estimate), reach / (1 - estimate**2)
        low, high = (float(np.tanh(centre + sign * half)) for sign in (-1, 1))
    return Interval(low=low, high=high, standard_error=error, words=words)
