"""Estimate the difference between two arms at every follow-up by a mixed model.

The `approach` is ``constrained_baseline`` (one mean before: randomised arms),
``difference_in_change`` (arms may differ before) or ``ancova`` (adjusted for the score
before). Everyone who answered at least once counts, assuming data are missing at random
given the model; intervals are t with Satterthwaite's or Kenward and Roger's degrees of
freedom. Oracle: R lmerTest and pbkrtest, tests/oracles/values/clustered.json and
kenward_roger.json.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from heard.errors import DataError, unknown
from heard.models.cluster_robust import Array
from heard.models.mixed.design import RandomTerm
from heard.models.mixed.kenward_roger import KenwardRoger, kenward_roger
from heard.models.mixed.model import Criterion, MixedFit, fit_mixed_model
from heard.models.mmrm import SmallSample
from heard.results import Composite, Described, Estimate, Result, Unavailable

CONFIDENCE = 0.95
NAMES = {"satterthwaite": "Satterthwaite", "kenward_roger": "Kenward and Roger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedEffects(Described):
    """The fixed part of a mixed model, and what its groups leave over.

    - `names`: the fixed columns.
    - `coefficients`, shape (n_names,): in units of the score for one unit of the
      column.
    - `covariance`, shape (n_names, n_names): given the variances, or corrected for
      their being estimated.
    - `n`: rows.
    - `levels`: the random terms kept, and how many groups each has.
    - `left_out`: rows without a score, a column or a group.
    - `fit`: all else: variances, effects, likelihood.
    - `corrected`: Kenward and Roger's errors; None for Satterthwaite's degrees alone.
    """

    names: tuple[str, ...]
    coefficients: Array = field(compare=False)
    covariance: Array = field(compare=False)
    n: int
    levels: tuple[tuple[str, int], ...]
    left_out: int
    fit: MixedFit = field(repr=False, compare=False)
    corrected: KenwardRoger | None = field(default=None, repr=False, compare=False)

    def standard_error(self, contrast: Sequence[float] | str) -> float:
        """Standard error of a contrast."""
        weights = self._weights(contrast)
        return float(np.sqrt(weights @ self.covariance @ weights))

    def degrees_of_freedom(self, contrast: Sequence[float] | str) -> float:
        """Satterthwaite's or Kenward and Roger's, at most the rows to spare."""
        weights = tuple(self._weights(contrast))
        found = (
            self.fit.satterthwaite_df(weights)
            if self.corrected is None
            else self.corrected.degrees_of_freedom(weights)
        )
        return min(found, float(self.n - len(self.names)))

    def estimate(self, contrast: Sequence[float] | str, *, term: str) -> Estimate:
        """The contrast with its 95 % t interval; n counts rows."""
        degrees = self.degrees_of_freedom(contrast)
        value = float(self._weights(contrast) @ self.coefficients)
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
        reach *= self.standard_error(contrast)
        return Estimate.of(
            term,
            value,
            (value - reach, value + reach),
            n=self.n,
            n_unit="rows (answers)",
            method=f"{self.method}; t interval with {degrees:.1f} degrees of freedom "
            f"({self.small_sample})",
        )

    def p_value(self, contrast: Sequence[float] | str, *, term: str) -> Estimate:
        """Two-sided p of the contrast being zero, by the same t."""
        degrees = self.degrees_of_freedom(contrast)
        value = float(self._weights(contrast) @ self.coefficients)
        size = abs(value) / self.standard_error(contrast)
        return Estimate.of(
            term,
            2 * stats.t.sf(size, degrees),
            n=self.n,
            n_unit="rows (answers)",
            method=f"{self.method}; two-sided t test with {degrees:.1f} degrees of "
            f"freedom ({self.small_sample}); a probability has no interval",
        )

    def degrees_result(self, contrast: Sequence[float] | str, *, term: str) -> Estimate:
        """The degrees of freedom as a finding of their own."""
        return Estimate.of(
            term,
            self.degrees_of_freedom(contrast),
            n=self.n,
            n_unit="rows (answers)",
            method=f"degrees of freedom of the t interval ({self.small_sample}'s, at "
            "most rows less columns); no interval",
        )

    def variances(self) -> tuple[Result, ...]:
        """``<group>_variance`` of every random term, and ``residual_variance``."""
        named = [(term.name, term.variance, term.singular) for term in self.fit.random]
        named.append(("residual", self.fit.residual_variance, False))
        return tuple(
            Estimate.of(
                f"{name}_variance",
                value,
                n=self.n,
                n_unit="rows (answers)",
                method=f"{self.method}; in squared score units; "
                f"{'estimated as zero; ' * singular}no interval: it only sets the "
                "weights of the effects",
            )
            for name, value, singular in named
        )

    @property
    def small_sample(self) -> str:
        """Whose errors and degrees of freedom, in words."""
        return NAMES["satterthwaite" if self.corrected is None else "kenward_roger"]

    @property
    def method(self) -> str:
        """Model, estimator, missing rule and what n counts, in words."""
        groups = ", ".join(f"{many} {name}" for name, many in self.levels)
        how = "restricted " * (self.fit.criterion == "reml")
        nothing = [name for name in self.fit.singular if name]
        zero = f"; variance of {', '.join(nothing)} zero" if nothing else ""
        return (
            f"linear mixed model, random intercepts of {groups}{zero}; {how}maximum "
            f"likelihood; {self.left_out} rows without score "
            "or label left out, as missing at random given the model"
        )

    def _weights(self, contrast: Sequence[float] | str) -> Array:
        if isinstance(contrast, str):
            contrast = [float(name == contrast) for name in self.names]
        return np.asarray(contrast, dtype=float)


def mixed_effects(
    frame: pd.DataFrame,
    *,
    score: str,
    columns: Sequence[str],
    groups: Sequence[str],
    criterion: Criterion = "reml",
    small_sample: SmallSample = "satterthwaite",
) -> MixedEffects | Unavailable:
    """Fit random intercepts of groups and fixed columns.

    Parameters
    ----------
    frame : DataFrame, one row an answer
        Rows lacking the score, a column or a group are left out.
    score : str
        The outcome.
    columns : sequence of str
        Numeric fixed columns; an intercept is put before them.
    groups : sequence of str
        What groups the rows, such as team and person. A group that never holds two rows
        is left out: it is what the residual is.
    criterion : {"reml", "ml"}
        Restricted likelihood, unless models of different columns are compared.
    small_sample : {"satterthwaite", "kenward_roger"}
        Whether errors are corrected for few groups, too, which takes longer.

    Returns
    -------
    MixedEffects
        Ask it for contrasts.
    Unavailable
        No usable group, columns that predict each other, nothing varies.

    References
    ----------
    Kuznetsova, Brockhoff & Christensen (2017), J. Statistical Software 82(13).
    """
    kept = frame[[score, *columns, *groups]].dropna()
    left_out = len(frame) - len(kept)
    response = kept[score].to_numpy(dtype=float)
    if fault := _mixed_models_fault(response):
        return Unavailable(term="mixed_effects", reason=fault, n=len(kept))
    fixed = kept[list(columns)].astype(float)
    fixed.insert(0, "intercept", 1.0)
    terms = [
        RandomTerm.of(name, kept[name])
        for name in groups
        if kept[name].nunique() < len(kept)
    ]
    fit = fit_mixed_model(response, terms, fixed=fixed, criterion=criterion)
    if isinstance(fit, Unavailable):
        return Unavailable(term="mixed_effects", reason=fit.reason, n=len(kept))
    corrected = kenward_roger(fit) if small_sample == "kenward_roger" else None
    if isinstance(corrected, Unavailable):
        return corrected
    return MixedEffects(
        names=fit.names,
        coefficients=fit.coefficients,
        covariance=fit.coefficient_covariance
        if corrected is None
        else corrected.covariance,
        n=fit.n,
        levels=tuple((term.name, len(term.levels)) for term in terms),
        left_out=left_out,
        fit=fit,
        corrected=corrected,
    )


def _mixed_models_fault(response: Array) -> str:
    if not len(response):
        return "no row has a score, every column and every group"
    if not np.isfinite(response).all():
        return "some scores are infinite"
    if np.ptp(response) <= 1e-9 * float(np.abs(response).max()):
        return "all scores are the same: nothing varies"
    return ""


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

    - `wave`: the follow-up; empty for the average of all.
    - `mixed_model_difference`: with its interval.
    - `mixed_model_p_value`: of no difference.
    - `mixed_model_degrees_of_freedom`: how much the interval is based on.
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
    small_sample: SmallSample = "satterthwaite",
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
    small_sample : {"satterthwaite", "kenward_roger"}
        Whether errors are corrected for few groups, too, which takes longer.

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
        design,
        score=score,
        columns=[*columns, *covariates],
        groups=groups,
        small_sample=small_sample,
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
        return "a participant is in both arms"
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
    return WaveEffects(
        by_wave=tuple(
            WaveEffect.unavailable(reason, n=n, wave=wave) for wave in waves[1:]
        ),
        average=WaveEffect.unavailable(reason, n=n),
        variances=(Unavailable(term="residual_variance", reason=reason, n=n),),
    )
