"""Select the rows of one event and form from REDCap's long table, in words if wanted.

A longitudinal project exports one row for each person and event, and one more for each
repeat of a form; reading them all would count people several times. What is recorded of
a person once, such as arm or team, is blank in the other rows and is carried to them.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from analysis.intake.answers import fold
from analysis.intake.headers import find_columns, not_one, shortened
from heard.errors import DataError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from analysis.declarations.survey import Export
    from analysis.storage.readers.table import RawTable

OF_A_ROW = {
    *("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
    *("event name", "repeat instrument", "repeat instance"),
}
"""Columns that say which row it is, and so differ between a person's rows."""
EVENT = ("redcap_event_name", "Event Name")
FORM = ("redcap_repeat_instrument", "Repeat Instrument")
FIELD = "Variable / Field Name"
LABEL = "Field Label"
CHOICES = "Choices, Calculations, OR Slider Labels"
CHECKBOX = re.compile(r"^(?P<field>.+)___(?P<code>.+)$")


def chosen_rows(
    table: RawTable, export: Export, dictionary: RawTable | None = None
) -> RawTable:
    """The rows of the declared events and of the declared repeating instrument.

    What is recorded of a person once, such as their arm, is taken from their other
    rows.

    Raises
    ------
    DataError
        No such event or instrument, several and none declared, or a person of whom
        different events say different things.
    """
    form = None if export.repeat_instrument is None else (export.repeat_instrument,)
    cells = _chosen(table.cells, EVENT, export.event, "event", export.file)
    cells = _chosen(cells, FORM, form, "instrument", export.file)
    # The record's name: a dictionary's first field, else under its usual header.
    named = [dictionary.cells[FIELD].iloc[0]] if dictionary is not None else []
    headers = [fold(name) for name in table.headers]
    usual = [*map(fold, named), "record_id", "record id"]
    known = [headers.index(name) for name in usual if name in headers]
    return _with_carried(table, cells, export, known[0] if known else 0)


def _with_carried(
    table: RawTable, kept: pd.DataFrame, export: Export, record: int
) -> RawTable:
    """The kept rows, each blank filled from the other rows of the same record."""
    people = table.cells.iloc[:, record].map(fold)
    people = people.where(people != "")
    people_kept = set(people.loc[kept.index].dropna())
    filled = kept.copy()
    faults: list[str] = []
    notes = [table.remark] if table.remark else []
    for place in _places(table, export, faults):
        column = table.cells.iloc[:, place]
        known = ~column.map(fold).isin({"", *map(fold, export.missing_codes)})
        distinct = column.map(fold).where(known).groupby(people).nunique()
        name = shortened(table.headers[place])
        if several := len(people_kept.intersection(distinct.index[distinct > 1])):
            faults.append(
                f"column '{name}' says different things of {several} people at "
                "different events, and is read as one thing about a person. Correct it "
                "in REDCap, or declare carried = […] without it: then each event keeps "
                "what it says"
            )
        first = column.where(known).groupby(people).transform("first")
        filled_now = (~known & first.notna()).loc[kept.index]
        if count := int(filled_now.sum()):
            filled.iloc[:, place] = kept.iloc[:, place].mask(filled_now, first)
            notes.append(f"'{name}' of {count} rows from the same people's other rows")
    if faults:
        raise DataError(export.file, faults)
    cells = filled.reset_index(drop=True)
    return dataclasses.replace(table, cells=cells, remark=", ".join(notes))


def _places(table: RawTable, export: Export, faults: list[str]) -> list[int]:
    """Columns to carry: those declared, else the ones of arm, site and team."""
    columns, declared = export.columns, export.carried
    usual = (columns.arm, columns.site, columns.team)
    found = []
    for name in usual if declared is None else declared:
        if not name or fold(name) in OF_A_ROW:
            continue
        places = find_columns(table, name)
        if len(places) == 1:
            found += places
        elif declared is not None:
            faults.append(f"carried: {not_one(name, places, table.headers)}")
    return list(dict.fromkeys(found))


def kinds_of_rows(table: RawTable) -> dict[str, list[str]]:
    """Key → the events or repeating instruments a table mixes, where it mixes any."""
    found = {}
    for key, names in (("event", EVENT), ("instrument", FORM)):
        for header in (name for name in names if name in table.cells.columns):
            kinds = list(table.cells[header].unique())
            if table.tool == "redcap" and len(kinds) > 1:
                found[key] = kinds
    return found


def _chosen(
    cells: pd.DataFrame,
    names: tuple[str, ...],
    wanted: tuple[str, ...] | None,
    key: str,
    file: str,
) -> pd.DataFrame:
    header = next((name for name in names if name in cells.columns), None)
    if header is None and wanted is not None:
        raise DataError(file, f"{key} = … is declared, but there is no {names[0]}")
    if header is None:
        return cells
    column = cells[header]
    # Names of events and forms are the project's structure, not anybody's answer.
    known = {fold(text): text for text in column.unique()}
    if wanted is None and len(known) < 2:
        return cells
    if wanted is None:
        listed = ", ".join(f'"{text}"' for text in known.values())
        raise DataError(
            file,
            f"holds rows of {len(known)} kinds in {header}; to read them all would "
            f'count people more than once. Declare {key} = …, one of {listed} ("" '
            "means the rows that name none)",
        )
    folded = {fold(name): name for name in wanted}
    if strange := [name for text, name in folded.items() if text not in known]:
        raise DataError(file, [unknown(key, name, known.values()) for name in strange])
    return cells.loc[column.map(fold).isin(set(folded))]


def with_dictionary(table: RawTable, dictionary: RawTable, file: str) -> RawTable:
    """The table with the words of its questions and answers."""
    rows = dictionary.cells
    for header in (FIELD, LABEL, CHOICES):
        if header not in rows.columns:
            raise DataError(
                file, f"is not a REDCap data dictionary: there is no '{header}'"
            )
    words = dict(zip(rows[FIELD], rows[LABEL], strict=True))
    choices = {
        field: parsed
        for field, text in zip(rows[FIELD], rows[CHOICES], strict=True)
        if (parsed := parse_choices(text))
    }
    labels = dict(table.labels)
    for header in table.headers:
        box = CHECKBOX.match(header)
        if header in words:
            labels[header] = words[header]
        elif box and box["field"] in words:
            choice = choices.get(box["field"], {}).get(box["code"], box["code"])
            labels[header] = f"{words[box['field']]} [{choice}]"
    present = {name: choices[name] for name in table.cells.columns if name in choices}
    return dataclasses.replace(
        table, labels=labels, value_labels={**table.value_labels, **present}
    )


def parse_choices(text: str) -> dict[str, str]:
    """``1, Yes | 0, No`` as code → words; nothing where it is a calculation."""
    found = {}
    for part in text.split("|"):
        code, comma, words = part.partition(",")
        if not comma:
            return {}
        found[code.strip()] = words.strip()
    return found
