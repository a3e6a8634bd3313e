"""Fit least squares with robust intervals, with or without clusters.

With clusters: CR2 and Satterthwaite's degrees of freedom; without, variances may differ
between groups. Oracle: R t.test, sandwich and clubSandwich,
tests/oracles/values/inequality.json.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import WLS

from heard.models.cluster_robust import (
    Array,
    ClusterRobustFit,
    Labels,
    cluster_robust_fit,
)
from heard.results import Estimate, Result, Unavailable

CONFIDENCE = 0.95
NO_VARIATION = "no variation within the groups: no interval can be given"
# Spread under this share of the values' size is rounding.
ROUNDING = 1e-10
# Logarithm of a ratio's furthest limit; beyond, nothing is known and numbers overflow.
WIDEST = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearFit:
    """Coefficients, their covariance, and how much is known about it.

    `coefficients`, `covariance`, shape (n_names,), (n_names, n_names): in units of the
      score.
    `degrees`: degrees of freedom of a contrast.
    `fault`: why a contrast has no interval; empty if it has one.
    `method`: estimator, interval and missing rule, in words.
    """

    coefficients: Array
    covariance: Array
    degrees: Callable[[Array], float] = field(repr=False, compare=False)
    fault: Callable[[Array], str] = field(repr=False, compare=False)
    method: str

    def interval(self, weights: Array) -> tuple[float, float, float]:
        """A contrast's value, and the limits of its 95 % t interval."""
        value = float(weights @ self.coefficients)
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, self.degrees(weights)))
        reach *= self.error(weights)
        return value, value - reach, value + reach

    def error(self, weights: Array) -> float:
        """A contrast's standard error."""
        return math.sqrt(max(float(weights @ self.covariance @ weights), 0.0))

    def estimate(self, weights: Array, *, term: str, n: int, counted: str) -> Result:
        """A contrast in units of the score."""
        how = self.method
        if why := self.fault(weights):
            return Unavailable(term=term, reason=why, n=n, n_unit=counted, method=how)
        value, low, high = self.interval(weights)
        return Estimate.of(
            term,
            value,
            (low, high),
            n=n,
            n_unit=counted,
            method=f"{how}; t with {self.degrees(weights):.1f} degrees of freedom",
        )

    def ratio(
        self, above: Array, below: Array, *, term: str, n: int, counted: str
    ) -> Result:
        """The ratio of two contrasts, with the interval of its logarithm."""
        how = f"{self.method}; ratio, delta method on the logarithm"
        upper = float(above @ self.coefficients)
        lower = float(below @ self.coefficients)
        if min(upper, lower) <= 0:
            reason = "a mean is not above the lowest possible score: no ratio"
            return Unavailable(
                term=term, reason=reason, n=n, n_unit=counted, method=how
            )
        weights = above / upper - below / lower
        if why := self.fault(weights):
            return Unavailable(term=term, reason=why, n=n, n_unit=counted, method=how)
        _, low, high = self.interval(weights)
        # The contrast of logarithms is zero at the values themselves: 1 - 1.
        reach = (high - low) / 2
        if reach > WIDEST:
            reason = "a mean is hardly above the lowest possible score: no ratio"
            return Unavailable(
                term=term, reason=reason, n=n, n_unit=counted, method=how
            )
        return Estimate.of(
            term,
            upper / lower,
            (upper / lower * math.exp(-reach), upper / lower * math.exp(reach)),
            n=n,
            n_unit=counted,
            method=f"{how}, t with {self.degrees(weights):.1f} degrees of freedom",
        )

    def p_value(self, weights: Array) -> float:
        """Two-sided p of a contrast being zero; ask `fault` first."""
        size = abs(float(weights @ self.coefficients)) / self.error(weights)
        return float(2 * stats.t.sf(size, self.degrees(weights)))


def covariate_columns(
    rows: pd.DataFrame, names: Sequence[str]
) -> tuple[Array, tuple[str, ...]]:
    """Covariates as a design: numbers as they are, categories as dummies.

    `rows`: complete. Returns the columns, shape (n_rows, n_columns), and their names.
    """
    columns, labels = [np.empty((len(rows), 0))], []
    for name in names:
        values = rows[name]
        numeric = pd.api.types.is_numeric_dtype(values)
        if numeric and not pd.api.types.is_bool_dtype(values):
            columns.append(values.to_numpy(dtype=float)[:, None])
            labels.append(name)
            continue
        codes, levels = pd.factorize(values, sort=True)
        columns.append((codes[:, None] == np.arange(1, len(levels))).astype(float))
        labels += [f"{name}: {level}" for level in levels[1:]]
    return np.hstack(columns), tuple(labels)


def separate_means(scores: Array, codes: Labels, *, counts: Labels) -> LinearFit:
    """Fit every group its own mean and variance (Welch)."""
    size = len(counts)
    means = np.bincount(codes, weights=scores, minlength=size) / counts
    left = (scores - means[codes]) ** 2
    squares = np.bincount(codes, weights=left, minlength=size)
    variances = squares / np.maximum(counts - 1, 1) / counts
    floor = (ROUNDING * np.abs(scores).max()) ** 2

    def fault(weights: Array) -> str:
        used = np.asarray(weights) != 0
        if (counts[used] < 2).any():
            return "fewer than 2 scores in a group: no interval can be given"
        return NO_VARIATION if (variances[used] * counts[used]).max() <= floor else ""

    def degrees(weights: Array) -> float:
        parts = np.asarray(weights) ** 2 * variances
        below = np.where(counts > 1, counts - 1, 1)
        return float(parts.sum() ** 2 / (parts**2 / below).sum())

    return LinearFit(
        coefficients=means,
        covariance=np.diag(variances),
        degrees=degrees,
        fault=fault,
        method="means of groups, each with its own variance (divisor n-1), Welch's "
        "interval; people taken as unrelated; rows without score or group left out",
    )


def least_squares(
    outcome: Array,
    design: Array,
    *,
    names: Sequence[str],
    clusters: pd.Series | None,
    weights: Array | None = None,
) -> LinearFit | Unavailable:
    """Fit least squares: CR2 over clusters, else HC3.

    `outcome`, shape (n_rows,): complete.
    `design`, shape (n_rows, n_names): an intercept among the columns, or something that
      adds up to it.
    `names`: names of the columns.
    `clusters`, shape (n_rows,) or None: what was sampled together.
    `weights`, shape (n_rows,): positive weights.
    """
    if clusters is not None:
        found = cluster_robust_fit(
            outcome, design, clusters.to_numpy(), names=names, weights=weights
        )
        return found if isinstance(found, Unavailable) else _clustered(found)
    if len(outcome) <= design.shape[1]:
        reason = f"{len(outcome)} rows for {design.shape[1]} columns: no rows to spare"
        return Unavailable(term="least_squares", reason=reason, n=len(outcome))
    if np.linalg.matrix_rank(design) < design.shape[1]:
        reason = "some columns predict each other: leave out or merge groups"
        return Unavailable(term="least_squares", reason=reason, n=len(outcome))
    return _unrelated(outcome, design, weights)


def _clustered(found: ClusterRobustFit) -> LinearFit:
    def fault(weights: Array) -> str:
        result = found.estimate(list(weights), term="contrast")
        return result.reason if isinstance(result, Unavailable) else ""

    return LinearFit(
        coefficients=found.coefficients,
        covariance=found.covariance,
        degrees=lambda weights: found.degrees_of_freedom(list(weights)),
        fault=fault,
        method=f"{'weighted ' * found.weighted}least squares, Bell-McCaffrey "
        f"cluster-robust standard error (CR2) over {found.n_clusters} clusters, "
        "Satterthwaite's degrees of freedom; incomplete rows left out",
    )


def _unrelated(
    outcome: Array, design: Array, weights: Array | None
) -> LinearFit | Unavailable:
    model = WLS(outcome, design, weights=1.0 if weights is None else weights)
    plain = model.fit()
    hat = (model.wexog * np.linalg.pinv(model.wexog).T).sum(axis=1)
    residual = float(np.abs(plain.resid).max())
    if residual <= ROUNDING * float(np.abs(outcome).max()):
        return Unavailable(term="least_squares", reason=NO_VARIATION, n=len(outcome))
    if hat.max() > 1 - ROUNDING:
        reason = "a row stands alone in its group: no interval can be given"
        return Unavailable(term="least_squares", reason=reason, n=len(outcome))
    robust = plain.get_robustcov_results(cov_type="HC3", use_t=True)
    return LinearFit(
        coefficients=np.asarray(robust.params),
        covariance=np.asarray(robust.cov_params()),
        degrees=lambda _: float(robust.df_resid),
        fault=lambda _: "",
        method="least squares, heteroscedasticity-robust standard error (HC3); people "
        "taken as unrelated; incomplete rows left out",
    )
