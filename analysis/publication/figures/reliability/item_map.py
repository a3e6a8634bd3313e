"""Where on the scale the items lie: their thresholds, or their means."""

from __future__ import annotations

import dataclasses
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_across
from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.reliability.subject import subject_of
from analysis.publication.figures.style import height_of
from analysis.publication.tables import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note
    from analysis.publication.figures.reliability.subject import Subject

MAXIMUM_THRESHOLDS = 20
NUMBERED = tuple(f"threshold_{rank}" for rank in range(1, MAXIMUM_THRESHOLDS + 1))
TERMS = ("mean", "graded_threshold", *NUMBERED)
"""A graded response model says which threshold in `group`, a factor model in `term`."""


def item_map_figure(
    disclosed: Disclosed,
    study: Study,
    *,
    survey: str,
    instrument: str,
    subscale: str,
    wave: str = "",
) -> Figure | Note:
    """Items from the one most agreed with down: thresholds if there are any, or means.

    Thresholds say which level of the trait makes an answer or a higher one likelier
    than not.
    """
    place = {"survey": survey, "instrument": instrument, "subscale": subscale}
    return item_map_drawn(subject_of(disclosed, study, **place, terms=TERMS, wave=wave))


def item_map_drawn(subject: Subject) -> Figure | Note:
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
        _words(drawn_points(points), steps=steps),
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
    return part.group or part.term.partition("threshold_")[2]


def _ranks(found: Sequence[Finding]) -> Mapping[str, str]:
    """Threshold → its name, lowest first."""
    steps = dict.fromkeys(_step(part) for part in found)
    ordered = sorted(steps, key=lambda step: (len(step), step))
    return {step: f"Threshold {step}" for step in ordered}


def _centres(found: Sequence[Finding]) -> dict[str, float]:
    """Item → mean of its numbers; nought where all were held back."""
    by_item: dict[str, list[float]] = {}
    for part in found:
        by_item.setdefault(part.item, [])
        if part.estimate is not None:
            by_item[part.item].append(part.estimate)
    return {
        item: sum(numbers) / len(numbers) if numbers else 0.0
        for item, numbers in by_item.items()
    }


def _words(drawn: Sequence[Point], *, steps: bool) -> str:
    if not drawn:
        return ""
    low = min(drawn, key=lambda point: point.value)
    high = max(drawn, key=lambda point: point.value)
    what = "Thresholds" if steps else "Means"
    at = [f"{p.label}, {p.series}" if p.series else p.label for p in (low, high)]
    spread = number_text(high.value - low.value)
    return (
        f"{what} run from {estimate_text(low.finding)} ({at[0]}) to "
        f"{estimate_text(high.finding)} ({at[1]}), {spread} apart."
    )
