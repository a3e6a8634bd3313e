"""The participant flow as boxes: every count shown once, none that is held back."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from invented import disclosed_of, study_of, with_suppressed

from analysis.declarations.study import Arm, Study
from analysis.foundation.findings import Finding
from analysis.publication.boxes import Diagram
from analysis.publication.disclosure.control import Disclosed, disclose
from analysis.publication.figure import Figure
from analysis.publication.participant_flow import flow_figure, flow_figures
from analysis.publication.places import FLOW

RULES = [rule for _, rule in FLOW if not rule.startswith("responses")]
WARD = "Ward of the two sites in the north, with the day hospital"


def diagram_of(figure: Figure) -> Diagram:
    diagram = figure.drawing.keywords["diagram"]  # type: ignore[attr-defined]
    assert isinstance(diagram, Diagram)
    return diagram


def texts(figure: Figure) -> str:
    """All that is read in the boxes."""
    boxes = diagram_of(figure).boxes
    return " | ".join(" ".join(line.text for line in box.lines) for box in boxes)


def count(term: str, n: int, **place: Any) -> Finding:
    return Finding(
        study="listening-pilot",
        survey="staff",
        wave="before",
        term=term,
        estimate=float(n),
        n=n,
        **place,
    )


def made(
    arms: dict[str, tuple[int, dict[str, int]]], *, unknown: int = 0
) -> tuple[Disclosed, Study]:
    """A flow after disclosure control: arm → kept, and left out by rule."""
    total: dict[str, int] = {}
    for _, left in arms.values():
        for rule, n in left.items():
            total[rule] = total.get(rule, 0) + n
    kept = sum(n for n, _ in arms.values()) + unknown
    flows = {"": (kept, total), **arms}
    findings = []
    for arm, (stayed, left) in flows.items():
        received = stayed + sum(left.values())
        findings.append(count("responses_received", received, arm=arm))
        findings += [
            count("responses_left_out", left.get(rule, 0), arm=arm, group=rule)
            for rule in total
        ]
        findings.append(count("responses_used", stayed, arm=arm))
    study = study_of("listening-pilot")
    named = tuple(Arm(name=name, title=f"{WARD} {name}") for name in arms)
    return disclose(findings, smallest=11), dataclasses.replace(study, arms=named)


def staff(disclosed: Disclosed, study: Study) -> Figure:
    figure = flow_figure(disclosed, study, survey="staff", wave="before")
    assert isinstance(figure, Figure)
    return figure


def test_received_left_out_and_kept_are_read_in_boxes() -> None:
    figure = staff(disclosed_of("listening-pilot"), study_of("listening-pilot"))
    read = texts(figure)
    assert "Received: 260" in read
    assert "Left out: 47 No consent: 14 Not finished: 21" in read
    assert "Used: 213" in read
    assert (
        figure.title
        == "Staff survey, Before: 213 of 246 responses with an answer were used."
    )
    assert "260 received; 246 answered; 47 left out (No consent 14, " in figure.alt_text


def test_a_figure_for_every_survey_and_wave_and_none_without_counts() -> None:
    study = study_of("listening-pilot")
    figures = list(flow_figures(disclosed_of("listening-pilot"), study))
    assert len(figures) == 6
    assert not list(flow_figures(Disclosed(findings=()), study))


@pytest.mark.parametrize("arms", range(1, 7))
@pytest.mark.parametrize("rules", [0, 1, 3, 11])
def test_any_number_of_arms_and_rules_is_drawn_whole(arms: int, rules: int) -> None:
    left = {rule: 12 + place for place, rule in enumerate(RULES[:rules])}
    disclosed, study = made({f"arm{k}": (40 + k, left) for k in range(arms)})
    figure = staff(disclosed, study)
    read = texts(figure)
    for place in range(arms):
        assert re.search(rf"{WARD} arm{place} Used: {40 + place}\b", read)
    for title, rule in FLOW:
        if not rule.startswith("responses"):
            reported = f"{title}: {arms * left.get(rule, 0)} "
            assert (reported in f"{read} ") == (rule in left)
    boxes = diagram_of(figure).boxes
    assert len(boxes) == 2 + arms + bool(rules)
    assert figure.height >= max(box.bottom for box in boxes)
    assert figure.svg().startswith(b"<?xml")


def test_a_count_held_back_stands_nowhere_in_the_figure() -> None:
    left = {"no_consent": 3, "not_finished": 30}
    disclosed, study = made({"a": (52, left), "b": (48, left)})
    figure = staff(disclosed, study)
    shown = {f.n for f in disclosed.findings if f.n is not None}
    derived = {
        point.finding.n
        for point in figure.points
        if point.finding.method == "the rest of two counts that are shown"
    }
    drawn = {int(text) for text in re.findall(r": (\d+)", texts(figure))}
    assert drawn <= shown | derived
    assert all(n == 0 or n >= 11 for n in drawn)
    assert {point.finding.n for point in figure.points} == drawn
    assert "not shown: No consent" in texts(figure)


def test_what_was_left_out_in_all_is_not_worked_out_from_a_hidden_count() -> None:
    disclosed = disclosed_of("listening-pilot")
    for term in ("responses_received", "responses_answered"):
        disclosed = with_suppressed(disclosed, survey="staff", wave="before", term=term)
    figure = staff(disclosed, study_of("listening-pilot"))
    assert "Received: not shown" in texts(figure)
    assert "Left out: not shown" in texts(figure)
    assert "47" not in texts(figure) + figure.alt_text
    assert figure.title == "Staff survey, Before: 213 responses were used."
    assert "2 values are suppressed" in figure.caption


def test_responses_whose_arm_is_not_known_have_their_box() -> None:
    disclosed, study = made({"a": (52, {}), "b": (48, {})}, unknown=20)
    figure = staff(disclosed, study)
    assert "Group not known Used: 20" in texts(figure)
    assert "arm not known" in set(figure.to_frame()["group"])
    disclosed, study = made({"a": (52, {}), "b": (48, {})}, unknown=4)
    figure = staff(disclosed, study)
    assert "not known" not in texts(figure) + figure.alt_text


def test_without_arms_the_flow_ends_with_everyone() -> None:
    disclosed, study = made({}, unknown=50)
    assert texts(staff(disclosed, study)).endswith("Received: 50 | Used: 50")


def test_nobody_left_out_is_said() -> None:
    figure = staff(*made({"a": (52, {}), "b": (48, {})}))
    assert figure.title == "Staff survey, Before: 100 responses were used."
    assert "Left out" not in texts(figure)
