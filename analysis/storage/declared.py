"""Find declarations by name: studies in their folder, instruments in the package."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from analysis.declarations import parse_instrument, parse_study
from analysis.foundation import DeclarationError
from analysis.foundation.errors import unknown
from analysis.storage.folders import INSTRUMENTS, find_folders
from analysis.storage.plan_locks import ENDING, read_lock

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.declarations import Instrument, Study


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
    path = find_folders().studies / f"{name}.toml"
    if name not in study_names():
        raise DeclarationError(str(path.parent), unknown("study", name, study_names()))
    study = parse_study(_text(path), name=name, read_instrument=read_instrument)
    return dataclasses.replace(study, lock=read_lock(name))


def study_file(name: str) -> Path:
    """Where a study's declaration is, or would be."""
    return find_folders().studies / f"{name}.toml"


def study_text(name: str) -> str:
    """A study's declaration as it is written.

    Raises
    ------
    DeclarationError
        There is no such study.
    """
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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DeclarationError(path.name, "is not UTF-8 text") from None
    except OSError as error:
        raise DeclarationError(path.name, f"cannot be read: {error.strerror}") from None
