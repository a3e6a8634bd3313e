"""A declared design into what it would show, as findings; needs no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding, Group
from heard.effects.power import precision_by_teams

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.foundation.findings import GroupKind


def evaluate_design(study: Study) -> tuple[Finding, ...]:
    """What a declared design would show, for each number of teams; needs no data.

    Returns
    -------
    tuple of Finding
        `group` says how many teams; n counts simulated pilots or teams, never people.
        None where the study declares no design.
    """
    if study.design is None:
        return ()
    design = study.design
    expected = precision_by_teams(design.assumed, teams=design.teams)
    kind: GroupKind = "teams_per_arm" if design.assumed.compared else "teams"
    return tuple(
        finding
        for teams, precision in zip(design.teams, expected.numbers, strict=True)
        for finding in Finding.place(
            precision, study=study.name, group=Group(kind, f"{teams}")
        )
    )
