"""What means of teams and of staff are worth: tables, figures and one sentence each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from analysis.publication.drawings import draw_across
from analysis.publication.figure import (
    Note,
    Point,
    drawn_points,
    make_figure,
    point_words,
)
from analysis.publication.house_style import QUIET
from analysis.publication.numbers import number_text
from analysis.publication.panels import lines_height
from analysis.publication.places import (
    columns_of,
    found,
    surveyed,
    wave_text,
    waves_of,
)
from analysis.publication.shown import Shown, show
from analysis.publication.table import Footnotes, compact_table
from analysis.publication.words import reached_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.declarations.study import Study
    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure
    from analysis.publication.shown import Part
    from analysis.publication.table import Table

    StaffRow: TypeAlias = tuple[str, str, list[Finding], Finding]
    """Score, wave, its dependability by the number of ratings, the ratings needed."""

NO_TEAMS = "The responses name no teams, so means of teams are not used."
NO_STAFF = "No survey says which member of staff was rated."


def show_team_means(disclosed: Disclosed, study: Study) -> Shown:
    """What means of teams are worth: how far they differ, and members agree."""
    captions = {"team_means": "Means of teams", "team_agreement": "Agreement in teams"}
    tables = (
        _team_table(disclosed, study, name, caption)
        for name, caption in captions.items()
    )
    return show([*_team_notes(disclosed, study), *tables], NO_TEAMS)


def _team_notes(disclosed: Disclosed, study: Study) -> Iterator[Note]:
    apart = reached_words(disclosed.where(term="icc_2").findings, study, "scores")
    if apart:
        text = (
            f"The reliability of a team's mean (ICC(2)) is {apart} Below that, much of "
            "a difference between two teams is chance: compare groups of teams, not "
            "one team with another."
        )
        yield Note(text=text, kind="summary")
    of_agreement = disclosed.where(term="mean_r_wg_j").findings
    agreed = reached_words(of_agreement, study, "scores of several items")
    if agreed:
        text = (
            f"Agreement within teams (r_wg(j)) is {agreed} Below that, the mean of a "
            "team hides that its members answer differently."
        )
        yield Note(text=text, kind="summary")


def _team_table(disclosed: Disclosed, study: Study, name: str, caption: str) -> Table:
    """A row a score and wave that has any of the table's terms."""
    columns, notes, rows = columns_of(name), Footnotes(), []
    for score, wave, here in _scores(disclosed, study):
        if counted := found(here, term=columns[0][1]):
            cells = notes.cells(here, columns)
            rows.append((score, wave, notes.people(counted), *cells))
    return compact_table(caption, ("Score", "Wave"), columns, rows, notes)


def _scores(disclosed: Disclosed, study: Study) -> Iterator[tuple[str, str, Disclosed]]:
    """Every score at every wave: its title, the wave's, and what was found of it."""
    for survey, instrument in surveyed(study):
        of_instrument = disclosed.where(survey=survey, instrument=instrument.name)
        for subscale in instrument.subscales:
            of_score = of_instrument.where(subscale=subscale.name, item="")
            for wave in waves_of(of_score, study, contrasts=False):
                yield subscale.title, wave_text(study, wave), of_score.where(wave=wave)


def show_staff_means(disclosed: Disclosed, study: Study) -> Shown:
    """How many ratings a member of staff's mean needs; nobody is shown."""
    words = _staff_words(disclosed, study)
    notes = [Note(text=words, kind="summary")] if words else []
    return show([*notes, *_staff_parts(disclosed, study)], NO_STAFF)


def _staff_parts(disclosed: Disclosed, study: Study) -> Iterator[Part]:
    for survey in study.surveys:
        here = disclosed.where(survey=survey.name)
        rows = list(_staff_rows(here, study))
        if rows:
            yield _staff_figure(f"dependability-{survey.name}", rows, study)
            yield _staff_table(survey.title, rows, study)


def _staff_rows(here: Disclosed, study: Study) -> Iterator[StaffRow]:
    """Every score and wave whose staff were rated."""
    for score, wave, at_wave in _scores(here, study):
        if needed := found(at_wave, term="raters_needed"):
            worth = at_wave.where(term="dependability_coefficient").findings
            yield score, wave, [*worth], needed


def _staff_figure(name: str, rows: Sequence[StaffRow], study: Study) -> Figure | Note:
    """Dependability of a mean of the most ratings tried, one line a score."""
    points = [
        Point(label=score, series=wave, finding=worth[-1])
        for score, wave, worth, _ in rows
    ]
    points.sort(key=lambda point: [one[1] for one in rows].index(point.series))
    line = study.asked_of_means
    return make_figure(
        name,
        "How dependable the mean of a member of staff is that rests on "
        f"{points[0].finding.group} ratings, with 95% intervals. The dashed line is "
        f"{number_text(line)}.",
        point_words(drawn_points(points)),
        points,
        partial(_draw_worth, line=line),
        height=lines_height(points),
    )


def _draw_worth(axes: Axes, points: Sequence[Point], *, line: float) -> None:
    axes.axvline(line, color=QUIET, linewidth=1.2, linestyle="--", zorder=1)
    draw_across(axes, points, label="Dependability")
    axes.set_xlim(0.0, 1.0)


def _staff_table(
    title: str,
    rows: Sequence[StaffRow],
    study: Study,
) -> Table:
    notes = Footnotes()
    numbers = [str(finding.group) for finding in rows[0][2]]
    counts = ("One rating" if one == "1" else f"{one} ratings" for one in numbers)
    return notes.table(
        f"Dependability of the mean of a member of staff: {title}",
        (
            "Score",
            "Wave",
            "Staff",
            *counts,
            f"Ratings needed for {number_text(study.asked_of_means)}",
        ),
        (
            (
                score,
                wave,
                notes.people(needed),
                *(notes.cell(one, title="Dependability") for one in worth),
                notes.cell(needed, title="Ratings needed"),
            )
            for score, wave, worth, needed in rows
        ),
        row_headings=2,
    )


def _staff_words(disclosed: Disclosed, study: Study) -> str:
    """How many ratings a mean needs, and whether as many as declared are enough."""
    needed = disclosed.where(term="raters_needed").findings
    known = [part.estimate for part in needed if part.estimate is not None]
    if not known:
        return ""
    ends = [number_text(end, "raters_needed") for end in (min(known), max(known))]
    words = (
        f"For a dependability of {number_text(study.asked_of_means)}, the mean of a "
        f"member of staff needs {' to '.join(dict.fromkeys(ends))} ratings, depending "
        "on the score and the wave."
    )
    if study.roster is not None:
        least = study.roster.least_ratings
        enough = sum(part <= least for part in known)
        words += (
            f" The {least} that this study asks for are enough in "
            f"{enough or 'none'} of {len(known)}."
        )
    return (
        f"{words} With fewer than it needs, a mean should not be used to judge a "
        "member of staff; means of teams and groups rest on more ratings."
    )
