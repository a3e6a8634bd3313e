"""Misfit of a model and of its baseline into indices of fit with their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.confirmatory.misfit import Misfit

CLOSE = 0.05
"""The error of approximation that counts as close (Browne & Cudeck 1993)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit(Composite):
    """How well a model fits. What an estimator does not have is `Unavailable`."""

    chi_square: Result
    chi_square_df: Result
    chi_square_p: Result
    scaled_chi_square: Result
    scaled_chi_square_p: Result
    chi_square_scaling: Result
    comparative_fit_index: Result
    tucker_lewis_index: Result
    rmsea: Result
    rmsea_close_p: Result
    scaled_comparative_fit_index: Result
    scaled_tucker_lewis_index: Result
    scaled_rmsea: Result
    robust_comparative_fit_index: Result
    robust_tucker_lewis_index: Result
    robust_rmsea: Result
    standardised_root_mean_square_residual: Result
    log_likelihood: Result
    akaike_information: Result
    bayesian_information: Result


class Excess(NamedTuple):
    """Misfit beyond what chance brings, of a model and of its baseline."""

    model: float
    df: int
    baseline: float
    baseline_df: int

    @classmethod
    def plain(cls, model: Misfit, baseline: Misfit) -> Excess:
        """By the statistics as they are."""
        return cls(
            model.statistic - model.df,
            model.df,
            baseline.statistic - baseline.df,
            baseline.df,
        )

    @classmethod
    def scaled(cls, model: Misfit, baseline: Misfit) -> Excess:
        """By the scaled statistics."""
        return cls(
            model.scaled - model.df,
            model.df,
            baseline.scaled - baseline.df,
            baseline.df,
        )

    @classmethod
    def robust(cls, model: Misfit, baseline: Misfit) -> Excess:
        """By the robust distances."""
        return cls(
            model.distance - model.expected,
            model.df,
            baseline.distance - baseline.expected,
            baseline.df,
        )

    @property
    def comparative_fit(self) -> float | None:
        """Bentler's index; None where independent items would fit as well."""
        worst = max(self.model, self.baseline, 0.0)
        return 1 - max(self.model, 0.0) / worst if worst > 0 else None

    @property
    def tucker_lewis(self) -> float | None:
        """Tucker and Lewis's index; None without degrees of freedom."""
        if not self.df or not self.baseline_df or self.baseline <= 0:
            return None
        return 1 - (self.model / self.df) / (self.baseline / self.baseline_df)


def approximation_error(excess: float, df: int, n: int, blocks: int) -> float:
    """Root mean square error of approximation of a statistic `excess` over its df."""
    return float(np.sqrt(max(excess, 0.0) * blocks / (n * df)))


def approximation_limits(
    statistic: float, df: int, n: int, blocks: int, confidence: float
) -> tuple[float, float]:
    """Limits of the error of approximation, from noncentral chi-squares."""
    tails = (1 + confidence) / 2, (1 - confidence) / 2
    low, high = (_noncentrality(statistic, df, tail) for tail in tails)
    return (
        approximation_error(low, df, n, blocks),
        approximation_error(high, df, n, blocks),
    )


def _noncentrality(statistic: float, df: int, tail: float) -> float:
    """The noncentrality at which `statistic` is exceeded with chance 1 - `tail`."""
    from scipy import optimize, special  # noqa: PLC0415 - heavy, and only needed here

    def beyond(noncentrality: float) -> float:
        return float(special.chndtr(statistic, df, noncentrality)) - tail

    if beyond(0.0) <= 0:
        return 0.0
    most = max(statistic, 1.0)
    while beyond(most) > 0:
        most *= 2
    return float(optimize.brentq(beyond, 0.0, most, xtol=1e-12, rtol=1e-14))


def close_fit_p(statistic: float, df: int, n: int, blocks: int) -> float:
    """Chance of a larger statistic were the error of approximation 0.05."""
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    return 1 - float(special.chndtr(statistic, df, n * df * CLOSE**2 / blocks))


def chi_square_p(statistic: float, df: float) -> float:
    """Chance of a larger chi-square."""
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    return float(special.chdtrc(df, statistic))


def standardised_residual(
    observed: tuple[Array, Array], implied: tuple[Array, Array], *, means: bool
) -> float:
    """Root mean square residual of means and covariances of one block.

    All are divided by the *observed* standard deviations; the diagonal counts.
    """
    spread = np.sqrt(np.diag(observed[1]))
    residual_correlations = (observed[1] - implied[1]) / np.outer(spread, spread)
    squares = residual_correlations[np.tril_indices(len(spread))] ** 2
    if means:
        squares = np.append(squares, ((observed[0] - implied[0]) / spread) ** 2)
    return float(np.sqrt(squares.mean()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FitMaker:
    """Turns numbers into results that share their n and their words."""

    n: int
    blocks: int
    method: str
    weight: int = 0
    """What errors of approximation are divided by, where that is not n."""

    def number(self, term: str, value: float | None, words: str) -> Result:
        """A number without an interval; `Unavailable` where there is none."""
        method = "; ".join(filter(None, (words, self.method)))
        if value is None or not np.isfinite(value):
            reason = "no degrees of freedom, or items that do not go together at all"
            return Unavailable(term=term, reason=reason, n=self.n, method=method)
        return Estimate(
            term=term, estimate=float(value), n=self.n, method=f"{method}; no interval"
        )

    def absent(self, term: str, reason: str) -> Unavailable:
        """A number this estimator does not have."""
        return Unavailable(term=term, reason=reason, n=self.n, method=self.method)

    def approximation(
        self, term: str, statistic: float, scale: float, df: int, words: str
    ) -> Result:
        """An error of approximation with its 90 % interval.

        Parameters
        ----------
        statistic : float
            Behaves as chi-square were the model right.
        scale : float
            By what its noncentrality is multiplied back.
        """
        method = (
            f"{words}; 90 % interval, as is the custom, by noncentral chi-squares; "
            f"{self.method}"
        )
        if not df:
            return Unavailable(
                term=term, reason="no degrees of freedom", n=self.n, method=method
            )
        excess = statistic - df
        root = np.sqrt(scale)
        size = self.weight or self.n
        limits = approximation_limits(statistic, df, size, self.blocks, 0.90)
        estimate = root * approximation_error(excess, df, size, self.blocks)
        return Estimate(
            term=term,
            estimate=float(estimate),
            conf_low=float(min(root * limits[0], estimate)),
            conf_high=float(max(root * limits[1], estimate)),
            n=self.n,
            method=method,
        )
