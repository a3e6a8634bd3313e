"""Strength of evidence, 0 to 5: the weakest column of a table, less what threatens it.

As in the final rating of the Education Endowment Foundation: the lowest of the columns
is the initial rating, threats take off two at most, and nothing ever adds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from heard.results import Described, Unavailable

Design: TypeAlias = Literal[
    "randomised",
    "randomised_wedge",
    "chosen_comparison",
    "staggered",
    "few_treated",
    "staggered_late",
    "chosen_asked_once",
    "same_people",
    "different_people",
    "then_test",
]
Threat: TypeAlias = Literal[
    "losses_differ",
    "baseline_gap",
    "comparability_failed",
    "comparability_not_tested",
    "low_reliability",
    "one_item",
    "plan_after_data",
    "plan_changed",
    "no_plan",
    "secondary_outcome",
    "exploratory_outcome",
    "analyses_disagree",
    "movers",
    "unit_inferred",
]
Column: TypeAlias = Literal["design", "size", "width", "lost"]
Certainty: TypeAlias = Literal["plain", "probably", "may", "too_weak"]

DESIGNS: dict[Design, int] = {
    "randomised": 5,
    "randomised_wedge": 4,
    "chosen_comparison": 3,
    "staggered": 3,
    "few_treated": 2,
    "staggered_late": 2,
    "chosen_asked_once": 1,
    "same_people": 1,
    "different_people": 0,
    "then_test": 0,
}
"""The best that each design can score."""
RANDOMISED: frozenset[Design] = frozenset({"randomised", "randomised_wedge"})
UNIT_SCORES = ((10, 5), (7, 4), (5, 3), (1, 2))
PEOPLE_SCORES = ((100, 5), (50, 4), (25, 3), (12, 2), (0, 1))
LOST_SCORES = ((0.10, 5), (0.20, 4), (0.30, 3), (0.40, 2), (0.50, 1), (1.0, 0))
LOST_UNKNOWN = 3
TIPPING_AT_MOST = 4
"""What the losses may score at most where the tipping point lies out of range."""
MOST_TAKEN = 2
LOSSES_APART = 0.05
BASELINE_GAP = 0.25
BASELINE_GAP_UNADJUSTED = 0.05
LEAST_RELIABILITY = 0.70
MOST_MOVERS = 0.10
NO_NUMBER = (
    "strength is shown only with an estimate, its interval and the n it is based on"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StrengthFacts(Described):
    """What the rating of an estimate is made from: the design, and what happened.

    - `design`: by its code, a key of `DESIGNS`; `staggered_late` has one wave before
      the first start, `staggered` two or more.
    - `unit`: what was allocated, or counted where nothing was.
    - `units`: of the smaller arm; of a wedge half of all; None where people are.
    - `people`: scored people of the smaller arm.
    - `estimate`, `half_width`: of the planned analysis; half of its 95 % interval.
    - `smallest_effect`: None if none was declared.
    - `lost`: share lost between allocation (or baseline) and score, 0 to 1; None if it
      is not known.
    - `tipping_out_of_range`: whether dropouts would have to fare worse than the
      declared range before the verdict changed.
    - `lost_treated`, `lost_control`: the same share by arm.
    - `baseline_gap`: of the arms, in standard deviations.
    - `baseline_adjusted`: whether the estimate allows for where each arm began, as a
      difference in change does.
    - `comparability`: whether the questions meant the same at both waves.
    - `reliability_low`: lower 95 % limit of the score's reliability.
    - `items`, `retest`: of the score; whether its retest reliability is known.
    - `plan`: when the plan was locked.
    - `family`, `tested`: of the outcome, and whether its family is tested.
    - `analyses_agreeing`, `analyses_asked`: other analyses of the same people.
    - `movers`: share of people seen in both arms.
    - `unit_inferred`: whether nobody declared the unit.
    """

    design: Design
    unit: Literal["person", "team", "site"]
    units: float | None = None
    people: int | None
    estimate: float | None
    half_width: float | None
    smallest_effect: float | None
    lost: float | None
    tipping_out_of_range: bool = False
    lost_treated: float | None = None
    lost_control: float | None = None
    baseline_gap: float | None = None
    baseline_adjusted: bool = True
    comparability: Literal["passed", "failed", "not_tested", "cannot_be_tested"]
    reliability_low: float | None = None
    items: int
    retest: bool = False
    plan: Literal["locked", "locked_after_data", "changed", "not_planned"]
    family: Literal["primary", "secondary", "exploratory"]
    tested: bool = True
    analyses_agreeing: int = 0
    analyses_asked: int = 0
    movers: float = 0.0
    unit_inferred: bool = False

    def __post_init__(self) -> None:
        """Refuse what no study has."""
        if self.design not in DESIGNS:
            raise ValueError(f"unknown design {self.design!r}")
        shares = (self.lost, self.lost_treated, self.lost_control, self.movers)
        if any(share is not None and not 0 <= share <= 1 for share in shares):
            raise ValueError("shares lie between 0 and 1")
        if self.unit != "person" and self.units is None:
            raise ValueError("the number of units of the smaller arm is needed")
        if self.analyses_agreeing > self.analyses_asked:
            raise ValueError("more analyses agree than were asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength(Described):
    """How strong the evidence is, and why it is no stronger.

    - `rating`: 0 (no evidence) to 5.
    - `initial`: the lowest column, before threats.
    - `columns`: each column's score.
    - `lowest`: the columns that hold the rating down.
    - `threats`: all that hold, in the order of the table.
    - `taken`: those of them that lowered the rating.
    """

    rating: int
    initial: int
    columns: Mapping[Column, int]
    lowest: tuple[Column, ...]
    threats: tuple[Threat, ...]
    taken: tuple[Threat, ...] = field(default=())


def strength(facts: StrengthFacts) -> Strength | Unavailable:
    """Rate the evidence behind an estimate.

    Parameters
    ----------
    facts : StrengthFacts
        The design and what happened.

    Returns
    -------
    Strength
        The rating with all that it was made from.
    Unavailable
        There is no estimate, no interval or no n, so nothing to rate.

    Notes
    -----
    A randomised comparison never falls below 1.

    References
    ----------
    Education Endowment Foundation, classification of the security of findings (the
    lowest column, less threats); What Works Clearinghouse, procedures and standards
    handbook 4.1 (baseline gaps of .05 and .25 standard deviations).
    """
    if _without_number(facts):
        return Unavailable(term="evidence_strength", reason=NO_NUMBER, n=facts.people)
    columns = _columns(facts)
    least = 1 if facts.design in RANDOMISED else 0
    initial = max(least, min(columns.values()))
    threats = tuple(_threats(facts))
    taken = threats[: min(MOST_TAKEN, initial - least)]
    return Strength(
        rating=initial - len(taken),
        initial=initial,
        columns=columns,
        lowest=tuple(
            name for name, score in columns.items() if score == min(columns.values())
        ),
        threats=threats,
        taken=taken,
    )


def certainty(rating: int) -> Certainty:
    """How sure the verb of a sentence may be at this rating.

    Parameters
    ----------
    rating : int
        0 to 5.

    Returns
    -------
    {"plain", "probably", "may", "too_weak"}
        As in GRADE's statements: 4 and 5 plain, 3 "probably", 1 and 2 "may", 0 too weak
        to say.

    References
    ----------
    Santesso and others (2020), GRADE guidelines 26, Journal of Clinical Epidemiology
    119, 126-135.
    """
    if not 0 <= rating <= 5:
        raise ValueError("a rating lies between 0 and 5")
    if rating >= 4:
        return "plain"
    if rating == 3:
        return "probably"
    return "may" if rating else "too_weak"


def _without_number(facts: StrengthFacts) -> bool:
    numbers = (facts.estimate, facts.half_width)
    known = all(value is not None and math.isfinite(value) for value in numbers)
    return not known or not facts.people


def _columns(facts: StrengthFacts) -> dict[Column, int]:
    return {
        "design": DESIGNS[facts.design],
        "size": _size(facts),
        "width": _width(facts),
        "lost": _lost(facts),
    }


def _size(facts: StrengthFacts) -> int:
    if facts.unit == "person":
        return _at_least(facts.people or 0, PEOPLE_SCORES)
    return _at_least(facts.units or 0, UNIT_SCORES)


def _at_least(value: float, scores: tuple[tuple[int, int], ...]) -> int:
    lowest = scores[-1][1]
    return next((score for least, score in scores if value >= least), lowest)


def _width(facts: StrengthFacts) -> int:
    assert facts.half_width is not None, "checked before"
    if facts.smallest_effect is None:
        return 3
    if facts.half_width <= facts.smallest_effect:
        return 5
    return 3 if facts.half_width <= 2 * facts.smallest_effect else 2


def _lost(facts: StrengthFacts) -> int:
    if facts.lost is None:
        return LOST_UNKNOWN
    score = next(score for most, score in LOST_SCORES if facts.lost <= most)
    if facts.tipping_out_of_range:
        return max(score, min(score + 1, TIPPING_AT_MOST))
    return score


def _threats(facts: StrengthFacts) -> Iterator[Threat]:
    """What threatens the estimate: one at most of each row of the table."""
    rows: tuple[tuple[tuple[bool, Threat], ...], ...] = (
        ((_apart(facts.lost_treated, facts.lost_control), "losses_differ"),),
        ((_began_apart(facts), "baseline_gap"),),
        (
            (facts.comparability == "failed", "comparability_failed"),
            (facts.comparability == "not_tested", "comparability_not_tested"),
        ),
        (
            (_unreliable(facts.reliability_low), "low_reliability"),
            (facts.items == 1 and not facts.retest, "one_item"),
        ),
        (
            (facts.plan == "not_planned", "no_plan"),
            (facts.plan == "locked_after_data", "plan_after_data"),
            (facts.plan == "changed", "plan_changed"),
        ),
        (
            (facts.family == "exploratory", "exploratory_outcome"),
            (facts.family == "secondary" and not facts.tested, "secondary_outcome"),
        ),
        ((facts.analyses_agreeing < facts.analyses_asked, "analyses_disagree"),),
        ((facts.movers > MOST_MOVERS, "movers"),),
        ((facts.unit_inferred, "unit_inferred"),),
    )
    for row in rows:
        yield from [threat for holds, threat in row if holds][:1]


def _apart(treated: float | None, control: float | None) -> bool:
    if treated is None or control is None:
        return False
    # Counts of people give shares such as .15 and .10, which differ by .05 at most.
    return round(abs(treated - control), 9) > LOSSES_APART


def _began_apart(facts: StrengthFacts) -> bool:
    if facts.baseline_gap is None:
        return False
    most = BASELINE_GAP if facts.baseline_adjusted else BASELINE_GAP_UNADJUSTED
    return abs(facts.baseline_gap) > most


def _unreliable(reliability_low: float | None) -> bool:
    return reliability_low is not None and reliability_low < LEAST_RELIABILITY
