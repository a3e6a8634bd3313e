"""An outcome of few ordered answers into shares of answers and who answers better.

The rule that holds throughout: who has no team is left out where teams were allocated;
before arms are compared after, they are compared before, as they may differ there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation import Composite, Estimate, Unavailable
from analysis.outcomes.beyond_means import compare_ordinal, ordinal_change
from analysis.outcomes.comparison import compare_arms, compare_arms_unlinked
from analysis.outcomes.outcome_scores import by_arm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Result

WAVES = ("before", "after")
OF_WAVES = {
    "top_share_treated": "top_share_after",
    "top_share_control": "top_share_before",
    "top_share_difference": "top_share_change",
}
"""What two waves are compared by → what it is called of one arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesOfAnswers(Composite):
    """How many gave each answer, from the worst to the best."""

    answers: tuple[ShareOfAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfAnswer(Composite):
    """How many gave one answer."""

    answer: str
    share_in_category: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAnswers(Composite):
    """Two waves of people nobody linked: shares of top answers, and better ones."""

    probability_of_better_answer: Result
    proportional_odds_ratio: Result
    proportional_odds_p_value: Result
    top_share_before: Result
    top_share_after: Result
    top_share_change: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedOutcome:
    """One outcome whose score has few ordered values.

    Attributes
    ----------
    categories : tuple of float
        Every value, from worst to best.
    """

    study: Study
    outcome: Outcome
    categories: tuple[float, ...]

    @property
    def cluster(self) -> str | None:
        """The column of teams, where these were allocated."""
        return "cluster" if self.study.allocated_by == "team" else None

    @property
    def top(self) -> int:
        """How many of the best categories count as top ones."""
        first = self.outcome.supplementary.top
        if first is None:
            return 1
        return len(self.categories) - self.categories.index(first)

    def shares(self, scores: pd.DataFrame) -> SharesOfAnswers:
        """How many of those with a score gave each answer."""
        counts = scores["score"].value_counts()
        n = len(scores)
        method = "share who gave this answer; missing answers left out"
        answers = []
        for value in self.categories:
            term = "share_in_category"
            found: Result = Unavailable(term=term, reason="nobody has a score", n=0)
            if n:
                found = Estimate(
                    term=term,
                    estimate=float(counts.get(value, 0)) / n,
                    n=n,
                    method=f"{method}; no interval: see what compares them",
                )
            answers.append(ShareOfAnswer(answer=f"{value:g}", share_in_category=found))
        return SharesOfAnswers(answers=tuple(answers))

    def between_arms(
        self, scores: pd.DataFrame
    ) -> Iterator[tuple[str, Result | Composite]]:
        """The arms' answers at one wave; nothing where no two arms are compared."""
        arms = self.study.treated, self.study.control
        if all(arms):
            found = compare_ordinal(
                scores,
                treated=arms[0],
                control=arms[1],
                categories=self.categories,
                cluster=self.cluster,
                top=self.top,
            )
            yield " - ".join(arms), found

    def over_waves(
        self, before: pd.DataFrame, after: pd.DataFrame, pairs: pd.DataFrame | None
    ) -> Iterator[tuple[str, Result | Composite]]:
        """Each arm's answers at two waves, then what the arms' top shares gained.

        Parameters
        ----------
        before, after : DataFrame, one row a participant
            ``arm``, ``cluster``, ``score``.
        pairs : DataFrame or None
            Participants with both: ``arm``, ``cluster``, ``before``, ``after``; None if
            the waves are not linked.
        """
        afters = dict(by_arm(after, self.study))
        of_pairs = {} if pairs is None else dict(by_arm(pairs, self.study))
        for arm, among in by_arm(before, self.study):
            if bool(arm) != bool(self.study.arms):
                continue
            if pairs is None:
                yield arm, self._unlinked(among, afters[arm])
            else:
                yield (
                    arm,
                    ordinal_change(
                        of_pairs[arm],
                        categories=self.categories,
                        cluster=self.cluster,
                        top=self.top,
                    ),
                )
        if self.study.treated and self.study.control:
            yield self._gained(before, after, pairs)

    def _unlinked(self, before: pd.DataFrame, after: pd.DataFrame) -> ChangedAnswers:
        waves = pd.concat(
            [
                frame.assign(wave=wave)
                for wave, frame in zip(WAVES, (before, after), strict=True)
            ]
        )
        found = compare_ordinal(
            waves,
            treated="after",
            control="before",
            categories=self.categories,
            group="wave",
            cluster=self.cluster,
            top=self.top,
        )
        by_term = {result.term: result for result in map(_of_waves, found.results())}
        return ChangedAnswers(**by_term)

    def _gained(
        self, before: pd.DataFrame, after: pd.DataFrame, pairs: pd.DataFrame | None
    ) -> tuple[str, Result]:
        arms = {"treated": self.study.treated, "control": self.study.control}
        by_team = self.cluster is not None
        if pairs is None:
            found = compare_arms_unlinked(
                self._tops(before, "score"),
                self._tops(after, "score"),
                **arms,
                cluster=by_team,
            ).difference_in_change
        else:
            tops = self._tops(self._tops(pairs, "before"), "after")
            found = compare_arms(tops, **arms, cluster=by_team).difference_in_change
        return " - ".join(arms.values()), dataclasses.replace(
            found,
            term="top_share_difference_in_change",
            method=f"a top answer counts 1, any other 0; {found.method}",
        )

    def _tops(self, scores: pd.DataFrame, column: str) -> pd.DataFrame:
        best = self.categories[len(self.categories) - self.top :]
        return scores.assign(**{column: scores[column].isin(best).astype(float)})


def _of_waves(result: Result) -> Result:
    """What was found of two groups, told of two waves."""
    method = (
        result.method.replace("one of the treated answers", "one after answers")
        .replace("one of the control group", "one before")
        .replace("treated over control", "after over before")
        .replace("treated less control", "after less before")
    )
    term = OF_WAVES.get(result.term, result.term)
    return dataclasses.replace(result, term=term, method=method)
