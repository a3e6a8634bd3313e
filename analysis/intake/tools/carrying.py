"""What a REDCap project records of a person once into all the rows it has of them.

A longitudinal export is blank at every event but the one whose form asks; so are the
rows of a repeating form. An arm or a team read from a follow-up would be nobody's.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.foundation import DataError
from analysis.intake.answers import fold
from analysis.intake.headers import find_columns, not_one, shortened

if TYPE_CHECKING:
    import pandas as pd

    from analysis.declarations import Export
    from analysis.storage.readers import RawTable

OF_A_ROW = {
    *("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
    *("event name", "repeat instrument", "repeat instance"),
}
"""Columns that say which row it is, and so differ between a person's rows."""


def with_carried(
    table: RawTable, kept: pd.DataFrame, export: Export, record: int
) -> RawTable:
    """The kept rows, each blank filled from the person's other rows.

    Parameters
    ----------
    table : RawTable
        Every row of the file.
    kept : DataFrame
        Those of its rows that are read, under their index in the whole.
    record : int
        Place of the column that names the person.

    Raises
    ------
    DataError
        A column to be carried is not there, or says different things of one person.
    """
    people = table.cells.iloc[:, record].map(fold)
    people = people.where(people != "")
    people_kept = set(people.loc[kept.index].dropna())
    filled = kept.copy()
    faults: list[str] = []
    notes: list[str] = []
    for place in _places(table, export, faults):
        column = table.cells.iloc[:, place]
        known = ~column.map(fold).isin({"", *map(fold, export.missing_codes)})
        distinct = column.map(fold).where(known).groupby(people).nunique()
        name = shortened(str(table.cells.columns[place]))
        if several := len(people_kept.intersection(distinct.index[distinct > 1])):
            faults.append(_contradicts(name, several))
        first = column.where(known).groupby(people).transform("first")
        filled_now = (~known & first.notna()).loc[kept.index]
        if count := int(filled_now.sum()):
            filled.iloc[:, place] = kept.iloc[:, place].mask(filled_now, first)
            notes.append(f"'{name}' of {count} rows from the same people's other rows")
    if faults:
        raise DataError(export.file, faults)
    remark = ", ".join(part for part in (table.remark, *notes) if part)
    cells = filled.reset_index(drop=True)
    return dataclasses.replace(table, cells=cells, remark=remark)


def _places(table: RawTable, export: Export, faults: list[str]) -> list[int]:
    """Columns to carry: those declared, else the ones of arm, site and team."""
    columns = export.columns
    usual = (columns.arm, columns.site, columns.team)
    wanted = usual if export.carried is None else export.carried
    found = []
    for name in wanted:
        if not name or fold(name) in OF_A_ROW:
            continue
        places = find_columns(table, name)
        if len(places) == 1:
            found += places
        elif export.carried is not None:
            headers = [str(header) for header in table.cells.columns]
            faults.append(f"carried: {not_one(name, places, headers)}")
    return list(dict.fromkeys(found))


def _contradicts(name: str, several: int) -> str:
    return (
        f"column '{name}' says different things of {several} people at different "
        "events, and is read as one thing about a person. Correct it in REDCap, or "
        "declare carried = […] without it: then each event keeps what it says"
    )
