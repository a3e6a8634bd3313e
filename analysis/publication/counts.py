"""Who took part, in the counts that every page names alike, as two tables.

Invited, received (rows of the export), answered (any item), used (kept by the
cleaning), scored (a score was made) and linked (scored at both waves) are six numbers:
what is left between two of them was lost for another reason each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.disclosure.control import (
    FEW_DROPOUTS,
    suppress_attrition_counts,
)
from analysis.publication.places import (
    arm_text,
    arms_of,
    columns_of,
    findings_of_outcome,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.shown import show_tables
from analysis.publication.table import ABSENT, SUPPRESSED, Footnotes

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.shown import Shown
    from analysis.publication.table import Table

NOBODY = "Nobody was counted."
LINKED = "participants_linked"
OF_SURVEYS = (
    "Received: rows of the export. Answered: with an answer to any item, of one "
    "person's one. Used: kept by the cleaning.",
)
OF_OUTCOMES = (
    "Scored: used, and a score was made. Linked: scored at this wave and at the "
    "baseline.",
)


def show_counts(disclosed: Disclosed, study: Study) -> Shown:
    """Who was invited, answered, was used, scored and linked, by wave and arm."""
    safe = suppress_attrition_counts(disclosed, smallest=study.smallest_group_shown)
    return show_tables([_of_surveys(safe, study), _of_outcomes(safe, study)], NOBODY)


def _of_surveys(safe: Disclosed, study: Study) -> Table:
    """A row a survey, wave and arm: invited, received, answered, used."""
    notes, rows = Footnotes(), []
    columns = tuple(pair for pair in columns_of("counts") if pair[1] != LINKED)
    for survey in study.surveys:
        of_survey = safe.where(survey=survey.name, instrument="")
        for wave in waves_of(of_survey, study, contrasts=False):
            at_wave = of_survey.where(wave=wave, group="")
            for arm in arms_of(at_wave, study, contrasts=False):
                cells = notes.cells(at_wave.where(arm=arm), columns)
                if {*cells} != {ABSENT}:
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((survey.title, *place, *cells))
    headings = ("Survey", "Wave", "Group", *(title for title, _ in columns))
    return notes.table(
        "Who answered",
        headings,
        rows,
        row_headings=3,
        also=OF_SURVEYS,
        optional=range(len(headings)),
    )


def _of_outcomes(safe: Disclosed, study: Study) -> Table:
    """A row an outcome, wave and arm: scored, and linked to the baseline."""
    notes, rows = Footnotes(), []
    for outcome in study.outcomes:
        here = findings_of_outcome(safe, outcome)
        scores = here.where(term="mean", item="", group="")
        for wave in outcome.waves:
            at_wave = scores.where(wave=wave)
            for arm in arms_of(at_wave, study, contrasts=False):
                linked = _linked(here.where(arm=arm), wave)
                scored = notes.people(found(at_wave, arm=arm))
                if linked is not None and linked.reason == FEW_DROPOUTS:
                    # How few were lost would follow from those scored.
                    scored = SUPPRESSED
                place = (wave_text(study, wave), arm_text(study, arm))
                rows.append((outcome.title, *place, scored, notes.cell(linked)))
    return notes.table(
        "Who has a score",
        ("Outcome", "Wave", "Group", "Scored", "Linked"),
        rows,
        row_headings=3,
        also=OF_OUTCOMES,
        optional=range(5),
    )


def _linked(of_arm: Disclosed, wave: str) -> Finding | None:
    """Those of a later wave who have a score at the baseline too."""
    linked = of_arm.where(term=LINKED, group="").findings
    at_wave = (part for part in linked if getattr(part.wave, "after", "") == wave)
    return next(at_wave, None)
