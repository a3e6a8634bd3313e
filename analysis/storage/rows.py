"""Row-level data: raw exports read as text, processed responses kept as Parquet.

Raw files are opened for reading only. Every cell stays the text it was.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation import DataError, StaleError
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analysis.declarations import Export, Study

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RawTable:
    """An export as received: every cell a trimmed text, blank rows left out.

    Attributes
    ----------
    cells : DataFrame, shape (n_rows, n_columns)
        Headers may stand twice; the caller looks to those it needs.
    encoding : str
        How the file's bytes were read.
    """

    cells: pd.DataFrame
    encoding: str

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a cell."""
        return f"RawTable({len(self.cells)} rows, {self.encoding})"


def raw_file(export: Export, study: Study) -> Path:
    """Where the export of a survey at a wave is expected."""
    return find_folders().raw / study.folder / export.file


def read_raw(export: Export, study: Study) -> RawTable:
    """Read an export as text.

    Raises
    ------
    DataError
        No such file, unreadable, empty, not text, or not a table.
    """
    path = raw_file(export, study)
    content = _content(path)
    text, encoding = _decoded(content, export.encoding, path.name)
    rows = _rows(text, export.delimiter, path.name)
    header = [name.strip() for name in rows[0]]
    cells = pd.DataFrame(rows[1:], columns=header, dtype=str)
    cells = cells.apply(lambda column: column.str.strip())
    blank = (cells == "").all(axis="columns")
    return RawTable(
        cells=cells.loc[~blank].reset_index(drop=True),
        encoding=encoding.replace("utf-8-sig", "utf-8"),
    )


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
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
    if not content.strip():
        raise DataError(path.name, "is empty; export it again")
    return content


def _decoded(content: bytes, declared: str, name: str) -> tuple[str, str]:
    encodings = [declared] if declared != "auto" else _likely_encodings(content)
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\x00" not in text:
            return text, encoding
    raise DataError(
        name,
        f"is not text in {' or '.join(encodings)}. If it is a spreadsheet, save it as "
        "CSV UTF-8; if the encoding is another one, declare it with encoding = …",
    )


def _likely_encodings(content: bytes) -> list[str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return [encoding]
    return ["utf-8", "windows-1252"]


def _rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise DataError(
            name, f"is not a table, near line {reader.line_num}: {error}"
        ) from None
    if len(rows) < 2:
        raise DataError(name, "holds a header and no responses; export it again")
    width = len(rows[0])
    uneven = sum(len(row) != width for row in rows[1:])
    if uneven:
        raise DataError(
            name,
            f"{uneven} of {len(rows) - 1} rows do not have the header's {width} cells. "
            "Check delimiter = … and the quotes around texts",
        )
    return rows


def _processed_file(study: str, wave: str, survey: str, content: str) -> Path:
    return find_folders().processed / study / wave / f"{survey}.{content}.parquet"


def write_processed(
    study: str, wave: str, scored: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    """Keep the pseudonymous responses and scores of a wave.

    Parameters
    ----------
    scored : mapping
        Survey → responses and scores, one row a participant. Responses have a column
        ``instrument.item`` an item, scores a column ``instrument.subscale`` a score;
        both say who, where and in which arm.
    """
    for survey, (responses, scores) in scored.items():
        for content, frame in (("responses", responses), ("scores", scores)):
            with whole_file(_processed_file(study, wave, survey, content)) as part:
                frame.to_parquet(part, index=False)


def read_wave_responses(study: Study, wave: str) -> dict[str, pd.DataFrame]:
    """The pseudonymous responses of a wave, by survey.

    Raises
    ------
    StaleError
        The wave has not been cleaned yet.
    """
    return _read_wave(study, wave, "responses")


def read_all_responses(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    """The responses of all waves: wave → survey → one row a response.

    Raises
    ------
    StaleError
        A wave has not been cleaned yet.
    """
    return {wave: _read_wave(study, wave, "responses") for wave in study.wave_names()}


def read_all_scores(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    """The scores of all waves: wave → survey → one row a participant.

    Raises
    ------
    StaleError
        A wave has not been cleaned yet.
    """
    return {wave: _read_wave(study, wave, "scores") for wave in study.wave_names()}


def _read_wave(study: Study, wave: str, content: str) -> dict[str, pd.DataFrame]:
    surveys = [export.survey for export in study.wave(wave).exports]
    files = {
        survey: _processed_file(study.name, wave, survey, content) for survey in surveys
    }
    if missing := [survey for survey, file in files.items() if not file.exists()]:
        raise StaleError(
            f"{study.name}, wave {wave}",
            f"not cleaned yet: {', '.join(missing)}. "
            f"Run: heard run {study.name} --only cleaning",
        )
    return {survey: pd.read_parquet(file) for survey, file in files.items()}
