"""How far two measurements of the same people agree: Bland and Altman's picture.

Nobody is shown: people are counted in cells, and cells of few people are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from analysis.publication.figure import Point, drawn_points, make_figure
from analysis.publication.house_style import INK, QUIET, bare, fills, height_of, ink_on
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.reliability_figures.subject import scale_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Figure, Note
    from analysis.publication.reliability_figures.subject import Subject

LINES = {
    "upper_limit_of_agreement": "Upper limit",
    "bias": "Mean difference",
    "lower_limit_of_agreement": "Lower limit",
}
COUNT, OUTSIDE = "responses_in_cell", "responses_outside_cells"
NUMBER = r"(-?[\d.]+(?:e[+-]?\d+)?)"
CELL = re.compile(rf"mean {NUMBER} to {NUMBER}, difference {NUMBER} to {NUMBER}")
SHADES = 9


@scale_figure(*LINES, COUNT, OUTSIDE)
def limits_figure(subject: Subject) -> Figure | Note:
    """Three lines with their intervals, and the cells behind them."""
    points = [
        Point(
            label=LINES.get(part.term, str(part.group)), series=part.term, finding=part
        )
        for term in (*LINES, COUNT)
        for part in subject.of(term)
    ]
    cells = [part for part in subject.of(COUNT) if part.estimate is not None]
    counted = (
        " A number is how many people have about this mean and difference."
        if cells
        else ""
    )
    return make_figure(
        f"limits-{subject.place}",
        f"{subject.title}: second measurement minus first. Within the dashed limits "
        "lie about 95% of the differences; grey bands are 95% intervals."
        + counted
        + _outside(subject.of(OUTSIDE)),
        _limits_words(drawn_points(points)),
        points,
        draw_limits,
        height=height_of(8),
    )


def draw_limits(axes: Axes, points: Sequence[Point]) -> None:
    """Cells shaded by their counts, then the lines with their names at the right."""
    cells = [point for point in points if point.series == COUNT]
    _draw_cells(axes, cells)
    for point in points:
        if point.series in LINES:
            _draw_level(axes, point)
    axes.set_ylabel("Second minus first")
    axes.set_xlabel("Mean of both" if cells else "")
    if not cells:
        axes.set_xticks([])
    axes.grid(visible=False)
    bare(axes)


def _draw_level(axes: Axes, point: Point) -> None:
    low, high = point.reach
    axes.axhspan(
        point.value - low, point.value + high, color=QUIET, alpha=0.22, lw=0, zorder=3
    )
    for edge in (point.value - low, point.value + high):
        axes.axhline(edge, color=QUIET, linewidth=0.7, linestyle=":", zorder=3)
    style = "-" if point.series == "bias" else "--"
    axes.axhline(point.value, color=INK, linewidth=1.6, linestyle=style, zorder=3)
    axes.annotate(
        f"{point.label} {number_text(point.value)}",
        (1.0, point.value),
        xycoords=("axes fraction", "data"),
        xytext=(-3, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize="small",
        zorder=4,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
    )


def _draw_cells(axes: Axes, cells: Sequence[Point]) -> None:
    most = max([point.value for point in cells], default=1.0)
    corners = []
    for point in cells:
        match = CELL.fullmatch(point.label)
        assert match, "cells are named by agreement_cells"
        left, right, low, high = map(float, match.groups())
        corners += [(left, low), (right, high)]
        fill = fills(SHADES)[round((SHADES - 3) * point.value / most)]
        axes.add_patch(
            Rectangle(
                (left, low),
                right - left,
                high - low,
                facecolor=fill,
                edgecolor="white",
                zorder=2,
            )
        )
        axes.text(
            (left + right) / 2,
            (low + high) / 2,
            number_text(point.value, COUNT),
            ha="center",
            va="center",
            color=ink_on(fill),
            fontsize="small",
            zorder=5,
            bbox={"facecolor": fill, "edgecolor": "none", "pad": 1.2},
        )
    if corners:
        axes.update_datalim(corners)
        left, right = (f(x for x, _ in corners) for f in (min, max))
        # room at the right, where the lines are named
        axes.set_xticks(sorted({x for x, _ in corners}))
        axes.set_xlim(left - 0.05 * (right - left), right + 0.55 * (right - left))


def _outside(found: Sequence[Finding]) -> str:
    if not found or not found[0].estimate:
        return ""
    many = number_text(found[0].estimate, OUTSIDE)
    return f" {many} people are in cells with too few of them to show."


def _limits_words(drawn: Sequence[Point]) -> str:
    sentences = [
        f"{point.label}: {estimate_text(point.finding)}"
        for point in drawn
        if point.series in LINES
    ]
    cells = [point for point in drawn if point.series == COUNT]
    if cells:
        fullest = max(cells, key=lambda point: point.value)
        sentences.append(
            f"most people in one cell, {number_text(fullest.value, COUNT)}: "
            f"{fullest.label}"
        )
    return "; ".join(sentences) + "." if sentences else ""
