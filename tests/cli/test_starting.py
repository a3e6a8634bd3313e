"""`heard new` and `heard add-wave`: from exports to a declaration, nothing applied."""

from __future__ import annotations

import subprocess

import pytest
from conftest import Project, lines, shared_data

SECRET = "a private sentence"
ITEM = "confidence_now"
BEFORE = lines(
    [[ITEM, "Team", "Comments"], *[[n % 11, "Red", SECRET] for n in range(30)]]
)
FOLDER = "carpentries_training_waves"


def message(finished: subprocess.CompletedProcess[str], code: int = 0) -> str:
    text = finished.stdout + finished.stderr
    assert finished.returncode == code, text
    assert "Traceback" not in text
    assert SECRET not in text
    return " ".join(text.split())


@pytest.fixture
def started(project: Project) -> Project:
    """A study drafted from one export."""
    project.studies.mkdir()
    project.receive("mine", "before.csv", BEFORE)
    reported = message(project.heard("new", "mine", "before.csv"))
    assert "= seed_confidence: score 1.00: 1 of 1 items by name" in reported
    return project


def declaration(project: Project) -> str:
    return (project.studies / "mine.toml").read_text("utf-8")


def test_a_draft_is_sound_and_quotes_no_cell(started: Project) -> None:
    assert SECRET not in declaration(started)
    assert "Red" not in declaration(started)
    assert "Comments (answers, 1 different in 30)" in declaration(started)
    reported = message(started.heard("check", "mine"))
    assert "30 responses, utf-8, no survey tool recognised" in reported


def test_a_declaration_is_never_overwritten(started: Project) -> None:
    before = declaration(started)
    reported = message(started.heard("new", "mine", "before.csv"), code=10)
    assert "mine.toml: is there already; nothing was written" in reported
    assert declaration(started) == before


@pytest.mark.parametrize("name", ["../mine", "my study", "", ".mine"])
def test_a_name_that_is_no_name_is_refused(project: Project, name: str) -> None:
    reported = message(project.heard("new", name, "before.csv"), code=10)
    assert "is no name for a study" in reported
    assert not list(project.folder.rglob("*.toml"))


def test_a_missing_export_writes_nothing(project: Project) -> None:
    reported = message(project.heard("new", "mine", "nowhere.csv"), code=11)
    assert "nowhere.csv: not found in" in reported
    assert not list(project.folder.rglob("*.toml"))


def test_an_export_from_elsewhere_is_to_be_put_in_its_place(project: Project) -> None:
    (project.folder / "elsewhere.csv").write_text(BEFORE, encoding="utf-8")
    reported = message(project.heard("new", "mine", "elsewhere.csv"))
    assert f"Put elsewhere.csv into {project.raw / 'mine'}" in reported
    assert 'survey_1.file = "elsewhere.csv"' in declaration(project)


def test_adding_a_wave_writes_only_where_asked(started: Project) -> None:
    after = BEFORE.replace(ITEM, "Confidence now?")
    path = started.receive("mine", "after.csv", after)
    before = declaration(started)
    asked = ("add-wave", "mine", "after.csv", "--survey", "survey_1", "--wave", "after")
    reported = message(started.heard(*asked))
    assert "renamed: 'confidence_now' → 'Confidence now?'" in reported
    assert declaration(started) == before
    message(
        started.heard(*asked, "--write", "--title", "After", "--date", "2026-05-01")
    )
    assert declaration(started).startswith(before.rstrip("\n"))
    assert "after survey_1 30 responses" in message(started.heard("check", "mine"))
    assert path.read_text("utf-8") == after
    reported = message(started.heard(*asked), code=10)
    assert "wave 'after' has survey 'survey_1' already" in reported


def test_a_wave_that_cannot_be_declared_is_not_written(started: Project) -> None:
    started.receive("mine", "after.csv", "colour,shape\nred,round\n")
    before = declaration(started)
    asked = ("add-wave", "mine", "after.csv", "--survey", "survey_1", "--wave", "after")
    reported = message(started.heard(*asked, "--write"))
    assert "missing: 'confidence_now'" in reported
    assert "items.seed_confidence.now = … # not found" in reported
    reported = message(started.heard("check", "mine"), code=11)
    assert "unknown column 'confidence_now'" in reported
    assert declaration(started) != before


@pytest.mark.parametrize(
    ("arguments", "code", "reported"),
    [
        (("--survey", "survey_2", "--wave", "x"), 10, "Did you mean 'survey_1'"),
        (("--survey", "survey_1", "--wave", "a b"), 10, "is no name for a wave"),
        (("--survey", "survey_1", "--wave", "x"), 11, "after.csv: not found in"),
        (("--survey", "survey_1"), 2, "Missing option '--wave'"),
        (
            ("--survey", "survey_1", "--wave", "x", "--date", "May"),
            10,
            "must be a date such as 2026-01-31",
        ),
        (
            ("--survey", "survey_1", "--wave", "x", "--date", "2026-13-99"),
            10,
            "must be a date such as 2026-01-31",
        ),
    ],
)
def test_wrong_use_of_add_wave(
    started: Project, arguments: tuple[str, ...], code: int, reported: str
) -> None:
    before = declaration(started)
    finished = started.heard("add-wave", "mine", "after.csv", *arguments)
    assert reported in message(finished, code=code)
    assert declaration(started) == before


def test_the_three_real_waves_go_through_one_study(project: Project) -> None:
    source = shared_data(FOLDER)
    project.studies.mkdir()
    for path in source.glob("wave*_longterm.csv"):
        project.receive(FOLDER, path.name, path.read_bytes())
    message(project.heard("new", FOLDER, "wave2_2020-03_longterm.csv"))
    asked = ("--survey", "survey_1", "--write", "--wave")
    reported = message(
        project.heard("add-wave", FOLDER, "wave1_2017-10_longterm.csv", *asked, "first")
    )
    # 2017's headers, each beside what it became.
    for was, now in (
        ("impact_career_advancement", "Skills-Advance-Career"),
        ("impact_increase_confidence", "Gained-Confidence-With-Data"),
        ("impact_motivation_learning", "Motivated-Seek-Knowledge"),
    ):
        assert f"renamed: '{was}' → '{now}'?" in reported
    file = "wave3_2020-12_longterm.csv"
    reported = message(project.heard("add-wave", FOLDER, file, *asked, "third"))
    drift = "carpentries_impact: 5 different texts → numbers 1 to 5"
    assert f"coding changed: {drift}" in reported
    reported = message(project.heard("check", FOLDER))
    for rows in (476, 176, 87):
        assert f"{rows} responses" in reported


EVENTS = lines(
    [
        ["record_id", "redcap_event_name", "allocated", ITEM],
        *[[n, "base_arm_1", "A", n % 11] for n in range(30)],
        *[[n, "later_arm_1", "", 5] for n in range(30)],
        *[[n, "later_arm_2", "", 6] for n in range(30, 40)],
    ]
)


def test_the_events_of_one_redcap_file_become_waves(project: Project) -> None:
    project.studies.mkdir()
    path = project.receive("mine", "redcap.csv", EVENTS)
    reported = message(project.heard("new", "mine", "redcap.csv"))
    assert "70 rows, 4 columns, utf-8, REDCap" in reported
    file = project.studies / "mine.toml"
    text = file.read_text("utf-8")
    assert '# several in one file: "base_arm_1", "later_arm_1", "later_arm_2"' in text
    reported = message(project.heard("check", "mine"), code=11)
    assert "holds rows of 3 kinds in redcap_event_name" in reported
    text = text.replace("# event = …", 'event = "base_arm_1"\n#')
    file.write_text(text + "[arms]\nA.title = 'A'\n", encoding="utf-8")
    asked = ("add-wave", "mine", "redcap.csv", "--survey", "survey_1", "--wave", "x")
    reported = message(project.heard(*asked, "--write"), code=10)
    assert "reads the same answers as wave 'wave_1'" in reported
    events = ("--event", "later_arm_1", "--event", "later_arm_2")
    reported = message(project.heard(*asked, *events, "--write"))
    assert 'event = ["later_arm_1", "later_arm_2"]' in reported
    text = file.read_text("utf-8")
    columns = '[surveys.survey_1.columns]\narm = "allocated"\n[waves.wave_1]'
    file.write_text(text.replace("[waves.wave_1]", columns, 1), encoding="utf-8")
    reported = message(project.heard("check", "mine"))
    assert "x survey_1 40 responses, utf-8, REDCap, 'allocated' of 30 rows" in reported
    assert path.read_text("utf-8") == EVENTS
    reported = message(
        project.heard(*asked[:-1], "y", "--event", "late_arm_1"), code=11
    )
    assert "unknown event 'late_arm_1'. Did you mean 'later_arm_1'?" in reported


def test_every_declared_column_is_looked_for_in_the_new_wave(project: Project) -> None:
    names = ["Handed in", "Trap", "Printed", "Remarks"]
    rows = [[n % 11, "2026-01-31", "five", n % 11, SECRET] for n in range(30)]
    project.receive("mine", "before.csv", lines([[ITEM, *names], *rows]))
    later = [ITEM, *(f"{name} (new form)" for name in names[:3]), "Said"]
    project.receive("mine", "after.csv", lines([later, *rows]))
    project.declare("mine", COLUMNS)
    asked = ("add-wave", "mine", "after.csv", "--survey", "staff", "--wave", "after")
    reported = message(project.heard(*asked))
    for name in names[:3]:
        assert f"renamed: '{name}' → '{name} (new form)'?" in reported
    assert "missing: 'Remarks'" in reported
    assert 'columns.submitted = "Handed in (new form)"' in reported
    assert (
        '# cleaning.attention: the column "Trap" is now "Trap (new form)".' in reported
    )
    assert "# texts.remarks = … # not found" in reported


COLUMNS = f"""
title = "A small study"
summary = "What was done."
[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
items.seed_confidence.now = "{ITEM}"
columns.submitted = "Handed in"
texts.remarks = "Remarks"
cleaning.attention = {{ column = "Trap", accepted = "five" }}
cleaning.printed_total = {{ column = "Printed", score = "seed_confidence.now" }}
[waves.before]
staff.file = "before.csv"
"""


def test_check_lists_what_each_declared_wave_has_otherwise(started: Project) -> None:
    """The drift of waves that were declared long ago, in one command."""
    after = BEFORE.replace(ITEM, "Confidence now?").replace("Team", "Ward")
    started.receive("mine", "after.csv", after)
    asked = ("add-wave", "mine", "after.csv", "--survey", "survey_1", "--wave", "after")
    message(started.heard(*asked, "--write"))
    reported = message(started.heard("check", "mine", "--drift"))
    assert "Survey 1, wave 'after' (after.csv): 3 differences from wave" in reported
    assert "renamed: 'confidence_now' → 'Confidence now?'" in reported
    assert "new columns (1): 'Ward'" in reported
    assert "differences" not in message(started.heard("check", "mine"))
