"""What a notebook shows of a design: what a pilot of so many teams would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.publication.figures import Note, design_figure
from analysis.publication.shown import Shown
from analysis.publication.tables import assumed_table, design_sentence, design_table

if TYPE_CHECKING:
    from analysis.declarations import Study
    from analysis.publication.disclosure import Disclosed

NOTHING = "This study declares no design, so what it could see was not worked out."


def show_design(disclosed: Disclosed, study: Study) -> Shown:
    """One sentence, one figure and one table by number of teams; what was assumed."""
    if study.design is None:
        return Shown(parts=(Note(text=NOTHING),))
    return Shown(
        parts=(
            Note(text=design_sentence(disclosed, study), kind="summary"),
            design_figure(disclosed, study),
            design_table(disclosed, study),
            assumed_table(study),
        )
    )
