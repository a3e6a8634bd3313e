"""Means of staff, drawn towards the mean of all: a line each, and no names.

Whoever is shown is a number by rank: the labels of the staff stand neither in the
figure nor in the numbers kept with it.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import (
    INK,
    QUIET,
    bare,
    height_of,
    legend,
    mark,
    reaches,
)
from analysis.publication.tables import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject

TERMS = ("shrunken_mean",)
SERIES = {"yes": "Rated reliably enough", "no": "Not yet reliably enough"}


def staff_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    wave: str = "",
) -> Figure | Note:
    """Every staff member's mean with its interval, those who may be shown above."""
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    return staff_drawn(subject_of(disclosed, study, **place, terms=TERMS, wave=wave))


def staff_drawn(subject: Subject) -> Figure | Note:
    """A caterpillar in two parts: rated reliably enough, and not."""
    points = _ranked(subject.of(*TERMS))
    drawn = drawn_points(points)
    return make_figure(
        f"staff-{subject.place}",
        f"{subject.title}: mean of each staff member, drawn towards the mean of all "
        "as far as few ratings ask, with 95% intervals. Above the dashed line: rated "
        "reliably enough to show a mean of one's own. Numbers are ranks.",
        _words(drawn),
        points,
        partial(draw_staff, centre=_centre(drawn)),
        height=height_of(max(4.0, 0.42 * len(drawn))),
    )


def draw_staff(axes: Axes, points: Sequence[Point], *, centre: float) -> None:
    """Means down the page, the most reliable part first."""
    axes.axvline(centre, color=QUIET, linewidth=1.2)
    row = 0
    names = [name for name in SERIES.values() if any(p.series == name for p in points)]
    for name in names:
        chosen = [point for point in points if point.series == name]
        look = mark(list(SERIES.values()).index(name), len(SERIES))
        axes.errorbar(
            [point.value for point in chosen],
            range(row, row + len(chosen)),
            xerr=reaches(chosen),
            **{**look, "markersize": 5, "capsize": 2},
            linestyle="none",
        )
        row += len(chosen)
        if row < len(points):
            axes.axhline(row - 0.5, color=INK, linewidth=1.4, linestyle="--")
    axes.set_ylim(row - 0.3, -0.7)
    axes.set_yticks(range(row), [point.label for point in points], fontsize="small")
    axes.set_ylabel("Staff, by rank of the mean")
    axes.set_xlabel("Mean (vertical line: the middle of all)")
    axes.grid(visible=False, axis="y")
    bare(axes)
    legend(axes, names)


def _ranked(found: Sequence[Finding]) -> list[Point]:
    """Numbered by the size of their mean, without their labels, reliable ones first."""
    known = [part for part in found if part.estimate is not None]
    known.sort(key=lambda part: -(part.estimate or 0.0))
    points = []
    for rank, part in enumerate(known, start=1):
        enough = "yes" if _publishable(part) else "no"
        nameless = dataclasses.replace(part, group=f"{rank}, {enough}")
        points.append(Point(label=f"{rank}", series=SERIES[enough], finding=nameless))
    points.sort(key=lambda point: list(SERIES.values()).index(point.series))
    absent = [part for part in found if part.estimate is None]
    return points + [
        Point(label="", series="", finding=dataclasses.replace(part, group=""))
        for part in absent
    ]


def _publishable(part: Finding) -> bool:
    return part.group.rpartition(", ")[2] == "yes"


def _centre(drawn: Sequence[Point]) -> float:
    values = sorted(point.value for point in drawn)
    half = len(values) // 2
    if not values:
        return 0.0
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _words(drawn: Sequence[Point]) -> str:
    if not drawn:
        return ""
    low = min(drawn, key=lambda point: point.value)
    high = max(drawn, key=lambda point: point.value)
    enough = sum(point.series == SERIES["yes"] for point in drawn)
    return (
        f"{enough} of {len(drawn)} staff members shown are rated reliably enough to "
        "show a mean of their own. "
        f"Means run from {estimate_text(low.finding)} to "
        f"{estimate_text(high.finding)}; their middle is {number_text(_centre(drawn))}."
    )
