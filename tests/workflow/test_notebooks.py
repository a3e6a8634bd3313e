"""Executing one notebook: the copy is normalised, a failure leaves nothing behind."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, Project, copy_study

from analysis.cleaning.rules import clean_wave
from analysis.foundation.errors import DisclosureError, NotebookError
from analysis.intake.responses import map_responses, read_exports
from analysis.storage.declared import read_study
from analysis.workflow.actions import run_step
from analysis.workflow.planning import plan_steps
from analysis.workflow.receipts import receipt_file, staleness
from analysis.workflow.steps import Step
from heard.errors import DataError


@pytest.fixture
def cleaning(project: Project, monkeypatch: pytest.MonkeyPatch) -> Step:
    """The first step of the demonstration study, with notebooks of the test's own."""
    copy_study(project, "listening-pilot")
    home = project.folder / "home"
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    shutil.copy(ROOT / "requirements.lock", home)
    monkeypatch.setenv("HEARD_HOME", str(home))
    steps = plan_steps(read_study("listening-pilot"))
    return next(step for step in steps if step.kind == "cleaning")


def rewrite(step: Step, old: str, new: str) -> None:
    assert step.notebook is not None
    text = step.notebook.read_text("utf-8")
    assert old in text
    step.notebook.write_text(text.replace(old, new), encoding="utf-8")


def files(folder: Path) -> list[str]:
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()]


def test_a_copy_holds_no_time_path_or_random_name(
    cleaning: Step, project: Project
) -> None:
    run_step(cleaning)
    text = (
        project.reports / "listening-pilot" / "notebooks" / "cleaning-before.ipynb"
    ).read_text("utf-8")
    copy = json.loads(text)
    assert set(copy["metadata"]) == {"kernelspec", "language_info"}
    assert [cell["id"] for cell in copy["cells"]] == [
        f"cell-{number}" for number in range(len(copy["cells"]))
    ]
    assert all(set(cell["metadata"]) == {"tags"} for cell in copy["cells"])
    assert str(project.folder) not in text
    assert not staleness(cleaning)


def test_a_failing_cell_leaves_no_output_and_quotes_nothing(
    cleaning: Step, project: Project
) -> None:
    rewrite(
        cleaning, "received = read_exports", "int('a secret answer')\\nx = read_exports"
    )
    with pytest.raises(NotebookError) as caught:
        run_step(cleaning)
    assert "failed in cell" in str(caught.value)
    assert "ValueError" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert files(project.reports) == [
        str(receipt_file(cleaning).relative_to(project.reports))
    ]
    assert not files(project.processed) if project.processed.exists() else True
    assert staleness(cleaning) == "the last run failed"


def test_a_fault_of_the_data_keeps_its_kind_and_its_words(
    cleaning: Step, project: Project
) -> None:
    project.receive("listening-pilot", "staff_before.csv", "a,b\n1,2\n")
    with pytest.raises(DataError) as caught:
        run_step(cleaning)
    assert caught.value.exit_code == 11
    assert "unknown column" in str(caught.value)


def test_findings_about_another_wave_than_asked_are_refused(cleaning: Step) -> None:
    """The users' worst story: every report shows the last site."""
    for used in ("cleaned, declared), declared", "(flow, declared)"):
        rewrite(cleaning, used, used.replace("declared", "later"))
    narrowed = "declared = read_study(study).narrowed(wave)"
    later = "later = read_study(study).narrowed('later')"
    rewrite(cleaning, narrowed, f"{narrowed}\\n{later}")
    rewrite(cleaning, "read_exports(declared, wave)", "read_exports(later, 'later')")
    with pytest.raises(NotebookError, match=r"'later', and was asked for.*'before'"):
        run_step(cleaning)


def test_a_default_that_wins_over_what_was_passed_is_refused(cleaning: Step) -> None:
    rewrite(
        cleaning, "from analysis.cleaning", "wave = 'later'\\nfrom analysis.cleaning"
    )
    with pytest.raises(NotebookError, match=r"made no findings about .* 'before'"):
        run_step(cleaning)


def test_a_notebook_that_shows_rows_is_refused(
    cleaning: Step, project: Project
) -> None:
    show = "cleaned = clean_wave(map_responses(received))"
    rewrite(cleaning, show, f"{show}\\ncleaned[0].frame")
    with pytest.raises(DisclosureError, match=r"an output shows rows of \d+ people"):
        run_step(cleaning)
    assert not (project.reports / "listening-pilot" / "notebooks").exists()


def test_values_that_hold_rows_do_not_show_them(cleaning: Step) -> None:
    received = read_exports(read_study("listening-pilot"), "before")
    responses = map_responses(received)
    cleaned = clean_wave(responses)
    for value in (received, *received.tables.values(), *responses, *cleaned):
        assert len(repr(value)) < 60
        assert "frame" not in repr(value)


def test_an_undeclared_parameter_stops_before_anything_runs(
    cleaning: Step, project: Project
) -> None:
    with pytest.raises(NotebookError, match="unknown parameter 'site'"):
        run_step(replace(cleaning, parameters={**cleaning.parameters, "site": "x"}))
    assert not project.processed.exists()


def test_a_report_notebook_is_not_given_the_rows(
    cleaning: Step, project: Project
) -> None:
    summary = plan_steps(read_study("listening-pilot"))[-2]
    assert summary.kind == "funder-summary"
    rewrite(
        summary,
        "declared = read_study(study)",
        "from analysis.storage.rows import read_all_scores\\n"
        "declared = read_study(study)\\nread_all_scores(declared)",
    )
    run_step(cleaning)
    with pytest.raises(Exception, match="not cleaned yet"):
        run_step(summary)
