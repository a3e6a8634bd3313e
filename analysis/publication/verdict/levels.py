"""Which level each interval of an outcome has, and why: in one sentence.

The rule that holds throughout: an outcome's headline is that of its first follow-up. A
later one is tested only in its turn, or at the level that the plan left for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan import LOOKS, TOGETHER
from analysis.publication.numbers import number_text
from analysis.publication.verdict.reader import planned_facts
from analysis.publication.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations.study import Outcome, Study
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.verdict.facts import PlannedFacts

FAR_ENOUGH = 99.95
"""Per cent from which on a level has two decimals more."""


def level_sentence(disclosed: Disclosed, study: Study, outcome: Outcome) -> str:
    """Which level each interval of an outcome has, and why; empty without a result."""
    results = [
        facts
        for wave in outcome.follow_ups
        if (facts := planned_facts(disclosed, study, outcome, wave))
    ]
    if not results:
        return ""
    looks = study.plan.looks if study.plan else LOOKS[0]
    spent = looks != LOOKS[0] and study.plan and study.plan.primary == outcome.name
    parts = [_of_contrasts(results[0], study, spent=bool(spent))]
    if len(results) > 1:
        parts.append(_of_looks(results) if spent else _in_turn(results))
    return f"{'; '.join(parts)}."


def waiting_for(
    facts: PlannedFacts, earlier: Sequence[PlannedFacts], study: Study
) -> str:
    """Title of the first earlier follow-up without a difference of this contrast.

    Empty where all did, or where follow-ups are judged together.
    """
    if study.plan is not None and study.plan.looks != LOOKS[0]:
        return ""
    group = facts.treated.group
    before = (one for one in earlier if one.treated.group == group)
    failed = (one.follow_up for one in before if not _shows(one))
    return next(failed, "") if _shows(facts) else ""


def waiting_in_order(
    facts: PlannedFacts, earlier: Sequence[PlannedFacts], study: Study
) -> str:
    """The first group before this one, in the order of contrasts, with no difference.

    Empty where all showed one, or where contrasts are judged together.
    """
    if study.plan is None or study.plan.contrasts_rule == TOGETHER:
        return ""
    failed = (one.treated.group for one in earlier if not _shows(one))
    return next(failed, "") if _shows(facts) else ""


def _shows(facts: PlannedFacts) -> bool:
    return facts.verdict_class in {"gain", "harm"}


def _of_contrasts(
    results: tuple[PlannedFacts, ...], study: Study, *, spent: bool
) -> str:
    count, level = len(results), level_text(results[0].coverage)
    if count == 1:
        if spent:
            return "The comparison is judged at every follow-up"
        return f"The interval is at {level}, as one comparison is judged once"
    rule = study.plan.contrasts_rule if study.plan else TOGETHER
    if rule == TOGETHER:
        return (
            f"Each of the {count} intervals is at {level}, so that all of them hold "
            "together in 95 of 100 studies"
        )
    names = [facts.treated.group for facts in results]
    waiting = next((k for k, one in enumerate(results) if not _shows(one)), count)
    not_tested = listed(names[waiting + 1 :]) if waiting + 1 < count else ""
    because = f": {not_tested} cannot be, as {names[waiting]} showed none"
    return (
        f"Each of the {count} intervals is at {level}, as they are tested in the order "
        f"declared, each only if all before it show a difference"
        f"{because if not_tested else ''}"
    )


def _in_turn(results: Sequence[tuple[PlannedFacts, ...]]) -> str:
    """Of follow-ups that wait for those before them."""
    waves = [facts[0].follow_up for facts in results]
    level = level_text(results[0][0].coverage)
    failed = next(
        (
            w
            for facts, w in zip(results, waves, strict=True)
            if not all(map(_shows, facts))
        ),
        "",
    )
    later = waves[waves.index(failed) + 1 :] if failed else []
    why = ""
    if later:
        quoted = listed([f"“{wave}”" for wave in later])
        why = f", which leaves {quoted} untested, as “{failed}” did not"
    return (
        f"“{waves[0]}” alone gives the headline, and later follow-ups, also at "
        f"{level}, are tested in order of time, each only if all before it show a "
        f"difference{why}"
    )


def _of_looks(results: Sequence[tuple[PlannedFacts, ...]]) -> str:
    """Of follow-ups that share the chance of error as the plan has it."""
    each = listed(
        [
            f"{level_text(facts[0].coverage)} at “{facts[0].follow_up}”"
            for facts in results
        ]
    )
    return (
        f"its {len(results)} looks share the chance of a false claim as planned, so "
        f"that intervals are at {each}, and the headline stays that of the first"
    )


def level_text(level: float) -> str:
    """A level in per cent; one near 100 needs more decimals."""
    share = 100 * level
    return f"{number_text(share, decimals=3 if share > FAR_ENOUGH else 1)}%".replace(
        ".0%", "%"
    )
