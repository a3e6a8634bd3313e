"""How often a pilot that adds as much for every group is said not to.

    python benchmarks/coverage/for_whom.py [simulations]

Twelve teams of the demonstration study, three groups, other people at each wave. Teams
differ, groups differ, and what happens to a team between the waves is shared by its
people: what is counted is how often the groups are said to gain differently, and how
often the interval of what the pilot added in a group holds the truth.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.outcomes.subgroups import evaluate_groups
from analysis.storage.declared import read_study
from heard.models.random_streams import generator

if TYPE_CHECKING:
    from analysis.declarations.study import Study

ADDED = 0.5
GROUPS = ("under 35", "35 to 54", "55 or over")


def one_outcome() -> Study:
    """The demonstration study with one outcome, one follow-up and one grouping."""
    study = read_study("listening-pilot")
    outcome = dataclasses.replace(study.outcomes[0], follow_ups=("later",))
    return dataclasses.replace(study, outcomes=(outcome,), groups=study.groups[:1])


def answers(study: Study, wave: str, draw: int, people: int) -> pd.DataFrame:
    """Everyone of a wave: a team's level holds, its luck since then is new."""
    random = generator("for whom, people", wave, str(draw))
    covered = generator("for whom, teams", str(draw))
    levels = covered.normal(0, 0.3, len(study.teams))
    levels += covered.normal(0, 0.2, len(study.teams)) * (wave == "later")
    team = np.repeat(np.arange(len(study.teams)), people)
    pilot = np.array([one.arm == study.treated for one in study.teams])[team]
    group = random.integers(0, len(GROUPS), len(team))
    score = levels[team] + 0.3 * group + random.normal(size=len(team))
    return pd.DataFrame(
        {
            "participant": "",
            "site": "",
            "team": np.array([one.name for one in study.teams])[team],
            "arm": np.where(pilot, study.treated, study.control),
            "age_band": np.array(GROUPS)[group],
            "care.total": score + ADDED * (pilot & (wave == "later")),
        }
    )


def shares(people: int, simulations: int) -> tuple[float, float]:
    """Share said to differ; share of intervals that held what the pilot added."""
    study, reported, covered = one_outcome(), [], []
    for draw in range(simulations):
        waves = {
            wave: {"ratings": answers(study, wave, draw, people)}
            for wave in ("before", "later")
        }
        for found in evaluate_groups(waves, study):
            if found.estimate is None:
                continue
            if found.term == "interaction_p_value":
                reported.append(found.estimate < 0.05)
            if found.term == "effect_in_group":
                assert found.conf_low is not None
                assert found.conf_high is not None
                covered.append(found.conf_low <= ADDED <= found.conf_high)
    return float(np.mean(reported)), float(np.mean(covered))


if __name__ == "__main__":
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for people in (20, 60):
        reported, covered = shares(people, simulations)
        print(
            f"{people} a team: said to differ {reported:.1%}; "
            f"interval held {covered:.1%}"
        )
