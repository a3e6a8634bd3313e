"""Which outcomes were asked at so many waves that they make a series in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.declarations.study import Outcome, Study

FEWEST_WAVES = 5
"""With fewer, no rule of a run chart can be broken."""


def charted_outcomes(study: Study) -> tuple[Outcome, ...]:
    """Outcomes whose survey was held at enough waves to tell a move from wavering."""
    held = {
        survey.name: sum(wave.export(survey.name) is not None for wave in study.waves)
        for survey in study.surveys
    }
    scores = study.outcome_of_each_score()
    return tuple(one for one in scores if held[one.survey] >= FEWEST_WAVES)
