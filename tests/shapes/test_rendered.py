"""Shapes from raw exports to pages: the number that is read is the one planned."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from shaped_studies import exports
from shapes import SHAPES
from test_shapes import REFUSED, SUMMARIES

from heard.results import Estimate

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project
    from shaped_studies import Shape


def rendered(project: Project, shape: Shape) -> Path:
    """The reports of a shape, made from its exports by the command line."""
    project.declare(shape.name, shape.text)
    for file, content in exports(shape).items():
        project.receive(shape.name, file, content)
    finished = project.heard("run", shape.name)
    assert finished.returncode == 0, finished.stderr
    return project.reports / shape.name


def read(page: Path) -> str:
    """The words of a page."""
    text = re.sub(r"<(script|style).*?</\1>", " ", page.read_text("utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def of_contrast(reports: Path, shape: Shape) -> pd.DataFrame:
    """What the findings file holds of the contrast."""
    rows = pd.read_csv(reports / "findings" / "findings.csv", keep_default_na=False)
    estimand = shape.questions[0].estimand
    here = rows["arm"].eq(str(estimand.place)) & rows["wave"].eq(str(estimand.waves))
    return rows.loc[here]


@pytest.mark.parametrize("name", ["linked_teams", "post_only_teams"])
def test_the_page_for_funders_tells_the_planned_estimate(
    project: Project, name: str
) -> None:
    shape = SHAPES[name]
    reports = rendered(project, shape)
    planned = shape.planned.result
    assert isinstance(planned, Estimate)
    rows = of_contrast(reports, shape)
    shown = rows.loc[rows["term"].isin(SUMMARIES) & rows["group"].eq("")]
    (record,) = shown.astype(str).to_dict("records")
    assert record["term"] == planned.term
    limits = planned.estimate, planned.conf_low, planned.conf_high
    found = [float(record[name]) for name in ("estimate", "conf_low", "conf_high")]
    assert found == pytest.approx(limits, rel=1e-9)
    words = read(reports / "funder-summary.html")
    assert f"likely range {planned.conf_low:.1f} to {planned.conf_high:.1f}" in words
    assert f"{planned.estimate:.1f} points" in words
    assert not re.search(r"points (more|higher|lower|fewer)(?!; likely)", words)


def test_the_page_for_funders_tells_why_there_is_no_answer(project: Project) -> None:
    shape = SHAPES["one_site_each"]
    reports = rendered(project, shape)
    words = read(reports / "funder-summary.html")
    assert "Anything else that happened in either site would look the same" in words
    rows = of_contrast(reports, shape)
    assert REFUSED[shape.name] in set(rows["reason"])
    assert not re.search(r"\d points", words), "no number stands in for the answer"


PERCENT = r"\d+ percentage points"


@pytest.mark.parametrize(
    ("name", "noun", "level"),
    [
        ("two_values", "share", r"Pilot: \d+% to \d+%"),
        ("three_answers", "chance of a better answer", r"Pilot: \d+% to \d+%"),
    ],
)
def test_a_share_or_a_chance_is_told_in_percentage_points(
    project: Project, name: str, noun: str, level: str
) -> None:
    shape = SHAPES[name]
    reports = rendered(project, shape)
    planned = shape.planned.result
    assert isinstance(planned, Estimate)
    assert planned.conf_low is not None
    assert planned.conf_high is not None
    words = read(reports / "funder-summary.html")
    assert re.search(level, words)
    size = f"{100 * planned.estimate:.0f} percentage points"
    limits = f"{100 * planned.conf_low:.0f} to {100 * planned.conf_high:.0f}"
    told = f"The pilot teams' {noun} rose by {size} more; likely range {limits}"
    assert told in words
    assert "smallest effect that matters, 10 percentage points" in words
    outcomes = read(reports / "outcomes.html")
    assert f"{size} ({limits})" in outcomes
    assert "10 percentage points" in outcomes
    for page in (words, outcomes, read(reports / "index.html")):
        assert not re.search(r"\bodds ratio", page)
        assert not re.search(r"\b0\.\d+ points (more|better|higher)", page)
    rows = of_contrast(reports, shape)
    effects = rows.loc[rows["term"].isin(SUMMARIES), "method"]
    assert effects.str.contains("0.01 is one percentage point").all()
