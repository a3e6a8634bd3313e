"""Comparisons over waves into tables: by wave, by control, by dose, by departure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.comparisons import (
    SINCE,
    STARTED,
    compared_outcomes,
    since_text,
    started_text,
    starts_of,
    times_since,
)
from analysis.publication.places import found, of_score, wave_text, waves_of
from analysis.publication.tables.frame import ABSENT, Footnotes, Table
from analysis.publication.tables.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.publication.disclosure import Disclosed

HEADINGS = ("What", "n", "Points", "p")
SMALLER_SIDE = "n: answers of the smaller side at the smaller time."
FLOOR = "The least p that a placebo could have with so many units: {floor}."
DEPARTURES = ("M = 0", "M = 1", "M = 2")
"""Those shown; those between stand in the findings."""
ROLES = {"outcome": "Outcome", "negative_control": "Cannot be moved"}
DOSES = (
    ("One session more, between people", "dose_slope", "dose_slope_p_value"),
    (
        "One session more, within people",
        "within_person_dose_slope",
        "within_person_dose_p_value",
    ),
    (
        "One session still to come, score before",
        "future_dose_slope",
        "future_dose_p_value",
    ),
)
"""What a line tells, its number, and its p."""


def compared_table(selected: Disclosed, study: Study, outcome: Outcome) -> Table:
    """A line a number: all waves, wave by wave, by start, by placebo.

    Parameters
    ----------
    selected : Disclosed
        What was found of this outcome.
    """
    notes = Footnotes()
    lines = [
        *_of_rollout(selected),
        *_by_start(selected, study),
        *_by_unit(selected, study),
    ]
    rows = tuple(_row(what, number, p, notes) for what, number, p in lines)
    floor = found(selected, term="placebo_smallest_possible_p_value")
    description = (
        [FLOOR.format(floor=notes.cell(floor))] if floor and floor.estimate else []
    )
    return Table(
        caption=f"{outcome.title}: those with the pilot less those without",
        columns=HEADINGS,
        rows=rows,
        notes=(*notes.notes(), SMALLER_SIDE, *description),
        methods=notes.methods(),
    )


def _row(
    what: str, number: Finding | None, p_value: Finding | None, notes: Footnotes
) -> tuple[str, ...]:
    return (
        what,
        notes.people(number or p_value),
        notes.cell(number, title=what),
        notes.cell(p_value),
    )


def _of_rollout(
    selected: Disclosed,
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    whole = found(selected, term="staggered_effect")
    if whole is not None:
        p_value = found(selected, term="staggered_effect_p_value")
        yield "All starts, since the start", whole, p_value
    for steps in times_since(selected):
        group = f"{steps}{SINCE}"
        yield (
            since_text(steps),
            found(selected, term="event_time_effect", group=group),
            None,
        )
    for what, name in (
        ("One effect, by the order of starting", "stepped_wedge"),
        ("Beside every other set of units", "placebo"),
    ):
        number = found(selected, term=f"{name}_effect")
        if number is not None:
            yield what, number, found(selected, term=f"{name}_p_value")


def _by_start(
    selected: Disclosed, study: Study
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    starts = starts_of(selected, study)
    for start in starts or [""]:
        at = selected.where(group=f"{STARTED}{start}" if start else "")
        first = f"{started_text(study, start)}: " if start else ""
        whole = found(at, term="difference_in_differences")
        if whole is None:
            continue
        p_value = found(at, term="difference_in_differences_p_value")
        yield f"{first}{'all' if first else 'All'} waves after", whole, p_value
        # Of several starts the course is told above, by waves since each.
        waves = waves_of(at.where(term="event_study_effect"), study, contrasts=True)
        for wave in waves if not starts else []:
            effect = found(at, term="event_study_effect", wave=wave)
            p_value = found(at, term="event_study_p_value", wave=wave)
            yield wave_text(study, wave), effect, p_value
        before = found(at, term="pre_trend_p_value")
        yield f"{first}{'alike' if first else 'Alike'} before?", None, before


def _by_unit(
    selected: Disclosed, study: Study
) -> Iterator[tuple[str, Finding | None, Finding | None]]:
    titles = {site.name: site.title for site in study.sites}
    for part in selected.where(term="conformal_effect").findings:
        p_value = found(selected, term="conformal_p_value", group=part.group)
        title = titles.get(part.group, part.group)
        yield f"{title}, beside those without", part, p_value


def falsification_table(disclosed: Disclosed, study: Study) -> Table:
    """A line an outcome: what moved, and what must not have."""
    notes, rows = Footnotes(), []
    for outcome in study.outcome_of_each_score():
        selected = of_score(disclosed, outcome)
        effect = found(selected, term="falsification_effect")
        if effect is None:
            continue
        rows.append(
            (
                outcome.title,
                ROLES[effect.group],
                notes.people(effect),
                notes.cell(effect, title="Points"),
                notes.cell(found(selected, term="falsification_standardised_effect")),
                notes.cell(found(selected, term="falsification_p_value")),
                notes.cell(found(selected, term="falsification_holm_p_value")),
            )
        )
    return Table(
        caption="The same comparison on what the pilot cannot move",
        columns=(
            "Outcome",
            "Role",
            "n",
            "Points",
            "Standard deviations",
            "p",
            "p, corrected",
        ),
        rows=tuple(sorted(rows, key=lambda row: row[1] != ROLES["negative_control"])),
        row_headings=2,
        notes=notes.notes(),
        methods=notes.methods(),
    )


def dose_table(selected: Disclosed, outcome: Outcome) -> Table:
    """What sessions came with, between people and within, and ingredients."""
    notes = Footnotes()
    lines = [
        (what, found(selected, term=number), found(selected, term=p))
        for what, number, p in DOSES
    ]
    lines = [line for line in lines if line[1] is not None]
    curve = found(selected, term="dose_curve_p_value")
    if curve is not None and curve.estimate is not None:
        lines.append(("More than a straight line?", None, curve))
    for part in selected.where(term="ingredient_effect").findings:
        p_value = found(selected, term="ingredient_p_value", group=part.group)
        name = part.group.replace("_", " ")
        lines.append((f"With {name}, less without", part, p_value))
    return Table(
        caption=f"{outcome.title}: by sessions attended",
        columns=HEADINGS,
        rows=tuple(_row(*line, notes) for line in lines),
        notes=notes.notes(),
        methods=notes.methods(),
    )


def sensitivity_table(disclosed: Disclosed, study: Study) -> Table:
    """How far courses may part by themselves before an answer is undone."""
    notes, rows = Footnotes(), []
    compared = compared_outcomes(disclosed, study)
    robust = [
        part.group
        for _, selected in compared
        for part in selected.where(term="trend_robust_effect").findings
    ]
    labels = [each for each in DEPARTURES if any(g.endswith(each) for g in robust)]
    for outcome, selected in compared:
        for breakdown in selected.where(term="trend_breakdown_value").findings:
            start = breakdown.group.removeprefix(STARTED)
            cells = []
            for label in labels:
                group = ", ".join(filter(None, [breakdown.group, label]))
                effect = found(selected, term="trend_robust_effect", group=group)
                cells.append(notes.cell(effect, title="Effect"))
            breakdown_text = _breakdown_text(breakdown, notes)
            description = started_text(study, start) if start else ABSENT
            rows.append((outcome.title, description, breakdown_text, *cells))
    columns = ("Outcome", "Start", "Undone at", *labels)
    kept = [
        p for p in range(len(columns)) if p != 1 or {r[1] for r in rows} != {ABSENT}
    ]
    return Table(
        caption="If courses part by themselves, by up to M times the most before",
        columns=tuple(columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in rows),
        row_headings=len(kept) - 1 - len(labels),
        notes=notes.notes(),
        methods=notes.methods(),
    )


def _breakdown_text(breakdown: Finding, notes: Footnotes) -> str:
    """From which departure on the answer is undone."""
    if breakdown.estimate is None:
        return notes.cell(breakdown)
    if breakdown.estimate == 0:
        return "unsure as it is"
    return f"M = {number_text(breakdown.estimate)}"
