"""Lines over a row of numbers, each with its band where it has intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures.style import LINES, QUIET, bare, legend, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.publication.figures.frame import Point

MAXIMUM_MARKED = 25
"""Points of a line that are still told apart; a longer line has no marks."""


def draw_lines(
    axes: Axes,
    points: Sequence[Point],
    *,
    across: str,
    label: str,
    limits: tuple[float, float] | None = None,
) -> None:
    """One line a series over the numbers that the points' labels are."""
    series = list(dict.fromkeys(point.series for point in points))
    for place, name in enumerate(series):
        chosen = [point for point in points if point.series == name]
        draw_line(axes, chosen, place=place, count=len(series))
    axes.set_xlabel(across)
    axes.set_ylabel(label)
    whole = sorted({float(point.label) for point in points})
    if len(whole) <= 12 and all(number.is_integer() for number in whole):
        axes.set_xticks(whole, [f"{number:g}" for number in whole])
    if limits:
        axes.set_ylim(*limits)
    bare(axes)
    legend(axes, series)


def draw_line(axes: Axes, points: Sequence[Point], *, place: int, count: int) -> None:
    """One line, its band behind it; lines are told apart by mark and dashes too."""
    numbers = [float(point.label) for point in points]
    values = [point.value for point in points]
    look = mark(place, count)
    if len(points) > MAXIMUM_MARKED:
        look["marker"] = ""
    if any(max(point.reach) > 0 for point in points):
        low = [point.value - point.reach[0] for point in points]
        high = [point.value + point.reach[1] for point in points]
        axes.fill_between(numbers, low, high, color=look["color"], alpha=0.16, lw=0)
        for edge in (low, high):
            axes.plot(numbers, edge, color=QUIET, linewidth=0.7, linestyle=":")
    # as error bars without any reach, so that the legend finds every kind of line
    axes.errorbar(numbers, values, **look, linestyle=LINES[place % len(LINES)])
