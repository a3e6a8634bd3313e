"""Groups into a table: where each stands, how far apart, and what the pilot added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.grouped import (
    ALONG_ORDER,
    beside,
    capital,
    gap,
    gap_waves,
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
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

ALIKE = (
    "Means are drawn towards each other as far as chance alone could part them, so "
    "groups that may be alike are shown alike; gaps are of the means as they are."
)


def group_table(
    here: Disclosed, study: Study, grouping: Grouping, outcome: Outcome
) -> Table:
    """A row a group, the reference first.

    Parameters
    ----------
    here : Disclosed
        What was found of this grouping and outcome.
    """
    notes = Footnotes()
    waves = waves_of(here, study, contrasts=False)
    gaps = gap_waves(here, study)
    added = bool(here.where(term="effect_in_group").findings)
    rows = [
        _row(here, grouping, group, notes, waves=waves, gaps=gaps, added=added)
        for group in groups_in(here, grouping)
    ]
    reference = grouping.reference
    heads = (
        grouping.title,
        *(f"n, {wave_text(study, wave)}" for wave in waves),
        *(f"Mean, {wave_text(study, wave)}" for wave in waves),
        *(f"Less {reference}, {wave_text(study, wave)}" for wave in gaps),
        *(("The pilot added", f"Less {reference}'s") if added else ()),
    )
    drawn = (ALIKE,) if here.where(term="shrunken_mean").findings else ()
    return Table(
        caption=f"{outcome.title}, by {grouping.title.lower()}",
        columns=heads,
        rows=tuple(rows),
        notes=(*notes.notes(), *drawn, *_along_order(here, study)),
        methods=notes.methods(),
    )


def _row(
    here: Disclosed,
    grouping: Grouping,
    group: str,
    notes: Footnotes,
    *,
    waves: list[str],
    gaps: list[str],
    added: bool,
) -> tuple[str, ...]:
    is_reference = group == grouping.reference
    levels = [level(here, grouping, group, wave) for wave in waves]

    def against(finding: Finding | None, title: str) -> str:
        return "reference" if is_reference else notes.cell(finding, title=title)

    cells = [notes.people(finding) for finding in levels]
    cells += [notes.cell(finding, title="Mean") for finding in levels]
    cells += [against(gap(here, grouping, group, wave), "Gap") for wave in gaps]
    if added:
        own = here.where(term="effect_in_group", group=f"{grouping.name}: {group}")
        cells.append(notes.cell(found(own), title="The pilot added"))
        term = "effect_difference"
        less = found(here, term=term, group=beside(grouping, group))
        cells.append(against(less, "Difference of what it added"))
    return (capital(group), *cells)


def _along_order(here: Disclosed, study: Study) -> Iterator[str]:
    """The indices of inequality, where the groups have an order."""
    for term, words in ALONG_ORDER.items():
        told = [
            f"{wave_text(study, part.wave)} {estimate_text(part) or ABSENT}"
            + (f" ({part.reason})" if part.estimate is None else "")
            for part in here.where(term=term).findings
        ]
        if told:
            name = capital(term.replace("_", " "))
            yield f"{name} ({words}): {'; '.join(told)}."
