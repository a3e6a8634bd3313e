"""Everybody who started, into who is missing and what it would take to matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from analysis.foundation import Finding, Unavailable
from analysis.outcomes.change import paired_change
from analysis.outcomes.missing import (
    ArmModel,
    Imputation,
    TippingPoint,
    attrition_table,
    complete_arm_difference,
    completers_and_dropouts,
    dropout_tipping_point,
    impute,
    imputed_arm_difference,
    response_weights,
    tipping_point,
    weighted_arm_difference,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analysis.declarations import Outcome, Study, Subscale
    from analysis.foundation import Composite, Result

Found: TypeAlias = "tuple[str, str, str, Result | Composite]"
"""Follow-up, arm, group, and what was found there."""
EVERYONE = "everyone"
MINIMUM_TEAMS = 5
"""Fewer give no random intercept: they are covariates then."""
SHARE_OF_RANGE = 1 / 3
STEPS = 5
"""Shifts drawn on either side of none."""


def column_of(wave: str) -> str:
    """What a wave's score is called, also in the words of a method."""
    return f"score {wave}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Everybody who started, and all that can be said of who is missing.

    Attributes
    ----------
    people : DataFrame, one row a participant
        ``arm``, ``team``, and a score a wave, NaN where missing.
    columns : mapping
        Follow-up → its column of `people`.
    baseline_attributes : tuple of str
        Columns of what people said of themselves at the baseline.
    """

    people: pd.DataFrame
    columns: Mapping[str, str]
    study: Study
    outcome: Outcome
    baseline_attributes: tuple[str, ...]

    @property
    def contrast(self) -> str:
        """How the two arms compared are written."""
        return f"{self.study.treated} - {self.study.control}"

    @property
    def before(self) -> str:
        """The column of the score at the baseline."""
        return column_of(self.outcome.baseline)

    def placed(self, found: Iterable[Found]) -> Iterator[Finding]:
        """Findings of this outcome, from the baseline to each follow-up."""
        for follow_up, arm, group, result in found:
            yield from Finding.place(
                result,
                study=self.study.name,
                survey=self.outcome.survey,
                instrument=self.outcome.instrument,
                subscale=self.outcome.subscale,
                wave=f"{follow_up} - {self.outcome.baseline}",
                arm=arm,
                group=group,
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
                contrast = f"{arm} - {reference}"
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
                yield follow_up, self.contrast, "", result
            yield from self._tipping(imputation, model, follow_up)

    def dropout_tipping_points(self) -> Iterator[Found]:
        """The changes of those lost that would undo the change of those followed."""
        for follow_up, column in self.columns.items():
            pairs = self.people.loc[self.people[column].notna()]
            cluster = pairs["team"] if self.study.allocated_by == "team" else None
            change = paired_change(pairs[self.before], pairs[column], cluster=cluster)
            tipping_point = dropout_tipping_point(
                change.mean_change, followed=len(pairs), started=len(self.people)
            )
            yield follow_up, "", "", tipping_point

    def difference_by_method(self, follow_up: str, missing: str) -> Result:
        """The arms' difference at a follow-up, the lost allowed for in one way.

        Parameters
        ----------
        missing : {"complete", "weighted", "imputed"}
            Left out; followed weighted to stand for all; filled in.
        """
        model = self._model(self.columns[follow_up])
        if missing == "complete":
            return complete_arm_difference(self.people, model)
        if missing == "weighted":
            return self._weighted(model)
        return next(self._filled_in(self._imputed(), model))

    def _model(self, column: str) -> ArmModel:
        return ArmModel(
            outcome=column,
            treated=self.study.treated,
            reference=self.study.control,
            adjust=(self.before, *self._adjusted()),
            cluster="team" if self.study.allocated_by == "team" else None,
        )

    def _adjusted(self) -> tuple[str, ...]:
        """What the plan names; without a plan all that was told at the baseline."""
        plan = self.study.plan
        return tuple(
            n for n in self.baseline_attributes if plan is None or n in plan.covariates
        )

    def _imputed(self) -> Imputation | Unavailable:
        """Every score filled in from all waves, once for the outcome."""
        teams = set(self.people["team"])
        by_team = self.study.allocated_by == "team"
        among = len(teams) > 1 and "" not in teams
        random = by_team or (among and len(teams) >= MINIMUM_TEAMS)
        return impute(
            self.people,
            scores=[self.before, *self.columns.values()],
            covariates=[
                *self.baseline_attributes,
                *(["team"] if among and not random else []),
            ],
            arm="arm",
            cluster="team" if random else None,
            seed=f"{self.study.name} {self.outcome.name}",
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
        at = follow_up, self.contrast
        if isinstance(found, Unavailable):
            yield *at, "", _unavailable_as(found, "tipping_point_interval_zero")
            return
        yield *at, "", found.interval_zero
        yield *at, "", found.estimate_zero
        if self.outcome.smallest_effect:
            yield *at, "", found.interval_smallest_effect
            yield *at, "", found.estimate_smallest_effect
        for part in found.curve:
            yield *at, part.shift, part.effect

    def _shifts(self) -> list[float]:
        """Points from about a third of the scale below none to as far above."""
        subscale = self._subscale()
        width = SHARE_OF_RANGE * (subscale.highest - subscale.lowest)
        reach = float(f"{width:.0e}")
        return [float(f"{x:.10g}") for x in np.linspace(-reach, reach, 2 * STEPS + 1)]

    def _benefit(self) -> float | None:
        """The smallest effect that matters, with the sign of a benefit."""
        smallest = self.outcome.smallest_effect
        worse = self._subscale().direction == "higher_is_worse"
        return -smallest if smallest and worse else smallest

    def _subscale(self) -> Subscale:
        instrument = self.study.instruments[self.outcome.instrument]
        return instrument.subscale(self.outcome.subscale)


def _unavailable_as(absent: Unavailable, term: str) -> Unavailable:
    return Unavailable(
        term=term, reason=absent.reason, n=absent.n, method=absent.method
    )
