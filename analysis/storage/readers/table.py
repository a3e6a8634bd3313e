"""What every reader gives: a table of trimmed texts, and what the file says of it.

Whether a number was typed, computed or stored as a float, it becomes the text a person
would write: ``3``, not ``3.0``; nothing that was missing becomes a text.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_WHOLE = 1e21
"""From here on a number is written with its power of ten."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RawTable:
    """An export as received: every cell a trimmed text, blank rows left out.

    Attributes
    ----------
    cells : DataFrame, shape (n_rows, n_columns)
        Headers may stand twice; the caller looks to those it needs.
    encoding : str
        How the file's bytes were read.
    kind : str
        The kind of file, such as ``CSV`` or ``SPSS``.
    remark : str
        What was found out rather than declared, such as the delimiter.
    labels : mapping
        Header → the question in words, where the file says it.
    value_labels : mapping
        Header → code → the answer in words, where the file says it.
    emptied : mapping
        Header → cells the file itself marks as missing, which were emptied.
    tool : str
        The survey tool the file comes from; empty until it is looked at.
    test_rows : tuple of int
        Rows the tool itself marks as a preview, a test or spam.
    """

    cells: pd.DataFrame
    encoding: str
    kind: str = "CSV"
    remark: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    emptied: Mapping[str, int] = field(default_factory=dict)
    tool: str = ""
    test_rows: tuple[int, ...] = ()

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a cell."""
        return f"RawTable({len(self.cells)} rows, {self.encoding})"

    @property
    def headers(self) -> list[str]:
        """The header of each column."""
        return [str(name) for name in self.cells.columns]

    def labels_in_order(self) -> list[str]:
        """The question of each column, empty where the file does not say it."""
        return [self.labels.get(key, "") for key in numbered(self.headers)]


def numbered(headers: Sequence[str]) -> list[str]:
    """Headers as a declaration distinguishes them: ``Q1#2``, the second ``Q1``."""
    seen: dict[str, int] = {}
    names = []
    for name in headers:
        seen[name] = seen.get(name, 0) + 1
        several = headers.count(name) > 1
        names.append(f"{name}#{seen[name]}" if several else name)
    return names


def trimmed(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells without white space at their ends."""
    columns = [cells.iloc[:, place].str.strip() for place in range(cells.shape[1])]
    made = pd.concat(columns, axis="columns") if columns else cells
    made.columns = cells.columns
    return made


def without_blank_rows(cells: pd.DataFrame) -> pd.DataFrame:
    """Leave out the rows in which no cell holds anything."""
    blank = np.ones(len(cells), dtype=bool)
    for place in range(cells.shape[1]):
        if not blank.any():
            return cells
        blank &= (cells.iloc[:, place] == "").to_numpy()
    return cells.loc[~blank].reset_index(drop=True)


def from_rows(rows: Sequence[Sequence[str]], name: str) -> pd.DataFrame:
    """A table from a file's rows of texts, the header first."""
    header = [name.strip() for name in rows[0]]
    cells = pd.DataFrame(list(rows[1:]), columns=header, dtype=str)
    return _not_empty(without_blank_rows(trimmed(cells)), name)


def from_values(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A table of texts from a file's table of numbers, dates and texts.

    A row with no value stays: in such files it is somebody who answered nothing.
    """
    columns = [texts(frame.iloc[:, place]) for place in range(frame.shape[1])]
    made = pd.concat(columns, axis="columns") if columns else frame
    made.columns = pd.Index([str(name).strip() for name in frame.columns])
    return _not_empty(trimmed(made), name)


def texts(values: pd.Series) -> pd.Series[str]:
    """Each value as the text a person would write; empty where it is missing."""
    try:
        codes, different = pd.factorize(values)
    except TypeError:
        # lists and the like cannot be compared, and need not be: each is written out
        return pd.Series([as_text(v) for v in values], index=values.index, dtype=str)
    found = list(different)
    if values.dtype == np.float32:
        # the shortest text that means it: 3.7, not 3.70000004768372
        found = [float(str(value)) for value in different.to_numpy()]
    written = np.array([*(as_text(value) for value in found), ""], dtype=object)
    return pd.Series(written[codes], index=values.index, dtype=str)


def as_text(value: object) -> str:
    """One value as the text a person would write."""
    match value:
        case None:
            return ""
        case bool() | np.bool_():
            return "TRUE" if value else "FALSE"
        case float() | np.floating():
            return _number(float(value))
        case dt.datetime():
            return "" if pd.isna(value) else _moment(value)
        case bytes():
            return value.decode("utf-8", errors="replace")
    return str(value)


def _moment(value: dt.datetime) -> str:
    """A date and time; the date alone at midnight, which stands for no time at all."""
    whole = value.time() == dt.time()
    return value.date().isoformat() if whole else value.isoformat(sep=" ")


def _number(value: float) -> str:
    """Fifteen digits, as spreadsheets show: the sixteenth is noise of the machine.

    Whole numbers keep all of theirs: a long one is an identifier.
    """
    if math.isnan(value):
        return ""
    if value.is_integer() and abs(value) < LONGEST_WHOLE:
        return str(int(value))
    return f"{value:.15g}"


def _not_empty(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    if cells.empty:
        raise DataError(name, "holds a header and no responses; export it again")
    return cells
