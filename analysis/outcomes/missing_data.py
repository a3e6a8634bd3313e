"""Everybody who started, into who is missing and what it would take to matter.

Scores of all waves into who was followed, and whether the answer rests on who was. Of
waves that are not linked it is counted how many have a score, of those invited.

The rule that holds throughout: everybody with a score at the baseline, an arm and,
where teams or sites were allocated, one of these has started; who has no linked score
later is missing there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from analysis.declarations.estimand import unit_of
from analysis.declarations.linkage import is_linked
from analysis.foundation.findings import Contrast, Finding
from analysis.outcomes.context import Context
from analysis.outcomes.gates import apply_gates, check_rule
from analysis.outcomes.outcome_scores import by_arm, waves_of_outcome
from analysis.outcomes.question import questions_of
from heard.effects.change import paired_change
from heard.effects.missing_data.arm_effect import ArmModel, imputed_arm_difference
from heard.effects.missing_data.attrition import (
    attrition_table,
    completers_and_dropouts,
    dropout_tipping_point,
)
from heard.effects.missing_data.tipping_point import TippingPoint, tipping_point
from heard.effects.missing_data.weighting import (
    complete_arm_difference,
    response_weights,
    weighted_arm_difference,
)
from heard.models.imputation import N_SETS, Imputation, impute
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analysis.declarations.estimand import Unit
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.results import Composite, Result

Found: TypeAlias = "tuple[str, Place, str, Result | Composite]"
"""Follow-up, arm, group, and what was found there."""
EVERYONE = "everyone"
NOT_RECORDED = "how many were invited is not recorded"
MINIMUM_TEAMS = 5
"""Fewer give no random intercept: they are covariates then."""
SHARE_OF_RANGE = 1 / 3
STEPS = 5
"""Shifts drawn on either side of none."""


def column_of(wave: str) -> str:
    """What a wave's score is called, also in the words of a method."""
    return f"score {wave}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Context):
    """Everybody who started, and all that can be said of who is missing.

    Attributes
    ----------
    people : DataFrame, one row a participant
        ``arm``, ``cluster`` (the unit of the question, or the team where people are
        compared), and a score a wave, NaN where missing.
    unit : {"person", "team", "site"}
        Of the question: what was allocated.
    columns : mapping
        Follow-up → its column of `people`.
    baseline_attributes : tuple of str
        Columns of what people said of themselves at the baseline.
    """

    people: pd.DataFrame
    unit: Unit
    columns: Mapping[str, str]
    baseline_attributes: tuple[str, ...]

    @property
    def cluster(self) -> str | None:
        """The column of what was allocated together; None where people were."""
        return None if self.unit == "person" else "cluster"

    @property
    def before(self) -> str:
        """The column of the score at the baseline."""
        return column_of(self.outcome.baseline)

    def by_follow_up(self, found: Iterable[Found]) -> Iterator[Finding]:
        """Findings of this outcome, from the baseline to each follow-up."""
        for follow_up, arm, group, result in found:
            yield from self.place(
                result, wave=self.change(follow_up), arm=arm, group=group
            )

    def follow_up_shares(self) -> Iterator[Found]:
        """Shares followed, arm by arm; then how those differed at the baseline."""
        yield from self._shares(self.people.assign(arm=EVERYONE), "")
        if self.study.arms:
            yield from self._shares(self.people, self.study.control)
        for follow_up, column in self.columns.items():
            for part in completers_and_dropouts(
                self.people,
                outcome=column,
                baseline=[self.before],
                arm="arm" if self.study.arms else None,
            ):
                arm = "" if part.arm == "everybody" else part.arm
                yield follow_up, arm, "", part.stayers_minus_leavers

    def _shares(self, people: pd.DataFrame, reference: str) -> Iterator[Found]:
        responses = pd.concat(
            people[["arm"]].assign(
                participant=people.index, wave=follow_up, score=people[column]
            )
            for follow_up, column in self.columns.items()
        )
        table = attrition_table(responses, waves=[*self.columns], reference=reference)
        for part in table.retention:
            arm = "" if part.arm == EVERYONE else part.arm
            yield part.wave, arm, "", part.share_present
            if arm and reference and arm != reference:
                contrast = Contrast(arm, reference)
                yield part.wave, contrast, "", part.share_present_difference

    def compared(self) -> Iterator[Found]:
        """The arms' difference: leavers left out, weighted, filled in, shifted."""
        imputation = self._imputed()
        for follow_up, column in self.columns.items():
            model = self._model(column)
            results = [
                complete_arm_difference(self.people, model),
                self._weighted(model),
                *self._filled_in(imputation, model),
            ]
            for result in results:
                yield follow_up, self.arms or "", "", result
            yield from self._tipping(imputation, model, follow_up)

    def dropout_tipping_points(self) -> Iterator[Found]:
        """The changes of dropouts that would undo the change of those followed."""
        for follow_up, column in self.columns.items():
            pairs = self.people.loc[self.people[column].notna()]
            cluster = pairs[self.cluster] if self.cluster else None
            change = paired_change(pairs[self.before], pairs[column], cluster=cluster)
            tipping_point = dropout_tipping_point(
                change.mean_change, followed=len(pairs), started=len(self.people)
            )
            yield follow_up, "", "", tipping_point

    def difference_by_method(
        self,
        follow_up: str,
        missing: str,
        *,
        arms: Contrast | None = None,
        draws: int = N_SETS,
    ) -> Result:
        """The arms' difference at a follow-up, dropouts allowed for in one way.

        Parameters
        ----------
        missing : {"complete", "weighted", "imputed"}
            Left out; followed weighted to stand for all; filled in.
        arms : Contrast, optional
            The two arms; the study's main ones if not given.
        draws : int
            Completed sets, where scores are filled in.
        """
        model = self._model(self.columns[follow_up])
        if arms is not None:
            model = dataclasses.replace(
                model, treated=arms.after, reference=arms.before
            )
        if missing == "complete":
            return complete_arm_difference(self.people, model)
        if missing == "weighted":
            return self._weighted(model)
        return next(self._filled_in(self._imputed(draws), model))

    def _model(self, column: str) -> ArmModel:
        return ArmModel(
            outcome=column,
            treated=self.study.treated,
            reference=self.study.control,
            adjust=(self.before, *self._adjusted()),
            cluster=self.cluster,
        )

    def _adjusted(self) -> tuple[str, ...]:
        """What the plan names, as the planned estimate has it; else nothing."""
        plan = self.study.plan
        named = plan.covariates if plan else ()
        return tuple(name for name in self.baseline_attributes if name in named)

    def _imputed(self, draws: int = N_SETS) -> Imputation | Unavailable:
        """Every score filled in from all waves, once for the outcome."""
        units = set(self.people["cluster"])
        among = len(units) > 1 and "" not in units
        random = self.cluster or (among and len(units) >= MINIMUM_TEAMS)
        return impute(
            self.people,
            scores=[self.before, *self.columns.values()],
            covariates=[
                *self.baseline_attributes,
                *(["cluster"] if among and not random else []),
            ],
            arm="arm",
            cluster="cluster" if random else None,
            n_sets=draws,
            seed=self.seed,
        )

    def _weighted(self, model: ArmModel) -> Result:
        both = [model.treated, model.reference]
        people = self.people.loc[self.people["arm"].isin(both)]
        weights = response_weights(
            people,
            outcome=model.outcome,
            predictors=[self.before, *self.baseline_attributes],
            arm="arm",
        )
        if isinstance(weights, Unavailable):
            return _unavailable_as(weights, "weighted_arm_difference")
        return weighted_arm_difference(people, weights, model)

    def _filled_in(
        self, imputation: Imputation | Unavailable, model: ArmModel
    ) -> Iterator[Result]:
        if isinstance(imputation, Unavailable):
            yield _unavailable_as(imputation, "imputed_arm_difference")
            return
        pooled = imputed_arm_difference(self.people, imputation, model)
        yield pooled.effect
        yield pooled.fraction_missing_information

    def _tipping(
        self, imputation: Imputation | Unavailable, model: ArmModel, follow_up: str
    ) -> Iterator[Found]:
        """The curve of shifted effects, and where it tips, of the treated arm."""
        found: TippingPoint | Unavailable
        if isinstance(imputation, Unavailable):
            found = imputation
        else:
            found = tipping_point(
                self.people,
                imputation,
                model,
                shifts=self._shifts(),
                smallest_effect=self._benefit(),
            )
        at = follow_up, self.arms or ""
        if isinstance(found, Unavailable):
            yield *at, "", _unavailable_as(found, "tipping_point_interval_zero")
            return
        yield *at, "", found.interval_zero
        yield *at, "", found.estimate_zero
        if self.smallest_in_points:
            yield *at, "", found.interval_smallest_effect
            yield *at, "", found.estimate_smallest_effect
        for part in found.curve:
            yield *at, part.shift, part.effect

    def _shifts(self) -> list[float]:
        """Points from about a third of the scale below none to as far above."""
        subscale = self.subscale
        width = SHARE_OF_RANGE * (subscale.highest - subscale.lowest)
        reach = float(f"{width:.0e}")
        return [float(f"{x:.10g}") for x in np.linspace(-reach, reach, 2 * STEPS + 1)]

    def _benefit(self) -> float | None:
        """The smallest effect that matters, with the sign of a benefit."""
        smallest = self.smallest_in_points
        return -smallest if smallest and self.higher_is_worse else smallest


def _unavailable_as(absent: Unavailable, term: str) -> Unavailable:
    return Unavailable(
        term=term,
        reason=absent.reason,
        n=absent.n,
        n_unit=absent.n_unit,
        method=absent.method,
    )


MINIMUM_SAME_ANSWER = 10
"""People who gave an answer about themselves; rarer answers are put together."""
OTHER = "other"


def evaluate_missing(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    linkage_rule: str = "",
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Report who is missing of every outcome, and what it would take to matter.

    Parameters
    ----------
    scores_by_wave, links, linkage_rule, comparability, reliability
        As of `evaluate_outcomes`. A score that may not be compared is not compared
        here either; who was followed is still reported.

    Returns
    -------
    tuple of Finding
        Of waves that are not linked, shares scored of those invited. Of linked people,
        shares followed, and how those differed at the baseline; where two arms are
        compared, their difference in three ways, and when missing scores would tip it;
        where none are, what change of dropouts would undo that of those followed.

    Raises
    ------
    DeclarationError
        No link was made under that rule.
    DataError
        Linked participants who are mostly at another site: not the same people.
    """
    if linkage_rule:
        check_rule(linkage_rule, links, study)
    gates = tuple(comparability), tuple(reliability)
    found: list[Finding] = []
    for outcome in study.outcomes:
        found += _scored_of_invited(scores_by_wave, study, outcome)
        waves = followed_scores(scores_by_wave, study, outcome, links, linkage_rule)
        if waves is None or not len(waves.people):
            continue
        found += waves.by_follow_up(waves.follow_up_shares())
        compared = study.treated and study.control
        judged = waves.compared() if compared else waves.dropout_tipping_points()
        found += apply_gates(waves.by_follow_up(judged), study, *gates)
    return tuple(found)


def followed_scores(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    links: pd.DataFrame | None,
    rule: str,
) -> Followed | None:
    """Everybody who started, waves side by side; None where no wave is linked."""
    score = f"{outcome.instrument}.{outcome.subscale}"
    people, unit = pd.DataFrame(), unit_of(study)[0]
    columns: dict[str, str] = {}
    baseline_attributes: dict[str, pd.Series[str]] = {}
    for follow_up in outcome.follow_ups if outcome.baseline else ():
        before, after, linked = waves_of_outcome(
            scores_by_wave, study, outcome, follow_up, links=links, rule=rule
        )
        if not linked:
            continue
        if not columns:
            question, *_ = questions_of(
                scores_by_wave, study, outcome, follow_up, links=links, rule=rule
            )
            unit = question.estimand.unit
            first = column_of(outcome.baseline)
            before = before.assign(cluster=before["site" if unit == "site" else "team"])
            start = before.loc[before[score].notna() & _known(before, study, unit)]
            baseline_attributes = _baseline_attributes(start, study, outcome)
            people = start[["participant", "arm", "cluster"]].assign(
                **{first: start[score]}, **baseline_attributes
            )
        seen = after.loc[(after["participant"] != "") & after[score].notna()]
        later = seen.set_index("participant")[score]
        columns[follow_up] = column_of(follow_up)
        people[columns[follow_up]] = people["participant"].map(later)
    if not columns:
        return None
    people = people.drop(columns="participant").reset_index(drop=True)
    return Followed(
        people=people,
        unit=unit,
        columns=columns,
        study=study,
        outcome=outcome,
        baseline_attributes=tuple(baseline_attributes),
    )


def _scored_of_invited(
    scores_by_wave: ScoresByWave, study: Study, outcome: Outcome
) -> Iterator[Finding]:
    """Who has a score, of those invited, at the waves that are not linked."""
    context = Context(study=study, outcome=outcome)
    survey, first = outcome.survey, outcome.baseline
    apart = [
        wave
        for wave in outcome.follow_ups
        if not first or not is_linked(study, survey, first, wave)
    ]
    for wave in dict.fromkeys(filter(None, [*([first] if apart else []), *apart])):
        invited = study.invited(survey, wave)
        for arm, among in by_arm(scores_by_wave[wave][survey], study):
            scored = int(among[context.score].notna().sum())
            share = _share_scored(scored, invited.get(arm, 0))
            yield from context.place(share, wave=wave, arm=arm)


def _share_scored(scored: int, invited: int) -> Result:
    if not invited:
        return Unavailable(
            term="share_scored", reason=NOT_RECORDED, n=scored, n_unit="answers"
        )
    return Estimate(
        term="share_scored",
        estimate=min(scored / invited, 1.0),
        n=invited,
        method="people with a score, of those invited; counted, so no interval",
    )


def _known(people: pd.DataFrame, study: Study, unit: Unit) -> pd.Series[bool]:
    """Who has an arm, if there are arms, and a unit, if units were allocated."""
    arms = [arm.name for arm in study.arms]
    known = people["arm"].isin(arms) | (not arms)
    return known & ((people["cluster"] != "") | (unit == "person"))


def _baseline_attributes(
    start: pd.DataFrame, study: Study, outcome: Outcome
) -> dict[str, pd.Series[str]]:
    """What people said of themselves at the baseline, rare answers put together.

    Who did not say is with the rare ones, and those with the most common where they
    are few: nobody is left out, and no answer forms too small a group.
    """
    export = study.wave(outcome.baseline).export(outcome.survey)
    baseline_attributes = {}
    for attribute in export.attributes if export else ():
        if attribute.name not in start.columns or not attribute.values:
            continue
        answers = start[attribute.name].fillna("").replace("", OTHER).astype(object)
        for instead in (OTHER, None):
            counts = answers.value_counts()
            rare = counts.index[counts < MINIMUM_SAME_ANSWER]
            common = counts.index[0] if len(counts) else OTHER
            answers = answers.where(~answers.isin(rare), instead or common)
        if len(set(answers)) > 1:
            baseline_attributes[attribute.name] = answers
    return baseline_attributes
