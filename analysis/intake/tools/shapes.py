"""A tool's own shape into one header row and one row a response.

The question in words, where a tool gives it beside the name, is kept as the label, so
that an item may be declared by either.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation import DataError
from analysis.intake.answers import fold
from analysis.intake.tools.recognition import TITLES, recognise_tool
from analysis.intake.tools.redcap import chosen_rows, with_dictionary
from analysis.storage.readers.table import numbered

if TYPE_CHECKING:
    from analysis.declarations import Export
    from analysis.storage.readers import RawTable

QUALTRICS_MOMENTS = ("startdate", "enddate", "recordeddate")
PREVIEW, TEST, SPAM, SYNTHETIC = 1, 2, 8, 256
"""Parts of Qualtrics' numeric status: 9 is a preview that looks like spam.

4 is imported, 16 sent from the offline app, 32 an employee survey, 0 anything else:
none of these is a reason to leave a response out. Where each code is written down:
docs/explanation/cleaning.md.
"""
TEST_MARKERS = ("preview", "test", "spam", "synthetic")
RESPONDENT = {"respondent id", "respondent_id"}
ONLY_ANSWER = {"", "response", "open-ended response"}
"""SurveyMonkey's second header where a question has one column."""


def shape(
    table: RawTable, export: Export, dictionary: RawTable | None = None
) -> RawTable:
    """Bring a table to one header row and one row a response.

    Parameters
    ----------
    dictionary : RawTable or None
        REDCap's data dictionary, where one is declared.

    Raises
    ------
    DataError
        Not from the declared tool, or rows of several events or forms mixed.
    """
    table = as_received(table, declared=export.tool, file=export.file)
    if table.tool == "redcap":
        if dictionary is not None:
            table = with_dictionary(table, dictionary, export.dictionary)
        return chosen_rows(table, export, dictionary)
    for key, value in (
        ("event", export.event),
        ("instrument", export.repeat_instrument),
        ("carried", export.carried),
    ):
        if value is not None:
            raise DataError(
                export.file,
                f"{key} = … is for REDCap; this is {TITLES[table.tool]}",
            )
    return table


def as_received(table: RawTable, *, declared: str, file: str) -> RawTable:
    """The table with its tool named and its header rows made one.

    Raises
    ------
    DataError
        Not from the declared tool.
    """
    found = recognise_tool(table)
    if declared == "none":
        return dataclasses.replace(table, tool="none")
    if declared == "spss" and table.kind == "SPSS":
        found = "spss"
    if declared not in {"auto", found}:
        like = (
            "shows no sign of it" if found == "none" else f"looks like {TITLES[found]}"
        )
        raise DataError(
            file,
            f"is declared as {TITLES[declared]} but {like}. Correct tool = …, or "
            'declare tool = "none" to take the table as it stands',
        )
    table = dataclasses.replace(table, tool=found)
    if found == "qualtrics":
        table = _one_header_of_qualtrics(table)
    elif found == "surveymonkey":
        table = _one_header_of_surveymonkey(table)
    if table.cells.empty:
        raise DataError(file, "holds headers and no responses; export it again")
    if found == "qualtrics":
        return dataclasses.replace(table, test_rows=_test_rows(table.cells))
    return table


def _one_header_of_qualtrics(table: RawTable) -> RawTable:
    """CSV has three header rows: names, questions, ImportId; Excel the first two."""
    cells = table.cells
    rows = 0
    if len(cells) > 1 and cells.iloc[1].str.contains("ImportId", regex=False).any():
        rows = 2
    elif _holds_questions(cells):
        rows = 1
    if not rows:
        return table
    names = numbered([str(name) for name in cells.columns])
    labels = {
        name: " ".join(text.split())
        for name, text in zip(names, cells.iloc[0], strict=True)
        if text
    }
    return dataclasses.replace(
        table, cells=cells.iloc[rows:].reset_index(drop=True), labels=labels
    )


def _holds_questions(cells: pd.DataFrame) -> bool:
    """Whether the first row gives Qualtrics' own columns in words, of any language.

    Where a response has a moment, words have no digit.
    """
    if cells.empty:
        return False
    first = {
        fold(str(name)): text
        for name, text in zip(cells.columns, cells.iloc[0], strict=True)
    }
    moments = [first[name] for name in QUALTRICS_MOMENTS if first.get(name)]
    return any(not any(sign.isdigit() for sign in text) for text in moments)


def _one_header_of_surveymonkey(table: RawTable) -> RawTable:
    """Questions in the first row, choices or rows of a grid in the second.

    ``question [choice]`` where a question has several columns.
    """
    cells = table.cells
    headers = [str(name) for name in cells.columns]
    own = [p for p, name in enumerate(headers) if fold(name) in RESPONDENT]
    # A response always has its number; the second header row has none.
    if not own or cells.empty or cells.iloc[0, own[0]]:
        return table
    names, question = [], ""
    for header, part in zip(headers, cells.iloc[0], strict=True):
        question = header or question
        is_only_answer = fold(part) in ONLY_ANSWER and header
        names.append(question if is_only_answer else f"{question} [{part}]")
    rest = cells.iloc[1:].reset_index(drop=True)
    rest.columns = pd.Index(names)
    return dataclasses.replace(table, cells=rest)


def preview_rows(table: RawTable) -> pd.Series[bool]:
    """Rows the tool itself marks as a preview, a test or spam."""
    rows = table.cells.index
    return pd.Series(rows.isin(table.test_rows), index=rows)


def _test_rows(cells: pd.DataFrame) -> tuple[int, ...]:
    """Looked for before any column is renamed, in the first of each name: the tool's.

    A survey may ask for a status of its own; Qualtrics' columns stand before it.
    """
    headers = [fold(str(name)) for name in cells.columns]
    marked = pd.Series(data=False, index=cells.index)
    for header, is_marked in (
        ("status", _is_marked),
        ("distributionchannel", _is_test),
    ):
        if header in headers:
            column = cells.iloc[:, headers.index(header)]
            marked |= column.map(is_marked).astype(bool)
    return tuple(int(row) for row in cells.index[marked])


def _is_marked(status: str) -> bool:
    if status.isdecimal():
        return bool(int(status) & (PREVIEW | TEST | SPAM | SYNTHETIC))
    return any(word in fold(status) for word in TEST_MARKERS)


def _is_test(channel: str) -> bool:
    return fold(channel) in {"preview", "test"}
