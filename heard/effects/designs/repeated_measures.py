"""Compare two arms of single people at every follow-up, losses included.

The mixed model for repeated measures: arm by wave, score before by wave, covariates, an
unstructured covariance. Who has a score before and after at least once counts; later
gaps are taken as missing at random given the earlier answers. Oracle: R mmrm and
nlme, tests/oracles/values/repeated_measures.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from heard.effects.judgement.equivalence import (
    UncertainEffect,
    t_quantile,
    uncertain_effect,
)
from heard.errors import DataError, unknown
from heard.models.cluster_robust import Array
from heard.models.linear import covariate_columns
from heard.models.mmrm import (
    RepeatedMeasuresFit,
    SmallSample,
    fit_repeated_measures,
)
from heard.results import Composite, Estimate, Result, Unavailable

LEVEL = 0.95
MINIMUM_PEOPLE = 2
HOW = {
    "kenward_roger": "Kenward and Roger's standard error and degrees of freedom",
    "satterthwaite": "Satterthwaite's degrees of freedom",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpEffect(Composite):
    """Two arms at one follow-up, in units of the score.

    - `wave`: the follow-up.
    - `repeated_measures_effect`: treated less control, everything else equal.
    - `repeated_measures_degrees_of_freedom`: what its interval rests on.
    - `adjusted_mean_treated`, `adjusted_mean_control`: at the mean score before and the
      mean covariates of everyone in the model; their difference is the effect.
    """

    wave: str
    repeated_measures_effect: Result
    repeated_measures_degrees_of_freedom: Result
    adjusted_mean_treated: Result
    adjusted_mean_control: Result

    @property
    def effect(self) -> UncertainEffect | Unavailable:
        """The effect with its standard error, to be judged or pooled."""
        return uncertain_effect(
            self.repeated_measures_effect,
            degrees_of_freedom=self.repeated_measures_degrees_of_freedom,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedMeasuresEffects(Composite):
    """Every follow-up's effect, in order, and how the effects move together.

    - `follow_ups`: one a wave.
    - `correlation`, shape (n_waves, n_waves): of the effects, for
      `simultaneous_effects`; None where there are none.
    """

    follow_ups: tuple[FollowUpEffect, ...]
    correlation: Array | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _People:
    """One row a person: scores at the follow-ups, and what they are adjusted for.

    `columns`, shape (n_people, n_columns): covariates, less their means.
    """

    scores: Array = field(repr=False)
    treated: Array = field(repr=False)
    before: Array | None = field(repr=False)
    columns: Array = field(repr=False)
    names: tuple[str, ...]
    left_out: int


def repeated_measures_effect(
    frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    waves: Sequence[str],
    baseline: str | None,
    covariates: Sequence[str] = (),
    score: str = "score",
    small_sample: SmallSample = "kenward_roger",
) -> RepeatedMeasuresEffects:
    """Estimate the arms' difference at every follow-up by one model of all of them.

    Parameters
    ----------
    frame : DataFrame, one row a participant and wave
        Columns ``participant``, ``wave``, ``arm``, the score and the covariates. Rows
        of other arms and waves are left out; NaN where unanswered.
    treated, control : str
        The arms.
    waves : sequence of str
        The follow-ups in order, without the wave before.
    baseline : str, optional
        The wave before; its score enters with a slope for every follow-up. None where
        nobody was asked before.
    covariates : sequence of str
        One value a person: numbers enter as they are, categories as dummies.
    score : str
        The outcome.
    small_sample : {"kenward_roger", "satterthwaite"}
        Whether standard errors are enlarged for the variances' being estimated.

    Returns
    -------
    RepeatedMeasuresEffects
        ``n`` counts people. Unavailable: fewer than 2 scores of an arm at a follow-up,
        two follow-ups that nobody answered both of, nothing varies.

    Raises
    ------
    DataError
        A column is missing, a participant twice at a wave, in both arms, or with two
        values of a covariate.

    References
    ----------
    Mallinckrodt and others (2008), Drug Information J. 42, 303-319; Kenward & Roger
    (1997), Biometrics 53(3), 983-997.
    """
    rows = _rows(frame, (treated, control), waves, baseline, (score, *covariates))
    people = _people(rows, treated, waves, baseline, (score, *covariates))
    n, fault = len(people.scores), _fault(people, waves)
    how = _how(people, small_sample, before=baseline is not None)
    if fault:
        return _nothing(waves, fault, n, how)
    design, names = _design(people, waves)
    fit = fit_repeated_measures(
        people.scores,
        design,
        names=names,
        waves=tuple(waves),
        small_sample=small_sample,
    )
    if isinstance(fit, Unavailable):
        return _nothing(waves, fit.reason, n, how)
    return RepeatedMeasuresEffects(
        follow_ups=tuple(_follow_up(fit, wave, how) for wave in waves),
        correlation=_correlation(fit, waves),
    )


def _rows(
    frame: pd.DataFrame,
    arms: tuple[str, str],
    waves: Sequence[str],
    baseline: str | None,
    columns: tuple[str, ...],
) -> pd.DataFrame:
    needed = ["participant", "wave", "arm", *columns]
    if missing := [name for name in needed if name not in frame.columns]:
        known = [str(name) for name in frame.columns]
        raise DataError("waves", unknown("column", ", ".join(missing), known))
    asked = [*waves, *([] if baseline is None else [baseline])]
    rows = frame.loc[frame["wave"].isin(asked) & frame["arm"].isin(arms), needed]
    if twice := int(rows.duplicated(["participant", "wave"]).sum()):
        raise DataError("waves", f"{twice} answers of people who answered a wave twice")
    for name in ("arm", *columns[1:]):
        values = rows.groupby("participant", observed=True)[name].nunique()
        if several := int((values > 1).sum()):
            raise DataError("waves", f"{several} people have two values of {name}")
    return rows


def _people(
    rows: pd.DataFrame,
    treated: str,
    waves: Sequence[str],
    baseline: str | None,
    columns: tuple[str, ...],
) -> _People:
    score, covariates = columns[0], list(columns[1:])
    asked = [*waves, *([] if baseline is None else [baseline])]
    fixed = rows.groupby("participant", observed=True)[["arm", *covariates]].first()
    wide = rows.pivot_table(
        index="participant",
        columns="wave",
        values=score,
        aggfunc="first",
        observed=True,
    )
    wide = wide.reindex(index=fixed.index, columns=asked).astype(float)
    known = fixed.notna().all(axis=1) & wide[list(waves)].notna().any(axis=1)
    if baseline is not None:
        known &= wide[baseline].notna()
    wide, fixed = wide[known], fixed[known]
    values, names = covariate_columns(fixed, covariates)
    return _People(
        scores=wide[list(waves)].to_numpy(),
        treated=np.asarray(fixed["arm"].eq(treated), dtype=float),
        before=None if baseline is None else wide[baseline].to_numpy(),
        columns=values - values.mean(axis=0) if len(values) else values,
        names=names,
        left_out=int((~known).sum()),
    )


def _fault(people: _People, waves: Sequence[str]) -> str:
    for arm in (1.0, 0.0):
        counts = (~np.isnan(people.scores[people.treated == arm])).sum(axis=0)
        for wave, count in zip(waves, counts, strict=True):
            if count < MINIMUM_PEOPLE:
                return f"{count} scores of an arm at {wave}; at least 2 needed"
    if np.isinf(people.scores).any():
        return "some scores are infinite"
    return ""


def _design(people: _People, waves: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    """Mean of the control, effect and slope of the score before, wave by wave."""
    own = [np.ones(len(people.scores)), people.treated]
    named = ["mean", "effect"]
    if people.before is not None:
        own.append(people.before - people.before.mean())
        named.append("before")
    size = len(waves)
    by_wave = np.einsum("ic,vw->ivwc", np.column_stack(own), np.eye(size))
    by_wave = by_wave.reshape(len(people.scores), size, -1)
    same = np.repeat(people.columns[:, None, :], size, axis=1)
    names = [f"{name} {wave}" for wave in waves for name in named]
    return np.concatenate([by_wave, same], axis=2), (*names, *people.names)


def _how(people: _People, small_sample: SmallSample, *, before: bool) -> str:
    adjusted = [*(["score before by wave"] if before else []), *people.names]
    given = f", adjusted for {', '.join(adjusted)}" if adjusted else ""
    return (
        f"mixed model for repeated measures, arm by wave{given}; unstructured "
        f"covariance, restricted maximum likelihood, {HOW[small_sample]}; later gaps "
        f"missing at random given earlier answers; {people.left_out} people without "
        "what the model needs left out"
    )


def _correlation(fit: RepeatedMeasuresFit, waves: Sequence[str]) -> Array:
    places = [fit.names.index(f"effect {wave}") for wave in waves]
    covariance = fit.covariance[np.ix_(places, places)]
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread))


def _follow_up(fit: RepeatedMeasuresFit, wave: str, how: str) -> FollowUpEffect:
    effect, control = (
        np.array([float(name == f"{part} {wave}") for name in fit.names])
        for part in ("effect", "mean")
    )
    degrees = Estimate.of(
        "repeated_measures_degrees_of_freedom",
        fit.degrees_of_freedom(list(effect)),
        n=fit.n_people,
        method=f"degrees of freedom of the t interval; {how}; no interval",
    )
    at_mean = f"at the means of everyone in the model; {how}"
    return FollowUpEffect(
        wave=wave,
        repeated_measures_effect=_estimate(
            fit, effect, "repeated_measures_effect", f"treated less control; {how}"
        ),
        repeated_measures_degrees_of_freedom=degrees,
        adjusted_mean_treated=_estimate(
            fit, control + effect, "adjusted_mean_treated", at_mean
        ),
        adjusted_mean_control=_estimate(fit, control, "adjusted_mean_control", at_mean),
    )


def _estimate(
    fit: RepeatedMeasuresFit, contrast: Array, term: str, how: str
) -> Estimate:
    weights = list(contrast)
    value, degrees = fit.value(weights), fit.degrees_of_freedom(weights)
    reach = t_quantile((1 + LEVEL) / 2, degrees) * fit.standard_error(weights)
    return Estimate.of(
        term,
        value,
        (value - reach, value + reach),
        n=fit.n_people,
        method=f"{how}; t with {degrees:.1f} degrees of freedom",
    )


def _nothing(
    waves: Sequence[str], reason: str, n: int, how: str
) -> RepeatedMeasuresEffects:
    return RepeatedMeasuresEffects(
        follow_ups=tuple(
            FollowUpEffect.unavailable(reason, n=n, method=how, wave=wave)
            for wave in waves
        )
    )
