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
SPSS = (".sav", ".zsav")
STATA = (".dta",)
PARQUET = (".parquet",)


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
    if kind in SPSS + STATA:
        from analysis.storage.readers import labelled  # noqa: PLC0415 - pyreadstat is slow

        _refuse_empty(path)
        read = labelled.read_spss if kind in SPSS else labelled.read_stata
        return read(path, encoding=encoding)
    content = _content(path)
    if kind in SPREADSHEETS:
        from analysis.storage.readers.spreadsheet import (  # noqa: PLC0415 - calamine is slow
            read_spreadsheet,
        )

        return read_spreadsheet(content, path.name, sheet=sheet)
    if kind in PARQUET:
        from analysis.storage.readers.labelled import read_parquet  # noqa: PLC0415 - pyarrow is slow

        return read_parquet(content, path.name)
    from analysis.storage.readers.delimited import read_delimited  # noqa: PLC0415 - detection is slow

    return read_delimited(content, path.name, encoding=encoding, delimiter=delimiter)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not content[:4096].strip() and not content.strip():
        raise DataError(path.name, "is empty; export it again")
    return content


def _refuse_empty(path: Path) -> None:
    """What the library that opens the file itself would say less clearly."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise _unreadable(path, error) from None
    if not start.strip():
        raise DataError(path.name, "is empty; export it again")


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(
            path.name,
            f"not found in {path.parent}. Put the export there, or name the folder of "
            "raw data with --raw or HEARD_RAW",
        )
    return DataError(path.name, f"cannot be read in {path.parent}: {error.strerror}")
