"""Recognise a survey tool's export, and reshape it: one header row, a row a response.

Where a tool gives the question's words as well as its name, they are kept as the label,
so that an item may be declared by either. Tools are recognised by their headers; of the
cells only whether they hold the tool's own words is checked.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.intake.answers import fold
from analysis.intake.redcap import chosen_rows, with_dictionary
from analysis.storage.readers.table import numbered
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.declarations.survey import Export
    from analysis.storage.readers.table import RawTable

TOOLS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (resources.files("analysis.intake") / "survey_tools.toml").read_text("utf-8")
)
TITLES: Mapping[str, str] = {name: tool["title"] for name, tool in TOOLS.items()}
MAIL = re.compile(r"mail|courriel|correo", re.IGNORECASE)
"""Microsoft's fourth column, in whatever language."""
MOMENT = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,]+\d{1,2}[:.]\d{2}")
GOOGLE_MOMENT = re.compile(r"^\d{4}/\d\d/\d\d \d{1,2}:\d\d:\d\d .*\S$")
"""How the form's own download writes it, with the time zone, in every language:
``2020/10/30 3:08:44 PM GMT+1``, ``2022/03/22 8:53:03 fm CET``."""
REDCAP_STATES = {"", "0", "1", "2", "incomplete", "unverified", "complete"}
CHECKBOX = re.compile(r"^[a-z]\w*___\w+$")


def table_facts(encoding: str, tool: str, remark: str) -> str:
    """How a table was read, in words: encoding, tool, and what was found out."""
    facts = (encoding, TITLES[tool], remark)
    return ", ".join(fact for fact in dict.fromkeys(facts) if fact)


def recognise_tool(table: RawTable) -> str:
    """The survey tool a table came from, of `TITLES`; ``none`` where none shows."""
    headers = [fold(name) for name in table.headers]
    for name, tool in TOOLS.items():
        if _shows(tool, headers) or (
            name in CELLS_SHOW and CELLS_SHOW[name](headers, table)
        ):
            return name
    return "spss" if table.kind == "SPSS" else "none"


def _shows(tool: Mapping[str, Any], headers: list[str]) -> bool:
    """Whether the headers are some tool's."""
    signs, starts = tool.get("headers", ()), tool.get("first", ())
    return any(set(headers).issuperset(sign) for sign in signs) or any(
        headers[: len(start)] == start for start in starts
    )


def _has_import_ids(cells: pd.DataFrame) -> bool:
    """Whether the second row under the headers is Qualtrics' own."""
    return len(cells) > 1 and any("ImportId" in text for text in cells.iloc[1])


def _is_redcap(headers: list[str], table: RawTable) -> bool:
    first = headers[0] if headers else ""
    if first == "record id" and any(h.startswith("complete?") for h in headers):
        return True
    ends = [place for place, h in enumerate(headers) if h.endswith("_complete")]
    states = any(
        set(table.cells.iloc[:, place].map(fold).unique()) <= REDCAP_STATES
        for place in ends
    )
    return states and (
        first == "record_id" or any(CHECKBOX.match(name) for name in headers)
    )


def _is_microsoft_forms(headers: list[str], table: RawTable) -> bool:
    """In another language: an id, two moments and the address, in this order."""
    usual = headers[:1] == ["id"] and len(headers) > 3 and MAIL.search(headers[3])
    return bool(usual) and all(_holds(table, place, MOMENT) for place in (1, 2))


def _holds(table: RawTable, place: int, form: re.Pattern[str]) -> bool:
    """Whether every cell of a column that holds anything has this form."""
    texts = set(table.cells.iloc[:, place].unique()) - {""}
    return bool(texts) and all(form.match(text) for text in texts)


CELLS_SHOW: Mapping[str, Callable[[list[str], RawTable], bool]] = {
    "qualtrics": lambda _, table: _has_import_ids(table.cells),
    "redcap": _is_redcap,
    # with "code and text" the headers are "id. Response ID", "submitdate. …"
    "limesurvey": lambda headers, _: _shows(
        TOOLS["limesurvey"], [name.partition(". ")[0] for name in headers]
    ),
    "microsoft_forms": _is_microsoft_forms,
    "google_forms": lambda headers, table: (
        bool(headers) and _holds(table, 0, GOOGLE_MOMENT)
    ),
}


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
    """The table with its tool named, as declared, and its header rows made one."""
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
    rows = 2 if _has_import_ids(cells) else int(_holds_questions(cells))
    if not rows:
        return table
    questions = zip(numbered(table.headers), cells.iloc[0], strict=True)
    labels = {name: " ".join(text.split()) for name, text in questions if text}
    return dataclasses.replace(
        table, cells=cells.iloc[rows:].reset_index(drop=True), labels=labels
    )


def _holds_questions(cells: pd.DataFrame) -> bool:
    """Whether the first row gives Qualtrics' own columns in words, of any language.

    Where a response has a moment, words have no digit.
    """
    if cells.empty:
        return False
    names = (fold(str(name)) for name in cells.columns)
    first = dict(zip(names, cells.iloc[0], strict=True))
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
