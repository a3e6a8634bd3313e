"""The two lists beside the surveys: the staff, and the names to take out of remarks."""  # noqa: INP001

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from truth import Truth

    from analysis.declarations.study import Roster

UNRATED_FROM = 500
"""Codes of staff whom nobody rated begin here."""


def simulate_lists(
    truth: Truth, streams: Callable[..., np.random.Generator]
) -> dict[str, bytes]:
    """File name → content of the list of staff and of each list of names."""
    files = {}
    if truth.study.roster:
        staff = _staff_list(truth, truth.study.roster, streams("staff"))
        files[truth.study.roster.file] = staff
    for wave in truth.study.waves:
        for export in wave.exports:
            if export.names:
                lines = "".join(f"{name}\n" for name in truth.remarks.listed())
                files[export.names] = lines.encode()
    return files


def _staff_list(truth: Truth, roster: Roster, rng: np.random.Generator) -> bytes:
    """Who is rated, who is not, and who has no contact, team by team."""
    listed = truth.staff_list
    rows: list[list[str]] = []
    unrated = UNRATED_FROM
    for number, team in enumerate(truth.study.teams):
        rated = truth.rated_staff_per_team
        kinds = [
            (rated, number * rated, listed.rated_roles, "Yes"),
            (
                _some(listed.never_rated_per_team, rng),
                0,
                listed.never_rated_roles,
                "Yes",
            ),
            (_some(listed.not_in_contact_per_team, rng), 0, listed.other_roles, "No"),
        ]
        for place, (count, first, roles, contact) in enumerate(kinds):
            start = unrated if place else first
            unrated += count if place else 0
            for code, role in enumerate(_drawn(roles, count, rng), start):
                rows.append([f"ST-{code:03d}", role, team.title, contact])
    rated_rows = [row for row in rows if int(row[0][3:]) < UNRATED_FROM]
    unlisted = rng.choice(len(rated_rows), listed.rated_but_not_listed, replace=False)
    unlisted_ids = {rated_rows[place][0] for place in unlisted}
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(
        [roster.staff_member, roster.role, roster.team, roster.regular_contact]
    )
    writer.writerows(row for row in rows if row[0] not in unlisted_ids)
    return lines.getvalue().encode()


def _some(limits: tuple[float, float], rng: np.random.Generator) -> int:
    minimum, most = limits
    return int(rng.integers(int(minimum), int(most) + 1))


def _drawn(
    roles: Mapping[str, float], count: int, rng: np.random.Generator
) -> list[str]:
    limits = np.cumsum([*roles.values()])[:-1]
    places = np.searchsorted(limits, rng.random(count), side="right")
    return [list(roles)[place] for place in places]
