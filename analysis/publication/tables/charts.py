"""Charted waves into a table: mean, n, and which rules a wave breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.charted import (
    VALUE,
    arms_charted,
    signals_at,
    verdict_at,
    waves_charted,
)
from analysis.publication.places import arm_text, found, wave_text
from analysis.publication.tables.frame import ABSENT, Footnotes, Table
from analysis.publication.tables.numbers import interval_text, number_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations import Outcome, Study
    from analysis.outcomes.trends.rules import Verdict
    from analysis.publication.disclosure import Disclosed

CHARTS = {"control_chart_signal": "range", "run_chart_signal": "run chart"}
SHOWS: Mapping[Verdict, str] = {
    "improvement": "better end",
    "concern": "worse end",
    "change": "either end",
    "wavering": ABSENT,
}


def chart_table(here: Disclosed, study: Study, outcome: Outcome) -> Table:
    """Rows of an arm and a wave.

    Parameters
    ----------
    here : Disclosed
        What was found of this outcome.
    """
    notes = Footnotes()
    arms = arms_charted(here, study)
    rows = []
    for arm in arms:
        for wave in waves_charted(here, study):
            value = found(here, term=VALUE, arm=arm, wave=wave)
            kind = verdict_at(here, study, outcome, arm, wave)
            rows.append(
                (
                    arm_text(study, arm),
                    wave_text(study, wave),
                    notes.people(value),
                    notes.cell(value, title="Mean"),
                    SHOWS[kind],
                    _rules(here, arm, wave),
                )
            )
    lines = [_line_words(here, study, arm) for arm in arms]
    return Table(
        caption=f"{outcome.title}, wave by wave",
        columns=(
            "Who",
            "Wave",
            "n",
            "Mean",
            "More than wavering, towards",
            "Strongest rule broken",
        ),
        rows=tuple(rows),
        row_headings=2,
        notes=(*notes.notes(), *filter(None, lines)),
        methods=(*notes.methods(), *_methods(here, arms)),
    )


def _rules(here: Disclosed, arm: str, wave: str) -> str:
    """The strongest rule broken: of the usual range, else of the run chart."""
    signals = signals_at(here, arm, wave)
    if not signals:
        return ABSENT
    # The chart first: a rule that begins with its number would be set as one.
    return f"{CHARTS[signals[0].term]}: {signals[0].group.partition('; ')[0]}"


def _line_words(here: Disclosed, study: Study, arm: str) -> str:
    """Where an arm's waves usually lie; empty if no limits were found."""
    lines = {
        term: found(here, term=term, arm=arm)
        for term in (
            "chart_centre",
            "chart_lower_limit",
            "chart_upper_limit",
            "chart_median",
        )
    }
    values = [
        part.estimate
        for part in lines.values()
        if part is not None and part.estimate is not None
    ]
    if len(values) < len(lines):
        return ""
    centre, low, high, median = values
    return (
        f"{arm_text(study, arm)}: mean {number_text(centre)}, usual range "
        f"{interval_text(low, high)}, median {number_text(median)}."
    )


def _methods(here: Disclosed, arms: list[str]) -> tuple[str, ...]:
    """How the lines were made; the same words once."""
    notes_text = []
    for arm in arms:
        for term, title in (
            ("chart_median", "Median"),
            ("runs", "Runs"),
            ("chart_lower_limit", "Usual range"),
            ("special_cause_points", "Rules of the usual range"),
        ):
            line = found(here, term=term, arm=arm)
            if line is not None and line.estimate is not None:
                notes_text.append(f"{title}: {line.method}.")
    return tuple(dict.fromkeys(notes_text))
