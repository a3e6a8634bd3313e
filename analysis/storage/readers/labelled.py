"""SPSS, Stata and Parquet files into a table: codes as texts, labels kept.

A value the file itself declares missing, alone or within a range, is emptied and
counted; what was never there is only blank. Every reader raises `DataError` where the
file is damaged, or another kind of file.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pyreadstat

from analysis.storage.readers.table import RawTable, as_text, from_values
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd


def read_spss(path: Path, *, encoding: str) -> RawTable:
    """Read an SPSS file; an encoding of ``auto`` is what the file itself says."""
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


def read_stata(path: Path, *, encoding: str) -> RawTable:
    """Read a Stata file; an encoding of ``auto`` is what the file itself says."""
    options = {**_options(encoding), "user_missing": True}
    frame, meta = _read(pyreadstat.read_dta, path, "Stata", **options)
    marks = meta.missing_user_values or {}
    emptied = {name: frame[name].isin(list(marks[name])) for name in marks}
    for name in frame.columns:
        if name in emptied:
            frame[name] = frame[name].mask(emptied[name])
        if meta.readstat_variable_types.get(name) == "float":
            # Stata's usual type has seven digits; the rest were never typed.
            frame[name] = frame[name].astype(np.float32)
    return _labelled(frame, meta, emptied, "Stata", path.name)


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
    cells = from_values(frame, name)
    counts = {header.strip(): int(cells.sum()) for header, cells in emptied.items()}
    labels: Mapping[str, str] = meta.column_names_to_labels or {}
    coded: Mapping[str, Mapping[Any, str]] = meta.variable_value_labels or {}
    return RawTable(
        cells=cells,
        encoding=kind,
        kind=kind,
        labels={head.strip(): text.strip() for head, text in labels.items() if text},
        value_labels={
            header.strip(): {
                as_text(code).strip(): str(word).strip() for code, word in words.items()
            }
            for header, words in coded.items()
        },
        emptied={header: count for header, count in counts.items() if count},
    )


def read_parquet(content: bytes, name: str) -> RawTable:
    """Read a Parquet file."""
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
    cells = from_values(frame, name)
    return RawTable(cells=cells, encoding="Parquet", kind="Parquet")
