"""How often the interval of a share holds the truth where people share teams.

By hand: ``python benchmarks/coverage/team_shares.py 2000``. Shares of responders; teams
differ in their chance as a beta distribution with the intracluster correlation says.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from heard.effects.shares import share_over_teams
from heard.models.random_streams import generator

SETTINGS = [
    (teams, people, icc, chance)
    for teams, people in ((6, 12), (12, 12), (12, 40))
    for icc in (0.0, 0.05, 0.15)
    for chance in (0.3, 0.1)
]


def main(simulations: int) -> None:
    """Print the share of intervals that hold the true chance."""
    print("| teams | people a team | alike | share | as strangers | over teams |")
    print("|---|---|---|---|---|---|")
    for teams, people, icc, chance in SETTINGS:
        draws = generator("coverage of team shares", f"{teams} {people} {icc}")
        team = pd.Series(np.repeat(np.arange(teams), people).astype(str))
        covered = np.zeros(2)
        for _ in range(simulations):
            counted = drawn(draws, teams, people, icc, chance)
            low, high = proportion_confint(counted.sum(), len(counted), method="wilson")
            found = share_over_teams(counted, team, term="share", method="")
            limits = (getattr(found, "conf_low", 0), getattr(found, "conf_high", 1))
            covered += [low <= chance <= high, limits[0] <= chance <= limits[1]]
        one, other = (f"{part:.2f}".lstrip("0") for part in covered / simulations)
        print(f"| {teams} | {people} | {icc} | {chance} | {one} | {other} |")


def drawn(
    draws: np.random.Generator, teams: int, people: int, icc: float, chance: float
) -> np.ndarray:
    """1 or 0 a person; teams' own chances differ as much as `icc` asks for."""
    of_team = np.full(teams, chance)
    if icc:
        size = 1 / icc - 1
        of_team = draws.beta(chance * size, (1 - chance) * size, teams)
    counted: np.ndarray = draws.uniform(size=teams * people) < np.repeat(
        of_team, people
    )
    return counted.astype(float)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
