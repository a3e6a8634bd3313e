"""What effect this number of teams can detect: a sentence, a figure and tables.

The sentence counts pilots, so that a chance is never mistaken for a size.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.estimand import unit_of
from analysis.foundation.findings import Group
from analysis.foundation.terms import term
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
from analysis.publication.places import columns_of, found
from analysis.publication.shown import Shown
from analysis.publication.table import Footnotes, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure

NOTHING = "This study declares no design, so what it could see was not worked out."
ASSUMED = "What is assumed, and not yet known"
ASSUMPTIONS = {
    "team_size": "People of a team who answer before",
    "team_size_variation": "Spread of the teams' sizes, over their mean",
    "follow_ups": "Waves after the start",
    "intracluster_correlation": "Correlation of two people of one team",
    "team_stability": "Correlation of a team's level between two waves",
    "before_after_correlation": "Correlation of a person's answers before and after",
    "attrition": "Share lost, or not linked, at a wave",
    "reliability": "Reliability of the instrument",
    "smallest_effect": "Smallest difference that matters, in standard deviations",
}
GLOSS = (
    "Half-width: half the width of the 95% interval, in standard deviations; how far "
    "the answer may be off to either side.",
    "Pilots that see it: those whose interval leaves out no difference, where the "
    "smallest that matters is there. In brackets what stays open because only so many "
    "were simulated.",
    "By formula: for teams of equal size. Where the two differ, believe the "
    "simulation.",
)
BY_FORMULA = "_by_formula"
FORMULA_ALONE = (
    "By formula alone: for units of equal size, with what is assumed taken as known. "
    "The numbers were not simulated."
)
SITE_DRIFT = "Standard deviation of what moves a whole site"
RANGE = "Range of the correlation of two people of one team"
WIDTHS = {
    "expected_half_width": "Simulated pilots",
    "expected_half_width_by_formula": "By formula",
}
POWERS = {"power": "Simulated pilots", "power_by_formula": "By formula"}
BY_PLACE = ({"markersize": 5, "zorder": 4}, {"markersize": 11})
"""The formula's mark is large and hollow, so that both are seen where they agree."""
PANELS = ((0.0, 0.56, 1.0, 0.44), (0.0, 0.0, 1.0, 0.44))
"""Left, bottom, width and height of the two panels, in parts of the whole."""


def show_design(disclosed: Disclosed, study: Study) -> Shown:
    """One sentence, one figure and one table by number of teams; what was assumed."""
    if study.design is None:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(
        parts=(
            Note(text=design_sentence(disclosed, study), kind="summary"),
            _figure(disclosed, study),
            design_table(disclosed, study),
            *(
                [range_table(disclosed, study)]
                if study.design.intracluster_range
                else []
            ),
            _assumed_table(study, wedge=_is_wedge(disclosed)),
        )
    )


def design_table(disclosed: Disclosed, study: Study) -> Table:
    """A row a number of teams: half-width and power, each with its formula's."""
    notes, columns = Footnotes(), columns_of("design")
    simulated = disclosed.where(survey="", term="power").findings
    if not simulated:
        alone = (name for _, name in columns if name.endswith(BY_FORMULA))
        columns = tuple((term(n.removesuffix(BY_FORMULA)).title, n) for n in alone)
    rows = (
        (
            teams,
            *(
                notes.cell(_without_simulation_error(found(here, term=name)), title=t)
                for name, t in ((name, _method_title(name)) for _, name in columns)
            ),
        )
        for teams, here in _by_teams(disclosed)
    )
    return notes.table(
        f"What so many {_units(study)} would let the pilot see",
        (
            "What is declared" if _is_wedge(disclosed) else _teams_title(study),
            *(title for title, _ in columns),
        ),
        rows,
        also=GLOSS if simulated else (GLOSS[0], FORMULA_ALONE),
    )


def range_table(disclosed: Disclosed, study: Study) -> Table:
    """A row a number of teams: power over the range of the correlation of a team."""
    notes, columns = Footnotes(), columns_of("design_range")
    groups = {one.group for one in disclosed.where(term="assurance").findings}
    rows = (
        (teams, *notes.cells(here, columns))
        for teams, here in _by_teams(disclosed)
        if {one.group for one in here.findings} & groups
    )
    return notes.table(
        "If the correlation within teams is only known to lie in a range",
        (_teams_title(study), *(title for title, _ in columns)),
        rows,
    )


def _method_title(name: str) -> str:
    """What a column is called below the table, where two may not have one name."""
    formula = ", by formula" if name.endswith("_by_formula") else ""
    return term(name.removesuffix("_by_formula")).title + formula


def _without_simulation_error(finding: Finding | None) -> Finding | None:
    """Half-widths without the simulation's own error, which rounding hides anyway."""
    if finding is None or finding.term != "expected_half_width":
        return finding
    return dataclasses.replace(finding, conf_low=None, conf_high=None)


def _is_wedge(disclosed: Disclosed) -> bool:
    """Whether teams start one after another, so that there are no two arms."""
    groups = (finding.group for finding in disclosed.findings)
    return any(isinstance(one, Group) and one.kind == "wedge" for one in groups)


def _assumed_table(study: Study, *, wedge: bool) -> Table:
    """What the numbers rest on, as it was declared."""
    assert study.design is not None, "shown where a design is declared"
    assumed = study.design.assumed
    rows = [
        (title, f"{getattr(assumed, name):g}") for name, title in ASSUMPTIONS.items()
    ]
    if _units(study) == "sites":
        rows.append((SITE_DRIFT, f"{study.design.site_drift:g}"))
    if ends := study.design.intracluster_range:
        rows.append((RANGE, f"{ends[0]:g} to {ends[1]:g}"))
    if not wedge:
        compared = "yes" if assumed.compared else "no"
        rows.append((f"As many {_units(study)} without the pilot", compared))
    return Table(caption=ASSUMED, columns=("Assumed", "Value"), rows=tuple(rows))


def design_sentence(disclosed: Disclosed, study: Study) -> str:
    """In how many of a hundred such pilots the smallest difference would be seen."""
    if study.design is None:
        return ""
    assumed = study.design.assumed
    known, unknown = [], []
    for teams, here in _by_teams(disclosed):
        power = found(here, term="power") or found(here, term="power_by_formula")
        if power is None or power.estimate is None:
            unknown.append(teams)
        else:
            known.append((teams, in_hundred_text(power.estimate)))
    units = f" {_units(study)}{' in each group' if assumed.compared else ''}"
    sentences = []
    if known:
        (teams, share), *others = known
        further = "".join(f"; with {more} in {share}" for more, share in others)
        sentences.append(
            f"With {teams}{units if teams.isdigit() else ''} the pilot will see a "
            f"difference of {assumed.smallest_effect:g} standard deviations in {share} "
            f"such pilots{further}."
        )
    if unknown:
        sentences.append(f"With {' or '.join(unknown)}{units} it is not known.")
    return " ".join([*sentences, *_range_words(disclosed, study)])


def _range_words(disclosed: Disclosed, study: Study) -> Iterator[str]:
    """In how many pilots it is seen over the range of the correlation of a team."""
    if study.design is None or not study.design.intracluster_range:
        return
    low, high = study.design.intracluster_range
    ranges = []
    for teams, here in _by_teams(disclosed):
        ends = [found(here, term=f"power_at_{end}") for end in ("highest", "lowest")]
        shares = [one.estimate for one in ends if one and one.estimate is not None]
        if len(shares) == 2:
            least, most = (number_text(100 * share, decimals=0) for share in shares)
            ranges.append(f"{least} to {most} of 100 with {teams}")
    if ranges:
        yield (
            f"If two people of a team correlate by anything from {low:g} to {high:g}, "
            f"such pilots see it, by formula, in {'; '.join(ranges)}."
        )


def _by_teams(disclosed: Disclosed) -> Iterator[tuple[str, Disclosed]]:
    """Each number of teams, in the order declared, and what is found of it."""
    here = disclosed.where(survey="")
    groups = {
        finding.group: _teams(finding)
        for finding in here.findings
        if "design" in term(finding.term).tables
    }
    for group, teams in groups.items():
        yield teams, here.where(group=group)


def _teams(finding: Finding) -> str:
    """How many teams a finding assumes."""
    assert isinstance(finding.group, Group), "a design is about a number of teams"
    return finding.group.value


def _teams_title(study: Study) -> str:
    compared = study.design is not None and study.design.assumed.compared
    units = _units(study).capitalize()
    return f"{units} in each group" if compared else units


def _units(study: Study) -> str:
    """What is allocated, and so counted."""
    return "sites" if unit_of(study)[0] == "site" else "teams"


def _figure(disclosed: Disclosed, study: Study) -> Figure | Note:
    """Expected half-width and power against the number of teams."""
    assert study.design is not None, "shown where a design is declared"
    here = disclosed.where(survey="")
    points = [
        Point(label=_teams(part), series=series, finding=part)
        for name, series in (WIDTHS | POWERS).items()
        for part in here.where(term=name).findings
        # What is as declared has no place on an axis of numbers.
        if _teams(part).isdigit()
    ]
    widths = ", ".join(
        f"{number_text(point.value)} with {point.label}"
        for point in drawn_points(points)
        if point.finding.term == "expected_half_width"
    )
    return make_figure(
        "design",
        "Above, half the width of the 95% interval; below, the pilots of 100 that see "
        "the smallest difference that matters. Lines only lead the eye from one number "
        "of teams to the next.",
        f"{design_sentence(disclosed, study)} Half the width of the interval: "
        f"{widths or 'not known'}.",
        points,
        partial(
            draw_design,
            smallest_effect=study.design.assumed.smallest_effect,
            label=_teams_title(study),
        ),
        height=height_of(9),
    )


def draw_design(
    axes: Axes, points: Sequence[Point], *, smallest_effect: float, label: str
) -> None:
    """Two panels under each other, with one axis of teams between them."""
    axes.set_axis_off()
    above, below = (axes.inset_axes(panel) for panel in PANELS)
    drawn = _draw_panel(above, points, WIDTHS)
    _draw_panel(below, points, POWERS)
    above.axhline(smallest_effect, color=QUIET, linewidth=1.2, linestyle="--")
    above.set_title(
        "dashed: the smallest difference that matters",
        color=QUIET,
        fontsize="small",
        pad=4,
    )
    widths = (point.value for point in points if point.finding.term in WIDTHS)
    above.set_ylim(0, 1.15 * max([smallest_effect, *widths]))
    above.set_ylabel("Half-width (standard\ndeviations)")
    below.set_ylim(0, 1.04)
    below.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    below.set_ylabel("Pilots of 100 that\nsee the difference")
    below.set_xlabel(label)
    legend(above, drawn)


def _draw_panel(
    axes: Axes, points: Sequence[Point], series: dict[str, str]
) -> list[str]:
    """Draw one kind of number, a line a method; say which were drawn."""
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
