"""The funder's page: plain words, one page, the same bytes."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from invented import STUDIES, TOO_FEW, disclosed_of, study_of, with_suppressed

from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Contrast, Finding, names_in
from analysis.publication.disclosure.control import FEW_DROPOUTS, Disclosed
from analysis.publication.summary.page import FunderSummary, funder_summary

MAIN = {"survey": "ratings", "instrument": "care", "term": "difference_in_change"}


def summary_of(name: str, disclosed: Disclosed | None = None) -> FunderSummary:
    return funder_summary(disclosed or disclosed_of(name), study_of(name))


def all_words(summary: FunderSummary) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", summary._repr_html_()))


@pytest.mark.parametrize("name", STUDIES)
def test_words_are_plain(name: str) -> None:
    words = all_words(summary_of(name)).casefold()
    for word in ("significant", "p-value", "p =", "p <", "nan", "none."):
        assert word not in words.replace("unanswered", "")
    assert "None" not in words


def test_people_asked_once_have_no_main_result() -> None:
    words = all_words(summary_of("eq-short"))
    assert "People were asked at one time only, so change was not measured" in words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("eq-short", "With nobody: there is no comparison group in this study."),
        ("listening-pilot", "Whole teams were put in one of the groups."),
        ("beat-the-blues", "Each person was put in one of the groups."),
    ],
)
def test_without_a_judged_result_the_comparison_is_said_as_declared(
    name: str, words: str
) -> None:
    nothing = Disclosed(findings=())
    summary = summary_of(name, nothing)
    assert words in all_words(summary)
    assert "There is no main result" in all_words(summary)
    assert (summary.headlines, summary.number, summary.drawing) == ((), "", "")
    assert summary.to_pdf().startswith(b"%PDF")


def test_answers_used_stand_alone_where_those_who_answered_are_not_shown() -> None:
    """How many answered is held back where few of them were left out."""
    hidden = Disclosed(
        findings=tuple(
            dataclasses.replace(part, estimate=None, n=None, reason=TOO_FEW)
            if part.term == "responses_answered"
            else part
            for part in disclosed_of("listening-pilot").findings
        )
    )
    words = all_words(summary_of("listening-pilot", hidden))
    assert "Staff survey, used: Before: 213; After: 183; Later: 153." in words
    assert "of those who answered" not in words


def test_main_result_is_told_in_better_and_worse() -> None:
    summary = summary_of("listening-pilot")
    # 0.06 of the 40 points of the scale, give or take 0.04; 2 matter.
    assert summary.headlines[0].startswith(
        "The pilot teams probably did better than the comparison teams. We cannot "
        "tell if by enough to matter."
    )
    words = " ".join(summary.result.sentences)
    assert "changed by 2.4 points more; likely range 0.8 to 4.0" in words
    assert "At “Later”: The pilot teams probably did better" in words


def test_a_falling_score_is_better_where_lower_is_better() -> None:
    # A fall of 0.06 of the 63 points, give or take 0.03.
    summary = summary_of("beat-the-blues")
    assert summary.number == "3.8 points better"
    assert "likely range" in " ".join(summary.result.sentences)


def test_a_main_result_held_back_leaves_no_number() -> None:
    disclosed = with_suppressed(disclosed_of("listening-pilot"), **MAIN)
    summary = summary_of("listening-pilot", disclosed)
    assert summary.number == ""
    assert summary.drawing == ""
    assert summary.headlines[0].startswith("This study cannot say")
    assert "Too few people answered for the result to be shown." in summary.headlines[0]
    assert summary.to_pdf().startswith(b"%PDF")


def test_the_first_follow_up_is_the_main_one_even_if_held_back() -> None:
    disclosed = with_suppressed(
        disclosed_of("listening-pilot"), **MAIN, wave=Contrast("after", "before")
    )
    assert summary_of("listening-pilot", disclosed).number == ""


def test_the_smallest_effect_is_drawn() -> None:
    drawing = summary_of("listening-pilot").drawing
    assert "dashed line: smallest effect that matters, 2.0" in drawing
    assert "stroke-dasharray" in drawing


def test_three_behaviours_are_given_in_a_hundred_by_group_and_wave() -> None:
    behaviours = summary_of("listening-pilot").behaviours
    assert behaviours is not None
    assert behaviours.columns[1:] == (
        "Pilot: Before",
        "Pilot: After",
        "Comparison: Before",
        "Comparison: After",
    )
    assert behaviours.rows[0][1:3] == (
        "about 36 in 100 (29 to 43)",
        "about 48 in 100 (41 to 55)",
    )
    assert summary_of("eq-short").behaviours is None
    assert "Three behaviours" not in all_words(summary_of("eq-short"))


def test_behaviours_of_too_few_people_are_not_told() -> None:
    disclosed = with_suppressed(
        disclosed_of("listening-pilot"), subscale="cares", wave="after", arm="pilot"
    )
    behaviours = summary_of("listening-pilot", disclosed).behaviours
    assert behaviours is not None
    assert behaviours.rows[0][2] == "too few to say"


def test_who_took_part_is_counted() -> None:
    words = all_words(summary_of("listening-pilot"))
    assert (
        "Staff survey, used of those who answered: Before: 213 of 246; After: 183 of "
        "216; Later: 153 of 186." in words
    )
    assert "Staff survey: 150 people were linked, Before to After." in words
    assert "How many people were invited is not recorded here." in words
    assert "answers could not be linked from wave to wave" in words


def test_who_could_be_followed_is_told_by_the_score_most_have() -> None:
    linked = {"survey": "staff", "term": "participants_linked", "arm": ""}
    findings = disclosed_of("listening-pilot").findings
    (first, *_) = Disclosed(findings=findings).where(**linked).findings
    more = dataclasses.replace(first, subscale="other", estimate=160.0, n=160)
    words = all_words(
        summary_of("listening-pilot", Disclosed(findings=(*findings, more)))
    )
    assert "Staff survey: 160 people were linked, Before to After." in words


def test_that_a_few_were_lost_is_not_told() -> None:
    few = [
        dataclasses.replace(part, estimate=None, n=None, reason=FEW_DROPOUTS)
        if part.survey == "staff"
        and part.term in ("responses_used", "participants_linked")
        and names_in(part.wave)[0] == "after"
        else part
        for part in disclosed_of("listening-pilot").findings
    ]
    words = all_words(summary_of("listening-pilot", Disclosed(findings=tuple(few))))
    assert "After: not shown; Later: 153 of 186" in words
    assert "how many people could be linked is not shown" in words
    assert "too few people" not in words


def test_staff_who_were_rated_are_told_where_there_is_a_list() -> None:
    study = study_of("listening-pilot")
    rated = [
        Finding(
            study=study.name,
            survey="ratings",
            wave=wave,
            term="share_rated_once",
            estimate=share,
            n=None if share is None else 40,
            method="count",
            reason="" if share else TOO_FEW,
        )
        for wave, share in (("before", 0.5), ("after", None))
    ]
    here = disclosed_of("listening-pilot")
    added = Disclosed(findings=(*here.findings, *rated))
    words = all_words(summary_of("listening-pilot", added))
    reported = "rated at least once: Before: 50% of 40; After: too few to say."
    assert reported in words
    assert "rated at least once" not in all_words(summary_of("eq-short"))


def test_what_was_asked_in_own_words_is_not_called_unasked() -> None:
    assert "it was asked, and is not summed up" in all_words(
        summary_of("listening-pilot")
    )
    assert "own words" not in all_words(summary_of("eq-short"))


def test_what_was_not_measured_is_what_the_study_declares() -> None:
    study = study_of("listening-pilot")
    declared = dataclasses.replace(
        study, not_measured=("Waiting times were not asked.",), groups=()
    )
    words = all_words(funder_summary(disclosed_of("listening-pilot"), declared))
    assert "Not measured Waiting times were not asked. Who gained less: no" in words
    plain = all_words(summary_of("listening-pilot"))
    assert "Waiting times" not in plain
    assert "Who gained less" not in plain
    assert "Harm and strain" not in plain


def test_only_simulated_studies_carry_the_banner() -> None:
    assert "Simulated data" in all_words(summary_of("listening-pilot"))
    assert "Simulated data" not in all_words(summary_of("eq-short"))


@pytest.mark.parametrize("name", STUDIES)
def test_the_pdf_is_one_page_and_the_same_each_time(name: str) -> None:
    pdf = summary_of(name).to_pdf()
    assert pdf == summary_of(name).to_pdf()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert b"pdfuaid" in pdf
    assert b"CreationDate" not in pdf


EVIL = "<script> #panic() *bold* $x$ @label \\ [ ] `code` // {{ 7 * 7 }}"


def test_text_reaches_page_and_pdf_as_it_is(tmp_path: Path) -> None:
    study = dataclasses.replace(study_of("listening-pilot"), title=EVIL, summary=EVIL)
    summary = funder_summary(disclosed_of("listening-pilot"), study)
    html = summary._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt; #panic() *bold* $x$" in html
    assert "49" not in html.split("The main result")[0]
    path = tmp_path / "summary.pdf"
    path.write_bytes(summary.to_pdf())
    if reader := shutil.which("pdftotext"):
        asked = [reader, "-layout", str(path), "-"]
        text = subprocess.run(asked, capture_output=True, check=True).stdout.decode()
        assert "#panic() *bold* $x$ @label \\ [ ] `code` //" in " ".join(text.split())


def test_a_study_too_wordy_for_a_page_is_refused() -> None:
    study = dataclasses.replace(study_of("eq-short"), summary="Many words. " * 2000)
    with pytest.raises(DeclarationError, match="shorten"):
        funder_summary(disclosed_of("eq-short"), study).to_pdf()
