"""Draw points on axes: one function a kind of figure.

Nothing here rounds, and nothing is drawn that has no estimate.

Shares drawn: stacked to a whole with what is not shown hatched, or as marks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter

from analysis.publication.house_style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    fills,
    folded,
    ink_on,
    legend,
    list_on_left,
    mark,
    reaches,
    shift,
)
from analysis.publication.numbers import number_text, percentage_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.publication.figure import Point

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
    hundredths: bool = False,
) -> None:
    """Differences with intervals, the zero line, and the zone too small to matter.

    Of shares and chances in `hundredths`: percentage points.
    """
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
    if hundredths:
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _: percentage_points(value))
        )


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


NOT_SHOWN = "not shown"
WIDE_ENOUGH = 0.09
"""Share of a bar in which a number has room."""


def draw_stacks(
    axes: Axes,
    points: Sequence[Point],
    *,
    answers: Sequence[str],
    bars: Sequence[str],
) -> None:
    """Bars of answers from worst to best; what may not be shown is one hatched part.

    Parameters
    ----------
    answers, bars : sequence of str
        Series from worst to best, and labels from the top down.
    """
    shares = {(point.label, point.series): point.value for point in points}
    inked = dict(zip(answers, fills(len(answers)), strict=True))
    drawn = [name for name in answers if any((bar, name) in shares for bar in bars)]
    lefts = {name: [0.0] * len(bars) for name in (*answers, NOT_SHOWN)}
    hidden = [0.0] * len(bars)
    for place, bar in enumerate(bars):
        rest = 1 - sum(shares.get((bar, name), 0.0) for name in answers)
        at, gap = 0.0, False
        for name in answers:
            if (bar, name) not in shares and not gap:
                lefts[NOT_SHOWN][place], hidden[place], gap = at, max(rest, 0.0), True
                at += hidden[place]
            lefts[name][place] = at
            at += shares.get((bar, name), 0.0)
    for name in drawn:
        widths = [shares.get((bar, name), 0.0) for bar in bars]
        axes.barh(
            range(len(bars)),
            widths,
            left=lefts[name],
            color=inked[name],
            edgecolor="white",
            linewidth=0.8,
            height=0.72,
        )
        for place, width in enumerate(widths):
            if width >= WIDE_ENOUGH:
                axes.text(
                    lefts[name][place] + width / 2,
                    place,
                    number_text(width, "share_in_category"),
                    ha="center",
                    va="center",
                    color=ink_on(inked[name]),
                    fontsize="small",
                )
    if any(hidden):
        axes.barh(
            range(len(bars)),
            hidden,
            left=lefts[NOT_SHOWN],
            color="white",
            edgecolor=QUIET,
            hatch="////",
            linewidth=0.8,
            height=0.72,
        )
    _share_axis(axes, bars)
    legend(axes, [*drawn, *([NOT_SHOWN] if any(hidden) else [])])


def draw_shares(
    axes: Axes, points: Sequence[Point], *, label: str, reference: float
) -> None:
    """Shares with intervals, a category a line, with one to compare them with."""
    axes.axvline(reference, color=INK, linewidth=1.2, linestyle="--", zorder=1)
    draw_across(axes, points, label=label)
    furthest = max(point.value + point.reach[1] for point in points)
    axes.set_xlim(0, max(1.15 * furthest, 2 * reference))
    _per_cent(axes)


def _share_axis(axes: Axes, bars: Sequence[str]) -> None:
    axes.set_yticks(range(len(bars)), [folded(bar, 26) for bar in bars])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.grid(visible=False, axis="y")
    bare(axes)
    axes.set_xlabel("Share of answers")
    _per_cent(axes)


def _per_cent(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number_text(value, "share_in_category"))
    )


BEFORE, AFTER = "Before the start", "With the pilot"
MAXIMUM_UPRIGHT_LABELS = 5
"""Labels that stand next to each other; more are folded narrower."""


def draw_events(
    axes: Axes,
    points: Sequence[Point],
    *,
    ticks: Sequence[str],
    texts: Sequence[str],
    across: str,
    smallest_effect: float | None,
) -> None:
    """Differences upright along time or dose, with the zone too small to matter.

    A place without a point is what the others are set against: zero.

    Parameters
    ----------
    ticks : sequence of str
        The places along the line, as points are labelled.
    texts : sequence of str
        What is written at each.
    across : str
        What they are places of.
    """
    if smallest_effect is not None:
        _draw_zone(axes, smallest_effect)
    axes.axhline(0, color=INK, linewidth=1, zorder=1)
    shown = {point.label for point in points}
    against = [place for place, tick in enumerate(ticks) if tick not in shown]
    axes.plot(against, [0] * len(against), "|", markersize=14, color=INK)
    series = list(dict.fromkeys(point.series for point in points))
    for name in series:
        chosen = [point for point in points if point.series == name]
        # Hollow and dashed before, full and solid after: distinct in grey too.
        place = 1 if name == BEFORE else 0
        axes.errorbar(
            [ticks.index(point.label) for point in chosen],
            [point.value for point in chosen],
            yerr=reaches(chosen),
            **mark(place, 2),
            linestyle=LINES[place],
        )
    width = 14 if len(ticks) <= MAXIMUM_UPRIGHT_LABELS else 9
    axes.set_xticks(range(len(ticks)), [folded(text, width) for text in texts])
    axes.set_xlim(-0.5, len(ticks) - 0.5)
    furthest = [abs(point.value) + max(point.reach) for point in points]
    reach = 1.08 * max([*furthest, smallest_effect or 0.0])
    axes.set_ylim(-reach, reach)
    axes.set_ylabel("Points apart")
    axes.set_xlabel(across)
    axes.grid(visible=False, axis="x")
    bare(axes)
    legend(axes, series)


def _draw_zone(axes: Axes, smallest_effect: float) -> None:
    """What is too small to matter, upright."""
    axes.axhspan(-smallest_effect, smallest_effect, color=ZONE, zorder=0)
    for edge in (-smallest_effect, smallest_effect):
        axes.axhline(edge, color=QUIET, linewidth=1.2, linestyle="--", zorder=1)
    axes.set_title(
        "dashed: the smallest difference that matters", color=QUIET, fontsize="small"
    )
