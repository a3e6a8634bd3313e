"""A declared design into what it would show, as findings; needs no data.

What is allocated decides: numbers of teams in two arms, or of sites; the declared arms
where these are unequal; the order of starting where that is randomised.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analysis.declarations.estimand import unit_of
from analysis.foundation.findings import Finding, Group
from heard.effects.power import precision_by_teams
from heard.effects.power_by_design import (
    assurance,
    power_by_site,
    power_of_arms,
    power_of_wedge,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.plan import DeclaredDesign
    from analysis.declarations.study import Study
    from heard.results import Composite


def evaluate_design(study: Study) -> tuple[Finding, ...]:
    """What a declared design would show, for each number of units; needs no data.

    Returns
    -------
    tuple of Finding
        `group` says how many teams or sites; n counts simulated pilots, teams or sites,
        never people. None where the study declares no design.
    """
    if study.design is None:
        return ()
    return tuple(
        finding
        for group, precision in _expected(study, study.design)
        for finding in Finding.place(precision, study=study.name, group=group)
    )


def _expected(
    study: Study, design: DeclaredDesign
) -> Iterator[tuple[Group, Composite]]:
    if starting := _starting(study):
        waves_after = len(study.waves) - 1 - len(starting)
        named = f"{sum(starting)} teams that start in {len(starting)} groups"
        yield (
            Group("wedge", named),
            power_of_wedge(design.assumed, starting=starting, waves_after=waves_after),
        )
        return
    if design.assumed.compared and unit_of(study)[0] == "site":
        yield from _by_site(study, design)
        return
    expected = precision_by_teams(design.assumed, teams=design.teams)
    for count, precision in zip(design.teams, expected.numbers, strict=True):
        compared = design.assumed.compared
        yield Group("teams_per_arm" if compared else "teams", f"{count}"), precision
    if not design.assumed.compared:
        return
    treated, control = _units(study, "name")
    if treated != control and treated and control:
        yield (
            Group("unequal_arms", f"{treated} teams against {control}"),
            power_of_arms(design.assumed, treated=treated, control=control),
        )
    for count in design.teams if design.intracluster_range else ():
        low, high = design.intracluster_range
        yield (
            Group("teams_per_arm", f"{count}"),
            assurance(
                design.assumed,
                treated=count,
                control=count,
                intracluster_correlation=(low, high),
            ),
        )


def _by_site(study: Study, design: DeclaredDesign) -> Iterator[tuple[Group, Composite]]:
    """As many sites in each arm; then the declared sites, where these are unequal."""
    own = _units(study, "site")
    per_site = max(round(sum(_units(study, "name")) / max(sum(own), 1)), 1)
    numbers = [(count, count) for count in design.teams]
    numbers += [own] if min(own) and own[0] != own[1] else []
    for treated, control in numbers:
        group = Group("sites_per_arm", f"{treated}")
        if treated != control:
            group = Group("unequal_arms", f"{treated} sites against {control}")
        yield (
            group,
            power_by_site(
                design.assumed,
                treated=treated,
                control=control,
                teams_per_site=per_site,
                site_drift=design.site_drift,
            ),
        )


def _units(study: Study, kind: str) -> tuple[int, int]:
    """How many teams, or their sites, are declared in the treated arm and the other."""
    treated, control = (
        {getattr(team, kind) for team in study.teams if arm and team.arm == arm}
        for arm in (study.treated, study.control)
    )
    return len(treated), len(control)


def _starting(study: Study) -> tuple[int, ...]:
    """Teams that start at the second wave, the third and so on, in a random order.

    Empty where the order is not randomised, or not one group a wave.
    """
    rollout = study.rollout
    if rollout is None or rollout.unit != "team" or not study.randomised:
        return ()
    counts, waves = Counter(rollout.starts.values()), study.wave_names()[1:]
    groups = tuple(counts[wave] for wave in waves if counts[wave])
    first = [counts[wave] for wave in waves[: len(groups)]]
    everybody = sum(groups) == len(study.teams) and [*groups] == first
    return groups if everybody else ()
