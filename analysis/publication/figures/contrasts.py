"""Change between waves, and its comparison between arms, as forests."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_forest
from analysis.publication.figures.frame import (
    Note,
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
    smallest_effect,
    wave_text,
    waves_of,
)
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure

COMPARED = {
    "difference_in_change": "Difference in change",
    "adjusted_mean_difference": "Adjusted for before",
}


def change_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Mean change between waves, one line a pair of waves, one mark an arm."""
    selected = disclosed.where(
        survey=survey, instrument=instrument, subscale=subscale, term="mean_change"
    )
    scale = study.instruments[instrument].subscale(subscale)
    return _forest(
        selected,
        study,
        "change",
        f"{scale.title}: mean change between waves, with 95% intervals.",
        between=False,
    )


def comparison_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Difference between arms, one line a pair of waves, one mark a comparison."""
    selected = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    scale = study.instruments[instrument].subscale(subscale)
    return _forest(
        selected,
        study,
        "comparison",
        f"{scale.title}: change compared between groups, with 95% intervals.",
        between=True,
    )


def _forest(
    selected: Disclosed, study: Study, name: str, caption: str, *, between: bool
) -> Figure | Note:
    arms = arms_of(selected, study, contrasts=between)
    chosen = arms[:1] if between else [arm for arm in arms if arm] or arms
    terms = COMPARED if between else {"mean_change": ""}
    points = [
        Point(
            label=wave_text(study, wave),
            series=words or arm_text(study, arm),
            finding=finding,
        )
        for arm in chosen
        for term, words in terms.items()
        for wave in waves_of(selected, study, contrasts=True)
        for finding in selected.where(arm=arm, wave=wave, term=term).findings
    ]
    if not points:
        return Note(text=f"No figure for “{caption}”: nothing was found to draw.")
    place = points[0].finding
    declared = study.instruments[place.instrument]
    effect = smallest_effect(study, place)
    who = f"{arm_text(study, place.arm)}. " if between else ""
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    lines = len({point.label for point in points})
    series = len({point.series for point in points})
    return make_figure(
        f"{name}-{place.survey}-{place.instrument}-{place.subscale}",
        f"{caption} {who}{direction_text(declared)}",
        point_words(drawn_points(points)) + supplementary,
        points,
        partial(draw_forest, label="Difference in points", smallest_effect=effect),
        height=height_of(lines * max(1.0, 0.4 + 0.35 * series)),
    )
