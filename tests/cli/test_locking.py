"""`heard lock`: what it writes, what it refuses, and that it never does so silently."""

from __future__ import annotations

import datetime as dt
import sys

import pytest
from conftest import ROOT, Project

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD, STUDY

from analysis.storage.declared import lock_file, read_study, study_names

OTHER = GOOD.replace("smallest_effect = 2\n", "smallest_effect = 3\n")
CHANGE = "the smallest effect of interest was 2 when locked and is 3 now."


def message(
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
    reported = message(planned)
    assert lock_file("planned") == planned.studies / "planned.lock.toml"
    lock = read_study("planned").lock
    assert lock is not None
    assert lock.arrived == ()
    assert lock.replaced == ()
    assert lock.hash[:12] in reported
    assert "post hoc" not in reported
    today = dt.datetime.now().astimezone().date()
    assert abs(today - dt.date.fromisoformat(lock.date)) <= dt.timedelta(days=1)


def test_a_lock_is_no_study(planned: Project) -> None:
    message(planned)
    assert study_names() == ("planned",)
    assert planned.heard("list", "--quiet").stdout.split() == ["planned"]


def test_locking_the_same_again_changes_nothing(planned: Project) -> None:
    message(planned)
    before = lock_file("planned").read_bytes()
    planned.declare("planned", "# a remark\n" + GOOD)
    assert "nothing changed since" in message(planned)
    assert "nothing changed since" in message(planned, "--again", "to be sure")
    assert lock_file("planned").read_bytes() == before


def test_data_that_arrived_make_the_lock_post_hoc(planned: Project) -> None:
    planned.receive("planned", "ratings_2.csv", "x\n")
    reported = message(planned)
    assert "Data had arrived already, of: after. The lock is post hoc" in reported
    lock = read_study("planned").lock
    assert lock is not None
    assert lock.arrived == ("after",)


def test_data_elsewhere_are_looked_for_there(planned: Project) -> None:
    elsewhere = planned.folder / "drive"
    (elsewhere / "planned").mkdir(parents=True)
    (elsewhere / "planned" / "staff_1.csv").write_text("x\n", encoding="utf-8")
    assert "of: before." in message(planned, "--raw", str(elsewhere))


def test_another_plan_needs_a_reason(planned: Project) -> None:
    message(planned)
    before = lock_file("planned").read_bytes()
    planned.declare("planned", OTHER)
    reported = message(planned, code=10)
    assert "planned.lock.toml: 2 faults" in reported
    assert "nothing written" in reported
    assert CHANGE in reported
    assert "--again needs a reason" in message(planned, "--again", "  ", code=10)
    assert lock_file("planned").read_bytes() == before


def test_a_plan_locked_again_keeps_what_it_replaced_and_why(planned: Project) -> None:
    message(planned)
    first = read_study("planned").lock
    planned.declare("planned", OTHER)
    reported = message(planned, "--again", "Service users\nasked for more.")
    assert CHANGE in reported
    second = read_study("planned").lock
    assert first is not None
    assert second is not None
    (earlier,) = second.replaced
    assert earlier.hash == first.hash != second.hash
    assert earlier.reason == "Service users asked for more."
    assert [CHANGE in change for change in earlier.changed] == [True]
    planned.declare("planned", GOOD)
    message(planned, "--again", "Back.")
    third = read_study("planned").lock
    assert third is not None
    assert third.hash == first.hash
    assert [part.reason for part in third.replaced] == [earlier.reason, "Back."]


def test_a_reason_without_an_earlier_lock_is_refused(planned: Project) -> None:
    reported = message(planned, "--again", "why", code=10)
    assert "there is no lock yet to replace; leave --again out" in reported
    assert not lock_file("planned").exists()


def test_a_study_without_a_plan_cannot_be_locked(project: Project) -> None:
    project.declare("planned", STUDY)
    reported = message(project, code=10)
    assert "planned.toml: declares no plan, so there is nothing to lock" in reported
    assert not lock_file("planned").exists()


@pytest.mark.parametrize("command", ["lock", "status", "run", "check"])
def test_a_lock_changed_by_hand_is_refused_everywhere(
    planned: Project, command: str
) -> None:
    message(planned)
    path = lock_file("planned")
    text = path.read_text("utf-8")
    path.write_text(text.replace("effect = 2.0", "effect = 1.0"), encoding="utf-8")
    finished = planned.heard(command, "planned")
    assert finished.returncode == 10
    assert "planned.lock.toml: [hash] does not fit" in finished.stderr


@pytest.mark.parametrize(
    ("content", "reported"),
    [(b"\xff", "is not UTF-8 text"), (b"hash", "not valid TOML")],
)
def test_a_broken_lock_is_refused(
    planned: Project, content: bytes, reported: str
) -> None:
    lock_file("planned").write_bytes(content)
    assert f"planned.lock.toml: {reported}" in message(planned, code=10)


def test_a_plan_no_longer_declared_is_a_deviation_and_no_fault(
    planned: Project,
) -> None:
    message(planned)
    planned.declare("planned", STUDY)
    assert planned.heard("status", "planned").returncode == 0
    assert "declares no plan" in message(planned, code=10)
