"""Scores of all waves into supplementary measures, outcome by outcome.

The rule that holds throughout: what is shown here accompanies the mean and decides
nothing; where teams were allocated, no interval takes people of a team as unrelated.
Everything is reported by arm where there are arms, of everyone where there are none.

An outcome of few ordered answers into shares of answers and who answers better.

The rule that holds throughout: who has no team is left out where teams were allocated;
before arms are compared after, they are compared before, as they may differ there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from analysis.declarations.estimand import good_of
from analysis.declarations.supplementary_measures import asks, ordered_categories
from analysis.outcomes.context import Context
from analysis.outcomes.gates import apply_gates, check_rule
from analysis.outcomes.outcome_scores import by_arm, linked_pairs, waves_of_outcome
from heard.effects.change import paired_change
from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.supplementary.linked_answers import ordinal_change, shares_at_ends
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import (
    overlapping_change,
    overlapping_change_of_teams,
)
from heard.effects.supplementary.retrospective_pretest import retrospective_pretest
from heard.results import Composite, Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding, Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.results import Result

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
class OrderedOutcome(Context):
    """One outcome whose score has few ordered values.

    Attributes
    ----------
    categories : tuple of float
        Every value, from worst to best.
    """

    categories: tuple[float, ...]

    @property
    def cluster(self) -> str | None:
        """The column of teams, where these were allocated."""
        return "cluster" if self.by_team else None

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
    ) -> Iterator[tuple[Place, Result | Composite]]:
        """The arms' answers at one wave; nothing where no two arms are compared."""
        if self.arms:
            found = compare_ordinal(
                scores,
                treated=self.arms.after,
                control=self.arms.before,
                categories=self.categories,
                cluster=self.cluster,
                top=self.top,
            )
            yield self.arms, found

    def over_waves(
        self, before: pd.DataFrame, after: pd.DataFrame, pairs: pd.DataFrame | None
    ) -> Iterator[tuple[Place, Result | Composite]]:
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
    ) -> tuple[Place, Result]:
        arms = {"treated": self.study.treated, "control": self.study.control}
        if pairs is None:
            found = compare_arms_unlinked(
                self._tops(before, "score"),
                self._tops(after, "score"),
                **arms,
                cluster=self.by_team,
            ).difference_in_change
        else:
            tops = self._tops(self._tops(pairs, "before"), "after")
            found = compare_arms(
                tops, **arms, cluster=self.by_team
            ).difference_in_change
        return self.arms or "", dataclasses.replace(
            found,
            term="top_share_difference_in_change",
            method=f"a top answer counts 1, any other 0; {found.method}",
        )

    def _tops(self, scores: pd.DataFrame, column: str) -> pd.DataFrame:
        best = self.categories[len(self.categories) - self.top :]
        return scores.assign(**{column: scores[column].isin(best).astype(float)})


def _of_waves(result: Result) -> Result:
    """What was found of two groups, under the terms of two waves."""
    return dataclasses.replace(result, term=OF_WAVES.get(result.term, result.term))


Found: TypeAlias = "tuple[Place, Place, str, Result | Composite]"
"""Wave, arm, group, and what was found there."""

THEN = "then-test"
"""Group of what rests on the state before, judged afterwards."""


def evaluate_supplementary(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    linkage_rule: str = "",
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Estimate the supplementary measures of every outcome.

    Parameters
    ----------
    scores_by_wave, links, linkage_rule, comparability, reliability
        As of `evaluate_outcomes`; what is refused there is refused here.

    Returns
    -------
    tuple of Finding
        Who sits at an end of the scale; of scores of few ordered values how many gave
        each answer, and how probable a better one is; where waves are linked, the
        change of those linked next to that of all who answered; where declared, change
        from the retrospective pre-test, and the smallest change that people call an
        improvement.

    Raises
    ------
    DeclarationError
        No link was made under that rule.
    DataError
        Linked participants who are mostly at another site: not the same people.
    """
    if linkage_rule:
        check_rule(linkage_rule, links, study)
    gates = tuple(comparability), tuple(reliability)
    found: list[Finding] = []
    for outcome in study.outcomes:
        reported = _SupplementaryResults(study=study, outcome=outcome)
        found += reported.placed(reported.described(scores_by_wave))
        judged = reported.judged(scores_by_wave, links, linkage_rule)
        found += apply_gates(reported.placed(judged), study, *gates)
    # Outcomes that share a score and a wave report the same of it.
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _SupplementaryResults(Context):
    """All supplementary measures of one outcome."""

    @property
    def ordered(self) -> OrderedOutcome | None:
        categories = ordered_categories(self.study, self.outcome)
        if not categories:
            return None
        return OrderedOutcome(
            study=self.study, outcome=self.outcome, categories=categories
        )

    def described(self, scores_by_wave: ScoresByWave) -> Iterator[Found]:
        """Each wave by itself: the ends of the scale, and the shares of answers."""
        for wave in self.outcome.waves:
            scores = self.scores(scores_by_wave[wave][self.outcome.survey])
            for arm, among in arms_or_everyone(scores, self.study):
                ends = shares_at_ends(
                    among["score"],
                    lowest=self.subscale.lowest,
                    highest=self.subscale.highest,
                    better=self.better,
                    cluster=among["cluster"] if self.by_team else None,
                )
                # Neither end of a neutral scale is the best one.
                if good_of(self.study, self.outcome) != "none":
                    yield wave, arm, "", ends
                if self.ordered:
                    yield wave, arm, "", self.ordered.shares(among)

    def judged(
        self, scores_by_wave: ScoresByWave, links: pd.DataFrame | None, rule: str
    ) -> Iterator[Found]:
        """What compares waves, or arms; a score that is refused says none of it."""
        if self.ordered:
            for wave in self.outcome.waves:
                scores = self.scores(scores_by_wave[wave][self.outcome.survey])
                for arm, result in self.ordered.between_arms(scores):
                    yield wave, arm, "", result
        for follow_up in self.outcome.follow_ups:
            before, after, linked = waves_of_outcome(
                scores_by_wave,
                self.study,
                self.outcome,
                follow_up,
                links=links,
                rule=rule,
            )
            waves = self.change(follow_up)
            for arm, group, result in self._of_waves(
                before, after, follow_up, linked=linked
            ):
                yield waves, arm, group, result

    def scores(self, wave: pd.DataFrame) -> pd.DataFrame:
        """Who has a score, their arm and team; who has no team is a team of their own.

        Parameters
        ----------
        wave : DataFrame, one row a participant
            Scores of all instruments.
        """
        supplementary = self.outcome.supplementary
        columns = {"score": wave[self.score]}
        then = f"{self.outcome.instrument}.{supplementary.then}"
        columns |= {"then": wave[then]} if then in wave else {}
        columns |= (
            {"anchor": wave[supplementary.anchor]}
            if supplementary.anchor in wave
            else {}
        )
        kept = wave[["participant", "arm", "team"]].assign(**columns)
        return kept.dropna(subset="score").rename(columns={"team": "cluster"})

    def _of_waves(
        self,
        before_wave: pd.DataFrame,
        after_wave: pd.DataFrame,
        follow_up: str,
        *,
        linked: bool,
    ) -> Iterator[tuple[Place, str, Result | Composite]]:
        before, after = self.scores(before_wave), self.scores(after_wave)
        pairs = _pairs(before, after) if linked else None
        if self.ordered and self.outcome.baseline:
            for arm, result in self.ordered.over_waves(before, after, pairs):
                yield arm, "", result
        if linked:
            for arm, result in self._everyone(before, after):
                yield arm, "", result
        then = self.outcome.supplementary.then
        if then and asks(self.study, self.outcome, follow_up, then):
            for arm, result in self._retrospective_change(after, pairs):
                yield arm, THEN, result
        if pairs is not None and "anchor" in pairs:
            yield "", "", self._smallest_change(pairs, follow_up)

    def _everyone(
        self, before: pd.DataFrame, after: pd.DataFrame
    ) -> Iterator[tuple[str, Result]]:
        """Change of those linked, of those who answered once, and of all together."""
        afters = dict(arms_or_everyone(after, self.study))
        for arm, among in arms_or_everyone(before, self.study):
            waves = among, afters[arm]
            if self.by_team:
                found = overlapping_change_of_teams(*waves)
            else:
                first, second = (
                    wave.set_index("participant")["score"] for wave in waves
                )
                found = overlapping_change(first, second)
            # Their correlation stands on the page of the outcomes.
            yield arm, found.mean_change_linked
            yield arm, found.mean_change_unlinked
            yield arm, found.mean_change_everybody

    def _retrospective_change(
        self, after: pd.DataFrame, pairs: pd.DataFrame | None
    ) -> Iterator[tuple[Place, Result | Composite]]:
        """Change against the state before as people judge it afterwards."""
        cluster = "cluster" if self.by_team else None
        for arm, among in arms_or_everyone(
            after if pairs is None else pairs, self.study
        ):
            if pairs is not None:
                found = retrospective_pretest(among, cluster=cluster)
                yield arm, found
            else:
                yield arm, self._unlinked_retrospective_change(among)

    def _unlinked_retrospective_change(self, after: pd.DataFrame) -> Result:
        """After less then, of people whose answers before nobody can find."""
        own = after.reset_index(drop=True)
        found = paired_change(
            own["then"],
            own["score"],
            cluster=own["cluster"] if self.by_team else None,
        ).mean_change
        method = f"after minus then, both judged at the end; {found.method}"
        return dataclasses.replace(found, term="then_test_change", method=method)

    def _smallest_change(self, pairs: pd.DataFrame, follow_up: str) -> Composite:
        """Which change people call an improvement; of both arms together."""
        supplementary = self.outcome.supplementary
        reported = pairs.loc[pairs["anchor"].fillna("") != ""]
        sign = -1.0 if self.better == "lower" else 1.0
        little = None
        if supplementary.anchor_little:
            little = reported["anchor"].isin(supplementary.anchor_little)
        return minimal_important_change(
            sign * (reported["after"] - reported["before"]),
            reported["anchor"].isin(supplementary.anchor_better),
            seed=f"{self.seed} {follow_up}",
            little_improved=little,
            anchor_reliability=supplementary.anchor_reliability,
            cluster=reported["cluster"] if self.by_team else None,
        )


def arms_or_everyone(
    scores: pd.DataFrame, study: Study
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each declared arm; everyone where there are none."""
    for arm, among in by_arm(scores, study):
        if bool(arm) == bool(study.arms):
            yield arm, among


def _pairs(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Participants with a score at both waves, with what they said at the second."""
    also = [name for name in ("then", "anchor") if name in after]
    pairs = linked_pairs(before.drop(columns=also, errors="ignore"), after, also=also)
    return pairs if "then" in pairs else pairs.assign(then=np.nan)
