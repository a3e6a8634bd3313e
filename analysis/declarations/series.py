"""Which outcomes make a series in time, and which way is better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.outcomes.trends.rules import FEWEST_WAVES

if TYPE_CHECKING:
    from analysis.declarations.study import Outcome, Study
    from analysis.outcomes.trends.rules import Direction


def improvement_of(direction: str) -> Direction:
    """Which way is better, by the direction a codebook gives a score."""
    ways: dict[str, Direction] = {
        "higher_is_better": "increase",
        "higher_is_worse": "decrease",
    }
    return ways.get(direction, "neither")


def charted_outcomes(study: Study) -> tuple[Outcome, ...]:
    """Outcomes whose survey was held at enough waves to tell a move from wavering."""
    held = {
        survey.name: sum(wave.export(survey.name) is not None for wave in study.waves)
        for survey in study.surveys
    }
    scores = study.outcome_of_each_score()
    return tuple(one for one in scores if held[one.survey] >= FEWEST_WAVES)
