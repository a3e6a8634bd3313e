"""What the cleaning found: flow, flags, cells emptied and scrubbed, and gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.publication.participant_flow import flow_figures
from analysis.publication.places import (
    FLAGS,
    FLOW,
    arm_text,
    arms_of,
    column_text,
    columns_of,
    flow_count,
    found,
    plain_text,
    surveyed,
    wave_text,
    waves_of,
)
from analysis.publication.shown import show_tables
from analysis.publication.table import ABSENT, Footnotes, compact_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.places import Columns
    from analysis.publication.shown import Shown
    from analysis.publication.table import Table

TAKEN_OUT = " taken out"
"""How the count of what was scrubbed from free texts ends its name."""


def show_flow(disclosed: Disclosed, study: Study) -> Shown:
    """How many responses came, were left out and why, and stayed."""
    tables = (
        flow_table(disclosed, study),
        flag_table(disclosed, study),
        emptied_table(disclosed, study),
        scrubbed_table(disclosed, study),
    )
    figures = flow_figures(disclosed, study)
    return show_tables([*figures, *tables], "No response was counted.")


def show_missing(disclosed: Disclosed, study: Study) -> Shown:
    """How many answered everything, which items were left, and whether at random."""
    tables = missing_table(disclosed, study), pattern_table(disclosed, study)
    return show_tables(tables, "No instrument was asked.")


def flow_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses received, left out by rule, and used, a row a survey, wave and arm."""
    notes, rows = Footnotes(), []
    columns: Columns = (
        ("Invited", "people_invited"),
        ("Answered, of those invited", "response_rate"),
        *FLOW,
        ("People", "participants_used"),
    )
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for wave in waves_of(of_survey, study, contrasts=False):
            of_wave = of_survey.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=False):
                here = of_wave.where(arm=arm)
                cells = [notes.cell(flow_count(here, term)) for _, term in columns]
                if {*cells} != {ABSENT}:
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((survey.title, *place, *cells))
    headings = ("Survey", "Wave", "Group")
    return compact_table(
        "Responses received, answered and used", headings, columns, rows, notes
    )


def _count_table(
    disclosed: Disclosed,
    study: Study,
    place: Callable[[Finding], tuple[str, ...] | None],
    *,
    caption: str,
    headings: tuple[str, ...],
    column: tuple[str, str],
) -> Table:
    """A row a count of one term; `place` names it, or leaves it out."""
    notes = Footnotes()
    of_surveys = (
        finding
        for survey in study.surveys
        for finding in disclosed.where(survey=survey.name, term=column[1]).findings
    )
    rows = [
        (*names, notes.cell(finding))
        for finding in of_surveys
        if (names := place(finding)) is not None
    ]
    return compact_table(caption, headings, (column,), rows, notes)


def flag_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses that each index of careless responding flagged."""

    def place(finding: Finding) -> tuple[str, ...]:
        index = finding.group
        total = f"Printed total: {index.value}" if isinstance(index, Group) else ""
        name = total or FLAGS[str(index)]
        return (*_survey_and_wave(finding, study), name, finding.method)

    return _count_table(
        disclosed,
        study,
        place,
        caption="Responses flagged as careless",
        headings=("Survey", "Wave", "Index", "Flagged from"),
        column=("Responses flagged", "responses_flagged"),
    )


def emptied_table(disclosed: Disclosed, study: Study) -> Table:
    """Answers set to not answered, a row a rule and column of the export."""

    def place(finding: Finding) -> tuple[str, ...] | None:
        rule, column = _rule_and_column(finding)
        if finding.estimate == 0 or rule.endswith(TAKEN_OUT):
            return None
        title = column_text(study, column) or ABSENT
        return (*_survey_and_wave(finding, study), title, plain_text(rule))

    return _count_table(
        disclosed,
        study,
        place,
        caption="Answers that could not be used",
        headings=("Survey", "Wave", "Column", "Rule"),
        column=("Answers emptied", "cells_emptied"),
    )


def scrubbed_table(disclosed: Disclosed, study: Study) -> Table:
    """What was taken out of free texts, a row a text and kind."""

    def place(finding: Finding) -> tuple[str, ...] | None:
        rule, column = _rule_and_column(finding)
        if finding.estimate == 0 or not rule.endswith(TAKEN_OUT):
            return None
        text = plain_text(column.removeprefix("text."))
        kind = rule.removesuffix(TAKEN_OUT)
        return (*_survey_and_wave(finding, study), text, kind)

    return _count_table(
        disclosed,
        study,
        place,
        caption="Taken out of free texts, as it could name or reach a person",
        headings=("Survey", "Wave", "Text", "Kind"),
        column=("Times taken out", "cells_emptied"),
    )


def _rule_and_column(finding: Finding) -> tuple[str, str]:
    """The rule by which cells were emptied, and of which column."""
    assert isinstance(finding.group, Group), "cells are emptied by a rule in a column"
    return finding.group.of, finding.group.value


def _survey_and_wave(finding: Finding, study: Study) -> tuple[str, str]:
    return study.survey(finding.survey).title, wave_text(study, finding.wave)


def missing_table(disclosed: Disclosed, study: Study) -> Table:
    """Complete responses and Little's test, a row an instrument and wave."""
    notes, rows, columns = Footnotes(), [], columns_of("gaps", little_mcar_p="p")
    for survey, instrument in surveyed(study):
        of_instrument = disclosed.where(survey=survey, instrument=instrument.name)
        for wave in waves_of(of_instrument, study, contrasts=False):
            here = of_instrument.where(wave=wave)
            cells = notes.cells(here, columns)
            if {*cells} != {ABSENT}:
                people = notes.people(found(here, term="share_complete"))
                rows.append((instrument.title, wave_text(study, wave), people, *cells))
    caption = "Unanswered items, and whether they look random"
    return compact_table(caption, ("Instrument", "Wave"), columns, rows, notes)


def pattern_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses by the items they leave unanswered, a row a pattern."""

    def place(finding: Finding) -> tuple[str, ...]:
        instrument = study.instruments[finding.instrument]
        pattern = _pattern_text(str(finding.group), instrument)
        return (instrument.title, wave_text(study, finding.wave), pattern)

    return _count_table(
        disclosed,
        study,
        place,
        caption="Patterns of unanswered items",
        headings=("Instrument", "Wave", "Not answered"),
        column=("Responses", "responses_by_pattern"),
    )


def _pattern_text(pattern: str, instrument: Instrument) -> str:
    _, without, names = pattern.partition("without ")
    if not without:
        return {"complete": "nothing", "nothing": "every item"}.get(pattern, pattern)
    return ", ".join(instrument.item(name).label for name in names.split(", "))
