"""From the list of staff and the ratings to who was rated, by role and team."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import Project, lines

from analysis.declarations.study import Study
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Finding
from analysis.intake.responses import map_responses, read_exports
from analysis.intake.roster import read_roster
from analysis.outcomes.coverage import evaluate_coverage
from analysis.publication.disclosure.control import disclose
from analysis.publication.linkage_and_coverage import show_coverage
from analysis.storage.declared import read_instrument
from analysis.workflow.planning import plan_steps
from heard.errors import DataError

STUDY = """
title = "A study"
summary = "What was done."
[teams.red]
title = "Red team"
[teams.blue]
title = "Blue team"
[surveys.ratings]
title = "Ratings"
instruments = ["seed_confidence"]
columns.staff_member = "card"
items.seed_confidence = "{item}"
[waves.before]
ratings.file = "before.csv"
[roster]
file = "roster.csv"
survey = "ratings"
minimum_ratings = 2
answers = ["yes"]
[roster.columns]
staff_member = "code"
role = "job"
team = "team"
regular_contact = "contact"
"""
HEADINGS = ["code", "job", "team", "contact"]


def study(old: str = "", new: str = "") -> Study:
    return parse_study(
        STUDY.replace(old, new), name="study", read_instrument=read_instrument
    )


def staff(
    start: int, count: int, job: str, team: str, contact: str = "Yes"
) -> list[list[str]]:
    return [[f"S{n}", job, team, contact] for n in range(start, start + count)]


def covered(project: Project, rows: list[list[str]]) -> tuple[Finding, ...]:
    """Coverage where staff S0 to S9 have one rating, S10 to S19 two, S999 one."""
    cards = [n for n in range(20) for _ in range(1 + (n >= 10))] + [999]
    ratings = [["card", "now"], *([f" s{n}", "3"] for n in cards), ["", "3"]]
    project.receive("study", "before.csv", lines(ratings))
    project.receive("study", "roster.csv", lines([HEADINGS, *rows]))
    declared = study()
    (responses,) = map_responses(read_exports(declared, "before"))
    return evaluate_coverage(
        {"before": {"ratings": responses.frame}}, read_roster(declared), declared
    )


def share(found: tuple[Finding, ...], term: str, group: str = "") -> float | None:
    (finding,) = (f for f in found if (f.term, str(f.group)) == (term, group))
    return finding.estimate


ROWS = [
    *staff(0, 16, "Nurse", "red"),
    *staff(16, 14, "Support  worker", "Blue team"),
    *staff(30, 6, "Receptionist", "red"),
    *staff(36, 5, "Manager", "blue", contact="No"),
]


def test_coverage_is_over_staff_in_regular_contact(project: Project) -> None:
    found = covered(project, ROWS)
    assert share(found, "share_rated_once") == 20 / 36
    assert share(found, "share_rated_enough") == 10 / 36
    assert {f.n for f in found if f.group == "" and "share" in f.term} == {36}
    assert share(found, "rated_not_on_roster") == 1


def test_coverage_by_role_and_team_counts_small_ones_together(project: Project) -> None:
    found = covered(project, ROWS)
    assert {str(f.group) for f in found} == {
        "",
        "role: Nurse",
        "role: smaller ones together",
        "team: red",
        "team: blue",
    }
    assert share(found, "share_rated_once", "role: Nurse") == 1
    assert share(found, "share_rated_enough", "role: Nurse") == 6 / 16
    # Six receptionists and, lest they follow from the others, the support workers.
    assert share(found, "share_rated_once", "role: smaller ones together") == 4 / 20
    assert share(found, "share_rated_once", "team: red") == 16 / 22
    shown = show_coverage(disclose(found, smallest=11), study())._repr_html_()
    for text in ("Red team", "Smaller roles together", "100%", "at least 2 times"):
        assert text in shown


def test_a_role_of_no_contact_is_no_denominator(project: Project) -> None:
    found = covered(project, staff(0, 3, "Manager", "red", contact=""))
    reasons = {f.reason for f in found if f.term == "share_rated_once"}
    assert reasons == {"nobody on the roster is in regular contact"}


def test_faults_of_the_list_are_told_at_once_and_quote_nobody(project: Project) -> None:
    rows = [["S1", "Nurse", "red", "Yes"], ["s1 ", "Nurse", "red", "Yes"]]
    rows += [["", "Nurse", "red", "Yes"], ["S2", "Nurse", "green", "Yes"]]
    with pytest.raises(DataError) as caught:
        covered(project, rows)
    assert caught.value.faults == (
        "1 of 4 rows have no 'code'",
        "1 of 4 rows list a member of staff who is listed already",
        "1 of 4 rows name no declared team in 'team'",
    )


def test_an_answer_that_means_neither_contact_nor_none_is_no_quiet_no(
    project: Project,
) -> None:
    rows = [*staff(0, 12, "Nurse", "red"), *staff(12, 3, "Nurse", "red", contact="Y")]
    rows += [["S90", " ", "red", "yes"], *staff(91, 1, "Nurse", "red", contact="")]
    with pytest.raises(DataError) as caught:
        covered(project, rows)
    assert [fault[:40] for fault in caught.value.faults] == [
        "1 of 17 rows have no 'job'",
        "3 of 17 rows say neither in 'contact': d",
    ]


def test_a_role_is_one_whatever_its_capitals_and_spaces(project: Project) -> None:
    rows = [*staff(0, 12, "Nurse", "red"), *staff(12, 6, "NURSE ", "red")]
    rows += staff(18, 12, "support  worker", "red")
    groups = {str(f.group) for f in covered(project, rows)}
    assert groups == {"", "role: Nurse", "role: support worker", "team: red"}


def test_a_missing_column_is_told(project: Project) -> None:
    project.receive("study", "roster.csv", "code,job,team,contakt\nS1,a,red,yes\n")
    with pytest.raises(DataError, match="unknown column 'contact'"):
        read_roster(study())


def test_no_identifier_is_kept(project: Project) -> None:
    project.receive("study", "roster.csv", lines([HEADINGS, *ROWS]))
    roster = read_roster(study())
    assert roster is not None
    assert roster["staff_member"].str.fullmatch("[0-9a-f]{24}").all()


def test_without_a_roster_nobody_is_counted_as_rated(project: Project) -> None:
    plain = study(STUDY[STUDY.index("[roster]") :], "")
    assert read_roster(plain) is None
    assert evaluate_coverage({"before": {"ratings": pd.DataFrame()}}, None, plain) == ()
    (step,) = (step for step in plan_steps(plain) if step.name == "coverage")
    assert "roster.csv" not in step.inputs
    alone = STUDY[: STUDY.index("[roster]")].replace("columns.staff_member", "#")
    nobody = parse_study(alone, name="study", read_instrument=read_instrument)
    assert "coverage" not in {step.name for step in plan_steps(nobody)}
    steps = {step.name: step for step in plan_steps(study())}
    assert set(steps["coverage"].inputs) == {
        "roster.csv",
        "before/ratings.responses.parquet",
    }
    assert "coverage" in steps["findings"].needs


@pytest.mark.parametrize(
    ("old", "new", "reported"),
    [
        ('survey = "ratings"', 'survey = "ratting"', "Did you mean 'ratings'?"),
        ('columns.staff_member = "card"', "", "columns] staff_member"),
        ('"roster.csv"', '"../roster.csv"', "[roster.file] must lie in"),
        ("minimum_ratings = 2", "minimum_ratings = 0", "must be at least 1"),
        ('role = "job"', 'role = "job"\nrank = 1', "'rank'"),
        ('role = "job"', "", "[roster.columns.role] is missing"),
    ],
)
def test_a_fault_of_the_declaration_is_told(old: str, new: str, reported: str) -> None:
    assert old in STUDY
    with pytest.raises(DeclarationError) as caught:
        study(old, new)
    assert reported in str(caught.value)
