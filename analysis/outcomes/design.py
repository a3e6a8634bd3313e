"""A declared design into what it would show, as findings; needs no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.foundation.findings import Finding
from heard.effects.power import precision_by_teams

if TYPE_CHECKING:
    from analysis.declarations.study import Study


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
    expected = precision_by_teams(study.design.assumed, teams=study.design.teams)
    return Finding.place(expected, study=study.name)
