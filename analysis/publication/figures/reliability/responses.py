"""How the items were answered: bars that part at the middle of the answers."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import (
    INK,
    fills,
    height_of,
    ink_on,
    legend,
    list_on_left,
)
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject
    from analysis.publication.figures.style import Colour

Span: TypeAlias = tuple[float, float]
"""The lowest and the highest code of a category, which may be several merged."""

TERMS = ("response_share",)
CODES = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s*(?:\N{EN DASH}|-|to)\s*(-?\d+(?:\.\d+)?))?")
NARROW = 0.1
"""A share below it has no room for a name across."""
FINEST = 60
"""Steps of the palette: enough that neighbours of any codebook differ as they lie."""


def response_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    wave: str = "",
) -> Figure | Note:
    """Shares of the answers to each item, low ones to the left, high ones right."""
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    return responses_drawn(
        subject_of(disclosed, study, **place, terms=TERMS, wave=wave)
    )


def responses_drawn(subject: Subject) -> Figure | Note:
    """One bar an item; an item that lacks a share is left out whole."""
    points = [
        Point(label=subject.item_text(part), series=part.group, finding=part)
        for part in subject.of(*TERMS)
    ]
    torn = {point.label for point in points if point.finding.estimate is None}
    spans = _spans([point.series for point in points])
    whole = [point for point in points if point.label not in torn]
    above = {point.label: 0.0 for point in whole}
    for point in whole:
        above[point.label] += point.value * (1 - _part_below(spans, point.series))
    order = sorted(above, key=lambda label: -above[label])
    whole.sort(key=lambda point: order.index(point.label))
    lacking = [point for point in points if point.finding.estimate is None]
    several = len(order) - 1
    return make_figure(
        f"responses-{subject.place}",
        f"{subject.title}: how each item was answered. Answers below the middle stand "
        "left of zero, answers above it right; the middle answer, where there is one, "
        "is split.",
        _words(drawn_points(whole), spans),
        [*whole, *lacking],
        partial(draw_responses, spans=spans),
        height=height_of(max(several + 1, 1) * 1.05) + 0.1,
    )


def draw_responses(
    axes: Axes, points: Sequence[Point], *, spans: Mapping[str, Span]
) -> None:
    """Stack every item's shares so that the middle of the answers is at zero.

    Categories of one code are named in the legend, merged ones in their bars.
    """
    labels = list(dict.fromkeys(point.label for point in points))
    ends = {label: -_below(points, label, spans) for label in labels}
    lefts: dict[tuple[str, str], float] = {}
    for point in points:
        lefts[point.label, point.series] = ends[point.label]
        ends[point.label] += point.value
    single, merged = _kinds(points, spans)
    for name in [*single, *merged]:
        chosen = [point for point in points if point.series == name]
        bars = axes.barh(
            [labels.index(point.label) for point in chosen],
            [point.value for point in chosen],
            left=[lefts[point.label, name] for point in chosen],
            height=0.72,
            color=_fill(spans, name),
            edgecolor=INK,
            linewidth=0.6,
        )
        for bar, point in zip(bars, chosen, strict=True):
            if name in merged:
                _name_in_bar(axes, bar, point, _fill(spans, name))
    axes.axvline(0, color=INK, linewidth=1.6)
    furthest = 1.04 * max(map(abs, [*ends.values(), *lefts.values()]))
    axes.set_xlim(-furthest, furthest)
    axes.xaxis.set_major_formatter(lambda value, _: number_text(abs(value), "share_"))
    axes.set_xlabel("Share of the answers")
    list_on_left(axes, labels)
    legend(axes, single)


def _kinds(
    points: Sequence[Point], spans: Mapping[str, Span]
) -> tuple[list[str], list[str]]:
    """Categories of one code, and merged ones; a single one alone has no legend."""
    drawn = {point.series for point in points}
    names = [name for name in spans if name in drawn]
    single = [name for name in names if spans[name][0] == spans[name][1]]
    single = single if len(single) > 1 else []
    return single, [name for name in names if name not in single]


def _name_in_bar(axes: Axes, bar: Rectangle, point: Point, fill: Colour) -> None:
    axes.text(
        bar.get_x() + bar.get_width() / 2,
        bar.get_y() + bar.get_height() / 2,
        point.series.replace(" to ", "\N{EN DASH}"),
        ha="center",
        va="center",
        rotation=0 if point.value > NARROW else 90,
        color=ink_on(fill),
        fontsize="small",
    )


def _spans(names: Sequence[str]) -> dict[str, Span]:
    """Every category's codes, lowest category first.

    Categories that are not named by their codes count from 1 in the order found. An
    item that could not be told has no category.
    """
    known = list(dict.fromkeys(name for name in names if name))
    found = {name: CODES.fullmatch(name.strip()) for name in known}
    spans = {
        name: (float(match[1]), float(match[2] or match[1]))
        for name, match in found.items()
        if match
    }
    if len(spans) < len(known):
        spans = {name: (rank, rank) for rank, name in enumerate(known, start=1)}
    return dict(sorted(spans.items(), key=lambda pair: (sum(pair[1]), pair[1])))


def _middle(spans: Mapping[str, Span]) -> float:
    return (min(s[0] for s in spans.values()) + max(s[1] for s in spans.values())) / 2


def _part_below(spans: Mapping[str, Span], name: str) -> float:
    """How much of a category lies below the middle: all, none, or half of it."""
    centre, middle = sum(spans[name]) / 2, _middle(spans)
    return 0.5 if centre == middle else float(centre < middle)


def _below(points: Sequence[Point], label: str, spans: Mapping[str, Span]) -> float:
    return sum(
        point.value * _part_below(spans, point.series)
        for point in points
        if point.label == label
    )


def _fill(spans: Mapping[str, Span], name: str) -> Colour:
    """The lightest at the lowest code, the darkest at the highest, in grey too."""
    lowest = min(span[0] for span in spans.values())
    width = 2 * (_middle(spans) - lowest) or 1.0
    height = (sum(spans[name]) / 2 - lowest) / width
    return fills(FINEST + 1)[round(FINEST * height)]


def _words(points: Sequence[Point], spans: Mapping[str, Span]) -> str:
    """Item by item, what lies below the middle and above it."""
    parts = []
    for label in dict.fromkeys(point.label for point in points):
        mine = [point for point in points if point.label == label]
        middle = sum(p.value for p in mine if _part_below(spans, p.series) == 0.5)
        below = _below(points, label, spans) - middle / 2
        above = sum(p.value for p in mine) - below - middle
        shares_text = (
            f"{number_text(below, 'share_')} below the middle, "
            f"{number_text(above, 'share_')} above"
        )
        parts.append(f"{label}: {shares_text}")
    return "; ".join(parts) + "." if parts else ""
