"""SPSS and Stata files into a table: codes as texts, labels and missing values kept.

A value the file itself declares missing, alone or within a range, is emptied and
counted; what was never there is only blank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyreadstat

from analysis.foundation import DataError
from analysis.storage.readers.table import (
    RawTable,
    as_text,
    from_values,
    refuse_hollow,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_spss(path: Path) -> RawTable:
    """Read an SPSS file.

    Raises
    ------
    DataError
        Damaged, or another kind of file.
    """
    frame, meta = _read(pyreadstat.read_sav, path, "SPSS")
    return _labelled(frame, meta, "SPSS", path.name)


def read_stata(path: Path) -> RawTable:
    """Read a Stata file.

    Raises
    ------
    DataError
        Damaged, or another kind of file.
    """
    frame, meta = _read(pyreadstat.read_dta, path, "Stata")
    return _labelled(frame, meta, "Stata", path.name)


def _read(reader: Any, path: Path, kind: str) -> tuple[pd.DataFrame, Any]:
    try:
        frame, meta = reader(path, user_missing=True)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError):
        pass
    except (ValueError, OverflowError, UnicodeError, MemoryError):
        # what a damaged header makes of lengths and dates
        pass
    else:
        return frame, meta
    raise DataError(
        path.name,
        f"is not a {kind} file that can be read: it is damaged, or another kind of "
        "file under this name; export it again",
    )


def _labelled(frame: pd.DataFrame, meta: Any, kind: str, name: str) -> RawTable:
    emptied = {}
    columns = []
    for header in frame.columns:
        column = frame[header]
        gone = _missing(column, meta, header)
        if count := int(gone.sum()):
            emptied[header.strip()] = count
        columns.append(column.mask(gone) if count else column)
    cells = from_values(pd.concat(columns, axis="columns") if columns else frame)
    refuse_hollow(cells, name)
    labels = meta.column_names_to_labels or {}
    return RawTable(
        cells=cells,
        encoding=kind,
        kind=kind,
        labels={
            header.strip(): text.strip() for header, text in labels.items() if text
        },
        value_labels=_value_labels(meta.variable_value_labels or {}),
        emptied=emptied,
    )


def _missing(column: pd.Series, meta: Any, header: str) -> pd.Series[bool]:
    gone = pd.Series(data=False, index=column.index)
    for ends in (meta.missing_ranges or {}).get(header, ()):
        try:
            inside = column.ge(ends["lo"]) & column.le(ends["hi"])
        except TypeError:
            # dates are stored as numbers in the file and given as dates
            continue
        gone |= inside.fillna(value=False).astype(bool)
    marks = (meta.missing_user_values or {}).get(header, ())
    return gone | column.isin(list(marks)) if marks else gone


def _value_labels(
    declared: Mapping[str, Mapping[Any, str]],
) -> dict[str, dict[str, str]]:
    return {
        header.strip(): {
            as_text(code).strip(): str(label).strip() for code, label in labels.items()
        }
        for header, labels in declared.items()
    }
