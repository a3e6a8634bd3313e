"""What is found at every wave, from wave to wave: reliability and mean scores."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_over_time
from analysis.publication.figures.frame import (
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.figures.style import height_of
from analysis.publication.places import (
    arm_text,
    arms_of,
    direction_text,
    range_text,
    wave_text,
    waves_of,
)
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

RELIABLE = 0.70
"""Commonly asked of a scale used to compare groups (Nunnally 1978; COSMIN)."""


def reliability_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Alpha and omega at each wave, beside the 0.70 line."""
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item=""
    )
    terms = {"Cronbach's alpha": "cronbach_alpha", "Omega total": "omega_total"}
    points = [
        Point(label=wave_text(study, wave), series=title, finding=finding)
        for title, term in terms.items()
        for wave in waves_of(selected, study, contrasts=False)
        for finding in selected.where(wave=wave, term=term).findings
    ]
    title = study.instruments[instrument].subscale(subscale).title
    lowest = min(
        [0.0, *(point.value - point.reach[0] for point in drawn_points(points))]
    )
    return _over_time(
        f"reliability-{survey}-{instrument}-{subscale}",
        f"{title}: internal consistency at each wave, with 95% intervals. "
        f"The dashed line is {number_text(RELIABLE)}.",
        points,
        label="Coefficient",
        limits=(lowest, 1.02),
        reference=RELIABLE,
    )


def score_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Mean score at each wave, one line an arm."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, item="", term="mean"
    )
    arms = arms_of(selected, study, contrasts=False)
    points = [
        Point(
            label=wave_text(study, wave), series=arm_text(study, arm), finding=finding
        )
        for arm in ([arm for arm in arms if arm] or arms)
        for wave in waves_of(selected, study, contrasts=False)
        for finding in selected.where(arm=arm, wave=wave).findings
    ]
    return _over_time(
        f"scores-{survey}-{instrument}-{subscale}",
        f"{scale.title}: mean score with 95% interval. {direction_text(declared)}",
        points,
        label=f"Mean score ({range_text(scale)})",
        limits=(scale.lowest, scale.highest),
    )


def _over_time(
    name: str,
    caption: str,
    points: Sequence[Point],
    *,
    label: str,
    limits: tuple[float, float],
    reference: float | None = None,
) -> Figure | Note:
    waves = list(dict.fromkeys(point.label for point in points))
    drawing = partial(
        draw_over_time, waves=waves, label=label, limits=limits, reference=reference
    )
    words = point_words(drawn_points(points))
    return make_figure(name, caption, words, points, drawing, height=height_of(6))
