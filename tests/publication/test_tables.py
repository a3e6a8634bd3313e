"""Tables: what is rounded how, and what stands where a number may not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from invented import STUDIES, TOO_FEW, disclosed_of, study_of, with_suppressed

from analysis.declarations.study import Study
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.publication.cleaning import (
    emptied_table,
    flow_table,
    scrubbed_table,
    show_flow,
)
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.numbers import (
    about_in_hundred_text,
    interval_text,
    number_text,
    points_text,
    range_in_hundred_text,
)
from analysis.publication.places import waves_of
from analysis.publication.reliability import show_items, show_reliability, show_retest
from analysis.publication.scores import (
    change_table,
    comparison_table,
    item_table,
    reliability_table,
    score_table,
    show_change,
    show_comparison,
    show_scores,
)
from analysis.publication.shown import Shown
from analysis.publication.study import show_study
from analysis.publication.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("value", "term", "text"),
    [
        (3.14159, "mean", "3.14"),
        (-3.14159, "mean_change", "\N{MINUS SIGN}3.14"),
        (-0.0001, "mean_change", "0.00"),
        (-0.0, "mean_change", "0.00"),
        (-1e6, "mean", "\N{MINUS SIGN}1,000,000.00"),
        (7689.0, "responses_used", "7,689"),
        (7019.0, "participants_used", "7,019"),
        (0.0123, "little_mcar_p", "0.012"),
        (6.5e-154, "little_mcar_p", "under 0.001"),
        (0.0, "little_mcar_p", "under 0.001"),
        (0.416, "share_highest", "42%"),
        (0.0, "share_lowest", "0%"),
        (1.0, "share_highest", "100%"),
        (0.001, "share_lowest", "under 1%"),
        (0.005, "share_lowest", "under 1%"),
        (0.0051, "share_lowest", "1%"),
        (0.0004, "little_mcar_p", "under 0.001"),
        (0.0042, "little_mcar_p", "0.004"),
        (0.5, "little_mcar_p", "0.500"),
        (0.999, "share_highest", "over 99%"),
    ],
)
def test_numbers_are_written_by_one_rule(value: float, term: str, text: str) -> None:
    assert number_text(value, term) == text


def test_what_was_scrubbed_stands_apart_from_emptied_answers() -> None:
    study = study_of(STUDIES[0])
    groups = (
        ("name taken out", "text.what_helped"),
        ("NHS number taken out", "text.other"),
        ("out of range", "seed_confidence.now"),
    )
    place = {"study": study.name, "survey": study.surveys[0].name}
    place |= {"wave": study.wave_names()[0], "term": "cells_emptied"}
    found = tuple(
        Finding(
            **place,  # type: ignore[arg-type]
            group=Group("rule_in_column", column, of=rule),
            estimate=14.0,
            n=14,
        )
        for rule, column in groups
    )
    emptied, scrubbed = (
        table(Disclosed(findings=found), study)
        for table in (emptied_table, scrubbed_table)
    )
    assert [row[-1] for row in emptied.rows] == ["14"]
    assert "taken out" not in str(emptied.rows)
    assert scrubbed.caption.startswith("Taken out of free texts")
    assert scrubbed.rows == (
        ("what helped", "name", "14"),
        ("other", "NHS number", "14"),
    )
    shown = show_flow(Disclosed(findings=found), study)
    assert {emptied.caption, scrubbed.caption} <= {t.caption for t in shown.tables}


def test_agreement_with_a_second_answer_has_its_own_n() -> None:
    """Few of those whose consistency is told answered twice."""
    study = study_of("eq-short")
    found = [
        Finding(
            study=study.name,
            survey="completions",
            instrument="eq22",
            subscale="total",
            wave="2008-2017",
            term=term,
            estimate=0.875,
            n=n,
            method="a way",
        )
        for term, n in (("cronbach_alpha", 6956), ("retest_correlation", 254))
    ]
    disclosed = Disclosed(findings=tuple(found))
    (consistency,) = show_reliability(disclosed, study).tables
    (again,) = show_retest(disclosed, study).tables
    assert (consistency.rows[0][1], again.rows[0][1]) == ("6,956", "254")
    assert again.columns[-1] == "First with second answer"


def test_an_interval_reads_without_a_dash() -> None:
    assert interval_text(-1.5, 2.25) == "\N{MINUS SIGN}1.50 to 2.25"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 in 100"),
        (0.004, "under 1 in 100"),
        (0.349, "about 35 in 100"),
        (0.351, "about 35 in 100"),
        (0.997, "over 99 in 100"),
        (1.0, "100 in 100"),
    ],
)
def test_shares_of_people_are_given_in_a_hundred(share: float, text: str) -> None:
    assert about_in_hundred_text(share) == text


def test_a_share_that_hardly_falls_is_not_written_as_a_fall() -> None:
    """In tenths 35% and 34.9% were 4 and 3 in 10."""
    assert about_in_hundred_text(0.351) == about_in_hundred_text(0.349)
    assert range_in_hundred_text(0.301, 0.404) == "30 to 40"


def test_wide_scores_have_fewer_decimals_in_prose() -> None:
    study = study_of("listening-pilot")
    wide = study.instruments["care"].subscale("total")
    narrow = study.instruments["seed_culture"].subscale("total")
    assert points_text(2.345, wide) == "2.3"
    assert points_text(2.345, narrow) == "2.35"


def test_flow_counts_stand_in_their_columns() -> None:
    table = flow_table(disclosed_of("eq-short"), study_of("eq-short"))
    assert table.columns[1:] == (
        "Received",
        "Answered",
        "No consent",
        "Not finished",
        "Too little answered",
        "Used",
    )
    assert table.rows[0][1:] == ("260", "246", "14", "21", "12", "213")


def test_a_heading_that_never_varies_moves_to_the_caption() -> None:
    study, disclosed = study_of("beat-the-blues"), disclosed_of("beat-the-blues")
    table = score_table(disclosed, study, survey="depression", instrument="bdi_total")
    assert table.caption.endswith(": Depression (BDI total)")
    assert table.columns[:3] == ("Wave", "Group", "Scored")
    assert table.row_headings == 2


def test_waves_stand_in_their_order_in_time() -> None:
    study, disclosed = study_of("listening-pilot"), disclosed_of("listening-pilot")
    turned = Disclosed(findings=disclosed.findings[::-1])
    waves = ["before", "after", "later"]
    assert waves_of(turned, study, contrasts=False) == waves
    contrasts = [Contrast("after", "before"), Contrast("later", "before")]
    assert waves_of(turned, study, contrasts=True) == contrasts


def test_every_kind_of_table_has_its_rows() -> None:
    study, disclosed = study_of("listening-pilot"), disclosed_of("listening-pilot")
    place: dict[str, Any] = {"survey": "ratings", "instrument": "care"}
    assert len(item_table(disclosed, study, **place, wave="after").rows) == 10
    assert len(reliability_table(disclosed, study, **place).rows) == 3
    assert len(score_table(disclosed, study, **place).rows) == 9
    assert len(change_table(disclosed, study, **place).rows) == 6
    assert len(comparison_table(disclosed, study, **place).rows) == 2


def test_a_comparison_shows_estimate_interval_and_n() -> None:
    study, disclosed = study_of("listening-pilot"), disclosed_of("listening-pilot")
    table = comparison_table(disclosed, study, survey="ratings", instrument="care")
    assert table.rows[0] == (
        "Before to After",
        "140",
        "2.40 (0.80 to 4.00)",
        "0.30 (0.18 to 0.42)",
    )


@pytest.mark.parametrize(
    ("name", "make", "column", "cell"),
    [
        # A gain of 0.06 of 63 points where lower is better, give or take 0.03.
        (
            "beat-the-blues",
            comparison_table,
            "Adjusted difference",
            "\N{MINUS SIGN}3.78 (\N{MINUS SIGN}5.67 to \N{MINUS SIGN}1.89)",
        ),
        # Of 4 points, give or take 0.04: nobody to compare with.
        (
            "carpentries-impact",
            change_table,
            "Change, as planned",
            "0.24 (0.08 to 0.40)",
        ),
    ],
)
def test_the_planned_estimate_stands_in_its_table(
    name: str, make: Callable[..., Table], column: str, cell: str
) -> None:
    study = study_of(name)
    first = study.outcomes[0]
    place = {"survey": first.survey, "instrument": first.instrument}
    table = make(disclosed_of(name), study, **place)
    assert cell in [row[table.columns.index(column)] for row in table.rows]
    show = show_comparison if study.arms else show_change
    (figure, *_) = show(disclosed_of(name), study).figures
    assert cell.partition(" ")[0] in figure.alt_text


def test_what_is_held_back_stands_there_in_words() -> None:
    study = study_of("listening-pilot")
    disclosed = with_suppressed(
        disclosed_of("listening-pilot"), instrument="care", wave="after", arm="pilot"
    )
    table = score_table(disclosed, study, survey="ratings", instrument="care")
    row = next(row for row in table.rows if row[:2] == ("After", "Pilot"))
    assert set(row[2:]) == {"not shown (a)"}
    assert table.notes == (f"(a) {TOO_FEW}.",)


def test_a_table_is_made_for_all_readers() -> None:
    table = Table(
        caption="Scores & more",
        columns=("Wave", "Mean"),
        rows=(("<script>", "\N{MINUS SIGN}1.00"), ("After", "not shown (a)")),
    )
    html = table._repr_html_()
    assert "<caption>Scores &amp; more</caption>" in html
    assert '<th scope="col">Wave</th><th scope="col" class="number">Mean</th>' in html
    assert '<th scope="row">&lt;script&gt;</th>' in html
    assert 'role="region" tabindex="0" aria-label="Scores &amp; more"' in html
    assert "<script>" not in html


@pytest.mark.parametrize("name", STUDIES)
def test_no_page_ever_shows_a_number_that_is_not_there(name: str) -> None:
    study = study_of(name)
    disclosed = with_suppressed(disclosed_of(name), wave=study.wave_names()[-1])
    for shown in everything_shown(disclosed, study):
        for table in shown.tables:
            text = table._repr_html_().casefold()
            assert "nan" not in text.replace("unanswered", "")
            assert "none<" not in text.replace(">none<", "")
            assert all(cell for row in table.rows for cell in row)


def test_a_label_is_never_read_as_markup() -> None:
    study = study_of("carpentries-impact")
    evil = dataclasses.replace(
        study, surveys=(dataclasses.replace(study.surveys[0], title="<script>x"),)
    )
    html = show_flow(disclosed_of("carpentries-impact"), evil)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;x" in html


def test_what_a_study_is_includes_its_cautions() -> None:
    html = show_study(study_of("eq-short"))._repr_html_()
    assert (
        "not checked against a published source: missing answers (from memory)" in html
    )
    assert "Simulated data" not in html
    html = show_study(study_of("listening-pilot"))._repr_html_()
    assert "Simulated data" in html
    assert "made for this project" in html


def test_a_study_without_arms_says_so() -> None:
    study = study_of("carpentries-impact")
    shown = show_comparison(disclosed_of("carpentries-impact"), study)
    assert shown.tables == ()
    assert "no comparison group" in shown._repr_html_()


def everything_shown(disclosed: Disclosed, study: Study) -> list[Shown]:
    shows = (
        show_flow,
        show_items,
        show_reliability,
        show_scores,
        show_change,
        show_comparison,
    )
    return [show_study(study), *(show(disclosed, study) for show in shows)]


def test_a_change_of_waves_not_linked_stands_beside_its_narrowest_interval() -> None:
    study = study_of("listening-pilot")
    place: dict[str, Any] = {
        "study": study.name,
        "survey": "ratings",
        "instrument": "care",
        "subscale": "total",
        "wave": Contrast("after", "before"),
    }
    made = [
        Finding(
            **place,
            term=term,
            estimate=1.0,
            conf_low=1.0 - reach,
            conf_high=1.0 + reach,
            n=200,
            method="made up",
        )
        for term, reach in (("mean_change", 0.9), ("mean_change_best_case", 0.4))
    ]
    disclosed = Disclosed(findings=tuple(made))
    table = change_table(disclosed, study, survey="ratings", instrument="care")
    assert table.columns[-2:] == (
        "Mean change",
        "Mean change, if all who could answered twice",
    )
    assert table.rows[0][-2:] == ("1.00 (0.10 to 1.90)", "1.00 (0.60 to 1.40)")
