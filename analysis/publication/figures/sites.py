"""What was found at each site, as a forest: sites, all together, a further one."""

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
from analysis.publication.places import wave_text
from analysis.publication.tables import number_text
from analysis.publication.tables.sites import AT_SITE, TOGETHER, by_site, site_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.figures.frame import Figure, Note

DRAWN = ("pooled_effect_cautious", "prediction_interval")


def site_figure(disclosed: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """One line a site and one for all together, one mark a follow-up."""
    points = [
        point
        for one, wave, here in by_site(disclosed, study)
        if one == outcome
        for point in _points(here, study, wave)
    ]
    drawn = drawn_points(points)
    sites = {point.label for point in drawn if point.finding.term == AT_SITE}
    effect = outcome.smallest_effect
    supplementary = (
        f" The smallest that matters is {number_text(effect)}." if effect else ""
    )
    lines = len({point.label for point in points})
    series = len({point.series for point in points})
    return make_figure(
        f"sites-{outcome.name}",
        f"{outcome.title}: what was found at each of {len(sites)} sites, with 95% "
        "intervals. That it shows at one site and not at another is no difference "
        "between them.",
        f"{outcome.title}, {_count_excluding_zero(drawn)} {point_words(drawn)}{supplementary}",
        points,
        partial(draw_forest, label=_label(points), smallest_effect=effect),
        height=height_of(max(lines, 1) * (0.5 + 0.25 * series)),
    )


def _label(points: list[Point]) -> str:
    compared = any(point.finding.arm for point in points)
    return "Difference in points" if compared else "Change in points"


def _points(here: Disclosed, study: Study, wave: str) -> Iterator[Point]:
    """Sites, then what they say together where that was reckoned."""
    series = wave_text(study, wave)
    for finding in here.where(term=AT_SITE).findings:
        yield Point(label=site_title(finding, study), series=series, finding=finding)
    for term in DRAWN:
        for finding in here.where(term=term).findings:
            # That two sites are not pooled is said below the table.
            if finding.estimate is not None:
                yield Point(label=TOGETHER[term], series=series, finding=finding)


def _count_excluding_zero(drawn: list[Point]) -> str:
    """In how many places the interval leaves out no effect."""
    at_sites = [point for point in drawn if point.finding.term == AT_SITE]
    clear = sum(
        low is not None and high is not None and (low > 0 or high < 0)
        for low, high in (
            (point.finding.conf_low, point.finding.conf_high) for point in at_sites
        )
    )
    return f"site by site: {clear} of {len(at_sites)} intervals exclude no effect."
