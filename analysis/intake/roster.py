"""Read the list of staff as pseudonyms with role, team and contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.declarations.survey import Columns, Export
from analysis.intake.answers import Answers, fold
from analysis.intake.identity import identifiers, pseudonyms
from analysis.storage.key import read_key
from analysis.storage.rows import read_raw
from heard.errors import DataError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Roster, Study


def read_roster(study: Study) -> pd.DataFrame | None:
    """Read the list of staff; None where the study declares none.

    Returns
    -------
    DataFrame, one row a member of staff
        ``staff_member`` (the pseudonym that the ratings have), ``role``, ``team``,
        ``regular_contact``.

    Raises
    ------
    DataError
        A file or a column that is missing, staff listed twice, without a code or
        a role, teams that are not declared, contact neither regular nor none.
    """
    roster = study.roster
    if roster is None:
        return None
    columns = Columns(staff_member=roster.staff_member, team=roster.team)
    export = Export(
        survey="roster", wave="", file=roster.file, instruments=(), columns=columns
    )
    cells = read_raw(export, study).cells
    if missing := [name for name in roster.headers() if name not in cells.columns]:
        known = [str(name) for name in cells.columns]
        raise DataError(
            roster.file, [unknown("column", name, known) for name in missing]
        )
    staff = identifiers(cells, (roster.staff_member,))
    contact = Answers(cells=cells[roster.regular_contact])
    frame = pd.DataFrame(
        {
            "staff_member": pseudonyms(
                staff, key=read_key(), study=study.name, kind="staff_member"
            ),
            "role": _role_names(cells[roster.role]),
            "team": Answers(cells=cells[roster.team]).groups(study.teams),
            "regular_contact": contact.accepted(roster.answers),
        }
    )
    no_contact = contact.accepted(roster.no_contact)
    neither = ~(frame["regular_contact"] | no_contact)
    if faults := list(_check_roster(frame, neither, roster)):
        raise DataError(roster.file, faults)
    return frame


def _role_names(cells: pd.Series[str]) -> pd.Series[str]:
    """Roles as most write them: capitals and spaces make no other role."""
    written = cells.str.split().str.join(" ")
    folded = written.map(fold)
    usual = written.groupby(folded).agg(lambda spellings: spellings.mode().iloc[0])
    return folded.map(usual)


def _check_roster(
    frame: pd.DataFrame, neither: pd.Series[bool], roster: Roster
) -> Iterator[str]:
    blank = frame["staff_member"] == ""
    twice = frame["staff_member"].duplicated() & ~blank
    unnamed = frame["team"] == ""
    for which, problem in (
        (blank, f"rows have no '{roster.staff_member}'"),
        (twice, "rows list a member of staff who is listed already"),
        (unnamed, f"rows name no declared team in '{roster.team}'"),
        (frame["role"] == "", f"rows have no '{roster.role}'"),
        (
            neither,
            f"rows say neither in '{roster.regular_contact}': declare what they say "
            "under [roster] answers or no_contact",
        ),
    ):
        if count := int(which.sum()):
            yield f"{count} of {len(frame)} {problem}"
