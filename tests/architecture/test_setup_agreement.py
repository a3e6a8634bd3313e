"""The files that say what is installed agree: pyproject, the lock, environment.yml.

Each is read by another tool (hatchling and pip, uv, conda), so none can import another.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import start

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / start.LOCK).read_text(encoding="utf-8")
PYPROJECT: dict[str, Any] = tomllib.loads(
    (ROOT / "pyproject.toml").read_text(encoding="utf-8")
)
PROJECT = PYPROJECT["project"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
OLDEST = "{}.{}".format(*start.OLDEST)


def declared() -> list[Requirement]:
    """Every dependency, those of developers and of the build included."""
    listed = [*PROJECT["dependencies"], *PYPROJECT["build-system"]["requires"]]
    for extra in PROJECT["optional-dependencies"].values():
        listed += extra
    return [Requirement(text) for text in listed]


def lock_entries() -> dict[str, list[str]]:
    """Each entry of the lock, such as ``numpy==2.4.1``, with its hashes."""
    entries = [e.split("\\\n") for e in re.split(r"\n(?! )", LOCK.strip())]
    return {pin.strip(): [h.strip() for h in hashes] for pin, *hashes in entries}


def environment() -> dict[str, Any]:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@pytest.mark.parametrize("dependency", declared(), ids=lambda d: d.name)
def test_lock_satisfies_every_dependency(dependency: Requirement) -> None:
    name = canonicalize_name(dependency.name)
    locked = [Requirement(entry) for entry in lock_entries()]
    pins = [r.specifier for r in locked if canonicalize_name(r.name) == name]
    assert pins, f"{name} is not in the lock: python3 start.py lock"
    for pin in pins:
        (version,) = (specifier.version for specifier in pin)
        assert dependency.specifier.contains(version, prereleases=True), (
            f"the lock has {name} {version}, pyproject asks {dependency.specifier}"
        )


def test_every_lock_entry_is_one_version_with_hashes() -> None:
    for entry, hashes in lock_entries().items():
        operators = [s.operator for s in Requirement(entry).specifier]
        assert operators == ["=="], entry
        assert hashes, f"{entry} has no hash"
        assert all(HASH.fullmatch(text) for text in hashes), entry


def test_lock_holds_no_host_and_no_path() -> None:
    for entry in lock_entries():
        assert Requirement(entry).url is None, entry
    assert not re.search(r"//|--\w*(index|links|host)|file:", LOCK)


def test_environment_takes_its_packages_from_the_lock() -> None:
    dependencies = environment()["dependencies"]
    assert {"pip": [f"-r {start.LOCK}"]} in dependencies
    assert "pip" in dependencies
    assert len(dependencies) == 3, "a package beside the lock would have no hash"


def test_environment_names_a_python_that_the_project_allows() -> None:
    (python,) = (
        text.removeprefix("python=")
        for text in environment()["dependencies"]
        if str(text).startswith("python=")
    )
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)


def test_oldest_python_is_the_same_everywhere() -> None:
    tool = PYPROJECT["tool"]
    assert PROJECT["requires-python"] == f">={OLDEST}"
    assert tool["mypy"]["python_version"] == OLDEST
    assert tool["ruff"]["target-version"] == "py" + OLDEST.replace(".", "")
    assert OLDEST in start.LOCK_OPTIONS


def test_citation_has_the_name_and_version_of_the_project() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    citation = yaml.safe_load(text)
    assert environment()["name"] == citation["title"] == PROJECT["name"]
    assert str(citation["version"]) == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
