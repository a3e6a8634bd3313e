"""Sensitivity to the analysis method: the arms' difference in change, by several.

An answer that holds by one method only is not robust. All methods here respect the
teams; they differ in how teams are weighted, in what they assume of the arms before,
and in how they find their interval.

The arms' difference, adjusted for the covariates the plan names.

The rule that holds throughout: a covariate is declared beforehand, is an answer that
puts people into groups, and is that of the baseline where a person is known there. The
adjusted estimate is shown with those of the other methods; it replaces none. Oracle:
the same model by statsmodels' formula, tests/outcomes/test_covariate_adjustment.py.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.declarations.plan import SCORE_BEFORE
from heard.effects.clustered.repeated_waves import mixed_wave_effects
from heard.effects.designs.randomisation import PlaceboComparison, placebo_comparison
from heard.effects.effect_sizes import first_coefficient, raw
from heard.models.cluster_robust import ClusterRobustFit, cluster_robust_fit
from heard.models.wild_bootstrap import wild_cluster_bootstrap
from heard.results import Composite, Result, Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heard.effects.clustered.repeated_waves import Approach
    from heard.effects.description import Numbers

ADJUSTED_TERM = "difference_in_change_by_way"
ADJUSTED_EFFECT = "treated_later"
TEAM = "team"
NOT_STATED = "not said"
MISSING = "who gave no answer is a group of its own"


def covariate_names(covariates: Sequence[str]) -> tuple[str, ...]:
    """Covariates to adjust for here: the change itself allows for the score before."""
    return tuple(name for name in covariates if name != SCORE_BEFORE)


def method_title(covariates: Sequence[str]) -> str:
    """The title of the method that adjusts for covariates."""
    named = ", ".join(name.replace("_", " ") for name in covariate_names(covariates))
    return f"with {named} held equal"


def covariate_adjusted_by_team(rows: pd.DataFrame, covariates: Sequence[str]) -> Result:
    """Arm by wave, adjusted for covariates, with errors clustered by team.

    Parameters
    ----------
    rows : DataFrame, one row a participant and wave
        ``participant``, ``wave`` (``before`` or ``after``), ``treated`` and ``later``
        (1 or 0), ``cluster``, ``score``, and a column a covariate but ``team``.
    covariates : sequence of str
        Of the plan; ``team``: every team has its own level.

    Returns
    -------
    Estimate
        In points; ``n`` counts answers.
    Unavailable
        As of `cluster_robust_fit`; a covariate that the scores do not hold.
    """
    names = covariate_names(covariates)
    within = TEAM in names
    if lacking := _lacking(rows, names):
        return Unavailable(term=ADJUSTED_TERM, reason=lacking, n=len(rows))
    levels = _levels(_as_at_first(rows, names), names, within=within)
    treated, later = rows["treated"].to_numpy(float), rows["later"].to_numpy(float)
    parts = {"later": later, ADJUSTED_EFFECT: treated * later}
    if not within:
        parts = {"intercept": np.ones(len(rows)), "treated": treated, **parts}
    fit = cluster_robust_fit(
        rows["score"].to_numpy(float),
        np.column_stack([*parts.values(), *levels.values()]),
        rows["cluster"].to_numpy(),
        names=(*parts, *levels),
        absorb=rows["cluster"].to_numpy() if within else None,
    )
    if isinstance(fit, Unavailable):
        return Unavailable(
            term=ADJUSTED_TERM,
            reason=fit.reason,
            n=fit.n,
            n_unit=fit.n_unit,
            method=fit.method,
        )
    return _with_words(fit.estimate(ADJUSTED_EFFECT, term=ADJUSTED_TERM))


def covariate_adjusted_by_person(
    pairs: pd.DataFrame, covariates: Sequence[str]
) -> Result:
    """The score after on the arm, the score before and the covariates.

    Parameters
    ----------
    pairs : DataFrame, one row a participant
        ``treated`` (1 or 0), ``before``, ``after``, ``cluster`` and a column a
        covariate.

    Returns
    -------
    Estimate
        In points, t interval with HC3 error; ``n`` counts pairs.
    Unavailable
        No variation, or a covariate that the scores do not hold or the rest predicts.
    """
    names = covariate_names(covariates)
    if lacking := _lacking(pairs, names):
        return Unavailable(term=ADJUSTED_TERM, reason=lacking, n=len(pairs))
    known = pairs.assign(team=pairs["cluster"]) if TEAM in names else pairs
    levels = _levels(known, names, within=False)
    before = known["before"].to_numpy(float)
    design = np.column_stack(
        [
            known["treated"].to_numpy(float),
            np.ones(len(known)),
            before - before.mean(),
            *levels.values(),
        ]
    )
    if np.linalg.matrix_rank(design) < design.shape[1] or len(design) <= len(design.T):
        reason = "what is held equal follows from the arm, or leaves nobody to compare"
        return Unavailable(term=ADJUSTED_TERM, reason=reason, n=len(known))
    after = known["after"].to_numpy(float)
    contrast = first_coefficient(
        after - after.mean(), design, scale=float(np.abs(after).max()), covariance="HC3"
    )
    return _with_words(
        raw(
            contrast,
            term=ADJUSTED_TERM,
            n=len(known),
            method="difference after, adjusted for the score before by least squares; "
            "t interval with HC3 standard error; participants with both scores only",
        )
    )


def _lacking(rows: pd.DataFrame, names: Sequence[str]) -> str:
    lacking = [name for name in names if name not in rows and name != TEAM]
    if not lacking:
        return ""
    names_text = ", ".join(name.replace("_", " ") for name in lacking)
    return (
        f"{names_text}: no answer that puts people into groups, so not held equal here"
    )


def _as_at_first(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Everybody with the answer of the baseline, where they are known there."""
    available = [name for name in names if name in rows]
    first = rows.loc[rows["wave"] == "before"].drop_duplicates("participant")
    at_first = first.set_index("participant")[available].reindex(rows["participant"])
    known = rows["participant"].isin(first["participant"]).to_numpy()
    return rows.assign(
        **{
            name: np.where(known, at_first[name].to_numpy(), rows[name].to_numpy())
            for name in available
        }
    )


def _levels(
    rows: pd.DataFrame, names: Sequence[str], *, within: bool
) -> dict[str, Numbers]:
    """A column a level but the first, of every covariate."""
    columns: dict[str, Numbers] = {}
    for name in names:
        # A team's own level holds its site equal too.
        if within and name in {TEAM, "site"}:
            continue
        values = rows[name].astype(object).where(rows[name].notna(), NOT_STATED)
        values = values.where(values != "", NOT_STATED)
        for level in sorted(values.unique())[1:]:
            columns[f"{name}: {level}"] = (values == level).to_numpy(float)
    return columns


def _with_words(result: Result) -> Result:
    if isinstance(result, Unavailable):
        return result
    return dataclasses.replace(result, method=f"{result.method}; {MISSING}")


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
    """The answer of one analysis method."""

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
        The answer by team means, to show with the others.
    covariates : sequence of str
        What the plan adjusts for, a column each of both waves but for ``team``.

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
    found = {"team means": declared} if declared else {}
    found |= {"cluster-robust": _robust(fit), "wild bootstrap": wild.effect}
    found |= _mixed(rows, treated=treated, control=control)
    placebo = _placebo(rows, treated=treated, seed=seed)
    found["every other set of teams"] = with_n(
        placebo.placebo_effect, len(rows), "answers"
    )
    found |= _covariate_adjusted(rows.assign(treated=arm, later=later), covariates)
    return MethodComparison(
        methods=tuple(
            MethodResult(
                method=method, difference_in_change_by_way=renamed(result, TERM)
            )
            for method, result in found.items()
        ),
        p_value=wild.p_value,
        placebo_p_value=with_n(placebo.placebo_p_value, len(rows), "answers"),
        placebo_smallest_possible_p_value=with_n(
            placebo.placebo_smallest_possible_p_value, len(rows), "answers"
        ),
        fit=fit,
    )


def _robust(fit: ClusterRobustFit | Unavailable) -> Result:
    if isinstance(fit, Unavailable):
        return Unavailable(
            term=TERM, reason=fit.reason, n=fit.n, n_unit=fit.n_unit, method=fit.method
        )
    return fit.estimate(EFFECT, term=TERM)


def _mixed(rows: pd.DataFrame, *, treated: str, control: str) -> dict[str, Result]:
    return {
        method: mixed_wave_effects(
            rows,
            waves=WAVES,
            treated=treated,
            control=control,
            approach=approach,
            clusters_drift=True,
        ).average.mixed_model_difference
        for method, approach in MIXED.items()
    }


def _placebo(rows: pd.DataFrame, *, treated: str, seed: str) -> PlaceboComparison:
    """The pilot's teams compared with every other set of as many teams."""
    in_pilot = rows.loc[rows["arm"] == treated, "cluster"].unique()
    return placebo_comparison(
        rows,
        treated=[str(name) for name in in_pilot],
        before=WAVES[0],
        after=WAVES[1],
        unit="cluster",
        seed=seed,
    )


def _covariate_adjusted(
    rows: pd.DataFrame, covariates: Sequence[str]
) -> dict[str, Result]:
    """The answer adjusted for the plan's covariates; none where it names none."""
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


def renamed(result: Result, term: str) -> Result:
    """The same result under another term."""
    return dataclasses.replace(result, term=term)
