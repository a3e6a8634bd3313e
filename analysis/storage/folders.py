"""Where things are: the top-level folders, or those the user names instead.

Real data often lives on an encrypted drive, so each folder can be set by an option of
the command line or by an environment variable.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from heard.errors import AnalysisError

VARIABLES = {
    "home": "HEARD_HOME",
    "studies": "HEARD_STUDIES",
    "raw": "HEARD_RAW",
    "processed": "HEARD_PROCESSED",
    "reports": "HEARD_REPORTS",
}
"""Environment variable of each folder."""

INSTRUMENTS = Path(__file__).parent.parent / "instruments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """The folders in use, absolute."""

    home: Path
    studies: Path
    raw: Path
    processed: Path
    reports: Path

    @property
    def notebooks(self) -> Path:
        """The notebooks' sources."""
        return self.home / "notebooks"

    @property
    def lock(self) -> Path:
        """The locked dependencies."""
        return self.home / "requirements.lock"

    def as_environment(self) -> dict[str, str]:
        """The variables that make another process use these same folders."""
        return {
            variable: str(getattr(self, name)) for name, variable in VARIABLES.items()
        }


def find_folders() -> Folders:
    """The folders in use: from the environment, else the project's top level."""
    home = _folder("home", _project())
    return Folders(
        home=home,
        studies=_folder("studies", home / "studies"),
        raw=_folder("raw", home / "data" / "raw"),
        processed=_folder("processed", home / "data" / "processed"),
        reports=_folder("reports", home / "reports"),
    )


def _folder(name: str, default: Path) -> Path:
    value = os.environ.get(VARIABLES[name])
    return Path(value).expanduser().absolute() if value else default


def _project() -> Path:
    """The nearest folder upwards that holds a project, else the package's own."""
    current = Path.cwd()
    for folder in (current, *current.parents):
        if (folder / "studies").is_dir() and (folder / "notebooks").is_dir():
            return folder
    return Path(__file__).parent.parent.parent


def links_file(study: str) -> Path:
    """Where the links of a study are kept."""
    return find_folders().processed / study / "links.parquet"


def make_folder(path: Path) -> None:
    """Make a folder and those above it, or say why it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnalysisError(str(path), f"cannot be made: {error.strerror}") from None
