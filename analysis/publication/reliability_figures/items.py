"""Items as figures: their answers, where they lie, and where they measure well."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from analysis.foundation.terms import term
from analysis.publication.drawings import draw_across
from analysis.publication.figure import Point, drawn_points, make_figure
from analysis.publication.house_style import (
    INK,
    bare,
    fills,
    height_of,
    ink_on,
    legend,
    legend_of,
    list_on_left,
)
from analysis.publication.numbers import number_text
from analysis.publication.reliability_figures.subject import draw_line, scale_figure
from analysis.publication.words import extremes_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

    from analysis.foundation.findings import Finding
    from analysis.publication.figure import Figure, Note
    from analysis.publication.house_style import Colour
    from analysis.publication.reliability_figures.subject import Subject

NUMBERED = term("threshold").names()[1:]
TERMS = ("mean", "graded_threshold", *NUMBERED)
"""A graded response model says which threshold in `group`, a factor model in `term`."""


@scale_figure("mean", "graded_threshold", *NUMBERED)
def item_map_figure(subject: Subject) -> Figure | Note:
    """One line an item; one mark a threshold, or one for its mean."""
    found = subject.of("graded_threshold") or subject.of(*NUMBERED)
    found = _numbered([part for part in found if part.item])
    steps = bool(found)
    found = found or [part for part in subject.of("mean") if part.item]
    centres = _centres(found)
    # the easiest first: a low threshold, or a high mean
    turn = 1 if steps else -1
    names = sorted({p.item for p in found}, key=lambda item: turn * centres[item])
    ranks = _ranks(found) if steps else {}
    points = [
        Point(label=subject.item_text(p), series=ranks.get(_step(p), ""), finding=p)
        for p in sorted(
            found,
            key=lambda p: (
                list(ranks).index(_step(p)) if steps else 0,
                names.index(p.item),
            ),
        )
    ]
    what = (
        "the level of the trait from which an answer, or a higher one, is likelier "
        "than not; 0 is the average person"
        if steps
        else "mean answer to each item, with 95% intervals; the most agreed with first"
    )
    series = max(1, len(ranks))
    return make_figure(
        f"item-map-{subject.place}",
        f"{subject.title}: {what}.",
        _item_map_words(drawn_points(points), steps=steps),
        points,
        partial(
            draw_across,
            label="Level of the trait" if steps else "Mean answer",
            zero=steps,
            step=0.08,
        ),
        height=height_of(max(len(names), 1) * max(0.8, 0.6 + 0.1 * series)),
    )


def _numbered(found: Sequence[Finding]) -> list[Finding]:
    """Thresholds that do not say which they are, by their order within the item."""
    seen: Counter[str] = Counter()
    numbered = []
    for part in found:
        seen[part.item] += 1
        rank = "" if _step(part) else f"{seen[part.item]}"
        numbered.append(dataclasses.replace(part, group=rank) if rank else part)
    return numbered


def _step(part: Finding) -> str:
    """Which threshold a finding is about."""
    return str(part.group) or part.term.partition("threshold_")[2]


def _ranks(found: Sequence[Finding]) -> Mapping[str, str]:
    """Threshold → its name, lowest first."""
    steps = dict.fromkeys(_step(part) for part in found)
    ordered = sorted(steps, key=lambda step: (len(step), step))
    return {step: f"Threshold {step}" for step in ordered}


def _centres(found: Sequence[Finding]) -> dict[str, float]:
    """Item → mean of its numbers; zero where all were suppressed."""
    by_item: dict[str, list[float]] = {}
    for part in found:
        by_item.setdefault(part.item, [])
        if part.estimate is not None:
            by_item[part.item].append(part.estimate)
    return {
        item: sum(numbers) / len(numbers) if numbers else 0.0
        for item, numbers in by_item.items()
    }


def _item_map_words(drawn: Sequence[Point], *, steps: bool) -> str:
    if not drawn:
        return ""
    values = [point.value for point in drawn]
    apart = number_text(max(values) - min(values))
    what = "Thresholds" if steps else "Means"
    return f"{what} run from {extremes_words(drawn)}, {apart} apart."


Span: TypeAlias = tuple[float, float]
"""The lowest and the highest code of a category, which may be several merged."""

RESPONSES_TERMS = ("response_share",)
CODES = re.compile(r"(-?\d+(?:\.\d+)?)(?:\s*(?:\N{EN DASH}|-|to)\s*(-?\d+(?:\.\d+)?))?")
NARROW = 0.1
"""A share below it has no room for a name across."""
FINEST = 60
"""Steps of the palette: enough that neighbours of any codebook differ as they lie."""


@scale_figure("response_share")
def response_figure(subject: Subject) -> Figure | Note:
    """One bar an item; an item that lacks a share is left out whole."""
    points = [
        Point(label=subject.item_text(part), series=str(part.group), finding=part)
        for part in subject.of(*RESPONSES_TERMS)
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
        _responses_words(drawn_points(whole), spans),
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
    axes.xaxis.set_major_formatter(
        lambda value, _: number_text(abs(value), "response_share")
    )
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
    item that could not be analysed has no category.
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


def _responses_words(points: Sequence[Point], spans: Mapping[str, Span]) -> str:
    """Item by item, what lies below the middle and above it."""
    parts = []
    for label in dict.fromkeys(point.label for point in points):
        mine = [point for point in points if point.label == label]
        middle = sum(p.value for p in mine if _part_below(spans, p.series) == 0.5)
        below = _below(points, label, spans) - middle / 2
        above = sum(p.value for p in mine) - below - middle
        shares_text = (
            f"{number_text(below, 'response_share')} below the middle, "
            f"{number_text(above, 'response_share')} above"
        )
        parts.append(f"{label}: {shares_text}")
    return "; ".join(parts) + "." if parts else ""


SERIES = {
    "test_information": "Information",
    "conditional_standard_error": "Standard error",
}


@scale_figure(*SERIES)
def information_figure(subject: Subject) -> Figure | Note:
    """Two lines over the trait, each with its own axis."""
    points = [
        Point(label=str(part.group), series=title, finding=part)
        for term, title in SERIES.items()
        for part in sorted(subject.of(term), key=lambda part: float(str(part.group)))
    ]
    return make_figure(
        f"information-{subject.place}",
        f"{subject.title}: how much the items say about people at each level of the "
        "trait, and the standard error left. 0 is the average person, 1 one standard "
        "deviation above.",
        _information_words(drawn_points(points)),
        points,
        partial(draw_information, label="Level of the trait"),
        height=height_of(7),
    )


def draw_information(axes: Axes, points: Sequence[Point], *, label: str) -> None:
    """Information on the left axis, the standard error on the right one."""
    right = axes.twinx()
    shown: dict[str, object] = {}
    for place, name in enumerate(SERIES.values()):
        chosen = [point for point in points if point.series == name]
        own = (axes, right)[place]
        if chosen:
            draw_line(own, chosen, place=place, count=len(SERIES))
            shown[name] = own.containers[0]
        own.set_ylim(bottom=0)
        own.set_ylabel(name)
        bare(own)
        own.tick_params(length=0)
    right.grid(visible=False)
    axes.set_xlabel(label)
    legend_of(axes, shown, columns=2)


def _information_words(drawn: Sequence[Point]) -> str:
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
