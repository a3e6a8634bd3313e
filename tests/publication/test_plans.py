"""The plan on a page: locked or not, kept to or not, and each deviation in words."""

from __future__ import annotations

import dataclasses
import re
import sys

from conftest import ROOT, Project
from invented import disclosed_of, study_of

sys.path.insert(0, str(ROOT / "tests" / "declarations"))
from planned import GOOD, STUDY, locked, parsed

from analysis.declarations.plan import Replaced
from analysis.declarations.study import Study
from analysis.publication.documents import check_page, render_index, render_notebook
from analysis.publication.plan import (
    keep_deviations,
    plan_sentences,
    recorded_deviations,
    show_plan,
    show_plan_check,
)
from analysis.publication.scores import show_change, show_comparison
from analysis.publication.shown import Shown
from analysis.publication.study import show_study
from analysis.publication.summary.page import funder_summary
from analysis.publication.summary.planned import primary_outcome

OTHER = GOOD.replace("smallest_effect = 2\n", "smallest_effect = 3\n")
LOCKED = "the plan locked on 31 January 2026 (fingerprint "


def words(shown: Shown) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown._repr_html_()))


def with_plan(name: str = "listening-pilot", **lock: object) -> Study:
    """The demonstration study with its plan and a lock made of it."""
    study = study_of(name)
    made = locked().lock
    assert made is not None
    from analysis.declarations.plan_lock import lockable  # noqa: PLC0415

    made = dataclasses.replace(made, locked=lockable(study), **lock)  # type: ignore[arg-type]
    return dataclasses.replace(study, lock=made)


def test_no_plan_is_said_to_be_none() -> None:
    shown = show_plan(parsed(STUDY), ())
    assert words(shown).split() == ["No", "plan", "was", "declared."]
    assert 'class="caution"' in shown._repr_html_()


def test_a_plan_that_is_not_locked_is_shown_with_a_caution() -> None:
    shown = show_plan(parsed(), ())
    assert "is not locked, so nothing shows that it was written before" in words(shown)
    assert len(shown.tables) == 1


def test_a_plan_kept_to_is_said_so_without_a_caution() -> None:
    shown = show_plan(locked(), ())
    assert f"The analysis followed {LOCKED}" in words(shown)
    assert "caution" not in shown._repr_html_()


def test_the_plan_is_shown_in_full() -> None:
    reported = words(show_plan(locked(), ()))
    for part in (
        "Population Everyone asked.",
        "Contrast Pilot against comparison.",
        "Primary outcome Empathy",
        "If: leavers Left out.",
        "Summary measure Difference in change",
        "Smallest effect of interest 2.00",
        "Model Mean changes compared.",
        "Covariates score before, age",
        "Missing data Complete pairs.",
        "Family: culture Culture",
        "Multiplicity One primary outcome.",
        "Inference t over teams.",
        "Subgroups site, age",
        "Negative controls Confidence",
        "Least reliability of a score that is compared 0.70",
    ):
        assert part in reported


def test_data_that_had_arrived_are_told() -> None:
    reported = words(show_plan_check(locked(arrived=("before", "after")), ()))
    assert (
        "locked after data had arrived, of “Before”, “After”: it is post hoc"
        in reported
    )


def test_a_replaced_lock_is_told_with_its_reason() -> None:
    study = locked()
    assert study.lock is not None
    earlier = Replaced(
        hash="ab",
        date="2025-12-24",
        version="0",
        arrived=(),
        reason="We <erred>.",
        changed=("One.",),
    )
    lock = dataclasses.replace(study.lock, replaced=(earlier,))
    shown = show_plan_check(dataclasses.replace(study, lock=lock), ())
    assert (
        "A plan locked on 24 December 2025 was replaced, with 1 change. The reason "
        "given: We &lt;erred&gt;." in words(shown)
    )


def test_every_deviation_is_kept_and_listed(project: Project) -> None:
    assert project.folder.exists()
    study = locked(OTHER)
    found = keep_deviations(study, linkage_rule="exact")
    assert len(found) == 2
    assert recorded_deviations(study) == found
    reported = words(show_plan(study, found))
    assert f"The analysis deviated from {LOCKED}" in reported
    assert "2 deviations are listed below." in reported
    for sentence in found:
        assert sentence.split("'")[0] in reported
    assert 'class="caution"' in show_plan_check(study, found)._repr_html_()


def test_a_run_as_planned_keeps_no_deviation(project: Project) -> None:
    assert not project.reports.exists()
    assert recorded_deviations(locked()) == ()
    assert keep_deviations(locked()) == ()
    assert recorded_deviations(locked()) == ()


def test_another_rule_is_told_without_a_lock_too(project: Project) -> None:
    assert project.folder.exists()
    found = keep_deviations(parsed(), linkage_rule="exact")
    (state,) = plan_sentences(parsed(), found)
    assert state.endswith("1 deviation is listed below.")


def test_an_outcome_that_was_not_locked_is_labelled_exploratory() -> None:
    study = study_of("listening-pilot")
    added = dataclasses.replace(study.outcomes[-1], name="new", title="New outcome")
    now = dataclasses.replace(with_plan(), outcomes=(*study.outcomes, added))
    assert re.search(r"New outcome\s+exploratory", words(show_study(now)))
    reported = "Exploratory, not in the locked plan: New outcome."
    disclosed = disclosed_of("listening-pilot")
    for show in (show_change, show_comparison):
        assert reported in words(show(disclosed, now))
        assert "Exploratory" not in words(show(disclosed, with_plan()))


def test_the_main_result_is_the_locked_primary_outcome() -> None:
    study = with_plan()
    switched = tuple(
        dataclasses.replace(
            part, family="primary" if part.name == "cares" else "secondary"
        )
        for part in study.outcomes
    )
    now = dataclasses.replace(study, outcomes=switched)
    for declared, name in (
        (now, "care"),
        (dataclasses.replace(now, lock=None), "cares"),
    ):
        outcome = primary_outcome(declared)
        assert outcome is not None
        assert outcome.name == name
        title = f"{outcome.title}, Before to After"
        assert funder_summary(disclosed_of("listening-pilot"), declared).about == title


def test_the_funders_page_says_whether_the_plan_was_kept_to() -> None:
    disclosed = disclosed_of("listening-pilot")
    study = with_plan(arrived=("before",))
    kept = funder_summary(disclosed, study).passages[-1].sentences
    assert any(f"The analysis followed {LOCKED}" in text for text in kept)
    assert any("it is post hoc" in text for text in kept)
    summary = funder_summary(disclosed, study, deviations=("One.", "Two."))
    reported = summary.passages[-1].sentences
    assert any(
        "2 deviations are listed in the page Outcomes." in text for text in reported
    )
    assert summary.to_pdf()[:5] == b"%PDF-"
    free = funder_summary(disclosed_of("eq-short"), study_of("eq-short"))
    assert "No plan was declared." in free.passages[-1].sentences


def test_the_index_lists_the_plan_before_the_documents() -> None:
    study = with_plan()
    page = render_index(study, [], plan=(*plan_sentences(study, ()), "A <b>."))
    assert page.index("The analysis followed") < page.index("Documents")
    assert "<li>A &lt;b&gt;.</li>" in page
    assert check_page(page) == []
    assert "The plan" not in render_index(study, [])


def test_a_page_with_the_plan_shuts_nobody_out() -> None:
    study = locked(OTHER)
    html = show_plan(study, ("One.",))._repr_html_()
    output = {"output_type": "display_data", "data": {"text/html": html}}
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": "## The plan"},
            {"cell_type": "code", "source": "", "outputs": [output]},
        ]
    }
    assert check_page(render_notebook(notebook, study=study, title="Outcomes")) == []
