"""Which outcomes make a series in time, and the direction of improvement."""

from __future__ import annotations

from analysis.declarations.study import Outcome, Study
from heard.effects.trends.rules import MINIMUM_WAVES, Direction


def improvement_of(direction: str) -> Direction:
    """Which way is better, by the direction a codebook gives a score."""
    directions: dict[str, Direction] = {
        "higher_is_better": "increase",
        "higher_is_worse": "decrease",
    }
    return directions.get(direction, "neither")


def charted_outcomes(study: Study) -> tuple[Outcome, ...]:
    """Outcomes whose survey was held at enough waves for a control chart."""
    waves_by_survey = {
        survey.name: sum(wave.export(survey.name) is not None for wave in study.waves)
        for survey in study.surveys
    }
    scores = study.outcome_of_each_score()
    return tuple(one for one in scores if waves_by_survey[one.survey] >= MINIMUM_WAVES)
