"""`heard design`: needs no data and no key, says what is lacking, never silently."""

from __future__ import annotations

import json
import sys

import pytest
from conftest import ROOT, Project

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD

DESIGN = "\n[design]\nteam_size = 6\nteams = [3, 6]\nsmallest_effect = 0.5\n"


@pytest.fixture
def planned(project: Project) -> Project:
    """A study with a design, without data."""
    project.declare("planned", GOOD + DESIGN)
    return project


def test_a_design_is_told_and_shown_without_data_and_without_a_key(
    planned: Project,
) -> None:
    finished = planned.heard("design", "planned")
    assert finished.returncode == 0, finished.stderr
    message = " ".join(finished.stdout.split())
    assert (
        "With 3 teams in each group the pilot will see a difference of 0.5" in message
    )
    assert "of 100 such pilots; with 6 in" in message
    assert "not shown" not in message
    assert all(len(line) <= 88 for line in finished.stdout.splitlines()[:-1])
    page = (planned.reports / "planned" / "design.html").read_text("utf-8")
    assert "What is assumed" in page
    assert page.count("<figure>") == 1
    assert not (planned.folder / "pseudonym.key").exists()
    assert not planned.raw.exists()
    assert not planned.processed.exists()

    again = planned.heard("design", "planned", "--json")
    assert again.stderr == ""
    found = json.loads(again.stdout)
    assert {each["group"] for each in found} == {"3 teams an arm", "6 teams an arm"}
    assert all(each["estimate"] is not None for each in found)
    quiet = planned.heard("design", "planned", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_a_study_without_a_design_says_what_to_declare(project: Project) -> None:
    project.declare("planned", GOOD)
    finished = project.heard("design", "planned")
    assert finished.returncode == 10
    assert "planned.toml: declares no design. Add a table [design]" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not project.reports.exists()


def test_a_faulty_design_is_a_fault_of_the_declaration(project: Project) -> None:
    project.declare("planned", GOOD + DESIGN.replace("= 6\n", "= 1\n"))
    finished = project.heard("design", "planned")
    assert finished.returncode == 10
    assert "[design.team_size] must be at least 2" in finished.stderr
    assert "Traceback" not in finished.stderr
