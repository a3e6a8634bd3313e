"""The same question by other methods, to see if the answer depends on the analysis.

Every method takes the people, the units and the contrast of the planned estimate, and
is named by what it changes. One that needs other people, or another metric, says so and
does not count where those that agree are counted.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analysis.outcomes.missing_data import followed_scores
from analysis.outcomes.people import (
    WITHOUT_ANSWER,
    adjusted_of_both,
    covariates_of,
    takes_every_wave,
    without_gaps,
)
from analysis.outcomes.planned import (
    LARGEST_FLOOR,
    floor_of,
    is_permuted,
    planned_estimate,
    rolled_out,
)
from analysis.outcomes.question import of_arm
from heard.effects.clustered.repeated_waves import mixed_wave_effects
from heard.effects.clustered.two_values import standardised_shares
from heard.effects.shares import difference_of_shares
from heard.effects.unit_means import MINIMUM_PER_ARM, compare_unit_means
from heard.models.cluster_robust import cluster_robust_fit, dummies
from heard.models.linear import covariate_columns
from heard.models.wild_bootstrap import wild_cluster_bootstrap
from heard.results import Result, Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.outcomes.question import Question
    from heard.effects.clustered.repeated_waves import Approach
    from heard.effects.clustered.two_values import Model
    from heard.models.cluster_robust import Array

TERM = "sensitivity_effect"
WAVES = ("before", "after")
EFFECT = "treated_later"
DRAWS = 30
"""Completed sets of a multiple imputation."""
TEAM = "team"
OTHER_SCALE: Literal["other scale"] = "other scale"
MODELS: dict[Model, str] = {
    "exchangeable": "estimating equations (GEE)",
    "random_intercept": "{unit}s as random levels (GLMM)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One other method.

    Attributes
    ----------
    name : str
        What it changes, in words.
    people : {"same people", "other people", "other scale"}
        Whether it is about those of the planned estimate, and in its metric.
    """

    name: str
    result: Result
    people: Literal["same people", "other people", "other scale"] = "same people"


def other_analyses(question: Question) -> tuple[Analysis, ...]:
    """Every other method that suits the design, in a fixed order."""
    if question.estimand.arms is None:
        return ()
    if question.estimand.summary == "start_effect":
        effects = rolled_out(question).other_effects()
        return tuple(
            Analysis(name=name, result=dataclasses.replace(result, term=TERM))
            for name, result in effects
        )
    of_units, of_people = _by_units, _by_people
    found = (of_units if question.estimand.by_unit else of_people)(question)
    same = (_counted(one, question) for one in found)
    return tuple(
        dataclasses.replace(one, result=dataclasses.replace(one.result, term=TERM))
        for one in (*same, *_of_points(question), *_of_others(question))
    )


def _counted(one: Analysis, question: Question) -> Analysis:
    """Of the same people all count the same, whatever their rows are."""
    if one.people != "same people":
        return one
    n, n_unit = question.counted
    return dataclasses.replace(one, result=with_n(one.result, n, n_unit))


def _by_units(question: Question) -> Iterator[Analysis]:
    estimand = question.estimand
    unit = estimand.unit
    if is_permuted(question):
        yield Analysis(
            name=f"{unit}s like these, not these alone",
            result=_compared(question, question.units, None, least=1),
        )
        return
    yield Analysis(
        name=f"{unit}s weighted by their people", result=cluster_robust(question)
    )
    followed = question.of_linked and unit == "team"
    if floor_of(question) <= LARGEST_FLOOR:
        yield Analysis(
            name=f"every other set of {unit}s", result=permuted_effect(question)
        )
    if followed and estimand.summary != "adjusted_difference":
        yield Analysis(
            name=f"{unit}s compared at equal scores before",
            result=_compared(question, question.units, "adjusted"),
        )
    if estimand.metric == "share":
        yield from _of_two_values(question)
    elif followed and not estimand.strata:
        yield Analysis(
            name=f"mixed model, {unit}s may drift", result=mixed_model(question)
        )
    names = covariates_of(question)
    if names:
        yield Analysis(
            name=f"adjusted for {_listed(names)}",
            result=cluster_robust(question, covariates=names),
        )
    if estimand.strata:
        yield Analysis(
            name="without strata",
            result=_compared(
                question, question.compared_units.drop(columns="stratum"), None
            ),
        )


def _of_two_values(question: Question) -> Iterator[Analysis]:
    """Models of the odds, turned into the same difference of shares.

    People are compared at equal answers before. Different people at the two waves are
    not: these models know no change of a team.
    """
    estimand = question.estimand
    if estimand.strata or (estimand.baseline and not question.of_linked):
        return
    before = ("before",) if estimand.baseline else ()
    rows = question.pairs if before else question.waves[-1]
    rows = rows.loc[rows["cluster"].isin(question.compared_units.index)]
    equal = " at equal answers before" if before else ""
    for model, how in MODELS.items():
        found = standardised_shares(
            rows,
            treated=question.compared.after,
            control=question.compared.before,
            score="after" if before else "score",
            covariates=before,
            model=model,
        )
        yield Analysis(
            name=f"people compared{equal}, {how.format(unit=estimand.unit)}",
            result=found.share_difference,
        )


def _of_points(question: Question) -> Iterator[Analysis]:
    """The mean score, next to the probability of a better answer."""
    if question.estimand.metric == "probability_of_better":
        yield Analysis(
            name="mean score, in points",
            result=planned_estimate(question.in_points).result,
            people=OTHER_SCALE,
        )


def _compared(
    question: Question,
    units: pd.DataFrame,
    summary: Literal["change", "after", "adjusted"] | None,
    *,
    least: int = MINIMUM_PER_ARM,
) -> Result:
    arms = question.compared
    return compare_unit_means(
        units,
        treated=arms.after,
        control=arms.before,
        summary=summary,
        unit=question.estimand.unit,
        n_unit=question.n_unit,
        least=least,
    ).result()


def _by_people(question: Question) -> Iterator[Analysis]:
    estimand, names = question.estimand, covariates_of(question)
    if estimand.metric == "share" and not estimand.baseline:
        yield Analysis(
            name="interval of two shares (Newcombe)", result=_of_shares(question)
        )
    if not question.of_linked:
        return
    if estimand.summary == "difference_in_change":
        yield Analysis(
            name="people compared at equal scores before",
            result=adjusted_of_both(question).result,
        )
        teams = question.pairs["team"]
        if teams.nunique() > 2 and (teams != "").all():
            yield Analysis(
                name="people of a team counted as alike",
                result=cluster_robust(question),
            )
    elif takes_every_wave(question):
        yield Analysis(
            name=f"missing scores filled in {DRAWS} times",
            result=imputed(question),
        )
        result = adjusted_of_both(question).result
        yield Analysis(
            name="only people with both scores", result=result, people="other people"
        )
    if names and estimand.summary == "adjusted_difference":
        without = dataclasses.replace(
            question, estimand=dataclasses.replace(estimand, covariates=())
        )
        yield Analysis(
            name=f"without {_listed(names)}", result=planned_estimate(without).result
        )


def _of_shares(question: Question) -> Result:
    """The difference of two shares, with an interval that stays within 0 and 1."""
    scores = [of_arm(question.waves[-1], arm)["score"] for arm in question.arm_names]
    treated, control = ((int(one.sum()), len(one)) for one in scores)
    return difference_of_shares(
        treated, control, term=TERM, method="share of the higher value, afterwards"
    )


def _of_others(question: Question) -> Iterator[Analysis]:
    """The answer of the other population, where both can be had."""
    estimand = question.estimand
    if not (question.linked and estimand.by_unit and estimand.baseline):
        return
    waves = question.in_arms(question.before), question.in_arms(question.after)
    if all(len(wave) == len(question.pairs) for wave in waves):
        return
    linked = question.of_linked
    other = dataclasses.replace(
        question,
        estimand=dataclasses.replace(
            estimand, population="answered" if linked else "linked"
        ),
    )
    name = "all who answered" if linked else "only those who could be linked"
    result = planned_estimate(other).result
    yield Analysis(name=name, result=result, people="other people")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def rows_of(question: Question) -> pd.DataFrame:
    """The answers that the estimand is about, one row a participant and wave.

    Who is not linked is somebody of their own. Participants are numbered as they come:
    another key to the pseudonyms must not change the order of sums.
    """
    waves = WAVES if question.estimand.baseline else WAVES[1:]
    rows = pd.concat(
        [
            frame.assign(wave=wave)
            for wave, frame in zip(waves, question.waves, strict=True)
        ],
        ignore_index=True,
    )
    if question.estimand.by_unit:
        rows = rows.loc[rows["cluster"].isin(question.compared_units.index)]
    rows = rows.loc[rows["cluster"] != ""]
    unlinked = rows["wave"] + " " + rows.index.astype(str)
    named = rows["participant"].where(rows["participant"] != "", unlinked)
    return rows.assign(participant=named.factorize()[0])


def cluster_robust(question: Question, *, covariates: Sequence[str] = ()) -> Result:
    """The arms' difference from all answers, with errors that allow for units (CR2).

    A covariate ``team`` gives every team its own level, which holds its arm and site.
    """
    rows, design, names = _design(question, covariates)
    fit = cluster_robust_fit(
        rows["score"].to_numpy(float),
        design,
        rows["cluster"].to_numpy(),
        names=names,
        absorb=rows["team"].to_numpy() if TEAM in covariates else None,
    )
    if isinstance(fit, Unavailable):
        return fit
    found = fit.estimate(EFFECT if EFFECT in names else "treated", term=TERM)
    if not covariates or isinstance(found, Unavailable):
        return found
    return dataclasses.replace(found, method=f"{found.method}; {WITHOUT_ANSWER}")


def _design(
    question: Question, covariates: Sequence[str] = ()
) -> tuple[pd.DataFrame, Array, tuple[str, ...]]:
    """Answers, a column each of arm, wave and both, and the covariates."""
    rows, arms = rows_of(question), question.compared
    treated = (rows["arm"] == arms.after).to_numpy(float)
    later = (rows["wave"] == WAVES[1]).to_numpy(float)
    own_levels = TEAM in covariates
    parts = {} if own_levels else {"intercept": np.ones(len(rows)), "treated": treated}
    if question.estimand.baseline:
        parts |= {"later": later, EFFECT: treated * later}
    for place, own in enumerate(_strata(rows, question)):
        if not own_levels:
            parts[f"stratum {place}"] = own
        if question.estimand.baseline:
            parts[f"stratum {place} later"] = own * later
    held = [name for name in covariates if not (own_levels and name in (TEAM, "site"))]
    columns, names = covariate_columns(without_gaps(rows, held), held)
    return rows, np.column_stack([*parts.values(), columns]), (*parts, *names)


def _strata(rows: pd.DataFrame, question: Question) -> Array:
    """A row of 0 and 1 for every stratum but the first, where there are any."""
    if not question.estimand.strata:
        return np.empty((0, len(rows)))
    return dummies(rows["stratum"].to_numpy()).T[1:]


def wild_bootstrap(question: Question) -> Result:
    """The arms' difference with the interval of the wild bootstrap over units."""
    rows, design, names = _design(question)
    return wild_cluster_bootstrap(
        rows["score"].to_numpy(float),
        design,
        rows["cluster"].to_numpy(),
        names=names,
        name=EFFECT if EFFECT in names else "treated",
        term=TERM,
        seed=question.seed,
    ).effect


def permuted_effect(question: Question) -> Result:
    """The units compared with every other set of as many."""
    return question.permutation.effect


def imputed(question: Question) -> Result:
    """The arms' difference with every missing score filled in (multiple imputation).

    Completed sets are pooled by Rubin's rules with Barnard and Rubin's degrees of
    freedom; as adjusted as the plan has it.
    """
    followed = followed_scores(
        question.scores_by_wave, question.study, question.outcome, question.links, ""
    )
    assert followed is not None, "randomised people are linked"
    return followed.difference_by_method(
        question.estimand.follow_up, "imputed", arms=question.compared, draws=DRAWS
    )


def mixed_model(
    question: Question, *, approach: Approach = "difference_in_change"
) -> Result:
    """The arms' difference by a mixed model in which units may drift apart."""
    arms = question.compared
    return mixed_wave_effects(
        rows_of(question),
        waves=WAVES,
        treated=arms.after,
        control=arms.before,
        approach=approach,
        clusters_drift=True,
    ).average.mixed_model_difference
