"""What a notebook shows of a design: what a pilot of so many teams would see.

A design into a table and a sentence: what so many teams would let a pilot see.

The sentence counts pilots, so that a chance is never mistaken for a size.

What so many teams would let a pilot see: half-width above, power below.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

from analysis.foundation.findings import Group
from analysis.foundation.terms import in_table, term
from analysis.publication.figure import Note, Point, drawn_points, make_figure
from analysis.publication.house_style import (
    LINES,
    QUIET,
    bare,
    height_of,
    legend,
    mark,
    reaches,
)
from analysis.publication.numbers import in_hundred_text, number_text
from analysis.publication.places import found
from analysis.publication.shown import Shown
from analysis.publication.table import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure

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
            notes.cell(_shown(found(selected, term=each.name)), title=_title(each.name))
            for each in in_table("design")
        )
        rows.append((teams, *cells))
    return Table(
        caption="What so many teams would let the pilot see",
        columns=(_teams_title(study), *(each.title for each in in_table("design"))),
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
        finding.group: _teams(finding)
        for finding in selected.findings
        if "design" in term(finding.term).tables
    }
    for group, teams in groups.items():
        yield teams, selected.where(group=group)


def _teams(finding: Finding) -> str:
    """How many teams a finding assumes."""
    assert isinstance(finding.group, Group), "a design is about a number of teams"
    return finding.group.value


def _teams_title(study: Study) -> str:
    compared = study.design is not None and study.design.assumed.compared
    return "Teams in each group" if compared else "Teams"


def _title(name: str) -> str:
    """What a column is called below the table, where two may not have one name."""
    formula = ", by formula" if name.endswith("_by_formula") else ""
    return term(name.removesuffix("_by_formula")).title + formula


def _shown(finding: Finding | None) -> Finding | None:
    """Half-widths without the simulation's own error, which rounding hides anyway."""
    if finding is None or finding.term != "expected_half_width":
        return finding
    return dataclasses.replace(finding, conf_low=None, conf_high=None)


WIDTHS = {
    "expected_half_width": "Simulated pilots",
    "expected_half_width_by_formula": "By formula",
}
POWERS = {"power": "Simulated pilots", "power_by_formula": "By formula"}
BY_PLACE = ({"markersize": 5, "zorder": 4}, {"markersize": 11})
"""The formula's mark is large and hollow, so that both are seen where they agree."""
PANELS = ((0.0, 0.56, 1.0, 0.44), (0.0, 0.0, 1.0, 0.44))
"""Left, bottom, width and height of the two panels, in parts of the whole."""


def design_figure(disclosed: Disclosed, study: Study) -> Figure | Note:
    """Expected half-width and power against the number of teams."""
    assert study.design is not None, "shown where a design is declared"
    selected = disclosed.where(survey="")
    points = [
        Point(label=_teams(part), series=series, finding=part)
        for term, series in (WIDTHS | POWERS).items()
        for part in selected.where(term=term).findings
    ]
    compared = study.design.assumed.compared
    return make_figure(
        "design",
        "Above, half the width of the 95% interval; below, the pilots of 100 that see "
        "the smallest difference that matters. Lines only lead the eye from one number "
        "of teams to the next.",
        _words(drawn_points(points), design_sentence(disclosed, study)),
        points,
        partial(
            draw_design,
            smallest_effect=study.design.assumed.smallest_effect,
            label="Teams in each group" if compared else "Teams",
        ),
        height=height_of(9),
    )


def draw_design(
    axes: Axes, points: Sequence[Point], *, smallest_effect: float, label: str
) -> None:
    """Two panels under each other, with one axis of teams between them."""
    axes.set_axis_off()
    above, below = (axes.inset_axes(panel) for panel in PANELS)
    widths = _draw_panel(above, points, WIDTHS)
    _draw_panel(below, points, POWERS)
    above.axhline(smallest_effect, color=QUIET, linewidth=1.2, linestyle="--")
    above.set_title(
        "dashed: the smallest difference that matters",
        color=QUIET,
        fontsize="small",
        pad=4,
    )
    furthest = max(
        [
            smallest_effect,
            *(point.value for point in points if point.finding.term in WIDTHS),
        ]
    )
    above.set_ylim(0, 1.15 * furthest)
    above.set_ylabel("Half-width (standard\ndeviations)")
    below.set_ylim(0, 1.04)
    below.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    below.set_ylabel("Pilots of 100 that\nsee the difference")
    below.set_xlabel(label)
    legend(above, widths)


def _draw_panel(
    axes: Axes, points: Sequence[Point], series: dict[str, str]
) -> list[str]:
    """Draw one kind of number, a line a way of working it out; say which were drawn."""
    counts = sorted({int(point.label) for point in points})
    drawn = []
    for place, (name, title) in enumerate(series.items()):
        chosen = [point for point in points if point.finding.term == name]
        if chosen:
            drawn.append(title)
            axes.errorbar(
                [int(point.label) for point in chosen],
                [point.value for point in chosen],
                yerr=reaches(chosen),
                **mark(place, len(series)) | BY_PLACE[place],
                linestyle=LINES[place],
            )
    axes.set_xticks(counts, [f"{count}" for count in counts])
    axes.grid(visible=False, axis="x")
    bare(axes)
    return drawn


def _words(drawn: Sequence[Point], sentence: str) -> str:
    """The finding, and how wide the interval will be."""
    listed = ", ".join(
        f"{number_text(point.value)} with {point.label}"
        for point in drawn
        if point.finding.term == "expected_half_width"
    )
    return f"{sentence} Half the width of the interval: {listed or 'not known'}."


NOTHING = "This study declares no design, so what it could see was not worked out."


def show_design(disclosed: Disclosed, study: Study) -> Shown:
    """One sentence, one figure and one table by number of teams; what was assumed."""
    if study.design is None:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(
        parts=(
            Note(text=design_sentence(disclosed, study), kind="summary"),
            design_figure(disclosed, study),
            design_table(disclosed, study),
            assumed_table(study),
        )
    )
