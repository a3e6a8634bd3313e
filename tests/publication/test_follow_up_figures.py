"""Participants over the waves: who is there, who was followed, nobody worked out."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from invented import disclosed_of, study_of, with_suppressed
from test_flow_figures import diagram_of, texts

from analysis.foundation.findings import Contrast
from analysis.publication.disclosure.control import FEW_DROPOUTS, Disclosed
from analysis.publication.figure import Figure, Note
from analysis.publication.participant_flow import followed_figures, show_followed


def figures(name: str, disclosed: Disclosed | None = None) -> list[Figure]:
    made = list(followed_figures(disclosed or disclosed_of(name), study_of(name)))
    assert all(isinstance(figure, Figure) for figure in made)
    return [figure for figure in made if isinstance(figure, Figure)]


def test_every_wave_and_who_was_followed_are_read_in_boxes() -> None:
    staff = figures("listening-pilot")[0]
    read = texts(staff)
    assert "Before Received: 260 Answered: 246 Used: 213" in read
    assert "Later Received: 200 Answered: 186 Used: 153" in read
    assert "Linked to Before Staff confidence: 150 Pilot: 75" in read
    assert staff.title == "Staff survey: 213 responses used at Before, 153 at Later."
    assert "linked to Before, Staff confidence: 150" in staff.alt_text
    assert {part.finding.term for part in staff.points} == {
        "responses_received",
        "responses_answered",
        "responses_used",
        "participants_linked",
    }


def test_waves_that_are_not_linked_have_no_arrow_between_them() -> None:
    (figure,) = figures("carpentries-impact")
    assert not diagram_of(figure).arrows
    assert "They are not linked" in figure.caption


def test_an_arrow_leads_to_every_later_wave_and_to_those_followed() -> None:
    diagram = diagram_of(figures("listening-pilot")[0])
    assert len(diagram.boxes) == 5
    ends = {arrow.corners[-1] for arrow in diagram.arrows}
    for box in diagram.boxes[1:]:
        assert any(
            end == (box.middle, box.top)
            or (end[0] == box.left and box.top < end[1] < box.bottom)
            for end in ends
        )


def test_a_few_lost_stand_nowhere() -> None:
    """150 of the 153 used later were followed: 3 would follow."""
    disclosed = disclosed_of("beat-the-blues")
    findings = [
        dataclasses.replace(part, n=147, estimate=147.0)
        if part.term == "responses_used" and part.wave == "month_2"
        else part
        for part in disclosed.findings
    ]
    (linked,) = disclosed.where(
        term="participants_linked", wave=Contrast("month_2", "baseline"), arm=""
    ).findings
    assert linked.n == 150
    findings = [
        dataclasses.replace(part, n=144, estimate=144.0) if part == linked else part
        for part in findings
    ]
    (figure,) = figures("beat-the-blues", Disclosed(findings=tuple(findings)))
    reported = texts(figure) + figure.alt_text
    assert "147" not in reported
    assert "144" not in reported
    assert FEW_DROPOUTS in figure.caption
    assert not {part.finding.n for part in figure.points} & {144, 147}


def test_what_is_held_back_is_said_to_be_not_shown() -> None:
    disclosed = with_suppressed(
        disclosed_of("listening-pilot"),
        survey="staff",
        wave=Contrast("after", "before"),
    )
    figure = figures("listening-pilot", disclosed)[0]
    assert "Staff confidence: not shown" in texts(figure)
    assert "suppressed" in figure.caption


def test_one_wave_gives_a_note() -> None:
    shown = show_followed(disclosed_of("eq-short"), study_of("eq-short"))
    assert [type(part) for part in shown.parts] == [Note]


@pytest.mark.parametrize("name", ["listening-pilot", "carpentries-impact"])
def test_boxes_of_the_same_column_lie_below_each_other(name: str) -> None:
    for figure in figures(name):
        boxes = diagram_of(figure).boxes
        for column in {box.left for box in boxes}:
            tops = [(box.top, box.bottom) for box in boxes if box.left == column]
            for (_, bottom), (top, _) in itertools.pairwise(tops):
                assert bottom < top
        assert figure.height > max(box.bottom for box in boxes)
