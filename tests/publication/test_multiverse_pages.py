"""Multiverse analysis on the page: a sentence, a figure and a table an outcome."""

from __future__ import annotations

import dataclasses

import pytest

from analysis.declarations.multiverse import combinations_of
from analysis.foundation.findings import Contrast, Finding
from analysis.outcomes.multiverse import options_group
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure
from analysis.publication.multiverse import show_multiverse
from analysis.storage.declared import read_study

pytestmark = pytest.mark.filterwarnings("error")

WHOLE = read_study("listening-pilot")
CARE = WHOLE.outcomes[0]
STUDY = dataclasses.replace(WHOLE, outcomes=(CARE,))
GROUPS = [options_group(options) for options in combinations_of(STUDY, CARE)]
FEW = "few people tell it from another"
VALUES = (2.5, 1.0, 3.0, -0.5, 2.0, 4.0)


def number(term: str, value: float | None, **more: object) -> Finding:
    place: dict[str, object] = {
        "study": STUDY.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": Contrast("after", "before"),
        "arm": Contrast("pilot", "comparison"),
        "term": term,
        "estimate": value,
        "n": 40,
        "method": "made up",
    }
    return Finding(**{**place, **more})  # type: ignore[arg-type]


def found(n: int = 40) -> list[Finding]:
    made = []
    for place, group in enumerate(GROUPS):
        value = VALUES[place] if place < len(VALUES) else None
        limits = (
            {} if value is None else {"conf_low": value - 2, "conf_high": value + 2}
        )
        reason = FEW if value is None else ""
        size = n if value is not None else None
        made.append(
            number(
                "specification_effect",
                value,
                group=group,
                reason=reason,
                **{"n": size, **limits},
            )
        )
    made += [
        number("specification_lowest", -0.5),
        number("specification_highest", 4.0),
        number("share_on_declared_side", 5 / 6),
        number("share_excluding_zero", 0.5),
        number("share_beyond_smallest_effect", 4 / 6),
        number("choice_influence", None, group="cleaning", n=None, reason="none alone"),
        number("choice_influence", 1.25, group="model"),
    ]
    return made


def page(findings: list[Finding]) -> str:
    return show_multiverse(disclose(findings, smallest=11), STUDY)._repr_html_()


def test_an_outcome_has_a_sentence_a_figure_and_a_table() -> None:
    shown = show_multiverse(disclose(found(), smallest=11), STUDY)
    (figure,), (table,) = shown.figures, shown.tables
    reported = (
        "6 of 12 combinations gave an answer, from \N{MINUS SIGN}0.50 to 4.00; the one "
        "declared gave 2.50 (0.50 to 4.50). Of these answers, 83% lie on the same side "
        "of zero as the declared one, 50% have an interval wholly on the better side, "
        "67% reach the smallest difference that matters (2.00). What moves the answer "
        "most is model, by 1.25 on average."
    )
    assert reported in page(found())
    assert reported in figure.alt_text
    assert figure.name == "choices-care"
    assert figure.png()
    assert table.columns[:3] == ("Choice", "Option", "Answers")
    assert table.rows[0] == (
        *("Cleaning", "as declared", "6"),
        *("\N{MINUS SIGN}0.50", "4.00", "not shown (a)"),
    )
    assert table.rows[1][2:5] == ("0", "\N{EN DASH}", "\N{EN DASH}")
    assert table.rows[2][:2] == ("Model", "difference in change (declared)")
    assert table.rows[2][5] == "1.25"
    assert table.rows[3][5] == "\N{EN DASH}"
    assert f"6 combinations have no answer: {FEW}." in table.notes


def test_the_figure_goes_up_and_marks_the_one_declared() -> None:
    (figure,) = show_multiverse(disclose(found(), smallest=11), STUDY).figures
    assert [point.value for point in figure.points] == sorted(VALUES)
    own = [point.value for point in figure.points if point.series == "as declared"]
    assert own == [2.5]
    assert set(figure.to_frame()["term"]) == {"specification_effect"}


def test_equal_answers_stand_in_the_order_of_their_options() -> None:
    last_digits = [
        dataclasses.replace(part, estimate=2.5 - 1e-15 * place)
        if part.term == "specification_effect" and part.estimate is not None
        else part
        for place, part in enumerate(found())
    ]
    (figure,) = show_multiverse(disclose(last_digits, smallest=11), STUDY).figures
    drawn = [point.label for point in figure.points]
    assert drawn == sorted(drawn)


def test_too_few_people_are_held_back_with_all_that_follows() -> None:
    shown = show_multiverse(disclose(found(n=5), smallest=11), STUDY)
    assert not any(isinstance(part, Figure) for part in shown.parts)
    reported = shown._repr_html_()
    assert "No combination gave an answer: fewer than 11 people" in reported
    assert "2.50" not in reported


def test_without_a_declared_answer_and_without_findings() -> None:
    lacking = [
        dataclasses.replace(part, estimate=None, conf_low=None, conf_high=None, n=None)
        if part.group == GROUPS[0]
        else part
        for part in found()
    ]
    assert "the combination declared gave none" in page(lacking)
    (part,) = show_multiverse(disclose([], smallest=11), STUDY).parts
    assert "No outcome can be answered by other specifications" in part._repr_html_()


def test_the_page_never_says_significant() -> None:
    assert "significant" not in page(found()).lower()
