"""Figures: what is drawn, what is not, and what is said of them."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import matplotlib as mpl
import pandas as pd
import pytest
from invented import STUDIES, TOO_FEW, disclosed_of, study_of, with_suppressed
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure as Canvas

from analysis.foundation.findings import TIDY_COLUMNS, Contrast
from analysis.publication.cleaning import show_flow
from analysis.publication.disclosure.control import Disclosed
from analysis.publication.drawings import draw_over_time
from analysis.publication.figure import Figure, Note
from analysis.publication.house_style import (
    WIDTH,
    fills,
    ink_on,
    lightness,
    mark,
)
from analysis.publication.picture import drawing_style
from analysis.publication.reliability import show_items, show_reliability
from analysis.publication.scores import (
    RELIABLE,
    change_figure,
    comparison_figure,
    item_figure,
    reliability_figure,
    score_figure,
    show_change,
    show_comparison,
    show_scores,
)

CARE = {"survey": "ratings", "instrument": "care", "subscale": "total"}


def pilot(**suppressed: str) -> Disclosed:
    disclosed = disclosed_of("listening-pilot")
    return with_suppressed(disclosed, **suppressed) if suppressed else disclosed


def care(kind: str, disclosed: Disclosed | None = None) -> Figure:
    makers = {
        "change": change_figure,
        "comparison": comparison_figure,
        "items": item_figure,
        "reliability": reliability_figure,
        "scores": score_figure,
    }
    made = makers[kind](disclosed or pilot(), study_of("listening-pilot"), **CARE)
    assert isinstance(made, Figure)
    return made


@pytest.mark.parametrize("kind", ["change", "items", "reliability", "scores"])
def test_the_same_numbers_give_the_same_picture(kind: str) -> None:
    figure = care(kind)
    before = dict(mpl.rcParams)
    again = dataclasses.replace(figure, title="Not kept from before")
    assert figure.png() == again.png()
    assert figure.svg() == again.svg()
    assert dict(mpl.rcParams) == before
    for stamp in (b"Software", b"Creation", b"tIME"):
        assert stamp not in figure.png()
    for stamp in (b"matplotlib.org", b"<dc:date>"):
        assert stamp not in figure.svg()


def test_the_frame_holds_the_numbers_drawn() -> None:
    figure = care("comparison")
    frame = figure.to_frame()
    assert tuple(frame.columns) == TIDY_COLUMNS
    expected = pilot().where(**CARE, arm=Contrast("pilot", "comparison"))
    wanted = [
        part
        for term in ("difference_in_change", "adjusted_difference")
        for part in expected.where(term=term).findings
    ]
    assert tuple(point.finding for point in figure.points) == tuple(wanted)
    pd.testing.assert_series_equal(
        frame["estimate"],
        pd.Series([part.estimate for part in wanted], name="estimate"),
    )


@pytest.mark.parametrize("name", STUDIES)
def test_every_figure_says_what_it_shows(name: str) -> None:
    study, disclosed = study_of(name), disclosed_of(name)
    shows = (
        show_flow,
        show_items,
        show_reliability,
        show_scores,
        show_change,
        show_comparison,
    )
    figures = [part for show in shows for part in show(disclosed, study).figures]
    assert figures
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert any(sign.isdigit() for sign in figure.alt_text)
        assert figure.alt_text != figure.caption
        assert len(figure.points) > 0


def test_alt_text_tells_the_finding() -> None:
    words = care("comparison").alt_text
    assert "2.40 (0.80 to 4.00) at Before to After" in words
    assert "The smallest that matters is 2.00." in words
    assert "Pilot: 32.00 (30.80 to 33.20) at Before" in care("scores").alt_text
    assert "run from 0.20 (" in care("items").alt_text


def test_a_value_held_back_is_not_drawn_and_is_counted() -> None:
    figure = care("scores", pilot(**CARE, wave="later", arm="pilot"))
    places = {(part.finding.wave, part.finding.arm) for part in figure.points}
    assert ("later", "pilot") not in places
    assert ("after", "pilot") in places
    assert f"1 value is suppressed ({TOO_FEW})." in figure.caption
    assert f"1 value is suppressed ({TOO_FEW})." in figure.alt_text


def test_where_nothing_may_be_drawn_a_note_says_why() -> None:
    disclosed = with_suppressed(pilot(), **CARE, term="mean_change")
    note = change_figure(disclosed, study_of("listening-pilot"), **CARE)
    assert isinstance(note, Note)
    assert TOO_FEW in note.text
    empty = Disclosed(findings=())
    assert isinstance(change_figure(empty, study_of("listening-pilot"), **CARE), Note)


def test_the_forest_shows_zero_and_the_smallest_effect() -> None:
    axes = Canvas().add_subplot()
    care("change").draw(axes)
    upright = {line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 2}  # type: ignore[arg-type,index]
    assert {0.0, -2.0, 2.0} <= upright
    low, high = axes.get_xlim()
    assert low < -3.8
    assert high > 3.8


def test_reliability_stands_beside_the_usual_line() -> None:
    axes = Canvas().add_subplot()
    care("reliability").draw(axes)
    level = [line for line in axes.lines if list(line.get_ydata()) == [RELIABLE] * 2]  # type: ignore[arg-type]
    assert len(level) == 1


def test_series_are_told_apart_without_colour() -> None:
    axes = Canvas().add_subplot()
    care("scores").draw(axes)
    lines = [line for line in axes.lines if len(list(line.get_xdata())) == 3]  # type: ignore[arg-type]
    marked = [line for line in lines if str(line.get_marker()) in "osD"]
    looks = {(line.get_marker(), line.get_linestyle()) for line in marked}
    assert len(looks) == 2
    assert len({look[0] for look in looks}) == 2
    assert len({look[1] for look in looks}) == 2


def test_scores_are_drawn_over_their_whole_range() -> None:
    axes = Canvas().add_subplot()
    care("scores").draw(axes)
    assert axes.get_ylim() == (10, 50)


def test_a_figure_on_a_page_has_text_and_caption() -> None:
    html = care("scores")._repr_html_()
    assert html.startswith('<figure>\n<img alt="Pilot: 32.00')
    assert 'src="data:image/svg+xml;base64,' in html
    assert "<figcaption>CARE total: mean score" in html


@pytest.mark.parametrize("count", range(1, 8))
def test_fills_keep_their_order_in_grey_and_letters_are_read_on_them(
    count: int,
) -> None:
    shades = [lightness(fill) for fill in fills(count)]
    assert shades == sorted(shades, reverse=True)
    assert all(a - b > 0.02 for a, b in pairwise(shades))
    for fill in fills(count):
        letters = lightness(to_rgb(ink_on(fill)))
        ends = sorted([letters, lightness(fill)])
        assert (ends[1] + 0.05) / (ends[0] + 0.05) >= 4.5


@pytest.mark.parametrize("count", range(2, 8))
def test_no_two_series_are_marked_alike(count: int) -> None:
    looks = [mark(place, count) for place in range(count)]
    kinds = {(look["marker"], look["markerfacecolor"] == "white") for look in looks}
    assert len(kinds) == count


def test_a_dollar_sign_is_a_letter() -> None:
    figure = care("items")
    label = "Costs $5 or $6 each"
    points = tuple(dataclasses.replace(part, label=label) for part in figure.points)
    assert b"Oblique" not in dataclasses.replace(figure, points=points).svg()


@pytest.mark.parametrize(
    ("many", "autumn", "slant"),
    [(3, "September", 0), (5, "September", 0), (8, "October", 0), (8, "September", 45)],
)
def test_names_of_many_waves_do_not_lie_on_each_other(
    many: int, autumn: str, slant: float
) -> None:
    months = ("January", "April", "July", autumn)
    waves = [f"{months[k % 4]} {2024 + k // 4}" for k in range(many)]
    canvas = Canvas(figsize=(WIDTH, 3), layout="constrained")
    with drawing_style():
        axes = canvas.add_subplot()
        draw_over_time(axes, [], waves=waves, label="Mean score", limits=(0, 10))
        canvas.draw_without_rendering()
        boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
    words = [text.get_text().split() for text in axes.get_xticklabels()]
    assert [" ".join(part) for part in words] == waves
    assert {text.get_rotation() for text in axes.get_xticklabels()} == {slant}
    if not slant:
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes))
