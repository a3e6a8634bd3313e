"""What so many teams would let a pilot see: half-width above, power below."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.style import (
    LINES,
    QUIET,
    bare,
    height_of,
    legend,
    mark,
    reaches,
)
from analysis.publication.tables import design_sentence, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

WIDTHS = {
    "expected_half_width": "Simulated pilots",
    "expected_half_width_by_formula": "By formula",
}
POWERS = {"power": "Simulated pilots", "power_by_formula": "By formula"}
BY_PLACE = ({"markersize": 5, "zorder": 4}, {"markersize": 11})
"""The formula's mark is large and hollow, so that both are seen where they agree."""
PANELS = ((0.0, 0.56, 1.0, 0.44), (0.0, 0.0, 1.0, 0.44))
"""Left, bottom, width and height of the two panels, in parts of the whole."""


def design_figure(disclosed: Disclosed, study: Study) -> Figure | Note:
    """Expected half-width and power against the number of teams."""
    assert study.design is not None, "shown where a design is declared"
    selected = disclosed.where(survey="")
    points = [
        Point(label=part.group.partition(" ")[0], series=series, finding=part)
        for term, series in (WIDTHS | POWERS).items()
        for part in selected.where(term=term).findings
    ]
    compared = study.design.assumed.compared
    return make_figure(
        "design",
        "Above, half the width of the 95% interval; below, the pilots of 100 that see "
        "the smallest difference that matters. Lines only lead the eye from one number "
        "of teams to the next.",
        _words(drawn_points(points), design_sentence(disclosed, study)),
        points,
        partial(
            draw_design,
            smallest_effect=study.design.assumed.smallest_effect,
            label="Teams in each group" if compared else "Teams",
        ),
        height=height_of(9),
    )


def draw_design(
    axes: Axes, points: Sequence[Point], *, smallest_effect: float, label: str
) -> None:
    """Two panels under each other, with one axis of teams between them."""
    axes.set_axis_off()
    above, below = (axes.inset_axes(panel) for panel in PANELS)
    widths = _draw_panel(above, points, WIDTHS)
    _draw_panel(below, points, POWERS)
    above.axhline(smallest_effect, color=QUIET, linewidth=1.2, linestyle="--")
    above.set_title(
        "dashed: the smallest difference that matters",
        color=QUIET,
        fontsize="small",
        pad=4,
    )
    furthest = max(
        [
            smallest_effect,
            *(point.value for point in points if point.finding.term in WIDTHS),
        ]
    )
    above.set_ylim(0, 1.15 * furthest)
    above.set_ylabel("Half-width (standard\ndeviations)")
    below.set_ylim(0, 1.04)
    below.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    below.set_ylabel("Pilots of 100 that\nsee the difference")
    below.set_xlabel(label)
    legend(above, widths)


def _draw_panel(
    axes: Axes, points: Sequence[Point], series: dict[str, str]
) -> list[str]:
    """Draw one kind of number, a line a way of working it out; say which were drawn."""
    counts = sorted({int(point.label) for point in points})
    drawn = []
    for place, (term, title) in enumerate(series.items()):
        chosen = [point for point in points if point.finding.term == term]
        if chosen:
            drawn.append(title)
            axes.errorbar(
                [int(point.label) for point in chosen],
                [point.value for point in chosen],
                yerr=reaches(chosen),
                **mark(place, len(series)) | BY_PLACE[place],
                linestyle=LINES[place],
            )
    axes.set_xticks(counts, [f"{count}" for count in counts])
    axes.grid(visible=False, axis="x")
    bare(axes)
    return drawn


def _words(drawn: Sequence[Point], sentence: str) -> str:
    """The finding, and how wide the interval will be."""
    listed = ", ".join(
        f"{number_text(point.value)} with {point.label}"
        for point in drawn
        if point.finding.term == "expected_half_width"
    )
    return f"{sentence} Half the width of the interval: {listed or 'not known'}."
