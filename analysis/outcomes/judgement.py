"""A planned estimate judged: its verdict, what agrees with it, and how strong it is.

One 95 % interval decides the verdict. Other methods agree where their verdict is of the
same class; what weakens the evidence is counted from what happened in this study.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.declarations.plan_lock import family_of
from analysis.foundation.findings import Group
from analysis.foundation.refusals import feasibility
from analysis.outcomes.families import is_tested
from analysis.outcomes.methods import other_analyses
from analysis.outcomes.planned import (
    planned_estimate,
    units_starting,
    waves_before_start,
)
from analysis.outcomes.question import of_arm
from analysis.outcomes.strength import strength_results
from heard.effects.judgement.bayes import Prior, bayesian_companion
from heard.effects.judgement.equivalence import LEVEL
from heard.effects.judgement.strength import StrengthFacts
from heard.effects.judgement.verdict import verdict, verdict_class
from heard.effects.missing_data.attrition import undone_at
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations.instrument import Subscale
    from analysis.foundation.findings import AnyGroup, Finding, Place
    from analysis.outcomes.methods import Analysis
    from analysis.outcomes.question import Planned, Question
    from heard.effects.judgement.bayes import BayesianCompanion
    from heard.effects.judgement.strength import Design
    from heard.effects.judgement.verdict import VerdictCode
    from heard.results import Composite, Result

Comparability: TypeAlias = Literal["passed", "failed", "not_tested", "cannot_be_tested"]
OF_CONSEQUENCE: dict[str, Comparability] = {
    "passed": "passed",
    "warned": "failed",
    "refused": "failed",
    "not_tested": "not_tested",
    "cannot_be_tested": "cannot_be_tested",
}
"""What follows from questions that changed meaning, as the rating has it."""
WIDTH_OF_PRIOR = 2.0
"""Standard deviation of the prior, in smallest effects that matter."""
GAIN = "gain"
ARM = {
    "points": "arm_mean",
    "share": "arm_share",
    "probability_of_better": "arm_probability",
}
"""Metric → the terms of an arm's means in it, but for the wave."""
MOST_POINTS_OF_A_QUESTION = 10.0
"""From the lowest answer to the highest; of more, a score is a total."""


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What is known of a score, from the pages of reliability and comparability.

    Attributes
    ----------
    alpha : Finding or None
        Internal consistency of the score at the baseline.
    retest : Finding or None
        Retest reliability, of people whom the programme did not reach.
    comparability : {"passed", "failed", "not_tested", "cannot_be_tested"}
        Whether the questions meant the same at both waves.
    bias : Finding or None
        What those that did not add to the estimate, where that is worth a warning.
    """

    alpha: Finding | None
    retest: Finding | None
    comparability: Comparability
    bias: Finding | None = None

    @property
    def estimate(self) -> Estimate | None:
        """The reliability as a result, of a retest if there is one; None without any.

        Alpha stands in for it: it is usually higher, which makes changes look surer.
        """
        found = self.retest or self.alpha
        if found is None or found.estimate is None or found.n is None:
            return None
        return _result_of(found)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One question, answered and judged."""

    question: Question
    worth: Worth

    @cached_property
    def planned(self) -> Planned:
        """The planned estimate."""
        return planned_estimate(self.question)

    @cached_property
    def others(self) -> tuple[Analysis, ...]:
        """The same question by other methods; none of one that has no answer."""
        return () if self._is_refused else other_analyses(self.question)

    @property
    def _is_refused(self) -> bool:
        return self.planned.method == "none"

    @property
    def compares_arms(self) -> bool:
        """Whether two arms can be distinguished, so that numbers of both may stand."""
        estimand = self.question.estimand
        of_arms = estimand.arms is not None and estimand.summary != "start_effect"
        return of_arms and not self._is_refused

    @cached_property
    def code(self) -> VerdictCode:
        """The verdict by the planned interval."""
        return self._verdict_of(self.planned.result)

    def found(self) -> Iterator[tuple[Place, AnyGroup, Result | Composite]]:
        """Arm, group and result of everything there is to say."""
        place = self.question.estimand.place
        yield place, "", self._published
        if (bias := self.worth.bias) is not None:
            yield place, "", _result_of(bias)
        yield from self._means()
        yield place, Group("verdict", self.code), self._verdict()
        if level := self._level():
            yield place, "", level
        for one in self.others:
            yield place, Group("analysis", one.name, of=one.people), one.result
        yield from ((place, "", part) for part in self._agreeing())
        if companion := self._chances():
            yield place, "", companion
        yield from ((place, "", part) for part in self._losses())
        waves = 2 if self.question.estimand.baseline else 1
        rated = strength_results(self._facts(), n=self.planned.result.n, waves=waves)
        yield from ((place, group, part) for group, part in rated)

    @property
    def _published(self) -> Result:
        """The planned estimate; none of a study that makes no claim."""
        result = self.planned.result
        if self.question.estimand.purpose == "feasibility":
            return Unavailable(term=result.term, reason=feasibility(), n=result.n)
        return result

    def _verdict_of(self, result: Result) -> VerdictCode:
        estimand = self.question.estimand
        limits: tuple[float | None, float | None] = (None, None)
        claims = estimand.purpose != "feasibility"
        if isinstance(result, Estimate) and claims:
            limits = (result.conf_low, result.conf_high)
        return verdict(
            *limits, smallest_effect=estimand.smallest_effect, good=estimand.good
        )

    def _level(self) -> Result | None:
        """The level of the planned interval, where it is not the usual one."""
        level, n = self.question.level, self.planned.result.n
        if level == LEVEL or n is None or not _has_interval(self._published):
            return None
        return Estimate(
            term="interval_level",
            estimate=level,
            n=n,
            method="coverage of the planned interval, as the plan shares the chance of "
            "error; no interval: it is declared",
        )

    def _verdict(self) -> Result:
        """The smallest effect of interest, which the verdict in the group is about."""
        smallest = self.question.estimand.smallest_effect
        n = self.planned.result.n
        if smallest is None or n is None:
            reason = "no smallest effect of interest was declared"
            return Unavailable(term="verdict", reason=reason, n=n)
        return Estimate(
            term="verdict",
            estimate=smallest,
            n=n,
            method="smallest effect of interest, as declared; the verdict follows from "
            f"the {100 * self.question.level:.4g} % interval of the planned estimate; "
            "no interval: it is declared",
        )

    def _means(self) -> Iterator[tuple[Place, AnyGroup, Result]]:
        """What the planned estimate is made of, arm by arm."""
        for arm in self.planned.arms:
            for wave, value in (("before", arm.before), ("after", arm.after)):
                if value is not None and arm.n_people:
                    yield (
                        arm.arm,
                        "",
                        Estimate(
                            term=f"{ARM[self.question.estimand.metric]}_{wave}",
                            estimate=value,
                            n=arm.n_people,
                            n_unit=self.question.n_unit,
                            method="of the people and weights of the planned estimate; "
                            "its interval is that of the difference",
                        ),
                    )
            if self.question.estimand.by_unit:
                yield arm.arm, "", self._counted_units(arm.n_units, arm.n_people)
        starting, n = self.question.estimand.summary == "start_effect", self._n
        if starting and n and not self._is_refused:
            units = units_starting(self.question)
            yield self.question.estimand.place, "", self._counted_units(units, n)

    @property
    def _n(self) -> int | None:
        return self.planned.result.n

    def _counted_units(self, units: int, n: int) -> Estimate:
        return Estimate(
            term="units_compared",
            estimate=float(units),
            n=n,
            method=f"{self.question.estimand.unit}s of the planned estimate, counted",
        )

    # -------------------------------------------------------------- what agrees

    @cached_property
    def _asked(self) -> list[VerdictCode]:
        """Verdicts of the other analyses of the same people that gave an interval."""
        return [
            self._verdict_of(one.result)
            for one in self.others
            if one.people == "same people" and _has_interval(one.result)
        ]

    @property
    def _agree(self) -> int:
        own = verdict_class(self.code)
        return sum(verdict_class(code) == own for code in self._asked)

    def _agreeing(self) -> Iterator[Result]:
        """How many other analyses were asked, and how many are of the same class."""
        n = self.planned.result.n
        if not self._asked or n is None or not _has_interval(self.planned.result):
            return
        counts = {"analyses_agreeing": self._agree, "analyses_asked": len(self._asked)}
        for term, count in counts.items():
            yield Estimate(
                term=term,
                estimate=float(count),
                n=n,
                method="other analyses of the same people that give an interval; they "
                "agree where the verdict is of one class; counted, so no interval",
            )

    def _chances(self) -> BayesianCompanion | None:
        """How likely an effect that matters is, given the planned estimate alone."""
        estimand, effect = self.question.estimand, self.planned.effect
        smallest = estimand.smallest_effect
        if not smallest or estimand.good == "none" or estimand.purpose != "effect":
            return None
        prior = Prior(
            standard_deviation=WIDTH_OF_PRIOR * smallest,
            reason="weakly informative: no effect is likeliest, and effects beyond "
            "four times the smallest that matters are not expected",
        )
        return bayesian_companion(
            effect, prior=prior, smallest_effect=smallest, better=estimand.good
        )

    # ------------------------------------------------------------ who was lost

    @property
    def _lost(self) -> tuple[float | None, float | None, float | None]:
        """Shares lost before the score: in all, treated, comparison.

        Of linked people since the baseline; of all who answered since they were
        invited, at the wave at which most were lost, or at which arms differ most.
        """
        question = self.question
        if not question.of_linked and (waves := question.unanswered):
            apart = max(waves, key=lambda wave: wave.apart).shares
            treated, control = (
                (apart.get(arm) for arm in question.arm_names)
                if question.estimand.arms
                else (None, None)
            )
            return max(wave.share for wave in waves), treated, control
        if not question.of_linked or not question.started:
            return None, None, None
        before, pairs = question.in_arms(question.before), question.pairs
        shares: list[float | None] = []
        for arm in dict.fromkeys(("", *question.arm_names)):
            started, stayed = (len(of_arm(rows, arm)) for rows in (before, pairs))
            shares.append(1 - stayed / started if started else None)
        return shares[0], *(shares[1:] or (None, None))

    @property
    def _undone_at(self) -> Result:
        """How much worse dropouts would have fared for the gain to be in doubt."""
        # Those who did not answer at one wave may have answered at the other.
        known = self.question.of_linked
        in_all, treated, _ = self._lost if known else (None, None, None)
        share = in_all if treated is None else treated
        return undone_at(
            self.planned.result,
            share_lost=share,
            higher_is_better=self.question.estimand.good != "lower",
        )

    def _losses(self) -> Iterator[Result]:
        question = self.question
        lost = self._lost[0]
        if lost is not None and question.of_linked:
            yield Estimate(
                term="share_lost",
                estimate=lost,
                n=question.started,
                method="people with a score at the baseline and none linked at the "
                "follow-up; counted, so no interval",
            )
        elif lost is not None:
            worst = max(question.unanswered, key=lambda wave: wave.share)
            yield Estimate(
                term="share_lost",
                estimate=lost,
                n=worst.invited,
                method="people invited and without a score, at the wave at which they "
                "were most; counted, so no interval",
            )
        if self.depends_on_losses:
            yield self._undone_at
        if question.linked and question.estimand.arms and question.movers:
            yield Estimate(
                term="share_in_both_arms",
                estimate=question.movers,
                n=len(question.pairs),
                method="linked people who were in another arm afterwards; they count "
                "where they were first seen; counted, so no interval",
            )

    @property
    def depends_on_losses(self) -> bool:
        """Whether a gain is in doubt if dropouts fared worse, as the plan allows."""
        return verdict_class(self.code) == GAIN and not self._survives_losses

    @property
    def _survives_losses(self) -> bool:
        """Whether dropouts would have to fare worse than the plan's range."""
        undone = self._undone_at
        reach = self.question.estimand.mnar_range * self.question.spread
        return isinstance(undone, Unavailable) or undone.estimate > reach

    # ---------------------------------------------------------------- strength

    def _facts(self) -> StrengthFacts:
        question, estimand, result = self.question, self.question.estimand, self.planned
        interval = result.result if isinstance(result.result, Estimate) else None
        has_interval = interval is not None and _has_interval(interval)
        lost, treated, control = self._lost
        reliability = self.worth.estimate
        return StrengthFacts(
            design=self._design(),
            unit=estimand.unit,
            units=self._units(),
            people=self._people(),
            estimate=interval.estimate if interval else None,
            half_width=_half_width(interval) if interval and has_interval else None,
            smallest_effect=estimand.smallest_effect,
            lost=lost,
            tipping_out_of_range=bool(lost)
            and question.of_linked
            and verdict_class(self.code) == GAIN
            and self._survives_losses,
            lost_treated=treated,
            lost_control=control,
            baseline_gap=self._gap(),
            comparability=self.worth.comparability,
            reliability_low=reliability.conf_low if reliability else None,
            retest=self.worth.retest is not None,
            items=1 if is_one_question(question.subscale) else 2,
            plan=estimand.status,
            family=family_of(question.outcome, question.study),  # type: ignore[arg-type]
            tested=is_tested(question.study),
            analyses_agreeing=self._agree,
            analyses_asked=len(self._asked),
            movers=question.movers if question.linked and estimand.arms else 0.0,
            unit_inferred=estimand.inferred and estimand.by_unit,
        )

    def _design(self) -> Design:
        question, estimand = self.question, self.question.estimand
        if estimand.summary == "start_effect":
            if estimand.randomised:
                return "randomised_wedge"
            return "staggered" if waves_before_start(question) > 1 else "staggered_late"
        if estimand.arms is None:
            return "same_people" if question.of_linked else "different_people"
        if self.planned.method == "permutation" and not estimand.randomised:
            return "few_treated"
        if estimand.randomised:
            return "randomised"
        return "chosen_comparison" if estimand.baseline else "chosen_asked_once"

    def _units(self) -> float:
        """Units of the smaller arm; half of those that start one after another."""
        if self.question.estimand.summary == "start_effect":
            return units_starting(self.question) / 2
        return min((arm.n_units for arm in self.planned.arms), default=0)

    def _people(self) -> int | None:
        """People of the smallest arm at the smallest wave; of randomised people all."""
        question, waves = self.question, self.question.waves
        if question.estimand.population == "randomised":
            waves = [question.in_arms(question.before)]
        return min(
            len(of_arm(wave, arm)) for wave in waves for arm in question.arm_names
        )

    def _gap(self) -> float | None:
        """How far apart the arms began, in standard deviations."""
        befores = [arm.before for arm in self.planned.arms]
        if len(befores) != 2 or None in befores or not self.question.spread:
            return None
        means = self.question.waves[0].groupby("arm")["score"].mean()
        arms = self.question.compared
        return float((means[arms.after] - means[arms.before]) / self.question.spread)


def _result_of(finding: Finding) -> Estimate:
    assert finding.estimate is not None, "asked of a number"
    return Estimate(
        term=finding.term,
        estimate=finding.estimate,
        conf_low=finding.conf_low,
        conf_high=finding.conf_high,
        n=finding.n or 0,
        method=finding.method,
    )


def _has_interval(result: Result) -> bool:
    return isinstance(result, Estimate) and result.conf_low is not None


def is_one_question(subscale: Subscale) -> bool:
    """Whether a score is the answer to one question, not a total that came as one.

    Nobody answers a question on a scale of so many points.
    """
    points = subscale.highest - subscale.lowest
    return len(subscale.items) == 1 and points <= MOST_POINTS_OF_A_QUESTION


def _half_width(result: Estimate) -> float:
    assert result.conf_low is not None, "asked of an interval alone"
    assert result.conf_high is not None, "asked of an interval alone"
    return (result.conf_high - result.conf_low) / 2


def worth_of(
    question: Question, comparability: Iterable[Finding], reliability: Iterable[Finding]
) -> Worth:
    """What the other pages found of a score.

    Parameters
    ----------
    comparability, reliability : iterable of Finding
        As of `evaluate_outcomes`.
    """
    outcome, study = question.outcome, question.study
    score = outcome.survey, outcome.instrument, outcome.subscale
    comparability = tuple(comparability)

    def known(findings: Iterable[Finding], term: str) -> list[Finding]:
        return [
            found
            for found in findings
            if (found.survey, found.instrument, found.subscale) == score
            and found.term == term
            and found.estimate is not None
        ]

    def here(term: str) -> list[Finding]:
        waves, place = question.estimand.waves, question.estimand.place
        found = known(comparability, term)
        return [one for one in found if (one.wave, one.arm) == (waves, place)]

    alphas = [
        found
        for found in known(reliability, "cronbach_alpha")
        if found.wave == (outcome.baseline or question.estimand.follow_up)
        and not (found.arm or found.item or found.group)
    ]
    retests = [
        found
        for found in known(comparability, "retest_icc")
        # Of people whom the programme did not reach; others may truly have changed.
        if found.arm == study.control != "" or study.rollout
    ]
    subscale = question.subscale
    state: Comparability = "not_tested"
    one_wave = not question.estimand.baseline
    if one_wave or len(subscale.items) < 2 or not subscale.reflective:
        state = "cannot_be_tested"
    for found in here("comparability_consequence"):
        if isinstance(found.group, Group):
            state = OF_CONSEQUENCE[found.group.value]
    return Worth(
        alpha=next(iter(alphas), None),
        retest=next(iter(retests), None),
        comparability=state,
        bias=next(iter(here("score_bias")), None) if state == "failed" else None,
    )
