"""Change between waves, and its comparison between arms, as forests.

One question reckoned in several ways, as a forest.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.drawings import draw_forest
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import height_of
from analysis.publication.numbers import estimate_text, number_text
from analysis.publication.places import (
    arm_text,
    arms_of,
    direction_text,
    findings_of_outcome,
    smallest_effect,
    wave_text,
    waves_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations.study import Outcome, Study
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure

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


TERM = "difference_in_change_by_way"


def methods_figure(
    disclosed: Disclosed, study: Study, outcome: Outcome
) -> Figure | Note:
    """The arms' difference in change: one line a way, one mark a follow-up."""
    selected = findings_of_outcome(disclosed, outcome).where(
        term=TERM,
    )
    points = [
        Point(label=str(finding.group), series=wave_text(study, wave), finding=finding)
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
