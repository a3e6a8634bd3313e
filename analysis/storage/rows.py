"""Row-level data: raw exports read as text, processed responses kept as Parquet.

Raw files are opened for reading only. Every cell stays the text it was. Next to the
rows lie the ledger of a wave, which cells were changed by which rule, and the links
between waves, pairs of pseudonyms. What is not there yet is a `StaleError` that names
the step to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.declarations.linkage import declares_rule
from analysis.foundation.errors import StaleError
from analysis.storage.folders import find_folders, links_file
from analysis.storage.readers import read_table
from analysis.storage.whole_files import whole_file, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from analysis.storage.readers.table import RawTable


def _raw_file(study: Study, file: str) -> Path:
    return find_folders().raw / study.folder / file


def read_raw(export: Export, study: Study) -> RawTable:
    """Read an export as text.

    Raises
    ------
    DataError
        No such file, unreadable, empty, damaged, or not a table.
    """
    return read_table(
        _raw_file(study, export.file),
        encoding=export.encoding,
        delimiter=export.delimiter,
        sheet=export.sheet,
    )


def read_dictionary(export: Export, study: Study) -> RawTable | None:
    """Read the data dictionary declared for an export, if there is one."""
    declared = export.dictionary
    return read_table(_raw_file(study, declared)) if declared else None


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
    """The pseudonymous responses of a wave, by survey."""
    return _read_wave(study, wave, "responses")


def read_all_responses(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    """The responses of all waves: wave → survey → one row a response."""
    return {wave: _read_wave(study, wave, "responses") for wave in study.wave_names()}


def read_all_scores(study: Study) -> dict[str, dict[str, pd.DataFrame]]:
    """The scores of all waves: wave → survey → one row a participant."""
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


def write_ledger(study: str, wave: str, ledger: pd.DataFrame) -> None:
    """Keep the ledger next to the rows it is about.

    Its counts have not passed disclosure control, and so stay where rows do.
    """
    path = find_folders().processed / study / wave / "ledger.json"
    write_json(path, ledger.to_dict(orient="records"))


def write_links(study: Study, links: pd.DataFrame) -> None:
    """Keep the links of a study."""
    with whole_file(links_file(study.name)) as part:
        links.to_parquet(part, index=False)


def read_links(study: Study) -> pd.DataFrame | None:
    """The links of a study; None where it declares no rule: then equality decides."""
    if not declares_rule(study):
        return None
    path = links_file(study.name)
    if not path.exists():
        raise StaleError(
            study.name, f"not linked yet. Run: heard run {study.name} --only linkage"
        )
    return pd.read_parquet(path)
