"""Dependability of staff: the curve of a decision study, and means without names.

Whoever is shown is a number by rank: the labels of the staff stand neither in the
figure nor in the numbers kept with it.
"""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import Groups
from analysis.publication.figure import Point, drawn_points, make_figure
from analysis.publication.house_style import (
    INK,
    QUIET,
    bare,
    height_of,
    legend,
    mark,
    reaches,
)
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.reliability_figures.subject import draw_lines, scale_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Figure, Note
    from analysis.publication.reliability_figures.subject import Subject

SERIES = {
    "dependability_coefficient": "Dependability",
    "generalisability_coefficient": "Generalisability",
}
NEEDED = "raters_needed"
DESIGN = re.compile(r"of a mean over (.+?), all facets random")
REQUIREMENT = re.compile(r"number of (.+?) for a (\w+) of ([\d.]+)")
"""The names of what is counted stand in the results' words, not in their numbers."""


@scale_figure(*SERIES, NEEDED)
def decision_figure(subject: Subject) -> Figure | Note:
    """One line a coefficient, and one for each number of what is held fixed."""
    found = _of_one_kind(subject.of(*SERIES))
    designs = [_design(part) for part in found]
    numbers = [[number for number, _ in design] for design in designs]
    over = _varying(numbers)
    points = [
        Point(
            label=design[over][0],
            series=_series(part, design, over, numbers),
            finding=part,
        )
        for term in SERIES
        for part, design in zip(found, designs, strict=True)
        if part.term == term
    ]
    points = _without_duplicates(points)
    needed = [part for part in subject.of(NEEDED) if part.estimate is not None]
    counted = designs[0][over][1] if designs else "ratings"
    return make_figure(
        f"decision-{subject.place}",
        f"{subject.title}: how dependable a mean is by the number of {counted} it "
        "rests on, with 95% intervals." + _needed_caption(needed, points),
        _decision_words(drawn_points(points), counted, needed),
        points,
        partial(draw_decisions, across=f"Number of {counted}", needed=needed),
        height=height_of(7),
    )


def draw_decisions(
    axes: Axes, points: Sequence[Point], *, across: str, needed: Sequence[Finding]
) -> None:
    """Coefficients from 0 to 1, and a mark where enough is reached."""
    draw_lines(axes, points, across=across, label="Coefficient", limits=(0.0, 1.02))
    furthest = max(float(point.label) for point in points)
    for place, part in enumerate(needed):
        assert part.estimate is not None, "suppressed, not to be drawn"
        _, _, required = _requirement(part)
        if part.estimate > furthest or required is None:
            continue
        axes.plot(
            [0, part.estimate, part.estimate],
            [required, required, 0],
            color=INK,
            linewidth=1.3,
            linestyle=(0, (1, 1.5)),
            zorder=2,
        )
        axes.annotate(
            f"{number_text(part.estimate, NEEDED)} for {number_text(required)}",
            (part.estimate, 0.03 + 0.075 * (len(needed) - 1 - place)),
            textcoords="offset points",
            xytext=(5, 0),
            fontsize="small",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )
    axes.set_xlim(0, furthest * 1.04)


def _without_duplicates(points: Sequence[Point]) -> list[Point]:
    """Without generalisability where it is dependability everywhere: no rater facet."""
    first, *rest = SERIES.values()
    values = {(p.label, p.series): p.finding.estimate for p in points}
    same = all(
        values.get((label, series.replace(rest[0], first))) == estimate
        for (label, series), estimate in values.items()
    )
    return [p for p in points if not (same and p.series.startswith(rest[0]))]


def _varying(numbers: Sequence[Sequence[str]]) -> int:
    """Which of the numbers of a design is drawn across: the one that varies most."""
    columns = list(zip(*numbers, strict=True))
    sizes = [len(set(column)) for column in columns]
    return sizes.index(max(sizes)) if sizes else 0


def _of_one_kind(found: Sequence[Finding]) -> list[Finding]:
    """Designs that count the same things as the first; others are another study's."""
    names = [[name for _, name in _design(part)] for part in found]
    return [part for part, own in zip(found, names, strict=True) if own == names[0]]


def _design(part: Finding) -> list[tuple[str, str]]:
    """Each number of a design with what it counts: ``6 item, 3 rater``."""
    match = DESIGN.search(part.method)
    listed = match[1].split(", ") if match else [f"{part.group or 1} ratings"]
    return [(number, name) for number, _, name in (p.partition(" ") for p in listed)]


def _series(
    part: Finding,
    design: Sequence[tuple[str, str]],
    over: int,
    numbers: Sequence[Sequence[str]],
) -> str:
    """The coefficient, with the other numbers of the design where they vary."""
    columns = list(zip(*numbers, strict=True))
    fixed = [
        f"{number} {name}"
        for place, (number, name) in enumerate(design)
        if place != over and len(set(columns[place])) > 1
    ]
    return ", ".join([SERIES[part.term], *fixed])


def _requirement(part: Finding) -> tuple[str, str, float | None]:
    """What is counted, which coefficient, and how large it is wished for."""
    match = REQUIREMENT.search(part.method)
    return (match[1], match[2], float(match[3])) if match else ("ratings", "", None)


def _needed_caption(needed: Sequence[Finding], points: Sequence[Point]) -> str:
    furthest = max((float(point.label) for point in points), default=0.0)
    if not any((part.estimate or 0.0) <= furthest for part in needed):
        return ""
    return " The finely dotted line leads to the number needed."


def _decision_words(
    drawn: Sequence[Point], counted: str, needed: Sequence[Finding]
) -> str:
    parts = []
    for name in dict.fromkeys(point.series for point in drawn):
        mine = [point for point in drawn if point.series == name]
        mine.sort(key=lambda point: float(point.label))
        ends = [f"{estimate_text(p.finding)} at {p.label}" for p in (mine[0], mine[-1])]
        parts.append(f"{name}: {' and '.join(dict.fromkeys(ends))} {counted}")
    for part in needed:
        of, kind, required = _requirement(part)
        goal = f" for a {kind} of {number_text(required)}" if required else ""
        parts.append(f"{estimate_text(part)} {of} needed{goal}")
    return "; ".join(parts) + "." if parts else ""


STAFF_SERIES = {"yes": "Rated reliably enough", "no": "Not yet reliably enough"}


@scale_figure("shrunken_mean")
def staff_figure(subject: Subject) -> Figure | Note:
    """A caterpillar in two parts: rated reliably enough, and not."""
    points = _ranked(subject.of("shrunken_mean"))
    drawn = drawn_points(points)
    return make_figure(
        f"staff-{subject.place}",
        f"{subject.title}: mean of each staff member, shrunken towards the mean "
        "of all as far as few ratings ask, with 95% intervals. Above the dashed line: "
        "rated reliably enough to show a mean of one's own. Numbers are ranks.",
        _staff_words(drawn),
        points,
        partial(draw_staff, centre=_centre(drawn)),
        height=height_of(max(4.0, 0.42 * len(drawn))),
    )


def draw_staff(axes: Axes, points: Sequence[Point], *, centre: float) -> None:
    """Means down the page, the most reliable part first."""
    axes.axvline(centre, color=QUIET, linewidth=1.2)
    row = 0
    names = [
        name for name in STAFF_SERIES.values() if any(p.series == name for p in points)
    ]
    for name in names:
        chosen = [point for point in points if point.series == name]
        look = mark(list(STAFF_SERIES.values()).index(name), len(STAFF_SERIES))
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
        nameless = dataclasses.replace(part, group=Groups((f"{rank}", enough), ", "))
        points.append(
            Point(label=f"{rank}", series=STAFF_SERIES[enough], finding=nameless)
        )
    points.sort(key=lambda point: list(STAFF_SERIES.values()).index(point.series))
    absent = [part for part in found if part.estimate is None]
    return points + [
        Point(label="", series="", finding=dataclasses.replace(part, group=""))
        for part in absent
    ]


def _publishable(part: Finding) -> bool:
    """Staff are labelled by their name, then by whether they may be shown."""
    return isinstance(part.group, Groups) and part.group.parts[-1] == "yes"


def _centre(drawn: Sequence[Point]) -> float:
    values = sorted(point.value for point in drawn)
    half = len(values) // 2
    if not values:
        return 0.0
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _staff_words(drawn: Sequence[Point]) -> str:
    if not drawn:
        return ""
    low = min(drawn, key=lambda point: point.value)
    high = max(drawn, key=lambda point: point.value)
    enough = sum(point.series == STAFF_SERIES["yes"] for point in drawn)
    return (
        f"{enough} of {len(drawn)} staff members shown are rated reliably enough to "
        "show a mean of their own. "
        f"Means run from {estimate_text(low.finding)} to "
        f"{estimate_text(high.finding)}; their middle is {number_text(_centre(drawn))}."
    )
