"""Estimate the effect in a stepped wedge, tested by permutation of the order.

Least squares of team means on team, wave (within strata, if the order was drawn within
them) and one constant effect. The test is exact if the order was randomised, whatever
the teams' own courses are. Oracle: R, tests/oracles/values/unit_means.json, every order
fitted anew.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.clustered.repeated_waves import mixed_effects
from heard.effects.designs.permitted import shuffled
from heard.effects.designs.permutation import LEVEL, Allocations, randomisation_test
from heard.effects.designs.staggered_adoption import RollOut, roll_out
from heard.models.cluster_robust import Array, Labels, dummies
from heard.results import Composite, Result, Unavailable, counting

MINIMUM_CLUSTERS = 3
NOISE = 1e-12
TOO_FEW_ORDERS = "too few orders were possible: {count}, so no p can be {level} or less"


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedWedge(Composite):
    """The effect of having the pilot, its p over orders, and the least p possible."""

    stepped_wedge_effect: Result
    stepped_wedge_p_value: Result
    stepped_wedge_smallest_possible_p_value: Result


def stepped_wedge(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    start: str = "start",
    cluster: str = "cluster",
    score: str = "score",
    stratum: str = "",
    own_course: bool = True,
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
    stratum : str
        Column of the strata (sites) within which the order was drawn: starts change
        places within each alone.
    own_course : bool
        Whether each stratum has its own course over the waves, not one with the others.
    seed : str
        Names the draws, where there are too many orders to go through.

    Returns
    -------
    SteppedWedge
        Score units; n counts clusters, each once at every wave. Right if the effect is
        the same from the first wave on; where it grows or fades, see
        `staggered_effects`. Unavailable: fewer than 3 clusters with all waves, all of
        each stratum started together, nothing varies; effect and p also where the
        smallest possible p is over .05.

    References
    ----------
    Thompson, Davey, Fielding, Hargreaves & Hayes (2018), Statistics in Medicine 37(16),
    2487-2500; Ji, Fink, Robyn & Small (2017), Annals of Applied Statistics 11(1), 1-20.
    """
    table = roll_out(
        frame, waves=waves, start=start, cluster=cluster, score=score, stratum=stratum
    )
    courses = table.strata if own_course else table.strata[:0]
    if fault := _fault(table, courses):
        return SteppedWedge.unavailable(fault, n=len(table.starts))
    allocations = _allocations(table, courses, seed)
    within = f" within {len(set(table.strata))} strata" if len(table.strata) else ""
    apart = within if own_course else ""
    how = (
        f"least squares on clusters and waves{apart}, {table.method_text()}; effect "
        "taken as the same from the first wave on; orders of starting "
        f"permuted{within}, exact if the order was randomised"
    )
    found = randomisation_test(
        allocations, name="stepped_wedge", n=len(table.starts), method=how
    )
    effect, p_value = found.effect, found.p_value
    if allocations.floor > LEVEL:
        reason = TOO_FEW_ORDERS.format(count=allocations.possible, level=LEVEL)
        effect, p_value = (
            Unavailable(term=one.term, reason=reason, n=one.n, method=how)
            for one in (effect, p_value)
        )
    together = SteppedWedge(
        stepped_wedge_effect=effect,
        stepped_wedge_p_value=p_value,
        stepped_wedge_smallest_possible_p_value=found.smallest_possible_p_value,
    )
    return counting(together, "clusters")


def wedge_mixed_model(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    start: str = "start",
    cluster: str = "cluster",
    score: str = "score",
    stratum: str = "",
) -> Result:
    """Estimate one effect of a roll-out by a mixed model of clusters' means.

    Parameters
    ----------
    frame, waves, start, cluster, score, stratum
        As for `stepped_wedge`.

    Returns
    -------
    Estimate
        A random level of every cluster, and a residual for how it moves by itself from
        wave to wave; waves, within strata, are fixed. Score units; n counts clusters.
        Intervals by Kenward and Roger. Too narrow where clusters move slowly, so that
        neighbouring waves are alike: next to `stepped_wedge`, not in its place.
    Unavailable
        As for `stepped_wedge`, and where the model cannot be fitted.

    References
    ----------
    Hussey & Hughes (2007), Contemporary Clinical Trials 28(2), 182-191.
    """
    table = roll_out(
        frame, waves=waves, start=start, cluster=cluster, score=score, stratum=stratum
    )
    term, n = "stepped_wedge_effect", len(table.starts)
    if fault := _fault(table, table.strata):
        return Unavailable(term=term, reason=fault, n=n, n_unit="clusters")
    n_waves = len(waves)
    strata = table.strata if len(table.strata) else np.zeros(n)
    place, wave = np.repeat(np.arange(n), n_waves), np.tile(np.arange(n_waves), n)
    courses = {
        f"{name} at {at}": ((strata[place] == name) & (wave == at)).astype(float)
        for name in sorted(set(strata))
        for at in range(n_waves)
    }
    courses.pop(next(iter(courses)))  # the intercept
    cells = pd.DataFrame(
        {
            "mean": table.means.ravel(),
            "cluster": place,
            "exposed": (wave >= table.starts[place]).astype(float),
            **courses,
        }
    )
    found = mixed_effects(
        cells,
        score="mean",
        columns=["exposed", *courses],
        groups=["cluster"],
        small_sample="kenward_roger",
    )
    if isinstance(found, Unavailable):
        return dataclasses.replace(found, term=term, n=n, n_unit="clusters")
    effect = found.estimate("exposed", term=term)
    method = f"{effect.method}; {table.method_text()}"
    return dataclasses.replace(effect, n=n, n_unit="clusters", method=method)


def _fault(table: RollOut, courses: Labels) -> str:
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
    exposed = np.arange(n_waves) >= table.starts[:, None]
    if np.abs(_within(exposed.astype(float), courses)).max() <= NOISE:
        return "all clusters started at the same wave: nothing to compare"
    left = _within(table.means, courses)
    if np.abs(left).max() <= NOISE * np.abs(table.means).max():
        return "all clusters change by the same amount: no interval can be given"
    return ""


def _within(cells: Array, strata: Array) -> Array:
    """What clusters' means, and strata's means of each wave, leave of the cells."""
    centred = cells - cells.mean(axis=1, keepdims=True)
    member = dummies(strata) if len(strata) else np.ones((len(cells), 1))
    return np.asarray(
        centred - member @ (member.T @ centred / member.sum(axis=0)[:, None])
    )


def _allocations(table: RollOut, courses: Labels, seed: str) -> Allocations:
    """The estimate of every order, over what is the same for all of them."""
    n_clusters, n_waves = table.means.shape
    steps = np.arange(n_waves + 1)
    exposed = (np.arange(n_waves) >= steps[:, None]).astype(float)
    strata = table.strata if len(table.strata) else np.zeros(n_clusters)
    ways = shuffled(table.starts, strata=strata, seed=seed)
    # What a cluster adds to the statistic, by when it starts.
    real = _within(exposed[table.starts], courses)
    by_start = _within(table.means, courses) @ exposed.T
    by_exposure = real @ exposed.T
    places = np.arange(n_clusters)
    root = math.sqrt(float((real**2).sum()))
    return Allocations(
        zero=by_start[places, ways.rows].sum(axis=1) / root,
        slope=by_exposure[places, ways.rows].sum(axis=1) / root,
        complete=ways.complete,
        possible=ways.possible,
    )
