"""Turn what the cleaning found into tables: flow, flags, emptied, scrubbed, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
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
from analysis.publication.table import ABSENT, Footnotes, Table, compact_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from analysis.foundation.findings import AnyGroup, Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.places import Columns

TAKEN_OUT = " taken out"
"""How the count of what was scrubbed from free texts ends its name."""


def flow_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses received, left out by rule, and kept, a row a survey, wave and arm."""
    notes, rows = Footnotes(), []
    columns: Columns = (*FLOW, ("People", "participants_kept"))
    for survey in study.surveys:
        of_survey = disclosed.where(survey=survey.name)
        for wave in waves_of(of_survey, study, contrasts=False):
            of_wave = of_survey.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=False):
                selected = of_wave.where(arm=arm)
                cells = [notes.cell(flow_count(selected, term)) for _, term in columns]
                if {*cells} != {ABSENT}:
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((survey.title, *place, *cells))
    headings = ("Survey", "Wave", "Group")
    return compact_table("Responses received and kept", headings, columns, rows, notes)


def flag_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses that each index of careless responding flagged."""
    notes, rows = Footnotes(), []
    for survey in study.surveys:
        selected = disclosed.where(survey=survey.name, term="responses_flagged")
        for finding in selected.findings:
            place = (*_place(finding, study), _flag_text(finding.group))
            rows.append((*place, finding.method, notes.cell(finding)))
    headings = ("Survey", "Wave", "Index", "Flagged from")
    columns: Columns = (("Responses flagged", "responses_flagged"),)
    return compact_table(
        "Responses flagged as careless", headings, columns, rows, notes
    )


def _flag_text(index: AnyGroup) -> str:
    if isinstance(index, Group):
        return f"Printed total: {index.value}"
    return FLAGS[str(index)]


def emptied_table(disclosed: Disclosed, study: Study) -> Table:
    """Answers set to not answered, a row a rule and column of the export."""
    notes, rows = Footnotes(), []
    for finding, rule, column in _emptied(disclosed, study):
        if not rule.endswith(TAKEN_OUT):
            place = _place(finding, study)
            column_title = column_text(study, column) or ABSENT
            rows.append((*place, column_title, plain_text(rule), notes.cell(finding)))
    headings = ("Survey", "Wave", "Column", "Rule")
    columns: Columns = (("Answers emptied", "cells_emptied"),)
    return compact_table(
        "Answers that could not be used", headings, columns, rows, notes
    )


def scrubbed_table(disclosed: Disclosed, study: Study) -> Table:
    """What was taken out of free texts, a row a text and kind."""
    notes, rows = Footnotes(), []
    for finding, rule, column in _emptied(disclosed, study):
        if rule.endswith(TAKEN_OUT):
            place = _place(finding, study)
            kind = rule.removesuffix(TAKEN_OUT)
            text = column.removeprefix("text.")
            rows.append((*place, plain_text(text), kind, notes.cell(finding)))
    headings = ("Survey", "Wave", "Text", "Kind")
    columns: Columns = (("Times taken out", "cells_emptied"),)
    caption = "Taken out of free texts, as it could name or reach a person"
    return compact_table(caption, headings, columns, rows, notes)


def _emptied(disclosed: Disclosed, study: Study) -> Iterator[tuple[Finding, str, str]]:
    """Counts of emptied cells that are not nought, each with its rule and column."""
    for survey in study.surveys:
        selected = disclosed.where(survey=survey.name, term="cells_emptied")
        for finding in selected.findings:
            if finding.estimate != 0 and isinstance(finding.group, Group):
                yield finding, finding.group.of, finding.group.value


def _place(finding: Finding, study: Study) -> tuple[str, str]:
    return study.survey(finding.survey).title, wave_text(study, finding.wave)


def missing_table(disclosed: Disclosed, study: Study) -> Table:
    """Complete responses and Little's test, a row an instrument and wave."""
    notes, rows, columns = Footnotes(), [], columns_of("gaps", little_mcar_p="p")
    for survey, instrument in surveyed(study):
        of_instrument = disclosed.where(survey=survey, instrument=instrument.name)
        for wave in waves_of(of_instrument, study, contrasts=False):
            selected = of_instrument.where(wave=wave)
            cells = [
                notes.cell(found(selected, term=term), title=title)
                for title, term in columns
            ]
            if {*cells} != {ABSENT}:
                people = notes.people(found(selected, term="share_complete"))
                place = (instrument.title, wave_text(study, wave))
                rows.append((*place, people, *cells))
    caption = "Unanswered items, and whether they look random"
    return compact_table(caption, ("Instrument", "Wave"), columns, rows, notes)


def pattern_table(disclosed: Disclosed, study: Study) -> Table:
    """Responses by the items they leave unanswered, a row a pattern."""
    notes, rows = Footnotes(), []
    for survey, instrument in surveyed(study):
        selected = disclosed.where(survey=survey, instrument=instrument.name)
        for finding in selected.where(term="responses_by_pattern").findings:
            place = (instrument.title, wave_text(study, finding.wave))
            pattern = _pattern_text(str(finding.group), instrument)
            rows.append((*place, pattern, notes.cell(finding)))
    headings = ("Instrument", "Wave", "Not answered")
    columns: Columns = (("Responses", "responses_by_pattern"),)
    return compact_table("Patterns of unanswered items", headings, columns, rows, notes)


def _pattern_text(pattern: str, instrument: Instrument) -> str:
    _, without, names = pattern.partition("without ")
    if not without:
        return {"complete": "nothing", "nothing": "every item"}.get(pattern, pattern)
    return ", ".join(instrument.item(name).label for name in names.split(", "))
