"""Who was followed of those who started, as a table an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.places import (
    arm_text,
    arms_of,
    findings_of_outcome,
    found,
    wave_text,
    waves_of,
)
from analysis.publication.tables.frame import ABSENT, Footnotes, Table

if TYPE_CHECKING:
    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

FOLLOWED = "share_present"
APART = "share_present_difference"
BEFORE = "stayers_minus_leavers_standardised"
HEADINGS = (
    "Waves",
    "Group",
    "Started",
    "Followed",
    "Share followed",
    "Difference of shares",
    "Followed minus lost, before",
)
STANDARDISED = (
    "Followed minus lost, before: the score at the baseline of those followed less "
    "that of those lost, in standard deviations."
)


def attrition_table(disclosed: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A row a follow-up and arm: how many started and were followed, and who."""
    selected = findings_of_outcome(disclosed, outcome)
    notes, rows = Footnotes(), []
    for wave in waves_of(selected, study, contrasts=True):
        at = selected.where(wave=wave)
        for arm in arms_of(at, study, contrasts=False):
            share = found(at, term=FOLLOWED, arm=arm)
            difference = _difference(at, arm)
            rows.append(
                (
                    wave_text(study, wave),
                    arm_text(study, arm),
                    notes.people(share),
                    _counted(share),
                    notes.cell(share, title="Share followed"),
                    notes.cell(difference, title="Difference of shares"),
                    notes.cell(found(at, term=BEFORE, arm=arm), title=HEADINGS[-1]),
                )
            )
    return Table(
        caption=f"Who was followed: {outcome.title}",
        columns=HEADINGS,
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), STANDARDISED) if rows else (),
        methods=notes.methods(),
    )


def _counted(share: Finding | None) -> str:
    if share is None or share.estimate is None or share.n is None:
        return ABSENT
    return f"{round(share.estimate * share.n):,}"


def _difference(at: Disclosed, arm: str) -> Finding | None:
    """The arm's share less that of the arm it is compared with."""
    differences = at.where(term=APART).findings
    mine = (part for part in differences if arm and part.arm.startswith(f"{arm} - "))
    return next(mine, None)
