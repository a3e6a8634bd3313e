"""start.py decides when to set up and what to run; nothing is installed here."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import start

ROOT = Path(__file__).resolve().parents[2]
DONE = {
    "inputs": "a1",
    "lock": start.LOCK,
    "python": "3.11",
    "folder": "/somewhere",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for lock in start.LOCKS:
        (tmp_path / lock).write_text("numpy==2.4.1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def test_finished_set_up_is_not_repeated() -> None:
    assert not start.set_up_reason(DONE, DONE, "3.11")


@pytest.mark.parametrize(
    ("stamp", "python", "message"),
    [
        (DONE, "", "no working .venv"),
        (DONE, "3.12", "has Python 3.12, this is Python 3.11"),
        ({}, "3.11", "did not finish"),
        (DONE | {"folder": "/elsewhere"}, "3.11", "moved or copied"),
        (DONE | {"inputs": "b2"}, "3.11", start.CHANGED),
        (DONE | {"lock": start.DEV_LOCK}, "3.11", start.MORE_NEEDED),
    ],
)
def test_set_up_runs_again_and_says_why(
    stamp: dict[str, str], python: str, message: str
) -> None:
    assert message in start.set_up_reason(stamp, DONE, python)


def test_only_changed_inputs_keep_the_packages_there() -> None:
    moved_too = DONE | {"inputs": "b2", "folder": "/elsewhere"}
    assert start.set_up_reason(moved_too, DONE, "3.11") != start.CHANGED


@pytest.mark.parametrize("lock", start.LOCKS)
def test_a_changed_input_changes_the_fingerprint(project: Path, lock: str) -> None:
    for name in (lock, "pyproject.toml"):
        before = start.wanted_stamp(project, lock)
        assert before == start.wanted_stamp(project, lock)
        (project / name).write_text("changed\n")
        assert start.wanted_stamp(project, lock)["inputs"] != before["inputs"]


def test_a_changed_development_lock_leaves_an_evaluator_alone(project: Path) -> None:
    before = start.wanted_stamp(project, start.LOCK)
    (project / start.DEV_LOCK).write_text("changed\n")
    assert start.wanted_stamp(project, start.LOCK) == before


def test_text_moved_between_the_inputs_changes_the_fingerprint(project: Path) -> None:
    before = start.fingerprint(project, start.LOCK)
    (project / start.LOCK).write_text("numpy==2.4.1\n[project]\n")
    (project / "pyproject.toml").write_text("")
    assert start.fingerprint(project, start.LOCK) != before


def test_development_requirements_once_installed_stay() -> None:
    assert start.lock_to_install(start.LOCK, {}) == start.LOCK
    assert start.lock_to_install(start.DEV_LOCK, DONE) == start.DEV_LOCK
    developing = DONE | {"lock": start.DEV_LOCK}
    assert start.lock_to_install(start.LOCK, developing) == start.DEV_LOCK


@pytest.mark.parametrize(
    ("command", "lock"),
    [
        ("demo", start.LOCK),
        ("lab", start.LOCK),
        ("test", start.DEV_LOCK),
        ("check", start.DEV_LOCK),
        ("docs", start.DEV_LOCK),
        ("setup", start.DEV_LOCK),
    ],
)
def test_commands_set_up_what_they_need(
    monkeypatch: pytest.MonkeyPatch, command: str, lock: str
) -> None:
    set_up_as: list[str] = []
    default = start.set_up.__defaults__
    assert default is not None

    def note(needed: str = default[0]) -> None:
        set_up_as.append(needed)

    monkeypatch.setattr(start, "set_up", note)
    monkeypatch.setattr(start, "run", lambda *_: 0)
    assert start.main([command]) == 0
    assert set_up_as == [lock]


@pytest.mark.parametrize("left", [None, "", '{"inputs": "a1"', "[]"])
def test_half_written_stamp_counts_as_none(tmp_path: Path, left: str | None) -> None:
    path = tmp_path / "stamp.json"
    if left is not None:
        path.write_text(left)
    assert start.read_stamp(path) == {}


def test_python_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.symlink_to(tmp_path / "removed")
    assert start.python_of(str(broken)) == ""
    assert start.python_of(sys.executable) == "{}.{}".format(*sys.version_info)


def test_missing_venv_is_said_in_one_line_with_its_remedy() -> None:
    assert start.missing_modules() == ""
    message = start.missing_modules(["venv", "no_such_module"])
    assert "lacks no_such_module" in message
    assert "apt install python3-venv" in message
    assert "\n" not in message


def test_failed_set_up_is_a_message_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        start.step("failing", [sys.executable, "-c", "print('why'); exit(3)"])

    monkeypatch.setattr(start, "set_up", fail)
    assert start.main(["test"]) == 1
    message = capsys.readouterr().err
    assert "failing failed" in message
    assert message.splitlines()[-1].strip() == "why"


def test_long_output_is_cut_in_its_middle() -> None:
    shown = start.ends("\n".join(f"line {i}" for i in range(1, 31))).split("\n    ")
    assert shown[3:6] == ["line 4", "...", "line 21"]
    assert shown[-1] == "line 30"


def test_no_arguments_list_every_command_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert start.main([]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(start.COMMANDS)
    assert all(len(line) <= 72 for line in lines)


def test_unknown_command_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main(["tset"]) == 2
    message = capsys.readouterr().err
    assert "unknown command 'tset'" in message
    assert all(name in message for name in start.COMMANDS)


def test_make_has_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == {"help", *start.COMMANDS}


def test_choice_of_tests_is_turned_for_pytest() -> None:
    given = ["k=alpha and not slow", "-x", "--lf"]
    assert start.pytest_arguments(given) == ["-k", "alpha and not slow", "-x", "--lf"]


def test_every_test_runs_on_several_cores_and_a_few_alone() -> None:
    assert "--numprocesses=auto" in start.pytest_arguments([])
    assert "--numprocesses=auto" not in start.pytest_arguments(["k=alpha"])


def test_bytecode_stays_compiled_in_what_is_run() -> None:
    passed_on = start.environment({"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/h"})
    assert "PYTHONDONTWRITEBYTECODE" not in passed_on
    assert passed_on["HOME"] == "/h"


def test_every_check_runs_though_one_fails(capfd: pytest.CaptureFixture[str]) -> None:
    exits = [sys.executable, "-c", "raise SystemExit(3)"]
    prints = [sys.executable, "-c", "print('ran')"]
    assert start.run_all({"first": exits, "second": prints}) == 1
    message = capfd.readouterr().out
    assert "ran" in message
    assert message.splitlines()[-1].endswith("failed: first")
    assert start.run_all({"second": prints}) == 0


def test_benchmarks_are_scripts_and_folders_that_run(tmp_path: Path) -> None:
    assert start.benchmarks(tmp_path) == []
    (tmp_path / "benchmarks" / "alpha").mkdir(parents=True)
    for name in ("alpha/run.py", "alpha/data.py", "tables.py", "_shared.py"):
        (tmp_path / "benchmarks" / name).touch()
    found = [
        path.relative_to(tmp_path).as_posix() for path in start.benchmarks(tmp_path)
    ]
    assert found == ["benchmarks/alpha/run.py", "benchmarks/tables.py"]


def test_only_one_set_up_runs_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "CACHE", tmp_path)
    with start.single_set_up(), (tmp_path / "setup.lock").open("a") as other:
        assert not start.is_locked(other)
    with (tmp_path / "setup.lock").open("a") as other:
        assert start.is_locked(other)


def test_older_python_could_read_the_version_check() -> None:
    source = (ROOT / "start.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__" not in source, "Python 3.6 would stop there"


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_interrupt_ends_with_the_exit_code_of_an_interrupt() -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
    assert start.run(sys.executable, "-c", code) == 130
