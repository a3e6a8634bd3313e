"""The numbers behind the verdict, and how strong the evidence is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.numbers import number_text
from analysis.publication.verdict.headline import first_capital
from analysis.publication.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.publication.verdict.facts import Arm, PlannedFacts
    from heard.effects.judgement.strength import Column, Design, Strength, Threat

NO_RESPONSE_RATE = "We do not know how many did not answer."
NO_ROOM = "already gave the best score, so a gain could not show"
NO_ROOM_FROM = 0.45
"""Share at the best score from which on a gain had little room to show."""
WIDE = 2.0
"""Half of an interval, in smallest effects, from which on its width is stated."""
BETTER = {"higher": "higher is better", "lower": "lower is better", "none": ""}

LEVELS = ("lower", "higher")
UNITS = {"team": "teams", "site": "sites", "person": "people"}
DESIGN_WORDS: dict[Design, str] = {
    "randomised": "chance decided which {units} had it",
    "randomised_wedge": "chance decided which {units} had it first",
    "chosen_comparison": "comparison {units} were chosen, not randomised",
    "staggered": "{units} that had it first were chosen, not randomised",
    "staggered_late": "{units} that had it first were chosen, and asked once before",
    "few_treated": "very few {units} had it",
    "chosen_asked_once": "groups were chosen, and asked once",
    "same_people": "there was nobody to compare with",
    "different_people": "nobody to compare with, and not the same people each time",
    "then_test": "people were asked afterwards how things had been before",
}
THREAT_WORDS: dict[Threat, str] = {
    "losses_differ": "more were lost from one group than from the other",
    "baseline_gap": "the groups began apart",
    "comparability_failed": "some questions changed their meaning",
    "comparability_not_tested": "nobody checked that questions kept their meaning",
    "low_reliability": "the scores may not be reliable enough",
    "one_item": "it rests on one question",
    "plan_after_data": "the plan was fixed after the data came",
    "plan_changed": "the plan was changed",
    "no_plan": "no plan was locked",
    "secondary_outcome": "this was not the main outcome, and was not tested",
    "exploratory_outcome": "nobody planned to look at this",
    "analyses_disagree": "other ways to analyse it do not all agree",
    "movers": "many people changed groups",
    "unit_inferred": "nobody said if people, teams or sites were to be compared",
}


def second_sentence(facts: PlannedFacts) -> str:
    """The groups' own numbers, the estimate with its likely range, and how many.

    The groups' changes differ by the estimate: they are means of the same people.
    """
    return " ".join(_numbers(facts))


def third_sentence(facts: PlannedFacts) -> str:
    """How strong the evidence is and why, and whether other analyses agree."""
    return " ".join(_evidence(facts))


# ---------------------------------------------------------------- the numbers


def _numbers(facts: PlannedFacts) -> Iterator[str]:
    if facts.estimate is None:
        return
    shown = list(_groups(facts))
    scale = _scale(facts)
    for place, group in enumerate(shown, start=1):
        last = place == len(shown) and scale
        yield f"{group} ({scale})." if last else f"{group}."
    yield difference_sentence(facts)
    if not shown:
        yield f"The score runs from {scale}."
    yield from _width(facts)
    yield from _room(facts)
    yield from _counts(facts)


def _scale(facts: PlannedFacts) -> str:
    """What the groups' numbers are in, and which way is good."""
    better = BETTER[facts.good]
    if facts.metric == "points":
        return "; ".join(
            filter(None, (f"{facts.lowest:g} to {facts.highest:g}", better))
        )
    if facts.metric == "share":
        return better
    better = "higher" if facts.good == "none" else "better"
    other = "another" if facts.post_only else "one that anybody gave before"
    return f"chance that an answer is {better} than {other}; 50% is no difference"


def _groups(facts: PlannedFacts) -> Iterator[str]:
    """Each group's own means."""
    for arm in filter(None, (facts.treated, facts.control)):
        if not facts.compared:
            yield from _waves(facts, arm)
        elif arm.after is not None:
            before = "" if arm.before is None else f"{facts.level(arm.before)} to "
            yield f"{arm.title}: {before}{facts.level(arm.after)}"


def _waves(facts: PlannedFacts, arm: Arm) -> Iterator[str]:
    for title, mean in ((facts.baseline, arm.before), (facts.follow_up, arm.after)):
        if mean is not None:
            yield f"{title}: {facts.level(mean)}"


def difference_sentence(facts: PlannedFacts) -> str:
    """The estimate with its likely range; empty where there is none."""
    if facts.estimate is None:
        return ""
    if facts.metric != "points":
        return _difference_in_hundred(facts, facts.estimate)
    size = facts.size(abs(facts.estimate))
    name = first_capital(facts.treated.name)
    if not facts.compared or facts.post_only:
        who = name if facts.compared else "Scores"
        verb = "scored" if facts.compared else "were"
        higher = _higher(facts.estimate)
        return f"{who} {verb} {size} {higher}{_range(facts, *LEVELS)}."
    adjusted = _adjusted(facts)
    if facts.summary == "start_effect":
        group = first_capital(facts.treated.group)
        higher = _higher(facts.estimate)
        return f"{group} scored {size} {higher}{_range(facts, *LEVELS)}."
    if _moved_further(facts):
        more = _range(facts, "less", "more", turned=facts.estimate < 0)
        return f"{name} changed by {size} more{adjusted}{more}."
    ended = f"{_possessive(name)} change was {size} {_higher(facts.estimate)}"
    return f"{ended}{adjusted}{_range(facts, *LEVELS)}."


def _difference_in_hundred(facts: PlannedFacts, estimate: float) -> str:
    """The same of a share, or of a chance, in percentage points."""
    size, group = facts.size(abs(estimate)), facts.treated.group
    whose = f"{first_capital(_possessive(group))} {facts.measured}"
    if not facts.compared:
        whose = f"The {facts.measured}"
    level = f"{size} {_higher(estimate)}{_adjusted(facts)}{_range(facts, *LEVELS)}"
    if not facts.compared or facts.post_only or facts.summary == "start_effect":
        return f"{whose} was {level}."
    if _moved_further(facts):
        moved = "rose" if estimate > 0 else "fell"
        more = _range(facts, "less", "more", turned=estimate < 0)
        return f"{whose} {moved} by {size} more{_adjusted(facts)}{more}."
    return f"The change in {_possessive(group)} {facts.measured} was {level}."


def _adjusted(facts: PlannedFacts) -> str:
    if facts.summary != "adjusted_difference":
        return ""
    return ", allowing for where they began"


def _higher(value: float) -> str:
    return "lower" if value < 0 else "higher"


def _moved_further(facts: PlannedFacts) -> bool:
    """Whether the treated group moved, for the good, the way it differs.

    Only then "changed by so many points more" says the same as the numbers.
    """
    assert facts.estimate is not None, "asked for before"
    change = facts.treated.change
    gained = facts.good == "none" or facts.sign * facts.estimate > 0
    return gained and change is not None and change * facts.estimate > 0


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _range(facts: PlannedFacts, below: str, above: str, *, turned: bool = False) -> str:
    """The likely range; on both sides of zero each limit says on which it lies."""
    if facts.low is None or facts.high is None:
        return ""
    low, high = (-facts.high, -facts.low) if turned else (facts.low, facts.high)
    first, last = facts.points(abs(low)), facts.points(abs(high))
    if low < 0 < high:
        return f"; likely range {first} {below} to {last} {above}"
    if high <= 0:
        first, last = last, first
    return f"; likely range {first} to {last}"


def _width(facts: PlannedFacts) -> Iterator[str]:
    """How wide the likely range is, where it is too wide to be of use."""
    if facts.low is None or facts.high is None or facts.smallest_effect is None:
        return
    width = facts.high - facts.low
    if facts.verdict_class == "open" and width > 2 * WIDE * facts.smallest_effect:
        if facts.metric != "points":
            yield f"The likely range is {facts.size(width)} wide."
            return
        points = number_text(width, decimals=0 if width >= 10 else 1)
        scale = f"{facts.highest - facts.lowest:g}"
        yield f"The likely range is {points} points wide, on a scale of {scale}."


def _room(facts: PlannedFacts) -> Iterator[str]:
    """That a gain had no room, where none was found and many had the best score."""
    open_or_none = facts.verdict_class in {"none", "open"} and facts.good != "none"
    # Of two values the shares before are shown, and half of them leaves half the room.
    share = None if facts.metric == "share" else facts.at_best
    if share is None or share < NO_ROOM_FROM or not open_or_none:
        return
    most = share >= 0.55
    some = "More than half" if most else "About half"
    yield f"{'Almost half' if share < 0.5 else some} {NO_ROOM}."


def _counts(facts: PlannedFacts) -> Iterator[str]:
    units = facts.units if facts.unit != "person" else None
    parts = [f"{units:,} {UNITS[facts.unit]}"] if units else []
    if facts.people:
        parts.append(f"{facts.people:,} {facts.counted}")
    if parts:
        yield f"{', '.join(parts)}."


# ---------------------------------------------------------------- the evidence


def _evidence(facts: PlannedFacts) -> Iterator[str]:
    if facts.code == "no_answer":
        return
    if facts.strength is not None:
        yield _strength(facts, facts.strength)
    if facts.asked:
        yield (
            f"{facts.agreeing} of {facts.asked} other ways to analyse the same people "
            "agree."
        )
    if facts.losses_unknown:
        yield NO_RESPONSE_RATE
    if facts.movers:
        yield f"{facts.movers:.0%} were in both groups and count in their first."


def _strength(facts: PlannedFacts, strength: Strength) -> str:
    parts = []
    units = UNITS[facts.unit]
    if facts.design is not None:
        parts.append(DESIGN_WORDS[facts.design].format(units=units))
    if strength.lowest and "design" not in strength.lowest:
        held = [_column(name, facts) for name in strength.lowest]
        parts.append(f"held at {strength.initial} by {listed(held)}")
    if strength.taken:
        taken = listed([THREAT_WORDS[threat] for threat in strength.taken])
        parts.append(f"less {len(strength.taken)}: {taken}")
    why = f": {'; '.join(parts)}" if parts else ""
    return f"Strength {strength.rating} of 5{why}."


def _column(name: Column, facts: PlannedFacts) -> str:
    """What holds the rating at this column's score."""
    if name == "size":
        return f"few {UNITS[facts.unit]}"
    if name == "width":
        return "a wide likely range"
    if facts.lost is None:
        return "unknown losses" if facts.losses_unknown else "losses not shown"
    share = f"{number_text(100 * facts.lost, decimals=0)}%"
    if facts.counted == "answers":
        return f"{share} of those invited without a score"
    return f"{share} lost"
