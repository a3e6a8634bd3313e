"""Raw files of every kind into one shape: a table of trimmed texts.

A raw file is opened for reading only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heard.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.storage.readers.table import RawTable

SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
LABELLED = (".sav", ".zsav", ".dta")
START = 4096
"""Bytes that show whether a file is empty."""


def read_table(
    path: Path, *, encoding: str = "auto", delimiter: str = "", sheet: str = ""
) -> RawTable:
    """Read a file of any known kind, recognised by the end of its name.

    Each kind is imported when it is first met: most studies have one.

    Raises
    ------
    DataError
        No such file, unreadable, empty, damaged, or not a table.
    """
    kind = path.suffix.lower()
    content = _content(path, whole=kind not in LABELLED)
    if kind in LABELLED:
        from analysis.storage.readers import labelled  # noqa: PLC0415 - pyreadstat is slow

        read = labelled.read_stata if kind == ".dta" else labelled.read_spss
        return read(path, encoding=encoding)
    if kind in SPREADSHEETS:
        from analysis.storage.readers.spreadsheet import (  # noqa: PLC0415 - calamine is slow
            read_spreadsheet,
        )

        return read_spreadsheet(content, path.name, sheet=sheet)
    if kind == ".parquet":
        from analysis.storage.readers.labelled import read_parquet  # noqa: PLC0415 - pyarrow is slow

        return read_parquet(content, path.name)
    from analysis.storage.readers.delimited import read_delimited  # noqa: PLC0415 - detection is slow

    return read_delimited(content, path.name, encoding=encoding, delimiter=delimiter)


def _content(path: Path, *, whole: bool) -> bytes:
    """The bytes of a file, or its first ones; refused where there are none."""
    try:
        with path.open("rb") as stream:
            content = stream.read() if whole else stream.read(START)
    except FileNotFoundError:
        raise DataError(
            path.name,
            f"not found in {path.parent}. Put the export there, or name the folder of "
            "raw data with --raw or HEARD_RAW",
        ) from None
    except OSError as error:
        raise DataError(
            path.name, f"cannot be read in {path.parent}: {error.strerror}"
        ) from None
    if not content[:START].strip() and not content.strip():
        raise DataError(path.name, "is empty; export it again")
    return content
