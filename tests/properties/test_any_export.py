"""Whatever a file of any kind and tool holds: the right answers or one clear fault.

Three things are asked of every example: nothing but a fault of this project is raised,
no fault and no draft quotes a cell, and the file stays as it was, to the byte.
"""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from conftest import Project
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis.cleaning.rules import clean_responses
from analysis.cli.application import command_line
from analysis.declarations.study_file import parse_study
from analysis.intake.responses import map_responses, read_exports
from analysis.storage.declared import read_instrument
from heard.errors import AnalysisError, DataError

SECRET = "Zq9"
"""Stands in every arbitrary cell; nothing of this project is called so."""
KINDS = (".csv", ".xlsx", ".sav", ".dta", ".parquet")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "windows-1252")
PATIENT = settings(
    max_examples=25,
    # an example is a whole file: to make a red one smaller takes minutes
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MOMENT = "2026-01-31 09:05:00"
TOOLS: dict[str, dict[str, str]] = {
    "none": {},
    "qualtrics": {
        "StartDate": MOMENT,
        "EndDate": MOMENT,
        "Status": "IP Address",
        "ResponseId": "R_1",
    },
    "redcap": {
        "record_id": "1",
        "redcap_event_name": "later_arm_1",
        "redcap_repeat_instrument": "",
        "a_complete": "2",
    },
    "limesurvey": {"id": "1", "submitdate": MOMENT, "lastpage": "3"},
    "microsoft_forms": {
        "ID": "1",
        "Start time": MOMENT,
        "Completion time": MOMENT,
        "Email": "anonymous",
    },
    "google_forms": {"Zeitstempel": "2020/10/30 3:08:44 PM GMT+1"},
    "surveymonkey": {"Respondent ID": "114", "Collector ID": "4"},
}
OURS = ("now", "who", "agreed", "age", "tools", "box_a", "box_b", "ward", "said")
STUDY = """
title = "A study"
summary = "What was done."
teams.red.title = "Red"
[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
missing_codes = ["-99", "NA"]
items.seed_confidence.now = "now"
texts.said = "said"
cleaning.out_of_range = "empty"
cleaning.repeats = "last"
cleaning.consent = "*"
[surveys.staff.columns]
participant = ["who"]
consent = "agreed"
team = "ward"
[surveys.staff.attributes]
age = { column = "age", lowest = 0, highest = 120 }
tools = { column = "tools", separator = ";", values = { Git = "git", R = "r" } }
boxes = { multi = { a = "box_a", b = "box_b" } }
[waves.before]
staff.file = "%s"
"""
CODES = st.sampled_from(["0", "3", "10", "", "-99", "na"])
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
    | st.sampled_from("\n;,\t\"'"),
    max_size=6,
)
CELL = WORDS.map(lambda text: f"{SECRET}{text}")
USUAL = st.sampled_from(["", "3", "-99", "Red", "yes", "Git;R", "0", "2026-01-31"])


def written(
    folder: Path, kind: str, columns: dict[str, list[str]], encoding: str = "utf-8"
) -> Path:
    """The columns as a file of a kind; where names are short, headers become labels."""
    path = folder / f"export{kind}"
    frame = pd.DataFrame(columns, dtype=object)
    plain = [re.sub(r"\W", "_", name)[:30] for name in columns]
    if kind == ".csv":
        text = io.StringIO()
        frame.to_csv(text, index=False, sep=";" if len(columns) % 2 else ",")
        path.write_bytes(text.getvalue().encode(encoding, errors="replace"))
    elif kind == ".xlsx":
        frame.to_excel(path, index=False)
    elif kind == ".sav":
        pyreadstat.write_sav(
            frame.set_axis(plain, axis=1), path, column_labels=list(columns)
        )
    elif kind == ".dta":
        pyreadstat.write_dta(
            frame.set_axis(plain, axis=1), path, column_labels=list(columns)
        )
    else:
        frame.to_parquet(path, index=False)
    return path


@st.composite
def exports(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> dict[str, list[str]]:
    """A tool's own columns, as it fills them, and ours."""
    tool = draw(st.sampled_from(sorted(TOOLS)))
    rows = draw(st.integers(1, 6))
    columns = {name: [cell] * rows for name, cell in TOOLS[tool].items()}
    for name in OURS:
        columns[name] = draw(st.lists(cells, min_size=rows, max_size=rows))
    return columns


def folder_of(project: Project) -> Path:
    folder = project.raw / "study"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("kind", KINDS)
@given(
    columns=exports(CELL | USUAL),
    answers=st.lists(CODES, min_size=6, max_size=6),
    encoding=st.sampled_from(ENCODINGS),
)
@PATIENT
def test_answers_are_right_in_every_kind_of_file_and_tool(
    project: Project,
    kind: str,
    columns: dict[str, list[str]],
    answers: list[str],
    encoding: str,
) -> None:
    rows = len(columns["now"])
    given_answers = answers[:rows]
    people = [f"p{n}" for n in range(rows)]
    columns |= {"now": given_answers, "who": people, "ward": ["Red"] * rows}
    path = written(folder_of(project), kind, columns, encoding)
    before = path.read_bytes()
    study = parse_study(
        STUDY % path.name, name="study", read_instrument=read_instrument
    )
    (responses,) = map_responses(read_exports(study, "before"))
    found = [float(code) for code in responses.frame["seed_confidence.now"]]
    known = {"0": 0.0, "3": 3.0, "10": 10.0}
    assert [None if code != code else code for code in found] == [
        known.get(answer) for answer in given_answers
    ]
    assert responses.frame["participant"].nunique() == rows
    assert list(responses.frame["team"]) == ["red"] * rows
    clean_responses(responses.frame, responses.export)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
@given(columns=exports(CELL | USUAL), encoding=st.sampled_from(ENCODINGS))
@PATIENT
def test_any_cells_are_read_or_refused_without_quoting_them(
    project: Project, kind: str, columns: dict[str, list[str]], encoding: str
) -> None:
    path = written(folder_of(project), kind, columns, encoding)
    before = path.read_bytes()
    study = parse_study(
        STUDY % path.name, name="study", read_instrument=read_instrument
    )
    fault = ""
    try:
        (responses,) = map_responses(read_exports(study, "before"))
        clean_responses(responses.frame, responses.export)
    except DataError as error:
        fault = str(error)
    assert SECRET not in fault
    assert path.read_bytes() == before


NAMES = st.sampled_from([*OURS, *(n for own in TOOLS.values() for n in own)])
HEADERS = st.lists(
    NAMES | WORDS.map(lambda text: f"col{text}"), min_size=1, max_size=8, unique=True
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[str]]:
    """Any headers over any cells; names of REDCap's events are no cells of anybody."""
    headers = draw(HEADERS)
    rows = draw(st.integers(0, 5))
    column = st.lists(CELL | USUAL, min_size=rows, max_size=rows)
    events = st.lists(st.sampled_from(["", "a", "b"]), min_size=rows, max_size=rows)
    return {
        name: draw(events if name.startswith("redcap_") else column) for name in headers
    }


def invoked(*arguments: str, path: Path) -> str:
    """Run a command in this process: done, or a fault of ours; the file untouched."""
    before = path.read_bytes()
    result = CliRunner().invoke(command_line(), list(arguments))
    fault = result.exception
    assert fault is None or isinstance(fault, AnalysisError), repr(fault)
    message = result.output + str(fault or "")
    assert SECRET not in message
    assert path.read_bytes() == before
    return message


def short_names_clash(kind: str, columns: dict[str, list[str]]) -> bool:
    """Whether a file of this kind cannot have these headers at all."""
    plain = [re.sub(r"\W", "_", name)[:30].casefold() for name in columns]
    return kind in {".sav", ".dta"} and (
        len(set(plain)) < len(plain) or not all(name.isascii() for name in plain)
    )


@pytest.mark.parametrize("kind", KINDS)
@given(columns=tables(), encoding=st.sampled_from(ENCODINGS))
@PATIENT
def test_any_table_is_drafted_or_refused(
    project: Project, kind: str, columns: dict[str, list[str]], encoding: str
) -> None:
    if short_names_clash(kind, columns):
        return
    project.studies.mkdir(exist_ok=True)
    declared = project.studies / "study.toml"
    declared.unlink(missing_ok=True)
    path = written(folder_of(project), kind, columns, encoding)
    message = invoked("new", "study", path.name, path=path)
    if declared.exists():
        text = declared.read_text("utf-8")
        tomllib.loads(text)
        assert SECRET not in text
        assert "Written:" in message


@pytest.mark.parametrize("kind", KINDS)
@given(columns=tables(), encoding=st.sampled_from(ENCODINGS), write=st.booleans())
@PATIENT
def test_any_table_is_compared_as_a_new_wave_or_refused(
    project: Project,
    kind: str,
    columns: dict[str, list[str]],
    encoding: str,
    write: bool,
) -> None:
    if short_names_clash(kind, columns):
        return
    folder = folder_of(project)
    first = {name: ["3", "4"] for name in OURS}
    pd.DataFrame(first).to_csv(folder / "first.csv", index=False)
    declared = STUDY % "first.csv"
    project.declare("study", declared)
    path = written(folder, kind, columns, encoding)
    asked = ["add-wave", "study", path.name, "--survey", "staff", "--wave", "after"]
    message = invoked(*asked, *(["--write"] if write else []), path=path)
    text = (project.studies / "study.toml").read_text("utf-8")
    assert text.startswith(declared.rstrip("\n"))
    assert SECRET not in text
    assert (text != declared) == ("Added to" in message)
    assert "Added to" not in message or write
    tomllib.loads(text)
