"""An outcome at a follow-up into its planned estimate, and who it is about.

Everything that is said of an outcome takes its people, its units and its contrast from
the `Question` here: the sensitivity analyses, families, sites and subgroups too.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from analysis.declarations.estimand import (
    ALIKE_LINKED,
    ENOUGH_LINKED,
    estimands_of,
    good_of,
    smallest_in_points,
)
from analysis.foundation.terms import Kind
from analysis.foundation.terms import term as register_term
from analysis.outcomes.context import Context
from analysis.outcomes.levels import level_of
from analysis.outcomes.metric import IN_POINTS, POINTS, Measure
from analysis.outcomes.outcome_scores import linked_pairs, waves_of_outcome
from heard.effects.designs.permutation import permute_unit_means
from heard.effects.effect_sizes import pooled_deviation
from heard.effects.units import linked_units, units_of_units, unlinked_units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations.estimand import Estimand, Unit
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import AnyGroup, Contrast, Finding, Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.effects.designs.permutation import UnitPermutation
    from heard.effects.judgement.equivalence import UncertainEffect
    from heard.effects.unit_means import ArmMeans, Summary
    from heard.results import Composite, Result, Unavailable

    Effect: TypeAlias = UncertainEffect | Unavailable

MINIMUM_UNITS = 3
"""Of an arm; fewer treated units are compared by permutation."""
OF_UNITS: dict[str, Summary] = {
    "difference_in_change": "change",
    "difference_after": "after",
    "adjusted_difference": "adjusted",
}
PLACES = ("participant", "arm", "team", "site")


@dataclass(frozen=True, kw_only=True)
class Question(Context):
    """One contrast of an outcome at one follow-up, and everybody who answered.

    Attributes
    ----------
    estimand : Estimand
        What is asked, of the population that the data allow.
    before, after : DataFrame, one row a participant with a score
        ``participant`` (empty if not linked), ``arm``, ``team``, ``site``, ``cluster``
        (the unit that people belong to), ``stratum``, ``score`` and the plan's
        covariates. Nobody before, where arms are compared afterwards alone.
    linked : bool
        Whether equal names are the same people.
    scores_by_wave, links
        As of `evaluate_outcomes`, for analyses of all waves; in points.
    measure : Measure
        Turns scores into the estimand's metric; `before` and `after` are in it.
    """

    estimand: Estimand
    before: pd.DataFrame
    after: pd.DataFrame
    linked: bool
    scores_by_wave: ScoresByWave
    links: pd.DataFrame | None = None
    measure: Measure = IN_POINTS

    @property
    def in_points(self) -> Question:
        """The same question of the scores themselves, whose metric may be another.

        The smallest effect stays only where the metric's is one in points.
        """
        if self.measure.metric == "points":
            return self
        before, after = (
            wave.assign(score=wave[POINTS]).drop(columns=POINTS)
            for wave in (self.before, self.after)
        )
        estimand = dataclasses.replace(
            self.estimand,
            metric="points",
            good=good_of(self.study, self.outcome),
            smallest_effect=smallest_in_points(self.study, self.outcome),
        )
        return dataclasses.replace(
            self, estimand=estimand, before=before, after=after, measure=IN_POINTS
        )

    def place(
        self,
        result: Result | Composite,
        *,
        wave: Place = "",
        arm: Place = "",
        group: AnyGroup = "",
    ) -> tuple[Finding, ...]:
        """Findings of this outcome; differences of scores say in what metric."""
        found = super().place(result, wave=wave, arm=arm, group=group)
        if self.estimand.metric == "points":
            return found
        return tuple(
            dataclasses.replace(one, metric=self.estimand.metric)
            if register_term(one.term).kind is Kind.DIFFERENCE
            else one
            for one in found
        )

    @property
    def of_linked(self) -> bool:
        """Whether it is about the change of people, not of all answers."""
        return self.estimand.population in ("linked", "randomised")

    @property
    def n_unit(self) -> str:
        """What a number of them counts: linked people (the rule), or answers."""
        return "" if self.of_linked else "answers"

    @property
    def is_reported_before(self) -> bool:
        """Whether an earlier follow-up had it: a start has one effect, of all waves."""
        of_all_waves = self.estimand.summary == "start_effect"
        return of_all_waves and self.estimand.follow_up != self.outcome.follow_ups[0]

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Treated, then comparison; one empty name, everybody's, without one."""
        arms = self.estimand.arms
        return (arms.after, arms.before) if arms else ("",)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Those compared with both scores, where they were first seen."""
        return self.in_arms(linked_pairs(self.before, self.after))

    @cached_property
    def answers(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The scores it is about, at each wave: of linked people, or all answers."""
        if not self.of_linked:
            after = _first_seen(self.before, self.after)
            return self.in_arms(self.before), self.in_arms(after)
        kept = self.pairs.reset_index()
        before, after = (
            kept.assign(score=kept[wave]).drop(columns=["before", "after"])
            for wave in ("before", "after")
        )
        return before, after

    @cached_property
    def units(self) -> pd.DataFrame:
        """One row a unit: arm, means before and after, people, stratum.

        A site's mean is that of its teams' means.

        Raises
        ------
        DataError
            A unit is in two arms.
        """
        by_site = self.estimand.unit == "site"
        if self.of_linked:
            units = linked_units(_by_team(self.pairs, by_site=by_site))
        else:
            before, after = (_by_team(wave, by_site=by_site) for wave in self.answers)
            units = unlinked_units(after, before if self.estimand.baseline else None)
        if not by_site:
            return units
        return units_of_units(units.loc[units["site"] != ""], by="site")

    @property
    def has_mixed_units(self) -> bool:
        """Whether a unit has people of both arms, so that it was in neither."""
        rows = pd.concat(self.waves)
        arms = rows.groupby("cluster", observed=True)["arm"].nunique()
        return bool((arms.drop("", errors="ignore") > 1).any())

    @property
    def compared_units(self) -> pd.DataFrame:
        """The units by which the arms differ: of strata that hold both arms."""
        units = self.in_arms(self.units)
        if not self.estimand.strata:
            return units
        arms = units.groupby("stratum", observed=True)["arm"].transform("nunique")
        return units.loc[arms > 1]

    @cached_property
    def permutation(self) -> UnitPermutation:
        """The treated units compared with every other set of as many.

        Within the strata of the draw. Where few are treated, their sizes decide how a
        difference is weighed.
        """
        units, arms = self.compared_units, self.compared
        few = int((units["arm"] == arms.after).sum()) < MINIMUM_UNITS
        within = units if self.estimand.strata else units.assign(stratum="")
        return permute_unit_means(
            within,
            treated=arms.after,
            control=arms.before,
            summary=OF_UNITS[self.estimand.summary],
            by_size=few,
            pairs=self.estimand.restricted == "pairs",
            n_unit=self.n_unit,
            seed=self.seed,
            alpha=1 - self.level,
        )

    @cached_property
    def level(self) -> float:
        """Coverage of the planned estimate's interval."""
        return level_of(self.estimand)

    @cached_property
    def spread(self) -> float:
        """Standard deviation before of everybody with a score, pooled within arms.

        Of people asked afterwards alone that of their scores; 0 where it is not known.
        """
        first = self.before if self.estimand.baseline else self.after
        rows, arms = self.in_arms(first), self.estimand.arms
        if arms is None:
            return float(rows["score"].std(ddof=1)) if len(rows) > 1 else 0.0
        treated, control = (
            of_arm(rows, arm)["score"].to_numpy(float) for arm in self.arm_names
        )
        if min(len(treated), len(control)) < 2:
            return 0.0
        return pooled_deviation(treated, control)

    @property
    def counted(self) -> tuple[int, str]:
        """How many it is about, and what that counts: linked people, or answers."""
        if self.estimand.by_unit:
            return int(self.compared_units["people"].sum()), self.n_unit
        rows = [self.pairs] if self.of_linked else self.waves
        # Who was asked once answered once, so that the answers are people.
        return sum(map(len, rows)), self.n_unit if self.estimand.baseline else ""

    @property
    def movers(self) -> float:
        """Share of linked people who are in another of the arms afterwards."""
        later = self.after.loc[self.after["participant"] != ""]
        arms = later.set_index("participant")["arm"].reindex(self.pairs.index)
        moved = (arms != self.pairs["arm"]) & (arms != "")
        return float(moved.mean()) if len(moved) else 0.0

    @property
    def compared(self) -> Contrast:
        """The two arms, of a question that compares any."""
        assert self.estimand.arms is not None, "asked of a comparison alone"
        return self.estimand.arms

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """Units, or people, of the treated arm and of the comparison.

        Units of strata that hold one arm alone are not compared, and not counted. Of
        people who are not linked those of the smaller wave.
        """
        frames = [self.compared_units] if self.estimand.by_unit else self.waves
        counts = [frame["arm"].value_counts() for frame in frames]
        treated, control = (
            min(int(of_wave.get(arm, 0)) for of_wave in counts)
            for arm in (self.compared.after, self.compared.before)
        )
        return treated, control

    @property
    def waves(self) -> list[pd.DataFrame]:
        """The waves that the estimand is about, of two or of one."""
        before, after = self.answers
        return [before, after] if self.estimand.baseline else [after]

    @property
    def unanswered(self) -> tuple[Unanswered, ...]:
        """Those invited who have no score, at every wave that it is about.

        Empty where nobody knows how many were invited to one of them.
        """
        waves = {self.estimand.follow_up: self.after}
        if self.estimand.baseline:
            waves = {self.estimand.baseline: self.before, **waves}
        found = []
        for name, rows in waves.items():
            invited = self.study.invited(self.outcome.survey, name)
            arms = self.arm_names
            if not all(arm in invited for arm in arms):
                arms = ("",)
            if not any(invited.get(arm) for arm in arms):
                return ()
            scored = {arm: len(of_arm(rows, arm)) for arm in arms}
            found.append(
                Unanswered(
                    wave=name,
                    invited=sum(invited[arm] for arm in arms),
                    scored=sum(scored.values()),
                    shares={
                        arm: max(1 - scored[arm] / invited[arm], 0.0)
                        for arm in arms
                        if arm and invited[arm]
                    },
                )
            )
        return tuple(found)

    @property
    def started(self) -> int:
        """People of the arms compared with a score at the baseline."""
        return len(self.in_arms(self.before))

    def at(self, site: str) -> Question:
        """The same question among those of one site, whose teams or people compare."""
        before, after = (
            wave.loc[wave["site"] == site] for wave in (self.before, self.after)
        )
        return dataclasses.replace(self, before=before, after=after)

    def in_arms(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of the two arms; all rows without a comparison."""
        arms = self.estimand.arms
        if arms is None:
            return rows
        return rows.loc[rows["arm"].isin([arms.after, arms.before])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Who was invited at a wave and has no score.

    Attributes
    ----------
    invited, scored : int
        People of the arms compared; everybody where no arm of theirs is known.
    shares : mapping
        Arm → its share without a score, where that is known.
    """

    wave: str
    invited: int
    scored: int
    shares: Mapping[str, float]

    @property
    def share(self) -> float:
        """Share without a score."""
        return max(1 - self.scored / self.invited, 0.0)

    @property
    def apart(self) -> float:
        """How far the shares of two arms lie apart; 0 where they are not known."""
        shares = self.shares.values()
        return max(shares) - min(shares) if len(shares) > 1 else 0.0


def of_arm(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Rows of one arm; all where it has no name."""
    return rows.loc[rows["arm"] == arm] if arm else rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The planned estimate, and the means of the arms that it is made of.

    Attributes
    ----------
    result : Estimate or Unavailable
        Under the term of the summary measure, with the interval that is judged.
    effect : UncertainEffect or Unavailable
        The same with its standard error; a permutation has none.
    arms : tuple of ArmMeans
        Treated, then comparison; everybody without one. Their difference is the
        estimate.
    method : str
        Name of the method, as a plan would have it.
    """

    result: Result
    effect: Effect
    arms: tuple[ArmMeans, ...]
    method: str


def questions_of(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    follow_up: str,
    *,
    links: pd.DataFrame | None,
    rule: str = "",
) -> tuple[Question, ...]:
    """Every contrast of an outcome at a follow-up, the main one first.

    Parameters
    ----------
    scores_by_wave, study, links
        As of `evaluate_outcomes`.
    rule : str
        Link by this rule and not the declared one.
    """
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    before, after, linked = waves_of_outcome(
        scores_by_wave, study, outcome, follow_up, links=links, rule=rule
    )
    found = []
    for estimand in estimands_of(study, outcome, follow_up):
        waves = [_answers(wave, study, estimand) for wave in (before, after)]
        first = waves[0] if estimand.baseline else waves[1]
        measure = Measure(
            metric=estimand.metric,
            highest=subscale.highest,
            lower_is_better=subscale.direction == "higher_is_worse",
            reference=first["score"] if len(first) else None,
        )
        question = Question(
            study=study,
            outcome=outcome,
            estimand=estimand,
            before=measure.added(waves[0]),
            after=measure.added(waves[1]),
            linked=linked,
            scores_by_wave=scores_by_wave,
            links=links,
            measure=measure,
        )
        found.append(_resolved(question))
    return tuple(found)


def _answers(scores: pd.DataFrame, study: Study, estimand: Estimand) -> pd.DataFrame:
    """Who has a score, where they belong, and what the plan allows for."""
    known = [name for name in estimand.covariates if name in scores]
    kept = scores[list(dict.fromkeys([*PLACES, *known]))].assign(
        score=scores[estimand.score]
    )
    kept = kept.dropna(subset="score")
    strata = {team.name: team.stratum for team in study.teams}
    within = [
        kept["site"] if name == "site" else kept["team"].map(strata).fillna("")
        for name in estimand.strata
    ]
    stratum = pd.Series("", index=kept.index)
    for part in within:
        stratum = stratum + " " + part
    cluster = kept["site" if estimand.unit == "site" else "team"]
    return kept.assign(cluster=cluster, stratum=stratum)


def _first_seen(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The later wave, with everybody known from the earlier one as they were there.

    Where they belong, and the plan's covariates: what came after the start is no cause.
    """
    known = before.loc[before["participant"] != ""].set_index("participant")
    again = after["participant"].isin(known.index)
    if not again.any():
        return after
    names = after.loc[again, "participant"]
    kept = [str(name) for name in known if name not in ("score", POINTS)]
    first = {name: names.map(known[name]).reindex(after.index) for name in kept}
    return after.assign(
        **{name: first[name].where(again, after.get(name)) for name in kept}
    )


def _by_team(rows: pd.DataFrame, *, by_site: bool) -> pd.DataFrame:
    """Rows by team where sites are compared by their teams; else as they are."""
    if not by_site:
        return rows
    return rows.assign(cluster=rows["team"].where(rows["team"] != "", rows["site"]))


def _resolved(question: Question) -> Question:
    """The question of those who can be compared: the linked, if enough are."""
    estimand = question.estimand
    unit = _unit(question)
    population = estimand.population
    if not population:
        shares = _shares_linked(question)
        alike = max(shares) - min(shares) <= ALIKE_LINKED
        enough = min(shares) >= ENOUGH_LINKED
        population = "linked" if enough and alike else "answered"
        if unit == "person" and estimand.arms:
            # Nobody knows a team: those who are not matched cannot be compared.
            population = "linked" if enough else ""
    resolved = dataclasses.replace(estimand, population=population, unit=unit)
    return dataclasses.replace(question, estimand=resolved)


def _unit(question: Question) -> Unit:
    """What was allocated: teams that hold people of several arms were not."""
    estimand = question.estimand
    if not estimand.inferred or not estimand.by_unit or not estimand.arms:
        return estimand.unit
    after = _first_seen(question.before, question.after)
    rows = question.in_arms(pd.concat([question.before, after]))
    rows = rows.loc[rows["cluster"] != ""]
    arms = rows.groupby("cluster", sort=False, observed=True)["arm"].nunique()
    return "person" if len(arms) and arms.min() > 1 else estimand.unit


def _shares_linked(question: Question) -> list[float]:
    """Share of the smaller wave that is linked, arm by arm; 0 where nobody is."""
    if not question.linked:
        return [0.0]
    shares = []
    for arm in question.arm_names:
        counts = [
            len(of_arm(rows, arm))
            for rows in (question.pairs, question.before, question.after)
        ]
        shares.append(counts[0] / max(min(counts[1:]), 1))
    return shares
