"""The planned result on the funder's page: verdict, numbers, strength, follow-ups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.declarations.plan_lock import family_of
from analysis.publication.summary.drawing import drawn_result
from analysis.publication.verdict.headline import first_capital, headline
from analysis.publication.verdict.levels import (
    level_text,
    waiting_for,
    waiting_in_order,
)
from analysis.publication.verdict.reader import planned_facts
from analysis.publication.verdict.sentences import (
    UNITS,
    difference_sentence,
    second_sentence,
    third_sentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.verdict.facts import PlannedFacts

UNTESTED = "This was not tested, as {} showed no clear difference."
NOBODY_COMPARED = "With nobody: there is no comparison group in this study."


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultShown:
    """The result of the primary outcome, ready for the page.

    Attributes
    ----------
    about : str
        The outcome, and the waves that are compared.
    harms : tuple of str
        Other outcomes that came out worse.
    headlines : tuple of str
        The verdict, one for each contrast.
    sentences : tuple of str
        The numbers, the strength of the evidence, and later follow-ups.
    comparison : tuple of str
        What was compared with what.
    number : str
        The estimate in large type; empty where it must not stand so.
    level : str
        Of the interval drawn.
    drawing, drawing_text : str
        The estimate and its interval as SVG, and in words; empty where there is none.
    """

    about: str = ""
    harms: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()
    sentences: tuple[str, ...]
    comparison: tuple[str, ...]
    number: str = ""
    level: str = "95%"
    drawing: str = ""
    drawing_text: str = ""


def primary_outcome(study: Study) -> Outcome | None:
    """The outcome the study is judged by."""
    primary = (part for part in study.outcomes if family_of(part, study) == "primary")
    return next(primary, None)


def planned_result(disclosed: Disclosed, study: Study) -> ResultShown | None:
    """The planned result of the primary outcome at its first follow-up, if judged."""
    outcome = primary_outcome(study)
    if outcome is None:
        return None
    first, *later = _follow_ups(outcome)
    results = planned_facts(disclosed, study, outcome, first)
    if not results:
        return None
    main = results[0]
    headlines = tuple(map(headline, results))
    words = " ".join(headlines)
    drawing = _drawing(main, words)
    return ResultShown(
        about=_about(outcome, main),
        harms=tuple(_harms(disclosed, study, outcome)),
        headlines=headlines,
        sentences=(
            *_sentences(results, study),
            *_later(disclosed, study, outcome, tuple(later)),
        ),
        comparison=tuple(_comparison(results)),
        number=_number(main),
        level=level_text(main.coverage),
        drawing=drawing,
        drawing_text=words if drawing else "",
    )


def _follow_ups(outcome: Outcome) -> tuple[str, ...]:
    """Waves that have a result; people asked once have that wave only."""
    return outcome.follow_ups or (outcome.baseline,)


def _harms(disclosed: Disclosed, study: Study, primary: Outcome) -> Iterator[str]:
    """Other outcomes that came out worse: they must not be missed."""
    for outcome in study.outcomes:
        if outcome == primary:
            continue
        for facts in planned_facts(disclosed, study, outcome, _follow_ups(outcome)[0]):
            if facts.verdict_class == "harm" and facts.good != "none":
                yield f"{outcome.title}: {headline(facts)}"


def _about(outcome: Outcome, facts: PlannedFacts) -> str:
    if not facts.baseline:
        return f"{outcome.title}, {facts.follow_up}"
    return f"{outcome.title}, {facts.baseline} to {facts.follow_up}"


def _sentences(results: tuple[PlannedFacts, ...], study: Study) -> Iterator[str]:
    for place, facts in enumerate(results):
        yield from filter(None, (second_sentence(facts), third_sentence(facts)))
        if failed := waiting_in_order(facts, results[:place], study):
            yield UNTESTED.format(failed)


def _later(
    disclosed: Disclosed, study: Study, outcome: Outcome, follow_ups: tuple[str, ...]
) -> Iterator[str]:
    """A line for each later follow-up; it never changes the headline.

    One that was to be tested only after another, which showed nothing, is not tested.
    """
    earlier = [*planned_facts(disclosed, study, outcome, _follow_ups(outcome)[0])]
    for wave in follow_ups:
        for facts in planned_facts(disclosed, study, outcome, wave):
            number = difference_sentence(facts)
            line = f"At “{facts.follow_up}”: {headline(facts)} {number}".rstrip()
            failed = waiting_for(facts, earlier, study)
            yield f"{line} {UNTESTED.format(f'“{failed}”')}" if failed else line
            earlier.append(facts)


def _comparison(results: tuple[PlannedFacts, ...]) -> Iterator[str]:
    """Which groups were compared, and who decided."""
    for facts in results:
        if facts.control is None:
            yield NOBODY_COMPARED
            return
        yield f"{first_capital(facts.treated.group)} with {facts.control.group}."
    units = UNITS[results[0].unit]
    if results[0].randomised:
        yield f"Chance decided which {units} were in which group."
    else:
        yield f"The {units} were chosen, not randomised."


def _neutral(facts: PlannedFacts) -> bool:
    """Whether higher and lower is all that can be said."""
    return facts.good == "none" or not facts.compared


def _number(facts: PlannedFacts) -> str:
    if not facts.large_type or facts.estimate is None or facts.gain is None:
        return ""
    size = facts.size(abs(facts.estimate))
    if _neutral(facts):
        return f"{size} {'higher' if facts.estimate > 0 else 'lower'}"
    return f"{size} {'better' if facts.gain > 0 else 'worse'}"


def _drawing(facts: PlannedFacts, words: str) -> str:
    if facts.estimate is None or facts.low is None or facts.high is None:
        return ""
    sign = 1 if _neutral(facts) else facts.sign
    low, high = sorted((sign * facts.low, sign * facts.high))
    return drawn_result(
        sign * facts.estimate,
        (low, high),
        facts.smallest_effect,
        number=_number(facts),
        words=words,
        ends=("lower", "higher") if _neutral(facts) else ("worse", "better"),
        points=facts.points if facts.metric == "points" else facts.size,
    )
