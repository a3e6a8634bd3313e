"""One difference with those lost left out, weighted for and filled in, as a forest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_forest
from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.style import height_of
from analysis.publication.places import (
    arm_text,
    findings_of_outcome,
    wave_text,
    waves_of,
)
from analysis.publication.tables import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

METHODS = {
    "complete_arm_difference": "Lost left out",
    "weighted_arm_difference": "Followed weighted",
    "imputed_arm_difference": "Lost filled in",
}
"""Term → how those lost are allowed for."""


def missing_methods_figure(
    disclosed: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """The arms' difference after: one line a follow-up, one mark a way."""
    selected = findings_of_outcome(disclosed, outcome)
    points = [
        Point(label=wave_text(study, wave), series=method, finding=finding)
        for term, method in METHODS.items()
        for wave in waves_of(selected, study, contrasts=True)
        for finding in selected.where(wave=wave, term=term).findings
    ]
    drawn = drawn_points(points)
    arms = points[0].finding.arm if points else ""
    return make_figure(
        f"missing-{outcome.name}",
        f"{outcome.title}: difference after, {arm_text(study, arms)}, with those lost "
        "left out, weighted for and filled in, with 95% intervals.",
        _words(drawn, outcome),
        points,
        partial(
            draw_forest,
            label="Difference in points",
            smallest_effect=outcome.smallest_effect,
        ),
        height=height_of(1.5 * max(len({point.label for point in points}), 1)),
    )


def _words(drawn: Sequence[Point], outcome: Outcome) -> str:
    """The ways at each follow-up, and how far they lie apart."""
    parts = []
    for label in dict.fromkeys(point.label for point in drawn):
        at = [point for point in drawn if point.label == label]
        values_text = ", ".join(
            f"{p.series.lower()} {estimate_text(p.finding)}" for p in at
        )
        values = [point.value for point in at]
        range_text = number_text(max(values) - min(values))
        parts.append(f"{label}: {values_text}; at most {range_text} points apart")
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    return "; ".join(parts) + "." + supplementary
