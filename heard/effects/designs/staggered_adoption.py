"""Estimate effects under staggered adoption, by start and by time since.

Only clusters not yet (or never) treated are used for comparison: a regression with a
single effect also compares with those already treated, which can reverse its sign
(Goodman-Bacon 2021). Every cluster counts once, whatever its size. Oracles: R,
tests/oracles/values/compared.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.description import named
from heard.effects.designs.difference_in_differences import complete_rows, score_fault
from heard.errors import DataError, unknown
from heard.models.cluster_robust import Array, Labels
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Result, Unavailable, counting

TWO_STARTS = "a cluster has more than one start, or stratum"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """Means of clusters at waves, and when each started.

    `means`, shape (n_clusters, n_waves): complete.
    `starts`, shape (n_clusters,): place of the first wave with the pilot; n_waves if
      never in these waves.
    `strata`, shape (n_clusters,): within which the order was drawn; empty if not known.
    `n_left_out`: clusters without a score at some wave.
    `fault`: why nothing can be computed; empty if it can.
    """

    means: Array
    starts: Labels
    n_left_out: int
    strata: Labels = field(default_factory=lambda: np.empty(0, dtype=object))
    fault: str = ""

    def method_text(self) -> str:
        """What was averaged and left out, in words."""
        left = f", {self.n_left_out} without a score at some wave left out"
        return (
            f"means of {len(self.starts)} clusters, each once"
            f"{left if self.n_left_out else ''}"
        )


def roll_out(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    start: str,
    cluster: str,
    score: str,
    stratum: str = "",
) -> RollOut:
    """Average scores by cluster and wave.

    `frame`: ``wave``, the cluster, its start and the score.
    `waves`: in order.
    `start`: column with the first wave at which the cluster had the pilot; missing if
      never.
    `cluster`, `score`, `stratum`: columns; the last, if given, constant in a cluster.
    Raises DataError: A column is missing, or a start is no wave.
    """
    own = [cluster, *([stratum] if stratum else [])]
    rows = complete_rows(frame, scores=[score], labels=["wave", *own])
    if start not in frame.columns:
        known = [str(column) for column in frame.columns]
        raise DataError("roll-out", unknown("column", start, known))
    begun = frame[[*own, start]].assign(**{start: named(frame[start])})
    begun = begun.dropna(subset=own).drop_duplicates()
    strange = int((begun[start].notna() & ~begun[start].isin(list(waves))).sum())
    if strange:
        raise DataError(
            "roll-out",
            f"{strange} clusters start at something that is not among the waves; "
            "leave the start empty where it never came",
        )
    if begun[cluster].duplicated().any():
        return _rollout_nothing(TWO_STARTS)
    rows = rows[rows["wave"].isin(list(waves))]
    if fault := score_fault(rows, [score]):
        return _rollout_nothing(fault)
    table = rows.pivot_table(
        index=cluster, columns="wave", values=score, aggfunc="mean", observed=True
    ).reindex(columns=list(waves))
    means = table.dropna()
    places = {wave: place for place, wave in enumerate(waves)}
    of_cluster = begun.set_index(cluster).reindex(means.index)
    starts = of_cluster[start].map(places)
    return RollOut(
        means=means.to_numpy(dtype=float),
        starts=starts.fillna(len(waves)).to_numpy(dtype=int),
        n_left_out=len(table) - len(means),
        strata=of_cluster[stratum].to_numpy() if stratum else np.empty(0, dtype=object),
        fault="" if len(means) else "no cluster has a score at every wave",
    )


def _rollout_nothing(fault: str) -> RollOut:
    return RollOut(
        means=np.empty((0, 0)), starts=np.empty(0, dtype=int), n_left_out=0, fault=fault
    )


ComparedWith = Literal["not_yet", "never"]

DEPARTURES = (0.5, 1.0)
"""M, as of `trend_sensitivity`."""
ONE_WAVE = "one wave before the start: how much trends diverge is unknown"
N_DRAWS = 4_999
NOISE = 1e-12
MEANING = {
    "not_yet": "clusters not yet treated, or never",
    "never": "clusters never treated",
}
NO_SPREAD = (
    "no interval: clusters that start together do not differ, or only one does start "
    "or serve as comparison then"
)
NO_COMPARISON = "no wave at which treated and untreated clusters can be compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTimeEffect(Composite):
    """Effect at a wave on the clusters that started together.

    - `started`: the wave at which they started.
    - `wave`: the wave looked at; before the start it should show about zero.
    - `group_time_effect`: change since the last wave before the start, less that of the
      comparison.
    """

    started: str
    wave: str
    group_time_effect: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimeEffect(Composite):
    """Effect so many waves since the start, averaged over those who started.

    - `waves_since_start`: 0 at the first wave with the pilot; below 0 before it.
    - `event_time_effect`: with an interval for this one.
    - `event_time_effect_simultaneous`: the same, with an interval that holds for all of
      them at once.
    """

    waves_since_start: str
    event_time_effect: Result
    event_time_effect_simultaneous: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartureEffect(Composite):
    """The overall effect, its interval allowing for trends that part by themselves.

    - `departure`: M: in units of the largest change between two waves before the start.
    """

    departure: str
    trend_robust_effect: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class StaggeredEffects(Composite):
    """The overall effect, the effects by time since the start, and its parts.

    - `staggered_effect_over_times`: every number of waves since the start counts once.
    - `by_departure`: the overall effect where trends part by themselves.
    """

    staggered_effect: Result
    staggered_effect_p_value: Result
    staggered_effect_over_times: Result
    by_departure: tuple[DepartureEffect, ...]
    by_event_time: tuple[EventTimeEffect, ...]
    by_group_time: tuple[GroupTimeEffect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Average:
    """A weighted sum of cluster means, and how sure it is."""

    value: float
    shares: Array
    """What each cluster adds to the error, shape (n_clusters,)."""
    error: float | None
    degrees: float | None


def staggered_effects(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    start: str = "start",
    cluster: str = "cluster",
    score: str = "score",
    compared_with: ComparedWith = "not_yet",
    seed: str = "staggered",
) -> StaggeredEffects:
    """Estimate effects of a pilot that clusters started at different waves.

    Parameters
    ----------
    frame : DataFrame, one row a participant (or cluster) and wave
        ``wave``, the cluster, its start and the score; NaN where unanswered.
    waves : sequence of str
        In order.
    start : str
        Column with the first wave with the pilot, missing if it never came.
    cluster, score : str
        Columns.
    compared_with : {"not_yet", "never"}
        Who serves as comparison.
    seed : str
        Names the draws of the simultaneous intervals.

    Returns
    -------
    StaggeredEffects
        Score units; n counts clusters, each once; those without a score at some wave,
        or treated from the first wave on, are left out. The overall effect averages
        each start's waves, then the starts by their clusters. If trends part by up to
        M times the largest change between two waves before the start, averaged over
        starts, it is off by at most that times the mean time since the last wave
        before. Unavailable: no one to compare with; bounds: one wave before the start.

    References
    ----------
    Callaway & Sant'Anna (2021), J. of Econometrics 225(2), 200-230; Goodman-Bacon
    (2021), J. of Econometrics 225(2), 254-277; Rambachan & Roth (2023), Review of
    Economic Studies 90(5), 2555-2591.
    """
    table = roll_out(frame, waves=waves, start=start, cluster=cluster, score=score)
    if table.fault:
        return _nothing(table.fault, 0)
    always = table.starts == 0
    left = RollOut(
        means=table.means[~always],
        starts=table.starts[~always],
        n_left_out=table.n_left_out,
    )
    cells = _cells(left, compared_with)
    if not any(wave >= begun for begun, wave in cells):
        return _nothing(NO_COMPARISON, len(left.starts))
    how = (
        f"{left.method_text()}; {int(always.sum())} treated from the first wave on "
        "left out; "
        f"against {MEANING[compared_with]}; changes since the last wave before the "
        "start, valid under parallel trends"
    )
    return counting(_effects(left, cells, list(waves), how, seed), "clusters")


def _cells(table: RollOut, compared_with: ComparedWith) -> dict[tuple[int, int], Array]:
    """For every start and wave the weights of cluster means, where comparable."""
    n_waves = table.means.shape[1]
    found = {}
    for begun in sorted(set(table.starts[table.starts < n_waves])):
        own = table.starts == begun
        for wave in range(n_waves):
            if wave == begun - 1:
                continue
            untreated = table.starts > max(wave, begun - 1)
            if compared_with == "never":
                untreated = table.starts == n_waves
            others = untreated & ~own
            if others.any():
                weights = np.zeros(table.means.shape)
                gap = own / own.sum() - others / others.sum()
                weights[:, wave], weights[:, begun - 1] = gap, -gap
                found[int(begun), wave] = weights
    return found


def _effects(
    table: RollOut,
    cells: dict[tuple[int, int], Array],
    waves: list[str],
    how: str,
    seed: str,
) -> StaggeredEffects:
    sizes = {begun: int((table.starts == begun).sum()) for begun, _ in cells}
    by_start = {}
    for begun in sizes:
        later = [cells[b, w] for b, w in cells if b == begun and w >= begun]
        if later:
            by_start[begun] = np.mean(later, axis=0)
    total = sum(sizes[begun] for begun in by_start)
    overall = sum(
        (sizes[begun] / total * weights for begun, weights in by_start.items()),
        np.zeros(table.means.shape),
    )
    since = {}
    for steps in sorted({wave - begun for begun, wave in cells}):
        cells_at_step = [(b, w) for b, w in cells if w - b == steps]
        number = sum(sizes[b] for b, _ in cells_at_step)
        since[steps] = sum(
            (sizes[cell[0]] / number * cells[cell] for cell in cells_at_step),
            np.zeros(table.means.shape),
        )
    over_times = np.mean([since[steps] for steps in since if steps >= 0], axis=0)
    average = _average(table, overall)
    method = f"mean over waves with the pilot, then over starts by clusters; {how}"
    return StaggeredEffects(
        staggered_effect=_estimate("staggered_effect", average, table, method),
        staggered_effect_p_value=_p_value(average, table, method),
        staggered_effect_over_times=_estimate(
            "staggered_effect_over_times",
            _average(table, over_times),
            table,
            f"mean over numbers of waves since the start; {how}",
        ),
        by_departure=_by_departure(
            table,
            overall,
            {cell: own for cell, own in cells.items() if cell[0] in by_start},
            method,
        ),
        by_event_time=_by_event_time(table, since, how, seed),
        by_group_time=tuple(
            GroupTimeEffect(
                started=str(waves[begun]),
                wave=str(waves[wave]),
                group_time_effect=_estimate(
                    "group_time_effect", _average(table, weights), table, how
                ),
            )
            for (begun, wave), weights in cells.items()
        ),
    )


def _by_departure(
    table: RollOut, overall: Array, cells: dict[tuple[int, int], Array], how: str
) -> tuple[DepartureEffect, ...]:
    """The overall effect if trends part by up to M times the most they did before."""
    changes = _changes_before(table, cells)
    # Weights of means after the start: how long a departure may add up.
    since = np.arange(table.means.shape[1]) - table.starts[:, None] + 1
    reach = float((overall * np.clip(since, 0, None)).sum())
    value = float((overall * table.means).sum(axis=1).sum())
    n = len(table.starts)
    found = []
    for departure in DEPARTURES:
        parts = [
            _estimate("", _average(table, overall + moved), table, how)
            for change in changes
            for moved in (departure * reach * change, -departure * reach * change)
        ]
        limits = [
            (one.conf_low, one.conf_high)
            for one in parts
            if one.conf_low is not None and one.conf_high is not None
        ]
        result: Result = Unavailable(
            term="trend_robust_effect", reason=NO_SPREAD if changes else ONE_WAVE, n=n
        )
        if changes and len(limits) == len(parts):
            ends = min(low for low, _ in limits), max(high for _, high in limits)
            what = (
                f"M = {departure:g}; {how}; trends may part by up to M times their "
                "largest change between waves before the start, over starts (relative "
                "magnitudes); union of the t intervals over every change before and "
                "its sign, so it covers at least 95 %"
            )
            result = Estimate.of("trend_robust_effect", value, ends, n=n, method=what)
        found.append(
            DepartureEffect(departure=f"{departure:g}", trend_robust_effect=result)
        )
    return tuple(found)


def _changes_before(table: RollOut, cells: dict[tuple[int, int], Array]) -> list[Array]:
    """Weights of each change between two waves before the start, over starts."""
    found = []
    for steps in range(-table.means.shape[1], -1):
        here = {
            b: cells[b, w] - cells.get((b, w + 1), 0.0)
            for b, w in cells
            if w - b == steps
        }
        sizes = {begun: float((table.starts == begun).sum()) for begun in here}
        if here:
            parts = [sizes[begun] * change for begun, change in here.items()]
            found.append(np.asarray(sum(parts) / sum(sizes.values())))
    return found


def _average(table: RollOut, weights: Array) -> _Average:
    """A weighted sum, its error from clusters that start together, Welch's way."""
    parts = (weights * table.means).sum(axis=1)
    shares, variances, degrees = np.zeros(len(parts)), [], []
    is_single = False
    for begun in np.unique(table.starts):
        own = table.starts == begun
        if np.abs(weights[own]).max() <= NOISE:
            continue
        count = int(own.sum())
        if count == 1:
            is_single = True
            continue
        shares[own] = (parts[own] - parts[own].mean()) * np.sqrt(count / (count - 1))
        variances.append(float((shares[own] ** 2).sum()))
        degrees.append(count - 1)
    variance = sum(variances)
    noise = NOISE * float(np.abs(weights * table.means).max())
    if is_single or variance <= noise**2:
        return _Average(value=parts.sum(), shares=shares, error=None, degrees=None)
    squares = sum(v**2 / d for v, d in zip(variances, degrees, strict=True))
    return _Average(
        value=float(parts.sum()),
        shares=shares,
        error=variance**0.5,
        degrees=variance**2 / squares,
    )


def _estimate(
    term: str,
    average: _Average,
    table: RollOut,
    how: str,
    *,
    normal: float | None = None,
) -> Estimate:
    """An average with its t interval, as wide as `normal` if that is given."""
    value, n = float(average.value), len(table.starts)
    if average.error is None or average.degrees is None:
        return Estimate(term=term, estimate=value, n=n, method=f"{how}; {NO_SPREAD}")
    beyond = 0.025 if normal is None else float(stats.norm.sf(normal))
    reach = float(stats.t.isf(beyond, average.degrees)) * average.error
    kind = f"t interval with {average.degrees:.1f} degrees of freedom (Welch)"
    if normal is not None:
        kind = (
            f"{kind}, widened to hold for all times at once by {N_DRAWS} draws of a "
            "multiplier bootstrap over clusters"
        )
    return Estimate.of(
        term, value, (value - reach, value + reach), n=n, method=f"{how}; {kind}"
    )


def _p_value(average: _Average, table: RollOut, how: str) -> Result:
    term, n = "staggered_effect_p_value", len(table.starts)
    if average.error is None or average.degrees is None:
        return Unavailable(term=term, reason=NO_SPREAD, n=n, method=how)
    size = abs(average.value) / average.error
    return Estimate.of(
        term,
        2 * stats.t.sf(size, average.degrees),
        n=n,
        method=f"{how}; two-sided t test with {average.degrees:.1f} degrees of "
        "freedom; no interval",
    )


def _by_event_time(
    table: RollOut, since: dict[int, Array], how: str, seed: str
) -> tuple[EventTimeEffect, ...]:
    averages = {steps: _average(table, weights) for steps, weights in since.items()}
    normal = _widest([a for a in averages.values() if a.error], seed)
    return tuple(
        EventTimeEffect(
            waves_since_start=str(steps),
            event_time_effect=_estimate("event_time_effect", average, table, how),
            event_time_effect_simultaneous=_estimate(
                "event_time_effect_simultaneous", average, table, how, normal=normal
            ),
        )
        for steps, average in averages.items()
    )


def _widest(averages: list[_Average], seed: str) -> float:
    """The 95th percentile of the largest of several standardised errors."""
    single = float(stats.norm.isf(0.025))
    if not averages:
        return single
    shares = np.stack([a.shares / a.error for a in averages if a.error is not None])
    random = generator("staggered multipliers", seed)
    signs = random.integers(0, 2, (N_DRAWS, shares.shape[1])) * 2.0 - 1.0
    largest = np.abs(signs @ shares.T).max(axis=1)
    return max(single, float(np.quantile(largest, 0.95)))


def _nothing(reason: str, n: int) -> StaggeredEffects:
    return StaggeredEffects.unavailable(reason, n=n)
