"""Write a file so that it appears only when it is whole, and hash files by content.

A step's outputs wait in a stage next to their place until the step has succeeded.

Rows wait under the processed folder and findings under the reports folder: the
sensitivity of a file is a property of its folder, on the way there too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.storage.folders import Folders, find_folders, make_folder
from heard.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "HEARD_STAGE"
"""Names the step whose outputs are to wait; unset in an open notebook."""


def staged(path: Path) -> Path:
    """Where to write a file now: in the stage of the running step, if there is one."""
    step = os.environ.get(VARIABLE)
    if not step:
        return path
    for root in _roots(find_folders()).values():
        if path.is_relative_to(root):
            study, *rest = path.relative_to(root).parts
            return _stage(root, study, step).joinpath(*rest)
    return path


def publish_stage(study: str, step: str) -> dict[str, Path]:
    """Move every waiting file to its place.

    Returns
    -------
    dict
        ``reports/…`` or ``processed/…`` → the file, in the order of their names.
    """
    published = {}
    for kind, root in _roots(find_folders()).items():
        stage = _stage(root, study, step)
        for waiting in sorted(path for path in stage.rglob("*") if path.is_file()):
            name = waiting.relative_to(stage)
            place = root / study / name
            make_folder(place.parent)
            waiting.replace(place)
            published[f"{kind}/{name.as_posix()}"] = place
    clear_stage(study, step)
    return published


def clear_stage(study: str, step: str) -> None:
    """Remove what waits, as before a step starts or after it failed."""
    for root in _roots(find_folders()).values():
        shutil.rmtree(_stage(root, study, step), ignore_errors=True)


def output_path(study: str, name: str) -> Path:
    """The file behind a name that `publish_stage` gave."""
    kind, _, rest = name.partition("/")
    return _roots(find_folders())[kind] / study / rest


def _roots(folders: Folders) -> dict[str, Path]:
    return {"processed": folders.processed, "reports": folders.reports}


def _stage(root: Path, study: str, step: str) -> Path:
    return root / study / f".stage-{step}"


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path next to `path`; move it there only on success.

    While a step runs, "there" is the step's stage.

    Raises
    ------
    AnalysisError
        The file could not be written; nothing half-written is left behind.
    """
    path = staged(path)
    make_folder(path.parent)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(
            prefix=".part-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise AnalysisError(
            path.name,
            f"could not be written in {path.parent}: {reason}. Nothing was left "
            "half-written; make room or choose another folder, then run again",
        ) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with plain line feeds, whole or not at all."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write a value as readable JSON."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """The value a JSON file holds, or None if there is no such file or it is broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def digest(path: Path) -> str | None:
    """SHA-256 of a file's content; None if there is no such file."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
