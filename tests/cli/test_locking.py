"""`heard lock`: what it writes, what it refuses, and that it never does so silently."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from conftest import ROOT, Project

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD, STUDY

from analysis.storage.declared import read_study, study_names
from analysis.storage.plan_locks import lock_file

OTHER = GOOD.replace("smallest_effect = 2\n", "smallest_effect = 3\n")
CHANGE = "the smallest effect of interest was 2 when locked and is 3 now."


def said(
    project: Project, *arguments: str, code: int = 0, stream: str = "stdout"
) -> str:
    finished = project.heard("lock", "planned", *arguments)
    text = finished.stdout + finished.stderr
    assert finished.returncode == code, text
    assert "Traceback" not in text
    assert getattr(finished, "stderr" if code else stream)
    return " ".join(text.split())


@pytest.fixture
def planned(project: Project) -> Project:
    """A study with a plan, without data."""
    project.declare("planned", GOOD)
    return project


def test_a_lock_before_the_data_is_written_beside_the_study(planned: Project) -> None:
    told = said(planned)
    assert lock_file("planned") == planned.studies / "planned.lock.toml"
    lock = read_study("planned").lock
    assert lock is not None
    assert lock.arrived == ()
    assert lock.replaced == ()
    assert lock.hash[:12] in told
    assert "post hoc" not in told
    today = dt.datetime.now().astimezone().date()
    assert abs(today - dt.date.fromisoformat(lock.date)) <= dt.timedelta(days=1)


def test_a_lock_is_no_study(planned: Project) -> None:
    said(planned)
    assert study_names() == ("planned",)
    assert planned.heard("list", "--quiet").stdout.split() == ["planned"]


def test_locking_the_same_again_changes_nothing(planned: Project) -> None:
    said(planned)
    before = lock_file("planned").read_bytes()
    planned.declare("planned", "# a remark\n" + GOOD)
    assert "nothing changed since" in said(planned)
    assert "nothing changed since" in said(planned, "--again", "to be sure")
    assert lock_file("planned").read_bytes() == before


def test_data_that_arrived_make_the_lock_post_hoc(planned: Project) -> None:
    planned.receive("planned", "ratings_2.csv", "x\n")
    told = said(planned)
    assert "Data had arrived already, of: after. The lock is post hoc" in told
    lock = read_study("planned").lock
    assert lock is not None
    assert lock.arrived == ("after",)


def test_data_elsewhere_are_looked_for_there(planned: Project) -> None:
    elsewhere = planned.folder / "drive"
    (elsewhere / "planned").mkdir(parents=True)
    (elsewhere / "planned" / "staff_1.csv").write_text("x\n", encoding="utf-8")
    assert "of: before." in said(planned, "--raw", str(elsewhere))


def test_another_plan_needs_a_reason(planned: Project) -> None:
    said(planned)
    before = lock_file("planned").read_bytes()
    planned.declare("planned", OTHER)
    told = said(planned, code=10)
    assert "planned.lock.toml: 2 faults" in told
    assert "nothing written" in told
    assert CHANGE in told
    assert "--again needs a reason" in said(planned, "--again", "  ", code=10)
    assert lock_file("planned").read_bytes() == before


def test_a_plan_locked_again_keeps_what_it_replaced_and_why(planned: Project) -> None:
    said(planned)
    first = read_study("planned").lock
    planned.declare("planned", OTHER)
    told = said(planned, "--again", "Service users\nasked for more.")
    assert CHANGE in told
    second = read_study("planned").lock
    assert first is not None
    assert second is not None
    (earlier,) = second.replaced
    assert earlier.hash == first.hash != second.hash
    assert earlier.reason == "Service users asked for more."
    assert [CHANGE in change for change in earlier.changed] == [True]
    planned.declare("planned", GOOD)
    said(planned, "--again", "Back.")
    third = read_study("planned").lock
    assert third is not None
    assert third.hash == first.hash
    assert [part.reason for part in third.replaced] == [earlier.reason, "Back."]


def test_a_reason_without_an_earlier_lock_is_refused(planned: Project) -> None:
    told = said(planned, "--again", "why", code=10)
    assert "there is no lock yet to replace; leave --again out" in told
    assert not lock_file("planned").exists()


def test_a_study_without_a_plan_cannot_be_locked(project: Project) -> None:
    project.declare("planned", STUDY)
    told = said(project, code=10)
    assert "planned.toml: declares no plan, so there is nothing to lock" in told
    assert not lock_file("planned").exists()


@pytest.mark.parametrize("command", ["lock", "status", "run", "check"])
def test_a_lock_changed_by_hand_is_refused_everywhere(
    planned: Project, command: str
) -> None:
    said(planned)
    path = lock_file("planned")
    text = path.read_text("utf-8")
    path.write_text(text.replace("effect = 2.0", "effect = 1.0"), encoding="utf-8")
    finished = planned.heard(command, "planned")
    assert finished.returncode == 10
    assert "planned.lock.toml: [hash] does not fit" in finished.stderr


@pytest.mark.parametrize(
    ("content", "told"), [(b"\xff", "is not UTF-8 text"), (b"hash", "not valid TOML")]
)
def test_a_broken_lock_is_refused(planned: Project, content: bytes, told: str) -> None:
    lock_file("planned").write_bytes(content)
    assert f"planned.lock.toml: {told}" in said(planned, code=10)


def test_a_plan_no_longer_declared_is_a_deviation_and_no_fault(
    planned: Project,
) -> None:
    said(planned)
    planned.declare("planned", STUDY)
    assert planned.heard("status", "planned").returncode == 0
    assert "declares no plan" in said(planned, code=10)
