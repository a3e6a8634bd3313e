"""The planned estimate where single people were allocated, or where nobody was.

Randomised people are compared at equal scores before: those with both scores where few
were lost, else everybody by a model of all waves. People who were chosen are compared
by their changes; without a comparison the change stands alone.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from analysis.declarations.plan import SCORE_BEFORE
from analysis.outcomes.question import Planned, of_arm
from analysis.outcomes.scores_over_waves import scores_over_waves
from heard.effects.change import paired_change
from heard.effects.comparison import compare_arms_unlinked
from heard.effects.designs.after_only import adjusted_difference, difference_after
from heard.effects.designs.repeated_measures import repeated_measures_effect
from heard.effects.judgement.equivalence import UncertainEffect, uncertain_effect
from heard.effects.unit_means import ArmMeans, as_result
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.outcomes.question import Question
    from heard.effects.designs.repeated_measures import FollowUpEffect

    Effect: TypeAlias = UncertainEffect | Unavailable

FEW_LOST = 0.05
"""Up to this share lost, those with both scores stand for all who were randomised."""
NOT_STATED = "not said"
WITHOUT_ANSWER = (
    "who gave no answer to a covariate is a group of its own, or at the mean"
)
OF_BOTH = "people with both scores"
CHANGES = f"difference of the arms' mean changes; {OF_BOTH}; Welch's t interval"
AFTER = "difference of the arms' means after; Welch's t interval"
ADJUSTED = (
    "difference after, adjusted for {names} by least squares (ANCOVA); "
    f"{OF_BOTH}; t interval with HC3 standard error"
)
DIFFERENT = (
    "difference of the waves' means; taken as different people; Welch's t interval"
)
UNLINKED = (
    "difference of the arms' changes, by least squares (arm by wave); taken as "
    "different people; t interval with HC3 standard error"
)


def people_estimate(question: Question) -> Planned:
    """Estimate what the estimand asks for, of people and not of teams."""
    estimand = question.estimand
    if estimand.arms is None:
        return _change(question)
    if estimand.summary == "difference_after":
        return _after(question)
    if not question.of_linked:
        return _unlinked(question)
    if estimand.summary == "difference_in_change":
        return _changes(question)
    if takes_every_wave(question):
        return _over_waves(question)
    return adjusted_of_both(question)


def takes_every_wave(question: Question) -> bool:
    """Whether a model of all waves compares randomised people, for the dropouts."""
    method = question.estimand.method
    if question.estimand.summary != "adjusted_difference" or method == "ancova":
        return False
    few_lost = len(question.pairs) >= (1 - FEW_LOST) * question.started
    return method == "mmrm" or not few_lost


def covariates_of(question: Question) -> tuple[str, ...]:
    """Covariates of the plan that are known of people, but for their score before."""
    return tuple(
        name
        for name in question.estimand.covariates
        if name != SCORE_BEFORE and name in question.before
    )


def without_gaps(rows: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Rows whose covariates have no gaps: who gave no answer is a group, or the mean.

    Nobody leaves an estimate for want of a covariate.

    Parameters
    ----------
    rows : DataFrame
        Of everybody compared.
    covariates : sequence of str
        Columns.
    """
    filled: dict[str, pd.Series[Any]] = {}
    for name in covariates:
        values = rows[name]
        if pd.api.types.is_numeric_dtype(values):
            filled[name] = values.fillna(values.mean())
        else:
            filled[name] = (
                values.astype(object).fillna(NOT_STATED).replace("", NOT_STATED)
            )
    return rows.assign(**filled)


def _planned(
    question: Question,
    effect: Effect,
    how: str,
    *,
    method: str,
    arms: Sequence[ArmMeans] | None = None,
    n_unit: str | None = None,
) -> Planned:
    """The effect under its term; with the arms' plain means unless others are given."""
    effect = _named(effect, question)
    if isinstance(effect, UncertainEffect):
        how = f"{how} with {effect.degrees_of_freedom:.4g} degrees of freedom"
    return Planned(
        result=as_result(
            effect, method=how, n_unit=question.n_unit if n_unit is None else n_unit
        ),
        effect=effect,
        arms=tuple(_means(question) if arms is None else arms),
        method=method,
    )


def _change(question: Question) -> Planned:
    """The change of those followed, or of whoever answered at each wave."""
    if question.of_linked:
        pairs = question.pairs
        found = paired_change(pairs["before"], pairs["after"]).mean_change
        degrees = max((found.n or 0) - 1.0, 1.0)
        effect = uncertain_effect(found, degrees_of_freedom=degrees)
        how, method = f"mean change; {OF_BOTH}; t interval", "paired_t"
    else:
        rows = pd.concat(
            [
                wave.assign(wave=name)
                for name, wave in zip(
                    ("before", "after"), question.answers, strict=True
                )
            ]
        )
        effect = difference_after(rows, treated="after", control="before", arm="wave")
        how, method = DIFFERENT, "welch"
    return _planned(question, effect, how, method=method)


def _changes(question: Question) -> Planned:
    """The arms' mean changes, of people who were followed."""
    arms = question.compared
    rows = question.pairs.assign(change=lambda two: two["after"] - two["before"])
    effect = difference_after(
        rows, treated=arms.after, control=arms.before, score="change"
    )
    return _planned(question, effect, CHANGES, method="welch")


def _after(question: Question) -> Planned:
    """The arms' means afterwards, where nobody was asked before."""
    arms = question.compared
    effect = difference_after(
        question.answers[1], treated=arms.after, control=arms.before
    )
    # Everybody answered once, so that the answers are people.
    return _planned(question, effect, AFTER, method="welch", n_unit="")


def _unlinked(question: Question) -> Planned:
    """The arms' changes, of whoever answered at each wave."""
    arms = question.compared
    found = compare_arms_unlinked(
        *question.answers, treated=arms.after, control=arms.before, cluster=False
    ).difference_in_change
    degrees = max((found.n or 0) - 4.0, 1.0)
    effect = uncertain_effect(found, degrees_of_freedom=degrees)
    return _planned(question, effect, UNLINKED, method="arm_by_wave")


def adjusted_of_both(question: Question) -> Planned:
    """Randomised people with both scores, at equal scores before (ANCOVA)."""
    arms, names = question.compared, ("before", *covariates_of(question))
    effect = adjusted_difference(
        without_gaps(question.pairs, names[1:]),
        treated=arms.after,
        control=arms.before,
        covariates=names,
        score="after",
    )
    means = _means(question)
    if isinstance(effect, UncertainEffect):
        means = _at_equal_scores(question, means, effect.effect)
    texts = ("the score before", *(name.replace("_", " ") for name in names[1:]))
    how = ADJUSTED.format(names=", ".join(texts))
    if names[1:]:
        how = f"{how}; {WITHOUT_ANSWER}"
    return _planned(question, effect, how, method="ancova", arms=means)


def _at_equal_scores(
    question: Question, means: Sequence[ArmMeans], effect: float
) -> list[ArmMeans]:
    """Both arms as they would be had they begun alike."""
    pairs = question.pairs
    before, after = float(pairs["before"].mean()), float(pairs["after"].mean())
    share = means[0].n_people / len(pairs)
    control = after - effect * share
    return [
        ArmMeans(
            arm=arm.arm,
            n_units=arm.n_units,
            n_people=arm.n_people,
            before=before,
            after=value,
        )
        for arm, value in zip(means, (control + effect, control), strict=True)
    ]


def _over_waves(question: Question) -> Planned:
    """All who were randomised, by a model of every wave (MMRM)."""
    arms, outcome = question.compared, question.outcome
    rows = _rows_over_waves(question)
    found = repeated_measures_effect(
        rows,
        treated=arms.after,
        control=arms.before,
        waves=outcome.follow_ups,
        baseline=outcome.baseline,
        covariates=covariates_of(question),
    )
    at = next(
        part for part in found.follow_ups if part.wave == question.estimand.follow_up
    )
    effect = _named(at.effect, question)
    return Planned(
        result=as_result(effect, method=at.repeated_measures_effect.method),
        effect=effect,
        arms=_modelled_means(rows, question, at),
        method="mmrm",
    )


def _rows_over_waves(question: Question) -> pd.DataFrame:
    """Rows of all waves; covariates are those that people had at the first."""
    names = covariates_of(question)
    rows = scores_over_waves(
        question.scores_by_wave,
        question.study,
        question.outcome,
        links=question.links,
        also=names,
    ).rows
    rows = rows.assign(score=question.measure(rows["score"]))
    first = rows.loc[rows["wave"] == question.outcome.baseline].set_index("participant")
    first = without_gaps(first, names)
    return rows.assign(**{name: rows["participant"].map(first[name]) for name in names})


def _modelled_means(
    rows: pd.DataFrame, question: Question, at: FollowUpEffect
) -> tuple[ArmMeans, ...]:
    """Both arms at the mean score before of everybody in the model."""
    arms = question.compared
    first = rows.loc[rows["wave"] == question.outcome.baseline]
    later = rows.loc[rows["wave"] != question.outcome.baseline, "participant"]
    used = first.loc[first["participant"].isin(later)]
    used = question.in_arms(used)
    counts = used["arm"].value_counts()
    modelled = (
        (arms.after, at.adjusted_mean_treated),
        (arms.before, at.adjusted_mean_control),
    )
    return tuple(
        ArmMeans(
            arm=arm,
            n_units=int(counts.get(arm, 0)),
            n_people=int(counts.get(arm, 0)),
            before=float(used["score"].mean()),
            after=mean.estimate,
        )
        for arm, mean in modelled
        if isinstance(mean, Estimate)
    )


def _means(question: Question) -> list[ArmMeans]:
    """Means of the people, or answers, that an estimate rests on, arm by arm."""
    return [_means_of(question, arm) for arm in question.arm_names]


def _means_of(question: Question, arm: str) -> ArmMeans:
    waves = [of_arm(wave, arm)["score"] for wave in question.waves]
    before = waves[0] if question.estimand.baseline else None
    people = min(map(len, waves))
    return ArmMeans(
        arm=arm,
        n_units=people,
        n_people=people,
        before=None if before is None or before.empty else float(before.mean()),
        after=None if waves[-1].empty else float(waves[-1].mean()),
    )


def _named(effect: Effect, question: Question) -> Effect:
    """The effect under the term of the summary measure."""
    return dataclasses.replace(effect, term=question.estimand.summary)
