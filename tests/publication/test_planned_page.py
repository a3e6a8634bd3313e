"""The planned result on the funder's page and the index: the verdict first."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import pytest
from invented import disclosed_of, study_of, with_suppressed
from planned_results import outcome_of, planned_result
from reading_age import reading_age

from analysis.foundation.terms import sections
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.summary.page import FunderSummary, funder_summary
from analysis.publication.verdict.reader import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding

CHOSEN: dict[str, Any] = {
    "arms": ("pilot", "comparison"),
    "means": (42.8, 45.6, 42.0, 42.7),
    "units": (6, 6),
    "n_unit": "answers",
    "facts": {"design": "chosen_comparison", "unit": "team", "units": 6},
    "agreeing": 5,
    "asked": 5,
    "lost": 0.08,
}
PLANNED = {
    "difference_in_change",
    *(
        each.name
        for section in sections()
        if section.name == "planned"
        for each in section.terms
    ),
}
FIRST = "We cannot tell whether the pilot teams did better."


def study() -> Study:
    declared = study_of("listening-pilot")
    outcomes = tuple(
        dataclasses.replace(each, short_title=title)
        for each, title in zip(
            declared.outcomes,
            ("ratings", "care", "importance", "listening", "confidence", "culture"),
            strict=True,
        )
    )
    return dataclasses.replace(declared, programme="the training", outcomes=outcomes)


def others() -> tuple[Finding, ...]:
    """Everything that was found besides, without any planned result."""
    return tuple(
        part
        for part in disclosed_of("listening-pilot").findings
        if part.term not in PLANNED
    )


def result(
    low: float, high: float, outcome: str = "care", **changed: Any
) -> Iterator[Finding]:
    of = outcome_of(study(), outcome)
    return planned_result(study(), of, (low, high), **CHOSEN | changed)


def page(*results: Iterator[Finding]) -> FunderSummary:
    found = (part for each in results for part in each)
    return funder_summary(Disclosed(findings=(*others(), *found)), study())


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


def test_the_verdict_stands_first_and_large() -> None:
    summary = page(result(-0.1, 4.3))
    html = summary.headline_html()
    assert f'<p class="verdict">{FIRST}' in html
    about = "Empathy as service users rate it (CARE), Before to After"
    assert words(html).startswith(f"{about} {FIRST}")
    assert summary._repr_html_().count(FIRST) == 2, "the text, and that of the drawing"
    assert "Pilot: 42.8 to 45.6." in words(html)
    assert "Strength 3 of 5" in words(html)
    assert "improved by" not in words(html)


def test_no_estimate_in_large_type_where_nothing_was_found() -> None:
    for limits in ((-0.1, 4.3), (-1.1, 1.5), (-2.4, 1.8)):
        summary = page(result(*limits))
        assert summary.number == ""
        assert 'class="big"' not in summary.headline_html()
        assert 'font-weight="bold"' not in summary.drawing
        assert summary.drawing
    assert page(result(2.1, 3.7)).number == "2.9 points better"
    assert page(result(-3.7, -2.1)).number == "2.9 points worse"


def test_there_is_one_number_for_the_contrast() -> None:
    """The planned estimate occurs; that of another analysis does not."""
    whole = words(page(result(-0.1, 4.3))._repr_html_())
    assert "2.1 points" in whole
    assert "2.4 points" not in whole


def test_strength_is_part_of_the_result() -> None:
    headings = [part.heading for part in page(result(-0.1, 4.3)).passages]
    assert "How strong is the evidence" not in headings
    without = funder_summary(Disclosed(findings=others()), study())
    assert without.result.sentences == (
        "There is no main result: none was declared, or none could be worked out.",
    )
    assert (without.headlines, without.number, without.drawing) == ((), "", "")


def test_a_later_follow_up_has_a_line_and_changes_nothing() -> None:
    alone = page(result(-0.1, 4.3))
    both = page(result(-0.1, 4.3), result(2.1, 3.7, follow_up="later"))
    assert both.headlines == alone.headlines
    assert both.result.sentences[-1] == (
        "At “Later”: The pilot teams probably did better than the comparison teams, by "
        "enough to matter. The pilot changed by 2.9 points more; likely range 2.1 to "
        "3.7. This was not tested, as “After” showed no clear difference."
    )
    assert len(both.result.sentences) == len(alone.result.sentences) + 1


def test_harm_stands_first() -> None:
    harm = result(-2.0, -0.6, "confidence")
    summary = page(result(2.1, 3.7), harm)
    assert summary.harms[0].startswith(
        "Staff confidence: The pilot teams probably did worse than the comparison teams"
    )
    html = words(summary.headline_html())
    assert html.startswith("Staff confidence: The pilot teams probably did worse")
    assert summary.headlines[0].startswith("The pilot teams probably did better")
    gain = result(0.6, 2.0, "confidence")
    assert page(result(2.1, 3.7), gain).harms == ()


def test_who_was_compared_with_whom() -> None:
    summary = page(result(-0.1, 4.3))
    (compared,) = [p for p in summary.passages if p.heading == "Compared with what"]
    assert " ".join(compared.sentences) == (
        "The pilot teams with the comparison teams. The teams were chosen, not "
        "randomised."
    )


def test_a_suppressed_result_leaves_no_number() -> None:
    everything = Disclosed(findings=(*others(), *result(2.1, 3.7)))
    hidden = with_suppressed(everything, term="difference_in_change", group="")
    summary = funder_summary(hidden, study())
    assert summary.headlines == (
        f"This study cannot say whether the training worked. {SUPPRESSED}",
    )
    assert (summary.number, summary.drawing) == ("", "")
    assert "2.9" not in words(summary.headline_html())


@pytest.mark.parametrize("limits", [(-0.1, 4.3), (2.1, 3.7), (-3.1, 7.9)])
def test_the_pdf_is_one_page(limits: tuple[float, float]) -> None:
    summary = page(
        result(*limits),
        result(-2.0, -0.6, "confidence"),
        result(*limits, follow_up="later"),
    )
    pdf = summary.to_pdf()
    assert pdf == summary.to_pdf()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert b"pdfuaid" in pdf


def test_the_main_result_can_be_read_at_11() -> None:
    summary = page(result(-0.1, 4.3), result(2.1, 3.7, follow_up="later"))
    text = " ".join([*summary.headlines, *summary.result.sentences])
    assert reading_age(text) < 12


BOUND = {
    "arm_mean_before": "42.8 to",
    "arm_mean_after": "to 45.6",
    "units_compared": "12 teams",
    "difference_in_change": "points more",
    "verdict": "We cannot tell whether",
    "analyses_asked": "other ways to analyse",
    "evidence_strength": "Strength 2 of 5",
    "strength_column": "chance decided which teams had it; held at 3 by",
    "share_lost": "30% of those invited without a score",
    "strength_threat": "less 1: many people changed groups",
    "comparability_checked": "We could not check",
}


@pytest.mark.parametrize("term", BOUND)
def test_without_its_finding_a_sentence_is_not_there(term: str) -> None:
    facts = CHOSEN["facts"] | {
        "movers": 0.2,
        "comparability": "cannot_be_tested",
        "units": 12,
        "design": "randomised",
    }
    whole = tuple(result(-0.1, 4.3, lost=0.3, facts=facts))
    fewer = tuple(part for part in whole if part.term != term)
    shown, without = (
        words(page(iter(part)).headline_html().partition("<figure")[0])
        for part in (whole, fewer)
    )
    assert BOUND[term] in shown
    assert BOUND[term] not in without
