"""Estimate intervals by influence functions (ADF) or by the bootstrap.

A coefficient of covariances S with derivative G has influence d'Gd - tr(GS) for a
participant with deviations d; summed within clusters, it allows for clustering.
Replicates need no resampled data: how often each unit was drawn, times its products,
gives all sums. Draws come from one named stream, whatever the block size or number of
cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from heard.models.complete_responses import NO_VARIANCE, Array, CompleteResponses
from heard.models.random_streams import generator
from heard.models.stable_choice import sides

MINIMUM_CLUSTERS = 5
NO_WIDTH = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Covariances, or correlations, of items, and the deviations they come from.

    `matrix`, shape (k, k): divisor n - 1.
    `deviations`, shape (n, k): from the mean; in standard deviations if `standardised`.
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

    `estimate`: below 1.
    `influence`, shape (n,): mean near zero.
    `clusters`: cluster of each participant; limits are then by t with clusters - 1
      degrees of freedom, and need 5 clusters.
    `scale`, {"plain", "log", "fisher"}: symmetric limits; or symmetric on log(1 -
      estimate), which stay below 1 and suit the skewness of reliability coefficients;
      or on Fisher's z, for correlations.
    """
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


REPLICATES = 2000
MINIMUM_N = 200
"""Replicates under which limits at the 2.5 % ends mean nothing."""
LARGEST_REDUCTION = 0.05
"""The share of replicates without a value beyond which there is no interval."""
ENOUGH_CLUSTERS = 100
"""Clusters under which drawing them gives too narrow limits: with 40, a 95 % interval
held the truth in 85 to 90 % of samples (docs/explanation/statistics-consistency.md)."""
CELLS = 1_000_000
"""Counts of draws held at a time: they should stay near the processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What is resampled, and how often.

    `seed`: name of the draws.
    `clusters`: cluster of each participant: whole clusters are drawn.
    """

    replicates: int
    seed: str
    clusters: pd.Series | None = None

    def __post_init__(self) -> None:
        """Refuse too few replicates."""
        if self.replicates < MINIMUM_N:
            raise ValueError(
                f"replicates is {self.replicates}; give at least {MINIMUM_N}"
            )

    def fault(self) -> str:
        """Why clusters cannot be drawn; empty if they can."""
        if self.clusters is None:
            return ""
        lacking = int(self.clusters.isna().sum())
        found = int(self.clusters.nunique())
        if lacking:
            return f"{lacking} participants without a cluster"
        if found < MINIMUM_CLUSTERS:
            return f"clusters {found}; at least {MINIMUM_CLUSTERS} needed"
        return ""

    def by_unit(self, values: Array) -> Array:
        """Values summed within clusters; as they are where there are none."""
        if self.clusters is None:
            return values
        codes, names = self.clusters.factorize()
        found = np.zeros((len(names), *values.shape[1:]))
        np.add.at(found, codes, values)
        return found

    def means(self, columns: Array, *, block: int | None = None) -> Iterator[Array]:
        """Means of the columns in every replicate, some replicates at a time.

        `columns`, shape (n_participants, n_columns).
        `block`: replicates at a time; changes nothing but memory and time.
        """
        sizes = self.by_unit(np.ones((len(columns), 1)))
        units = np.hstack([self.by_unit(columns), sizes])
        random = generator("bootstrap", self.seed)
        block = block or max(1, CELLS // max(len(units), units.shape[1]))
        for start in range(0, self.replicates, block):
            rows = min(block, self.replicates - start)
            sums = drawn(random, rows, len(units)) @ units
            yield sums[:, :-1] / sums[:, -1:]


def drawn(random: np.random.Generator, replicates: int, units: int) -> Array:
    """How often each unit was drawn, shape (replicates, units)."""
    places = random.integers(0, units, size=(replicates, units))
    places += np.arange(replicates)[:, None] * units
    counts = np.bincount(places.ravel(), minlength=replicates * units)
    return np.asarray(counts.reshape(replicates, units), dtype=np.float64)


def covariance_columns(values: Array) -> Array:
    """Columns whose means give all covariances: items, then their products."""
    centred = values - values.mean(axis=0)
    rows, columns = np.triu_indices(values.shape[1])
    return np.hstack([centred, centred[:, rows] * centred[:, columns]])


def covariances(means: Array, items: int) -> Array:
    """Covariances, divisor n, of every replicate, shape (replicates, k, k)."""
    rows, columns = np.triu_indices(items)
    centre = means[:, :items]
    found = np.empty((len(means), items, items))
    found[:, rows, columns] = means[:, items:]
    found[:, columns, rows] = means[:, items:]
    return np.asarray(found - centre[:, :, None] * centre[:, None, :])


def replicated_correlations(
    values: Array, draws: Draws, statistic: Callable[[Array], Array], *, block: int = 0
) -> Array:
    """A statistic of correlations in every replicate; NaN where an item is constant.

    `values`, shape (n_participants, k): items that vary.
    `statistic`: correlations, shape (replicates, k, k) → shape (replicates,).
    """
    k = values.shape[1]

    def of_means(means: Array) -> Array:
        matrices = covariances(means, k)
        variances = np.einsum("bii->bi", matrices)
        spread = np.sqrt(np.where(variances > NO_VARIANCE, variances, np.nan))
        return statistic(matrices / (spread[:, :, None] * spread[:, None, :]))

    columns = covariance_columns(values / values.std(axis=0))
    return replicated(columns, draws, of_means, block=block)


def bootstrap_interval(
    estimate: float,
    replicates: Array,
    draws: Draws,
    *,
    influence: Array | None,
    confidence: float,
) -> Interval:
    """Limits from replicates.

    `replicates`, shape (n_replicates,): the coefficient in each replicate; NaN where it
      has no value.
    `influence`, shape (n_participants,) or None: for limits corrected for bias and
      acceleration (BCa); None for percentiles.

    Efron (1987), Journal of the American Statistical Association 82(397), 171-185.
    """
    kept = replicates[np.isfinite(replicates)]
    n_failed = draws.replicates - len(kept)
    if n_failed > LARGEST_REDUCTION * draws.replicates:
        return no_interval(f"{n_failed} of {draws.replicates} replicates have no value")
    spread = float(kept.std(ddof=1))
    if spread < 1e-12:
        return no_interval("no participant moves the estimate")
    tails = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    what = "percentile"
    if influence is not None:
        tails = _corrected(tails, estimate, kept, draws.by_unit(influence))
        what = "bias-corrected and accelerated (BCa)"
    low, high = (float(limit) for limit in np.quantile(kept, tails))
    of_what = (
        "participants"
        if draws.clusters is None
        else f"{draws.clusters.nunique()} whole clusters"
    )
    words = (
        f"{100 * confidence:g} % {what} bootstrap interval, {draws.replicates} draws "
        f"of {of_what}"
    )
    if draws.clusters is not None and draws.clusters.nunique() < ENOUGH_CLUSTERS:
        words += ", too narrow with so few"
    if n_failed:
        words += f", {n_failed} without a value left out"
    if not low <= estimate <= high:
        return no_interval("the replicates lie to one side of the estimate")
    return Interval(low=low, high=high, standard_error=spread, words=words)


def _corrected(tails: Array, estimate: float, kept: Array, influence: Array) -> Array:
    """The quantiles that bias and acceleration make of the tails."""
    side = sides(kept, estimate)
    below = np.mean(side < 0) + np.mean(side == 0) / 2
    bias = special.ndtri(np.clip(below, 1 / len(kept), 1 - 1 / len(kept)))
    centred = influence - influence.mean()
    squares = float(np.sum(centred**2))
    pull = float(np.sum(centred**3)) / (6 * squares**1.5) if squares > 0 else 0.0
    normal = bias + special.ndtri(tails)
    return np.asarray(special.ndtr(bias + normal / (1 - pull * normal)))


def replicated(
    columns: Array, draws: Draws, statistic: Callable[[Array], Array], *, block: int = 0
) -> Array:
    """A statistic of the means of columns, in every replicate."""
    parts = [statistic(means) for means in draws.means(columns, block=block or None)]
    return np.concatenate(parts)
