"""The people left by one way of linking and cleaning, and every answer they give.

The rule that holds throughout: every number is made by the function that makes it on
the pages of outcomes and of who is missing, with the same draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from analysis.declarations.other_choices import BY_PEOPLE, COMPLETE, TEAM_MODELS
from analysis.foundation import Unavailable
from analysis.outcomes.change import paired_change, unlinked_change
from analysis.outcomes.comparison import compare_arms, compare_arms_unlinked
from analysis.outcomes.missing_scores import followed_scores
from analysis.outcomes.outcome_scores import linked_pairs, scores_of, waves_of_outcome
from analysis.outcomes.ways import estimate_by_method

if TYPE_CHECKING:
    import pandas as pd

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Composite, Result
    from analysis.outcomes.followed import Followed
    from analysis.outcomes.outcome_scores import ScoresByWave

TERM = "specification_effect"
METHODS = dict(
    zip(
        TEAM_MODELS,
        (
            "cluster-robust",
            "wild bootstrap",
            "mixed model",
            "mixed model, arms alike before",
            "every other set of teams",
        ),
        strict=True,
    )
)
"""Model → what `estimate_by_method` calls it."""
FEW_DROPOUTS = "fewer than {smallest} people of a group were lost, or followed"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The people left by one way of linking and cleaning, and all their answers.

    Attributes
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, indexed by the place of the response.
    linkage : str
        The rule they are linked by, if not the declared one.
    """

    study: Study
    outcome: Outcome
    scores_by_wave: ScoresByWave
    links: pd.DataFrame | None
    linkage: str

    def is_close_to(self, other: Sample, smallest: int) -> bool:
        """Whether few are in one and not in the other; none is not few."""
        changed = self._rows ^ other._rows
        counts = [sum(len(row) == size for row in changed) for size in (2, 3)]
        return any(0 < count < smallest for count in counts)

    @cached_property
    def _rows(self) -> frozenset[tuple[Any, ...]]:
        """Who has a score at either wave, and which two are one participant."""
        before, after = self._scores
        one_wave_only = {("before", place) for place in before.index}
        one_wave_only |= {("after", place) for place in after.index}
        if not self._linked:
            return frozenset(one_wave_only)
        places = [
            frame.loc[frame["participant"] != ""]
            .reset_index(names="place")
            .set_index("participant")["place"]
            for frame in (before, after)
        ]
        both = places[0].to_frame("first").join(places[1], how="inner")
        pairs = {("both", *pair) for pair in both.itertuples(index=False, name=None)}
        return frozenset(one_wave_only | pairs)

    def answer(self, model: str, missing: str) -> Result:
        """The effect by a model, those lost allowed for in one way."""
        if model in METHODS:
            return self._methods[METHODS[model]]
        if model == BY_PEOPLE:
            return self._by_people(missing)
        term = model if self.study.treated else "mean_change"
        return next(part for part in self._compared.results() if part.term == term)

    @cached_property
    def _waves(self) -> tuple[pd.DataFrame, pd.DataFrame, bool]:
        return waves_of_outcome(
            self.scores_by_wave,
            self.study,
            self.outcome,
            self.outcome.follow_ups[0],
            links=self.links,
            rule=self.linkage,
        )

    @property
    def _linked(self) -> bool:
        return self._waves[2]

    @cached_property
    def _scores(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        before, after, _ = self._waves
        return (
            scores_of(before, self.outcome, self.study),
            scores_of(after, self.outcome, self.study),
        )

    @cached_property
    def _compared(self) -> Composite:
        """The arms compared as on the outcomes page; without arms, the change."""
        before, after = self._scores
        by_team = self.study.allocated_by == "team"
        arms = {"treated": self.study.treated, "control": self.study.control}
        if not self.study.treated:
            return self._changed(by_team=by_team)
        if self._linked:
            pairs = linked_pairs(before, after)
            return compare_arms(pairs, **arms, cluster=by_team)
        return compare_arms_unlinked(before, after, **arms, cluster=by_team)

    def _changed(self, *, by_team: bool) -> Composite:
        before, after = self._scores
        if self._linked:
            pairs = linked_pairs(before, after)
            cluster = pairs["cluster"] if by_team else None
            return paired_change(pairs["before"], pairs["after"], cluster=cluster)
        return unlinked_change(
            before["score"],
            after["score"],
            cluster_before=before["cluster"] if by_team else None,
            cluster_after=after["cluster"] if by_team else None,
        )

    @cached_property
    def _methods(self) -> dict[str, Result]:
        before, after = self._scores
        found = estimate_by_method(
            before,
            after,
            treated=self.study.treated,
            control=self.study.control,
            seed=f"{self.study.name} {self.outcome.name}",
        )
        return {part.method: part.difference_in_change_by_way for part in found.methods}

    def _by_people(self, missing: str) -> Result:
        followed = self._followed
        if followed is None or not len(followed.people):
            return Unavailable(term=TERM, reason="nobody could be followed")
        follow_up = self.outcome.follow_ups[0]
        if missing != COMPLETE:
            seen = followed.people[followed.columns[follow_up]].notna()
            counts = [
                count
                for arm in (self.study.treated, self.study.control)
                for count in _followed_and_dropped_out(
                    seen[followed.people["arm"] == arm]
                )
            ]
            smallest = self.study.smallest_group_shown
            if any(0 < count < smallest for count in counts):
                reason = FEW_DROPOUTS.format(smallest=smallest)
                return Unavailable(term=TERM, reason=reason)
        return followed.difference_by_method(follow_up, missing)

    @cached_property
    def _followed(self) -> Followed | None:
        return followed_scores(
            self.scores_by_wave, self.study, self.outcome, self.links, self.linkage
        )


def _followed_and_dropped_out(seen: pd.Series[bool]) -> tuple[int, int]:
    return int(seen.sum()), int((~seen).sum())
