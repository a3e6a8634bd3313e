"""Staleness by content: every reason by its name, and no reason where none is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Project

from analysis.storage.declared import read_study
from analysis.storage.whole_files import digest
from analysis.workflow import receipts
from analysis.workflow.planning import plan_steps
from analysis.workflow.receipts import staleness
from analysis.workflow.runner import remove_orphans
from analysis.workflow.steps import Step


@pytest.fixture
def ran(pilot: Project, project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the finished demonstration study, to be meddled with."""
    shutil.rmtree(project.folder)
    shutil.copytree(pilot.folder, project.folder)
    home = project.folder / "home"
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    shutil.copy(ROOT / "requirements.lock", home)
    monkeypatch.setenv("HEARD_HOME", str(home))
    return project


def steps() -> dict[str, Step]:
    return {step.name: step for step in plan_steps(read_study("listening-pilot"))}


def stale() -> dict[str, str]:
    found = {name: staleness(step) for name, step in steps().items()}
    return {name: reason for name, reason in found.items() if reason}


def test_after_a_run_everything_is_fresh(ran: Project) -> None:
    assert stale() == {}


def test_a_touched_file_is_fresh(ran: Project) -> None:
    for path in ran.folder.rglob("*"):
        os.utime(path, (0, 0))
    assert stale() == {}


def test_a_changed_raw_file_is_named(ran: Project) -> None:
    path = ran.raw / "listening-pilot" / "staff_after.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    # Codes are matched in the raw files, so the linkage reads them too.
    reason = "input changed: staff_after.csv"
    assert stale() == {"cleaning-after": reason, "linkage": reason}


def test_a_missing_raw_file_is_named(ran: Project) -> None:
    (ran.raw / "listening-pilot" / "staff_after.csv").unlink()
    # Codes are matched in the raw files, so the linkage reads them too.
    reason = "input missing: staff_after.csv"
    assert stale() == {"cleaning-after": reason, "linkage": reason}


def test_a_removed_output_is_named(ran: Project) -> None:
    (ran.reports / "listening-pilot" / "outcomes.html").unlink()
    assert stale() == {
        "outcomes": "output removed: reports/outcomes.html",
        "index": "input missing: outcomes.html",
    }


def test_an_output_changed_by_hand_is_named(ran: Project) -> None:
    page = ran.reports / "listening-pilot" / "funder-summary.html"
    page.write_text("better numbers", encoding="utf-8")
    assert stale()["funder-summary"] == (
        "output changed by hand: reports/funder-summary.html"
    )


def test_an_edited_notebook_makes_just_its_own_steps_stale(ran: Project) -> None:
    path = ran.folder / "home" / "notebooks" / "20_reliability.ipynb"
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    reason = "the notebook changed"
    assert stale() == {
        f"reliability-{wave}": reason for wave in ("before", "after", "later")
    }


def test_a_changed_lock_makes_all_stale(ran: Project) -> None:
    (ran.folder / "home" / "requirements.lock").write_text("", encoding="utf-8")
    assert set(stale()) == set(steps())
    assert set(stale().values()) == {"the locked dependencies changed"}


def test_another_key_makes_whatever_makes_pseudonyms_stale(ran: Project) -> None:
    (ran.folder / "pseudonym.key").unlink()
    assert set(stale().values()) == {"the pseudonym key changed"}
    cleaning = {f"cleaning-{wave}" for wave in ("before", "after", "later")}
    assert set(stale()) == {*cleaning, "linkage", "coverage"}


STATISTIC = "heard/psychometrics/scale.py"


def test_code_a_step_reaches_makes_it_stale_and_other_code_does_not(
    ran: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(path: Path) -> str | None:
        return "new" if path.as_posix().endswith(STATISTIC) else digest(path)

    monkeypatch.setattr(receipts, "digest", changed)
    reason = f"code changed: {STATISTIC}"
    found = stale()
    assert set(found.values()) == {reason}
    assert {f"reliability-{w}" for w in ("before", "after", "later")} <= set(found)
    assert not [name for name in found if name.startswith(("cleaning", "linkage"))]
    assert not {"findings", "funder-summary", "index"} & set(found)


def test_a_changed_title_of_one_wave_concerns_that_wave_and_the_whole(
    ran: Project,
) -> None:
    path = ran.studies / "listening-pilot.toml"
    text = path.read_text("utf-8")
    old = 'title = "After"'
    assert text.count(old) == 1
    path.write_text(text.replace(old, 'title = "Afterwards"'), encoding="utf-8")
    assert set(stale()) == {
        "cleaning-after",
        "reliability-after",
        "linkage",
        "comparability",
        "outcomes",
        "supplementary",
        "missing-data",
        "subgroups",
        "comparison-designs",
        "multiverse",
        "coverage",
        "findings",
        "funder-summary",
        "index",
    }


def test_another_assumption_concerns_the_look_ahead_and_the_whole(
    ran: Project,
) -> None:
    path = ran.studies / "listening-pilot.toml"
    text = path.read_text("utf-8")
    old = "team_stability = 0.83"
    assert text.count(old) == 1
    path.write_text(text.replace(old, "team_stability = 0.7"), encoding="utf-8")
    found = stale()
    assert found["design"] == "the declaration changed"
    assert not any(name.startswith(("cleaning", "reliability")) for name in found)


def test_a_wave_taken_out_takes_its_outputs_along(ran: Project) -> None:
    kept = [step for step in steps().values() if step.wave != "later"]
    assert remove_orphans("listening-pilot", kept) == [
        "cleaning-later",
        "reliability-later",
    ]
    reports = ran.reports / "listening-pilot"
    assert not list(reports.rglob("*-later*"))
    assert not list((ran.processed / "listening-pilot" / "later").glob("*.parquet"))
    assert (reports / "cleaning-after.html").exists()


def test_a_changed_register_of_terms_makes_what_publishes_stale(
    ran: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind decides what is suppressed, and it stands in no Python file."""

    def changed(path: Path) -> str | None:
        return "new" if path.name == "terms.toml" else digest(path)

    monkeypatch.setattr(receipts, "digest", changed)
    found = stale()
    assert set(found.values()) == {"code changed: analysis/foundation/terms.toml"}
    assert {"cleaning-before", "linkage", "outcomes"} <= set(found)
