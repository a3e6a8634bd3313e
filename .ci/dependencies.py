"""What heard depends on, why, and under which licence: tables for the documentation.

Names come from ``pyproject.toml``, versions from the lock, reasons from
``[tool.heard.why]`` and licences from the metadata of the installed packages.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RUN_LOCK = ROOT / "requirements.lock"
LOCK = ROOT / "requirements-dev.lock"
SHORT = 30
COPYLEFT = re.compile(r"GPL|MPL|EUPL|CDDL|EPL|Mozilla|Affero", re.IGNORECASE)


@cache
def pyproject() -> dict[str, Any]:
    """The project's own declaration."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def locked(lock: Path) -> dict[str, str]:
    """Each package of a lock with its version."""
    pins = re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.M)
    return dict(pins)


def licence(package: str) -> str:
    """The licence that a package's metadata state; empty if it is absent here."""
    try:
        stated = metadata(package)
    except PackageNotFoundError:
        return ""
    written: list[str] = stated.get_all("License-Expression") or []
    named: list[str] = stated.get_all("License") or []
    for text in [*written, *named]:
        is_a_name = len(text) <= SHORT and "\n" not in text and text != "UNKNOWN"
        if text in written or is_a_name:
            return text
    classified: list[str] = stated.get_all("Classifier") or []
    names = [c.rpartition(" :: ")[2] for c in classified if c.startswith("License ::")]
    return ", ".join(names) or "not stated"


def table(requirements: list[str]) -> str:
    """A row for each requirement: version, licence and reason."""
    names = sorted(re.split(r"[<>=~! \[]", text)[0] for text in requirements)
    why, versions = pyproject()["tool"]["heard"]["why"], locked(LOCK)
    rows = [f"| {n} | {versions[n]} | {licence(n)} | {why[n]} |" for n in names]
    return "\n".join(
        ["| package | version | licence | why |", "|---|---|---|---|", *rows]
    )


def to_run() -> str:
    """What running a study needs."""
    return table(pyproject()["project"]["dependencies"])


def to_install() -> str:
    """What puts heard itself into an environment."""
    return table(pyproject()["project"]["optional-dependencies"]["install"])


def to_develop() -> str:
    """What testing, checking and documenting heard need."""
    return table(pyproject()["project"]["optional-dependencies"]["dev"])


def copyleft() -> str:
    """Every package of an evaluator's lock whose licence asks something of copies."""
    stated = {name: licence(name) for name in locked(RUN_LOCK)}
    found = {name: words for name, words in stated.items() if COPYLEFT.search(words)}
    asked_for = {
        re.split(r"[<>=~! \[]", text)[0]
        for text in pyproject()["project"]["dependencies"]
    }
    rows = [
        f"| {name} | {words} | {'heard' if name in asked_for else 'a dependency'} |"
        for name, words in sorted(found.items())
    ]
    return "\n".join(["| package | licence | imported by |", "|---|---|---|", *rows])


def count_to_run() -> str:
    """How many packages an evaluator's lock holds on any system."""
    return str(len(locked(RUN_LOCK)))
