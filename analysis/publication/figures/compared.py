"""How far those with the pilot lie from those without, before and since the start."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.comparison_words import compared_words, dose_words
from analysis.publication.comparisons import SINCE, since_text, times_since
from analysis.publication.figures.frame import (
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.figures.style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    folded,
    height_of,
    legend,
    mark,
    reaches,
)
from analysis.publication.places import found, wave_text, waves_of
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

BEFORE, AFTER = "Before the start", "With the pilot"
MAXIMUM_UPRIGHT_LABELS = 5
"""Labels that stand beside each other; more are folded narrower."""


def event_figure(here: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """The distance at every wave from that at the last one before the start.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    times = times_since(here)
    points, ticks = _since_start(here) if times else _by_wave(here, study)
    # Of a roll-out there are many places, so they are numbered.
    numbered = [number_text(place, decimals=0) for place in sorted({*times, -1})]
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    words = compared_words(here, study, outcome)
    drawn = drawn_points(points)
    earlier = any(point.series == BEFORE for point in drawn)
    should = " Before the start it should be about nought." if earlier else ""
    return make_figure(
        f"compared-{outcome.name}",
        f"{outcome.title}: those with the pilot less those without, against the last "
        f"wave before the start (the small mark), with 95% intervals.{should}",
        f"{words} {point_words(drawn)}{supplementary}" if drawn else words,
        points,
        partial(
            draw_events,
            ticks=ticks,
            texts=numbered if times else ticks,
            across="Waves since the start" if times else "",
            smallest_effect=effect,
        ),
        height=height_of(6),
    )


def dose_figure(here: Disclosed, outcome: Outcome) -> Figure | Note:
    """The score after a dose less that after the smallest, along the curve."""
    findings = here.where(term="dose_effect").findings
    points = [
        Point(label=part.group.partition(" less ")[0], series=AFTER, finding=part)
        for part in findings
    ]
    reference = findings[0].group.partition(" less ")[2] if findings else ""
    effect = outcome.smallest_effect
    words = dose_words(here, outcome)
    ticks = [reference, *(point.label for point in points)]
    drawn = drawn_points(points)
    return make_figure(
        f"dose-{outcome.name}",
        f"{outcome.title}: score after so many sessions, less that after {reference} "
        "(the small mark), of people with the same score before, with 95% intervals. "
        "Who attended more chose to.",
        f"{words} {point_words(drawn)}" if drawn else words,
        points,
        partial(
            draw_events,
            ticks=ticks,
            texts=ticks,
            across="Sessions attended",
            smallest_effect=effect,
        ),
        height=height_of(6),
    )


def _since_start(here: Disclosed) -> tuple[list[Point], list[str]]:
    """Of a roll-out, by waves since each one's start."""
    points = [
        Point(
            label=since_text(steps),
            series=BEFORE if steps < 0 else AFTER,
            finding=finding,
        )
        for steps in times_since(here)
        if (finding := found(here, term="event_time_effect", group=f"{steps}{SINCE}"))
    ]
    steps = [*times_since(here), -1]
    return points, [since_text(each) for each in sorted(set(steps))]


def _by_wave(here: Disclosed, study: Study) -> tuple[list[Point], list[str]]:
    """Of arms, by wave; the last one before the start is nought by definition."""
    effects = here.where(term="event_study_effect")
    names = study.wave_names()
    points, base = [], ""
    for contrast in waves_of(effects, study, contrasts=True):
        wave, _, base = contrast.partition(" - ")
        series = BEFORE if names.index(wave) < names.index(base) else AFTER
        points += [
            Point(label=wave_text(study, wave), series=series, finding=finding)
            for finding in effects.where(wave=contrast).findings
        ]
    shown = {point.label for point in points} | {wave_text(study, base)}
    titles = [wave_text(study, wave) for wave in names]
    ordered = sorted(points, key=lambda point: titles.index(point.label))
    return ordered, [title for title in titles if title in shown]


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

    A place without a point is what the others are set against: nought.

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
        # Hollow and dashed before, full and solid after: told apart in grey too.
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
