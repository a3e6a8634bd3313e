"""The files that say what is installed agree: pyproject, the locks, environment.yml.

Each is read by another tool (hatchling and pip, uv, conda), so none can import another.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import start

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {name: (ROOT / name).read_text(encoding="utf-8") for name in start.LOCKS}
PYPROJECT: dict[str, Any] = tomllib.loads(
    (ROOT / "pyproject.toml").read_text(encoding="utf-8")
)
PROJECT = PYPROJECT["project"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
OLDEST = "{}.{}".format(*start.OLDEST)


def requirements(*extras: str) -> list[Requirement]:
    """Every dependency of the project, and those of some extras."""
    listed = [*PROJECT["dependencies"], *PYPROJECT["build-system"]["requires"]]
    for extra in extras:
        listed += PROJECT["optional-dependencies"][extra]
    return [Requirement(text) for text in listed]


def declared() -> list[tuple[str, Requirement]]:
    """Each lock with every dependency it must hold."""
    needed = {
        start.LOCK: requirements("install"),
        start.DEV_LOCK: requirements("install", "dev"),
    }
    return [(lock, one) for lock, listed in needed.items() for one in listed]


def lock_entries(lock: str) -> dict[str, list[str]]:
    """Each entry of a lock, such as ``numpy==2.4.1``, with its hashes."""
    entries = [e.split("\\\n") for e in re.split(r"\n(?! )", LOCKS[lock].strip())]
    return {pin.strip(): [h.strip() for h in hashes] for pin, *hashes in entries}


def locked_names(lock: str) -> set[str]:
    return {canonicalize_name(Requirement(entry).name) for entry in lock_entries(lock)}


def environment() -> dict[str, Any]:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@pytest.mark.parametrize(
    ("lock", "dependency"),
    [pytest.param(*one, id=f"{one[0]}:{one[1].name}") for one in declared()],
)
def test_lock_satisfies_every_dependency(lock: str, dependency: Requirement) -> None:
    name = canonicalize_name(dependency.name)
    locked = [Requirement(entry) for entry in lock_entries(lock)]
    pins = [r.specifier for r in locked if canonicalize_name(r.name) == name]
    assert pins, f"{name} is not in {lock}: python3 start.py lock"
    for pin in pins:
        (version,) = (specifier.version for specifier in pin)
        assert dependency.specifier.contains(version, prereleases=True), (
            f"{lock} has {name} {version}, pyproject asks {dependency.specifier}"
        )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_lock_entry_is_one_version_with_hashes(lock: str) -> None:
    for entry, hashes in lock_entries(lock).items():
        operators = [s.operator for s in Requirement(entry).specifier]
        assert operators == ["=="], entry
        assert hashes, f"{entry} has no hash"
        assert all(HASH.fullmatch(text) for text in hashes), entry


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_holds_no_host_and_no_path(lock: str) -> None:
    for entry in lock_entries(lock):
        assert Requirement(entry).url is None, entry
    assert not re.search(r"//|--\w*(index|links|host)|file:", LOCKS[lock])


def test_development_lock_holds_what_an_evaluator_has_and_more() -> None:
    evaluator, developer = (lock_entries(lock) for lock in LOCKS)
    assert evaluator.items() < developer.items()


def test_evaluator_gets_no_development_tool() -> None:
    needed_to_run = {canonicalize_name(r.name) for r in requirements("install")}
    tools = {Requirement(x).name for x in PROJECT["optional-dependencies"]["dev"]}
    indirect = {"packaging", "pyyaml"}  # others need these to run
    assert not {canonicalize_name(name) for name in tools} & needed_to_run
    assert {canonicalize_name(name) for name in tools - indirect}.isdisjoint(
        locked_names(start.LOCK)
    )


def imported(path: Path) -> set[str]:
    """Top-level names of what a module or a notebook imports, wherever it does."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [c for c in json.loads(source)["cells"] if c["cell_type"] == "code"]
        source = "\n".join("".join(cell["source"]) for cell in cells)
    nodes = list(ast.walk(ast.parse(source)))
    names = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    names += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def test_what_is_run_imports_only_what_an_evaluator_has() -> None:
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    packages = [ROOT / name for name in wheel["packages"]]
    files = [path for package in packages for path in package.rglob("*.py")]
    files += (ROOT / "notebooks").glob("*.ipynb")
    assert len(files) > 50
    ours = {package.name for package in packages}
    names = set().union(*map(imported, files)) - sys.stdlib_module_names - ours
    holders = packages_distributions()
    locked = locked_names(start.LOCK)
    absent = {
        name
        for name in names
        if not {canonicalize_name(d) for d in holders.get(name, [])} & locked
    }
    assert not absent, f"imported to run studies, yet not in {start.LOCK}"


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


def test_hosted_tests_run_on_what_is_promised() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert matrix["python"][0] == OLDEST
    commands = {
        step["run"].split()[2]
        for job in jobs.values()
        for step in job["steps"]
        if step.get("run", "").startswith("python start.py")
    }
    assert commands == {"test", "check", "demo", "lock"}
    assert commands <= set(start.COMMANDS)
