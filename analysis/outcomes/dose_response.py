"""How much of the pilot people had into what more of it came with.

Only people who could attend count: the treated arm, units that had started, or all.
People chose how much to attend. Sessions attended after the baseline cannot have
changed its score; if they predict it, a slope by dose is not caused by the sessions.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.declarations.study import YES
from analysis.foundation.findings import Finding, Group
from analysis.outcomes.context import Context
from analysis.outcomes.gates import gated, refusals
from analysis.outcomes.scores_over_waves import scores_over_waves, started_rows
from heard.effects.designs.dose_response import (
    DoseResponse,
    dose_response,
    ingredient_contrasts,
    within_person_dose,
)
from heard.effects.designs.negative_controls import FutureDose, future_dose
from heard.results import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from analysis.declarations.study import Dose, Study
    from analysis.outcomes.gates import Gates
    from analysis.outcomes.outcome_scores import ScoresByWave
    from analysis.outcomes.scores_over_waves import OutcomeScores
    from heard.results import Composite, Result


MINIMUM_TEAMS = 5
MAXIMUM_POINTS = 6
NOT_LINKED = (
    "people were not linked between waves: nobody's score before is known beside the "
    "sessions attended"
)
AFTER_ALONE = (
    "people were asked afterwards alone, so nobody's score before is known beside the "
    "sessions attended"
)
NOT_ASKED = "how much people attended was not asked at the last follow-up"
NONE_BEFORE = "the baseline did not ask, so sessions before it are taken as none"


def dose_findings(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None,
    gates: Gates,
) -> Iterator[Finding]:
    """Scores by dose, for the outcomes of the survey that records it.

    Parameters
    ----------
    scores_by_wave, study, links
        As of `evaluate_outcomes`.
    gates : tuple
        Findings of comparability and reliability.
    """
    for dose_analysis in dose_analyses(scores_by_wave, study, links=links):
        refused = refusals(
            study, dose_analysis.outcome, dose_analysis.outcome_scores, gates
        )
        yield from gated(
            dose_analysis.findings(), dose_analysis.outcome_scores, refused
        )


def dose_analyses(
    scores_by_wave: ScoresByWave, study: Study, *, links: pd.DataFrame | None
) -> Iterator[DoseAnalysis]:
    """Every outcome of the survey that records the dose; none if none is declared."""
    dose = study.dose
    for outcome in study.outcome_of_each_score() if dose else ():
        if dose and outcome.survey == dose.survey and outcome.follow_ups:
            outcome_scores = scores_over_waves(
                scores_by_wave, study, outcome, links=links, also=dose.attributes
            )
            yield DoseAnalysis(
                study=study, outcome=outcome, dose=dose, outcome_scores=outcome_scores
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseAnalysis(Context):
    """One outcome, and how much of the pilot those had who answered."""

    dose: Dose
    outcome_scores: OutcomeScores

    @property
    def last(self) -> str:
        """The last wave of the outcome; the dose is taken up to it."""
        return self.outcome_scores.waves[-1]

    def findings(self) -> Iterator[Finding]:
        """Everything about the dose, in its place."""
        arm = "" if self.study.rollout else self.study.treated
        change = self.change(self.last)
        frame = self._frame()
        response = self.response()
        yield from self.place(response.dose_slope, wave=change, arm=arm)
        yield from self.place(response.dose_slope_p_value, wave=change, arm=arm)
        yield from self.place(response.dose_curve_p_value, wave=change, arm=arm)
        for part in response.by_dose:
            reference = f"{self._points(frame)[0]:g}"
            group = Group("dose", str(part.dose), reference)
            yield from self.place(part.dose_effect, wave=change, group=group, arm=arm)
        yield from self.place(self._within_people(), arm=arm)
        if self.outcome.baseline:
            yield from self.place(self.negative(), wave=self.outcome.baseline, arm=arm)
        for result, name in self._ingredients(frame):
            yield from self.place(result, wave=change, group=name, arm=arm)

    def response(self) -> DoseResponse:
        """Score after by dose, given the score before and the site."""
        frame = self._frame()
        if reason := self._lacking():
            # Of nobody a reason must stand, which a count of 0 would suppress.
            absent = Unavailable(term="", reason=reason, n=len(frame) or None)
            return DoseResponse(
                dose_slope=_named(absent, "dose_slope"),
                dose_slope_p_value=_named(absent, "dose_slope_p_value"),
                dose_curve_p_value=_named(absent, "dose_curve_p_value"),
                by_dose=(),
            )
        points = self._points(frame)
        return dose_response(
            frame,
            at=points[1:],
            reference=points[0],
            dose=self.dose.column,
            covariates=[str(name) for name in frame if str(name).startswith("site ")],
        )

    def negative(self) -> FutureDose:
        """Whether sessions attended after the baseline predict the score at it."""
        description = ""
        rows = self._eligible_to_attend()
        first = rows.loc[rows["wave"] == self.outcome.baseline]
        if self.dose.future and self.dose.future in first:
            frame = first.assign(later=first[self.dose.future])
        elif reason := self._lacking():
            absent = Unavailable(term="", reason=reason, n=len(first))
            return FutureDose(
                future_dose_slope=_named(absent, "future_dose_slope"),
                future_dose_p_value=_named(absent, "future_dose_p_value"),
            )
        else:
            frame = self._frame()
            frame = frame.assign(later=frame[self.dose.column] - frame["earlier"])
            description = "" if self._asked_before() else NONE_BEFORE
        frame = frame.rename(columns={"score": "before"})
        found = future_dose(frame, dose="later")
        return dataclasses.replace(
            found,
            future_dose_slope=_with_method(found.future_dose_slope, description),
            future_dose_p_value=_with_method(found.future_dose_p_value, description),
        )

    def _eligible_to_attend(self) -> pd.DataFrame:
        """Rows of those who had the pilot by the last wave, with their cluster."""
        rows = self.outcome_scores.rows
        if self.study.rollout is not None:
            begun = started_rows(self.outcome_scores, self.study, self.study.rollout)
            rows = begun.loc[begun["start"].notna()]
        elif self.study.treated:
            rows = rows.loc[rows["arm"] == self.study.treated]
        teams = set(rows["team"]) - {""}
        by = "team" if len(teams) >= MINIMUM_TEAMS else "site"
        attributes = [name for name in self.dose.attributes if name in rows]
        numbers = {name: _number(rows[name]) for name in attributes}
        return rows.assign(cluster=rows[by], **numbers)

    def _frame(self) -> pd.DataFrame:
        """Linked people at the baseline and the last wave, side by side."""
        rows = self._eligible_to_attend()
        first = rows.loc[rows["wave"] == self.outcome.baseline]
        last = rows.loc[rows["wave"] == self.last].set_index("participant")
        before = first.set_index("participant")[["score"]].rename(
            columns={"score": "before"}
        )
        asked = self._asked_before() and self.dose.column in first
        before["earlier"] = (
            first.set_index("participant")[self.dose.column] if asked else 0.0
        )
        frame = last.rename(columns={"score": "after"}).join(
            before, how="inner", validate="one_to_one"
        )
        sites = sorted(set(frame["site"]) - {""})
        if len(sites) > 1 and frame["cluster"].nunique() > len(sites):
            dummies = {
                f"site {site}": (frame["site"] == site).astype(float)
                for site in sites[1:]
            }
            frame = frame.assign(**dummies)
        return frame.reset_index()

    def _lacking(self) -> str:
        """Why nobody has a dose and both scores; empty if somebody has."""
        if not self.outcome.baseline:
            return AFTER_ALONE
        if not self.outcome_scores.linked:
            return NOT_LINKED
        rows = self.outcome_scores.rows.loc[
            self.outcome_scores.rows["wave"] == self.last
        ]
        asked = self.dose.column in rows and rows[self.dose.column].notna().any()
        return "" if asked else NOT_ASKED

    def _asked_before(self) -> bool:
        """Whether the baseline asked for the dose."""
        if not self.outcome.baseline:
            return False
        export = self.study.wave(self.outcome.baseline).export(self.outcome.survey)
        asked = export.attributes if export else ()
        return self.dose.column in {attribute.name for attribute in asked}

    def _points(self, frame: pd.DataFrame) -> list[float]:
        """Doses to report, the reference first; none that few people exceeded."""
        minimum = self.study.smallest_group_shown
        doses = np.sort(frame[self.dose.column].dropna().to_numpy(dtype=float))
        if len(doses) < minimum:
            return [0.0]
        low, high = doses[minimum - 1], doses[-minimum]
        points = np.unique(np.round(np.linspace(low, high, MAXIMUM_POINTS)))
        kept = [float(point) for point in points if low <= point <= high]
        return kept or [float(low)]

    def _within_people(self) -> Composite | Result:
        term = "within_person_dose_slope"
        if reason := self._lacking():
            return Unavailable(term=term, reason=reason)
        rows = self._eligible_to_attend()
        first = rows["wave"] == self.outcome.baseline
        if not self._asked_before():
            column = rows[self.dose.column].mask(first, 0.0)
            rows = rows.assign(**{self.dose.column: column})
        found = within_person_dose(rows, dose=self.dose.column)
        description = "" if self._asked_before() else NONE_BEFORE
        return dataclasses.replace(
            found,
            within_person_dose_slope=_with_method(
                found.within_person_dose_slope, description
            ),
            within_person_dose_p_value=_with_method(
                found.within_person_dose_p_value, description
            ),
        )

    def _ingredients(self, frame: pd.DataFrame) -> Iterator[tuple[Result, str]]:
        if not self.dose.ingredients:
            return
        reason = self._lacking()
        columns = dict(self.dose.ingredients)
        missing_columns = [name for name in columns.values() if name not in frame]
        if reason or missing_columns:
            why = reason or "an ingredient was not asked at the last follow-up"
            for name in columns:
                yield Unavailable(term="ingredient_effect", reason=why), name
            return
        found = ingredient_contrasts(
            frame, ingredients=list(columns.values()), sessions=self.dose.column
        )
        for name, part in zip(columns, found.by_ingredient, strict=True):
            for result in part.results():
                yield result, name


def _number(description: pd.Series) -> pd.Series:
    """A count as it is; yes and no as 1 and 0."""
    if description.dtype.kind in "fiu":
        return description.astype(float)
    known = description.fillna("").astype(str)
    return (known == YES).astype(float).where(known != "")


def _named(absent: Unavailable, term: str) -> Unavailable:
    return dataclasses.replace(absent, term=term)


def _with_method(result: Result, what: str) -> Result:
    method = "; ".join(part for part in (what, result.method) if part)
    return dataclasses.replace(result, method=method)
