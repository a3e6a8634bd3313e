"""Scores of many waves into control charts: which waves show special-cause variation.

The rule that holds throughout: a wave of too few people, or one whose score may not be
compared, is no point of a chart, since the others and the lines would show where it
lies. The n of every number counts answers, not waves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.declarations.trends import charted_outcomes, improvement_of
from analysis.foundation.findings import Contrast, Finding, Groups
from analysis.outcomes.context import Context
from analysis.outcomes.gates import apply_gates
from analysis.outcomes.outcome_scores import by_arm
from heard.effects.description import answered
from heard.effects.trends.control_chart import control_chart
from heard.effects.trends.run_chart import run_chart
from heard.results import Estimate, Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.effects.trends.control_chart import SeriesPoint
    from heard.results import Result

VALUE = "chart_value"
ANSWERS = "answers"
ONE_ANSWER = "everybody gave the same answer, so the number would show what each said"
FEW_OF_A_KIND = "fewer than {smallest} people answered yes, or no"


def evaluate_over_time(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Chart every outcome that was asked at 5 waves or more, arm by arm.

    Parameters
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, one row a participant.
    comparability, reliability : iterable of Finding
        As of `evaluate_outcomes`. A wave whose score does not mean the same as at the
        first wave, or is too unreliable by the plan, is no point of the chart.

    Returns
    -------
    tuple of Finding
        The mean of each wave; the median and the runs of a run chart; centre and limits
        of an XmR chart; and of each wave that breaks a rule a signal, 1 above or
        rising, -1 below or falling, with the rules in ``group``.
    """
    gates = tuple(comparability), tuple(reliability)
    found: list[Finding] = []
    for outcome in charted_outcomes(study):
        refused = _refused(scores_by_wave, study, outcome, gates)
        arms = [arm.name for arm in study.arms] or [""]
        for arm in arms:
            chart = _Chart(study=study, outcome=outcome, arm=arm)
            found += chart.findings(scores_by_wave, refused)
    return tuple(found)


def _waves(scores_by_wave: ScoresByWave, study: Study, outcome: Outcome) -> list[str]:
    """The waves that asked for the score, in their order in time."""
    score = f"{outcome.instrument}.{outcome.subscale}"
    return [
        wave
        for wave in study.wave_names()
        if score in scores_by_wave[wave].get(outcome.survey, pd.DataFrame()).columns
    ]


def _refused(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    gates: tuple[tuple[Finding, ...], tuple[Finding, ...]],
) -> dict[str, str]:
    """Wave → why its score may not be compared with that of the first wave."""
    waves = _waves(scores_by_wave, study, outcome)
    asked = [
        Finding(
            study=study.name,
            survey=outcome.survey,
            instrument=outcome.instrument,
            subscale=outcome.subscale,
            # The first wave stands by itself: only its reliability is asked.
            wave=wave if wave == waves[0] else Contrast(wave, waves[0]),
            term=VALUE,
        )
        for wave in waves
    ]
    gated = apply_gates(asked, study, *gates)
    return {
        wave: finding.reason
        for wave, finding in zip(waves, gated, strict=True)
        if finding.reason
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chart(Context):
    """One outcome of one arm; an empty arm is everyone."""

    arm: str

    def findings(
        self, scores_by_wave: ScoresByWave, refused: dict[str, str]
    ) -> Iterator[Finding]:
        """A mean a wave, then both charts and what they show."""
        rows = []
        for wave in _waves(scores_by_wave, self.study, self.outcome):
            values = self._values(scores_by_wave[wave][self.outcome.survey])
            result = self._value(values, refused.get(wave, ""))
            yield from self.place(result, wave=wave, arm=self.arm)
            rows.append((wave, self._charted(result), len(values)))
        frame = pd.DataFrame(rows, columns=["wave", "value", "count"])
        # A wave left out of the chart keeps its count to itself.
        people = int(frame.loc[frame["value"].notna(), "count"].sum())
        direction = improvement_of(self.subscale.direction)
        run = run_chart(frame, count="count", improvement=direction)
        limits = control_chart(frame, count="count", improvement=direction)
        for result in (run.chart_median, run.runs, run.fewest_runs, run.most_runs):
            yield from self.place(_of_people(result, people), arm=self.arm)
        yield from self._signals(run.points, "run_chart_signal")
        if limits.points:
            first = limits.points[0]
            for result in (
                first.chart_centre,
                first.chart_lower_limit,
                first.chart_upper_limit,
            ):
                yield from self.place(_of_people(result, people), arm=self.arm)
        yield from self.place(
            _of_people(limits.special_cause_points, people), arm=self.arm
        )
        yield from self._signals(limits.points, "control_chart_signal")

    def _values(self, scores: pd.DataFrame) -> np.ndarray:
        among = dict(by_arm(scores, self.study))[self.arm]
        return answered(among[self.score])

    def _value(self, values: np.ndarray, refused: str) -> Result:
        """The mean of a wave, or why there is none that may be reported."""
        if refused:
            return Unavailable(term=VALUE, reason=refused, n=len(values))
        if not len(values):
            return Unavailable(term=VALUE, reason="nobody has a score", n=0)
        smallest = self.study.smallest_group_shown
        if len(values) >= smallest and np.ptp(values) == 0:
            return Unavailable(term=VALUE, reason=ONE_ANSWER)
        if self.yes_or_no:
            yes = int((values == self.subscale.highest).sum())
            if min(yes, len(values) - yes) < smallest:
                reason = FEW_OF_A_KIND.format(smallest=smallest)
                return Unavailable(term=VALUE, reason=reason)
        return Estimate(
            term=VALUE,
            estimate=float(values.mean()),
            n=len(values),
            method="arithmetic mean; missing scores left out; its place is judged "
            "by the chart, not by an interval",
            n_unit=ANSWERS,
        )

    def _charted(self, result: Result) -> float:
        """What stands on the chart: nothing of a wave of too few people."""
        if isinstance(result, Unavailable):
            return np.nan
        few = result.n < self.study.smallest_group_shown
        return np.nan if few else result.estimate

    def _signals(self, points: tuple[SeriesPoint, ...], term: str) -> Iterator[Finding]:
        for point in points:
            if point.signals:
                signal = Estimate(
                    term=term,
                    estimate=float(point.side),
                    n=point.chart_value.n or 0,
                    method="1 above or rising, -1 below or falling, by the strongest "
                    "rule broken; a sign has no interval",
                    n_unit=ANSWERS,
                )
                rules = Groups(point.signals)
                yield from self.place(
                    signal, wave=point.point, group=rules, arm=self.arm
                )


def _of_people(result: Result, answers: int) -> Result:
    """The same with the answers on the chart as n, not its waves."""
    known = isinstance(result, Estimate)
    return with_n(result, answers if known else None, ANSWERS if known else "")
