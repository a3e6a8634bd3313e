"""What means of teams and of staff are worth: tables, figures and one sentence each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.publication.figure import Note, drawn_points, make_figure, point_words
from analysis.publication.house_style import height_of
from analysis.publication.numbers import number_text
from analysis.publication.panels import Panel
from analysis.publication.places import found, surveyed, wave_text, waves_of
from analysis.publication.reliability_figures.subject import draw_lines
from analysis.publication.scores import team_means_table
from analysis.publication.shown import Shown, show
from analysis.publication.table import Footnotes
from analysis.publication.words import reached_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations.study import Study
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.figure import Figure, Point
    from analysis.publication.shown import Part
    from analysis.publication.table import Table

NO_TEAMS = "The responses name no teams, so means of teams are not used."
NO_STAFF = "No survey says which member of staff was rated."
DEPENDABILITY = Panel(
    terms={"dependability_coefficient": ""},
    line=("group",),
    mark=("wave",),
    order=("wave",),
    contrasts=False,
)


def show_team_means(disclosed: Disclosed, study: Study) -> Shown:
    """What means of teams are worth: how far they differ, and members agree."""
    tables = (
        team_means_table(disclosed, study, survey=survey, instrument=instrument.name)
        for survey, instrument in surveyed(study)
    )
    return show([*_team_notes(disclosed, study), *tables], NO_TEAMS)


def _team_notes(disclosed: Disclosed, study: Study) -> Iterator[Note]:
    apart = reached_words(disclosed.where(term="icc_2").findings, study, "scores")
    if apart:
        text = (
            "The mean of a team tells it from other teams with a reliability (ICC(2)) "
            f"of {apart} Below that, much of a difference between two teams is chance: "
            "compare groups of teams, not one team with another."
        )
        yield Note(text=text, kind="summary")
    of_agreement = disclosed.where(term="mean_r_wg_j").findings
    agreed = reached_words(of_agreement, study, "scores")
    if agreed:
        text = (
            f"Agreement within teams (r_wg(j)) is {agreed} Below that, the mean of a "
            "team hides that its members answer differently."
        )
        yield Note(text=text, kind="summary")


def show_staff_means(disclosed: Disclosed, study: Study) -> Shown:
    """How many ratings a member of staff's mean needs; nobody is shown."""
    words = _staff_words(disclosed, study)
    notes = [Note(text=words, kind="summary")] if words else []
    return show([*notes, *_staff_parts(disclosed, study)], NO_STAFF)


def _staff_parts(disclosed: Disclosed, study: Study) -> Iterator[Part]:
    for survey, instrument in surveyed(study):
        here = disclosed.where(survey=survey, instrument=instrument.name)
        for subscale in instrument.subscales:
            of_score = here.where(subscale=subscale.name)
            if points := DEPENDABILITY.points(of_score, study):
                name = f"dependability-{survey}-{instrument.name}-{subscale.name}"
                yield _staff_figure(name, subscale.title, points)
        yield _staff_table(here, study, instrument.name)


def _staff_figure(name: str, title: str, points: Sequence[Point]) -> Figure | Note:
    return make_figure(
        name,
        f"{title}: how dependable the mean of a member of staff is by the number of "
        "ratings it rests on, with 95% intervals.",
        point_words(drawn_points(points)),
        points,
        partial(
            draw_lines,
            across="Number of ratings",
            label="Dependability",
            limits=(0.0, 1.02),
        ),
        height=height_of(6),
    )


def _staff_table(here: Disclosed, study: Study, instrument: str) -> Table:
    least = study.roster.least_ratings if study.roster else 1
    numbers = tuple(dict.fromkeys(("1", f"{least}")))
    notes, rows = Footnotes(), []
    for subscale in study.instruments[instrument].subscales:
        of_score = here.where(subscale=subscale.name)
        for wave in waves_of(of_score, study, contrasts=False):
            at_wave = of_score.where(wave=wave)
            needed = found(at_wave, term="raters_needed")
            if needed is None:
                continue
            of_numbers = at_wave.where(term="dependability_coefficient")
            shares = (found(of_numbers, group=number) for number in numbers)
            rows.append(
                (
                    subscale.title,
                    wave_text(study, wave),
                    notes.people(needed),
                    *(notes.cell(share, title="Dependability") for share in shares),
                    notes.cell(needed, title="Ratings needed"),
                )
            )
    counts = ("One rating", f"{least} ratings (declared)")[: len(numbers)]
    line = number_text(study.asked_of_means)
    return notes.table(
        "Dependability of the mean of a member of staff: "
        f"{study.instruments[instrument].title}",
        ("Score", "Wave", "Staff", *counts, f"Ratings needed for {line}"),
        rows,
        row_headings=2,
    )


def _staff_words(disclosed: Disclosed, study: Study) -> str:
    """Whether the least number of ratings declared is enough, and how many would be."""
    needed = disclosed.where(term="raters_needed").findings
    known = [part.estimate for part in needed if part.estimate is not None]
    if not known:
        return ""
    line = number_text(study.asked_of_means)
    ends = [number_text(end, "raters_needed") for end in (min(known), max(known))]
    many = " to ".join(dict.fromkeys(ends))
    words = (
        f"For a dependability of {line}, the mean of a member of staff needs {many} "
        "ratings, depending on the score and wave."
    )
    if study.roster is None:
        return words
    least = study.roster.least_ratings
    enough = sum(part <= least for part in known)
    return (
        f"{words} The {least} that this study asks for are enough in {enough} of "
        f"{len(known)}. Until a mean rests on enough ratings, it should not be used to "
        "judge a member of staff; means of teams and groups rest on more."
    )
