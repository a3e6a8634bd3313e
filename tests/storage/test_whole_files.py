"""Files appear whole or not at all, and wait in their stage while a step runs."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from conftest import Project

from analysis.storage import whole_files as stage
from analysis.storage.whole_files import digest, read_json, whole_file, write_text
from heard.errors import AnalysisError


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("before", encoding="utf-8")

    def fill_the_disk() -> None:
        with whole_file(target) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(AnalysisError, match=r"page.html: could not be .*No space"):
        fill_the_disk()
    assert target.read_text("utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_staged_file_appears_only_when_published(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stage.VARIABLE, "step")
    page = project.reports / "study" / "page.html"
    rows = project.processed / "study" / "before" / "rows.parquet"
    write_text(page, "a page")
    write_text(rows, "rows")
    assert not page.exists()
    assert not rows.exists()
    monkeypatch.delenv(stage.VARIABLE)
    moved = stage.publish_stage("study", "step")
    assert list(moved) == ["processed/before/rows.parquet", "reports/page.html"]
    assert page.read_text("utf-8") == "a page"
    assert [path.name for path in (project.reports / "study").iterdir()] == [
        "page.html"
    ]


def test_rows_never_wait_among_the_reports(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(stage.VARIABLE, "step")
    write_text(project.processed / "study" / "rows.parquet", "rows")
    assert not project.reports.exists()


def test_a_broken_json_file_counts_as_none(tmp_path: Path) -> None:
    broken = tmp_path / "receipt.json"
    broken.write_text('{"half', encoding="utf-8")
    assert read_json(broken) is None
    assert read_json(tmp_path / "none.json") is None


def test_digest_is_of_the_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"same")
    two.write_bytes(b"same")
    assert digest(one) == digest(two)
    assert digest(tmp_path / "none") is None
