"""What was found at each site, as a forest: sites, all together, a further one.

Outcomes by site into a table: what was found at each, and over all.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.foundation.terms import in_table
from analysis.foundation.terms import term as register_term
from analysis.publication.drawings import draw_forest
from analysis.publication.figure import Point, drawn_points, make_figure, point_words
from analysis.publication.house_style import height_of
from analysis.publication.numbers import number_text
from analysis.publication.places import findings_of_outcome, wave_text, waves_of
from analysis.publication.table import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Contrast, Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Note

AT_SITE = "effect_at_site"
WITHOUT = "All but "
SAME = (
    "What is told of a site is of its own people alone, reckoned as for everyone; n "
    "counts those of its smallest side, an arm at a wave."
)


def by_site(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Contrast, Disclosed]]:
    """Every outcome and follow-up that was told site by site."""
    for outcome in study.outcomes:
        of_sites = findings_of_outcome(disclosed, outcome)
        for wave in waves_of(of_sites.where(term=AT_SITE), study, contrasts=True):
            yield outcome, wave, of_sites.where(wave=wave)


def site_title(finding: Finding, study: Study) -> str:
    """The title of the site that a finding speaks of."""
    name = finding.group.value if isinstance(finding.group, Group) else ""
    return next((site.title for site in study.sites if site.name == name), name)


def site_table(disclosed: Disclosed, study: Study) -> Table:
    """Rows of an outcome and follow-up: each site, then what they say together."""
    notes = Footnotes()
    rows = tuple(
        (outcome.title, wave_text(study, wave), *row)
        for outcome, wave, here in by_site(disclosed, study)
        for row in _rows(here, study, notes)
    )
    return Table(
        caption="What was found at each site",
        columns=("Outcome", "Waves", "Site", "n", "Points"),
        rows=rows,
        row_headings=3,
        notes=(*notes.notes(), *_not_together(disclosed), SAME) if rows else (),
        methods=notes.methods(),
    )


def _rows(
    here: Disclosed, study: Study, notes: Footnotes
) -> Iterator[tuple[str, str, str]]:
    named = {
        AT_SITE: "",
        **{each.name: each.title for each in in_table("sites")},
        "pooled_without_site": WITHOUT,
    }
    for term, title in named.items():
        for finding in here.where(term=term).findings:
            # What was not reckoned over all sites is said once, below the table.
            if "sites" in register_term(term).tables and finding.estimate is None:
                continue
            place = title
            if term in {AT_SITE, "pooled_without_site"}:
                place = f"{title}{site_title(finding, study)}"
            yield (
                place,
                notes.people(finding),
                notes.cell(finding, title=_term_heading(term)),
            )


def _not_together(disclosed: Disclosed) -> Iterator[str]:
    """Why there is nothing of all sites together."""
    pooled = disclosed.where(term="pooled_effect_cautious").findings
    absent = [part.reason for part in pooled if part.estimate is None]
    for reason in dict.fromkeys(absent):
        yield f"All sites together: {reason}."


def _term_heading(term: str) -> str:
    known = register_term(term)
    if "sites" in known.tables:
        return known.title
    return "A site" if term == AT_SITE else "All but one site"


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
        f"{outcome.title}, {_count_excluding_zero(drawn)} "
        f"{point_words(drawn)}{supplementary}",
        points,
        partial(draw_forest, label=_label(points), smallest_effect=effect),
        height=height_of(max(lines, 1) * (0.5 + 0.25 * series)),
    )


def _label(points: list[Point]) -> str:
    compared = any(point.finding.arm for point in points)
    return "Difference in points" if compared else "Change in points"


def _points(here: Disclosed, study: Study, wave: Contrast) -> Iterator[Point]:
    """Sites, then what they say together where that was reckoned."""
    series = wave_text(study, wave)
    for finding in here.where(term=AT_SITE).findings:
        yield Point(label=site_title(finding, study), series=series, finding=finding)
    for term in DRAWN:
        label = register_term(term).title
        for finding in here.where(term=term).findings:
            # That two sites are not pooled is said below the table.
            if finding.estimate is not None:
                yield Point(label=label, series=series, finding=finding)


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
