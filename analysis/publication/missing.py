"""What a notebook shows of who is missing: counted, allowed for, and shifted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Note, missing_methods_figure, tipping_figures
from analysis.publication.places import findings_of_outcome, found, wave_text, waves_of
from analysis.publication.shown import Shown, non_empty_parts
from analysis.publication.tables import attrition_table, number_text

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed

NO_ARMS = "There is no comparison group in this study, so no difference can change."
NO_PEOPLE = "Nobody could be followed from wave to wave."


def show_attrition(disclosed: Disclosed, study: Study) -> Shown:
    """Who was followed of those who started, and how they differed from the lost."""
    tables = [attrition_table(disclosed, study, each) for each in study.outcomes]
    return non_empty_parts([*tables], NO_PEOPLE)


def show_missing_data_methods(disclosed: Disclosed, study: Study) -> Shown:
    """The arms' difference with the lost left out, weighted for, and filled in."""
    figures = [
        missing_methods_figure(disclosed, study, outcome)
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
    notes = [
        Note(text=_undone_words(selected, study, outcome, wave))
        for outcome in study.outcomes
        for selected in [findings_of_outcome(disclosed, outcome)]
        for wave in waves_of(
            selected.where(term="leavers_change_zero"), study, contrasts=True
        )
    ]
    return Shown(parts=(*figures, *notes) or (Note(text=NO_ARMS),))


def _undone_words(
    selected: Disclosed, study: Study, outcome: Outcome, wave: str
) -> str:
    """What those lost would have to have done for nothing to be left of a change."""
    title = f"{outcome.title}, {wave_text(study, wave)}"
    zero = found(selected, term="leavers_change_zero", wave=wave)
    if zero is None or zero.estimate is None:
        return f"{title}: {zero.reason if zero else NO_PEOPLE}."
    dropouts_text = f"the {zero.n:,} not followed" if zero.n else "those not followed"
    points = number_text(zero.estimate)
    words = (
        f"{title}: had {dropouts_text} changed by {points} points on average, nothing would be "
        "left of the change"
    )
    limit = found(selected, term="leavers_change_interval_zero", wave=wave)
    if limit is None or limit.estimate is None:
        why = limit.reason if limit else NO_PEOPLE
        return f"{words}; when nobody could tell any more: {why}."
    points = number_text(limit.estimate)
    return f"{words}; by {points}, its interval would begin to hold zero."


def _compared(disclosed: Disclosed, study: Study) -> list[Outcome]:
    """Outcomes in which two arms of people who were followed are compared."""
    return [
        outcome
        for outcome in study.outcomes
        if findings_of_outcome(disclosed, outcome)
        .where(term="imputed_arm_difference")
        .findings
    ]
