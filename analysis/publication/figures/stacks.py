"""Shares drawn: stacked to a whole with what is not shown hatched, or as marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_across
from analysis.publication.figures.style import (
    INK,
    QUIET,
    bare,
    fills,
    folded,
    ink_on,
    legend,
)
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.publication.figures.frame import Point

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
    """Shares with intervals, a category a line, beside one to hold them against."""
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
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415 - heavy

    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: number_text(value, "share_in_category"))
    )
