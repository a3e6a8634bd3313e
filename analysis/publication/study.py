"""What the study is: its surveys, the outcomes declared, and what to beware of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.plan_lock import family_of
from analysis.publication.figure import Note
from analysis.publication.places import plain_text, smallest_text, wave_text
from analysis.publication.shown import Shown
from analysis.publication.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study
    from analysis.publication.shown import Part

SIMULATED = (
    "Simulated data: these numbers were generated to demonstrate the method. They are "
    "not about any real person, team or service."
)


def show_study(study: Study) -> Shown:
    """What the study is: surveys, outcomes declared, and cautions."""
    parts: list[Part] = [Note(text=SIMULATED, kind="banner")] if study.simulated else []
    parts += [Note(text=study.summary, kind="summary"), _survey_table(study)]
    if study.outcomes:
        parts.append(_outcome_table(study))
    parts += [Note(text=text, kind="caution") for text in _cautions(study)]
    return Shown(parts=tuple(parts))


def _survey_table(study: Study) -> Table:
    rows = []
    for survey in study.surveys:
        waves = [wave.title for wave in study.waves if wave.export(survey.name)]
        for name in survey.instruments:
            instrument = study.instruments[name]
            rows.append(
                (
                    survey.title,
                    plain_text(survey.respondent),
                    instrument.title,
                    f"{len(instrument.items)}",
                    ", ".join(waves),
                )
            )
    return Table(
        caption="What was asked, of whom and when",
        columns=("Survey", "Answered by", "Instrument", "Items", "Waves"),
        rows=tuple(rows),
    )


def _outcome_table(study: Study) -> Table:
    rows = []
    for outcome in study.outcomes:
        later = [wave_text(study, wave) for wave in outcome.follow_ups]
        rows.append(
            (
                outcome.title,
                family_of(outcome, study),
                wave_text(study, outcome.baseline) if outcome.baseline else "none",
                ", ".join(later) or "none",
                smallest_text(study, outcome) or "not declared",
            )
        )
    return Table(
        caption="Outcomes declared",
        columns=(
            "Outcome",
            "Family",
            "Baseline",
            "Follow-up",
            "Smallest difference that matters",
        ),
        rows=tuple(rows),
    )


def _cautions(study: Study) -> Iterator[str]:
    """A sentence an instrument that has something to beware of."""
    for instrument in study.instruments.values():
        facts = [
            f"not checked against a published source: {fact.about} ({fact.source})"
            for fact in instrument.unverified
        ]
        if instrument.project_defined:
            facts.append("made for this project, not a published questionnaire")
        if sentences := [*facts, *instrument.cautions]:
            yield f"{instrument.title}: {'; '.join(sentences)}."
