"""Lists of names that are taken out of free texts: one name a line, beside the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation import DataError
from analysis.storage.folders import find_folders

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.declarations import Export, Study


def names_file(export: Export, study: Study) -> Path:
    """Where the list of a survey is expected."""
    return find_folders().raw / study.folder / export.names


def read_names(export: Export, study: Study) -> tuple[str, ...]:
    """The names declared for a survey; none where it names no list.

    Raises
    ------
    DataError
        No such file, unreadable, or not UTF-8.
    """
    if not export.names:
        return ()
    path = names_file(export, study)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(
            path.name,
            f"not found in {path.parent}. Put the list of names there, one a line",
        ) from None
    except UnicodeDecodeError:
        raise DataError(path.name, "is not UTF-8 text; save it as such") from None
    except OSError as error:
        raise DataError(path.name, f"cannot be read: {error.strerror}") from None
    return tuple(name for line in text.splitlines() if (name := line.strip()))
