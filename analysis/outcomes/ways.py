"""One question, the same answer? The arms' difference in change, in several ways.

An answer that holds in one way of reckoning only is not yet one. All ways here respect
the teams; they differ in how teams weigh, in what they take for granted of the arms
before, and in how they find their interval.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.foundation.results import Composite, Result, Unavailable
from analysis.outcomes.clustered import (
    ClusterRobustFit,
    cluster_robust_fit,
    mixed_wave_effects,
    wild_cluster_bootstrap,
)
from analysis.outcomes.compared import placebo_comparison
from analysis.outcomes.held_equal import (
    covariate_adjusted_by_team,
    covariate_names,
    method_title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.outcomes.clustered.waves import Approach

TERM = "difference_in_change_by_way"
NAMES = ("intercept", "treated", "later", "treated_later")
EFFECT = NAMES[-1]
WAVES = ("before", "after")
MIXED: dict[str, Approach] = {
    "mixed model": "difference_in_change",
    "mixed model, arms alike before": "constrained_baseline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodResult(Composite):
    """The answer of one way of reckoning."""

    method: str
    difference_in_change_by_way: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodComparison(Composite):
    """Every way's answer, and what a judgement needs of the cluster-robust one.

    Attributes
    ----------
    fit : ClusterRobustFit or Unavailable
        Teams weigh by their people.
    p_value : Result
        Of no difference, by the wild bootstrap: it needs no normal scores.
    placebo_p_value, placebo_smallest_possible_p_value : Result
        Share of all sets of as many teams whose changes lie as far apart from those of
        the others, and the least it can be with so many teams.
    """

    methods: tuple[MethodResult, ...]
    p_value: Result
    placebo_p_value: Result
    placebo_smallest_possible_p_value: Result
    fit: ClusterRobustFit | Unavailable


def estimate_by_method(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    treated: str,
    control: str,
    seed: str,
    declared: Result | None = None,
    covariates: Sequence[str] = (),
) -> MethodComparison:
    """Estimate the arms' difference in change in every way that suits teams.

    Parameters
    ----------
    before, after : DataFrame, one row a participant
        ``participant`` (empty if not linked), ``arm``, ``cluster``, ``score``.
    treated, control : str
        The arms; rows of others, and without a team, are left out.
    seed : str
        Names the draws of the wild bootstrap.
    declared : Result, optional
        The answer by team means, to stand beside the others.
    covariates : sequence of str
        What the plan holds equal, a column each of both waves but for ``team``.

    Returns
    -------
    MethodComparison
        In points, treated minus control. `Unavailable` with fewer than 5 teams, but for
        the comparison with every other set of teams, which needs 3 without the pilot.
    """
    rows = _rows(before, after, (treated, control))
    outcome = rows["score"].to_numpy(float)
    arm = (rows["arm"] == treated).to_numpy(float)
    later = (rows["wave"] == WAVES[1]).to_numpy(float)
    design = np.column_stack([np.ones(len(rows)), arm, later, arm * later])
    clusters = rows["cluster"].to_numpy()
    fit = cluster_robust_fit(outcome, design, clusters, names=NAMES)
    wild = wild_cluster_bootstrap(
        outcome, design, clusters, names=NAMES, name=EFFECT, term=TERM, seed=seed
    )
    robust = (
        Unavailable(term=TERM, reason=fit.reason, n=fit.n, method=fit.method)
        if isinstance(fit, Unavailable)
        else fit.estimate(EFFECT, term=TERM)
    )
    found = {"team means": declared} if declared else {}
    found |= {"cluster-robust": robust, "wild bootstrap": wild.effect}
    for method, approach in MIXED.items():
        found[method] = mixed_wave_effects(
            rows,
            waves=WAVES,
            treated=treated,
            control=control,
            approach=approach,
            clusters_drift=True,
        ).average.mixed_model_difference
    in_pilot = rows.loc[rows["arm"] == treated, "cluster"].unique()
    placebo = placebo_comparison(
        rows,
        treated=[str(name) for name in in_pilot],
        before=WAVES[0],
        after=WAVES[1],
        unit="cluster",
        seed=seed,
    )
    found["every other set of teams"] = _of_people(placebo.placebo_effect, len(rows))
    found |= _covariate_adjusted(rows.assign(treated=arm, later=later), covariates)
    return MethodComparison(
        methods=tuple(
            MethodResult(
                method=method, difference_in_change_by_way=renamed(result, TERM)
            )
            for method, result in found.items()
        ),
        p_value=wild.p_value,
        placebo_p_value=_of_people(placebo.placebo_p_value, len(rows)),
        placebo_smallest_possible_p_value=_of_people(
            placebo.placebo_smallest_possible_p_value, len(rows)
        ),
        fit=fit,
    )


def _covariate_adjusted(
    rows: pd.DataFrame, covariates: Sequence[str]
) -> dict[str, Result]:
    """The answer with what the plan holds equal; none where it holds nothing so."""
    if not covariate_names(covariates):
        return {}
    return {method_title(covariates): covariate_adjusted_by_team(rows, covariates)}


def _rows(
    before: pd.DataFrame, after: pd.DataFrame, arms: tuple[str, str]
) -> pd.DataFrame:
    """Both waves below each other; who is not linked is somebody of their own."""
    rows = pd.concat(
        [
            frame.assign(wave=wave)
            for wave, frame in zip(WAVES, (before, after), strict=True)
        ],
        ignore_index=True,
    )
    rows = rows.loc[rows["arm"].isin(arms) & (rows["cluster"] != "")]
    unlinked = rows["wave"] + " " + rows.index.astype(str)
    named = rows["participant"].where(rows["participant"] != "", unlinked)
    # Numbered as they come: another key to the pseudonyms must not change the order of
    # sums, and with it the last digits.
    return rows.assign(participant=named.factorize()[0])


def _of_people(result: Result, answers: int) -> Result:
    """The same with its people as n, not its teams: no team is told of by itself."""
    method = result.method.replace("n counts units with both waves", "n counts answers")
    return dataclasses.replace(result, n=answers, method=method)


def renamed(result: Result, term: str) -> Result:
    """The same result under another term."""
    return dataclasses.replace(result, term=term)
