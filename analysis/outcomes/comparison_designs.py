"""Scores of all waves into what those with the pilot gained over those without it.

What was declared decides the comparison: arms of teams, or units that start one after
the other. The n of everything here is that of its smallest side, so that numbers that
could identify few people are suppressed. No team is reported by itself; a site may be.

Units that start one after the other into what their pilot brought, in all.

Effects by waves since the start; one effect tested by the order of starting, where that
was randomised; the change of units that started compared with all other sets of units.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.declarations.estimand import metric_of, summary_of, unit_of
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.foundation.refusals import too_few_starting
from analysis.outcomes.context import Context
from analysis.outcomes.dose_response import dose_findings
from analysis.outcomes.gates import gated, refusals
from analysis.outcomes.scores_over_waves import (
    NO_UNITS,
    contrasts_of,
    scores_over_waves,
    started_rows,
)
from heard.effects.designs.difference_in_differences import difference_in_differences
from heard.effects.designs.negative_controls import (
    StandardisedEffect,
    estimate_effect,
    side_by_side,
)
from heard.effects.designs.parallel_trends import trend_sensitivity
from heard.effects.designs.randomisation import placebo_comparison
from heard.effects.designs.staggered_adoption import staggered_effects
from heard.effects.designs.stepped_wedge import stepped_wedge, wedge_mixed_model
from heard.effects.effect_sizes import pooled_deviation
from heard.results import Estimate, Unavailable, with_n

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analysis.declarations.study import Outcome, Rollout, Study
    from analysis.foundation.findings import Place
    from analysis.outcomes.gates import Gates
    from analysis.outcomes.outcome_scores import ScoresByWave
    from analysis.outcomes.scores_over_waves import ComparedRows, OutcomeScores
    from heard.effects.designs.staggered_adoption import ComparedWith, StaggeredEffects
    from heard.results import Result

SMALLER_SIDE = "answers of the smaller side"
NOT_RANDOMISED = (
    "nobody drew lots for who starts when, so other orders of starting are no measure "
    "of chance"
)
PARTING = {
    "0.5": "courses may part half as much as before",
    "1": "courses may part as much as before",
}
"""What a departure from parallel trends is called, by M."""
OF_STARTS = {
    "staggered": "each start against those still waiting",
    "stepped_wedge": "one effect for all starts, by the order drawn",
    "placebo": "those started against every other set of as many units",
}
"""Each one effect of starting, by what its terms begin with."""
LINKED_OVER_WAVES = "everybody seen at two waves or more, {unit}s weighted by people"
UNLINKED_OVER_WAVES = "the answers of all waves, {unit}s weighted by answers"
MINIMUM_UNTREATED = 3
"""Units without the pilot that a placebo needs."""
NO_TIME = (
    "no wave before the first start, or none after it at which at least "
    f"{MINIMUM_UNTREATED} units are without the pilot"
)
PLACEBO = ("effect", "p_value", "smallest_possible_p_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledOut(Context):
    """One outcome in the order of starting."""

    outcome_scores: OutcomeScores

    @property
    def rollout(self) -> Rollout:
        """The roll-out as declared."""
        assert self.study.rollout is not None, "asked of a roll-out alone"
        return self.study.rollout

    def results(self) -> Iterator[tuple[str | Group, Place, Result]]:
        """Group, wave and result of all there is."""
        rows = started_rows(self.outcome_scores, self.study, self.rollout)
        for find in (self._by_time_since, self._by_order, self._placebo):
            for group, wave, result in find(rows):
                own = group or self._label(result.term)
                yield own, wave, result if own else self._answer(result)

    def _label(self, term: str) -> str | Group:
        """Nothing of the planned effect of starting; of another what it is."""
        kind = next((name for name in OF_STARTS if term.startswith(name)), "")
        return "" if kind == self._planned else Group("not_planned", OF_STARTS[kind])

    def _answer(self, result: Result) -> Result:
        """The planned number; none where it has no interval, as it is refused then."""
        is_effect = not result.term.endswith("p_value")
        if is_effect and isinstance(result, Estimate) and result.conf_low is None:
            reason = too_few_starting(self.rollout.unit)
            return Unavailable(term=result.term, reason=reason, n=result.n)
        return result

    @property
    def _planned(self) -> str:
        """Which of the effects of starting, in points, is the planned one; or none."""
        if metric_of(self.study, self.outcome) != "points" and not self.yes_or_no:
            return ""
        unit, _ = unit_of(self.study)
        asked = {
            summary_of(self.study, self.outcome, wave, unit=unit)
            for wave in self.outcome.follow_ups
        }
        if "start_effect" not in asked:
            return ""
        return "stepped_wedge" if self.study.randomised else "staggered"

    def effect_of_starting(self) -> tuple[Result, float]:
        """The one effect of having started, and the smallest p its orders allow.

        By the order drawn; else by comparison with those who wait, where p is free.
        """
        rows = started_rows(self.outcome_scores, self.study, self.rollout)
        found = self._by_order if self.study.randomised else self._by_time_since
        results = [result for _, _, result in found(rows)]
        floor = results[2] if self.study.randomised else None
        return results[0], floor.estimate if isinstance(floor, Estimate) else 0.0

    def other_effects(self) -> Iterator[tuple[str, Result]]:
        """The one effect by other methods, each named by what it changes."""
        rows = started_rows(self.outcome_scores, self.study, self.rollout)
        table = _Cells.of(rows, self.outcome_scores.waves)
        found = self._by_drawn_order if self.study.randomised else self._by_waiting
        for name, result in found(rows):
            yield name, with_n(result, table.smaller_group_size(), SMALLER_SIDE)

    def _by_drawn_order(self, rows: pd.DataFrame) -> Iterator[tuple[str, Result]]:
        waves, stratum = self.outcome_scores.waves, self._stratum
        wedge = partial(stepped_wedge, seed=self.seed, stratum=stratum)
        if stratum and not _start_alike(rows, stratum):
            found = wedge(rows, waves=waves, own_course=False)
            yield "one course over the waves for all sites", found.stepped_wedge_effect
        yield (
            "each start against those still waiting",
            self._staggered(rows).staggered_effect,
        )
        drifting = wedge_mixed_model(rows, waves=waves, stratum=stratum)
        yield f"mixed model, {self.rollout.unit}s may drift", drifting
        first = _until_half_started(rows, waves)
        if len(first) < len(waves):
            found = wedge(_whole(rows, waves, first), waves=first)
            yield "only the waves until half had started", found.stepped_wedge_effect

    def _by_waiting(self, rows: pd.DataFrame) -> Iterator[tuple[str, Result]]:
        found = self._staggered(rows)
        if rows["start"].isna().any():
            never = self._staggered(rows, compared_with="never")
            yield "only against those that never start", never.staggered_effect
        name = "every time since the start counted alike"
        yield name, found.staggered_effect_over_times
        for part in found.by_departure:
            yield PARTING[part.departure], part.trend_robust_effect

    @property
    def _stratum(self) -> str:
        """Within what the order was drawn."""
        return "site" if "site" in self.study.allocation.strata else ""

    def _staggered(
        self, rows: pd.DataFrame, *, compared_with: ComparedWith = "not_yet"
    ) -> StaggeredEffects:
        return staggered_effects(
            rows,
            waves=self.outcome_scores.waves,
            seed=self.seed,
            compared_with=compared_with,
        )

    def _by_time_since(
        self, rows: pd.DataFrame
    ) -> Iterator[tuple[str | Group, Place, Result]]:
        table = _Cells.of(rows, self.outcome_scores.waves)
        found = self._staggered(rows)
        for result in (found.staggered_effect, found.staggered_effect_p_value):
            yield "", "", with_n(result, table.smaller_group_size(), SMALLER_SIDE)
        for part in found.by_event_time:
            steps = int(part.waves_since_start)
            group = Group("waves_since_start", str(steps))
            side = table.since(steps)
            for result in (part.event_time_effect, part.event_time_effect_simultaneous):
                yield group, "", with_n(result, side, SMALLER_SIDE)

    def _by_order(
        self, rows: pd.DataFrame
    ) -> Iterator[tuple[str | Group, Place, Result]]:
        if not self.study.randomised:
            for kind in ("effect", "p_value"):
                yield (
                    "",
                    "",
                    Unavailable(term=f"stepped_wedge_{kind}", reason=NOT_RANDOMISED),
                )
            return
        found = stepped_wedge(
            rows,
            waves=self.outcome_scores.waves,
            seed=self.seed,
            stratum=self._stratum,
        )
        side = _Cells.of(rows, self.outcome_scores.waves).smaller_group_size()
        for result in found.results():
            yield "", "", with_n(result, side, SMALLER_SIDE)

    def _placebo(
        self, rows: pd.DataFrame
    ) -> Iterator[tuple[str | Group, Place, Result]]:
        """Units started by a wave compared with the rest, from before any started."""
        waves = self.outcome_scores.waves
        before, after = _placebo_waves(rows, waves)
        if not before:
            for kind in PLACEBO:
                yield "", "", Unavailable(term=f"placebo_{kind}", reason=NO_TIME)
            return
        two_waves = rows.loc[rows["wave"].isin([before, after])]
        started = two_waves["start"].isin(list(waves[: waves.index(after) + 1]))
        treated = list(dict.fromkeys(two_waves.loc[started, "cluster"]))
        found = placebo_comparison(
            two_waves,
            treated=[str(name) for name in treated],
            before=before,
            after=after,
            unit="cluster",
            seed=self.seed,
        )
        sizes = two_waves.groupby([started, "wave"]).size()
        side = int(sizes.min()) if len(sizes) == 4 else 0
        wave = Contrast(after, before)
        for result in (
            found.placebo_effect,
            found.placebo_p_value,
            found.placebo_smallest_possible_p_value,
        ):
            yield "", wave, with_n(result, side, SMALLER_SIDE)
        # A team's own gap could identify its few staff; a site's is an organisation's.
        for part in found.by_unit if self.rollout.unit == "site" else ():
            own = (
                two_waves.loc[two_waves["cluster"] == part.unit].groupby("wave").size()
            )
            side = int(own.min()) if len(own) == 2 else 0
            for result in (part.conformal_effect, part.conformal_p_value):
                yield part.unit, wave, with_n(result, side, SMALLER_SIDE)


def rollout_effect(
    study: Study, outcome: Outcome, outcome_scores: OutcomeScores
) -> StandardisedEffect:
    """The effect of the roll-out on one outcome, to compare with other outcomes."""
    one = RolledOut(study=study, outcome=outcome, outcome_scores=outcome_scores)
    rows = started_rows(outcome_scores, study, one.rollout)
    found = staggered_effects(rows, waves=outcome_scores.waves, seed=one.seed)
    table = _Cells.of(rows, outcome_scores.waves)
    side = table.smaller_group_size()
    places = {wave: place for place, wave in enumerate(outcome_scores.waves)}
    starts = rows["start"].map(places).fillna(len(places))
    first = rows["wave"].map(places) < starts.min()
    never = rows["start"].isna()
    groups = [rows.loc[first & part, "score"].to_numpy() for part in (never, ~never)]
    kept = [group for group in groups if len(group) > 1]
    spread = pooled_deviation(*kept) if len(kept) == 2 else 0.0
    if len(kept) == 1:
        spread = float(kept[0].std(ddof=1))
    return StandardisedEffect(
        effect=with_n(found.staggered_effect, side, SMALLER_SIDE),
        p_value=with_n(found.staggered_effect_p_value, side, SMALLER_SIDE),
        spread=spread,
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Answers of units that started together, by wave.

    Attributes
    ----------
    counts : DataFrame, one row a start (its place; the number of waves if never)
        Answers, a column a wave's place. Only units with every wave count.
    """

    counts: pd.DataFrame

    @classmethod
    def of(cls, rows: pd.DataFrame, waves: Sequence[str]) -> _Cells:
        places = {wave: place for place, wave in enumerate(waves)}
        table = pd.crosstab(rows["cluster"], rows["wave"])
        table = table.reindex(columns=list(waves), fill_value=0)
        whole = table.loc[(table > 0).all(axis=1)].rename(columns=places)
        starts = rows.groupby("cluster")["start"].first().map(places)
        starts = starts.fillna(len(waves)).astype(int)
        counts = whole.groupby(starts.reindex(whole.index)).sum()
        return cls(counts)

    def smaller_group_size(self) -> int:
        """The fewer of answers with the pilot and without it."""
        with_it = sum(
            int(self.counts.loc[start, wave])
            for start in self.counts.index
            for wave in self.counts.columns
            if 0 < start <= wave
        )
        kept = self.counts.loc[self.counts.index > 0]
        return min(with_it, int(kept.to_numpy().sum()) - with_it)

    def since(self, steps: int) -> int:
        """The fewest answers of any side so many waves since the start."""
        own, base, other, other_base = 0, 0, 0, 0
        for start in self.counts.index:
            wave = start + steps
            if not (0 < start < len(self.counts.columns) and wave in self.counts):
                continue
            later = self.counts.index[
                (self.counts.index > max(wave, start - 1))
                & (self.counts.index != start)
            ]
            if not len(later):
                continue
            own += int(self.counts.loc[start, wave])
            base += int(self.counts.loc[start, start - 1])
            other = max(other, int(self.counts.loc[later, wave].sum()))
            other_base = max(other_base, int(self.counts.loc[later, start - 1].sum()))
        return min(own, base, other, other_base)


def _start_alike(rows: pd.DataFrame, stratum: str) -> bool:
    """Whether as large a part of every stratum's units starts at each wave.

    Then it does not matter to the estimate whether strata have courses of their own.
    """
    units = rows.fillna({"start": ""}).drop_duplicates("cluster")
    shares = pd.crosstab(units[stratum], units["start"], normalize="index")
    return bool(np.allclose(shares, shares.iloc[0]))


def _until_half_started(rows: pd.DataFrame, waves: Sequence[str]) -> tuple[str, ...]:
    """The waves until half of the units had started; all, where fewer ever do."""
    places = {wave: place for place, wave in enumerate(waves)}
    starts = rows.groupby("cluster")["start"].first().map(places).fillna(len(waves))
    middle = int(sorted(starts)[(len(starts) - 1) // 2])
    return tuple(waves[: middle + 1])


def _whole(
    rows: pd.DataFrame, waves: Sequence[str], kept: Sequence[str]
) -> pd.DataFrame:
    """Rows of some waves, of units that have all; who starts later never does there."""
    asked = rows.loc[rows["wave"].isin(list(waves))]
    complete = asked.groupby("cluster")["wave"].transform("nunique") == len(waves)
    now = asked.loc[complete & asked["wave"].isin(list(kept))]
    return now.assign(start=now["start"].where(now["start"].isin(list(kept)), None))


def _placebo_waves(rows: pd.DataFrame, waves: Sequence[str]) -> tuple[str, str]:
    """The last wave before anybody starts, and the last with enough still without."""
    starts = rows.groupby("cluster")["start"].first()
    places = starts.map({wave: place for place, wave in enumerate(waves)})
    places = places.fillna(len(waves)).astype(int)
    first = int(places.min()) if len(places) else 0
    later = [
        place
        for place in range(first, len(waves))
        if (places > place).sum() >= MINIMUM_UNTREATED
    ]
    if not 0 < first < len(waves) or not later:
        return "", ""
    return waves[first - 1], waves[later[-1]]


AFTER_ALONE = (
    "people were asked afterwards alone, so no change can be set beside another's; the "
    "page of outcomes gives the groups' difference"
)
MINIMUM_WAVES = 3
"""At two waves the outcomes page gives all that can be estimated of arms."""
SMALLER_TIME = "answers of the smaller side at the smaller time"


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
        Wave → survey → scores, one row a participant, with the attributes that give the
        dose.
    links, comparability, reliability
        As of `evaluate_outcomes`; what is refused there is refused here.

    Returns
    -------
    tuple of Finding
        For every outcome what was gained by wave, whether courses were alike before,
        and how far from alike they may be; of a roll-out also the effect by waves since
        the start, the test by the order of starting and by placebo. Where the plan
        names negative controls, these next to the outcomes; where a dose is declared,
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
class _Compared(Context):
    """One outcome over all its waves."""

    outcome_scores: OutcomeScores

    def findings(self) -> Iterator[Finding]:
        for contrast in self._contrasts():
            yield from self._differences(contrast)
            yield from self._sensitivity(contrast)
        if self.study.rollout is not None:
            rolled = RolledOut(
                study=self.study,
                outcome=self.outcome,
                outcome_scores=self.outcome_scores,
            )
            for group, wave, result in rolled.results():
                yield from self.place(result, group=group, wave=wave)

    def refused(self, gates: Gates) -> dict[str, str]:
        return refusals(self.study, self.outcome, self.outcome_scores, gates)

    def _contrasts(self) -> list[ComparedRows]:
        if self.study.rollout is None and not (
            self.by_team and len(self.outcome_scores.waves) >= MINIMUM_WAVES
        ):
            return []
        return list(contrasts_of(self.outcome_scores, self.study, self.outcome))

    def _differences(self, contrast: ComparedRows) -> Iterator[Finding]:
        """What was gained, in all and wave by wave, and whether alike before."""
        comparison = contrast.comparison
        group = contrast.group or self._not_planned
        found = difference_in_differences(contrast.rows, comparison)
        before, after = comparison.before(), comparison.after()
        side = contrast.smallest_side(before, after)
        for result in (
            found.difference_in_differences,
            found.difference_in_differences_p_value,
            found.difference_in_differences_degrees_of_freedom,
        ):
            of_people = with_n(result, side, SMALLER_TIME)
            yield from self._of(contrast, of_people, group)
        trend = with_n(found.pre_trend_p_value, side, SMALLER_TIME)
        yield from self._of(contrast, trend)
        for part in found.by_wave:
            side = contrast.smallest_side(before[-1:], [part.wave])
            own = group if part.wave in after else contrast.group
            for result in (part.event_study_effect, part.event_study_p_value):
                of_people = with_n(result, side, SMALLER_TIME)
                wave = Contrast(part.wave, before[-1])
                yield from self._of(contrast, of_people, own, wave=wave)

    def _sensitivity(self, contrast: ComparedRows) -> Iterator[Finding]:
        """How far the courses may part before the answer is undone."""
        comparison = contrast.comparison
        found = trend_sensitivity(contrast.rows, comparison)
        side = contrast.smallest_side(comparison.before()[-1:], comparison.after())
        breakdown = with_n(found.trend_breakdown_value, side, SMALLER_TIME)
        yield from self._of(contrast, breakdown)
        start = contrast.group.value if isinstance(contrast.group, Group) else ""
        for part in found.by_departure:
            # Why there is none is said once, by the breakdown value.
            for result in part.results():
                if isinstance(result, Estimate):
                    group = Group("departure", part.departure, of=start)
                    of_people = with_n(result, side, SMALLER_TIME)
                    yield from self.place(of_people, group=group, arm=contrast.arm)

    @property
    def _not_planned(self) -> Group:
        """What a comparison over all waves changes of the planned one."""
        linked = self.outcome_scores.linked
        text = LINKED_OVER_WAVES if linked else UNLINKED_OVER_WAVES
        return Group("not_planned", text.format(unit=unit_of(self.study)[0]))

    def _of(
        self,
        contrast: ComparedRows,
        result: Result,
        group: str | Group = "",
        *,
        wave: Place = "",
    ) -> Iterator[Finding]:
        own = group or contrast.group
        yield from self.place(result, wave=wave, arm=contrast.arm, group=own)

    def estimate_effect(self) -> StandardisedEffect:
        """The effect over all waves, to compare with other outcomes."""
        if self.study.rollout is not None:
            return rollout_effect(self.study, self.outcome, self.outcome_scores)
        contrasts = list(contrasts_of(self.outcome_scores, self.study, self.outcome))
        if not contrasts:
            reason = NO_UNITS if self.outcome.baseline else AFTER_ALONE
            absent = Unavailable(term="", reason=reason)
            return StandardisedEffect(effect=absent, p_value=absent, spread=0.0)
        (contrast,) = contrasts
        comparison = contrast.comparison
        found = estimate_effect(contrast.rows, comparison, score="score")
        side = contrast.smallest_side(comparison.before(), comparison.after())
        return dataclasses.replace(
            found,
            effect=with_n(found.effect, side, SMALLER_TIME),
            p_value=with_n(found.p_value, side, SMALLER_TIME),
        )


def _falsified(
    compared: Iterable[_Compared],
    gates: Gates,
) -> Iterator[Finding]:
    """Negative controls next to the outcomes aimed at; none where none is named."""
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
        arms: Place = "" if one.study.rollout else one.arms or ""
        for result in row.results():
            if row.role == "outcome" and result.term == "falsification_holm_p_value":
                continue
            yield from one.place(result, group=row.role, arm=arms)
    (smallest,) = Finding.place(
        table.smallest_negative_control_p_value,
        study=by_name[controls[0]].study.name,
        group="negative_control",
    )
    yield smallest
