"""Missing data on the page: who stayed, three methods, and tipping points."""

from __future__ import annotations

import pytest

from analysis.foundation.findings import Contrast, Finding, Place
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure, Note
from analysis.publication.missing_data import (
    show_attrition,
    show_missing_data_methods,
    show_tipping,
)
from analysis.storage.declared import read_study

pytestmark = pytest.mark.filterwarnings("error")

STUDY = read_study("listening-pilot")
BOTH = Contrast("pilot", "comparison")


def row(term: str, value: float | None, arm: Place = BOTH, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "staff",
        "instrument": "seed_confidence",
        "subscale": "now",
        "wave": Contrast("after", "before"),
        "arm": arm,
        "term": term,
        "estimate": value,
        "n": 100,
        "method": "made up",
        "reason": "" if value is not None else "no shift is enough",
    }
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def followed() -> list[Finding]:
    shares = {"": 0.6, "pilot": 0.55, "comparison": 0.65}
    return [
        *(row("share_present", share, arm) for arm, share in shares.items()),
        row("share_present_difference", -0.1, conf_low=-0.28, conf_high=0.09),
        row("stayers_minus_leavers_standardised", 0.25, "pilot"),
    ]


def line(at_none: float) -> list[Finding]:
    """A point of shift adds half a point; the interval reaches .4 either way."""
    return [
        row(
            "shifted_arm_difference",
            at_none + shift / 2,
            group=f"{shift:g}",
            conf_low=at_none + shift / 2 - 0.4,
            conf_high=at_none + shift / 2 + 0.4,
        )
        for shift in (-3.0, 0.0, 3.0)
    ]


def test_who_was_followed_is_counted_beside_the_share() -> None:
    (table,) = show_attrition(disclose(followed(), smallest=11), STUDY).tables
    pilot = next(cells for cells in table.rows if "Pilot" in cells)
    assert {"100", "55", "55%", "\N{MINUS SIGN}10% (\N{MINUS SIGN}28% to 9%)"} <= set(
        pilot
    )
    assert "0.25" in pilot


def test_a_share_held_back_counts_nobody() -> None:
    rows = [
        row("share_present", 0.95, "pilot"),
        row("share_present", 0.6, "comparison"),
    ]
    (table,) = show_attrition(disclose(rows, smallest=11), STUDY).tables
    text = " ".join(cell for cells in table.rows for cell in cells)
    assert not {"95", "60", "100"} & set(text.split())


def test_three_ways_are_drawn_and_said() -> None:
    ways = {
        "complete_arm_difference": 0.3,
        "weighted_arm_difference": 0.25,
        "imputed_arm_difference": 0.1,
    }
    rows = [row(t, v, conf_low=v - 1, conf_high=v + 1) for t, v in ways.items()]
    (figure,) = show_missing_data_methods(disclose(rows, smallest=11), STUDY).figures
    assert len(figure.points) == 3
    assert "at most 0.20 points apart" in figure.alt_text
    assert "The smallest that matters is 0.50" in figure.alt_text
    assert figure.png()


@pytest.mark.parametrize(
    ("at_none", "tips", "words"),
    [
        (0.1, -1.0, "lay 1.0 points lower than people like them"),
        (0.1, 0.6, "lay 0.6 points higher than people like them"),
        (0.1, None, "Even if the lost of the Pilot arm lay 3 points higher or lower"),
    ],
)
def test_what_would_tip_is_a_sentence(
    at_none: float, tips: float | None, words: str
) -> None:
    rows = [*line(at_none), row("tipping_point_interval_zero", tips)]
    rows.append(row("imputed_arm_difference", at_none))
    (figure,) = show_tipping(disclose(rows, smallest=11), STUDY).figures
    assert isinstance(figure, Figure)
    assert words in figure.caption
    assert "significant" not in figure.caption
    assert figure.png()


@pytest.mark.parametrize(
    ("at_none", "words"),
    [
        (0.1, "a difference from Comparison could be shown; as it is, none can"),
        (0.9, "no difference from Comparison could be shown; as it is, one can"),
    ],
)
def test_the_sentence_says_what_the_answer_is_now(at_none: float, words: str) -> None:
    rows = [*line(at_none), row("tipping_point_interval_zero", -1.0)]
    rows.append(row("imputed_arm_difference", at_none))
    (figure,) = show_tipping(disclose(rows, smallest=11), STUDY).figures
    assert words in figure.alt_text


def test_without_a_comparison_there_is_a_sentence() -> None:
    nothing = disclose([], smallest=11)
    for shown in (
        show_tipping(nothing, STUDY),
        show_missing_data_methods(nothing, STUDY),
    ):
        (part,) = shown.parts
        assert isinstance(part, Note)


def test_without_arms_a_sentence_says_what_would_undo_a_change() -> None:
    reported = [
        row("leavers_change_zero", -0.75, ""),
        row("leavers_change_interval_zero", -0.5, ""),
    ]
    (note,) = show_tipping(disclose(reported, smallest=11), STUDY).parts
    assert isinstance(note, Note)
    minus = "\N{MINUS SIGN}"
    assert note.text == (
        "Staff confidence, Before to After: had the 100 not followed changed by "
        f"{minus}0.75 points on average, nothing would be left of the change; by "
        f"{minus}0.50, its interval would begin to hold zero."
    )
    unsure = [reported[0], row("leavers_change_interval_zero", None, "")]
    (note,) = show_tipping(disclose(unsure, smallest=11), STUDY).parts
    assert isinstance(note, Note)
    assert note.text.endswith(
        "what would make it uncertain is not known: no shift is enough."
    )
    few = [row("leavers_change_zero", -0.75, "", n=4)]
    (note,) = show_tipping(disclose(few, smallest=11), STUDY).parts
    assert isinstance(note, Note)
    assert "0.75" not in note.text
