"""Find declarations by name: studies with their lock, instruments, lists of names.

Studies lie in their folder, instruments in the package, and the names that are removed
from free texts, one a line, in the folder of the raw files.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from analysis.declarations.instrument_file import parse_instrument
from analysis.declarations.plan_lock import lock_text, parse_lock
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.storage.folders import INSTRUMENTS, find_folders
from analysis.storage.whole_files import read_json, write_json, write_text
from heard.errors import AnalysisError, DataError, unknown

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.plan import Lock
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export

ENDING = ".lock.toml"
DEVIATIONS = "deviations.json"


def study_names() -> tuple[str, ...]:
    """Every declared study."""
    return _names(find_folders().studies)


def instrument_names() -> tuple[str, ...]:
    """Every instrument that has a codebook."""
    return _names(INSTRUMENTS)


def read_study(name: str) -> Study:
    """Read a study's declaration with the instruments it uses, and its lock.

    Raises
    ------
    DeclarationError
        There is no such study, or its declaration or its lock has faults.
    """
    study = parse_study(study_text(name), name=name, read_instrument=read_instrument)
    return dataclasses.replace(study, lock=read_lock(name))


def study_file(name: str) -> Path:
    """Where a study's declaration is, or would be."""
    return find_folders().studies / f"{name}.toml"


def study_text(name: str) -> str:
    """A study's declaration as it is written; refused where there is none."""
    if name not in study_names():
        where = str(find_folders().studies)
        raise DeclarationError(where, unknown("study", name, study_names()))
    return _text(study_file(name))


@functools.cache
def read_instrument(name: str) -> Instrument:
    """Read an instrument's codebook.

    Raises
    ------
    DeclarationError
        There is no such instrument, or its codebook has faults.
    """
    if name not in instrument_names():
        raise DeclarationError(
            "analysis/instruments", unknown("instrument", name, instrument_names())
        )
    where = f"instruments/{name}.toml"
    return parse_instrument(_text(INSTRUMENTS / f"{name}.toml"), where=where)


def _names(folder: Path) -> tuple[str, ...]:
    found = (path for path in folder.glob("*.toml") if not path.match(f"*{ENDING}"))
    return tuple(sorted(path.stem for path in found))


def _text(path: Path, fault: type[AnalysisError] = DeclarationError) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise fault(path.name, "is not UTF-8 text; save it as such") from None
    except OSError as error:
        raise fault(path.name, f"cannot be read: {error.strerror}") from None


def lock_file(study: str) -> Path:
    """Where the lock of a study is, or would be."""
    return find_folders().studies / f"{study}{ENDING}"


def read_lock(study: str) -> Lock | None:
    """The lock of a study, refused if changed by hand; None if it was never locked."""
    path = lock_file(study)
    return parse_lock(_text(path), where=path.name) if path.exists() else None


def write_lock(study: str, lock: Lock) -> None:
    """Write a lock next to the study's declaration."""
    write_text(lock_file(study), lock_text(lock))


def arrived_waves(study: Study) -> tuple[str, ...]:
    """Waves of which a raw file is there already."""
    folder = find_folders().raw / study.folder
    return tuple(
        wave.name
        for wave in study.waves
        if any((folder / export.file).exists() for export in wave.exports)
    )


def deviations_file(study: str) -> Path:
    """Where the deviations of the last run are kept."""
    return find_folders().reports / study / "findings" / DEVIATIONS


def write_deviations(study: str, deviations: tuple[str, ...]) -> None:
    """Keep how the outcomes deviated from what was locked or declared."""
    write_json(deviations_file(study), list(deviations))


def read_deviations(study: str) -> tuple[str, ...]:
    """What the outcomes were run with otherwise; none if they never ran."""
    return tuple(read_json(deviations_file(study)) or ())


def read_names(export: Export, study: Study) -> tuple[str, ...]:
    """The names declared for a survey; none where it names no list.

    Raises
    ------
    DataError
        No such file, unreadable, or not UTF-8.
    """
    if not export.names:
        return ()
    path = find_folders().raw / study.folder / export.names
    if not path.exists():
        fault = f"not found in {path.parent}. Put the list of names there, one a line"
        raise DataError(path.name, fault)
    text = _text(path, DataError)
    return tuple(name for line in text.splitlines() if (name := line.strip()))
