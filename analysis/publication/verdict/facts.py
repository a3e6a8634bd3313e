"""All that the three sentences about the planned result are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from analysis.foundation.refusals import PROGRAMME
from analysis.publication.numbers import (
    PERCENTAGE_POINTS,
    number_text,
    percentage_points,
)
from heard.effects.judgement.strength import certainty
from heard.effects.judgement.verdict import verdict_class

if TYPE_CHECKING:
    from analysis.declarations.estimand import Metric
    from heard.effects.judgement.strength import Certainty, Design, Strength
    from heard.effects.judgement.verdict import Good, VerdictClass, VerdictCode

Summary: TypeAlias = Literal[
    "difference_in_change",
    "adjusted_difference",
    "difference_after",
    "start_effect",
    "change",
]
Unit: TypeAlias = Literal["person", "team", "site"]
Counted: TypeAlias = Literal["people", "answers", "answers of the smaller side"]
Comparability: TypeAlias = Literal["checked", "warned", "not tested", "one item"]
WIDE_SCALE = 10.0
"""A score over so many points is written with one decimal, others with two."""
UNITS: dict[Metric, str] = {
    "points": "points",
    "share": PERCENTAGE_POINTS,
    "probability_of_better": PERCENTAGE_POINTS,
}
LEVELS: dict[Metric, str] = {
    "share": "arm_share_before",
    "probability_of_better": "arm_probability_before",
}
"""Metric → the term that says how a group's mean is written."""
MORE_DIGITS = 2
"""How many more digits a number gets, at most, that would be written as zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A group that is compared, or the only one.

    Attributes
    ----------
    title : str
        As it heads its numbers: ``Pilot``.
    group : str
        Within a sentence: ``the pilot teams``.
    name : str
        Short, within a sentence: ``the pilot``.
    before, after : float or None
        Means of the same people and weights as the estimate.
    """

    title: str
    group: str
    name: str
    before: float | None = None
    after: float | None = None

    @property
    def change(self) -> float | None:
        """Its own change, if both means are known."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFacts:
    """The planned result of one outcome at one follow-up, ready to be put into words.

    Attributes
    ----------
    outcome, scores : str
        Within a sentence: ``confidence``, and its scores as a plural.
    programme : str
        What was tried, within a sentence: ``the training``; empty if not declared.
    treated, control : Arm or None
        Without a comparison `treated` is the only group.
    baseline, follow_up : str
        Titles of the waves; no baseline where people were asked afterwards only.
    summary : str
        The estimand's summary: the term of the planned estimate.
    units, people : int or None
        That the estimate is based on, all groups together.
    unit : str
        ``team``, ``site`` or ``person``.
    metric : str
        What means and estimate are in: points of the score, shares, or chances of a
        better answer.
    counted : str
        What `people` counts; answers where waves are not linked.
    code : str
        The verdict.
    refusal : str
        Why there is no answer.
    design : str or None
        The design that the strength of evidence starts from.
    lost : float or None
        Share lost between allocation, or baseline, and score.
    agreeing, asked : int
        Other analyses of the same people: how many are of the same class, of how many.
    depends_on_dropouts : bool
        Whether the gain would not hold if dropouts fared worse, within the declared
        range.
    losses_unknown : bool
        Whether nobody knows how many did not answer.
    comparability : str
        ``checked``; ``warned``: some questions changed their meaning; or why it could
        not be checked: ``not tested``, ``one item``.
    bias : float or None
        What questions that changed their meaning add to the estimate, in points.
    movers : float or None
        Share of people seen in both groups; None where there were none, or not known.
    coverage : float
        Of the likely range.
    few_units : int or None
        How many treated units the result is limited to (`reach = these_units`).
    at_best : float or None
        Share of people who had the best score before.
    """

    outcome: str
    scores: str
    programme: str = ""
    treated: Arm
    control: Arm | None = None
    lowest: float
    highest: float
    good: Good
    baseline: str = ""
    follow_up: str
    summary: Summary
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float = 0.95
    smallest_effect: float | None = None
    units: int | None = None
    people: int | None = None
    unit: Unit = "team"
    metric: Metric = "points"
    counted: Counted = "people"
    randomised: bool = False
    selected_on_score: bool = False
    code: VerdictCode
    refusal: str = ""
    design: Design | None = None
    strength: Strength | None = None
    lost: float | None = None
    agreeing: int = 0
    asked: int = 0
    depends_on_dropouts: bool = False
    losses_unknown: bool = False
    comparability: Comparability = "checked"
    bias: float | None = None
    movers: float | None = None
    few_units: int | None = None
    at_best: float | None = None

    @property
    def large_type(self) -> bool:
        """Whether the estimate may stand in large type: of a gain or a harm alone."""
        shown = self.verdict_class in {"gain", "harm"} and self.estimate is not None
        return shown and self.certainty != "too_weak"

    @property
    def verdict_class(self) -> VerdictClass:
        """A gain, none, open or harm."""
        return verdict_class(self.code)

    @property
    def certainty(self) -> Certainty:
        """How sure a verb may be; without a rating no surer than "may"."""
        return certainty(self.strength.rating) if self.strength else "may"

    @property
    def compared(self) -> bool:
        """Whether there is anybody to compare with."""
        return self.summary != "change"

    @property
    def post_only(self) -> bool:
        """Whether people were asked afterwards only."""
        return self.summary == "difference_after"

    @property
    def sign(self) -> int:
        """Turns a difference so that positive is good, or higher where nothing is."""
        return -1 if self.good == "lower" else 1

    @property
    def gain(self) -> float | None:
        """The estimate, turned so that positive is good."""
        return None if self.estimate is None else self.sign * self.estimate

    @property
    def named_programme(self) -> str:
        """What was tried, if only as "the programme"."""
        return self.programme or PROGRAMME

    @property
    def measured(self) -> str:
        """What is compared of a group, where it is not its mean score."""
        if self.metric == "share":
            return "share"
        return f"chance of a {'higher' if self.good == 'none' else 'better'} answer"

    def level(self, value: float) -> str:
        """A group's mean: points of the score, or a share or chance in per cent."""
        if self.metric == "points":
            return self.points(value)
        return number_text(value, LEVELS[self.metric])

    def size(self, value: float) -> str:
        """A difference with its unit."""
        return f"{self.points(value)} {UNITS[self.metric]}"

    def points(self, value: float) -> str:
        """Points of the score, or percentage points, as a bare number.

        One that would be zero gets more digits.
        """
        if self.metric != "points":
            return percentage_points(value)
        first = 1 if self.highest - self.lowest >= WIDE_SCALE else 2
        digits = range(first, first + MORE_DIGITS + 1)
        needed = next((count for count in digits if round(value, count)), first)
        return number_text(value, decimals=needed)
