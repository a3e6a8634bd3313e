"""Draw points on axes: one function a kind of figure.

A series is told apart by colour, marker and line, so that grey print and any colour
vision will do; nothing here rounds, and nothing is drawn that has no estimate.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from analysis.foundation import Finding

INK = "#1b1f24"
QUIET = "#59636e"
ZONE = "#e7eaee"
MARKERS = "osD^vPX"
LINES = ("-", "--", ":", "-.")
KEPT = "Kept"
HATCHES = ("////", "....", "xxxx", "----", "\\\\\\\\", "++++")
SHADES = ("white", "#d5d9de")
WIDTH = 5.4
DOTS_PER_INCH = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One number drawn: the category it stands at, its series, and the finding."""

    label: str
    series: str
    finding: Finding

    @property
    def value(self) -> float:
        """The estimate; points without one are never drawn."""
        assert self.finding.estimate is not None, "held back, not to be drawn"
        return self.finding.estimate

    @property
    def reach(self) -> tuple[float, float]:
        """How far the interval goes below and above the estimate."""
        low, high = self.finding.conf_low, self.finding.conf_high
        if low is None or high is None:
            return (0.0, 0.0)
        return (max(self.value - low, 0.0), max(high - self.value, 0.0))


@contextmanager
def drawing_style() -> Iterator[None]:
    """Seaborn's style for as long as a figure is made; nothing stays changed."""
    import matplotlib as mpl  # noqa: PLC0415 - heavy
    import seaborn as sns  # noqa: PLC0415 - heavy

    own = {
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "font.family": ["sans-serif"],
        "font.sans-serif": ["DejaVu Sans"],
        "grid.color": ZONE,
        "svg.hashsalt": "heard",
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with ExitStack() as stack:
        stack.enter_context(mpl.rc_context())
        stack.enter_context(sns.plotting_context("notebook", font_scale=0.92))
        stack.enter_context(sns.axes_style("whitegrid", rc=own))
        yield


def draw_flow(
    axes: Axes, points: Sequence[Point], *, labels: Mapping[str, str]
) -> None:
    """Stacked bars of responses: kept first, then what was left out by each rule.

    The number kept stands in its bar; rules differ in hatching and in shade, so that
    grey print tells them apart.

    Parameters
    ----------
    labels : mapping
        Label of a line, from the top down, → what stands beside it.
    """
    lines = [name for name in labels if any(p.label == name for p in points)]
    series = list(dict.fromkeys(point.series for point in points))
    ends = dict.fromkeys(lines, 0.0)
    for place, name in enumerate(series):
        chosen = [point for point in points if point.series == name]
        is_kept = name == KEPT
        bars = axes.barh(
            [lines.index(point.label) for point in chosen],
            [point.value for point in chosen],
            left=[ends[point.label] for point in chosen],
            height=0.62,
            color=_colours(1)[0] if is_kept else SHADES[place % len(SHADES)],
            edgecolor=_colours(1)[0] if is_kept else QUIET,
            hatch="" if is_kept else HATCHES[place % len(HATCHES)],
            label=name,
        )
        if is_kept:
            numbers = [f"{point.value:,.0f}" for point in chosen]
            axes.bar_label(bars, numbers, label_type="center", color="white")
        for point in chosen:
            ends[point.label] += point.value
    axes.set_xlabel("Responses")
    axes.set_xlim(0, max(1.0, *ends.values()) * 1.05)
    _list_on_left(axes, [labels[name] for name in lines])
    _legend(axes, series)


def draw_across(
    axes: Axes, points: Sequence[Point], *, label: str, zero: bool = False
) -> None:
    """Estimates with intervals along the horizontal, one category a line."""
    labels = list(dict.fromkeys(point.label for point in points))
    series = list(dict.fromkeys(point.series for point in points))
    if zero:
        axes.axvline(0, color=INK, linewidth=1)
    for place, name in enumerate(series):
        chosen = [point for point in points if point.series == name]
        shift = _shift(place, len(series), 0.22)
        axes.errorbar(
            [point.value for point in chosen],
            [labels.index(point.label) + shift for point in chosen],
            xerr=_reaches(chosen),
            **_mark(place, len(series)),
            linestyle="none",
        )
    axes.set_xlabel(label)
    _list_on_left(axes, labels)
    _legend(axes, series)


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
    reaches = [abs(point.value) + max(point.reach) for point in points]
    furthest = 1.08 * max([smallest_effect or 0.0, *reaches])
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
        shift = _shift(place, len(series), 0.07)
        axes.errorbar(
            [waves.index(point.label) + shift for point in chosen],
            [point.value for point in chosen],
            yerr=_reaches(chosen),
            **_mark(place, len(series)),
            linestyle=LINES[place % len(LINES)],
        )
    axes.set_xticks(range(len(waves)), [_folded(wave, 14) for wave in waves])
    axes.set_xlim(-0.5, len(waves) - 0.5)
    axes.set_ylim(*limits)
    axes.set_ylabel(label)
    axes.grid(visible=False, axis="x")
    _bare(axes)
    _legend(axes, series)


def _reaches(points: Sequence[Point]) -> list[list[float]]:
    return [[point.reach[0] for point in points], [point.reach[1] for point in points]]


def _mark(place: int, count: int) -> dict[str, Any]:
    colour = _colours(count)[place]
    return {
        "color": colour,
        "marker": MARKERS[place % len(MARKERS)],
        "markersize": 7,
        "markerfacecolor": colour if place % 2 == 0 else "white",
        "markeredgewidth": 1.6,
        "linewidth": 1.8,
        "capsize": 3,
        "zorder": 3,
    }


def _colours(count: int) -> list[tuple[float, float, float]]:
    import seaborn as sns  # noqa: PLC0415 - heavy

    return list(sns.color_palette("colorblind", count))


def _shift(place: int, count: int, step: float) -> float:
    return (place - (count - 1) / 2) * step


def _list_on_left(axes: Axes, labels: Sequence[str]) -> None:
    """Categories from the top down."""
    axes.set_yticks(range(len(labels)), [_folded(label, 26) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    _bare(axes)


def _bare(axes: Axes) -> None:
    import seaborn as sns  # noqa: PLC0415 - heavy

    sns.despine(ax=axes, left=True)


def _legend(axes: Axes, series: Sequence[str]) -> None:
    """Name the series above the axes, where there is more than one."""
    if len(series) < 2:
        return
    axes.figure.legend(
        cast("list[Artist]", list(axes.containers)),
        list(series),
        loc="outside upper center",
        ncols=max(1, 66 // (max(map(len, series)) + 7)),
        frameon=False,
        fontsize="small",
    )


def _folded(text: str, width: int) -> str:
    import textwrap  # noqa: PLC0415 - only when a figure is drawn

    return "\n".join(textwrap.wrap(text, width)) or text
