"""Other choices into a table and a sentence: what each option comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.other_choices import AS_DECLARED
from analysis.publication.alternatives import (
    TERM,
    answers_in,
    declared_answer,
    declared_options_of,
    influences_in,
    option_text,
    options_in,
    reasons_in,
)
from analysis.publication.places import found
from analysis.publication.tables.frame import ABSENT, Footnotes, Table
from analysis.publication.tables.numbers import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed


def specification_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """Rows of an option: how many answers, from where to where, what the choice moves.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    notes = Footnotes()
    answers = answers_in(here)
    declared = declared_options_of(study, outcome)
    every = [options_in(part) for part in here.where(term=TERM).findings]
    rows = []
    for choice, own in declared.items():
        influence = found(here, term="choice_influence", group=choice)
        for option in dict.fromkeys(options[choice] for options in every):
            of_option = [p for p in answers if options_in(p)[choice] == option]
            rows.append(
                (
                    choice.capitalize(),
                    _option(option, own),
                    f"{len(of_option)}",
                    *_ends(of_option),
                    notes.cell(influence, title="Moves the answer by")
                    if option == own
                    else ABSENT,
                )
            )
    return Table(
        caption=f"{outcome.title}: what each choice does to the answer",
        columns=("Choice", "Option", "Answers", "Lowest", "Highest", "Moves it by"),
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), *_without_answer(here)),
        methods=(*notes.methods(), *_methods(answers)),
    )


def _option(option: str, own: str) -> str:
    declared = option == own != AS_DECLARED
    return option_text(option) + " (declared)" * declared


def _ends(answers: Sequence[Finding]) -> tuple[str, str]:
    values = [part.estimate for part in answers if part.estimate is not None]
    if not values:
        return ABSENT, ABSENT
    return number_text(min(values)), number_text(max(values))


def _methods(answers: Sequence[Finding]) -> Iterator[str]:
    """How each model was reckoned, once."""
    seen: set[str] = set()
    for part in answers:
        model = option_text(options_in(part).get("model", "every combination"))
        if model not in seen:
            seen.add(model)
            yield f"{model.capitalize()}: {part.method}."


def _without_answer(here: Disclosed) -> Iterator[str]:
    for reason, count in reasons_in(here).items():
        combinations = (
            "1 combination has" if count == 1 else f"{count} combinations have"
        )
        yield f"{combinations} no answer: {reason or 'held back'}."


def choice_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What all combinations come to, in a few sentences."""
    total = len(here.where(term=TERM).findings)
    answers = answers_in(here)
    if not answers:
        reasons = "; ".join(reason for reason in reasons_in(here) if reason)
        return f"{outcome.title}. No combination gave an answer: {reasons}."
    low, high = _ends(answers)
    sentences = [
        f"{outcome.title}. {len(answers)} of {total} combinations gave an answer, from "
        f"{low} to {high}{_declared_words(here, study, outcome)}."
    ]
    if shares := _share_words(here, outcome):
        sentences.append(f"Of these answers, {shares}.")
    if influence := influences_in(here):
        first = influence[0]
        by = number_text(first.estimate or 0)
        sentences.append(
            f"What moves the answer most is {first.group}, by {by} on average."
        )
    return " ".join(sentences)


def _declared_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    own = declared_answer(here, study, outcome)
    if own is None or own.estimate is None:
        return "; the combination declared gave none"
    return f"; the one declared gave {estimate_text(own)}"


def _share_words(here: Disclosed, outcome: Outcome) -> str:
    effect = outcome.smallest_effect
    matters = number_text(effect) if effect is not None else ""
    parts = []
    for term, words in (
        ("share_on_declared_side", "lie on the same side of zero as the declared one"),
        ("share_excluding_zero", "have an interval wholly on the better side"),
        (
            "share_beyond_smallest_effect",
            f"reach the smallest difference that matters ({matters})",
        ),
    ):
        share = found(here, term=term)
        if share is not None and share.estimate is not None:
            parts.append(f"{number_text(share.estimate, term)} {words}")
    return ", ".join(parts)
