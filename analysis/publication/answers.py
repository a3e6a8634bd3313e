"""What a notebook shows of answers: whether they matter, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Note, ways_figure
from analysis.publication.shown import Shown, shown_parts
from analysis.publication.tables import (
    alike_table,
    judgement_table,
    responder_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed


def show_judgement(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome against the smallest effect that was declared to matter."""
    nothing = "No smallest effect that matters was declared, so nothing can be judged."
    return shown_parts([judgement_table(disclosed, study)], nothing)


def show_standing(disclosed: Disclosed, study: Study) -> Shown:
    """How far each answer can be trusted by its design, and what would lift it."""
    titles: dict[str, dict[str, None]] = {}
    for outcome in study.outcomes:
        here = disclosed.where(
            survey=outcome.survey,
            instrument=outcome.instrument,
            subscale=outcome.subscale,
            term="evidence_rung",
        )
        for finding in here.findings:
            said = finding.method if finding.estimate is not None else finding.reason
            titles.setdefault(said, {})[outcome.title] = None
    notes = (
        Note(text=f"{_named(named, study)}. {said}", kind="summary")
        for said, named in titles.items()
    )
    return Shown(parts=tuple(notes) or (Note(text="No outcome was declared."),))


def _named(titles: Iterable[str], study: Study) -> str:
    named = list(titles)
    return "Every outcome" if len(named) == len(study.outcomes) else ", ".join(named)


def show_ways(disclosed: Disclosed, study: Study) -> Shown:
    """The same question reckoned in several ways, and how alike teams are."""
    reckoned = {
        (part.survey, part.instrument, part.subscale)
        for part in disclosed.where(term="difference_in_change_by_way").findings
    }
    figures = [
        ways_figure(disclosed, study, outcome)
        for outcome in study.outcomes
        if (outcome.survey, outcome.instrument, outcome.subscale) in reckoned
    ]
    if not figures:
        why = "Teams were not allocated to two groups, so there is one way to reckon."
        return Shown(parts=(Note(text=why),))
    alike = alike_table(disclosed, study)
    return Shown(parts=(*figures, *([alike] if alike.rows else [])))


def show_responders(disclosed: Disclosed, study: Study) -> Shown:
    """Who got better, stayed and got worse, never the first alone."""
    nothing = "Nobody was followed from wave to wave, so nobody's own change is known."
    return shown_parts([responder_table(disclosed, study)], nothing)
