"""A design into a table and a sentence: what so many teams would let a pilot see.

The sentence counts pilots, so that a chance is never mistaken for a size.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.publication.places import found
from analysis.publication.tables.frame import Footnotes, Table
from analysis.publication.tables.numbers import in_hundred_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

COLUMNS = {
    "expected_half_width": "Half-width",
    "expected_half_width_by_formula": "By formula",
    "power": "Pilots that see it",
    "power_by_formula": "By formula",
}
ASSUMED = "What is assumed, and not yet known"
GLOSS = (
    "Half-width: half the width of the 95% interval, in standard deviations; how far "
    "the answer may be off to either side.",
    "Pilots that see it: those whose interval leaves out no difference, where the "
    "smallest that matters is there. In brackets what stays open because only so many "
    "were simulated.",
    "By formula: for teams of equal size. Where the two differ, believe the "
    "simulation.",
)


def design_table(disclosed: Disclosed, study: Study) -> Table:
    """A row a number of teams: half-width and power, by formula beside each."""
    notes, rows = Footnotes(), []
    for teams, selected in _by_teams(disclosed):
        cells = (
            notes.cell(_shown(found(selected, term=term)), title=_title(term))
            for term in COLUMNS
        )
        rows.append((teams, *cells))
    return Table(
        caption="What so many teams would let the pilot see",
        columns=(_teams_title(study), *COLUMNS.values()),
        rows=tuple(rows),
        notes=(*notes.notes(), *(GLOSS if rows else ())),
        methods=notes.methods(),
    )


def assumed_table(study: Study) -> Table:
    """What the numbers rest on, as it was declared."""
    if study.design is None:
        return Table(caption=ASSUMED, columns=("Assumed", "Value"), rows=())
    assumed = study.design.assumed
    given_values = {
        "People of a team who answer before": f"{assumed.team_size:g}",
        "Spread of the teams' sizes, over their mean": (
            f"{assumed.team_size_variation:g}"
        ),
        "Waves after the start": f"{assumed.follow_ups}",
        "Correlation of two people of one team": (
            f"{assumed.intracluster_correlation:g}"
        ),
        "Correlation of a team's level between two waves": (
            f"{assumed.team_stability:g}"
        ),
        "Correlation of a person's answers before and after": (
            f"{assumed.before_after_correlation:g}"
        ),
        "Share lost, or not linked, at a wave": f"{assumed.attrition:g}",
        "Reliability of the instrument": f"{assumed.reliability:g}",
        "Smallest difference that matters, in standard deviations": (
            f"{assumed.smallest_effect:g}"
        ),
        "As many teams without the pilot": "yes" if assumed.compared else "no",
    }
    return Table(
        caption=ASSUMED, columns=("Assumed", "Value"), rows=(*given_values.items(),)
    )


def design_sentence(disclosed: Disclosed, study: Study) -> str:
    """In how many of a hundred such pilots the smallest difference would be seen."""
    if study.design is None:
        return ""
    assumed = study.design.assumed
    parts, unknown = [], []
    for teams, selected in _by_teams(disclosed):
        power = found(selected, term="power")
        if power is None or power.estimate is None:
            unknown.append(teams)
        else:
            parts.append((teams, in_hundred_text(power.estimate)))
    groups = " in each group" if assumed.compared else ""
    given_values = ""
    if parts:
        (teams, share), *others = parts
        given_values = (
            f"With {teams} teams{groups} the pilot will see a difference of "
            f"{assumed.smallest_effect:g} standard deviations in {share} such pilots"
        )
        given_values += (
            "".join(f"; with {teams} in {share}" for teams, share in others) + "."
        )
    if unknown:
        given_values += f" With {' or '.join(unknown)} teams{groups} it cannot be told."
    return given_values.strip()


def _by_teams(disclosed: Disclosed) -> Iterator[tuple[str, Disclosed]]:
    """Each number of teams, in the order declared, and what is found of it."""
    selected = disclosed.where(survey="")
    groups = {
        finding.group: finding.group.partition(" ")[0]
        for finding in selected.findings
        if finding.term in COLUMNS
    }
    for group, teams in groups.items():
        yield teams, selected.where(group=group)


def _teams_title(study: Study) -> str:
    compared = study.design is not None and study.design.assumed.compared
    return "Teams in each group" if compared else "Teams"


def _title(term: str) -> str:
    """What a column is called below the table, where two may not have one name."""
    formula = ", by formula" if term.endswith("_by_formula") else ""
    return COLUMNS[term.removesuffix("_by_formula")] + formula


def _shown(finding: Finding | None) -> Finding | None:
    """Half-widths without the simulation's own error, which rounding hides anyway."""
    if finding is None or finding.term != "expected_half_width":
        return finding
    return dataclasses.replace(finding, conf_low=None, conf_high=None)
