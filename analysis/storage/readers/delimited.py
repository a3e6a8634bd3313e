"""A text file with delimiters into a table: encoding and delimiter found out and said.

What is declared is taken at its word. What is not declared is tried strictly: a byte
order mark, UTF-8, Windows-1252, and only then a guess from the bytes.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING

import charset_normalizer
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from analysis.storage.readers.table import (
    RawTable,
    from_rows,
    trimmed,
    without_blank_rows,
)
from heard.errors import DataError

if TYPE_CHECKING:
    from _csv import Reader

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE = 65536
"""Characters looked at to find the delimiter."""
WHITE_SPACE = tuple(
    bytes([sign])
    for sign in range(128)
    if chr(sign).isspace() and chr(sign) not in "\r\n"
)
"""Without any of these among plain letters there is nothing to trim."""
SEPARATOR_LINE = re.compile(r"\A\"?sep=(?P<sign>[,;\t|])\"?\r?\n", re.IGNORECASE)
"""A first line by which an export gives Excel its delimiter; no header."""
LARGE = 1_000_000
"""Bytes from which a file without quotes is read by columns: same cells, sooner."""
MINIMUM_BYTES_TO_GUESS = 64
"""Bytes below which a guess of the encoding is worth nothing."""


def read_delimited(
    content: bytes, name: str, *, encoding: str = "auto", delimiter: str = ""
) -> RawTable:
    """Read a text file; what is not declared is found out."""
    if len(content) >= LARGE and encoding in {"auto", "utf-8"}:
        found = _by_columns(content, delimiter)
        if found is not None:
            return found
    text, used = _decoded(content, encoding, name)
    if sep_line := SEPARATOR_LINE.match(text):
        delimiter, text = delimiter or sep_line["sign"], text[sep_line.end() :]
    separator = delimiter or find_delimiter(text)
    cells = from_rows(_rows(text, separator, name), name)
    return _table(cells, used, "" if delimiter else separator)


def _table(cells: pd.DataFrame, encoding: str, found: str) -> RawTable:
    sep_line = DELIMITERS.get(found, "")
    # A comma is what CSV means; anything else is worth a word.
    return RawTable(
        cells=cells,
        encoding=encoding.replace("utf-8-sig", "utf-8"),
        remark=f"delimiter found: {sep_line}" if sep_line and found != "," else "",
    )


def _decoded(content: bytes, declared: str, name: str) -> tuple[str, str]:
    encodings = [declared] if declared != "auto" else _likely_encodings(content)
    for encoding in encodings:
        try:
            # a mark at the start is not part of the first header
            text = content.decode(encoding).removeprefix("\ufeff")
        except UnicodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    if declared == "auto" and (guessed := _guessed(content)):
        return guessed
    raise DataError(
        name,
        f"is not text in {' or '.join(encodings)}. If it is a spreadsheet, name it "
        ".xlsx or save it as CSV UTF-8; if the encoding is another one, declare it "
        "with encoding = …",
    )


def _likely_encodings(content: bytes) -> list[str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return [encoding]
    return ["utf-8", "windows-1252"]


def _guessed(content: bytes) -> tuple[str, str] | None:
    """An encoding guessed from bytes that read as words of some language, or None."""
    if len(content) < MINIMUM_BYTES_TO_GUESS:
        return None
    best = charset_normalizer.from_bytes(content[:SAMPLE]).best()
    if best is None or not best.percent_coherence:
        return None
    try:
        text = content.decode(best.encoding).removeprefix("\ufeff")
    except UnicodeError:
        return None
    readable = all(sign.isprintable() or sign.isspace() for sign in text)
    return (text, f"{best.encoding} (guessed)") if readable else None


def find_delimiter(text: str) -> str:
    """The delimiter that gives the header most cells and the rows as many."""
    sample = text[:SAMPLE]
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        rows = _sampled(sample, delimiter, whole=len(text) <= SAMPLE)
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        even = sum(len(row) == width for row in rows) / len(rows)
        if (even, width) > best_score:
            best, best_score = delimiter, (even, width)
    return best


def _reader(text: str, delimiter: str) -> Reader:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _sampled(sample: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in _reader(sample, delimiter) if row)
    except csv.Error as error:
        # a cell the sample cuts through is no fault; quotes that fit nowhere are
        if whole or "unexpected end of data" not in str(error):
            return []
        return rows
    return rows if whole or len(rows) < 2 else rows[:-1]


def _rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    reader = _reader(text, delimiter)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise DataError(
            name, f"is not a table, near line {reader.line_num}: {error}"
        ) from None
    if len(rows) < 2:
        raise DataError(name, "holds a header and no responses; export it again")
    width = len(rows[0])
    if uneven := sum(len(row) != width for row in rows[1:]):
        raise DataError(
            name,
            f"{uneven} of {len(rows) - 1} rows do not have the header's {width} cells. "
            "Check delimiter = … and the quotes around texts",
        )
    return rows


def _by_columns(content: bytes, delimiter: str) -> RawTable | None:
    """A large plain file by columns; None where only the careful way is sure.

    Plain: UTF-8, no quotes, no lone carriage returns, nothing before the header.
    There both ways cut the text at the same places; a test holds them to it.
    """
    body = content.removeprefix(codecs.BOM_UTF8)
    head = body[: body.find(b"\n") + 1]
    lone_returns = b"\r" in body and body.count(b"\r") != body.count(b"\r\n")
    sep_line = head[:4].lower() == b"sep="
    if sep_line or not head.strip() or lone_returns or b'"' in body or b"\x00" in body:
        return None
    try:
        start = body[:SAMPLE].decode("utf-8", errors="ignore")
        separator = delimiter or find_delimiter(start[: start.rfind("\n") + 1])
        header = [name.strip() for name in head.decode().strip("\r\n").split(separator)]
        places = [str(place) for place in range(len(header))]
        table = pa.csv.read_csv(
            pa.BufferReader(body),
            read_options=pa.csv.ReadOptions(column_names=places, skip_rows=1),
            parse_options=pa.csv.ParseOptions(delimiter=separator, quote_char=False),
            convert_options=pa.csv.ConvertOptions(
                # the kind that pandas keeps: no column is copied on the way there
                column_types=dict.fromkeys(places, pa.large_string()),
                null_values=[],
            ),
        )
    except (pa.ArrowInvalid, UnicodeError):
        return None
    cells = table.to_pandas()
    del table
    cells.columns = pd.Index(header)
    spaced = not body.isascii() or any(sign in body for sign in WHITE_SPACE)
    cells = without_blank_rows(trimmed(cells) if spaced else cells)
    return (
        None if cells.empty else _table(cells, "utf-8", "" if delimiter else separator)
    )
