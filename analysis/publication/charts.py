"""What a notebook shows of many waves: a sentence, a figure and a table an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.charted import chart_words, charts_found
from analysis.publication.figures import Note, chart_figure
from analysis.publication.shown import Shown
from analysis.publication.tables import chart_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.shown import Part

NOTHING = "No outcome was asked at enough waves to tell a move from wavering."
NO_CAUSE_NOTE = (
    "A chart tells that something moved, not what moved it. Of many waves, one flagged "
    "by chance is to be expected: it is a question, not an answer."
)


def show_over_time(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome of many waves, arm by arm."""
    parts: list[Part] = []
    for outcome, here in charts_found(disclosed, study):
        parts.append(Note(text=chart_words(here, study, outcome)))
        parts.append(chart_figure(here, study, outcome))
        parts.append(chart_table(here, study, outcome))
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=NO_CAUSE_NOTE, kind="caution"), *parts))
