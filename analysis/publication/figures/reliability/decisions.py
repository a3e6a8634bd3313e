"""What a mean over more ratings is worth: the curve of a decision study."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.lines import draw_lines
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import INK, height_of
from analysis.publication.tables import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject

SERIES = {
    "dependability_coefficient": "Dependability",
    "generalisability_coefficient": "Generalisability",
}
NEEDED = "raters_needed"
TERMS = (*SERIES, NEEDED)
DESIGN = re.compile(r"of a mean over (.+?), all facets random")
REQUIREMENT = re.compile(r"number of (.+?) for a (\w+) of ([\d.]+)")
"""The names of what is counted stand in the results' words, not in their numbers."""


def decision_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    wave: str = "",
) -> Figure | Note:
    """How dependable a mean is by the number of ratings, and how many are needed."""
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    return decisions_drawn(
        subject_of(disclosed, study, **place, terms=TERMS, wave=wave)
    )


def decisions_drawn(subject: Subject) -> Figure | Note:
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
        _words(drawn_points(points), counted, needed),
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
        assert part.estimate is not None, "held back, not to be drawn"
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


def _words(drawn: Sequence[Point], counted: str, needed: Sequence[Finding]) -> str:
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
