"""Estimate the effect in a stepped wedge, tested by randomisation of the order.

Hussey & Hughes's model of cluster means: an intercept for every wave, a random cluster,
one constant effect. The test is exact if the order of starting was randomised. Oracle:
R nlme, tests/oracles/values/compared.json.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.designs.randomisation import (
    Allocations,
    randomisation_test,
    roll_outs,
)
from heard.effects.designs.staggered_adoption import RollOut, roll_out
from heard.errors import DataError
from heard.models.cluster_robust import Array
from heard.results import Composite, Estimate, Result, counting

MINIMUM_CLUSTERS = 3
NOISE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedWedge(Composite):
    """The effect of having the pilot, its p over orders, and the weighing behind it."""

    stepped_wedge_effect: Result
    stepped_wedge_p_value: Result
    stepped_wedge_smallest_possible_p_value: Result
    cluster_mean_correlation: Result


def stepped_wedge(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    start: str = "start",
    cluster: str = "cluster",
    score: str = "score",
    correlation: float | None = None,
    seed: str = "stepped wedge",
) -> SteppedWedge:
    """Estimate one effect of a roll-out and test it by permuting the order.

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
    correlation : float, optional
        How similar two waves' means of one cluster are, from 0 (waves compared across
        clusters) to near 1 (each cluster with itself only). By default estimated
        without regard to the pilot, so that it is the same for every order.
    seed : str
        Names the draws, where there are too many orders to go through.

    Returns
    -------
    SteppedWedge
        Score units; n counts clusters. Right if the effect is the same from the first
        wave on; where it grows or fades, see `staggered_effects`. Unavailable: fewer
        than 3 clusters with all waves, all started together, nothing varies.

    References
    ----------
    Hussey & Hughes (2007), Contemporary Clinical Trials 28(2), 182-191; Ji, Fink,
    Robyn & Small (2017), Annals of Applied Statistics 11(1), 1-20.
    """
    if correlation is not None and not 0 <= correlation < 1:
        raise DataError("stepped wedge", "the correlation must be from 0 to below 1")
    table = roll_out(frame, waves=waves, start=start, cluster=cluster, score=score)
    if fault := _fault(table):
        return SteppedWedge.unavailable(fault, n=len(table.starts))
    known = _correlation(table.means) if correlation is None else correlation
    allocations = _allocations(table, known, seed)
    how = (
        "Hussey and Hughes' model by generalised least squares, "
        f"{table.method_text()}; "
        "effect taken as the same from the first wave on; orders of starting permuted, "
        "exact if the order was randomised"
    )
    found = randomisation_test(
        allocations, name="stepped_wedge", n=len(table.starts), method=how
    )
    together = SteppedWedge(
        stepped_wedge_effect=found.effect,
        stepped_wedge_p_value=found.p_value,
        stepped_wedge_smallest_possible_p_value=found.smallest_possible_p_value,
        cluster_mean_correlation=Estimate.of(
            "cluster_mean_correlation",
            known,
            n=len(table.starts),
            method="correlation of a cluster's means at two waves, used to weigh; "
            + (
                "analysis of variance without the pilot, negative taken as zero; no "
                "interval: it only weighs"
                if correlation is None
                else "given, so no interval"
            ),
        ),
    )
    return counting(together, "clusters")


def _fault(table: RollOut) -> str:
    if table.fault:
        return table.fault
    n_clusters, n_waves = table.means.shape
    if n_clusters < MINIMUM_CLUSTERS:
        return (
            f"{n_clusters} clusters with every wave; at least {MINIMUM_CLUSTERS} needed"
        )
    if n_waves < 2:
        return "fewer than 2 waves: nothing can change"
    # Who starts at the first wave always has it, who starts after the last never.
    if len(np.unique(table.starts)) < 2:
        return "all clusters started at the same wave: nothing to compare"
    left = table.means - table.means.mean(axis=0)
    left = left - left.mean(axis=1, keepdims=True)
    if np.abs(left).max() <= NOISE * np.abs(table.means).max():
        return "all clusters change by the same amount: no interval can be given"
    return ""


def _correlation(means: Array) -> float:
    """By analysis of variance, clusters and waves, one mean a cell."""
    n_clusters, n_waves = means.shape
    centred = means - means.mean(axis=0)
    level = centred.mean(axis=1)
    between = n_waves * float(level @ level) / (n_clusters - 1)
    left = centred - level[:, None]
    within = float((left**2).sum()) / ((n_clusters - 1) * (n_waves - 1))
    shared = max(0.0, (between - within) / n_waves)
    return shared / (shared + within)


def _allocations(table: RollOut, correlation: float, seed: str) -> Allocations:
    """Scores of every order under compound symmetry, waves' means removed."""
    n_waves = table.means.shape[1]
    share = n_waves * correlation / (1 - correlation + n_waves * correlation)
    inverse = np.eye(n_waves) - share / n_waves
    outcome = table.means - table.means.mean(axis=0)
    exposed = (np.arange(n_waves) >= np.arange(n_waves + 1)[:, None]).astype(float)
    # Every order treats as many clusters at a wave, so the same mean is removed.
    exposed = exposed - exposed[table.starts].mean(axis=0)
    by_start = outcome @ inverse @ exposed.T
    by_exposure = exposed[table.starts] @ inverse @ exposed.T
    orders, possible = roll_outs(table.starts, seed=seed)
    complete = len(orders) == possible
    if complete:
        real = int(np.flatnonzero((orders == table.starts).all(axis=1))[0])
        orders = np.vstack([orders[real], np.delete(orders, real, axis=0)])
    places = np.arange(len(table.starts))
    information = float(by_exposure[places, table.starts].sum())
    root = math.sqrt(information)
    return Allocations(
        zero=by_start[places, orders].sum(axis=1) / root,
        slope=by_exposure[places, orders].sum(axis=1) / root,
        complete=complete,
        possible=possible,
    )
