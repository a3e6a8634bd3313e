"""A spreadsheet into a table: the cells as they are stored, of one sheet."""

from __future__ import annotations

import io
from typing import Any

import python_calamine

from analysis.storage.readers.table import RawTable, as_text, from_rows
from heard.errors import DataError, unknown


def read_spreadsheet(content: bytes, name: str, *, sheet: str = "") -> RawTable:
    """Read one sheet of an Excel or OpenDocument file: the first, or the one named."""
    sheets, values = _opened(content, name, sheet)
    while values and not _filled(values[0]):
        values = values[1:]
    width = max((_filled(row) for row in values), default=0)
    if not values or not width:
        raise DataError(name, "is empty; export it again")
    rows = [
        [as_text(value) for value in [*row, *[""] * width][:width]] for row in values
    ]
    if len(rows) < 2:
        raise DataError(name, "holds a header and no responses; export it again")
    headed = width if _second_row_heads(rows) else _filled(values[0])
    if beyond := sum(any(row[headed:]) for row in rows[1:]):
        raise DataError(
            name,
            f"{beyond} of {len(rows) - 1} rows hold cells beyond the header's "
            f"{headed}. Is the header the first row of the sheet?",
        )
    cells = from_rows([row[:headed] for row in rows], name)
    others = len(sheets) - 1
    remark = f"first of {len(sheets)} sheets" if others and not sheet else ""
    return RawTable(cells=cells, encoding="Excel", kind="Excel", remark=remark)


def _second_row_heads(rows: list[list[str]]) -> bool:
    """Whether a second row of headers goes on where the first one stops.

    So do tools that write a question once, above the columns of its choices. No
    response begins with a blank under a header that names it.
    """
    first, second = rows[0], rows[1]
    named = [part for head, part in zip(first, second, strict=True) if not head]
    return bool(first[0] and not second[0] and named and all(named))


def _filled(row: list[Any]) -> int:
    """Cells up to the last one that holds something."""
    filled = [
        place for place, value in enumerate(row, start=1) if value not in ("", None)
    ]
    return filled[-1] if filled else 0


def _opened(content: bytes, name: str, sheet: str) -> tuple[list[str], list[list[Any]]]:
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = workbook.sheet_names
        wanted = sheet or (sheets[0] if sheets else "")
        if wanted not in sheets:
            raise DataError(name, unknown("sheet", wanted, sheets))
        found = workbook.get_sheet_by_name(wanted)
        return sheets, found.to_python(skip_empty_area=False)
    except python_calamine.PasswordError:
        raise DataError(
            name, "is locked with a password; save it without one, then try again"
        ) from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise DataError(
            name,
            "is not a spreadsheet that can be read: it is damaged, or another kind of "
            "file under this name; export it again",
        ) from None
