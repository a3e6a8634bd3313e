"""A step's outputs wait in a stage beside their place until the step has succeeded.

Rows wait under the processed folder and findings under the reports folder: the
sensitivity of a file is a property of its folder, on the way there too.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from analysis.storage.folders import Folders, find_folders, make_folder

if TYPE_CHECKING:
    from pathlib import Path

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
