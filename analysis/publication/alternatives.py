"""Findings of other choices, taken apart: options, answers, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.other_choices import (
    declared_options,
    multiverse_outcomes,
    options_of,
)
from analysis.publication.places import findings_of_outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

TERM = "specification_effect"
DIGITS = 9
"""Answers equal to so many digits are one: models may be the same by algebra."""


def multiverse_by_outcome(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Disclosed]]:
    """Every outcome with other choices, and what was found of it."""
    for outcome in multiverse_outcomes(study):
        selected = findings_of_outcome(disclosed, outcome)
        if selected.where(term=TERM).findings:
            yield outcome, selected


def options_in(finding: Finding) -> dict[str, str]:
    """Choice → option of a combination."""
    pairs = (part.partition(": ") for part in finding.group.split("; "))
    return {choice: option for choice, _, option in pairs}


def declared_options_of(study: Study, outcome: Outcome) -> dict[str, str]:
    """Choice → the option declared, of those that have others."""
    declared = declared_options(study, outcome)
    return {choice: declared[choice] for choice in options_of(study, outcome)}


def option_text(option: str) -> str:
    """An option as a reader sees it."""
    return option.replace("_", " ")


def answers_in(selected: Disclosed) -> list[Finding]:
    """The combinations that have an answer, the lowest first."""
    drawn = [part for part in selected.where(term=TERM).findings if not _absent(part)]
    return sorted(drawn, key=lambda part: (_rounded(part), part.group))


def declared_answer(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Finding | None:
    """What the combination declared gave."""
    wanted = declared_options_of(study, outcome)
    every = selected.where(term=TERM).findings
    return next((part for part in every if options_in(part) == wanted), None)


def reasons_in(selected: Disclosed) -> Mapping[str, int]:
    """Why combinations have no answer, and how many each reason concerns."""
    counts: dict[str, int] = {}
    for part in selected.where(term=TERM).findings:
        if _absent(part):
            counts[part.reason] = counts.get(part.reason, 0) + 1
    return counts


def influences_in(selected: Disclosed) -> list[Finding]:
    """How far each choice moves the answer, the one that moves it most first."""
    influences = selected.where(term="choice_influence").findings
    known = [part for part in influences if part.estimate is not None]
    return sorted(known, key=lambda part: -(part.estimate or 0))


def _absent(finding: Finding) -> bool:
    return finding.estimate is None


def _rounded(finding: Finding) -> float:
    return float(f"{finding.estimate or 0.0:.{DIGITS}g}")
