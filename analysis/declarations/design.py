"""What is assumed about a pilot before it starts, to know what it will be able to see.

No data decide here, and no answer rests on it: a lock of the plan leaves it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heard.effects.pilot_design import PilotDesign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study
    from analysis.declarations.toml_tables import Table

TEAMS = (6, 12, 25)
"""Numbers of teams tried where a design names none."""
MINIMUM_TEAMS = 2
MAXIMUM_TEAMS = 500
LARGEST_TEAM = 1_000
MAXIMUM_FOLLOW_UPS = 20
"""Beyond these a typing error is likelier than such a pilot, and simulating is slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredDesign:
    """A design and the numbers of teams that are thought of.

    Attributes
    ----------
    teams : tuple of int
        With the pilot; if the design is compared, as many without.
    """

    assumed: PilotDesign
    teams: tuple[int, ...] = TEAMS


def parse_design(table: Table) -> DeclaredDesign:
    """The table ``[design]``; what it leaves out is as `PilotDesign` has it."""
    usual = PilotDesign(team_size=MINIMUM_TEAMS)
    design = DeclaredDesign(
        assumed=PilotDesign(
            team_size=table.number("team_size"),
            team_size_variation=table.number(
                "team_size_variation", usual.team_size_variation
            ),
            follow_ups=table.whole("follow_ups", usual.follow_ups),
            intracluster_correlation=table.number(
                "intracluster_correlation", usual.intracluster_correlation
            ),
            team_stability=table.number("team_stability", usual.team_stability),
            before_after_correlation=table.number(
                "before_after_correlation", usual.before_after_correlation
            ),
            attrition=table.number("attrition", usual.attrition),
            reliability=table.number("reliability", usual.reliability),
            smallest_effect=table.number("smallest_effect", usual.smallest_effect),
            compared=table.flag("compared", default=usual.compared),
        ),
        teams=table.wholes("teams", TEAMS),
    )
    table.close()
    return design


def check_design(study: Study) -> Iterator[str]:
    """Every way in which the design cannot be, at its key."""
    if study.design is None:
        return
    assumed, teams = study.design.assumed, study.design.teams
    for key, wrong in assumed.faults_by_key():
        yield f"[design.{key}] {wrong}"
    for key, value, most in (
        ("team_size", assumed.team_size, LARGEST_TEAM),
        ("follow_ups", assumed.follow_ups, MAXIMUM_FOLLOW_UPS),
    ):
        if math.isfinite(value) and value > most:
            yield f"[design.{key}] must be at most {most:,}"
    if not teams:
        yield "[design.teams] names no number of teams; the usual ones are 6, 12, 25"
    if not all(MINIMUM_TEAMS <= count <= MAXIMUM_TEAMS for count in teams):
        yield f"[design.teams] must be from {MINIMUM_TEAMS} to {MAXIMUM_TEAMS} each"
    if len(set(teams)) < len(teams):
        yield "[design.teams] names the same number twice"
