"""What a notebook shows beside the means: words, a figure and a table an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.beside_means import outcome_sentences
from analysis.publication.figures import Note, answers_figure, beside_figure
from analysis.publication.places import where_judged
from analysis.publication.shown import Shown
from analysis.publication.tables import beside_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.shown import Part

NOTHING = "Nothing stands beside the means of this study."
DECIDES_NOTHING = (
    "What stands here stands beside the declared outcomes and decides none of them; no "
    "plan was locked for it."
)


def show_beyond_the_mean(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome: what its mean hides."""
    parts: list[Part] = []
    for outcome in study.outcomes:
        here = where_judged(disclosed, outcome)
        if not here.findings:
            continue
        parts += [Note(text=t) for t in outcome_sentences(here, study, outcome)]
        # One figure: the answers where enough may be shown of them.
        figure = answers_figure(here, study, outcome)
        parts.append(figure or beside_figure(here, study, outcome))
        table = beside_table(here, study, outcome)
        parts += [table] if table.rows else []
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=DECIDES_NOTHING, kind="caution"), *parts))
