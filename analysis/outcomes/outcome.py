"""One declared outcome, from its baseline to one follow-up, into findings.

Linked responses are compared within people, others as different people; where teams
were allocated, teams are what is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation import DataError, Estimate, Finding
from analysis.outcomes.answers import (
    answer_between_arms,
    answer_within,
    bounds_of_change,
    stand,
    who_responded,
)
from analysis.outcomes.change import PairedChange, paired_change, unlinked_change
from analysis.outcomes.comparison import compare_arms, compare_arms_unlinked
from analysis.outcomes.missing import leavers_tipping_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    import pandas as pd

    from analysis.declarations import Outcome, Study, Subscale
    from analysis.foundation import Composite, Result

    ScoresByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]


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
        Outcome → what all its waves told that the ladder of evidence knows, by name.
    """
    before, after, linked = waves_of_outcome(
        scores_by_wave, study, outcome, follow_up, links=links, rule=linkage_rule
    )
    place = {
        "study": study.name,
        "survey": outcome.survey,
        "instrument": outcome.instrument,
        "subscale": outcome.subscale,
        "wave": f"{follow_up} - {outcome.baseline}",
    }
    waves = _Waves(
        before=scores_of(before, outcome, study),
        after=scores_of(after, outcome, study),
        study=study,
        outcome=outcome,
        alpha=_alpha(reliability, outcome),
        first=follow_up == outcome.follow_ups[0],
        # What all waves tell speaks of the whole time, up to the last follow-up.
        over_all_waves=over_all_waves.get(outcome.name, {})
        if follow_up == outcome.follow_ups[-1]
        else {},
    )
    found = waves.linked() if linked else waves.unlinked()
    for arm, result in found:
        yield from Finding.place(result, **place, arm=arm)


def waves_of_outcome(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    rule: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
    """Everyone at the baseline, at a follow-up, and whether they are the same people.

    Parameters
    ----------
    scores_by_wave, study, links
        As of `evaluate_outcomes`.
    rule : str
        Link by this rule and not the declared one.

    Returns
    -------
    before, after : DataFrame, one row a participant
        Linked participants have the same name in both.
    linked : bool
        False where the waves are of different people as far as anybody knows.
    """
    before, after = (
        scores_by_wave[wave][outcome.survey] for wave in (outcome.baseline, follow_up)
    )
    linked = _is_linked(study, outcome, follow_up)
    if linked and links is not None:
        rule = rule or _declared_rule(study, outcome, follow_up)
        pair = (outcome.baseline, follow_up)
        after = _renamed(after, links, survey=outcome.survey, waves=pair, rule=rule)
    if linked:
        waves = f"{follow_up} - {outcome.baseline}"
        _check_sites(before, after, f"{study.name}, {outcome.survey}, {waves}")
    return before, after, linked


def _is_linked(study: Study, outcome: Outcome, follow_up: str) -> bool:
    exports = [
        study.wave(wave).export(outcome.survey)
        for wave in (outcome.baseline, follow_up)
    ]
    return all(export is not None and export.linkage != "none" for export in exports)


def _declared_rule(study: Study, outcome: Outcome, follow_up: str) -> str:
    export = study.wave(follow_up).export(outcome.survey)
    rule = export.linkage_rule if export else None
    return rule.rule if rule else "exact"


def _renamed(
    after: pd.DataFrame,
    links: pd.DataFrame,
    *,
    survey: str,
    waves: tuple[str, str],
    rule: str,
) -> pd.DataFrame:
    """The later wave with every linked participant under the name of the earlier."""
    here = links.loc[
        (links["survey"] == survey)
        & (links["wave_before"] == waves[0])
        & (links["wave_after"] == waves[1])
    ]
    # An identifier is only ever linked exactly, whatever rule the codes are under.
    tried = set(here["rule"])
    here = here.loc[here["rule"] == (rule if rule in tried else "exact")]
    for side in ("before", "after"):
        assert here[side].is_unique, "a participant is linked once"
    earlier = here.set_index("after")["before"]
    names = after["participant"].map(earlier).fillna("")
    return after.assign(participant=names)


def _check_sites(before: pd.DataFrame, after: pd.DataFrame, where: str) -> None:
    """Refuse an identifier that names one person here and another one there.

    A few people move between sites; where most of those linked have, they are others.
    """
    sites = [
        wave.loc[(wave["participant"] != "") & (wave["site"] != "")]
        .set_index("participant")["site"]
        .rename(name)
        for name, wave in (("before", before), ("after", after))
    ]
    both = sites[0].to_frame().join(sites[1], how="inner", validate="one_to_one")
    elsewhere = int((both["before"] != both["after"]).sum())
    if 2 * elsewhere > len(both):
        raise DataError(
            where,
            f"{elsewhere} of {len(both)} linked participants are at another site than "
            "before, so the identifier is unique within a site alone. Name the site's "
            "column in columns.participant too",
        )


def scores_of(scores: pd.DataFrame, outcome: Outcome, study: Study) -> pd.DataFrame:
    """Who, arm, team, what is held equal and the one score, where there is a score."""
    held = study.plan.covariates if study.plan else ()
    columns = ["participant", "arm", "team", *(n for n in held if n in scores)]
    frame = scores[list(dict.fromkeys(columns))].assign(
        score=scores[f"{outcome.instrument}.{outcome.subscale}"]
    )
    return frame.dropna(subset="score").rename(columns={"team": "cluster"})


def linked_pairs(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Participants with a score at both waves, ``before`` and ``after`` beside it.

    Parameters
    ----------
    before, after : DataFrame, one row a participant
        As `scores_of` gives them; who is not linked has no name.
    """
    waves = [
        wave.loc[wave["participant"] != ""].set_index("participant")
        for wave in (before, after)
    ]
    return (
        waves[0]
        .rename(columns={"score": "before"})
        .join(waves[1]["score"].rename("after"), how="inner", validate="one_to_one")
    )


def _alpha(reliability: Iterable[Finding], outcome: Outcome) -> Result | None:
    """Cronbach's alpha of the score at the baseline, if it was estimated."""
    here = (outcome.survey, outcome.instrument, outcome.subscale, outcome.baseline)
    for found in reliability:
        place = (found.survey, found.instrument, found.subscale, found.wave)
        told = found.estimate is not None and found.n is not None
        if found.term == "cronbach_alpha" and place == here and told:
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
class _Waves:
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
        Analyses of all waves, by the names the ladder of evidence knows.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    study: Study
    outcome: Outcome
    alpha: Result | None
    first: bool
    over_all_waves: Mapping[str, Result | Composite]

    @property
    def by_team(self) -> bool:
        return self.study.allocated_by == "team"

    @property
    def contrast(self) -> str:
        """How the two arms compared are written; empty where there are not two."""
        arms = self.study.treated, self.study.control
        return " - ".join(arms) if all(arms) else ""

    def linked(self) -> Iterator[tuple[str, Result | Composite]]:
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
            if not (self.contrast or arm):
                yield from self._judged(change.mean_change)
                tipped = self._tipped(change, len(among))
                yield self._standing(change, None, change.mean_change, also=tipped)
            # Without a reliability, nobody knows which changes are error.
            if self.alpha is not None and bool(arm) == bool(self.contrast):
                told = who_responded(
                    among, self._subscale, self.alpha, by_team=self.by_team
                )
                yield arm, told
        if self.contrast:
            compared = compare_arms(
                pairs,
                treated=self.study.treated,
                control=self.study.control,
                cluster=self.by_team,
            )
            yield self.contrast, compared
            estimated = (
                compared.difference_in_change
                if self.by_team
                else compared.adjusted_mean_difference
            )
            yield self._answered(estimated)
            yield self._standing(change, compared, estimated)

    def unlinked(self) -> Iterator[tuple[str, Result | Composite]]:
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
            if not (self.contrast or arm):
                yield from self._judged(change.mean_change)
                yield self._standing(change, None, change.mean_change)
        if self.contrast:
            compared = compare_arms_unlinked(
                self.before,
                self.after,
                treated=self.study.treated,
                control=self.study.control,
                cluster=self.by_team,
            )
            yield self.contrast, compared
            yield self._answered(compared.difference_in_change)
            yield self._standing(change, compared, compared.difference_in_change)

    @property
    def _subscale(self) -> Subscale:
        instrument = self.study.instruments[self.outcome.instrument]
        return instrument.subscale(self.outcome.subscale)

    def _answered(self, estimated: Result) -> tuple[str, Composite]:
        answer = answer_between_arms(
            self.before,
            self.after,
            study=self.study,
            outcome=self.outcome,
            estimated=estimated,
            seed=f"{self.study.name} {self.outcome.name}",
            alike=self.first,
        )
        return self.contrast, answer

    def _tipped(
        self, change: PairedChange, followed: int
    ) -> dict[str, Result | Composite]:
        """A change of people followed, and what of the lost would undo it."""
        started = len(self.before)
        tipped: Composite = leavers_tipping_point(
            change.mean_change, followed=followed, started=started
        )
        # Where nobody was lost, nobody can undo it.
        return {
            "paired_change": change,
            "tipping_point": tipped if followed < started else change,
        }

    def _standing(
        self,
        change: Composite,
        compared: Composite | None,
        estimated: Result,
        *,
        also: Mapping[str, Result | Composite] | None = None,
    ) -> tuple[str, Composite]:
        known = {**(also or {}), **self.over_all_waves}
        found = stand(change, compared, self.study, estimated.n, also=known)
        return self.contrast, found

    def _judged(self, change: Result) -> Iterator[tuple[str, Result | Composite]]:
        # The interval of team means has fewer degrees of freedom than people tell.
        if self.by_team:
            return
        verdict = answer_within(change, self.study, self.outcome)
        if verdict:
            yield "", verdict


def by_arm(scores: pd.DataFrame, study: Study) -> Iterator[tuple[str, pd.DataFrame]]:
    """Everyone together, then each declared arm."""
    yield "", scores
    for arm in study.arms:
        yield arm.name, scores.loc[scores["arm"] == arm.name]
