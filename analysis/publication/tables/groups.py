"""Groups into a table: where each stands, how far apart, and what the pilot added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.grouped import (
    ALONG_ORDER,
    capital,
    contrast_label,
    gap,
    groups_in,
    level,
)
from analysis.publication.places import found, wave_text, waves_of
from analysis.publication.tables.frame import ABSENT, Footnotes, Table
from analysis.publication.tables.numbers import estimate_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.declarations.groups import Grouping
    from analysis.publication.disclosure import Disclosed

ALIKE = (
    "Means are drawn towards each other as far as chance alone could part them, so "
    "groups that may be alike are shown alike; gaps are of the means as they are."
)


def group_table(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> Table:
    """Rows of a group, the reference first: a mean a wave, then what the pilot added.

    Parameters
    ----------
    here : Disclosed
        What was found of this grouping and outcome.
    """
    notes = Footnotes()
    rows = tuple(
        row
        for group in groups_in(here, grouping)
        for row in _rows(here, study, grouping, group, notes)
    )
    drawn = (ALIKE,) if here.where(term="shrunken_mean").findings else ()
    return Table(
        caption=f"{outcome.title}, by {grouping.title.lower()}",
        columns=(grouping.title, "What", "n", "Points", f"Less {grouping.reference}"),
        rows=rows,
        row_headings=2,
        notes=(*notes.notes(), *drawn, *_along_order(here, study)),
        methods=notes.methods(),
    )


def _rows(
    here: Disclosed, study: Study, grouping: Grouping, group: str, notes: Footnotes
) -> Iterator[tuple[str, ...]]:
    name = capital(group)
    for wave in waves_of(here, study, contrasts=False):
        own = level(here, grouping, group, wave)
        less = gap(here, grouping, group, wave)
        yield (
            name,
            f"Mean, {wave_text(study, wave)}",
            notes.people(own),
            notes.cell(own, title="Mean"),
            notes.cell(less, title="Mean less the reference's"),
        )
    for wave in waves_of(here.where(term="effect_in_group"), study, contrasts=True):
        at = here.where(wave=wave)
        own = found(at, term="effect_in_group", group=f"{grouping.name}: {group}")
        less = found(
            at, term="effect_difference", group=contrast_label(grouping, group)
        )
        yield (
            name,
            f"Pilot added, {wave_text(study, wave)}",
            notes.people(own),
            notes.cell(own, title="Pilot added"),
            notes.cell(less, title="Pilot added, less in the reference group"),
        )


def _along_order(here: Disclosed, study: Study) -> Iterator[str]:
    """The indices of inequality, where the groups have an order."""
    for term, words in ALONG_ORDER.items():
        sentences = [
            f"{wave_text(study, part.wave)} {estimate_text(part) or ABSENT}"
            + (f" ({part.reason})" if part.estimate is None else "")
            for part in here.where(term=term).findings
        ]
        if sentences:
            name = capital(term.replace("_", " "))
            yield f"{name} ({words}): {'; '.join(sentences)}."
