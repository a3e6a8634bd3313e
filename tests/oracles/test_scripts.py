"""Every oracle value and its data have one R script, and one command runs them all."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import regenerate
from oracle import oracle_values

ORACLES = Path(regenerate.__file__).parent
SCRIPTS = regenerate.all_scripts()
# Part of every R.
BASE = {"stats", "utils", "datasets", "base"}
PACKAGE = re.compile(r'library\((\w+)\)|\b(\w+)::|package = "(\w+)"')
SOURCED = re.compile(r'^source\("(.+)"\)$', re.MULTILINE)
each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


def code(path: Path) -> str:
    """A script with the files it sources, without comments."""
    text = path.read_text(encoding="utf-8")
    texts = [text, *(code(regenerate.ROOT / name) for name in SOURCED.findall(text))]
    return re.sub(r"(?m)^\s*#.*$", "", "\n".join(texts))


def script(
    path: Path, *, values: tuple[str, ...] = (), **made_with: str
) -> regenerate.Script:
    return regenerate.Script(path=path, values=values, made_with=made_with)


# --- which script writes what ---------------------------------------------------------


@pytest.mark.parametrize(("folder", "suffix"), [("values", "json"), ("data", "csv")])
def test_every_file_is_written_by_exactly_one_script(folder: str, suffix: str) -> None:
    written = Counter(
        name for one in SCRIPTS for name in one.files if name.startswith(f"{folder}/")
    )
    kept = [f"{folder}/{path.name}" for path in (ORACLES / folder).iterdir()]
    assert len(kept) > 30
    assert written == Counter(kept)
    assert all(name.endswith(f".{suffix}") for name in kept)


def test_every_file_of_r_is_a_script_or_is_sourced_by_one() -> None:
    paths = {path.name for path in (ORACLES / "scripts").iterdir()}
    texts = [one.path.read_text(encoding="utf-8") for one in SCRIPTS]
    sourced = {Path(name).name for text in texts for name in SOURCED.findall(text)}
    assert paths == {one.path.name for one in SCRIPTS} | sourced


@each_script
def test_a_script_says_which_packages_it_was_run_with(
    script: regenerate.Script,
) -> None:
    used = {name for match in PACKAGE.findall(code(script.path)) for name in match}
    assert used - BASE - {""} <= script.made_with.keys() - {"R"}
    assert all(re.fullmatch(r"\d+(\.\d+)+", v) for v in script.made_with.values())
    assert next(iter(script.made_with)) == "R"


def stated_versions(stored: dict[str, Any]) -> dict[str, str]:
    versions: dict[str, str] = stored.get("versions") or stored.get("made_by") or {}
    return versions


@each_script
def test_a_script_and_its_values_state_the_same_versions(
    script: regenerate.Script,
) -> None:
    for name in script.values:
        stated = stated_versions(oracle_values(name))
        both = stated.keys() & script.made_with.keys()
        assert {n: stated[n] for n in both} == {n: script.made_with[n] for n in both}


@each_script
def test_a_script_writes_by_the_shared_functions_and_stays_in_the_project(
    script: regenerate.Script,
) -> None:
    text = script.path.read_text(encoding="utf-8")
    assert "tests/oracles/scripts/files.R" in SOURCED.findall(text)
    assert not re.search(r"write_json|write\.csv|writeLines|\bcat\(|sink\(", text)
    assert not re.search(r'"/|"~/|"[A-Za-z]:[/\\]|\.\./|setwd', text)
    read = re.findall(r'read_data\("(\w+)"', text)
    assert all((ORACLES / "data" / f"{name}.csv").is_file() for name in read)


def test_the_first_lines_say_what_a_script_writes(tmp_path: Path) -> None:
    path = tmp_path / "kappa.R"
    path.write_text(
        "# Kappa.\n# Writes values: one two\n# Writes values: three\n"
        "# Writes data: pairs\n# Made with: R 4.2.2, irr 0.84.1\n"
    )
    read = regenerate.read_script(path)
    assert read.values == ("one", "two", "three")
    assert read.made_with == {"R": "4.2.2", "irr": "0.84.1"}
    assert read.files[0] == "data/pairs.csv"
    assert read.files[-1] == "values/three.json"


# --- what differs, and what is replaced -----------------------------------------------


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The committed oracles and those just written, without files yet."""
    committed, written = tmp_path / "committed", tmp_path / "written"
    for folder in (committed, written):
        (folder / "values").mkdir(parents=True)
        (folder / "data").mkdir()
    return committed, written


def store(folder: Path, name: str, **values: object) -> Path:
    path = folder / "values" / f"{name}.json"
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [
        (2.0, 2.0, 0.0),
        (2.0, 2.5, 0.25),
        (-4, -5, 0.25),
        (1e-30, 3e-30, 0.0),
        (0, 0.125, 0.125),
    ],
)
def test_numbers_are_compared_relative_to_their_size(
    folders: tuple[Path, Path], first: float, second: float, difference: float
) -> None:
    old = store(folders[0], "a", values={"x": [1.0, first]})
    new = store(folders[1], "a", values={"x": [1.0, second]})
    found = regenerate.compare(old, new)
    assert found.largest == difference
    assert found.is_same == (difference == 0)
    assert found.where == ("values/x/1" if difference else "")


@pytest.mark.parametrize(
    "values", [{"x": "low"}, {"x": None}, {"x": 1, "y": 2}, {}, {"x": True}]
)
def test_other_entries_are_a_difference(
    folders: tuple[Path, Path], values: dict[str, object]
) -> None:
    old = store(folders[0], "a", values={"x": 1.0})
    found = regenerate.compare(old, store(folders[1], "a", values=values))
    assert not found.is_same
    assert "other entries" in str(found)


def test_what_is_said_about_numbers_is_no_difference(
    folders: tuple[Path, Path],
) -> None:
    old = store(folders[0], "a", values=[1], note="one", versions={"R": "4.2.2"})
    new = store(folders[1], "a", values=[1], note="two", versions={"R": "4.5.0"})
    assert regenerate.compare(old, new).is_same


def test_data_are_compared_as_numbers(folders: tuple[Path, Path]) -> None:
    old, new = (folder / "data" / "rows.csv" for folder in folders)
    old.write_text('"team","score"\nt1,2.0\nt2,\n')
    new.write_text("team,score\nt1,2\nt2,\n")
    assert regenerate.compare(old, new).is_same
    new.write_text("team,score\nt1,2\nt2,3\n")
    assert not regenerate.compare(old, new).is_same


def test_only_files_whose_numbers_changed_are_replaced(
    folders: tuple[Path, Path],
) -> None:
    committed, written = folders
    for name, number in (("noise", 1 + 1e-7), ("changed", 1.01), ("new", 1.0)):
        store(written, name, values=number)
    noise = store(committed, "noise", values=1)
    changed = store(committed, "changed", values=1)
    made = script(Path("a.R"), values=("noise", "changed", "new"), R="4.2.2")
    said = regenerate.replace_changed(made, written, committed)
    assert [text.split(":")[0] for text in said] == [
        "values/changed.json",
        "values/new.json",
    ]
    assert json.loads(noise.read_text()) == {"values": 1}
    assert json.loads(changed.read_text()) == {"values": 1.01}
    assert (committed / "values" / "new.json").is_file()


# --- what is missing ------------------------------------------------------------------


def test_without_r_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert regenerate.main(["agreement"]) == 1
    said = capsys.readouterr().out
    assert "Rscript is not installed" in said
    assert "irr, irrCAC, psych" in said


def test_a_script_without_its_packages_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(regenerate, "installed_packages", lambda _: {"R": "4.2.2"})
    wanting = script(Path("a.R"), values=("a",), R="4.2.2", irr="0.84.1", psy="1.2")
    assert regenerate.run_all([wanting], "Rscript", None) == 1
    said = capsys.readouterr().out
    assert "a: not run, R lacks irr, psy" in said
    assert 'install.packages(c("irr", "psy"))' in said


def test_a_script_that_fails_or_writes_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(regenerate, "installed_packages", lambda _: {"R": "4.2.2"})
    faults = {"a": "object 'x' not found", "b": "did not write values/b.json"}
    monkeypatch.setattr(regenerate, "run_script", lambda s, *_: faults[s.name])
    both = [script(Path(f"{n}.R"), values=(n,), R="4.2.2") for n in faults]
    assert regenerate.run_all(both, "Rscript", tmp_path) == 1
    said = capsys.readouterr().out
    assert "object 'x' not found" in said
    assert said.splitlines()[-1] == "heard: failed: a, b"


def test_an_unknown_script_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        regenerate.main(["kappas"])
    assert "no such script: kappas" in capsys.readouterr().err


def test_the_readme_lists_every_script() -> None:
    readme = (ORACLES / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(\w+\.R)` \|", readme, re.MULTILINE)
    assert sorted(listed) == sorted(one.path.name for one in SCRIPTS)
