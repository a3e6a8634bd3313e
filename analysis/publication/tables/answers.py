"""Judged changes into tables: do they matter, who got better, how alike are teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import (
    arm_text,
    findings_of_outcome,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.tables.frame import ABSENT, Footnotes, Table
from analysis.publication.tables.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.publication.disclosure import Disclosed

CHANCES = {
    "probability_of_improvement": "Chance that it helps",
    "probability_exceeds_smallest_effect": "Chance that it matters",
    "probability_of_harm": "Chance of a harm that matters",
}
RESPONDED = {
    "share_improved": "Improved",
    "share_unchanged": "Unchanged",
    "share_worsened": "Worsened",
    "reliable_change_needed": "Change needed, points",
    "share_without_room_before": "Without room to improve",
}
INTRACLUSTER_TITLES = {
    "intracluster_correlation": "Intracluster correlation",
    "design_effect": "Design effect",
    "clusters": "Teams",
}
PRIOR = (
    "Chances are of the true effect, given the data and a prior that takes no effect "
    "for likeliest; the table of findings has them for a prior half and twice as wide."
)


def judgement_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome and follow-up: the effect against the smallest that matters."""
    notes, rows = Footnotes(), []
    for outcome, wave, selected in _outcomes(disclosed, study):
        effect = found(selected, term="effect")
        if effect is None:
            continue
        declared = selected.where(group="as declared")
        smallest = outcome.smallest_effect
        rows.append(
            (
                outcome.title,
                wave_text(study, wave),
                notes.cell(effect, title="Effect"),
                number_text(smallest) if smallest else ABSENT,
                effect.group or "not judged",
                *_cells(declared, CHANCES, notes),
                notes.people(effect),
            )
        )
    return _table(
        "Large enough to matter?",
        (
            "Outcome",
            "Waves",
            "Effect",
            "Smallest that matters",
            "Verdict",
            *CHANCES.values(),
            "n",
        ),
        rows,
        notes,
        also=(PRIOR,) if any(found(disclosed, term=term) for term in CHANCES) else (),
    )


def responder_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome, follow-up and arm: who changed by more than error."""
    notes, rows = Footnotes(), []
    for outcome, wave, selected in _outcomes(disclosed, study):
        for arm in dict.fromkeys(part.arm for part in selected.findings):
            of_arm = selected.where(arm=arm)
            counted = found(of_arm, term="reliable_change_needed")
            if counted:
                cells = _cells(of_arm, RESPONDED, notes)
                place = (outcome.title, wave_text(study, wave), arm_text(study, arm))
                rows.append((*place, notes.people(counted), *cells))
    headings = ("Outcome", "Waves", "Group", "n", *RESPONDED.values())
    return _table("Who changed by more than error", headings, rows, notes)


def intracluster_table(disclosed: Disclosed, study: Study) -> Table:
    """A row an outcome: how alike people of one team were before."""
    notes, rows, seen = Footnotes(), [], set()
    for outcome, _, selected in _outcomes(disclosed, study):
        counted = found(selected, term="intracluster_correlation")
        if counted and outcome.name not in seen:
            seen.add(outcome.name)
            cells = _cells(selected, INTRACLUSTER_TITLES, notes)
            rows.append((outcome.title, notes.people(counted), *cells))
    headings = ("Outcome", "n", *INTRACLUSTER_TITLES.values())
    return _table("How alike people of one team are", headings, rows, notes)


def _outcomes(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, str, Disclosed]]:
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        for wave in waves_of(selected, study, contrasts=True):
            yield outcome, wave, selected.where(wave=wave)


def _cells(selected: Disclosed, columns: dict[str, str], notes: Footnotes) -> list[str]:
    return [
        notes.cell(found(selected, term=term), title=title)
        for term, title in columns.items()
    ]


def _table(
    caption: str,
    headings: tuple[str, ...],
    rows: list[tuple[str, ...]],
    notes: Footnotes,
    *,
    also: tuple[str, ...] = (),
) -> Table:
    # A column that says nothing of any outcome is left out.
    kept = [p for p in range(len(headings)) if {row[p] for row in rows} != {ABSENT}]
    return Table(
        caption=caption,
        columns=tuple(headings[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
        notes=(*notes.notes(), *also),
        methods=notes.methods(),
    )
