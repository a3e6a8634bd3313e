"""What a notebook shows of who is missing: counted, allowed for, and shifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Note, missing_ways_figure, tipping_figures
from analysis.publication.places import where_judged
from analysis.publication.shown import Shown, shown_parts
from analysis.publication.tables import attrition_table

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed

NO_ARMS = "There is no comparison group in this study, so no difference can change."
NOBODY = "Nobody could be followed from wave to wave."


def show_attrition(disclosed: Disclosed, study: Study) -> Shown:
    """Who was followed of those who started, and how they differed from the lost."""
    tables = [attrition_table(disclosed, study, each) for each in study.outcomes]
    return shown_parts([*tables], NOBODY)


def show_ways_with_missing(disclosed: Disclosed, study: Study) -> Shown:
    """The arms' difference with the lost left out, weighted for, and filled in."""
    figures = [
        missing_ways_figure(disclosed, study, outcome)
        for outcome in _compared(disclosed, study)
    ]
    return Shown(parts=tuple(figures) or (Note(text=NO_ARMS),))


def show_tipping(disclosed: Disclosed, study: Study) -> Shown:
    """How different the lost of one arm must be for the answer to change."""
    figures = [
        figure
        for outcome in _compared(disclosed, study)
        for figure in tipping_figures(disclosed, study, outcome)
    ]
    return Shown(parts=tuple(figures) or (Note(text=NO_ARMS),))


def _compared(disclosed: Disclosed, study: Study) -> list[Outcome]:
    """Outcomes in which two arms of people who were followed are compared."""
    return [
        outcome
        for outcome in study.outcomes
        if where_judged(disclosed, outcome)
        .where(term="imputed_arm_difference")
        .findings
    ]
