"""Judged changes on the page: verdicts in words, shares together or not at all."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.foundation.findings import Contrast, Finding, Group
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure
from analysis.publication.judgement import (
    show_answers,
    show_chances,
    show_methods,
    show_responders,
    show_strength,
)
from analysis.publication.verdict.sentences import THREAT_WORDS
from analysis.storage.declared import read_study

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
WAVES = Contrast("after", "before")


def number(term: str, value: float, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": WAVES,
        "arm": Contrast("pilot", "comparison"),
        "term": term,
        "estimate": value,
        "n": 600,
        "method": "made up",
    }
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def analyses() -> list[Finding]:
    planned = number("difference_in_change", 1.2, conf_low=0.1, conf_high=2.3)
    others = [
        number(
            "sensitivity_effect",
            value,
            conf_low=value - 1,
            conf_high=value + 1,
            group=Group("analysis", name, of=people),
        )
        for name, value, people in (
            ("every other set of teams", 0.5, "same people"),
            ("teams weighted by their people", 2.0, "same people"),
            ("only those who could be linked", 3.0, "other people"),
        )
    ]
    return [*others, planned]


def test_other_analyses_stand_under_the_planned_one() -> None:
    shown = show_methods(disclose(analyses(), smallest=11), STUDY)
    (figure,) = shown.figures
    assert [point.label for point in figure.points] == [
        "as planned",
        "every other set of teams",
        "teams weighted by their people",
        "other people: only those who could be linked",
    ]
    assert "1.20 (0.10 to 2.30) as planned" in figure.alt_text
    assert (
        "run from 0.50 (\N{MINUS SIGN}0.50 to 1.50) (every other set of teams)"
        in figure.alt_text
    )
    assert "The smallest that matters is 2.00" in figure.alt_text
    assert figure.png()


def test_without_other_analyses_a_note_says_why() -> None:
    shown = show_methods(disclose([], smallest=11), STUDY)
    assert not any(isinstance(part, Figure) for part in shown.parts)
    assert "No other analysis" in shown._repr_html_()


def judged(code: str = "better") -> list[Finding]:
    means = {"pilot": (42.8, 45.6), "comparison": (42.0, 42.7)}
    return [
        number("difference_in_change", 2.1, conf_low=0.1, conf_high=4.1),
        number("verdict", 2.0, group=Group("verdict", code)),
        *(
            number(f"arm_mean_{wave}", value, arm=arm)
            for arm, both in means.items()
            for wave, value in zip(("before", "after"), both, strict=True)
        ),
    ]


def test_the_planned_answer_stands_in_one_row() -> None:
    (table,) = show_answers(disclose(judged(), smallest=11), STUDY).tables
    (row,) = table.rows
    place = dict(zip(table.columns, row, strict=True))
    assert place["Planned estimate"] == "2.10 (0.10 to 4.10)"
    course = "Pilot 42.80 to 45.60; Comparison 42.00 to 42.70"
    assert place["Before and after"] == course
    assert place["Smallest that matters"] == "2.00"
    assert place["Verdict"] == "better, perhaps not by enough to matter"
    assert place["Scored or linked"] == "600"


def follow_ups(*units: str) -> str:
    """The page of an outcome whose follow-ups count linked people, or answers."""
    waves = (WAVES, Contrast("later", "before"))
    found = [
        dataclasses.replace(part, wave=wave, n_unit=unit)
        for wave, unit in zip(waves, units, strict=True)
        for part in judged()
    ]
    return show_answers(disclose(found, smallest=11), STUDY)._repr_html_()


def test_follow_ups_of_other_people_are_no_course_over_time() -> None:
    words = follow_ups("", "answers")
    assert "the result at “After” is about people who were linked" in words
    assert "that at “Later” about all who answered" in words
    for alike in ("", "answers"):
        assert "not a change over time" not in follow_ups(alike, alike)


def test_the_verdict_in_words_stands_above_its_row() -> None:
    page = show_answers(disclose(judged("better"), smallest=11), STUDY)._repr_html_()
    assert "better" in page.partition("<table")[0]
    nothing = show_answers(disclose([], smallest=11), STUDY)
    assert "No outcome was declared" in nothing._repr_html_()


def test_chances_are_those_of_the_prior_declared() -> None:
    found = [
        *judged(),
        number("probability_of_improvement", 0.98, group="as declared"),
        number("probability_of_improvement", 0.51, group="half as wide"),
    ]
    (table,) = show_chances(disclose(found, smallest=11), STUDY).tables
    (row,) = table.rows
    assert "98%" in row
    assert "51%" not in row


def test_without_chances_a_note_says_what_they_need() -> None:
    shown = show_chances(disclose(judged(), smallest=11), STUDY)
    assert not shown.tables
    assert "a smallest effect that was declared" in shown._repr_html_()


def test_the_strength_stands_with_its_columns_and_threats() -> None:
    found = [
        *judged(),
        number("evidence_strength", 2.0),
        *(
            number("strength_column", score, group=Group("strength", name))
            for name, score in (("design", 3.0), ("size", 4.0), ("width", 5.0))
        ),
        number("strength_threat", 1.0, group=Group("strength", "movers")),
    ]
    (table,) = show_strength(disclose(found, smallest=11), STUDY).tables
    (row,) = table.rows
    place = dict(zip(table.columns, row, strict=True))
    assert place["Strength, 0 to 5"].startswith("2")
    assert place["Design"].startswith("3")
    assert place["Number"].startswith("4")
    assert place["Width"].startswith("5")
    assert "Losses" not in place
    assert place["What threatens it"] == THREAT_WORDS["movers"]


def responders(improved: float) -> list[Finding]:
    shares = {
        "share_improved": improved,
        "share_unchanged": 0.9 - improved,
        "share_worsened": 0.1,
        "net_share_improved": improved - 0.1,
        "reliable_change_needed": 4.2,
    }
    return [number(term, value, arm="pilot", n=200) for term, value in shares.items()]


def test_who_responded_is_shown_in_both_directions() -> None:
    (table,) = show_responders(disclose(responders(0.3), smallest=11), STUDY).tables
    assert {"30%", "60%", "10%"} < set(table.rows[0])


def test_one_small_share_takes_the_others_along() -> None:
    disclosed = disclose(responders(0.02), smallest=11)
    shown = {part.term for part in disclosed.findings if part.estimate is not None}
    assert shown == {"reliable_change_needed"}
    (table,) = show_responders(disclosed, STUDY).tables
    assert sum("not shown" in cell for cell in table.rows[0]) == 3
