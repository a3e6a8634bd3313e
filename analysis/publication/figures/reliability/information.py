"""Where on the trait the items measure well: information, and the error left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.lines import draw_line
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import bare, height_of
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject

SERIES = {
    "test_information": "Information",
    "conditional_standard_error": "Standard error",
}
TERMS = tuple(SERIES)


def information_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    wave: str = "",
) -> Figure | Note:
    """Test information and conditional standard error over the trait."""
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    return information_drawn(
        subject_of(disclosed, study, **place, terms=TERMS, wave=wave)
    )


def information_drawn(subject: Subject) -> Figure | Note:
    """Two lines over the trait, each with its own axis."""
    points = [
        Point(label=part.group, series=title, finding=part)
        for term, title in SERIES.items()
        for part in sorted(subject.of(term), key=lambda part: float(part.group))
    ]
    return make_figure(
        f"information-{subject.place}",
        f"{subject.title}: how much the items tell about people at each level of the "
        "trait, and the standard error left. 0 is the average person, 1 one standard "
        "deviation above.",
        _words(drawn_points(points)),
        points,
        partial(draw_information, label="Level of the trait"),
        height=height_of(7),
    )


def draw_information(axes: Axes, points: Sequence[Point], *, label: str) -> None:
    """Information on the left axis, the standard error on the right one."""
    right = axes.twinx()
    shown: list[Artist] = []
    names = [name for name in SERIES.values() if any(p.series == name for p in points)]
    for place, name in enumerate(SERIES.values()):
        chosen = [point for point in points if point.series == name]
        own = (axes, right)[place]
        if chosen:
            draw_line(own, chosen, place=place, count=len(SERIES))
            shown += list(own.containers)[:1]  # type: ignore[arg-type]
        own.set_ylim(bottom=0)
        own.set_ylabel(name)
        bare(own)
        own.tick_params(length=0)
    right.grid(visible=False)
    axes.set_xlabel(label)
    axes.figure.legend(
        shown,
        names,
        loc="outside upper center",
        ncols=2,
        frameon=False,
        fontsize="small",
    )


def _words(drawn: Sequence[Point]) -> str:
    information_points = [
        point for point in drawn if point.series == SERIES["test_information"]
    ]
    left = [point for point in drawn if point.series != SERIES["test_information"]]
    sentences = []
    if information_points:
        best = max(information_points, key=lambda point: point.value)
        sentences.append(
            f"Most information, {number_text(best.value)}, at {_level(best)}"
        )
    if left:
        least = min(left, key=lambda point: point.value)
        sentences.append(
            f"smallest standard error {number_text(least.value)} at {_level(least)}, "
            f"{number_text(left[0].value)} at {_level(left[0])} and "
            f"{number_text(left[-1].value)} at {_level(left[-1])}"
        )
    return "; ".join(sentences) + "." if sentences else ""


def _level(point: Point) -> str:
    return number_text(float(point.label))
