"""Units that start one after the other into what their pilot brought, in all.

Effects by waves since the start; one effect tested by the order of starting, where lots
decided it; the change of those that started beside that of every other set of units.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation import Unavailable
from analysis.outcomes.compared import (
    StandardisedEffect,
    placebo_comparison,
    staggered_effects,
    stepped_wedge,
)
from analysis.outcomes.effect_sizes import pooled_deviation
from analysis.outcomes.starts import started_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations import Outcome, Study
    from analysis.declarations.rollout import Rollout
    from analysis.foundation import Result
    from analysis.outcomes.courses import OutcomeScores

COUNTS = re.compile(r"n counts [^;]*")
OF_SIDE = "n counts answers of the smaller side"
NOT_RANDOMISED = (
    "nobody drew lots for who starts when, so other orders of starting are no measure "
    "of chance"
)
MINIMUM_UNTREATED = 3
"""Units without the pilot that a placebo needs."""
NO_TIME = (
    "no wave before the first start, or none after it at which at least "
    f"{MINIMUM_UNTREATED} units are without the pilot"
)
PLACEBO = ("effect", "p_value", "smallest_possible_p_value")


@dataclass(frozen=True, slots=True)
class RolledOut:
    """One outcome in the order of starting."""

    study: Study
    outcome: Outcome
    outcome_scores: OutcomeScores

    @property
    def rollout(self) -> Rollout:
        """The roll-out as declared."""
        assert self.study.rollout is not None, "asked of a roll-out alone"
        return self.study.rollout

    @property
    def seed(self) -> str:
        """Names the draws."""
        return f"{self.study.name} {self.outcome.name}"

    def results(self) -> Iterator[tuple[str, str, Result]]:
        """Group, wave and result of all there is."""
        rows = started_rows(self.outcome_scores, self.study, self.rollout)
        yield from self._by_time_since(rows)
        yield from self._by_order(rows)
        yield from self._placebo(rows)

    def placebo_effect(self) -> Result:
        """The change of those started less that of those not, as results tell it."""
        rows = started_rows(self.outcome_scores, self.study, self.rollout)
        _, _, effect = next(iter(self._placebo(rows)))
        return effect

    def _by_time_since(self, rows: pd.DataFrame) -> Iterator[tuple[str, str, Result]]:
        table = _Cells.of(rows, self.outcome_scores.waves)
        found = staggered_effects(
            rows, waves=self.outcome_scores.waves, seed=self.seed, cluster="cluster"
        )
        for result in (found.staggered_effect, found.staggered_effect_p_value):
            yield "", "", _of_people(result, table.smaller_group_size())
        for part in found.by_event_time:
            steps = int(part.waves_since_start)
            group = f"{steps} waves since the start"
            side = table.since(steps)
            for result in (part.event_time_effect, part.event_time_effect_simultaneous):
                yield group, "", _of_people(result, side)

    def _by_order(self, rows: pd.DataFrame) -> Iterator[tuple[str, str, Result]]:
        if not self.study.randomised:
            for kind in ("effect", "p_value"):
                yield (
                    "",
                    "",
                    Unavailable(term=f"stepped_wedge_{kind}", reason=NOT_RANDOMISED),
                )
            return
        found = stepped_wedge(
            rows, waves=self.outcome_scores.waves, seed=self.seed, cluster="cluster"
        )
        side = _Cells.of(rows, self.outcome_scores.waves).smaller_group_size()
        for result in found.results():
            yield "", "", _of_people(result, side)

    def _placebo(self, rows: pd.DataFrame) -> Iterator[tuple[str, str, Result]]:
        """Those started by a wave beside those not, from before anybody started."""
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
        wave = f"{after} - {before}"
        for result in (
            found.placebo_effect,
            found.placebo_p_value,
            found.placebo_smallest_possible_p_value,
        ):
            yield "", wave, _of_people(result, side)
        # A team's own gap would speak of its few staff; a site's of an organisation.
        for part in found.by_unit if self.rollout.unit == "site" else ():
            own = (
                two_waves.loc[two_waves["cluster"] == part.unit].groupby("wave").size()
            )
            side = int(own.min()) if len(own) == 2 else 0
            for result in (part.conformal_effect, part.conformal_p_value):
                yield part.unit, wave, _of_people(result, side)


def rollout_effect(
    study: Study, outcome: Outcome, outcome_scores: OutcomeScores
) -> StandardisedEffect:
    """What the roll-out brought of one outcome, to be set beside others."""
    one = RolledOut(study, outcome, outcome_scores)
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
        effect=_of_people(found.staggered_effect, side),
        p_value=_of_people(found.staggered_effect_p_value, side),
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


def _of_people(result: Result, n: int) -> Result:
    method = COUNTS.sub(OF_SIDE, result.method)
    return dataclasses.replace(result, n=n, method=method)
