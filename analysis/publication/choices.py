"""What a notebook shows of other choices: a sentence, a figure and a table each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.alternatives import multiverse_by_outcome
from analysis.publication.figures import Note, specification_figure
from analysis.publication.shown import Shown
from analysis.publication.tables import choice_words, specification_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed
    from analysis.publication.shown import Part

NOTHING = "No outcome can be answered by other choices than those declared."
NO_PROBABILITY = (
    "All combinations rest on the same answers: how many agree tells how much the "
    "answer hangs on choices, and nothing of chance."
)


def show_multiverse(disclosed: Disclosed, study: Study) -> Shown:
    """Every outcome by every combination of declared choices."""
    parts: list[Part] = []
    for outcome, here in multiverse_by_outcome(disclosed, study):
        parts.append(Note(text=choice_words(here, study, outcome)))
        parts.append(specification_figure(here, study, outcome))
        parts.append(specification_table(here, study, outcome))
    if not parts:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(parts=(Note(text=NO_PROBABILITY, kind="caution"), *parts))
