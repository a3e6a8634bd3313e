"""Draw points on axes: one function a kind of figure.

Nothing here rounds, and nothing is drawn that has no estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures.style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    folded,
    legend,
    list_on_left,
    mark,
    reaches,
    shift,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.publication.figures.frame import Point

LETTERS = 60
"""So many letters stand side by side below a figure."""
MANY_WAVES = 6


def draw_across(
    axes: Axes,
    points: Sequence[Point],
    *,
    label: str,
    zero: bool = False,
    step: float = 0.22,
) -> None:
    """Estimates with intervals along the horizontal, one category a line.

    Series stand `step` of a line aside from each other.
    """
    labels = list(dict.fromkeys(point.label for point in points))
    series = list(dict.fromkeys(point.series for point in points))
    if zero:
        axes.axvline(0, color=INK, linewidth=1)
    for place, name in enumerate(series):
        chosen = [point for point in points if point.series == name]
        aside = shift(place, len(series), step)
        axes.errorbar(
            [point.value for point in chosen],
            [labels.index(point.label) + aside for point in chosen],
            xerr=reaches(chosen),
            **mark(place, len(series)),
            linestyle="none",
        )
    axes.set_xlabel(label)
    list_on_left(axes, labels)
    legend(axes, series)


def draw_forest(
    axes: Axes,
    points: Sequence[Point],
    *,
    label: str,
    smallest_effect: float | None = None,
) -> None:
    """Differences with intervals, the zero line, and the zone too small to matter."""
    if smallest_effect is not None:
        zone = (-smallest_effect, smallest_effect)
        axes.axvspan(*zone, color=ZONE, zorder=0)
        for edge in zone:
            axes.axvline(edge, color=QUIET, linewidth=1.2, linestyle="--")
        axes.text(
            0.5,
            1.02,
            "dashed: the smallest difference that matters",
            transform=axes.transAxes,
            ha="center",
            va="bottom",
            color=QUIET,
            fontsize="small",
        )
    draw_across(axes, points, label=label, zero=True)
    furthest_reached = [abs(point.value) + max(point.reach) for point in points]
    furthest = 1.08 * max([smallest_effect or 0.0, *furthest_reached])
    axes.set_xlim(-furthest, furthest)


def draw_over_time(
    axes: Axes,
    points: Sequence[Point],
    *,
    waves: Sequence[str],
    label: str,
    limits: tuple[float, float],
    reference: float | None = None,
) -> None:
    """Estimates with intervals from wave to wave, one line a series."""
    series = list(dict.fromkeys(point.series for point in points))
    if reference is not None:
        axes.axhline(reference, color=QUIET, linewidth=1.2, linestyle="--", zorder=1)
    for place, name in enumerate(series):
        chosen = [point for point in points if point.series == name]
        aside = shift(place, len(series), 0.07)
        axes.errorbar(
            [waves.index(point.label) + aside for point in chosen],
            [point.value for point in chosen],
            yerr=reaches(chosen),
            **mark(place, len(series)),
            linestyle=LINES[place % len(LINES)],
        )
    name_waves(axes, waves)
    axes.set_xlim(-0.5, len(waves) - 0.5)
    axes.set_ylim(*limits)
    axes.set_ylabel(label)
    axes.grid(visible=False, axis="x")
    bare(axes)
    legend(axes, series)


def name_waves(axes: Axes, waves: Sequence[str]) -> None:
    """Write waves below the axes: side by side, or aslant where words are too long."""
    room = LETTERS // max(len(waves), 1)
    longest = max((len(word) for wave in waves for word in wave.split()), default=0)
    names = [folded(wave, max(min(room, 14), longest)) for wave in waves]
    axes.set_xticks(range(len(waves)), names)
    if len(waves) > MANY_WAVES:
        axes.tick_params(axis="x", labelsize="small")
    if longest > room:
        axes.tick_params(axis="x", rotation=45)
