"""The lock beside a study's declaration, and what a run did otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan_lock import lock_text, parse_lock
from analysis.foundation.errors import DeclarationError
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import read_json, write_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.declarations.plan import Lock
    from analysis.declarations.study import Study

ENDING = ".lock.toml"
DEVIATIONS = "deviations.json"


def lock_file(study: str) -> Path:
    """Where the lock of a study is, or would be."""
    return find_folders().studies / f"{study}{ENDING}"


def read_lock(study: str) -> Lock | None:
    """The lock of a study; None if it was never locked.

    Raises
    ------
    DeclarationError
        The file cannot be read, has faults, or was changed by hand.
    """
    path = lock_file(study)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise DeclarationError(path.name, "is not UTF-8 text") from None
    except OSError as error:
        raise DeclarationError(path.name, f"cannot be read: {error.strerror}") from None
    return parse_lock(text, where=path.name)


def write_lock(study: str, lock: Lock) -> None:
    """Write a lock beside the study's declaration."""
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
    """Keep what the outcomes were run with otherwise than locked or declared."""
    write_json(deviations_file(study), list(deviations))


def read_deviations(study: str) -> tuple[str, ...]:
    """What the outcomes were run with otherwise; none if they never ran."""
    return tuple(read_json(deviations_file(study)) or ())
