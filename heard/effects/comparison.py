"""Compare the change in a treated arm with the change in a control arm.

The unit of analysis is the unit of allocation: participants, or clusters (teams) with
one number each, as in `unit_means`. Treated minus control. Oracles: R,
tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
from heard.effects.unit_means import (
    MINIMUM_PER_ARM,
    NO_BASELINE_SPREAD,
    Effect,
    compare_unit_means,
    too_few,
)
from heard.effects.units import linked_units, unlinked_units
from heard.errors import DataError
from heard.results import Composite, Result, Unavailable

TOO_FEW = "fewer than 2 participants in an arm: no interval can be given"
STRADDLING = "a team is in both arms: teams were not the unit of allocation"
UNLINKED = "waves not linked: people of teams present at both waves"


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
    if cluster:
        return _compared_clusters(pairs, (treated, control))
    if _minimum(pairs, (treated, control)) < 2:
        return ArmComparison.unavailable(TOO_FEW, n=len(pairs))
    return _compared_people(pairs, (treated, control))


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


def _compared_people(pairs: pd.DataFrame, arms: tuple[str, str]) -> ArmComparison:
    change = pairs["after"] - pairs["before"]
    scale = float(np.abs(pairs[["before", "after"]].to_numpy(dtype=float)).max())
    return _of_linked(
        pairs,
        arms,
        adjusted=_adjusted(pairs, arms, scale=scale),
        change=difference_of_means(
            *_by_arm(pairs.assign(change=change), "change", arms),
            scale=scale,
            equal_variances=False,
        ),
        methods=(
            "difference after, adjusted for the score before by least squares "
            "(ANCOVA, one slope); participants; t interval",
            "difference of the arms' mean changes; participants; Welch t interval",
        ),
    )


def _compared_clusters(pairs: pd.DataFrame, arms: tuple[str, str]) -> ArmComparison:
    units, (treated, control) = linked_units(pairs), arms
    if _minimum(units, arms) < MINIMUM_PER_ARM:
        return ArmComparison.unavailable(too_few("team"), n=len(pairs))
    adjusted, change = (
        compare_unit_means(units, treated=treated, control=control, summary=summary)
        for summary in ("adjusted", "change")
    )
    return _of_linked(
        pairs,
        arms,
        adjusted=_contrast(adjusted.effect),
        change=_contrast(change.effect),
        methods=(adjusted.method, change.method),
        clustered=True,
    )


def _contrast(effect: Effect) -> Contrast | Unavailable:
    if isinstance(effect, Unavailable):
        return effect
    low, high = effect.limits()
    return Contrast(
        value=effect.effect, low=low, high=high, standard_error=effect.standard_error
    )


def _of_linked(
    pairs: pd.DataFrame,
    arms: tuple[str, str],
    *,
    adjusted: Contrast | Unavailable,
    change: Contrast | Unavailable,
    methods: tuple[str, str],
    clustered: bool = False,
) -> ArmComparison:
    """Both contrasts in score units, and in standard deviations before."""
    n = len(pairs)
    of_adjusted, of_change = (f"{method}; {BOTH_SCORES}" for method in methods)
    by = Standardiser(
        spread=pooled_deviation(*_by_arm(pairs, "before", arms)),
        size=n,
        clustered=clustered,
    )
    return ArmComparison(
        adjusted_mean_difference=raw(
            adjusted, term="adjusted_mean_difference", n=n, method=of_adjusted
        ),
        difference_in_change=raw(
            change, term="difference_in_change", n=n, method=of_change
        ),
        hedges_g_adjusted=standardised(
            adjusted, term="hedges_g_adjusted", n=n, by=by, method=of_adjusted
        ),
        morris_d_ppc2=standardised(
            change, term="morris_d_ppc2", n=n, by=by, method=of_change
        ),
    )


def _unlinked_clusters(
    before: pd.DataFrame, after: pd.DataFrame, arms: tuple[str, str]
) -> UnlinkedArmComparison:
    units = unlinked_units(after, before)
    found = compare_unit_means(units, treated=arms[0], control=arms[1])
    n = int(units["people"].sum())
    if _minimum(units, arms) < MINIMUM_PER_ARM:
        return UnlinkedArmComparison.unavailable(too_few("team"), n=n)
    first = before[before["cluster"].isin(units.index)]
    contrast, method = _contrast(found.effect), f"{found.method}; {UNLINKED}"
    return UnlinkedArmComparison(
        difference_in_change=raw(
            contrast, term="difference_in_change", n=n, method=method
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
            method=method,
        ),
    )


def _unlinked_people(
    before: pd.DataFrame, after: pd.DataFrame, arms: tuple[str, str]
) -> UnlinkedArmComparison:
    n = len(before) + len(after)
    if min(_minimum(before, arms), _minimum(after, arms)) < 2:
        return UnlinkedArmComparison.unavailable(TOO_FEW, n=n)
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
