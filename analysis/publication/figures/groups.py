"""How far groups lie from the reference, before and after, as a forest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_forest
from analysis.publication.figures.frame import (
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.figures.style import height_of
from analysis.publication.grouped import (
    answer_words,
    capital,
    gap,
    gap_waves,
    groups_in,
)
from analysis.publication.places import wave_text
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.declarations.groups import Grouping
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

BETTER = {
    "higher_is_better": "Right of zero is better than the reference.",
    "higher_is_worse": "Left of zero is better than the reference.",
}


def gap_figure(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> Figure | Note:
    """Every group's mean less that of the reference: one line a group, one mark a wave.

    Parameters
    ----------
    here : Disclosed
        What was found of this grouping and outcome.
    """
    groups = [one for one in groups_in(here, grouping) if one != grouping.reference]
    waves = gap_waves(here, study)
    points = [
        Point(label=capital(group), series=wave_text(study, wave), finding=finding)
        for wave in waves
        for group in groups
        if (finding := gap(here, grouping, group, wave)) is not None
    ]
    instrument = study.instruments[outcome.instrument]
    better_text = BETTER.get(instrument.subscale(outcome.subscale).direction, "")
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    words = answer_words(here, study, grouping, outcome)
    drawn = drawn_points(points)
    return make_figure(
        f"gap-{grouping.name}-{outcome.name}",
        f"{outcome.title}: each group's mean less that of {grouping.reference}, with "
        f"95% intervals. {better_text}".strip(),
        f"{words} {point_words(drawn)}{supplementary}" if drawn else words,
        points,
        partial(
            draw_forest,
            label=f"Points above {grouping.reference}",
            smallest_effect=effect,
        ),
        height=height_of(max(len(groups), 1) * (0.5 + 0.35 * len(waves))),
    )
