"""One declared outcome, from its baseline to one follow-up, into findings.

Linked responses are compared within people, others as different people; where teams
were allocated, teams are what is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.outcomes.context import Context
from analysis.outcomes.judgement import (
    answer_between_arms,
    answer_within,
    bounds_of_change,
    count_responders,
    rate_evidence,
)
from analysis.outcomes.outcome_scores import (
    by_arm,
    linked_pairs,
    scores_of,
    waves_of_outcome,
)
from heard.effects.change import PairedChange, paired_change, unlinked_change
from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.missing_data.attrition import dropout_tipping_point
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.results import Composite, Result


def outcome_findings(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    linkage_rule: str,
    reliability: Iterable[Finding],
    over_all_waves: Mapping[str, Mapping[str, Result | Composite]],
) -> Iterator[Finding]:
    """The change of each arm, and the arms compared, from baseline to a follow-up.

    Parameters
    ----------
    scores_by_wave, study, links, linkage_rule, reliability
        As of `evaluate_outcomes`.
    over_all_waves : mapping
        Outcome → analyses of all its waves, by the names the levels of evidence use.
    """
    before, after, linked = waves_of_outcome(
        scores_by_wave, study, outcome, follow_up, links=links, rule=linkage_rule
    )
    waves = _Waves(
        before=scores_of(before, outcome, study),
        after=scores_of(after, outcome, study),
        study=study,
        outcome=outcome,
        alpha=_alpha(reliability, outcome),
        first=follow_up == outcome.follow_ups[0],
        # Analyses of all waves are about the whole time, up to the last follow-up.
        over_all_waves=over_all_waves.get(outcome.name, {})
        if follow_up == outcome.follow_ups[-1]
        else {},
    )
    found = waves.linked() if linked else waves.unlinked()
    for arm, result in found:
        yield from waves.place(result, wave=waves.change(follow_up), arm=arm)


def _alpha(reliability: Iterable[Finding], outcome: Outcome) -> Result | None:
    """Cronbach's alpha of the score at the baseline, if it was estimated."""
    location = (outcome.survey, outcome.instrument, outcome.subscale, outcome.baseline)
    for found in reliability:
        place = (found.survey, found.instrument, found.subscale, found.wave)
        is_estimated = found.estimate is not None and found.n is not None
        if found.term == "cronbach_alpha" and place == location and is_estimated:
            assert found.estimate is not None, "was told"
            assert found.n is not None, "was told"
            return Estimate(
                term=found.term,
                estimate=found.estimate,
                conf_low=found.conf_low,
                conf_high=found.conf_high,
                n=found.n,
                method=found.method,
            )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waves(Context):
    """Scores at the baseline and at a follow-up, and all that can be said of them.

    Attributes
    ----------
    before, after : DataFrame, one row a participant
        ``participant`` (empty if not linked), ``arm``, ``cluster``, ``score``.
    alpha : Result or None
        Reliability of the score at the baseline.
    first : bool
        Whether this is the first follow-up.
    over_all_waves : mapping
        Analyses of all waves, by the names the levels of evidence use.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    alpha: Result | None
    first: bool
    over_all_waves: Mapping[str, Result | Composite]

    def linked(self) -> Iterator[tuple[Place, Result | Composite]]:
        """Change within people, arm by arm, then between the arms."""
        pairs = linked_pairs(self.before, self.after)
        for arm, among in by_arm(pairs, self.study):
            cluster = among["cluster"] if self.by_team else None
            yield (
                arm,
                Estimate(
                    term="participants_linked",
                    estimate=float(len(among)),
                    n=len(among),
                    method="participants with a score at both waves",
                ),
            )
            change = paired_change(among["before"], among["after"], cluster=cluster)
            yield arm, change
            if not (self.arms or arm):
                yield from self._judged(change.mean_change)
                tipping_point = self._tipping(change, len(among))
                yield self._evidence_strength(
                    change, None, change.mean_change, also=tipping_point
                )
            # Without a reliability, nobody knows which changes are error.
            if self.alpha is not None and bool(arm) == bool(self.arms):
                is_estimated = count_responders(among, self, self.alpha)
                yield arm, is_estimated
        if self.arms:
            compared = compare_arms(
                pairs,
                treated=self.study.treated,
                control=self.study.control,
                cluster=self.by_team,
            )
            yield self.arms, compared
            estimated = (
                compared.difference_in_change
                if self.by_team
                else compared.adjusted_mean_difference
            )
            yield self._answered(estimated)
            yield self._evidence_strength(change, compared, estimated)

    def unlinked(self) -> Iterator[tuple[Place, Result | Composite]]:
        """Change between waves of different people, then between the arms."""
        befores, afters = (
            dict(by_arm(wave, self.study)) for wave in (self.before, self.after)
        )
        for arm, among in befores.items():
            then = afters[arm]
            change = unlinked_change(
                among["score"],
                then["score"],
                cluster_before=among["cluster"] if self.by_team else None,
                cluster_after=then["cluster"] if self.by_team else None,
            )
            yield arm, change
            if not self.by_team:
                for bound in bounds_of_change(among["score"], then["score"]):
                    yield arm, bound
            if not (self.arms or arm):
                yield from self._judged(change.mean_change)
                yield self._evidence_strength(change, None, change.mean_change)
        if self.arms:
            compared = compare_arms_unlinked(
                self.before,
                self.after,
                treated=self.study.treated,
                control=self.study.control,
                cluster=self.by_team,
            )
            yield self.arms, compared
            yield self._answered(compared.difference_in_change)
            yield self._evidence_strength(
                change, compared, compared.difference_in_change
            )

    def _answered(self, estimated: Result) -> tuple[Place, Composite]:
        answer = answer_between_arms(
            self.before,
            self.after,
            study=self.study,
            outcome=self.outcome,
            estimated=estimated,
            seed=self.seed,
            intracluster=self.first,
        )
        return self.arms or "", answer

    def _tipping(
        self, change: PairedChange, followed: int
    ) -> dict[str, Result | Composite]:
        """A change of people followed, and what change of dropouts would undo it."""
        started = len(self.before)
        tipping_point: Composite = dropout_tipping_point(
            change.mean_change, followed=followed, started=started
        )
        # Where nobody was lost, nobody can undo it.
        return {
            "paired_change": change,
            "tipping_point": tipping_point if followed < started else change,
        }

    def _evidence_strength(
        self,
        change: Composite,
        compared: Composite | None,
        estimated: Result,
        *,
        also: Mapping[str, Result | Composite] | None = None,
    ) -> tuple[Place, Composite]:
        known = {**(also or {}), **self.over_all_waves}
        found = rate_evidence(change, compared, self.study, estimated.n, also=known)
        return self.arms or "", found

    def _judged(self, change: Result) -> Iterator[tuple[Place, Result | Composite]]:
        # The interval of team means has fewer degrees of freedom than one of people.
        if self.by_team:
            return
        verdict = answer_within(change, self.study, self.outcome)
        if verdict:
            yield "", verdict
