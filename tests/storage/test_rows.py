"""Raw exports: every encoding read right, every unreadable file one clear message."""

from __future__ import annotations

import contextlib

import pytest
from conftest import Project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.storage.declared import read_instrument
from analysis.storage.rows import read_raw
from heard.errors import DataError

STUDY = """
title = "A study"
summary = "What was done."
[surveys.staff]
title = "Staff survey"
instruments = ["seed_confidence"]
items.seed_confidence = "{item}"
%s
[waves.before]
staff.file = "export.csv"
"""


def declared(more: str = "") -> Study:
    return parse_study(STUDY % more, name="study", read_instrument=read_instrument)


def read(project: Project, content: str | bytes, more: str = "") -> list[list[str]]:
    project.receive("study", "export.csv", content)
    study = declared(more)
    return read_raw(study.waves[0].exports[0], study).cells.to_numpy().tolist()


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("windows-1252", "windows-1252"),
        ("utf-16", "utf-16"),
    ],
)
def test_every_encoding_gives_the_same_cells(
    project: Project, encoding: str, named: str
) -> None:
    text = 'now,comment\n3,"café, it’s\nfine"\n'  # noqa: RUF001
    project.receive("study", "export.csv", text.encode(encoding))
    study = declared()
    table = read_raw(study.waves[0].exports[0], study)
    assert list(table.cells.columns) == ["now", "comment"]
    assert table.cells.to_numpy().tolist() == [["3", "café, it’s\nfine"]]  # noqa: RUF001
    assert table.encoding == named


def test_cells_are_trimmed_and_blank_rows_left_out(project: Project) -> None:
    assert read(project, "now,x\n 3 ,NA\n,\n\n4,\n") == [["3", "NA"], ["4", ""]]


def test_a_declared_delimiter_is_used(project: Project) -> None:
    assert read(project, "now;x\n3;4\n", 'delimiter = ";"') == [["3", "4"]]


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        (b"", "is empty"),
        (b" \n \n", "is empty"),
        (b"now,x\n", "a header and no responses"),
        (b"PK\x03\x04\x00\x00\x00\x00\x00binary", "is not text in"),
        (b"now,x\n1,\x81\x8d\n", "is not text in utf-8 or windows-1252"),
        (b"now,x\n1,2,3\n4,5\n6\n", "2 of 3 rows do not have the header's 2 cells"),
        (b'now,x\n1,"2\n', "is not a table, near line"),
    ],
)
def test_what_is_no_table_is_one_clear_fault(
    project: Project, content: bytes, reported: str
) -> None:
    path = project.receive("study", "export.csv", content)
    study = declared()
    with pytest.raises(DataError) as caught:
        read_raw(study.waves[0].exports[0], study)
    assert reported in str(caught.value)
    assert "export.csv" in str(caught.value)
    assert path.read_bytes() == content


def test_a_missing_file_says_where_it_belongs(project: Project) -> None:
    study = declared()
    with pytest.raises(DataError, match=r"export.csv: not found in .*raw") as caught:
        read_raw(study.waves[0].exports[0], study)
    assert "--raw" in str(caught.value)
    assert caught.value.exit_code == 11


@given(content=st.binary(max_size=200))
@settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes_give_a_table_or_a_clear_fault(
    project: Project, content: bytes
) -> None:
    path = project.receive("study", "export.csv", content)
    study = declared()
    # Anything but a table or a fault of the data fails the test.
    with contextlib.suppress(DataError):
        table = read_raw(study.waves[0].exports[0], study)
        assert len(table.cells.columns) >= 1
    assert path.read_bytes() == content
