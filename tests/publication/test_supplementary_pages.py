"""Supplementary measures on the page: words, a figure and a table an outcome."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from analysis.declarations.study import SupplementaryMeasures
from analysis.foundation.findings import Contrast, Finding, Place
from analysis.publication.disclosure.control import disclose
from analysis.publication.supplementary_measures import answer_text, show_supplementary
from analysis.storage.declared import read_study

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.publication.shown import Shown

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
ARMS = Contrast("pilot", "comparison")
LATER = Contrast("later", "before")
MINUS = "\N{MINUS SIGN}"


def only(name: str) -> Study:
    """The study with one outcome."""
    outcomes = tuple(one for one in WHOLE.outcomes if one.name == name)
    return dataclasses.replace(WHOLE, outcomes=outcomes)


CARES, CONFIDENCE, CARE = only("cares"), only("confidence"), only("care")


def number(study: Study, term: str, value: float | None, **more: object) -> Finding:
    (outcome,) = study.outcomes
    place: dict[str, object] = {
        "study": study.name,
        "survey": outcome.survey,
        "instrument": outcome.instrument,
        "subscale": outcome.subscale,
        "wave": "before",
        "arm": "pilot",
        "term": term,
        "estimate": value,
        "n": 200,
        "method": "made up",
    }
    if value is not None and not term.startswith(("share_in", "top_share_b")):
        place |= {"conf_low": value - 0.05, "conf_high": value + 0.05}
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def answers(counts: tuple[int, ...] = (20, 20, 40, 60, 60)) -> list[Finding]:
    found = []
    for arm in ("pilot", "comparison"):
        for wave in ("before", "later"):
            at: dict[str, Place] = {"arm": arm, "wave": wave}
            best, n = counts[-1], sum(counts)
            found.append(number(CARES, "share_at_best", best / n, **at, n=n))
            found += [
                number(
                    CARES,
                    "share_in_category",
                    people / n,
                    group=str(value),
                    n=n,
                    **at,
                )
                for value, people in enumerate(counts, start=1)
            ]
    for wave, chance in (("before", 0.5), ("later", 0.6)):
        at = {"arm": ARMS, "wave": wave}
        found.append(number(CARES, "probability_of_better_answer", chance, **at))
        found.append(number(CARES, "top_share_difference", chance - 0.5, **at))
    return found


def shown(found: list[Finding], study: Study) -> Shown:
    return show_supplementary(disclose(found, smallest=11), study)


def test_answers_are_stacked_from_worst_to_best() -> None:
    page = shown(answers(), CARES)
    (figure,), (table,) = page.figures, page.tables
    assert figure.name == "answers-cares"
    assert [point.series for point in figure.points[:5]] == [
        "1 never",
        "2 rarely",
        "3 sometimes",
        "4 usually",
        "5 always",
    ]
    assert list(dict.fromkeys(point.label for point in figure.points)) == [
        "Pilot, Before",
        "Pilot, Later",
        "Comparison, Before",
        "Comparison, Later",
    ]
    assert "suppressed" not in figure.caption
    assert "60% (55% to 65%), where 50% is no difference; before it was 50%" in (
        figure.alt_text
    )
    assert "At the wave “Before” 30% (Pilot) had the best score" in figure.alt_text
    assert figure.png()
    assert table.columns == (
        "What",
        "Waves",
        "Pilot",
        "Comparison",
        "Pilot against Comparison",
    )
    assert table.rows[0] == (
        "With the best score there is",
        "Before",
        "30% (25% to 35%), n 200",
        "30% (25% to 35%), n 200",
        "\N{EN DASH}",
    )
    assert table.rows[2][:2] == ("Chance of a better answer", "Before")
    assert table.rows[2][4] == "50% (45% to 55%), n 200"


def test_what_may_not_be_shown_is_one_hatched_part() -> None:
    page = shown(answers((5, 20, 40, 75, 60)), CARES)
    (figure,) = page.figures
    assert {point.series for point in figure.points} == {"5 always"}
    assert "16 values are suppressed" in figure.caption
    assert b"not shown" not in figure.png()  # a picture, drawn without an error
    # Nothing of a bar: marks of the ends instead.
    bare = [
        dataclasses.replace(part, estimate=None, n=None, reason="too few")
        if part.term == "share_in_category"
        and (part.arm, part.wave) == ("comparison", "later")
        else part
        for part in answers()
    ]
    assert [one.name for one in shown(bare, CARES).figures] == ["ends-cares"]
    (instead,) = shown(answers((100, 5, 5, 5, 85)), CARES).figures
    assert instead.name == "ends-cares"


def test_a_term_of_which_nothing_is_shown_is_a_sentence_below_the_table() -> None:
    worst = number(CARES, "share_at_worst", 0.01)
    (table,) = shown([*answers(), worst], CARES).tables
    assert not [row for row in table.rows if "worst" in row[0]]
    assert (
        "Not shown (fewer than 11 people, or nobody): With the worst score there is."
        in (table.notes)
    )


def test_followed_people_all_and_the_past_as_judged_are_a_forest() -> None:
    waves = {"wave": LATER}
    found = [
        number(CONFIDENCE, "mean_change_linked", 0.4, **waves),
        number(CONFIDENCE, "mean_change_unlinked", 0.9, **waves),
        number(CONFIDENCE, "mean_change_everybody", 0.7, **waves),
        number(CONFIDENCE, "share_better", 0.5, **waves),
        number(CONFIDENCE, "share_worse", 0.3, **waves),
        number(CONFIDENCE, "share_same", 0.2, **waves),
        number(CONFIDENCE, "then_test_change", 1.2, **waves, group="then-test"),
        number(CONFIDENCE, "response_shift", -0.8, **waves, group="then-test"),
    ]
    page = shown(found, CONFIDENCE)
    (figure,) = page.figures
    assert [point.series for point in figure.points] == [
        "Followed",
        "Answered once",
        "All who answered",
        "Against before as judged afterwards",
    ]
    words = figure.alt_text
    assert "50% answered better and 30% worse (Pilot)" in words
    assert f"{MINUS}0.80 ({MINUS}0.85 to {MINUS}0.75) (Pilot)" in words
    assert "weakest evidence" in words
    assert "0.40 (0.35 to 0.45) and 0.70 (0.65 to 0.75) (Pilot)" in words
    rows = {row[0] for row in page.tables[0].rows}
    assert "Before as judged afterwards, less before" in rows


def test_the_past_alone_is_told_as_felt() -> None:
    retrospective = number(
        CONFIDENCE, "then_test_change", 1.2, wave=LATER, group="then-test"
    )
    words = shown([retrospective], CONFIDENCE)._repr_html_()
    assert "Against the state before as judged afterwards, points" in words


def test_ends_alone_are_marks_beside_fifteen_per_cent() -> None:
    found = [
        number(CARE, "share_at_best", value, wave=wave)
        for wave, value in (("before", 0.16), ("later", 0.3))
    ]
    (figure,) = shown(found, CARE).figures
    assert figure.name == "ends-care"
    assert "At the wave “Later” 30% (Pilot) had the best score" in figure.alt_text
    assert "at the wave “Before” 16% (Pilot)" in figure.alt_text
    assert figure.png()
    few = [dataclasses.replace(one, estimate=0.149) for one in found]
    assert "ceiling: nobody" not in shown(few, CARE)._repr_html_()


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (
            {
                "mic_predictive_adjusted": 1.1,
                "mic_predictive_reliability_adjusted": 1.5,
            },
            "A change of 1.50 (1.45 to 1.55) points is as likely",
        ),
        ({"mic_predictive_adjusted": 1.1}, "1.10 (1.05 to 1.15) points"),
        ({"mic_predictive_adjusted": None}, "improvement is not known: too weak."),
    ],
)
def test_the_smallest_change_is_told_beside_the_declared(
    terms: dict[str, float | None], words: str
) -> None:
    found = [
        number(
            CONFIDENCE,
            term,
            value,
            wave=LATER,
            arm="",
            reason="" if value else "too weak",
        )
        for term, value in terms.items()
    ]
    reported = shown(found, CONFIDENCE)._repr_html_()
    assert words in reported
    assert ("declared to matter are 0.50" in reported) == any(terms.values())


def test_more_top_answers_than_the_best_are_shown_by_themselves() -> None:
    top = number(CARES, "top_share_before", 0.6, wave=LATER)
    (table,) = shown([*answers(), top], CARES).tables
    assert not [row for row in table.rows if row[0] == "Top answers before"]
    (outcome,) = CARES.outcomes
    two = dataclasses.replace(outcome, supplementary=SupplementaryMeasures(top=4.0))
    study = dataclasses.replace(CARES, outcomes=(two,))
    (table,) = shown([*answers(), top], study).tables
    assert [row for row in table.rows if row[0] == "Top answers before"]


def test_an_answer_has_the_label_of_the_form_where_there_is_one() -> None:
    assert answer_text(CARES, CARES.outcomes[0], "5") == "5 always"
    assert answer_text(CONFIDENCE, CONFIDENCE.outcomes[0], "7") == "7"


def test_nothing_found_is_a_sentence_and_nothing_is_significant() -> None:
    (part,) = shown([], CARES).parts
    assert "There are no supplementary measures" in part._repr_html_()
    page = shown(answers(), CARES)._repr_html_()
    assert "significant" not in page.lower()
    assert "decide none of them" in page
