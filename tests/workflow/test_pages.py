"""Pages: declared once, and read by all that plans, lists and chooses them."""

from __future__ import annotations

import dataclasses

from conftest import ROOT

from analysis.storage.declared import read_study
from analysis.workflow.pages import PAGES, WHEN, Page, page_of, step_kinds
from analysis.workflow.planning import READERS, plan_design, plan_steps

STUDY = read_study("listening-pilot")


def test_every_notebook_is_a_page_in_the_order_of_the_folder() -> None:
    notebooks = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert [page.notebook for page in PAGES] == notebooks


def test_names_titles_and_lines_are_each_of_one_page() -> None:
    for key in ("name", "title", "line"):
        texts = [getattr(page, key) for page in PAGES]
        assert all(texts)
        assert len({*texts}) == len(texts), key


def test_steps_run_in_the_order_of_the_pages() -> None:
    order = step_kinds()
    places = [order.index(step.kind) for step in plan_steps(STUDY)]
    assert places == sorted(places)
    assert order[-1] == "index"


def test_a_page_waits_for_what_makes_its_files() -> None:
    steps = {step.name: step for step in plan_steps(STUDY)}
    for step in steps.values():
        assert set(step.needs) <= set(steps), step.name
    outcomes = steps["outcomes"]
    assert {"linkage", "comparability", "reliability-before"} <= {*outcomes.needs}
    assert "linkage/links.parquet" in outcomes.inputs


def test_only_pages_made_from_findings_are_without_rows() -> None:
    without = {page.name for page in PAGES if not page.reads_rows}
    assert without == {"design", "funder-summary"}
    assert not plan_steps(STUDY)[-1].reads_rows
    assert plan_steps(STUDY)[-1].notebook is None


def test_every_source_is_read_by_a_page() -> None:
    read = {part for page in PAGES for part in page.reads}
    assert read == {*READERS}
    assert {page.when for page in PAGES} == {*WHEN}


def test_a_page_that_does_not_apply_has_no_step() -> None:
    plain = dataclasses.replace(STUDY, design=None, groups=())
    kinds = {step.kind for step in plan_steps(plain)}
    assert not kinds & {"design", "subgroups"}
    assert plan_design(plain) == ()


def test_a_page_of_each_wave_has_a_step_a_wave() -> None:
    cleaning = page_of("cleaning")
    assert isinstance(cleaning, Page)
    assert cleaning.each_wave
    names = [step.name for step in plan_steps(STUDY) if step.kind == "cleaning"]
    assert names == [f"cleaning-{wave}" for wave in STUDY.wave_names()]
    assert page_of("findings") is None
