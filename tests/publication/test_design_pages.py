"""A design on the page: counts of pilots in words, and nothing held back as people."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from analysis.declarations.plan import DeclaredDesign
from analysis.declarations.study import Study
from analysis.foundation.findings import Finding, Group
from analysis.foundation.terms import Rule, in_table, register
from analysis.outcomes.design import evaluate_design
from analysis.publication.design import design_sentence, show_design
from analysis.publication.disclosure.control import Disclosed, disclose
from analysis.publication.figure import Figure, Note
from analysis.publication.numbers import in_hundred_text
from analysis.publication.table import Table
from analysis.storage.declared import read_study
from heard.effects.pilot_design import PilotDesign
from heard.effects.power import precision_by_teams
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
ASSUMED = tuple(
    each.name for each in register().values() if each.rule is Rule.ABOUT_NOBODY
)

RANGE = {one.name for one in in_table("design_range")}


def with_design(teams: tuple[int, ...], **assumed: Any) -> Study:
    design = PilotDesign(team_size=4, **assumed)
    return dataclasses.replace(
        STUDY, design=DeclaredDesign(assumed=design, teams=teams)
    )


def disclosed_of(study: Study) -> Disclosed:
    return disclose(evaluate_design(study), smallest=11)


def made_up(powers: dict[int, float]) -> Disclosed:
    """Findings of the terms shown, each number of teams with its power."""
    return Disclosed(
        findings=tuple(
            Finding(
                study=STUDY.name,
                group=Group("teams_per_arm", f"{teams}"),
                term=term,
                estimate=power if term.startswith("power") else 2 / teams,
                n=2_000,
                method="made up",
            )
            for teams, power in powers.items()
            for term in ASSUMED
        )
    )


def test_findings_are_those_of_the_design_and_count_no_people() -> None:
    assert STUDY.design is not None
    found = evaluate_design(STUDY)
    assert {finding.term for finding in found} == set(ASSUMED) - RANGE
    assert len(found) == 15
    expected = precision_by_teams(STUDY.design.assumed, teams=[12]).numbers[0]
    mine = {f.term: f for f in found if str(f.group) == "12 teams an arm"}
    for result in expected.results():
        assert isinstance(result, Estimate)
        assert mine[result.term].estimate == result.estimate
    assert {finding.survey for finding in found} == {""}
    for finding in found:
        assert finding.n_unit in ("pilots", "teams")


def test_without_a_design_there_is_nothing_and_the_page_says_so() -> None:
    none = dataclasses.replace(STUDY, design=None)
    assert evaluate_design(none) == ()
    (part,) = show_design(disclosed_of(none), none).parts
    assert isinstance(part, Note)
    assert "declares no design" in part.text
    assert design_sentence(disclosed_of(none), none) == ""


@pytest.mark.parametrize("compared", [True, False])
def test_few_teams_are_not_taken_for_few_people(compared: bool) -> None:
    """3 teams an arm are 6, and 5 teams alone 5: both fewer than 11, and no people."""
    study = with_design((5 - 2 * compared,), compared=compared)
    raw = evaluate_design(study)
    assert any((finding.n or 0) < 11 for finding in raw)
    assert disclose(raw, smallest=11).findings == raw


@pytest.mark.parametrize("term", ASSUMED)
def test_a_term_of_a_design_about_answers_is_held_back_all_the_same(term: str) -> None:
    place = {"study": "s", "term": term, "estimate": 0.5, "method": "m"}
    answers = Finding(**place, survey="staff", n=10)  # type: ignore[arg-type]
    assumed = Finding(**place, n=10)  # type: ignore[arg-type]
    held, free = disclose([answers, assumed], smallest=11).findings
    assert held.estimate is None
    assert held.n is None
    assert free == assumed


def test_the_sentence_counts_pilots() -> None:
    reported = design_sentence(made_up({6: 0.25, 12: 0.48, 25: 0.999}), STUDY)
    assert reported == (
        "With 6 teams in each group the pilot will see a difference of 0.28 standard "
        "deviations in 25 of 100 such pilots; with 12 in 48 of 100; with 25 in over 99 "
        "of 100."
    )


def test_too_few_teams_are_told_apart_from_a_power_of_nothing() -> None:
    study = with_design((2, 6))
    shown = show_design(disclosed_of(study), study)
    note, figure, table, _ = shown.parts
    assert isinstance(note, Note)
    assert note.text.endswith("With 2 teams in each group it is not known.")
    assert isinstance(figure, Figure)
    assert {point.label for point in figure.points} == {"6"}
    assert "suppressed (4 teams altogether; at least 5 needed)" in figure.caption
    assert isinstance(table, Table)
    assert table.rows[0] == ("2", *["not shown (a)"] * 4)
    assert "(a) 4 teams altogether; at least 5 needed." in table.notes


def test_where_nothing_can_be_told_there_is_no_figure() -> None:
    study = with_design((2,))
    note, figure, *_ = show_design(disclosed_of(study), study).parts
    assert isinstance(figure, Note)
    assert isinstance(note, Note)
    assert note.text == "With 2 teams in each group it is not known."


def test_figure_and_table_hold_the_same_numbers() -> None:
    disclosed = made_up({6: 0.25, 12: 0.48})
    _, figure, table, assumed = show_design(disclosed, STUDY).parts
    assert isinstance(figure, Figure)
    assert isinstance(table, Table)
    assert isinstance(assumed, Table)
    assert table.rows == (
        ("6", "0.33", "0.33", "25%", "25%"),
        ("12", "0.17", "0.17", "48%", "48%"),
    )
    assert [len(set(table.columns)), len(figure.points)] == [4, 8]
    assert "Half the width of the interval: 0.33 with 6, 0.17 with 12." in (
        figure.alt_text
    )
    assert "25 of 100 such pilots" in figure.alt_text
    assert figure.png().startswith(b"\x89PNG")
    assert ("Correlation of two people of one team", "0.045") in assumed.rows
    assert "significan" not in show_design(disclosed, STUDY)._repr_html_()


def test_without_a_comparison_nobody_speaks_of_groups() -> None:
    study = with_design((6,), compared=False)
    disclosed = disclosed_of(study)
    note, _, table, _ = show_design(disclosed, study).parts
    assert isinstance(note, Note)
    assert isinstance(table, Table)
    assert note.text.startswith("With 6 teams the pilot")
    assert table.columns[0] == "Teams"


@pytest.mark.parametrize(
    ("share", "reported"),
    [
        (0.0, "0 of 100"),
        (0.001, "under 1 of 100"),
        (0.005, "1 of 100"),
        (0.485, "49 of 100"),
        (0.994, "99 of 100"),
        (0.995, "over 99 of 100"),
        (1.0, "100 of 100"),
    ],
)
def test_shares_in_a_hundred(share: float, reported: str) -> None:
    assert in_hundred_text(share) == reported
