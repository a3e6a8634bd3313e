"""What a notebook shows of comparisons over waves: outcome by outcome, then checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.comparison_words import (
    compared_words,
    dose_words,
    falsified_words,
)
from analysis.publication.comparisons import aimed_at, compared_outcomes
from analysis.publication.figures import Note, dose_figure, event_figure
from analysis.publication.places import of_score
from analysis.publication.shown import Shown, non_empty_parts
from analysis.publication.tables import (
    compared_table,
    dose_table,
    falsification_table,
    sensitivity_table,
)

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.shown import Part

NOTHING = "Nobody with the pilot could be set beside somebody without it over waves."
CHOSEN = (
    "Lots did not decide who had the pilot, or who began first. All here is right if "
    "those with it and those without would have moved alike; nobody can know that."
)
NO_CONTROLS = (
    "The plan names no outcome that the pilot cannot move, so nothing could be checked "
    "this way."
)
NO_SENSITIVITY = "How far courses may part could not be reckoned."
NO_DOSE = "How much of the pilot each person had is not declared."


def show_compared(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: a sentence, a figure and a table."""
    parts: list[Part] = []
    for outcome, selected in compared_outcomes(disclosed, study):
        parts.append(Note(text=compared_words(selected, study, outcome)))
        parts.append(event_figure(selected, study, outcome))
        parts.append(compared_table(selected, study, outcome))
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    caution = () if study.randomised else (Note(text=CHOSEN, kind="caution"),)
    return Shown(parts=(*caution, *parts))


def show_falsification(disclosed: Disclosed, study: Study) -> Shown:
    """The same comparison on what the pilot cannot move."""
    shown = non_empty_parts([falsification_table(disclosed, study)], NO_CONTROLS)
    words = falsified_words(disclosed)
    return Shown(parts=(Note(text=words), *shown.parts)) if words else shown


def show_sensitivity(disclosed: Disclosed, study: Study) -> Shown:
    """How far courses may part by themselves before an answer is undone."""
    of_all = [selected for _, selected in compared_outcomes(disclosed, study)]
    unavailable = [
        part
        for selected in of_all
        for part in selected.where(term="trend_breakdown_value").findings
    ]
    reasons = {part.reason for part in unavailable}
    if len(reasons) == 1 and all(part.estimate is None for part in unavailable):
        return Shown(parts=(Note(text=f"It cannot be told: {reasons.pop()}."),))
    return non_empty_parts([sensitivity_table(disclosed, study)], NO_SENSITIVITY)


def show_dose(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome by how much of the pilot people had."""
    parts: list[Part] = []
    for outcome in aimed_at(study):
        selected = of_score(disclosed, outcome)
        if selected.where(term="dose_slope").findings:
            parts.append(Note(text=dose_words(selected, outcome)))
            parts.append(dose_figure(selected, outcome))
            parts.append(dose_table(selected, outcome))
    return Shown(parts=tuple(parts) or (Note(text=NO_DOSE),))
