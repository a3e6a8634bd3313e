"""One question reckoned in several ways, as a forest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_forest
from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.style import height_of
from analysis.publication.places import findings_of_outcome, wave_text, waves_of
from analysis.publication.tables import estimate_text, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

TERM = "difference_in_change_by_way"


def methods_figure(
    disclosed: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """The arms' difference in change: one line a way, one mark a follow-up."""
    selected = findings_of_outcome(disclosed, outcome).where(
        term=TERM,
    )
    points = [
        Point(label=finding.group, series=wave_text(study, wave), finding=finding)
        for wave in waves_of(selected, study, contrasts=True)
        for finding in selected.where(wave=wave).findings
    ]
    drawn = drawn_points(points)
    n_methods = len({point.label for point in points})
    series = len({point.series for point in points})
    return make_figure(
        f"ways-{outcome.name}",
        f"{outcome.title}: the same question reckoned in {n_methods} ways, with 95% "
        "intervals. An answer that holds in one way only is not yet an answer.",
        _words(drawn, outcome),
        points,
        partial(
            draw_forest,
            label="Difference in points",
            smallest_effect=outcome.smallest_effect,
        ),
        height=height_of(max(n_methods, 1) * (0.5 + 0.25 * series)),
    )


def _words(drawn: Sequence[Point], outcome: Outcome) -> str:
    """How far the ways lie apart at each follow-up, and how many leave no doubt."""
    parts = []
    for name in dict.fromkeys(point.series for point in drawn):
        of_wave = sorted(
            (point for point in drawn if point.series == name), key=lambda p: p.value
        )
        low, high = of_wave[0], of_wave[-1]
        clear = sum(_excludes_zero(point) for point in of_wave)
        parts.append(
            f"{name}: from {estimate_text(low.finding)} by {low.label} to "
            f"{estimate_text(high.finding)} by {high.label}; the interval of {clear} "
            f"of {len(of_wave)} ways excludes no difference"
        )
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    return "; ".join(parts) + "." + supplementary


def _excludes_zero(point: Point) -> bool:
    low, high = point.finding.conf_low, point.finding.conf_high
    return low is not None and high is not None and (low > 0 or high < 0)
