"""The items of a subscale as figures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figures.drawings import draw_across
from analysis.publication.figures.frame import Point, drawn_points, make_figure
from analysis.publication.figures.style import height_of
from analysis.publication.places import wave_text, waves_of
from analysis.publication.tables import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note


def item_figure(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, subscale: str
) -> Figure | Note:
    """Correlation of every item with the others, at each wave."""
    declared = study.instruments[instrument]
    scale = declared.subscale(subscale)
    selected = disclosed.where(survey=survey, instrument=instrument, subscale=subscale)
    selected = selected.where(term="item_rest_correlation")
    points = [
        Point(
            label=declared.item(finding.item).label,
            series=wave_text(study, finding.wave),
            finding=finding,
        )
        for wave in waves_of(selected, study, contrasts=False)
        for item in scale.items
        for finding in selected.where(wave=wave, item=item).findings
    ]
    drawn = sorted(drawn_points(points), key=lambda point: -point.value)
    order = [point.label for point in drawn]
    points.sort(key=lambda p: order.index(p.label) if p.label in order else 0)
    waves = [wave_text(study, w) for w in waves_of(selected, study, contrasts=False)]
    points.sort(key=lambda point: waves.index(point.series))
    return make_figure(
        f"items-{survey}-{instrument}-{subscale}",
        f"{scale.title}: correlation of each item with the sum of the others.",
        _item_words(drawn),
        points,
        partial(draw_across, label="Item-rest correlation", zero=True),
        height=height_of(len(set(order)) * (0.5 + 0.25 * len(waves))),
    )


def _item_words(drawn: Sequence[Point]) -> str:
    if not drawn:
        return ""
    best, worst = drawn[0], drawn[-1]
    below = sum(point.value <= 0 for point in drawn)
    ends = (
        f"Item-rest correlations run from {number_text(worst.value)} "
        f"({worst.label}, {worst.series}) to {number_text(best.value)} "
        f"({best.label}, {best.series})"
    )
    return ends + (f"; {below} are zero or negative." if below else "; all above zero.")
