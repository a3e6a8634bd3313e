"""What was found at each site, as a table and a forest: sites, then all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.foundation.terms import term as register_term
from analysis.publication.figure import Figure, Point, drawn_points
from analysis.publication.panels import difference_label, forest
from analysis.publication.places import (
    columns_of,
    findings_of_outcome,
    places_of,
    wave_text,
)
from analysis.publication.shown import Shown, show
from analysis.publication.table import Footnotes
from analysis.publication.words import excluding_zero_words, figure_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Note
    from analysis.publication.table import Table

AT_SITE = "effect_at_site"
WITHOUT_SITE = "pooled_without_site"
POOLED = ("pooled_effect_cautious", "prediction_interval")
"""Drawn below the sites."""
ONE_SITE = "Fewer than two sites hold all that is compared: none has its own result."
SAME = (
    "A site's result is estimated from its own people alone, in the same way as for "
    "everyone; n counts those of its smallest side, an arm at a wave."
)


def show_sites(disclosed: Disclosed, study: Study) -> Shown:
    """What was found at each site; from three sites on, over all of them too."""
    outcomes = [outcome for outcome, _, _ in _by_site(disclosed, study)]
    figures = (
        site_figure(disclosed, study, outcome) for outcome in dict.fromkeys(outcomes)
    )
    # Why there is nothing to draw stands below the table.
    drawn = [figure for figure in figures if isinstance(figure, Figure)]
    return show([*drawn, site_table(disclosed, study)], ONE_SITE)


def _by_site(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Place, Disclosed]]:
    """Every outcome and follow-up with results by site."""
    for outcome in study.outcomes:
        of_sites = findings_of_outcome(disclosed, outcome)
        for wave in places_of(of_sites.where(term=AT_SITE), study, contrasts=True):
            yield outcome, wave, of_sites.where(wave=wave)


def site_title(finding: Finding, study: Study) -> str:
    """The title of the site that a finding is about."""
    name = finding.group.value if isinstance(finding.group, Group) else ""
    return next((site.title for site in study.sites if site.name == name), name)


def site_table(disclosed: Disclosed, study: Study) -> Table:
    """Rows of an outcome and follow-up: each site, then all of them together."""
    notes = Footnotes()
    return notes.table(
        "What was found at each site",
        ("Outcome", "Waves", "Site", "n", "Points"),
        (
            (outcome.title, wave_text(study, wave), *row)
            for outcome, wave, here in _by_site(disclosed, study)
            for row in _rows(here, study, notes)
        ),
        row_headings=3,
        also=(*_not_together(disclosed), SAME),
    )


def _rows(
    here: Disclosed, study: Study, notes: Footnotes
) -> Iterator[tuple[str, str, str]]:
    for finding in here.where(term=AT_SITE).findings:
        title = site_title(finding, study)
        yield title, notes.people(finding), notes.cell(finding, title="A site")
    for title, term in columns_of("sites"):
        for finding in here.where(term=term).findings:
            # What was not estimated over all sites is said once, below the table.
            if finding.estimate is not None:
                yield title, notes.people(finding), notes.cell(finding, title=title)
    for finding in here.where(term=WITHOUT_SITE).findings:
        title = f"All but {site_title(finding, study)}"
        cell = notes.cell(finding, title="All but one site")
        yield title, notes.people(finding), cell


def _not_together(disclosed: Disclosed) -> Iterator[str]:
    """Why there is nothing of all sites together."""
    pooled = disclosed.where(term=POOLED[0]).findings
    absent = [part.reason for part in pooled if part.estimate is None]
    for reason in dict.fromkeys(absent):
        yield f"All sites together: {reason}."


def site_figure(disclosed: Disclosed, study: Study, outcome: Outcome) -> Figure | Note:
    """One line a site and one for all together, one mark a follow-up."""
    points = [
        point
        for one, wave, here in _by_site(disclosed, study)
        if one == outcome
        for point in _points(here, study, wave)
    ]
    at_sites = [p for p in drawn_points(points) if p.finding.term == AT_SITE]
    sites = {point.label for point in at_sites}
    clear = excluding_zero_words((point.finding for point in at_sites), "results")
    compared = any(point.finding.arm for point in points)
    return forest(
        f"sites-{outcome.name}",
        f"{outcome.title}: what was found at each of {len(sites)} sites, with 95% "
        "intervals. That it shows at one site and not at another is no difference "
        "between them.",
        figure_words(
            f"{outcome.title}, site by site: {clear}.", points, outcome.smallest_effect
        ),
        points,
        label=difference_label(points, "Difference" if compared else "Change"),
        smallest_effect=outcome.smallest_effect,
    )


def _points(here: Disclosed, study: Study, wave: Place) -> Iterator[Point]:
    """Sites, then all of them together where that was estimated."""
    series = wave_text(study, wave)
    for finding in here.where(term=AT_SITE).findings:
        yield Point(label=site_title(finding, study), series=series, finding=finding)
    for term in POOLED:
        label = register_term(term).title
        for finding in drawn_findings(here, term):
            yield Point(label=label, series=series, finding=finding)


def drawn_findings(here: Disclosed, term: str) -> Iterator[Finding]:
    """Those that have an estimate; why others have none stands below the table."""
    return (
        part for part in here.where(term=term).findings if part.estimate is not None
    )
