"""A score over many waves: its means, its usual range, and the waves that leave it.

What a wave shows is told by the shape of its mark, so that no colour is needed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.charted import (
    MEANINGS,
    VALUE,
    arms_charted,
    chart_words,
    trial_words,
    verdict_at,
    waves_charted,
)
from analysis.publication.figures.frame import (
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.figures.style import (
    INK,
    QUIET,
    bare,
    colours,
    folded,
    height_of,
)
from analysis.publication.places import arm_text, direction_text, wave_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from analysis.declarations import Outcome, Study
    from analysis.outcomes.trends.rules import Verdict
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

LINES: Mapping[str, tuple[str, str, str]] = {
    "chart_centre": ("mean", "-", INK),
    "chart_median": ("median", "--", QUIET),
    "chart_lower_limit": ("usual range", ":", INK),
    "chart_upper_limit": ("usual range", ":", INK),
}
"""Term → what its line is called, how it is drawn, and in which ink."""
MARKS: Mapping[Verdict, tuple[str, int, int]] = {
    "wavering": ("o", 5, 0),
    "improvement": ("D", 8, 2),
    "concern": ("X", 10, 3),
    "change": ("s", 8, 1),
}
"""What a wave shows → shape, size, and place of its colour."""
MAXIMUM_LABELS = 8


def chart_figure(here: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """The means of every wave, one panel an arm, with median, mean and usual range.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    waves, arms = waves_charted(here, study), arms_charted(here, study)
    titles = [wave_text(study, wave) for wave in waves]
    values = [
        Point(
            label=wave_text(study, part.wave),
            series=arm_text(study, part.arm),
            finding=part,
        )
        for arm in arms
        for wave in waves
        for part in here.where(term=VALUE, arm=arm, wave=wave).findings
    ]
    lines = [
        Point(label=LINES[term][0], series=arm_text(study, arm), finding=part)
        for arm in arms
        for term in LINES
        for part in here.where(term=term, arm=arm).findings
    ]
    shows = {
        (arm_text(study, arm), wave_text(study, wave)): verdict_at(
            here, study, outcome, arm, wave
        )
        for arm in arms
        for wave in waves
    }
    instrument = study.instruments[outcome.instrument]
    words = chart_words(here, study, outcome)
    trial = trial_words(here, study)
    drawn = drawn_points(values)
    return make_figure(
        f"chart-{outcome.name}",
        f"{outcome.title}: mean of each wave, with the median, the mean and the usual "
        f"range. {direction_text(instrument)} {trial}".strip(),
        f"{words} {point_words(drawn)} {trial}".strip() if drawn else words,
        [*values, *(drawn_points(lines) if drawn else lines)],
        partial(draw_charts, waves=titles, shows=shows, label="Mean score"),
        height=height_of(1 + 4.2 * max(len(arms), 1)),
    )


def draw_charts(
    axes: Axes,
    points: Sequence[Point],
    *,
    waves: Sequence[str],
    shows: Mapping[tuple[str, str], Verdict],
    label: str,
) -> None:
    """One panel a series below the other, all with one scale."""
    series = list(dict.fromkeys(point.series for point in points))
    panels = [axes]
    if len(series) > 1:
        axes.set_axis_off()
        room = 1 / len(series)
        panels = [
            axes.inset_axes((0, 1 - (place + 1) * room, 1, 0.84 * room))
            for place in range(len(series))
        ]
    low = min(point.value for point in points)
    high = max(point.value for point in points)
    spare = 0.08 * (high - low) or 0.5
    named: dict[str, Artist] = {}
    for panel, name in zip(panels, series, strict=True):
        of_arm = [point for point in points if point.series == name]
        named |= _panel(panel, of_arm, waves, shows)
        panel.set_ylim(low - spare, high + spare)
        panel.set_ylabel(label)
        if len(series) > 1:
            panel.set_title(name, loc="left", fontsize="medium", color=INK)
        if panel is not panels[-1]:
            panel.set_xticklabels([])
    axes.figure.legend(
        list(named.values()),
        list(named),
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize="small",
    )


def _panel(
    panel: Axes,
    points: Sequence[Point],
    waves: Sequence[str],
    shows: Mapping[tuple[str, str], Verdict],
) -> dict[str, Artist]:
    """Lines and marks of one series; what the legend names."""
    named: dict[str, Artist] = {}
    values = [point for point in points if point.finding.term == VALUE]
    places = [waves.index(point.label) for point in values]
    panel.plot(places, [p.value for p in values], color=QUIET, linewidth=1.4, zorder=2)
    for point in points:
        if point.finding.term in LINES:
            name, style, ink = LINES[point.finding.term]
            named[name] = panel.axhline(
                point.value, color=ink, linewidth=1.2, linestyle=style, zorder=1
            )
    palette = colours(4)
    for kind, (shape, size, colour) in MARKS.items():
        chosen = [p for p in values if shows[p.series, p.label] == kind]
        if chosen:
            (named[MEANINGS[kind]],) = panel.plot(
                [waves.index(point.label) for point in chosen],
                [point.value for point in chosen],
                linestyle="none",
                marker=shape,
                markersize=size,
                color=INK if kind == "wavering" else palette[colour],
                zorder=3,
            )
    every = -(-len(waves) // MAXIMUM_LABELS)
    tick_labels = [folded(w, 8) if not n % every else "" for n, w in enumerate(waves)]
    panel.set_xticks(range(len(waves)), tick_labels, fontsize="small")
    panel.set_xlim(-0.5, len(waves) - 0.5)
    panel.grid(visible=False)
    bare(panel)
    return named
