"""Judged changes on the page: verdicts in words, shares together or not at all."""

from __future__ import annotations

import pytest

from analysis.foundation.findings import Contrast, Finding
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure
from analysis.publication.judgement import show_judgement, show_methods, show_responders
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


def ways() -> list[Finding]:
    return [
        number(
            "difference_in_change_by_way",
            value,
            conf_low=value - 1,
            conf_high=value + 1,
            group=way,
        )
        for way, value in (("team means", 0.5), ("cluster-robust", 2.0))
    ]


def test_ways_stand_beside_each_other_and_say_how_many_are_clear() -> None:
    shown = show_methods(disclose(ways(), smallest=11), STUDY)
    (figure,) = shown.figures
    assert [point.label for point in figure.points] == ["team means", "cluster-robust"]
    assert "the interval of 1 of 2 methods leaves out zero" in figure.alt_text
    assert "The smallest that matters is 2.00" in figure.alt_text
    assert figure.png()


def test_without_ways_a_note_says_why() -> None:
    shown = show_methods(disclose([], smallest=11), STUDY)
    assert not any(isinstance(part, Figure) for part in shown.parts)
    assert "one analysis method only" in shown._repr_html_()


def test_the_verdict_and_the_chances_stand_in_one_row() -> None:
    found = [
        number("effect", 2.1, conf_low=0.1, conf_high=4.1, group="cannot tell"),
        number("probability_of_improvement", 0.98, group="as declared"),
        number("probability_of_improvement", 0.51, group="half as wide"),
    ]
    (table,) = show_judgement(disclose(found, smallest=11), STUDY).tables
    (row,) = table.rows
    assert "cannot tell" in row
    assert "98%" in row
    assert "51%" not in row
    assert "2.00" in row


def test_what_is_known_of_no_outcome_has_no_column() -> None:
    """Without teams and without a smallest effect's prior there are no chances."""
    found = [number("effect", 2.1, conf_low=0.1, conf_high=4.1, group="cannot tell")]
    (table,) = show_judgement(disclose(found, smallest=11), STUDY).tables
    assert not [title for title in table.columns if "Chance" in title]
    assert not [note for note in table.notes if "Chances" in note]
    assert "2.10 (0.10 to 4.10)" in table.rows[0]


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
