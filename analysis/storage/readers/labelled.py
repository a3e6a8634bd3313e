"""SPSS and Stata files into a table: codes as texts, labels and missing values kept.

A value the file itself declares missing, alone or within a range, is emptied and
counted; what was never there is only blank.

A Parquet file into a table: its values as texts.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyreadstat

from analysis.storage.readers.table import RawTable, as_text, from_values, refuse_empty
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_spss(path: Path, *, encoding: str = "auto") -> RawTable:
    """Read an SPSS file.

    Parameters
    ----------
    encoding : str
        ``auto`` is what the file itself says.

    Raises
    ------
    DataError
        Damaged, or another kind of file.
    """
    options = _options(encoding)
    frame, meta = _read(pyreadstat.read_sav, path, "SPSS", **options)
    # As numbers: a range without a lower end is no date, and dates do not compare.
    raw = {**options, "user_missing": True, "disable_datetime_conversion": True}
    _, stored = _read(pyreadstat.read_sav, path, "SPSS", metadataonly=True, **raw)
    emptied = {}
    if declared := list(stored.missing_ranges or {}):
        whole, _ = _read(pyreadstat.read_sav, path, "SPSS", usecols=declared, **raw)
        emptied = {name: whole[name].notna() & frame[name].isna() for name in declared}
    return _labelled(frame, meta, emptied, "SPSS", path.name)


def read_stata(path: Path, *, encoding: str = "auto") -> RawTable:
    """Read a Stata file.

    Parameters
    ----------
    encoding : str
        ``auto`` is what the file itself says.

    Raises
    ------
    DataError
        Damaged, or another kind of file.
    """
    options = {**_options(encoding), "user_missing": True}
    frame, meta = _read(pyreadstat.read_dta, path, "Stata", **options)
    marks = meta.missing_user_values or {}
    emptied = {name: frame[name].isin(list(marks[name])) for name in marks}
    columns = {}
    for name in frame.columns:
        column = frame[name].mask(emptied[name]) if name in emptied else frame[name]
        if meta.readstat_variable_types.get(name) == "float":
            # Stata's usual type has seven digits; the rest were never typed.
            column = column.astype(np.float32)
        columns[name] = column
    return _labelled(
        pd.DataFrame(columns, index=frame.index), meta, emptied, "Stata", path.name
    )


def _options(encoding: str) -> dict[str, Any]:
    return {} if encoding == "auto" else {"encoding": encoding}


def _read(
    reader: Any, path: Path, kind: str, **options: Any
) -> tuple[pd.DataFrame, Any]:
    try:
        frame, meta = reader(path, **options)
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
        "file under this name, or its texts are in another encoding than it says; "
        "export it again, or declare encoding = …",
    )


def _labelled(
    frame: pd.DataFrame,
    meta: Any,
    emptied: Mapping[str, pd.Series[bool]],
    kind: str,
    name: str,
) -> RawTable:
    cells = from_values(frame)
    refuse_empty(cells, name)
    labels = meta.column_names_to_labels or {}
    counts = {
        header.strip(): int(emptied_cells.sum())
        for header, emptied_cells in emptied.items()
    }
    return RawTable(
        cells=cells,
        encoding=kind,
        kind=kind,
        labels={
            header.strip(): text.strip() for header, text in labels.items() if text
        },
        value_labels=_value_labels(meta.variable_value_labels or {}),
        emptied={header: count for header, count in counts.items() if count},
    )


def _value_labels(
    declared: Mapping[str, Mapping[Any, str]],
) -> dict[str, dict[str, str]]:
    return {
        header.strip(): {
            as_text(code).strip(): str(label).strip() for code, label in labels.items()
        }
        for header, labels in declared.items()
    }


def read_parquet(content: bytes, name: str) -> RawTable:
    """Read a Parquet file.

    Raises
    ------
    DataError
        Damaged, or another kind of file.
    """
    try:
        table = pa.parquet.read_table(io.BytesIO(content))
        # a damaged text shows only when it is looked at
        table.validate(full=True)
        # an index kept by another program is no column of the survey
        # and a whole number next to a blank must not become a float: it may be an id
        frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    except (pa.ArrowException, OSError, ValueError):
        raise DataError(
            name,
            "is not a Parquet file that can be read: it is damaged, or another kind of "
            "file under this name; export it again",
        ) from None
    cells = from_values(frame)
    refuse_empty(cells, name)
    return RawTable(cells=cells, encoding="Parquet", kind="Parquet")
