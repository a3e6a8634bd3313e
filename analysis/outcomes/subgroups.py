"""Scores of all waves into findings about groups: where they stand, and who gained.

Groups are those a study declares. The n of everything here is that of its smallest
side, so that what suppresses small groups suppresses all that is about them.

Answers of groups into whether a score means the same to each of them.

A gap between groups may be one of how they answer. Where the questions do not measure
alike, the gap is not reported; where that cannot be tested, it is, with a note:
too few answers for a test are no sign that anything is wrong.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.cleaning.scoring import keyed_responses
from analysis.foundation.findings import Finding, Group
from analysis.outcomes.context import Context
from analysis.outcomes.gates import apply_gates
from analysis.outcomes.outcome_scores import waves_of_outcome
from heard.effects.subgroups.effects import effects_by_group, subgroup_gaps
from heard.effects.subgroups.inequality_indices import inequality_indices
from heard.effects.subgroups.shrinkage import shrunken_groups
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analysis.declarations.instrument import Instrument, Subscale
    from analysis.declarations.study import Grouping, Outcome, Study
    from analysis.foundation.findings import Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.effects.subgroups.effects import EffectsByGroup
    from heard.psychometrics.invariance.results import MeasurementInvariance
    from heard.results import Result


TERM = "group_means_comparable"
MINIMUM_IN_GROUP = 50
"""Of groups of fewer, one set in five that answer alike is said not to."""
NUMBERS_FROM = 5
"""Categories from which answers are analysed as numbers, as between waves."""
LEVELS_OF_CHANGE = ("configural", "metric")
GAPS = ("gap_difference", "relative_index_of_inequality", "slope_index_of_inequality")
EFFECTS = ("effect_difference", "interaction_p_value")
FEW_GROUPS = f"fewer than 2 groups of at least {MINIMUM_IN_GROUP} people: not tested"
ONE_ITEM = "a single question: whether it means the same to each group cannot be tested"
NOT_ASKED = "not every question was asked at the baseline: not tested"
NO_SCALE = "the score is no scale of questions that measure one thing: not tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeaning:
    """Whether groups may be compared in a score.

    Attributes
    ----------
    verdict : Estimate or Unavailable
        1 or 0, with the reason in its method; Unavailable: not tested.
    gaps_refused : str
        Why gaps between means are not reported; empty where they are.
    effects_refused : str
        Why effects are not compared with each other. A question that is easier for one
        group throughout changes its means, and no change; one with a different loading
        changes both.
    """

    verdict: Result
    gaps_refused: str = ""
    effects_refused: str = ""

    def reported(self, finding: Finding) -> Finding:
        """A finding about groups; without its numbers where they are refused."""
        reason = ""
        if finding.term in GAPS:
            reason = self.gaps_refused
        elif finding.term in EFFECTS:
            reason = self.effects_refused
        if not reason or finding.estimate is None:
            return finding
        return dataclasses.replace(
            finding, estimate=None, conf_low=None, conf_high=None, reason=reason
        )


def group_meaning(
    responses_by_wave: ScoresByWave, study: Study, outcome: Outcome, grouping: Grouping
) -> GroupMeaning:
    """Test whether a score means the same to the groups, at the outcome's first wave.

    Parameters
    ----------
    responses_by_wave : mapping
        Wave → survey → clean responses, codes as answered, with the attributes.
    """
    found = _tested(responses_by_wave, study, outcome, grouping)
    if isinstance(found, Unavailable):
        return GroupMeaning(verdict=found)
    rejected_levels = [level.level for level in found.levels if not level.holds]
    needed = [name for name in rejected_levels if name != "strict"]
    if not needed and not found.comparable:
        reason = f"not tested: {found.reason}"
        return GroupMeaning(verdict=Unavailable(term=TERM, reason=reason))
    why = f"the items do not measure the same in every group: {found.reason}"
    last = found.levels[-1].comparative_fit_change
    return GroupMeaning(
        verdict=Estimate(
            term=TERM,
            estimate=float(found.comparable),
            n=last.n or 0,
            method=f"{found.reason}; rule: {found.rule.words}; groups of at least "
            f"{MINIMUM_IN_GROUP} people; no interval: a verdict",
        ),
        gaps_refused="" if found.comparable else why,
        effects_refused=why if set(needed) & set(LEVELS_OF_CHANGE) else "",
    )


def _tested(
    responses_by_wave: ScoresByWave, study: Study, outcome: Outcome, grouping: Grouping
) -> MeasurementInvariance | Unavailable:
    instrument = study.instruments[outcome.instrument]
    subscale = instrument.subscale(outcome.subscale)
    if reason := _untestable(study, outcome, subscale):
        return Unavailable(term=TERM, reason=reason)
    responses = responses_by_wave[outcome.waves[0]][outcome.survey]
    groups = _large_enough(responses[grouping.column])
    if groups.nunique() < 2:
        return Unavailable(term=TERM, reason=FEW_GROUPS)
    asked = _asked(study, outcome)
    assert asked is not None, "else it was untestable"
    items = keyed_responses(responses, asked)[list(subscale.items)]
    return _invariance(items, groups, instrument.categories(subscale.items))


def _untestable(study: Study, outcome: Outcome, subscale: Subscale) -> str:
    if len(subscale.items) < 2:
        return ONE_ITEM
    if not subscale.reflective:
        return NO_SCALE
    asked = _asked(study, outcome)
    known = {item.name for item in asked.items} if asked else set()
    return "" if known.issuperset(subscale.items) else NOT_ASKED


def _asked(study: Study, outcome: Outcome) -> Instrument | None:
    export = study.wave(outcome.waves[0]).export(outcome.survey)
    return study.asked(export).get(outcome.instrument) if export else None


def _large_enough(groups: pd.Series[str]) -> pd.Series[str]:
    """The group of each; missing where it is too small for a model of its own."""
    counts = groups.value_counts()
    large = counts.index[counts >= MINIMUM_IN_GROUP]
    return groups.where(groups.isin(large))


def _invariance(
    items: pd.DataFrame, groups: pd.Series[str], categories: tuple[float, ...]
) -> MeasurementInvariance | Unavailable:
    factors = {"scale": [str(name) for name in items.columns]}
    if 2 <= len(categories) < NUMBERS_FROM:
        return measurement_invariance(
            items,
            factors=factors,
            groups=groups,
            estimator="wlsmv",
            categories=categories,
        )
    return measurement_invariance(items, factors=factors, groups=groups)


YES_OR_NO = "the score is yes or no: a group's mean would count who said so"
NOT_FOLLOWED = (
    "people were not linked between waves and no teams were allocated: nobody's group "
    "has a change to compare"
)
WITHIN_PEOPLE = "change of each person since the baseline, by their group at that time"
WITHIN_TEAMS = (
    "score less the mean of the same group in the same team at the baseline; who had "
    "none there is left out; each person after counts once"
)
AFTER_ALONE = "score after, of people asked afterwards alone; each person counts once"
ADJUSTED = "score after, adjusted for the score before, by the group before"


def evaluate_groups(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
    responses_by_wave: ScoresByWave | None = None,
) -> tuple[Finding, ...]:
    """Compare the declared groups in every outcome of their survey.

    Parameters
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, one row a participant, with the attributes that make
        groups.
    links, comparability, reliability
        As of `evaluate_outcomes`; what is refused there is refused here.
    responses_by_wave : mapping, optional
        Wave → survey → clean responses. With them it is tested whether a score means
        the same to the groups; where it does not, their gaps are refused.

    Returns
    -------
    tuple of Finding
        Whether the score means the same to them; at each wave the mean of each group,
        shrunk towards the others where there are at least 3; at the baseline and the
        last follow-up how far each lies from the reference, and the indices of
        inequality along a declared order; at the last follow-up what the pilot added
        in each group. Placed in ``group`` as ``name: group``, or
        ``name: group - reference``.
    """
    found = (
        finding
        for grouping in study.groups
        for outcome in study.outcomes
        if outcome.survey == grouping.survey
        for finding in _Compared(
            study=study, outcome=outcome, grouping=grouping
        ).findings(scores_by_wave, links, responses_by_wave)
    )
    return tuple(apply_gates(found, study, comparability, reliability))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared(Context):
    """One outcome, for the groups of one grouping."""

    grouping: Grouping

    @property
    def cluster(self) -> str | None:
        return "cluster" if self.by_team else None

    @property
    def reference(self) -> str:
        return self.grouping.reference

    def findings(
        self,
        scores_by_wave: ScoresByWave,
        links: pd.DataFrame | None,
        responses_by_wave: ScoresByWave | None,
    ) -> Iterator[Finding]:
        found = self._found(scores_by_wave, links)
        if responses_by_wave is None or self.yes_or_no:
            yield from found
            return
        meaning = group_meaning(
            responses_by_wave, self.study, self.outcome, self.grouping
        )
        yield self._placed(meaning.verdict, wave=self.outcome.waves[0])
        yield from map(meaning.reported, found)

    def _found(
        self, scores_by_wave: ScoresByWave, links: pd.DataFrame | None
    ) -> Iterator[Finding]:
        outcome = self.outcome
        if self.yes_or_no:
            why = Unavailable(term="group_mean", reason=YES_OR_NO)
            yield self._placed(why, wave=outcome.waves[0])
            return
        last = outcome.follow_ups[-1:]
        for wave in outcome.waves:
            frame = self._frame(scores_by_wave[wave][outcome.survey])
            known = _placeable(frame)
            yield from self._unknown(frame, known, wave)
            yield from self._means(known, wave)
            if wave in (outcome.waves[0], *last):
                yield from self._gaps(known, wave)
        if last and self.study.treated and self.study.control:
            before, after, linked = waves_of_outcome(
                scores_by_wave, self.study, outcome, last[0], links=links
            )
            yield from self._effects(
                self._frame(before, linked=linked),
                self._frame(after, linked=linked),
                linked=linked,
                wave=last[0],
            )

    def _frame(self, scores: pd.DataFrame, *, linked: bool = False) -> pd.DataFrame:
        """Who has a score: their group and, where teams were allocated, their team."""
        columns = {
            "score": scores[self.score],
            "group": scores[self.grouping.column],
            "arm": scores["arm"],
        }
        frame = pd.DataFrame(columns)
        if self.cluster:
            frame = frame.assign(cluster=_known(scores["team"]))
        if linked:
            named = scores["participant"] != ""
            frame = frame.loc[named].set_index(scores.loc[named, "participant"])
        return frame.dropna(subset="score")

    def _unknown(
        self, frame: pd.DataFrame, known: pd.DataFrame, wave: str
    ) -> Iterator[Finding]:
        """How many are in no group: with them, the groups make up everyone."""
        if n_without_group := len(frame) - len(known):
            count = Estimate(
                term="participants_without_group",
                estimate=float(n_without_group),
                n=n_without_group,
                method="participants with a score who said nothing that puts them into "
                "a group, or whose team is not known",
            )
            yield self._placed(count, wave=wave)

    def _means(self, known: pd.DataFrame, wave: str) -> Iterator[Finding]:
        drawn = shrunken_groups(known, cluster=self.cluster).groups
        results = {part.group: part.shrunken_mean for part in drawn}
        if not all(isinstance(result, Estimate) for result in results.values()):
            # Two groups, or too little known to draw them together: as they are.
            own = subgroup_gaps(known, reference=self.reference, cluster=self.cluster)
            results = {part.group: part.group_mean for part in own.groups}
        for group in self._ordered(results):
            yield self._placed(results[group], wave=wave, group=group)

    def _gaps(self, known: pd.DataFrame, wave: str) -> Iterator[Finding]:
        gaps = subgroup_gaps(known, reference=self.reference, cluster=self.cluster)
        results = {part.group: part.gap_difference for part in gaps.groups}
        for group in self._ordered(results):
            if group != self.reference:
                yield self._placed(
                    results[group], wave=wave, group=group, reference=self.reference
                )
        if self.grouping.order:
            indices = inequality_indices(
                known,
                order=self.grouping.order,
                rank="group",
                cluster=self.cluster,
                lowest=self.subscale.lowest,
            )
            for result in indices.results():
                yield self._placed(result, wave=wave)

    def _effects(
        self, before: pd.DataFrame, after: pd.DataFrame, *, linked: bool, wave: str
    ) -> Iterator[Finding]:
        """What the pilot added in each group, and whether that differs."""
        place: dict[str, Any] = {
            "wave": self.change(wave),
            "arm": self.arms,
        }
        after_alone = not self.outcome.baseline
        if not (linked or after_alone) and self.cluster is None:
            why = Unavailable(term="interaction_p_value", reason=NOT_FOLLOWED)
            yield self._placed(why, **place)
            return
        if linked:
            frame, how = _followed(before, after, adjusted=self.cluster is None)
        elif after_alone:
            frame, how = after, AFTER_ALONE
        else:
            frame, how = _since(before, after), WITHIN_TEAMS
        found = effects_by_group(
            frame,
            treated=self.study.treated,
            control=self.study.control,
            reference=self.reference,
            score="score",
            before="before" if "before" in frame else None,
            cluster=self.cluster,
        )
        sides = None if linked or after_alone else self._sides(before)
        yield from self._reported_effects(found, place, how, sides)

    def _sides(self, before: pd.DataFrame) -> Mapping[str, int]:
        """Group → participants of its smaller arm at the baseline."""
        known = _placeable(before)
        arms = [self.study.treated, self.study.control]
        counts = pd.crosstab(known["group"], known["arm"])
        smaller = counts.reindex(columns=arms, fill_value=0).min(axis=1)
        return {str(group): int(n) for group, n in smaller.items()}

    def _reported_effects(
        self,
        found: EffectsByGroup,
        place: Mapping[str, Any],
        how: str,
        sides: Mapping[str, int] | None,
    ) -> Iterator[Finding]:
        """Findings of effects; of different people, n is the smaller wave's too."""
        effects = {part.group: part for part in found.groups}
        reference = self.reference

        def reported(result: Result, *groups: str) -> Result:
            side_sizes = (
                [] if sides is None else [sides.get(group, 0) for group in groups]
            )
            n = min([result.n or 0, *side_sizes])
            return dataclasses.replace(result, n=n, method=_joined(how, result.method))

        for group in self._ordered(effects):
            effect = reported(effects[group].effect_in_group, group)
            yield self._placed(effect, group=group, **place)
        for group in self._ordered(effects):
            if group != reference:
                less = reported(effects[group].effect_difference, group, reference)
                yield self._placed(less, group=group, reference=self.reference, **place)
        used = [
            name
            for name, part in effects.items()
            if isinstance(part.effect_in_group, Estimate)
        ]
        yield self._placed(reported(found.interaction_p_value, *used), **place)

    def _ordered(self, found: Iterable[str]) -> list[str]:
        """Groups as declared: along the order, else as the attribute lists them."""
        export = self.study.wave(self.outcome.waves[0]).export(self.outcome.survey)
        assert export is not None, "checked as the study was read"
        listed = next(
            [*each.values.values()]
            for each in export.attributes
            if each.name == self.grouping.column
        )
        order: Sequence[str] = self.grouping.order or listed
        groups_found = set(found)
        known = [name for name in dict.fromkeys(order) if name in groups_found]
        return [*known, *sorted(groups_found - set(known))]

    def _placed(
        self,
        result: Result,
        *,
        wave: Place,
        group: str = "",
        reference: str = "",
        arm: Place = "",
    ) -> Finding:
        own = Group("subgroup", group, reference, of=self.grouping.name)
        (finding,) = self.place(result, wave=wave, arm=arm, group=own)
        return finding


def _placeable(frame: pd.DataFrame) -> pd.DataFrame:
    """Those whose group and, where it counts, team are known."""
    return frame.dropna(subset=[name for name in frame if name != "arm"])


def _known(names: pd.Series[str]) -> pd.Series[str]:
    """Names; missing where they are empty."""
    return names.where(names != "")


def _followed(
    before: pd.DataFrame, after: pd.DataFrame, *, adjusted: bool
) -> tuple[pd.DataFrame, str]:
    """Participants with a score at both waves, as they were grouped before."""
    pairs = before.rename(columns={"score": "before"}).join(
        after["score"], how="inner", validate="one_to_one"
    )
    if adjusted:
        return pairs, ADJUSTED
    change = pairs.assign(score=pairs["score"] - pairs["before"])
    return change.drop(columns="before"), WITHIN_PEOPLE


def _since(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Scores after, less the mean of their group in their team at the baseline.

    Then a team's level, and all else that stays as it was, is gone from the score, and
    what is left in a team's errors stays within the team, over which they are summed.
    """
    cells = before.groupby(["cluster", "group"], observed=True)["score"].mean()
    earlier = after[["cluster", "group"]].join(
        cells.rename("mean"), on=["cluster", "group"], validate="many_to_one"
    )["mean"]
    return after.assign(score=after["score"] - earlier)


def _joined(how: str, method: str) -> str:
    return f"{how}; {method}" if method else how
