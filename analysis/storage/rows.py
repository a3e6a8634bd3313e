"""Row-level data: raw exports read as text, processed responses kept as Parquet.

Raw files are opened for reading only. Every cell stays the text it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation import StaleError
from analysis.storage.folders import find_folders
from analysis.storage.readers import RawTable, read_table
from analysis.storage.whole_files import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analysis.declarations import Export, Study

__all__ = [
    "RawTable",
    "dictionary_file",
    "raw_file",
    "read_all_scores",
    "read_dictionary",
    "read_raw",
    "read_wave_responses",
    "write_processed",
]


def raw_file(export: Export, study: Study) -> Path:
    """Where the export of a survey at a wave is expected."""
    return find_folders().raw / study.folder / export.file


def read_raw(export: Export, study: Study) -> RawTable:
    """Read an export as text.

    Raises
    ------
    DataError
        No such file, unreadable, empty, damaged, or not a table.
    """
    return read_table(
        raw_file(export, study),
        encoding=export.encoding,
        delimiter=export.delimiter,
        sheet=export.sheet,
    )


def dictionary_file(export: Export, study: Study) -> Path | None:
    """Where the data dictionary of an export is expected, if one is declared."""
    if not export.dictionary:
        return None
    return find_folders().raw / study.folder / export.dictionary


def read_dictionary(export: Export, study: Study) -> RawTable | None:
    """Read the data dictionary declared for an export, if there is one.

    Raises
    ------
    DataError
        No such file, unreadable, or not a table.
    """
    path = dictionary_file(export, study)
    return None if path is None else read_table(path)


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
