"""What all tests share: no test touches the user's key, folders or settings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from analysis.storage.declared import read_instrument
from analysis.storage.folders import VARIABLES
from analysis.storage.key import VARIABLE as KEY_FILE
from analysis.workflow import receipts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The same examples in every run: a red test is red again.
settings.register_profile("heard", derandomize=True, deadline=None)
settings.load_profile("heard")

# A shell that starts the suite in the background has it ignore Ctrl-C, and so would
# every program the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Folders of a test's own, and the command line on them."""

    folder: Path

    @property
    def studies(self) -> Path:
        return self.folder / "studies"

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def processed(self) -> Path:
        return self.folder / "processed"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def variables(self) -> dict[str, str]:
        """Environment variables that make these folders the ones in use."""
        named = {name: self.folder / name for name in VARIABLES if name != "home"}
        return {
            **{VARIABLES[name]: str(folder) for name, folder in named.items()},
            VARIABLES["home"]: str(ROOT),
            KEY_FILE: str(self.folder / "pseudonym.key"),
        }

    def environment(self) -> dict[str, str]:
        """The whole environment of a process that uses these folders."""
        return {**os.environ, **self.variables()}

    def heard(
        self, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "analysis", *arguments],
            cwd=self.folder,
            env={**self.environment(), **(variables or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def declare(self, name: str, text: str) -> None:
        """Write a study's declaration."""
        self.studies.mkdir(exist_ok=True)
        (self.studies / f"{name}.toml").write_text(text, encoding="utf-8")

    def receive(self, study: str, file: str, content: str | bytes) -> Path:
        """Put a raw export in its place."""
        path = self.raw / study / file
        path.parent.mkdir(parents=True, exist_ok=True)
        as_bytes = content.encode() if isinstance(content, str) else content
        path.write_bytes(as_bytes)
        return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty project; this process uses its folders too."""
    made = Project(folder=tmp_path)
    for name, value in made.variables().items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or makes the user's pseudonym key."""
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "pseudonym.key"))
    for kept in (read_instrument, receipts._lock_digest, receipts._code_digest):
        kept.cache_clear()


@pytest.fixture(scope="session")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The demonstration study, run once from raw exports to reports.

    Tests read or copy it. A process that comes later takes that of another which has
    finished; two that come at once each make their own.
    """
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    base = tmp_path_factory.getbasetemp()
    finished = (base if alone else base.parent) / "pilot-of-all"
    if finished.exists():
        return Project(folder=Path(finished.read_text("utf-8")))
    made = Project(folder=tmp_path_factory.mktemp("pilot"))
    copy_study(made, "listening-pilot")
    ran = made.heard("run", "listening-pilot")
    assert ran.returncode == 0, ran.stderr
    written = made.folder / "written"
    written.write_text(str(made.folder), encoding="utf-8")
    written.replace(finished)
    return made


def copy_study(project: Project, name: str) -> None:
    """Copy a committed study's declaration, its lock, raw exports and lists."""
    for file in (ROOT / "studies").glob(f"{name}*.toml"):
        project.declare(file.stem, file.read_text("utf-8"))
    for file in (ROOT / "data" / "raw" / name).iterdir():
        if file.suffix in (".csv", ".txt"):
            project.receive(name, file.name, file.read_bytes())


def shared_data(folder: str) -> Path:
    """A folder of real data beside the project.

    Such data are not part of the project: elsewhere the test is skipped, and where
    every check must run (``CI`` is set) their absence is a failure.
    """
    path = SHARED / "data" / folder
    if not path.is_dir():
        reason = f"real data '{folder}' are not beside this checkout (../shared/data)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def lines(rows: Sequence[Sequence[object]]) -> str:
    """Rows as the text of a CSV file."""
    return "".join(",".join(map(str, row)) + "\n" for row in rows)
