"""Contrast the change in a treated arm with the change in a control arm.

The rule that holds throughout: what was allocated is what is counted. Participants
allocated: participants are analysed; clusters (teams) allocated: one number a cluster.
Contrasts are treated minus control. Oracles: R, tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.foundation.errors import DataError
from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.change import changes_by_cluster
from analysis.outcomes.description import (
    Numbers,
    as_floats,
    every_unavailable,
    number_fault,
)
from analysis.outcomes.effect_sizes import (
    BOTH_SCORES,
    NO_SPREAD,
    deviation,
    hedges_correction,
    pooled_deviation,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST_CLUSTERS_AN_ARM = 3
TOO_FEW = {
    True: "fewer than 3 teams in an arm: no interval that respects teams can be given",
    False: "fewer than 2 participants in an arm: no interval can be given",
}
STRADDLING = "a team stands in both arms: it was not teams that were allocated"
NO_VARIATION = "changes do not vary within the arms: no interval can be given"
NO_BASELINE_SPREAD = "scores before do not vary within the arms: they cannot adjust"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmComparison(Composite):
    """Two arms whose participants were linked across the waves."""

    adjusted_mean_difference: Result
    difference_in_change: Result
    hedges_g: Result
    morris_d_ppc2: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedArmComparison(Composite):
    """Two arms whose waves cannot be linked."""

    difference_in_change: Result
    morris_d_ppc2: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contrast:
    """A difference between arms, with what its interval is made of."""

    value: float
    low: float
    high: float
    standard_error: float
    degrees: float


def compare_arms(
    frame: pd.DataFrame, *, treated: str, control: str, cluster: bool
) -> ArmComparison:
    """Compare the arms of a study whose participants are linked.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Columns ``arm``, ``before``, ``after``, and ``cluster`` if `cluster`. Rows of
        other arms, or lacking a value, are left out.
    treated, control : str
        The arms to compare.
    cluster : bool
        Whether clusters (teams) were allocated, not participants. Then one mean a
        cluster is analysed, so a large cluster counts as much as a small one.

    Returns
    -------
    ArmComparison
        Differences are in score units, treated minus control; ``n`` counts pairs.
        Report ``adjusted_mean_difference`` where allocation was random: it is the
        sharper. ``difference_in_change`` answers a different question where the arms
        differed before (Lord's paradox), as they may where nobody was allocated.
        Unavailable: a participant listed twice; an arm with fewer than 2 pairs or 3
        clusters; a cluster in both arms; no spread.
    """
    _check_columns(frame, ["arm", "before", "after"], cluster=cluster)
    if frame.index.has_duplicates:
        reason = "a participant appears more than once"
        return every_unavailable(ArmComparison, reason)
    pairs = _complete(frame, ["before", "after"], (treated, control), cluster=cluster)
    fault = number_fault(pairs[["before", "after"]].to_numpy(dtype=float))
    if fault := fault or _straddling(pairs, cluster=cluster):
        return every_unavailable(ArmComparison, fault, n=len(pairs))
    units = pairs.assign(change=pairs["after"] - pairs["before"])
    if cluster:
        units = units.groupby(["arm", "cluster"], sort=False, observed=True).mean()
        units = units.reset_index("arm")
    if _fewest(units, (treated, control)) < (FEWEST_CLUSTERS_AN_ARM if cluster else 2):
        return every_unavailable(ArmComparison, TOO_FEW[cluster], n=len(pairs))
    return _compared(pairs, units, (treated, control), cluster=cluster)


def compare_arms_unlinked(
    before_frame: pd.DataFrame,
    after_frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    cluster: bool,
) -> UnlinkedArmComparison:
    """Compare the arms of a study whose waves cannot be linked.

    Parameters
    ----------
    before_frame, after_frame : DataFrame, one row a person
        Columns ``arm`` and ``score``, and ``cluster`` if `cluster`.
    treated, control : str
        The arms to compare.
    cluster : bool
        Whether clusters (teams) were allocated. Then the mean changes of the clusters
        present at both waves are analysed; otherwise people, as if all different.

    Returns
    -------
    UnlinkedArmComparison
        Difference in score units, treated minus control; ``n`` counts people
        answering, both waves together.
        Unavailable: fewer than 2 people of an arm at a wave, or 3 clusters in an arm;
        a cluster in both arms; no spread.
    """
    arms = treated, control
    waves = []
    for frame in (before_frame, after_frame):
        _check_columns(frame, ["arm", "score"], cluster=cluster)
        waves.append(_complete(frame, ["score"], arms, cluster=cluster))
    both = pd.concat(waves)
    fault = number_fault(both["score"].to_numpy(dtype=float))
    if fault := fault or _straddling(both, cluster=cluster):
        return every_unavailable(UnlinkedArmComparison, fault, n=len(both))
    if cluster:
        return _unlinked_clusters(waves[0], waves[1], arms)
    return _unlinked_people(waves[0], waves[1], arms)
