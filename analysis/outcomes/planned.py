"""The planned estimate of a question: the one number its outcome is judged by.

Which method, follows from the estimand and from how many units and people there are,
never from the scores. Where no method gives an answer that can be trusted, the estimate
is refused with the reason.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from analysis.foundation.refusals import (
    COULD_NOT_MATCH,
    IN_SEVERAL_ARMS,
    few_people,
    few_sites,
    few_units,
    too_many_movers,
)
from analysis.outcomes.question import Question

from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.people import (
    adjusted_difference,
    compared_over_waves,
    mean_of_changes,
    welch_difference,
)
from heard.effects.unit_means import (
    ArmMeans,
    as_result,
    compare_unit_means,
    mean_of_units,
)
from heard.errors import DataError
from heard.results import Result, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heard.effects.unit_means import Summary

    Effect: TypeAlias = UncertainEffect | Unavailable

MINIMUM_PEOPLE = 12
"""Of an arm, where people were allocated."""
MINIMUM_UNITS = 3
"""Of an arm."""
MINIMUM_SITES = 6
"""In both arms together: with fewer, normality cannot be checked."""
LARGEST_FLOOR = 0.05
"""Smallest possible p up to which a permutation gives a 95 % interval."""
MOST_MOVERS = 0.25
"""Share of people in both arms from which on there are no two groups to compare."""
FEW_LOST = 0.05
"""Up to this share lost, those with both scores stand for all who were randomised."""
OF_UNITS: dict[str, Summary] = {
    "difference_in_change": "change",
    "change": "change",
    "difference_after": "after",
    "adjusted_difference": "adjusted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The planned estimate, and the numbers of the arms that it is made of.

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
        Name of the method, as the plan would have it.
    """

    result: Result
    effect: Effect
    arms: tuple[ArmMeans, ...]
    method: str


def planned_estimate(question: Question) -> Planned:
    """Estimate what the estimand asks for, or say why it cannot be estimated."""
    refusal = _refusal(question)
    if refusal:
        return _refused(question, refusal)
    estimate = _of_units if question.estimand.by_unit else _of_people
    return estimate(question)


def _refused(question: Question, reason: str) -> Planned:
    n = sum(map(len, question.answers)) or None
    absent = Unavailable(term=question.estimand.summary, reason=reason, n=n)
    arms = _arm_means(question)
    return Planned(result=absent, effect=absent, arms=arms, method="refused")


def _refusal(question: Question) -> str:
    """Why the question has no answer at all, from who took part; empty if it has."""
    estimand = question.estimand
    if estimand.arms is None:
        return ""
    if question.movers > MOST_MOVERS:
        return too_many_movers(question.movers)
    treated, control = _sizes(question)
    if not estimand.by_unit:
        few = min(treated, control) < MINIMUM_PEOPLE
        return few_people(treated, control) if few else ""
    if _straddles(question):
        return IN_SEVERAL_ARMS
    if _permuted(question):
        return ""
    if estimand.unit == "site":
        few = min(treated, control) < MINIMUM_UNITS or treated + control < MINIMUM_SITES
        return few_sites(treated, control) if few else ""
    few = min(treated, control) < MINIMUM_UNITS
    return few_units(treated, control) if few else ""


def _straddles(question: Question) -> bool:
    """Whether a unit has people of both arms."""
    arms = pd.concat(question.answers).groupby("cluster", observed=True)["arm"].nunique()
    return bool((arms.drop("", errors="ignore") > 1).any())


def _sizes(question: Question) -> tuple[int, int]:
    """Units, or people, of the treated arm and of the comparison."""
    arms = question.estimand.arms
    assert arms is not None, "asked of a comparison alone"
    if question.estimand.by_unit:
        counts = question.units["arm"].value_counts()
        return int(counts.get(arms.after, 0)), int(counts.get(arms.before, 0))
    waves = [wave["arm"].value_counts() for wave in question.answers if len(wave)]
    treated, control = (
        min((int(wave.get(arm, 0)) for wave in waves), default=0)
        for arm in (arms.after, arms.before)
    )
    return treated, control


def _permuted(question: Question) -> bool:
    """Whether few treated units are compared with every other set of as many."""
    treated, control = _sizes(question)
    planned = question.estimand.method == "permutation"
    few = treated < MINIMUM_UNITS and treated > 0
    if not (planned or few):
        return False
    return permutation_floor(treated, control) <= LARGEST_FLOOR


def _of_units(question: Question) -> Planned:
    estimand = question.estimand
    names = {
        "term": estimand.summary,
        "unit": estimand.unit,
        "n_unit": "" if question.of_linked else "answers",
    }
    if estimand.arms is None:
        found = mean_of_units(question.units, summary="change", **names)
        return Planned(
            result=found.result(),
            effect=found.effect,
            arms=(found.group,),
            method="unit_means",
        )
    compared = compare_unit_means(
        question.units,
        treated=estimand.arms.after,
        control=estimand.arms.before,
        summary=OF_UNITS[estimand.summary],
        **names,
    )
    arms = compared.treated, compared.control
    if _permuted(question):
        tested = permuted(question)
        return Planned(
            result=dataclasses.replace(tested.effect, term=estimand.summary),
            effect=Unavailable(
                term=estimand.summary, reason="a permutation has no standard error"
            ),
            arms=arms,
            method="permutation",
        )
    return Planned(
        result=compared.result(),
        effect=compared.effect,
        arms=arms,
        method="unit_means",
    )
