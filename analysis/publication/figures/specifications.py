"""Every combination of choices in one picture: answers above, their options below.

The one declared is told by shape, and its column by a line through both panels.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from analysis.publication.alternatives import (
    TERM,
    answers_in,
    declared_options_of,
    option_text,
    options_in,
)
from analysis.publication.figures.frame import Note, Point, make_figure
from analysis.publication.figures.style import (
    INK,
    LINES,
    QUIET,
    ZONE,
    bare,
    colours,
    reaches,
)
from analysis.publication.tables import choice_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.container import Container

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure

CURVE = 3.0
ROW = 0.23
HEAD = 0.9
"""Inches: of the answers, of an option, and of legend and margins."""
DECLARED = "as declared"
OTHER = "otherwise"


def specification_figure(
    selected: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """The answers of all combinations, the lowest first, with what each was made of.

    Parameters
    ----------
    selected : Disclosed
        What was found of this outcome.
    """
    declared = declared_options_of(study, outcome)
    points = [
        Point(
            label=part.group,
            series=DECLARED if options_in(part) == declared else OTHER,
            finding=part,
        )
        for part in answers_in(selected)
    ]
    every = [options_in(part) for part in selected.where(term=TERM).findings]
    rows = [
        (choice, option)
        for choice in declared
        for option in dict.fromkeys(options[choice] for options in every)
    ]
    words = choice_words(selected, study, outcome)
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    smallest = outcome.smallest_effect
    worse = subscale.direction == "higher_is_worse"
    if not points:
        return Note(text=f"No figure: {words}")
    return make_figure(
        f"choices-{outcome.name}",
        f"{outcome.title}: the answer of every combination of choices, the lowest "
        "first, with 95% intervals; below, what each was made of.",
        words,
        points,
        partial(
            draw_specifications,
            rows=rows,
            label="Difference in points" if study.treated else "Change in points",
            smallest_effect=-smallest if smallest and worse else smallest,
        ),
        height=HEAD + CURVE + ROW * len(rows),
    )


def draw_specifications(
    axes: Axes,
    points: Sequence[Point],
    *,
    rows: Sequence[tuple[str, str]],
    label: str,
    smallest_effect: float | None,
) -> None:
    """Two panels with one column a combination."""
    axes.set_axis_off()
    low = ROW * len(rows) / (CURVE + ROW * len(rows))
    curve = axes.inset_axes((0, low + 0.03, 1, 0.97 - low))
    matrix = axes.inset_axes((0, 0, 1, low))
    named = _curve(curve, points, smallest_effect)
    curve.set_ylabel(label)
    _matrix(matrix, points, rows)
    for panel in (curve, matrix):
        panel.set_xlim(-0.8, len(points) - 0.2)
        panel.set_xticks([])
        panel.grid(visible=False)
        bare(panel)
    axes.figure.legend(
        cast("list[Artist]", list(named.values())),
        list(named),
        loc="outside upper center",
        ncols=3,
        frameon=False,
        fontsize="small",
    )


def _curve(
    panel: Axes, points: Sequence[Point], smallest_effect: float | None
) -> dict[str, Artist | Container]:
    """The answers with their intervals; what the legend names."""
    named: dict[str, Artist | Container] = {}
    own = colours(4)[3]
    panel.axhline(0, color=INK, linewidth=1)
    if smallest_effect:
        named["smallest difference that matters"] = panel.axhline(
            smallest_effect, color=QUIET, linewidth=1.2, linestyle=LINES[1]
        )
    for series, shape, size, colour in (
        (OTHER, "o", 4, QUIET),
        (DECLARED, "D", 8, own),
    ):
        places = [n for n, point in enumerate(points) if point.series == series]
        if places:
            chosen = [points[place] for place in places]
            named[series] = panel.errorbar(
                places,
                [point.value for point in chosen],
                yerr=reaches(chosen),
                linestyle="none",
                marker=shape,
                markersize=size,
                color=colour,
                linewidth=1.2,
                zorder=3,
            )
    return named


def _matrix(
    panel: Axes, points: Sequence[Point], rows: Sequence[tuple[str, str]]
) -> None:
    """A mark where a combination has an option; choices apart by shade."""
    choices = list(dict.fromkeys(choice for choice, _ in rows))
    for place, (choice, option) in enumerate(rows):
        if choices.index(choice) % 2 == 0:
            panel.axhspan(place - 0.5, place + 0.5, color=ZONE, zorder=0)
        having = [
            n
            for n, point in enumerate(points)
            if options_in(point.finding)[choice] == option
        ]
        panel.plot(
            having, [place] * len(having), "s", color=INK, markersize=3, zorder=3
        )
    for column, point in enumerate(points):
        if point.series == DECLARED:
            panel.axvline(column, color=colours(4)[3], linewidth=1.2, zorder=1)
    panel.set_yticks(
        range(len(rows)),
        [f"{choice}: {option_text(option)}" for choice, option in rows],
        fontsize="x-small",
    )
    panel.set_ylim(len(rows) - 0.5, -0.5)
