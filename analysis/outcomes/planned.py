"""The planned estimate of a question: the one number its outcome is judged by.

Which method it is follows from the estimand and from how many units and people there
are, never from the scores. Where no method gives an answer that can be trusted, there
is none, and the reason stands in its place.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from analysis.foundation.refusals import (
    could_not_match,
    few_people,
    few_sites,
    few_units_of_one_group,
    no_site_with_both,
    one_site_each,
    same_answer,
    too_few_orders,
    too_few_starting,
    too_few_units,
    too_many_movers,
    units_in_both,
)
from analysis.outcomes.comparison_designs import RolledOut
from analysis.outcomes.people import people_estimate
from analysis.outcomes.question import MINIMUM_UNITS, OF_UNITS, Planned
from analysis.outcomes.scores_over_waves import scores_over_waves
from heard.effects.judgement.equivalence import LEVEL
from heard.effects.unit_means import (
    compare_unit_means,
    mean_of_units,
)
from heard.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.declarations.estimand import Estimand
    from analysis.outcomes.question import Question
    from heard.effects.judgement.equivalence import UncertainEffect

    Effect: TypeAlias = UncertainEffect | Unavailable

MINIMUM_PEOPLE = 12
"""Of an arm, where people were allocated."""
MINIMUM_SITES = 6
"""In both arms together: with fewer, nobody can check that sites are like others."""
MINIMUM_OF_ONE_GROUP = 5
LARGEST_FLOOR = 0.05
"""Smallest possible p up to which a permutation gives a 95 % interval."""
MOST_MOVERS = 0.25
"""Share of people in both arms from which on there are no two groups to compare."""
TIE = 1e-9
NO_ERROR = "a permutation has no standard error"


def planned_estimate(question: Question) -> Planned:
    """Estimate what the estimand asks for, or say why that cannot be done."""
    return _at_level(_estimated(question), question)


def _at_level(planned: Planned, question: Question) -> Planned:
    """The interval at its level, where several contrasts or follow-ups are judged.

    That of a permutation has it already.
    """
    result, effect, level = planned.result, planned.effect, question.level
    if level == LEVEL or isinstance(effect, Unavailable):
        return planned
    if isinstance(result, Unavailable):
        return planned
    low, high = effect.limits(level)
    how = f"{level:.4g} level: {_why(question.estimand)}"
    wider = dataclasses.replace(
        result, conf_low=low, conf_high=high, method=f"{result.method}; {how}"
    )
    return dataclasses.replace(planned, result=wider)


def _why(estimand: Estimand) -> str:
    parts = []
    if estimand.contrasts > 1:
        parts.append(f"{estimand.contrasts} contrasts hold together")
    if estimand.information:
        parts.append(
            f"look {estimand.look + 1} of {len(estimand.information)}, alpha spent as "
            "planned"
        )
    return "; ".join(parts)


def _estimated(question: Question) -> Planned:
    estimand = question.estimand
    if estimand.summary == "start_effect":
        return _of_starts(question)
    if reason := refusal(question):
        return refused(question, reason)
    if estimand.metric == "share" and estimand.arms and _answered_alike(question):
        return refused(question, same_answer())
    return _of_units(question) if estimand.by_unit else people_estimate(question)


def _of_starts(question: Question) -> Planned:
    """One effect of having started: by the order of starting, else by comparison."""
    effect, floor = rolled_out(question).effect_of_starting()
    if floor > LARGEST_FLOOR:
        return refused(question, too_few_orders())
    if isinstance(effect, Estimate) and effect.conf_low is None:
        return refused(question, too_few_starting(question.estimand.unit))
    term = question.estimand.summary
    return Planned(
        result=dataclasses.replace(effect, term=term),
        effect=Unavailable(term=term, reason=NO_ERROR),
        arms=(),
        method="wedge" if question.estimand.randomised else "staggered",
    )


def rolled_out(question: Question) -> RolledOut:
    """The outcome over all waves, in the order of starting."""
    scores = scores_over_waves(
        question.scores_by_wave, question.study, question.outcome, links=question.links
    )
    rows = scores.rows.assign(score=question.measure(scores.rows["score"]))
    return RolledOut(
        study=question.study,
        outcome=question.outcome,
        outcome_scores=dataclasses.replace(scores, rows=rows),
    )


def units_starting(question: Question) -> int:
    """Units with answers, of those that start one after another."""
    rolled = rolled_out(question)
    units = rolled.outcome_scores.rows[rolled.rollout.unit]
    return int(units.loc[units != ""].nunique())


def waves_before_start(question: Question) -> int:
    """Waves of the outcome before the first unit starts."""
    rolled = rolled_out(question)
    order, waves = question.study.wave_names(), rolled.outcome_scores.waves
    first = min(order.index(start) for start in rolled.rollout.starts.values())
    return sum(order.index(wave) < first for wave in waves)


def refused(question: Question, reason: str) -> Planned:
    """No estimate, for this reason."""
    answers = sum(map(len, question.answers))
    absent = Unavailable(
        term=question.estimand.summary,
        reason=reason,
        n=(len(question.pairs) if question.of_linked else answers) or None,
    )
    return Planned(result=absent, effect=absent, arms=(), method="none")


def refusal(question: Question) -> str:
    """Why the question has no answer, from who took part; empty where it has one."""
    estimand = question.estimand
    if estimand.arms is None:
        few = estimand.by_unit and len(question.units) < MINIMUM_OF_ONE_GROUP
        if few:
            return few_units_of_one_group(estimand.unit, len(question.units))
        return ""
    if question.movers > MOST_MOVERS:
        return too_many_movers(question.movers)
    if not estimand.population:
        return could_not_match()
    if not estimand.by_unit:
        treated, control = question.sizes
        few = min(treated, control) < MINIMUM_PEOPLE
        return few_people(treated, control) if few else ""
    return _refused_units(question)


def _refused_units(question: Question) -> str:
    """Why teams or sites cannot be compared."""
    unit = question.estimand.unit
    if question.has_mixed_units:
        return units_in_both(unit)
    strata = question.estimand.strata
    if strata and len(question.units) and question.compared_units.empty:
        return no_site_with_both("site" if strata == ("site",) else "stratum", unit)
    if is_permuted(question):
        return ""
    treated, control = question.sizes
    few = min(treated, control) < MINIMUM_UNITS
    if unit != "site":
        return too_few_units(unit, treated, control) if few else ""
    if treated == control == 1:
        return one_site_each()
    few = few or treated + control < MINIMUM_SITES
    return few_sites(treated + control) if few else ""


def is_permuted(question: Question) -> bool:
    """Whether few treated units are compared with every other set of as many."""
    treated, _ = question.sizes
    planned = question.estimand.method == "permutation"
    if not (planned or 0 < treated < MINIMUM_UNITS):
        return False
    return floor_of(question) <= 1 - question.level + TIE


def _of_units(question: Question) -> Planned:
    estimand, n_unit = question.estimand, question.n_unit
    if estimand.arms is None:
        change = mean_of_units(
            question.units, term=estimand.summary, unit=estimand.unit, n_unit=n_unit
        )
        return Planned(
            result=change.result(),
            effect=change.effect,
            arms=(change.group,),
            method="unit_means",
        )
    if not is_permuted(question):
        compared = compare_unit_means(
            question.units,
            treated=estimand.arms.after,
            control=estimand.arms.before,
            summary=OF_UNITS[estimand.summary],
            term=estimand.summary,
            unit=estimand.unit,
            n_unit=n_unit,
        )
        return Planned(
            result=compared.result(),
            effect=compared.effect,
            arms=(compared.treated, compared.control),
            method="unit_means",
        )
    permuted = question.permutation
    absent = Unavailable(term=estimand.summary, reason=NO_ERROR)
    return Planned(
        result=dataclasses.replace(
            permuted.effect, term=estimand.summary, n_unit=n_unit
        ),
        effect=absent,
        arms=(permuted.treated, permuted.control),
        method="permutation",
    )


def _answered_alike(question: Question) -> bool:
    """Whether an arm has one answer at each wave, of all its people: nothing varies."""
    waves = [question.in_arms(wave).groupby("arm")["score"] for wave in question.waves]
    values = pd.concat([wave.nunique() for wave in waves], axis=1)
    return bool((values == 1).all(axis=1).any())


def floor_of(question: Question) -> float:
    """The smallest p that so many units, and the strata of the draw, allow."""
    floor = question.permutation.smallest_possible_p_value
    return floor.estimate if isinstance(floor, Estimate) else 1.0


def permuted_p_value(question: Question) -> Result:
    """The p of a planned permutation."""
    return dataclasses.replace(question.permutation.p_value, term="p_value")
