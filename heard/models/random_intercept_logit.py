"""Fit a logistic model with a random intercept for every cluster.

The likelihood is integrated over the intercepts at places that follow each cluster's
own mode (adaptive Gauss-Hermite). The standard deviation is not bounded: zero is an
ordinary summit. Oracle: R lme4 glmer, tests/oracles/values/two_values.json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy import special

from heard.models.cluster_robust import Array, Labels
from heard.models.mixed.likelihood import minimised
from heard.results import Described, Unavailable

PLACES = 25
STEPS = 50
STEP = 1e-4
# A slope of the likelihood that counts as none, and a logit that counts as endless.
FLAT = 1e-5
ENDLESS = 25.0
SEPARATED = "some kind of people always answer one way: no odds can be given"


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomInterceptLogit(Described):
    """Log odds with a normal intercept for every cluster.

    - `names`: the fixed columns.
    - `coefficients`, shape (n_names,): log odds ratios within a cluster.
    - `spread`: standard deviation of the clusters' intercepts.
    - `covariance`, shape (n_names + 1, n_names + 1): of the coefficients and, last, the
      spread.
    - `log_likelihood`: integrated over the intercepts.
    - `n`, `n_clusters`: rows and clusters.
    """

    names: tuple[str, ...]
    coefficients: Array = field(compare=False)
    spread: float
    covariance: Array = field(compare=False)
    log_likelihood: float
    n: int
    n_clusters: int

    def mean_share(self, design: Array) -> tuple[float, Array]:
        """The mean share of rows over people and clusters, and its slope.

        `design`, shape (n_rows, n_names). Returns the share, and its derivative in the
        coefficients and the spread.
        """
        places, weights = np.polynomial.hermite.hermgauss(PLACES)
        places, weights = places * math.sqrt(2), weights / math.sqrt(math.pi)
        logits = (design @ self.coefficients)[:, None] + self.spread * places
        shares = special.expit(logits)
        steep = shares * (1 - shares) * weights
        slope = [*(design.T @ steep.sum(axis=1)), (steep * places).sum()]
        return float((shares @ weights).mean()), np.array(slope) / len(design)


class _Rows(NamedTuple):
    """Rows sorted by cluster, and where each cluster starts."""

    outcome: Array
    design: Array
    codes: Labels
    starts: Labels

    def by_cluster(self, values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, self.starts, axis=0))


def fit_random_intercept_logit(
    outcome: Array, design: Array, clusters: Labels, *, names: Sequence[str]
) -> RandomInterceptLogit | Unavailable:
    """Fit log odds with a random intercept by maximum likelihood.

    Parameters
    ----------
    outcome : ndarray, shape (n_rows,)
        Zeros and ones, complete.
    design : ndarray, shape (n_rows, n_names)
        The fixed columns, an intercept among them.
    clusters : ndarray, shape (n_rows,)
        What was allocated together.
    names : sequence of str
        Names of the columns.

    Returns
    -------
    RandomInterceptLogit
        The spread may be zero.
    Unavailable
        One kind of answer only, columns that predict each other or the answer, or a
        likelihood without a summit.

    References
    ----------
    Pinheiro & Bates (1995), J. Computational and Graphical Statistics 4(1), 12-35.
    """
    codes = np.unique(clusters, return_inverse=True)[1].ravel()
    order = np.argsort(codes, kind="stable")
    sorted_codes = codes[order]
    starts = np.flatnonzero(np.diff(sorted_codes, prepend=-1))
    rows = _Rows(outcome[order], design[order], sorted_codes, starts)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        reason = "some columns predict each other: leave out or merge groups"
        return Unavailable(term="random_intercept_logit", reason=reason, n=len(outcome))
    point = _summit(rows)
    curvature = None if point is None else _curvature(rows, point)
    if point is None or curvature is None:
        return Unavailable(
            term="random_intercept_logit", reason=SEPARATED, n=len(outcome)
        )
    return RandomInterceptLogit(
        names=tuple(names),
        coefficients=point[:-1],
        spread=float(point[-1]),
        covariance=np.asarray(np.linalg.inv(curvature), float),
        log_likelihood=-_integrated(rows, point)[0],
        n=len(outcome),
        n_clusters=len(starts),
    )


def _modes(rows: _Rows, fixed: Array, spread: float) -> tuple[Array, Array]:
    """Each cluster's most likely standardised intercept, and the width around it."""
    modes = np.zeros(len(rows.starts))
    curved = np.ones_like(modes)
    for _ in range(STEPS):
        shares = special.expit(fixed + spread * modes[rows.codes])
        slope = spread * rows.by_cluster(rows.outcome - shares) - modes
        curved = spread**2 * rows.by_cluster(shares * (1 - shares)) + 1
        step = np.clip(slope / curved, -1, 1)
        modes = modes + step
        if np.abs(step).max() < 1e-12:
            break
    return modes, 1 / np.sqrt(curved)


def _integrated(rows: _Rows, point: Array) -> tuple[float, Array]:
    """Minus the log likelihood and its slope in the coefficients and the spread."""
    spread = float(point[-1])
    fixed = rows.design @ point[:-1]
    places, weights = np.polynomial.hermite.hermgauss(PLACES)
    modes, widths = _modes(rows, fixed, spread)
    at = modes[:, None] + math.sqrt(2) * widths[:, None] * places
    logits = fixed[:, None] + spread * at[rows.codes]
    heights = rows.by_cluster(
        rows.outcome[:, None] * logits - np.logaddexp(0.0, logits)
    )
    heights += places**2 + np.log(weights) - at**2 / 2
    heights += np.log(widths)[:, None] - math.log(math.pi) / 2
    total = special.logsumexp(heights, axis=1)
    share = np.exp(heights - total[:, None])
    left = rows.outcome[:, None] - special.expit(logits)
    in_fixed = rows.design.T @ (left * share[rows.codes]).sum(axis=1)
    in_spread = (rows.by_cluster(left) * at * share).sum()
    return -float(total.sum()), -np.append(in_fixed, in_spread)


def _summit(rows: _Rows) -> Array | None:
    start = np.zeros(rows.design.shape[1] + 1)
    start[-1] = 0.5
    point = minimised(lambda at: _integrated(rows, at), start)[0]
    for _ in range(3):
        curvature = _curvature(rows, point)
        if curvature is None:
            return None
        point = point - np.linalg.solve(curvature, _integrated(rows, point)[1])
    flat = np.abs(_integrated(rows, point)[1]).max() < FLAT * len(rows.outcome)
    within = np.abs(rows.design @ point[:-1]).max() < ENDLESS
    # The likelihood is even in the spread: both signs are one model.
    point[-1] = abs(point[-1])
    return point if flat and within else None


def _curvature(rows: _Rows, point: Array) -> Array | None:
    """Minus the Hessian by differences of the slope; None where it is not positive."""
    steps = STEP * np.eye(len(point))
    slopes = [
        _integrated(rows, point + step)[1] - _integrated(rows, point - step)[1]
        for step in steps
    ]
    found = np.array(slopes) / (2 * STEP)
    found = (found + found.T) / 2
    if not np.isfinite(found).all() or np.linalg.eigvalsh(found)[0] < FLAT:
        return None
    return found
