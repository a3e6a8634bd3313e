"""What a notebook shows beside the means: words, a figure and a table an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.beside_means import outcome_sentences
from analysis.publication.figures import Note, answers_figure, supplementary_figure
from analysis.publication.places import findings_of_outcome
from analysis.publication.shown import Shown
from analysis.publication.tables import supplementary_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.shown import Part

NOTHING = "Nothing stands beside the means of this study."
SUPPLEMENTARY_NOTE = (
    "What stands here stands beside the declared outcomes and decides none of them; no "
    "plan was locked for it."
)


def show_supplementary(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: what its mean hides."""
    parts: list[Part] = []
    for outcome in study.outcomes:
        selected = findings_of_outcome(disclosed, outcome)
        if not selected.findings:
            continue
        parts += [Note(text=t) for t in outcome_sentences(selected, study, outcome)]
        # One figure: the answers where enough may be shown of them.
        figure = answers_figure(selected, study, outcome)
        parts.append(figure or supplementary_figure(selected, study, outcome))
        table = supplementary_table(selected, study, outcome)
        parts += [table] if table.rows else []
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=SUPPLEMENTARY_NOTE, kind="caution"), *parts))
