"""How long a whole study's outcomes take: `python benchmarks/outcomes/whole_study.py`.

5,000 people at each of 3 waves, 50 teams, 10 outcomes, all linked; 9,999 wild draws.
"""

from __future__ import annotations

import dataclasses
import itertools
import time

import numpy as np
import pandas as pd

from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.storage.declared import read_study
from heard.models.random_streams import generator

PEOPLE, TEAMS, OUTCOMES = 5_000, 50, 10


def main() -> None:
    """Simulate the study, evaluate it, print seconds of processor and of the clock."""
    study = read_study("listening-pilot")
    chosen = itertools.islice(itertools.cycle(study.outcomes), OUTCOMES)
    numbered = (
        dataclasses.replace(outcome, name=f"{outcome.name}_{place}")
        for place, outcome in enumerate(chosen)
    )
    study = dataclasses.replace(study, outcomes=tuple(numbered))
    scores = {
        wave: {survey.name: _scores(survey.name, wave) for survey in study.surveys}
        for wave in study.wave_names()
    }
    clock, processor = time.perf_counter(), time.process_time()
    found = evaluate_outcomes(scores, study)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print("| people | waves | teams | outcomes | findings | clock s | processor s |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {PEOPLE:,} | {len(scores)} | {TEAMS} | {OUTCOMES} | {len(found):,} "
        f"| {clock:.1f} | {processor:.1f} |"
    )


def _scores(survey: str, wave: str) -> pd.DataFrame:
    study = read_study("listening-pilot")
    team = np.arange(PEOPLE) % TEAMS
    levels = generator("whole study", survey, wave).normal(size=TEAMS) * 0.2
    person = generator("whole study", survey).normal(size=PEOPLE)
    draws = generator("whole study", survey, wave, "answers")
    frame = pd.DataFrame(
        {
            "participant": [f"{place}" for place in range(PEOPLE)],
            "team": [f"team {place}" for place in team],
            "arm": np.where(team % 2, "pilot", "comparison"),
            "site": "",
        }
    )
    for name in study.survey(survey).instruments:
        for subscale in study.instruments[name].subscales:
            score = 3 + levels[team] + person + draws.normal(size=PEOPLE)
            frame[f"{name}.{subscale.name}"] = np.clip(
                score, subscale.lowest, subscale.highest
            )
    return frame


if __name__ == "__main__":
    main()
