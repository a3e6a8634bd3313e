"""Findings of comparisons over waves, taken apart: which outcome, start and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import found, of_score, wave_text

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

STARTED = "started at "
SINCE = " waves since the start"
OVERALL = ("staggered_effect", "difference_in_differences")
"""The one number an outcome is told by: of a roll-out, else of arms."""


def compared_outcomes(
    disclosed: Disclosed, study: Study
) -> list[tuple[Outcome, Disclosed]]:
    """Every outcome that was compared over waves, and what was found of it."""
    pairs = ((one, of_score(disclosed, one)) for one in aimed_at(study))
    return [(one, here) for one, here in pairs if overall(here) is not None]


def aimed_at(study: Study) -> list[Outcome]:
    """The outcomes but for negative controls, which have a table of their own."""
    controls = study.plan.negative_controls if study.plan else ()
    return [one for one in study.outcome_of_each_score() if one.name not in controls]


def overall(here: Disclosed) -> Finding | None:
    """The one number of all waves and starts."""
    return next((part for t in OVERALL if (part := found(here, term=t))), None)


def starts_of(here: Disclosed, study: Study) -> list[str]:
    """The waves at which units started, in order of time; none of arms."""
    named = {
        part.group.removeprefix(STARTED)
        for part in here.where(term="difference_in_differences").findings
        if part.group.startswith(STARTED)
    }
    return [wave for wave in study.wave_names() if wave in named]


def times_since(here: Disclosed) -> list[int]:
    """How many waves since the start there are effects for, in order."""
    groups = {part.group for part in here.where(term="event_time_effect").findings}
    return sorted(int(group.removesuffix(SINCE)) for group in groups)


def started_text(study: Study, wave: str) -> str:
    """Those that started at a wave, as the beginning of a line."""
    return f"Started at {wave_text(study, wave)}"


def since_text(steps: int) -> str:
    """How many waves since the start, in words; 0 is the first wave with the pilot."""
    if steps == 0:
        return "At the start"
    waves = "wave" if abs(steps) == 1 else "waves"
    return f"{abs(steps)} {waves} {'before' if steps < 0 else 'after'}"
