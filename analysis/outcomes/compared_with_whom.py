"""Scores of all waves into what those with the pilot gained over those without it.

What was declared decides the comparison: arms of teams, or units that start one after
the other. The n of everything here is that of its smallest side, so that what speaks of
few people is held back; a team or site is never told of by itself, but for a site.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation import Estimate, Finding, Unavailable
from analysis.outcomes.compared import (
    StandardisedEffect,
    difference_in_differences,
    estimate_effect,
    side_by_side,
    trend_sensitivity,
)
from analysis.outcomes.courses import scores_over_waves
from analysis.outcomes.doses import dose_findings
from analysis.outcomes.gated_waves import gated, refusals
from analysis.outcomes.rolled_out import RolledOut, rollout_effect
from analysis.outcomes.starts import NO_UNITS, contrasts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    import pandas as pd

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Result
    from analysis.outcomes.courses import OutcomeScores
    from analysis.outcomes.gated_waves import Gates
    from analysis.outcomes.starts import Contrast

    ScoresByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]

MINIMUM_WAVES = 3
"""At two waves the outcomes tell all that can be told of arms."""
COUNTS = re.compile(r"n counts [^;]*")
OF_SIDE = "n counts answers of the smaller side at the smaller time"


def evaluate_comparisons(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Compare those with the pilot and those without it over all waves.

    Parameters
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, one row a participant, with the attributes that tell the
        dose.
    links, comparability, reliability
        As of `evaluate_outcomes`; what is refused there is refused here.

    Returns
    -------
    tuple of Finding
        For every outcome what was gained by wave, whether courses were alike before,
        and how far from alike they may be; of a roll-out also the effect by waves since
        the start, the test by the order of starting and by placebo. Where the plan
        names negative controls, these beside the outcomes; where a dose is declared,
        scores by dose. ``wave`` is empty where a number takes all waves together.
    """
    gates = tuple(comparability), tuple(reliability)
    compared = [
        _Compared(
            study=study,
            outcome=outcome,
            outcome_scores=scores_over_waves(
                scores_by_wave, study, outcome, links=links
            ),
        )
        for outcome in study.outcome_of_each_score()
    ]
    found: list[Finding] = []
    for one in compared:
        found += gated(one.findings(), one.outcome_scores, one.refused(gates))
    found += _falsified(compared, gates)
    found += dose_findings(scores_by_wave, study, links=links, gates=gates)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """One outcome over all its waves."""

    study: Study
    outcome: Outcome
    outcome_scores: OutcomeScores

    def findings(self) -> Iterator[Finding]:
        for contrast in self._contrasts():
            yield from self._differences(contrast)
            yield from self._sensitivity(contrast)
        if self.study.rollout is not None:
            rolled = RolledOut(self.study, self.outcome, self.outcome_scores)
            for group, wave, result in rolled.results():
                yield self.placed(result, group=group, wave=wave)

    def refused(self, gates: Gates) -> dict[str, str]:
        return refusals(self.study, self.outcome, self.outcome_scores, gates)

    def _contrasts(self) -> list[Contrast]:
        arms = self.study.allocated_by == "team"
        if self.study.rollout is None and not (
            arms and len(self.outcome_scores.waves) >= MINIMUM_WAVES
        ):
            return []
        return list(contrasts_of(self.outcome_scores, self.study, self.outcome))

    def _differences(self, contrast: Contrast) -> Iterator[Finding]:
        """What was gained, in all and wave by wave, and whether alike before."""
        comparison = contrast.comparison
        found = difference_in_differences(contrast.rows, comparison)
        before, after = comparison.before(), comparison.after()
        side = contrast.smallest_side(before, after)
        for result in (
            found.difference_in_differences,
            found.difference_in_differences_p_value,
            found.difference_in_differences_degrees_of_freedom,
            found.pre_trend_p_value,
        ):
            yield self.placed(of_side(result, side), contrast=contrast)
        for part in found.by_wave:
            side = contrast.smallest_side(before[-1:], [part.wave])
            for result in (part.event_study_effect, part.event_study_p_value):
                yield self.placed(
                    of_side(result, side),
                    contrast=contrast,
                    wave=f"{part.wave} - {before[-1]}",
                )

    def _sensitivity(self, contrast: Contrast) -> Iterator[Finding]:
        """How far the courses may part before the answer is undone."""
        comparison = contrast.comparison
        found = trend_sensitivity(contrast.rows, comparison)
        side = contrast.smallest_side(comparison.before()[-1:], comparison.after())
        breakdown = of_side(found.trend_breakdown_value, side)
        yield self.placed(breakdown, contrast=contrast)
        for part in found.by_departure:
            # Why there is none is said once, by the breakdown value.
            for result in part.results():
                if isinstance(result, Estimate):
                    label = f"M = {part.departure}"
                    group = ", ".join(filter(None, [contrast.group, label]))
                    with_n = of_side(result, side)
                    yield self.placed(with_n, group=group, arm=contrast.arm)

    def estimate_effect(self) -> StandardisedEffect:
        """What the comparison found of all waves, to be set beside other outcomes."""
        if self.study.rollout is not None:
            return rollout_effect(self.study, self.outcome, self.outcome_scores)
        contrasts = list(contrasts_of(self.outcome_scores, self.study, self.outcome))
        if not contrasts:
            absent = Unavailable(term="", reason=NO_UNITS)
            return StandardisedEffect(effect=absent, p_value=absent, spread=0.0)
        (contrast,) = contrasts
        comparison = contrast.comparison
        found = estimate_effect(contrast.rows, comparison, score="score")
        side = contrast.smallest_side(comparison.before(), comparison.after())
        return dataclasses.replace(
            found,
            effect=of_side(found.effect, side),
            p_value=of_side(found.p_value, side),
        )

    @property
    def arms(self) -> str:
        """The contrast of arms; of a roll-out there is none."""
        arms = self.study.treated, self.study.control
        return " - ".join(arms) if all(arms) and not self.study.rollout else ""

    def placed(
        self,
        result: Result,
        *,
        contrast: Contrast | None = None,
        wave: str = "",
        group: str = "",
        arm: str = "",
    ) -> Finding:
        (finding,) = Finding.place(
            result,
            study=self.study.name,
            survey=self.outcome.survey,
            instrument=self.outcome.instrument,
            subscale=self.outcome.subscale,
            wave=wave,
            arm=contrast.arm if contrast else arm,
            group=contrast.group if contrast else group,
        )
        return finding


def of_side(result: Result, n: int) -> Result:
    """The same with the people of its smallest side as n, not rows or clusters."""
    method = COUNTS.sub(OF_SIDE, result.method)
    return dataclasses.replace(result, n=n, method=method)


def _falsified(
    compared: Iterable[_Compared],
    gates: Gates,
) -> Iterator[Finding]:
    """What the pilot cannot move, beside what it aims at; none where none is named."""
    by_name = {one.outcome.name: one for one in compared}
    plan = next((one.study.plan for one in by_name.values()), None)
    controls = plan.negative_controls if plan else ()
    if not controls:
        return
    found = {}
    for name, one in by_name.items():
        reasons = list(one.refused(gates).values())
        absent = Unavailable(term="", reason=reasons[0] if reasons else "")
        refused = StandardisedEffect(effect=absent, p_value=absent, spread=0.0)
        found[name] = refused if reasons else one.estimate_effect()
    table = side_by_side(found, negative_controls=controls)
    for row in table.by_outcome:
        one = by_name[row.outcome]
        for result in row.results():
            if row.role == "outcome" and result.term == "falsification_holm_p_value":
                continue
            yield one.placed(result, group=row.role, arm=one.arms)
    (smallest,) = Finding.place(
        table.smallest_negative_control_p_value,
        study=by_name[controls[0]].study.name,
        group="negative_control",
    )
    yield smallest
