"""Rated evidence into tables: what COSMIN's criteria make of every score."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.publication.places import (
    COSMIN,
    JUDGED,
    STRUCTURE,
    found,
    surveyed,
    wave_text,
    waves_of,
)
from analysis.publication.tables.frame import ABSENT, Footnotes, Table
from analysis.publication.tables.numbers import estimate_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

SIGNS = {
    "sufficient": "sufficient (+)",
    "insufficient": "insufficient (\N{MINUS SIGN})",
    "indeterminate": "not known (?)",
}
ANSWERS = {1.0: "yes", 0.0: "no", None: "not tested"}
LEVELS = {
    "thresholds": "Change of fit: equal thresholds",
    "metric": "Change of fit: equal loadings",
    "scalar": "Change of fit: equal levels too",
}
"""Level of invariance → the change of the comparative fit index it brings."""
CRITERIA = (
    "Rated by the criteria of COSMIN (Prinsen and others 2018). A rating whose "
    "interval crosses the threshold may turn out otherwise in the next sample."
)


def structure_tables(disclosed: Disclosed, study: Study) -> Iterator[Table]:
    """A table of each subscale in each wave, a row a statistic."""
    for title, selected in _subscales(disclosed, study):
        notes, rows = Footnotes(), []
        for term, (name, asked) in STRUCTURE.items():
            if finding := found(selected.where(item=""), term=term):
                cell = notes.cell(finding, title=name)
                rows.append((name, cell, asked, notes.people(finding)))
        if rows:
            yield Table(
                caption=f"Is it one thing? {title}",
                columns=("Statistic", "Found", "Asked for", "n"),
                rows=tuple(rows),
                notes=notes.notes(),
                methods=notes.methods(),
            )


def cosmin_tables(disclosed: Disclosed, study: Study) -> Iterator[Table]:
    """A table of each subscale in each wave, a row a property."""
    for title, selected in _subscales(disclosed, study):
        rows = [
            (name, *_cells(finding))
            for term, name in COSMIN.items()
            if (finding := found(selected, term=term))
        ]
        if rows:
            yield Table(
                caption=f"Evidence for {title}",
                columns=("Property", "Rating", "Judged by", "n", "Why"),
                rows=tuple(rows),
                notes=(CRITERIA,),
            )


def comparability_table(disclosed: Disclosed, study: Study) -> Table:
    """A row a score and pair of waves: whether it means the same at both."""
    notes, rows = Footnotes(), []
    tested = {finding.group for finding in disclosed.findings}
    levels = {level: title for level, title in LEVELS.items() if level in tested}
    for survey, instrument in surveyed(study):
        selected = disclosed.where(survey=survey, instrument=instrument.name)
        for subscale in instrument.subscales:
            of_part = selected.where(subscale=subscale.name)
            for wave in waves_of(of_part, study, contrasts=True):
                verdict = found(of_part.where(wave=wave), term="means_comparable")
                if verdict is None:
                    continue
                changes = of_part.where(wave=wave, term="comparative_fit_change")
                fit = [
                    notes.cell(found(changes, group=level), title=title)
                    for level, title in levels.items()
                ]
                known = verdict.estimate is not None
                why = verdict.method.partition("; rule: ")[0] if known else ""
                rows.append(
                    (
                        subscale.title,
                        wave_text(study, wave),
                        ANSWERS[verdict.estimate],
                        *fit,
                        notes.people(verdict),
                        why or verdict.reason,
                    )
                )
    columns = ("Score", "Waves", "Same meaning?", *levels.values(), "n", "Why")
    return Table(
        caption="Whether a score means the same at both waves",
        columns=columns,
        rows=tuple(rows),
        row_headings=2,
        notes=notes.notes(),
        methods=notes.methods(),
    )


def _subscales(disclosed: Disclosed, study: Study) -> Iterator[tuple[str, Disclosed]]:
    """Every subscale in every wave: its name with the wave's, and its findings."""
    for survey, instrument in surveyed(study):
        selected = disclosed.where(survey=survey, instrument=instrument.name)
        for wave in waves_of(selected, study, contrasts=False):
            for part in instrument.subscales:
                of_part = selected.where(wave=wave, subscale=part.name)
                yield f"{part.title}, {wave_text(study, wave)}", of_part


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    rating = SIGNS.get(finding.group, finding.group)
    if finding.estimate is None or finding.n is None:
        return rating, ABSENT, ABSENT, finding.reason
    judged, _, why = finding.method.partition("; ")
    number = estimate_text(dataclasses.replace(finding, term=judged))
    return rating, f"{JUDGED[judged]} {number}", f"{finding.n:,}", why
