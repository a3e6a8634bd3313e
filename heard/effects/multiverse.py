"""Run every specification of a multiverse analysis, and summarise them in order.

Every specification is shown, those without a result with the reason. The summary
describes the choices, not chance: specifications share their data, so it has no
interval.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean, median
from typing import Literal, TypeAlias

import pandas as pd

from heard.errors import AnalysisError
from heard.models.stable_choice import order
from heard.results import Composite, Estimate, Result, Unavailable

OptionNames: TypeAlias = tuple[str, ...]
"""One option of every choice, in the order of the choices."""

NO_ANSWER = "no specification gave an answer"
# Two models may be one by algebra, and differ in the last digits.
SAME = 1e-9
SHARED = "specifications share their data, so no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification(Composite):
    """One way of doing the analysis, and its answer.

    - `specification`: its options, in words.
    - `options`: the same, in the order of the choices.
    - `result`: what it gave.
    """

    specification: str
    options: OptionNames
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceInfluence(Composite):
    """How much one choice changes the result when all else stays the same.

    - `choice`: its name.
    - `choice_influence`: highest less lowest result among specifications equal in all
      other choices, on average; in units of the answer.
    """

    choice: str
    choice_influence: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecificationCurve(Composite):
    """Every specification, the lowest result first, and their summary.

    - `specification_median`, `specification_lowest`, `specification_highest`: of the
      answers.
    - `share_beyond_smallest_effect`: share of answers at least as large, the right way,
      as what matters.
    - `share_excluding_zero`: share of intervals wholly on the right side of zero.
    - `share_on_declared_side`: share of answers on that side of zero on which the
      declared one lies.
    - `declared_rank`: how many answers are lower than that of the specification
      declared.
    - `influences`: the choice that moves the answer most first.
    - `specifications`: those without an answer last.
    - `choices`: names of the choices.
    """

    specification_median: Result
    specification_lowest: Result
    specification_highest: Result
    share_beyond_smallest_effect: Result
    share_excluding_zero: Result
    share_on_declared_side: Result
    declared_rank: Result
    influences: tuple[ChoiceInfluence, ...]
    specifications: tuple[Specification, ...]
    choices: OptionNames

    @property
    def sentence(self) -> str:
        """What the curve says, in plain words."""
        low, high = self.specification_lowest, self.specification_highest
        if isinstance(low, Unavailable) or isinstance(high, Unavailable):
            return f"{NO_ANSWER.capitalize()}."
        total, answered = len(self.specifications), high.n
        share = self.share_beyond_smallest_effect
        words = (
            f"{answered} of {total} ways of doing the analysis gave an answer, from "
            f"{low.estimate:.2f} to {high.estimate:.2f}"
        )
        if isinstance(share, Estimate):
            words += f"; {share.estimate:.0%} reached the smallest effect of interest"
        first = self.influences[0] if self.influences else None
        if first and isinstance(first.choice_influence, Estimate):
            influence_of = first.choice_influence.estimate
            words += f". What moves it most is {first.choice} (by {influence_of:.2f})"
        return f"{words}."

    def curve_frame(self) -> pd.DataFrame:
        """One row a specification: its options, one column a choice, and its answer."""
        rows = [
            {
                **dict(zip(self.choices, one.options, strict=True)),
                "estimate": getattr(one.result, "estimate", None),
                "conf_low": getattr(one.result, "conf_low", None),
                "conf_high": getattr(one.result, "conf_high", None),
                "n": one.result.n,
                "reason": getattr(one.result, "reason", ""),
            }
            for one in self.specifications
        ]
        return pd.DataFrame(rows)


def evaluate_specifications(
    grid: Mapping[str, Sequence[str]], evaluate: Callable[[Mapping[str, str]], Result]
) -> dict[OptionNames, Result]:
    """Run every combination of options.

    Parameters
    ----------
    grid : mapping of str to sequence of str
        Names of the choices and their options, as declared.
    evaluate : callable
        Takes one option for each choice, gives the answer. An error of ours becomes an
        Unavailable with its words; any other is a fault in the program and is raised.

    Returns
    -------
    dict
        Options, in the order of the grid → answer.
    """
    every = product(*grid.values())
    return evaluate_combinations(
        (dict(zip(grid, options, strict=True)) for options in every), evaluate
    )


def evaluate_combinations(
    combinations: Iterable[Mapping[str, str]],
    evaluate: Callable[[Mapping[str, str]], Result],
) -> dict[OptionNames, Result]:
    """Run these combinations of options alone, where not all go together.

    Parameters
    ----------
    combinations : iterable of mapping
        Choice → option; every one names the same choices in the same order.
    evaluate : callable
        As of `evaluate_specifications`.
    """
    found: dict[OptionNames, Result] = {}
    for options in combinations:
        chosen = tuple(options.values())
        try:
            found[chosen] = evaluate(options)
        except AnalysisError as error:
            found[chosen] = Unavailable(term="specification", reason=str(error))
    return found


def specification_curve(
    estimates: Mapping[OptionNames, Result],
    *,
    choices: Sequence[str],
    smallest_effect: float | None = None,
    improvement: Literal["increase", "decrease"] = "increase",
    declared: OptionNames | None = None,
) -> SpecificationCurve:
    """Order the answers of all specifications, and say what moves them.

    Parameters
    ----------
    estimates : mapping of tuple of str to Estimate or Unavailable
        Options, in the order of `choices`, and the answer they gave.
    choices : sequence of str
        Names of the choices.
    smallest_effect : float, optional
        Smallest effect that matters, positive, in units of the answer.
    improvement : {"increase", "decrease"}
        Which way is better.
    declared : tuple of str, optional
        The specification declared in advance.

    Returns
    -------
    SpecificationCurve
        Unavailable within: no answers, nothing declared, intervals missing, a choice
        that no two answers differ in alone.

    References
    ----------
    Steegen and others (2016), Perspectives on Psychological Science 11(5), 702-712;
    Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4, 1208-1214.
    """
    for options in estimates:
        assert len(options) == len(choices), "an option for every choice"
    answers = {
        options: result
        for options, result in estimates.items()
        if isinstance(result, Estimate)
    }
    named = sorted(answers)
    by_answer = order([answers[options].estimate for options in named])
    ordered = [named[place] for place in by_answer]
    ordered += [options for options in estimates if options not in answers]
    values = [result.estimate for result in answers.values()]
    sign = 1 if improvement == "increase" else -1
    return SpecificationCurve(
        specification_median=_summary("specification_median", median, values),
        specification_lowest=_summary("specification_lowest", min, values),
        specification_highest=_summary("specification_highest", max, values),
        share_beyond_smallest_effect=_share_beyond(values, smallest_effect, sign),
        share_excluding_zero=_share_excluding_zero(list(answers.values()), sign),
        share_on_declared_side=_share_on_side(answers, declared),
        declared_rank=_declared_rank(answers, declared),
        influences=_influences(answers, choices),
        specifications=tuple(
            Specification(
                specification=", ".join(options),
                options=options,
                result=estimates[options],
            )
            for options in ordered
        ),
        choices=tuple(choices),
    )


def _summary(
    term: str, summarise: Callable[[list[float]], float], values: list[float]
) -> Result:
    if not values:
        return Unavailable(term=term, reason=NO_ANSWER, n=0)
    return Estimate.of(
        term,
        summarise(values),
        n=len(values),
        method=f"over the answers of all specifications that gave one; {SHARED}",
        n_unit="specifications",
    )


def _share_beyond(values: list[float], smallest: float | None, sign: int) -> Result:
    term = "share_beyond_smallest_effect"
    if smallest is None or smallest <= 0:
        return Unavailable(term=term, reason="no smallest effect was declared", n=0)
    return _summary(
        term, lambda all_: fmean(sign * value >= smallest for value in all_), values
    )


def _share_excluding_zero(answers: list[Estimate], sign: int) -> Result:
    term = "share_excluding_zero"
    limits = [
        (answer.conf_low, answer.conf_high)
        for answer in answers
        if answer.conf_low is not None and answer.conf_high is not None
    ]
    if answers and not limits:
        return Unavailable(term=term, reason="no answer has an interval", n=0)
    beyond = [float(min(sign * low, sign * high) > 0) for low, high in limits]
    return _summary(term, fmean, beyond)


def _own(
    term: str, answers: Mapping[OptionNames, Estimate], declared: OptionNames | None
) -> Estimate | Unavailable:
    """The answer of the specification declared, or why there is none."""
    if declared is None:
        return Unavailable(term=term, reason="no specification was declared", n=0)
    if declared not in answers:
        reason = "the specification declared gave no answer"
        return Unavailable(term=term, reason=reason, n=len(answers))
    return answers[declared]


def _share_on_side(
    answers: Mapping[OptionNames, Estimate], declared: OptionNames | None
) -> Result:
    term = "share_on_declared_side"
    found = _own(term, answers, declared)
    if isinstance(found, Unavailable):
        return found
    own = found.estimate
    if own == 0:
        reason = "the specification declared gave exactly zero, which lies on no side"
        return Unavailable(term=term, reason=reason, n=len(answers))
    values = [answer.estimate for answer in answers.values()]
    return _summary(term, lambda all_: fmean(value * own > 0 for value in all_), values)


def _declared_rank(
    answers: Mapping[OptionNames, Estimate], declared: OptionNames | None
) -> Result:
    term = "declared_rank"
    found = _own(term, answers, declared)
    if isinstance(found, Unavailable):
        return found
    own = found.estimate
    return Estimate.of(
        term,
        sum(_is_lower(each.estimate, own) for each in answers.values()),
        n=len(answers),
        method="answers lower than that of the specification declared in advance; "
        f"{SHARED}",
        n_unit="specifications with an answer",
    )


def _is_lower(value: float, own: float) -> bool:
    """Whether an answer is lower by more than the last digits of two equal ones."""
    return own - value > SAME * max(abs(own), abs(value))


def _influences(
    answers: Mapping[OptionNames, Estimate], choices: Sequence[str]
) -> tuple[ChoiceInfluence, ...]:
    found = [
        ChoiceInfluence(choice=name, choice_influence=_influence(answers, place))
        for place, name in enumerate(choices)
    ]

    def influence_of(one: ChoiceInfluence) -> float:
        result = one.choice_influence
        return result.estimate if isinstance(result, Estimate) else -1.0

    return tuple(found[place] for place in order([-influence_of(one) for one in found]))


def _influence(answers: Mapping[OptionNames, Estimate], place: int) -> Result:
    by_other_options: dict[OptionNames, list[float]] = {}
    for options, answer in answers.items():
        others = options[:place] + options[place + 1 :]
        by_other_options.setdefault(others, []).append(answer.estimate)
    spreads = [
        max(some) - min(some) for some in by_other_options.values() if len(some) > 1
    ]
    if not spreads:
        reason = "no two answers differ in this choice alone"
        return Unavailable(term="choice_influence", reason=reason, n=len(answers))
    return Estimate.of(
        "choice_influence",
        fmean(spreads),
        n=len(spreads),
        method="highest less lowest result among specifications equal in all other "
        f"choices, mean over such sets; {SHARED}",
        n_unit="such sets",
    )
