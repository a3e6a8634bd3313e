"""The tour of bad input: each fault one clear message, its exit code, no traceback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, Project, copy_study

STUDY = """
title = "A small study"
summary = "What was done."
[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
items.seed_confidence = "{item}"
[waves.before]
title = "Before"
staff.file = "export.csv"
"""
SECRET = "a private sentence"


@pytest.fixture
def small(project: Project) -> Project:
    """A study of one survey, one wave and one item."""
    project.declare("small", STUDY)
    project.receive("small", "export.csv", "now\n" + "5\n7\n" * 20)
    return project


def fault(
    project: Project, *arguments: str, code: int, reported: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that must fail in this way, in plain words."""
    raw = {path: path.read_bytes() for path in project.raw.rglob("*.csv")}
    finished = project.heard(*arguments)
    message = finished.stderr + finished.stdout
    assert finished.returncode == code, message
    assert reported in " ".join(message.split()), message
    assert "Traceback" not in message
    assert SECRET not in message
    assert raw == {path: path.read_bytes() for path in project.raw.rglob("*.csv")}
    left = [p.name for p in project.folder.rglob("*") if p.name.startswith(".")]
    assert not left, "something half-written was left"
    return finished


@pytest.mark.parametrize("command", ["run", "check"])
class TestData:
    """The same fault is told alike by `check`, and by `run`."""

    def test_missing_file(self, small: Project, command: str) -> None:
        (small.raw / "small" / "export.csv").unlink()
        fault(small, command, "small", code=11, reported="export.csv: not found in")

    def test_wrong_header(self, small: Project, command: str) -> None:
        small.receive("small", "export.csv", f"nowt,{SECRET}\n5,{SECRET}\n")
        reported = "unknown column 'now'. Did you mean 'nowt'?"
        finished = small.heard(command, "small")
        assert finished.returncode == 11
        assert reported in finished.stderr

    def test_unmapped_answer(self, small: Project, command: str) -> None:
        small.receive("small", "export.csv", f"now\n5\n{SECRET}\n")
        reported = "column 'now' has 1 answers of 2 that are not codes 0 to 10"
        fault(small, command, "small", code=11, reported=reported)

    def test_code_out_of_range(self, small: Project, command: str) -> None:
        small.receive("small", "export.csv", "now\n5\n11\n-1\n")
        reported = "column 'now' has 2 answers of 3 that are not codes 0 to 10"
        fault(small, command, "small", code=11, reported=reported)

    def test_empty_file(self, small: Project, command: str) -> None:
        small.receive("small", "export.csv", "")
        fault(small, command, "small", code=11, reported="export.csv: is empty")

    def test_binary_file(self, small: Project, command: str) -> None:
        small.receive("small", "export.csv", bytes(range(256)))
        fault(small, command, "small", code=11, reported="export.csv: is not text in")

    def test_unreadable_folder(self, small: Project, command: str) -> None:
        if os.name != "posix" or os.geteuid() == 0:
            # Root reads everything; a file where the folder should be is as shut.
            shutil.rmtree(small.raw / "small")
            (small.raw / "small").write_text("", encoding="utf-8")
            reported = "export.csv: cannot be read in"
        else:
            (small.raw / "small").chmod(0)
            reported = "Permission denied"
        fault(small, command, "small", code=11, reported=reported)

    def test_duplicate_key(self, small: Project, command: str) -> None:
        small.declare("small", STUDY + '[waves.before]\ntitle = "Again"\n')
        fault(small, command, "small", code=10, reported="small.toml: not valid TOML")

    def test_unknown_key(self, small: Project, command: str) -> None:
        small.declare("small", STUDY.replace("summary", "sumary"))
        reported = "[sumary] unknown key 'sumary'. Did you mean 'summary'?"
        fault(small, command, "small", code=10, reported=reported)

    def test_unknown_study(self, small: Project, command: str) -> None:
        reported = "unknown study 'smal'. Did you mean 'small'? Known: small"
        fault(small, command, "smal", code=10, reported=reported)


EVENTS = "record_id,redcap_event_name,allocated,now\n"
EVENTS += "1,base_arm_1,A,\n1,later_arm_1,B,3\n"
RECEIVED: dict[str, tuple[str | bytes, str, str]] = {
    "a header alone": ("now\n", "", "holds a header and no responses"),
    "rows of other lengths": (
        f"now,x\n5,1\n{SECRET}\n",
        'delimiter = ","',
        "1 of 2 rows do not have the header's 2 cells. Check delimiter = …",
    ),
    "another encoding than declared": (
        b"now,x\n5,\xe9\n",
        'encoding = "utf-8"',
        "export.csv: is not text in utf-8",
    ),
    "quotes that do not close": (
        f'now,x\n5,"{SECRET}\n',
        'delimiter = ","',
        "export.csv: is not a table, near line 2",
    ),
    "a column twice": (
        "now,now\n5,6\n",
        "",
        "column 'now' stands 2 times; say which: 'now#1' or 'now#2'",
    ),
    "another tool than declared": (
        "now\n5\n",
        'tool = "qualtrics"',
        "is declared as Qualtrics but shows no sign of it. Correct tool = …",
    ),
    "several events": (
        EVENTS,
        "",
        'Declare event = …, one of "base_arm_1", "later_arm_1"',
    ),
    "an event that is not there": (
        EVENTS,
        'event = "latter_arm_1"',
        "unknown event 'latter_arm_1'. Did you mean 'later_arm_1'?",
    ),
    "events that contradict each other": (
        EVENTS,
        'event = "later_arm_1"\ncarried = "allocated"',
        "column 'allocated' says different things of 1 people at different events",
    ),
    "no data dictionary where one is declared": (
        EVENTS,
        'event = "later_arm_1"\ndictionary = "export.csv"',
        "is not a REDCap data dictionary: there is no 'Variable / Field Name'",
    ),
    "a dictionary that is missing": (
        EVENTS,
        'event = "later_arm_1"\ndictionary = "words.csv"',
        "words.csv: not found in",
    ),
    "people told apart by nothing": (
        "now\n5\n",
        'columns.participant = ["code"]',
        "unknown column 'code'",
    ),
}


@pytest.mark.parametrize("case", RECEIVED)
def test_a_file_that_is_not_what_was_declared(small: Project, case: str) -> None:
    content, declared, reported = RECEIVED[case]
    small.receive("small", "export.csv", content)
    small.declare(
        "small", STUDY.replace("[waves.before]", f"{declared}\n[waves.before]")
    )
    fault(small, "check", "small", code=11, reported=reported)


@pytest.mark.parametrize(
    ("file", "reported"),
    [
        ("x.xlsx", "x.xlsx: is not a spreadsheet that can be read"),
        ("x.sav", "x.sav: is not a SPSS file that can be read"),
        ("x.dta", "x.dta: is not a Stata file that can be read"),
        ("x.parquet", "x.parquet: is not a Parquet file that can be read"),
    ],
)
def test_another_kind_of_file_under_this_name(
    small: Project, file: str, reported: str
) -> None:
    path = small.receive("small", file, f"now\n{SECRET}\n")
    small.declare("small", STUDY.replace("export.csv", file))
    for command in (("check", "small"), ("new", "other", str(path))):
        fault(small, *command, code=11, reported=reported)
    small.declare("small", STUDY)
    asked = ("add-wave", "small", file, "--survey", "staff", "--wave", "after")
    fault(small, *asked, code=11, reported=reported)


def test_an_unknown_sheet(small: Project) -> None:
    path = small.receive("small", "x.xlsx", b"")
    pd.DataFrame({"now": [5]}).to_excel(path, index=False, sheet_name="Answers")
    text = STUDY.replace("export.csv", "x.xlsx")
    small.declare(
        "small", text.replace("[waves.before]", 'sheet = "Anwers"\n[waves.before]')
    )
    reported = "unknown sheet 'Anwers'. Did you mean 'Answers'?"
    fault(small, "check", "small", code=11, reported=reported)


@pytest.mark.parametrize(
    ("declared", "reported"),
    [
        ('tool = "qualtrix"', "unknown value 'qualtrix'. Did you mean 'qualtrics'?"),
        ('encoding = "utf-99"', "unknown encoding 'utf-99'. Did you mean 'utf-8'?"),
        ('delimiter = ";;"', "delimiter] must be one character"),
        ('decimal = ";"', "decimal] unknown value ';'"),
        ("event = []", "event] must name an event"),
        ("carried = 3", "carried] must be a list of texts"),
        ('dictionary = "../words.csv"', "dictionary] must lie in the study's raw"),
    ],
)
def test_a_file_declared_in_a_way_no_file_is(
    small: Project, declared: str, reported: str
) -> None:
    small.declare(
        "small", STUDY.replace("[waves.before]", f"{declared}\n[waves.before]")
    )
    fault(small, "check", "small", code=10, reported=reported)


def test_two_waves_of_the_same_rows(small: Project) -> None:
    small.declare("small", STUDY + '[waves.after]\nstaff.file = "export.csv"\n')
    reported = "[waves.after.staff] reads the same answers as wave 'before'"
    fault(small, "check", "small", code=10, reported=reported)


def test_unknown_parameter(small: Project) -> None:
    reported = "unknown parameter 'sit'. Known: linkage_rule, study, wave"
    fault(small, "run", "small", "-p", "sit=x", code=14, reported=reported)
    fault(
        small, "run", "small", "-p", "sit", code=14, reported="of the form NAME=VALUE"
    )
    fault(
        small, "run", "small", "-p", "study=x", code=14, reported="is set by the study"
    )


def test_unknown_wave_and_step(small: Project) -> None:
    reported = "unknown wave 'befor'. Did you mean 'before'?"
    fault(small, "run", "small", "--wave", "befor", code=1, reported=reported)
    reported = "unknown step 'clean'. Did you mean 'cleaning'?"
    fault(small, "run", "small", "--only", "clean", code=1, reported=reported)


def test_a_stale_step_that_is_needed(small: Project) -> None:
    reported = "cleaning-before is needed and stale: never run"
    fault(small, "run", "small", "--only", "outcomes", code=13, reported=reported)


@pytest.mark.parametrize("arguments", [["run"], ["rum"], ["run", "small", "--jobz"]])
def test_wrong_use(small: Project, arguments: list[str]) -> None:
    finished = small.heard(*arguments)
    assert finished.returncode == 2
    assert "Usage" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_damaged_key(small: Project) -> None:
    (small.folder / "pseudonym.key").write_text("short", encoding="ascii")
    fault(small, "run", "small", code=1, reported="is not a pseudonym key")


def test_a_folder_that_cannot_be_written(small: Project) -> None:
    (small.folder / "reports").write_text("a file in the way", encoding="utf-8")
    fault(small, "run", "small", code=1, reported="reports")


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounting needs root on Linux"
)
@pytest.mark.parametrize("size", ["16k", "128k"])
def test_a_full_disk(small: Project, size: str) -> None:
    """A tiny file system for the reports, which the first or a later file fills."""
    small.reports.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(small.reports)]
    if subprocess.run(["mount", *options], check=False, capture_output=True).returncode:
        pytest.skip("this system does not let tests mount")
    try:
        finished = small.heard("run", "small", "--quiet")
        message = finished.stderr
        assert finished.returncode == 1, message
        assert "No space left on device" in message
        assert "Traceback" not in message
        half = [p for p in small.reports.rglob("*") if p.name.startswith(".")]
        assert not half
    finally:
        subprocess.run(["umount", str(small.reports)], check=True)


def test_ctrl_c_leaves_no_kernel_behind(project: Project) -> None:
    copy_study(project, "listening-pilot")
    environment = {**project.environment(), "HEARD_TEST": project.folder.name}
    run = subprocess.Popen(
        [sys.executable, "-m", "analysis", "run", "listening-pilot"],
        cwd=project.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: bool(kernels(project)), "no kernel was started")
        run.send_signal(signal.SIGINT)
        _, message = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode == 130
    assert "Stopped. What was finished is kept." in message
    assert "Traceback" not in message
    assert "IPKernelApp" not in message
    wait_until(lambda: not kernels(project), "a kernel was left behind")
    again = project.heard("run", "listening-pilot", "--only", "cleaning", "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["failed"] == {}


def kernels(project: Project) -> list[str]:
    """Kernels that this test's run has started, found by their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        ours = f"HEARD_TEST={project.folder.name}".encode() in environment
        if ours and b"ipykernel" in command:
            found.append(process.name)
    return found


def wait_until(condition: object, complaint: str) -> None:
    """Wait for something that comes of itself, for as long as a slow machine takes."""
    for _ in range(600):
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.1)
    pytest.fail(complaint)


def test_the_project_has_no_study_of_these_tests() -> None:
    assert not (ROOT / "studies" / "small.toml").exists()
