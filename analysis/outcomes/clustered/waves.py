"""Scores of two arms over waves into the arms' difference at every follow-up.

Three questions, three models, named by `approach`:
``constrained_baseline`` takes the arms as one population before (allocated by chance);
``difference_in_change`` lets them differ before, and compares changes;
``ancova`` compares those who started alike, of those with a score before.
Oracle: R lmerTest, tests/oracles/values/clustered.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from analysis.foundation.errors import DataError, unknown
from analysis.foundation.results import Composite, Result, Unavailable
from analysis.outcomes.clustered.mixed_models import MixedEffects, mixed_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Approach = Literal["constrained_baseline", "difference_in_change", "ancova"]

MINIMUM_CLUSTERS = 5
DRIFT = "cluster_at_a_wave"
MEANING = {
    "constrained_baseline": "arms taken as one population at baseline",
    "difference_in_change": "arms may differ at baseline: a difference of changes",
    "ancova": "score before as covariate, only participants who have one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEffect(Composite):
    """The arms' difference at one follow-up, treated minus control, in score units.

    Attributes
    ----------
    wave : str
        The follow-up; empty for the average of all.
    mixed_model_difference : Estimate or Unavailable
        With its interval.
    mixed_model_p_value : Estimate or Unavailable
        Of no difference.
    mixed_model_degrees_of_freedom : Estimate or Unavailable
        How much the interval rests on.
    """

    wave: str
    mixed_model_difference: Result
    mixed_model_p_value: Result
    mixed_model_degrees_of_freedom: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveEffects(Composite):
    """Every follow-up's difference, their average, and the variances behind them."""

    by_wave: tuple[WaveEffect, ...]
    average: WaveEffect
    variances: tuple[Result, ...]


def mixed_wave_effects(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    treated: str,
    control: str,
    approach: Approach = "constrained_baseline",
    score: str = "score",
    covariates: Sequence[str] = (),
    site: bool = False,
    clusters_drift: bool = False,
) -> WaveEffects:
    """Estimate an arm's effect at every follow-up by a mixed model.

    Parameters
    ----------
    frame : DataFrame, one row a participant and wave
        Columns ``participant``, ``wave``, ``arm``, ``cluster`` and the score, ``site``
        if `site`. Rows of other arms and waves are left out; NaN where unanswered.
    waves : sequence of str
        The baseline, then the follow-ups.
    treated, control : str
        The arms.
    approach : {"constrained_baseline", "difference_in_change", "ancova"}
        As the module says.
    score : str
        The outcome.
    covariates : sequence of str
        Numeric columns to adjust for.
    site : bool
        Random intercepts of sites too; needs 5 sites.
    clusters_drift : bool
        Whether every cluster also moves up or down by itself from wave to wave. Without
        it a drift of whole clusters counts as chance among people, and the interval of
        a change is too narrow (Hooper & Bourke 2015, BMJ 350, h2925).

    Returns
    -------
    WaveEffects
        ``n`` counts answers. Unavailable: fewer than 5 clusters, an arm without a score
        at a follow-up, a participant twice at a wave or in both arms, nothing varies.

    References
    ----------
    Liang & Zeger (2000), Sankhya B 62(1), 134-148; Coffman, Edelman & Woolson (2016),
    BMJ Open 6, e013096.
    """
    groups = [*(["site"] if site else []), "cluster", "participant"]
    needed = [*groups, "wave", "arm", score, *covariates]
    if missing := [name for name in needed if name not in frame.columns]:
        known = [str(name) for name in frame.columns]
        raise DataError("waves", unknown("column", ", ".join(missing), known))
    rows = frame.loc[
        frame["wave"].isin(waves) & frame["arm"].isin([treated, control]), needed
    ].dropna(subset=[score])
    if fault := _fault(rows, waves, (treated, control), groups):
        return _nothing(waves, fault, len(rows))
    design, columns = _design(rows, waves, treated, approach, score)
    if clusters_drift:
        wave = design["wave"].astype(str)
        design[DRIFT] = design["cluster"].astype(str) + " " + wave
        groups.insert(-1, DRIFT)
    fit = mixed_effects(
        design, score=score, columns=[*columns, *covariates], groups=groups
    )
    if isinstance(fit, Unavailable):
        return _nothing(waves, fit.reason, fit.n)
    return _effects(fit, waves[1:], MEANING[approach])


def _fault(
    rows: pd.DataFrame, waves: Sequence[str], arms: tuple[str, str], groups: list[str]
) -> str:
    if len(waves) < 2:
        return "fewer than 2 waves: nothing can change"
    many = {name: rows[name].nunique() for name in groups if name != "participant"}
    for name, count in many.items():
        if count < MINIMUM_CLUSTERS:
            return (
                f"{count} levels of {name}; at least {MINIMUM_CLUSTERS} needed for an "
                "interval that respects them; use a comparison with placebo clusters"
            )
    if rows.duplicated(["participant", "wave"]).any():
        return "a participant appears more than once at a wave"
    if rows[["participant", "arm"]].drop_duplicates()["participant"].duplicated().any():
        return "a participant stands in both arms"
    cells = rows.groupby(["wave", "arm"], observed=True).size()
    empty = [w for w in waves for a in arms if cells.get((w, a), 0) == 0]
    return f"an arm has no score at {empty[0]}" if empty else ""


def _design(
    rows: pd.DataFrame,
    waves: Sequence[str],
    treated: str,
    approach: Approach,
    score: str,
) -> tuple[pd.DataFrame, list[str]]:
    """The rows with their fixed columns, and those columns' names."""
    baseline, *later = waves
    pack = (rows["arm"] == treated).astype(float)
    found, columns = rows.copy(), [f"wave {wave}" for wave in later]
    for wave in later:
        at_wave = (rows["wave"] == wave).astype(float)
        found[f"wave {wave}"] = at_wave
        found[f"effect {wave}"] = at_wave * pack
    if approach == "difference_in_change":
        found["arm before"] = pack
        columns.append("arm before")
    if approach == "ancova":
        before = rows.loc[rows["wave"] == baseline].set_index("participant")[score]
        found["score before"] = found["participant"].map(before)
        found = found.loc[rows["wave"] != baseline].dropna(subset=["score before"])
        columns = [*columns[1:], "score before"]
    return found, [*columns, *(f"effect {wave}" for wave in later)]


def _effects(fit: MixedEffects, later: Sequence[str], meaning: str) -> WaveEffects:
    places = [fit.names.index(f"effect {wave}") for wave in later]
    single = [_one_hot(len(fit.names), [place]) for place in places]
    return WaveEffects(
        by_wave=tuple(
            _effect(fit, contrast, wave, meaning)
            for wave, contrast in zip(later, single, strict=True)
        ),
        average=_effect(fit, _one_hot(len(fit.names), places), "", meaning),
        variances=fit.variances(),
    )


def _one_hot(length: int, places: list[int]) -> list[float]:
    return [(place in places) / len(places) for place in range(length)]


def _effect(
    fit: MixedEffects, contrast: list[float], wave: str, meaning: str
) -> WaveEffect:

    where = f"at {wave}" if wave else "average of the follow-ups"
    reported = [
        fit.estimate(contrast, term="mixed_model_difference"),
        fit.p_value(contrast, term="mixed_model_p_value"),
        fit.degrees_result(contrast, term="mixed_model_degrees_of_freedom"),
    ]
    effect, p_value, degrees = (
        dataclasses.replace(
            part, method=f"treated minus control, {where}; {meaning}; {part.method}"
        )
        for part in reported
    )
    return WaveEffect(
        wave=wave,
        mixed_model_difference=effect,
        mixed_model_p_value=p_value,
        mixed_model_degrees_of_freedom=degrees,
    )


def _nothing(waves: Sequence[str], reason: str, n: int | None) -> WaveEffects:
    def absent(wave: str) -> WaveEffect:
        names = (
            "mixed_model_difference",
            "mixed_model_p_value",
            "mixed_model_degrees_of_freedom",
        )
        parts = [Unavailable(term=name, reason=reason, n=n) for name in names]
        return WaveEffect(wave=wave, **dict(zip(names, parts, strict=True)))

    return WaveEffects(
        by_wave=tuple(absent(wave) for wave in waves[1:]),
        average=absent(""),
        variances=(Unavailable(term="residual_variance", reason=reason, n=n),),
    )
