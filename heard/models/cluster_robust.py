"""Fit least squares with cluster-robust errors (CR2) and Satterthwaite's df.

CR2 corrects residuals by the inverse root of their covariance (Bell & McCaffrey 2002).
Only sums over clusters are kept, so a contrast costs what the clusters cost. Oracle: R
clubSandwich, tests/oracles/values/clustered.json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from heard.results import Described, Estimate, Result, Unavailable

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
# Names of clusters: text, numbers, whatever compares equal.
Labels: TypeAlias = np.ndarray[Any, Any]
Adjustment = Literal["CR0", "CR1", "CR2"]

# An eigenvalue of a cluster's residual covariance that counts as zero.
SINGULAR = 1e-10


def cluster_parts(
    orthonormal: Array,
    scales: Array,
    codes: Labels,
    residual: Array,
    *,
    adjustment: Adjustment,
    weighted: bool,
) -> dict[str, Array]:
    """What every cluster contributes: sums of residuals, and their working moments."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))[:-1]
    spread = (orthonormal * scales[:, None] ** 2).T @ orthonormal
    found: dict[str, list[Array]] = {
        name: [] for name in ("sums", "scores", "weighted_scores", "squares")
    }
    for rows in np.split(order, ends):
        own = orthonormal[rows]
        scaled = own * scales[rows, None]
        entering = scaled
        if adjustment == "CR2":
            entering = _adjusted(own, scaled, spread, weighted=weighted)
        found["sums"].append(residual[rows] @ entering)
        found["scores"].append(own.T @ entering)
        found["weighted_scores"].append(scaled.T @ entering)
        found["squares"].append(entering.T @ entering)
    return {name: np.stack(parts) for name, parts in found.items()}


def _adjusted(own: Array, scaled: Array, spread: Array, *, weighted: bool) -> Array:
    """A W Q of one cluster, A the inverse root of its residuals' covariance.

    That covariance is B = (I - H)_i (I - H)_i', H = Q(WQ)': the identity but for the
    few directions its columns span, so only those are turned. Directions without
    variation (a cluster's own fixed effect) count as nothing (pseudo-inverse).
    """
    if weighted:
        size = own.shape[1]
        spanning = np.hstack([own, scaled])
        centre = np.block(
            [[spread, -np.eye(size)], [-np.eye(size), np.zeros((size, size))]]
        )
    else:
        spanning, centre = own, -np.eye(own.shape[1])
    directions, sides = np.linalg.qr(spanning)
    projected = sides @ centre @ sides.T
    values, vectors = np.linalg.eigh(
        np.eye(len(projected)) + (projected + projected.T) / 2
    )
    kept = values > SINGULAR
    roots = np.where(kept, np.where(kept, values, 1.0) ** -0.5, 0.0)
    turned = directions @ vectors
    return np.asarray(scaled + turned @ ((roots - 1)[:, None] * (turned.T @ scaled)))


def coded(labels: Labels) -> tuple[Labels, int]:
    """Groups as whole numbers from 0, -1 where missing, and how many there are."""
    codes, levels = pd.factorize(np.asarray(labels))
    return codes, len(levels)


def dummies(groups: Labels) -> Array:
    """One column a group, shape (n_rows, n_groups)."""
    codes, n_groups = coded(groups)
    return np.asarray(np.eye(n_groups)[codes])


MINIMUM_CLUSTERS = 5
# A column counts as predicted by those before it when less than this share is left.
DEPENDENT = 1e-9
# Share of a contrast's variance that clusters fitted exactly may hide.
MAXIMUM_UNRECOVERED = 0.05
CONFIDENCE = 0.95
HOW = {
    "CR0": "plain cluster-robust standard error (CR0, no correction)",
    "CR1": "cluster-robust standard error times the root of G/(G-1) (CR1)",
    "CR2": "Bell-McCaffrey cluster-robust standard error (CR2, working model of "
    "independent rows with equal variance)",
}
UNRECOVERED_REASON = (
    "hardly any other cluster shows its precision: clusters the model fits exactly "
    "hide {share:.0%} of its variance; use a comparison with placebo clusters"
)
NO_GROUP = "rows without a cluster or absorbed group: leave those rows out first"
NO_RESIDUAL = "the model fits every row exactly: no interval can be given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRobustFit(Described):
    """Weighted least squares with a cluster-robust covariance.

    - `names`: the columns asked for; absorbed ones have no name and no coefficient
      here.
    - `coefficients`, shape (n_names,): in units of the outcome for one unit of the
      column.
    - `covariance`, shape (n_names, n_names): cluster-robust.
    - `n`: rows.
    - `n_clusters`: clusters.
    - `adjustment`, {"CR0", "CR1", "CR2"}: how the covariance was corrected.
    - `weighted`: whether rows were weighted.
    - `basis`, shape (n_names, n_columns): turns the orthonormal columns of the fit into
      coefficients.
    - `scores`, shape (n_clusters, n_columns, n_columns): for each cluster Q'AWQ: how
      its adjusted rows enter (Q orthonormal under W).
    - `weighted_scores`, shape (n_clusters, n_columns, n_columns): the same for
      (WQ)'AWQ.
    - `squares`, shape (n_clusters, n_columns, n_columns): the same for (AWQ)'AWQ.
    - `spread`, shape (n_columns, n_columns): Q'W^2Q.
    """

    names: tuple[str, ...]
    coefficients: Array = field(compare=False)
    covariance: Array = field(compare=False)
    n: int
    n_clusters: int
    adjustment: Adjustment
    weighted: bool
    basis: Array = field(repr=False, compare=False)
    scores: Array = field(repr=False, compare=False)
    weighted_scores: Array = field(repr=False, compare=False)
    squares: Array = field(repr=False, compare=False)
    spread: Array = field(repr=False, compare=False)

    def degrees_of_freedom(self, contrast: Sequence[float] | str) -> float:
        """Degrees of freedom of a contrast: Satterthwaite's under CR2, else G - 1.

        - `contrast`: weights of the coefficients, or the name of one.

        Pustejovsky & Tipton (2018), J. Business & Economic Statistics 36(4), 672-683.
        """
        if self.adjustment != "CR2":
            return float(self.n_clusters - 1)
        products = self._products(contrast)
        return float(np.trace(products) ** 2 / (products**2).sum())

    def unrecovered_share(self, contrast: Sequence[float] | str) -> float:
        """Share of a contrast's working variance that the correction cannot restore.

        Not zero where a cluster is fitted exactly and the contrast depends on it, as on
        the only treated cluster: its own variation is then invisible.
        """
        weights = self._weights(contrast) @ self.basis
        true = float(weights @ self.spread @ weights)
        return max(0.0, 1 - float(np.trace(self._products(contrast))) / true)

    def standard_error(self, contrast: Sequence[float] | str) -> float:
        """Cluster-robust standard error of a contrast."""
        weights = self._weights(contrast)
        return math.sqrt(max(float(weights @ self.covariance @ weights), 0.0))

    def value(self, contrast: Sequence[float] | str) -> float:
        """The contrast itself."""
        return float(self._weights(contrast) @ self.coefficients)

    def estimate(self, contrast: Sequence[float] | str, *, term: str) -> Result:
        """The contrast with its 95 % t interval; n counts rows.

        Unavailable where nothing is left over, or where more than 5 % of its variance
        lies in clusters that the model fits exactly.
        """
        if fault := self._fault(contrast):
            return Unavailable(
                term=term, reason=fault, n=self.n, n_unit="rows", method=self.describe()
            )
        degrees = self.degrees_of_freedom(contrast)
        value, error = self.value(contrast), self.standard_error(contrast)
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees)) * error
        return Estimate.of(
            term,
            value,
            (value - reach, value + reach),
            n=self.n,
            n_unit="rows",
            method=f"{self.describe()}; t interval with {degrees:.1f} degrees of "
            "freedom",
        )

    def p_value(self, contrast: Sequence[float] | str, *, term: str) -> Result:
        """Two-sided p of the contrast being zero, by the same t."""
        if fault := self._fault(contrast):
            return Unavailable(
                term=term, reason=fault, n=self.n, n_unit="rows", method=self.describe()
            )
        degrees = self.degrees_of_freedom(contrast)
        size = abs(self.value(contrast)) / self.standard_error(contrast)
        return Estimate.of(
            term,
            2 * stats.t.sf(size, degrees),
            n=self.n,
            n_unit="rows",
            method=f"{self.describe()}; two-sided t test with {degrees:.1f} degrees of "
            "freedom; a probability has no interval",
        )

    def degrees_result(self, contrast: Sequence[float] | str, *, term: str) -> Result:
        """The degrees of freedom as a finding of their own."""
        if fault := self._fault(contrast):
            return Unavailable(
                term=term, reason=fault, n=self.n, n_unit="rows", method=self.describe()
            )
        kind = "Satterthwaite's" if self.adjustment == "CR2" else "clusters less one"
        return Estimate.of(
            term,
            self.degrees_of_freedom(contrast),
            n=self.n_clusters,
            n_unit="clusters",
            method=f"degrees of freedom of the t interval ({kind}); "
            "a property of the design, so no interval",
        )

    def _weights(self, contrast: Sequence[float] | str) -> Array:
        if isinstance(contrast, str):
            contrast = [float(name == contrast) for name in self.names]
        return np.asarray(contrast, dtype=float)

    def _products(self, contrast: Sequence[float] | str) -> Array:
        """p_i'p_j: covariance, under the working model, of what clusters contribute."""
        weights = self._weights(contrast) @ self.basis
        plain, weighted = self.scores @ weights, self.weighted_scores @ weights
        own = (self.squares @ weights) @ weights
        crossed = plain @ weighted.T
        return np.asarray(
            np.diag(own) - crossed - crossed.T + plain @ self.spread @ plain.T
        )

    def _fault(self, contrast: Sequence[float] | str) -> str:
        if self.standard_error(contrast) == 0:
            return NO_RESIDUAL
        # Without a correction the loss is what the correction is for.
        hidden = self.unrecovered_share(contrast) if self.adjustment == "CR2" else 0.0
        return (
            UNRECOVERED_REASON.format(share=hidden)
            if hidden > MAXIMUM_UNRECOVERED
            else ""
        )

    def describe(self, missing: str = "complete rows only") -> str:
        """Estimator, its errors and what became of incomplete rows, in words."""
        squares = "weighted least squares" if self.weighted else "least squares"
        return (
            f"{squares}, {HOW[self.adjustment]} over {self.n_clusters} clusters; "
            f"{missing}"
        )


def cluster_robust_fit(
    outcome: Array,
    design: Array,
    clusters: Labels,
    *,
    names: Sequence[str],
    weights: Array | None = None,
    absorb: Labels | None = None,
    adjustment: Adjustment = "CR2",
    minimum_clusters: int = MINIMUM_CLUSTERS,
) -> ClusterRobustFit | Unavailable:
    """Fit least squares with a covariance that respects clusters.

    Parameters
    ----------
    outcome : ndarray, shape (n_rows,)
        Complete: leave out rows with anything missing first, and say so.
    design : ndarray, shape (n_rows, n_names)
        The columns, an intercept among them unless `absorb` supplies one.
    clusters : ndarray, shape (n_rows,)
        What was allocated or sampled together.
    names : sequence of str
        Names of the columns.
    weights : ndarray, shape (n_rows,), optional
        Positive weights of the rows (not counts).
    absorb : ndarray, shape (n_rows,), optional
        Groups with an intercept each (fixed effects), not reported. The correction is
        that of the whole model, as if every group had its own column.
    adjustment : {"CR2", "CR1", "CR0"}
        CR2 with Satterthwaite's degrees of freedom is the one to report; the others,
        with G - 1, are for comparison.
    minimum_clusters : int
        With fewer there is no fit; under 5 an interval rests on hardly anything.

    Returns
    -------
    ClusterRobustFit
        Ask it for contrasts.
    Unavailable
        Too few clusters, values missing, a column predicted by the others, no
        rows to spare, or nothing left over.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28(2), 169-181; Pustejovsky & Tipton
    (2018), J. Business & Economic Statistics 36(4), 672-683.
    """
    codes, n_clusters = coded(clusters)
    scales = np.ones(len(outcome)) if weights is None else np.asarray(weights, float)
    given = np.asarray(design, dtype=float).reshape(len(outcome), len(names))
    if (codes < 0).any() or (absorb is not None and (coded(absorb)[0] < 0).any()):
        return _absent(NO_GROUP, len(outcome))
    whole = given if absorb is None else np.hstack([dummies(absorb), given])
    fault = too_few_clusters(n_clusters, minimum_clusters)
    if fault := fault or _fault(np.asarray(outcome, float), whole, scales):
        return _absent(fault, len(outcome))
    roots = np.sqrt(scales)
    triangle = np.asarray(np.linalg.qr(whole * roots[:, None])[1])
    share = np.abs(np.diag(triangle)) / np.linalg.norm(whole * roots[:, None], axis=0)
    if np.any(share < DEPENDENT):
        return _absent(_dependent(share, names), len(outcome))
    return _fitted(
        np.asarray(outcome, float),
        whole,
        scales,
        codes,
        triangle,
        names=tuple(names),
        adjustment=adjustment,
        weighted=weights is not None,
    )


def _fitted(
    outcome: Array,
    whole: Array,
    scales: Array,
    codes: Labels,
    triangle: Array,
    *,
    names: tuple[str, ...],
    adjustment: Adjustment,
    weighted: bool,
) -> ClusterRobustFit | Unavailable:
    inverse: Array = np.asarray(np.linalg.inv(triangle), dtype=float)
    orthonormal = whole @ inverse
    # A second pass of Gram-Schmidt's kind takes out what rounding left.
    along = orthonormal.T @ (scales * outcome)
    residual = outcome - orthonormal @ along
    correction = orthonormal.T @ (scales * residual)
    along, residual = along + correction, residual - orthonormal @ correction
    if np.linalg.norm(residual) <= DEPENDENT * np.linalg.norm(outcome):
        return _absent(NO_RESIDUAL, len(outcome))
    parts = cluster_parts(
        orthonormal, scales, codes, residual, adjustment=adjustment, weighted=weighted
    )
    kept = slice(whole.shape[1] - len(names), None)
    n_clusters = len(parts["scores"])
    meat = parts["sums"].T @ parts["sums"]
    if adjustment == "CR1":
        meat = meat * n_clusters / (n_clusters - 1)
    basis = inverse[kept]
    return ClusterRobustFit(
        names=names,
        coefficients=basis @ along,
        covariance=basis @ meat @ basis.T,
        n=len(outcome),
        n_clusters=n_clusters,
        adjustment=adjustment,
        weighted=weighted,
        basis=basis,
        scores=parts["scores"],
        weighted_scores=parts["weighted_scores"],
        squares=parts["squares"],
        spread=(orthonormal * scales[:, None] ** 2).T @ orthonormal,
    )


def too_few_clusters(n_clusters: int, minimum: int) -> str:
    """Say if there are too few clusters for an interval; empty if not."""
    if n_clusters >= minimum:
        return ""
    return (
        f"{n_clusters} clusters; at least {minimum} needed for an interval that "
        "respects them; use a comparison with placebo clusters"
    )


def _fault(outcome: Array, whole: Array, scales: Array) -> str:
    if not all(np.isfinite(part).all() for part in (outcome, whole, scales)):
        return "missing or infinite values: leave those rows out first"
    if (scales <= 0).any():
        return "weights must be positive: leave rows without weight out first"
    if len(outcome) <= whole.shape[1]:
        return f"{len(outcome)} rows for {whole.shape[1]} columns: no rows to spare"
    if (np.abs(whole).max(axis=0) == 0).any():
        return "a column is zero throughout: it has no coefficient"
    return ""


def _dependent(share: Array, names: Sequence[str]) -> str:
    named = share[len(share) - len(names) :]
    which = [name for name, part in zip(names, named, strict=True) if part < DEPENDENT]
    return f"predicted by the columns before: {', '.join(which)}; leave out or merge"


def _absent(reason: str, n: int) -> Unavailable:
    return Unavailable(term="cluster_robust_fit", reason=reason, n=n)


def clustered_mean(
    scores: pd.Series,
    cluster: pd.Series,
    *,
    term: str = "mean",
    minimum_clusters: int = MINIMUM_CLUSTERS,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Result:
    """Average one group's scores, with an interval that respects clusters.

    Parameters
    ----------
    scores : Series, shape (n_participants,)
        Numbers, or 1 and 0 for a share; NaN if missing, and then left out.
    cluster : Series, shape (n_participants,)
        Cluster (team) of each, row by row; who has none counts as a cluster of their
        own.
    term : str
        What the mean is called.
    minimum_clusters : int
        With fewer named clusters there is a mean without limits. R gives limits from 2
        on; 4 is the least that is of any use.
    bounds : tuple of float
        Ends of what the mean can be; limits beyond are cut there.

    Returns
    -------
    Estimate
        The mean of people, large clusters counting more. CR2 error, t interval with
        Satterthwaite's degrees of freedom; no limits with too few clusters.
    Unavailable
        Fewer than 2 scores, or all the same.

    References
    ----------
    Bell & McCaffrey (2002), Survey Methodology 28(2), 169-181.
    """
    known = scores.notna().to_numpy()
    values = scores.to_numpy(dtype=float, na_value=np.nan)[known]
    teams = cluster.mask(cluster == "").to_numpy()[known]
    codes, n_named = coded(teams)
    alone = codes < 0
    codes[alone] = n_named + np.arange(int(alone.sum()))
    n, how = len(values), f"arithmetic mean; {n_named} clusters"
    if n < 2 or np.ptp(values) == 0:
        reason = "fewer than 2 scores, or all the same: no interval can be given"
        return Unavailable(term=term, reason=reason, n=n)
    if n_named < minimum_clusters:
        how = f"{how}, under {minimum_clusters}: no interval"
        return Estimate.of(term, values.mean(), n=n, method=how)
    fit = cluster_robust_fit(
        values, np.ones((n, 1)), codes, names=["mean"], minimum_clusters=2
    )
    if isinstance(fit, Unavailable):
        return Unavailable(term=term, reason=fit.reason, n=n, method=how)
    degrees, mean = fit.degrees_of_freedom("mean"), fit.value("mean")
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
    reach *= fit.standard_error("mean")
    return Estimate.of(
        term,
        mean,
        (
            max(mean - reach, min(bounds[0], mean)),
            min(mean + reach, max(bounds[1], mean)),
        ),
        n=n,
        method=f"{how}; Bell-McCaffrey standard error (CR2), t interval with "
        f"{degrees:.1f} degrees of freedom; missing scores left out",
    )
