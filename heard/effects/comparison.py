"""Compare the change in a treated arm with the change in a control arm.

The unit of analysis is the unit of allocation: participants, or clusters (teams) with
one number each. Treated minus control. Oracles: R, tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.change import changes_by_cluster
from heard.effects.description import (
    Numbers,
    as_floats,
    named,
    number_fault,
)
from heard.effects.effect_sizes import (
    BOTH_SCORES,
    Contrast,
    Standardiser,
    difference_of_means,
    first_coefficient,
    pooled_deviation,
    raw,
    standardised,
)
from heard.errors import DataError
from heard.results import Composite, Result, Unavailable

MINIMUM_CLUSTERS_PER_ARM = 3
TOO_FEW = {
    True: "fewer than 3 teams in an arm: no interval that respects teams can be given",
    False: "fewer than 2 participants in an arm: no interval can be given",
}
STRADDLING = "a team is in both arms: teams were not the unit of allocation"
NO_BASELINE_SPREAD = "scores before do not vary within the arms: they cannot adjust"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmComparison(Composite):
    """Two arms whose participants were linked across the waves."""

    adjusted_mean_difference: Result
    difference_in_change: Result
    hedges_g_adjusted: Result
    morris_d_ppc2: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedArmComparison(Composite):
    """Two arms whose waves cannot be linked."""

    difference_in_change: Result
    morris_d_ppc2: Result


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
        differed before (Lord's paradox), as they may where no one was allocated.
        Unavailable: a participant listed twice; an arm with fewer than 2 pairs or 3
        clusters; a cluster in both arms; no spread.
    """
    _check_columns(frame, ["arm", "before", "after"], cluster=cluster)
    if frame.index.has_duplicates:
        reason = "a participant appears more than once"
        return ArmComparison.unavailable(reason)
    pairs = _complete(frame, ["before", "after"], (treated, control), cluster=cluster)
    fault = number_fault(pairs[["before", "after"]].to_numpy(dtype=float))
    if fault := fault or _straddling(pairs, cluster=cluster):
        return ArmComparison.unavailable(fault, n=len(pairs))
    units = pairs.assign(change=pairs["after"] - pairs["before"])
    if cluster:
        units = units.groupby(["arm", "cluster"], sort=False, observed=True).mean()
        units = units.reset_index("arm")
    if _minimum(units, (treated, control)) < (
        MINIMUM_CLUSTERS_PER_ARM if cluster else 2
    ):
        return ArmComparison.unavailable(TOO_FEW[cluster], n=len(pairs))
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
        return UnlinkedArmComparison.unavailable(fault, n=len(both))
    if cluster:
        return _unlinked_clusters(waves[0], waves[1], arms)
    return _unlinked_people(waves[0], waves[1], arms)


def _check_columns(frame: pd.DataFrame, names: list[str], *, cluster: bool) -> None:
    wanted = [*names, "cluster"] if cluster else names
    if missing := [name for name in wanted if name not in frame.columns]:
        raise DataError("arms", f"columns missing: {', '.join(missing)}")


def _complete(
    frame: pd.DataFrame, scores: list[str], arms: tuple[str, str], *, cluster: bool
) -> pd.DataFrame:
    """Rows of the two arms that lack nothing, scores as floats."""
    columns = ["arm", *scores, "cluster"] if cluster else ["arm", *scores]
    of_arms = frame.loc[frame["arm"].isin(arms), columns]
    if cluster:
        of_arms = of_arms.assign(cluster=named(of_arms["cluster"]))
    return of_arms.assign(
        **{name: as_floats(of_arms[name]) for name in scores}
    ).dropna()


def _straddling(rows: pd.DataFrame, *, cluster: bool) -> str:
    """Say if a cluster is in both arms; empty if none is."""
    if not cluster or rows.empty:
        return ""
    arms_of = rows.groupby("cluster", sort=False, observed=True)["arm"].nunique()
    return STRADDLING if arms_of.max() > 1 else ""


def _minimum(rows: pd.DataFrame, arms: Iterable[str]) -> int:
    return min(int((rows["arm"] == arm).sum()) for arm in arms)


def _by_arm(
    rows: pd.DataFrame, column: str, arms: tuple[str, str]
) -> tuple[Numbers, Numbers]:
    treated, control = (
        rows.loc[rows["arm"] == arm, column].to_numpy(dtype=float) for arm in arms
    )
    return treated, control


def _compared(
    pairs: pd.DataFrame, units: pd.DataFrame, arms: tuple[str, str], *, cluster: bool
) -> ArmComparison:
    scale = float(np.abs(pairs[["before", "after"]].to_numpy(dtype=float)).max())
    what = f"{len(units)} teams' means, each team once" if cluster else "participants"
    t_interval = "pooled t interval, teams minus 2" if cluster else "Welch t interval"
    adjusted = _adjusted(units, arms, scale=scale)
    change = difference_of_means(
        *_by_arm(units, "change", arms), scale=scale, equal_variances=cluster
    )
    standardise = Standardiser(
        spread=pooled_deviation(*_by_arm(pairs, "before", arms)),
        size=len(pairs),
        clustered=cluster,
    )
    return ArmComparison(
        adjusted_mean_difference=raw(
            adjusted,
            term="adjusted_mean_difference",
            n=len(pairs),
            method="difference after, adjusted for the score before by least squares "
            f"(ANCOVA, one slope); {what}; t interval; {BOTH_SCORES}",
        ),
        difference_in_change=raw(
            change,
            term="difference_in_change",
            n=len(pairs),
            method=f"difference of the arms' mean changes; {what}; {t_interval}; "
            f"{BOTH_SCORES}",
        ),
        hedges_g_adjusted=standardised(
            adjusted,
            term="hedges_g_adjusted",
            n=len(pairs),
            by=standardise,
            method=f"adjusted difference (ANCOVA; {what}; {BOTH_SCORES})",
        ),
        morris_d_ppc2=standardised(
            change,
            term="morris_d_ppc2",
            n=len(pairs),
            by=standardise,
            method=f"difference of the arms' mean changes ({what}; {BOTH_SCORES})",
        ),
    )


def _unlinked_clusters(
    before: pd.DataFrame, after: pd.DataFrame, arms: tuple[str, str]
) -> UnlinkedArmComparison:
    clusters = changes_by_cluster(before, after)
    arm_of = before.drop_duplicates("cluster").set_index("cluster")["arm"]
    units = clusters.assign(arm=arm_of.reindex(clusters.index))
    first, second = (
        wave[wave["cluster"].isin(units.index)] for wave in (before, after)
    )
    n = len(first) + len(second)
    if _minimum(units, arms) < MINIMUM_CLUSTERS_PER_ARM:
        return UnlinkedArmComparison.unavailable(TOO_FEW[True], n=n)
    contrast = difference_of_means(
        *_by_arm(units, "change", arms),
        scale=float(np.abs([*first["score"], *second["score"]]).max()),
        equal_variances=True,
    )
    what = f"difference of the arms' mean changes; {len(units)} teams' means, each once"
    rule = "waves not linked: people of teams present at both waves"
    return UnlinkedArmComparison(
        difference_in_change=raw(
            contrast,
            term="difference_in_change",
            n=n,
            method=f"{what}; pooled t interval, teams minus 2; {rule}",
        ),
        morris_d_ppc2=standardised(
            contrast,
            term="morris_d_ppc2",
            n=n,
            by=Standardiser(
                spread=pooled_deviation(*_by_arm(first, "score", arms)),
                size=len(first),
                clustered=True,
            ),
            method=f"{what}; {rule}",
        ),
    )


def _unlinked_people(
    before: pd.DataFrame, after: pd.DataFrame, arms: tuple[str, str]
) -> UnlinkedArmComparison:
    n = len(before) + len(after)
    if min(_minimum(before, arms), _minimum(after, arms)) < 2:
        return UnlinkedArmComparison.unavailable(TOO_FEW[False], n=n)
    contrast = _arm_by_wave(before, after, arms)
    what = "difference of the arms' changes, by least squares (arm by wave)"
    rule = "people taken as all different; missing scores left out"
    return UnlinkedArmComparison(
        difference_in_change=raw(
            contrast,
            term="difference_in_change",
            n=n,
            method=f"{what}; t interval with HC3 standard error; {rule}",
        ),
        morris_d_ppc2=standardised(
            contrast,
            term="morris_d_ppc2",
            n=n,
            by=Standardiser(
                spread=pooled_deviation(*_by_arm(before, "score", arms)),
                size=len(before),
                clustered=False,
            ),
            method=f"{what}, HC3; {rule}",
        ),
    )


def _adjusted(
    units: pd.DataFrame, arms: tuple[str, str], *, scale: float
) -> Contrast | Unavailable:
    """Regress the score after on the arm and the score before."""
    if pooled_deviation(*_by_arm(units, "before", arms), scale=scale) == 0:
        return Unavailable(term="", reason=NO_BASELINE_SPREAD)
    before, after = (units[wave].to_numpy(dtype=float) for wave in ("before", "after"))
    treated = (units["arm"] == arms[0]).to_numpy(dtype=float)
    # Centred: the contrast is the same, and large scores lose no digits.
    design = np.column_stack([treated, np.ones(len(units)), before - before.mean()])
    return first_coefficient(
        after - after.mean(), design, scale=scale, covariance="nonrobust"
    )


def _arm_by_wave(
    before: pd.DataFrame, after: pd.DataFrame, arms: tuple[str, str]
) -> Contrast | Unavailable:
    """Regress people's scores on arm, wave and arm by wave."""
    rows = pd.concat([before, after])
    score = rows["score"].to_numpy(dtype=float)
    wave = np.repeat([0.0, 1.0], [len(before), len(after)])
    treated = (rows["arm"] == arms[0]).to_numpy(dtype=float)
    design = np.column_stack([treated * wave, np.ones(len(rows)), treated, wave])
    scale = float(np.abs(score).max())
    return first_coefficient(
        score - score.mean(), design, scale=scale, covariance="HC3"
    )
