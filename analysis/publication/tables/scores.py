"""Items, scores, their reliability and their change as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.disclosure import Disclosed
from analysis.publication.places import (
    CHANGE,
    COMPARISON,
    ITEMS,
    RELIABILITY,
    RETEST,
    SCORES,
    arm_text,
    arms_of,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.tables.frame import Footnotes, compact_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.places import Columns
    from analysis.publication.tables.frame import Table

COUNTED = ("mean_change", "mean", "cronbach_alpha")
"""Whose n a row shows; otherwise that of the first statistic found."""


def item_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str, wave: str
) -> Table:
    """Every item of an instrument at one wave."""
    declared = study.instruments[instrument]
    selected = disclosed.where(survey=survey, instrument=instrument, wave=wave, arm="")
    notes, rows = Footnotes(), []
    for subscale in declared.subscales:
        of_subscale = selected.where(subscale=subscale.name)
        for name in subscale.items:
            item = declared.item(name)
            label = item.label + (" (reverse-keyed)" if item.reverse_keyed else "")
            if cells := _cells(of_subscale.where(item=name), ITEMS, notes):
                rows.append((label, *cells))
    caption = f"Items of {declared.title}, {wave_text(study, wave)}"
    return compact_table(caption, ("Item",), ITEMS, rows, notes)


def reliability_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Internal consistency, a row a subscale and wave."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(
        selected, study, instrument, "Internal consistency of", RELIABILITY
    )


def retest_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """People's first against their second score, where they have two."""
    # Its own n: most of those whose consistency is told answered once.
    selected = _of_terms(disclosed.where(survey=survey, instrument=instrument), RETEST)
    return _by_subscale(
        selected, study, instrument, "People who answered twice,", RETEST
    )


def score_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Scores, a row a subscale, wave and arm."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(selected, study, instrument, "Scores of", SCORES)


def change_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change between waves, a row a subscale, pair of waves and arm."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    return _by_subscale(selected, study, instrument, "Change in", CHANGE, across=True)


def comparison_table(
    disclosed: Disclosed, study: Study, *, survey: str, instrument: str
) -> Table:
    """Change beside the comparison arm, a row a subscale and pair of waves."""
    selected = disclosed.where(survey=survey, instrument=instrument, item="")
    opening = "Change compared between groups in"
    return _by_subscale(
        selected, study, instrument, opening, COMPARISON, across=True, between=True
    )


def _of_terms(selected: Disclosed, columns: Columns) -> Disclosed:
    """Nothing but what the columns show: their n is not that of other statistics."""
    terms = {term for _, term in columns}
    return Disclosed(findings=tuple(f for f in selected.findings if f.term in terms))


def _by_subscale(
    selected: Disclosed,
    study: Study,
    instrument: str,
    opening: str,
    columns: Columns,
    *,
    across: bool = False,
    between: bool = False,
) -> Table:
    """Rows by subscale, wave (`across`: pair of waves), arm (`between`: pair)."""
    notes, rows = Footnotes(), []
    for subscale in study.instruments[instrument].subscales:
        of_subscale = selected.where(subscale=subscale.name)
        for wave in waves_of(of_subscale, study, contrasts=across):
            of_wave = of_subscale.where(wave=wave)
            for arm in arms_of(of_wave, study, contrasts=between):
                if cells := _cells(of_wave.where(arm=arm), columns, notes):
                    place = (wave_text(study, wave), arm_text(study, arm))
                    rows.append((subscale.title, *place, *cells))
    headings = ("Subscale", "Waves" if across else "Wave", "Group")
    caption = f"{opening} {study.instruments[instrument].title}"
    return compact_table(caption, headings, columns, rows, notes)


def _cells(
    selected: Disclosed, columns: Columns, notes: Footnotes
) -> tuple[str, ...] | None:
    """The n and the columns' cells; None if nothing of them was found."""
    findings = [found(selected, term=term) for _, term in columns]
    if not any(findings):
        return None
    counted = next(
        (found(selected, term=term) for term in COUNTED if found(selected, term=term)),
        next(filter(None, findings)),
    )
    titles = [title for title, _ in columns]
    cells = [notes.cell(f, title=t) for f, t in zip(findings, titles, strict=True)]
    return (notes.people(counted), *cells)
