"""How right each way to treat leavers is, where who leaves is known.

    python benchmarks/coverage/missing.py [simulations]

12 or 30 teams of unequal size, allocated by team to two arms; three waves; who leaves
depends on the first and second score, more strongly in the treated arm. The effect
is .5 at the end. Shown: mean error of the effect, its spread over simulations, the mean
of the errors reported, and coverage of the 95 % interval.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from heard.effects.missing_data.arm_effect import ArmModel, imputed_arm_difference
from heard.effects.missing_data.weighting import (
    ResponseWeights,
    complete_arm_difference,
    response_weights,
    weighted_arm_difference,
)
from heard.models.imputation import Imputation, impute
from heard.models.random_streams import generator
from heard.results import Estimate

TRUTH = 0.5
MODEL = ArmModel(outcome="after", treated="pack", reference="usual", cluster="team")
SCORES = ["before", "middle", "after"]
CELLS = [(12, 0.1), (12, 0.3), (30, 0.1)]


def simulated(n_teams: int, icc: float, seed: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The people with every score, and with the gaps."""
    random = generator("missing coverage", seed)
    team = np.repeat(
        np.arange(n_teams), np.geomspace(8, 50, n_teams).round().astype(int)
    )
    n, arm = len(team), random.permutation(np.arange(n_teams) % 2)[team]
    own = random.normal(0, 0.6**0.5, n) * (1 - icc) ** 0.5
    shared = random.normal(0, icc**0.5, n_teams)[team]

    def wave() -> np.ndarray:
        late = random.normal(0, 0.4**0.5, n) * (1 - icc) ** 0.5
        return own + shared + late

    people = pd.DataFrame(
        {
            "arm": np.where(arm, "pack", "usual"),
            "team": team,
            "before": wave(),
            "middle": wave() + 0.3 * arm,
            "after": wave() + TRUTH * arm,
        }
    )
    early = random.random(n) < logistic(-2 + people["before"] * (0.3 + 0.7 * arm))
    with_gaps = people.assign(middle=people["middle"].mask(early))
    signs = with_gaps["middle"].fillna(with_gaps["before"])
    late = random.random(n) < logistic(-1 + signs * (0.3 + 1.2 * arm))
    return people, with_gaps.assign(after=people["after"].mask(early | late))


def logistic(value: pd.Series) -> pd.Series:
    return 1 / (1 + np.exp(-value))


def one(n_teams: int, icc: float, seed: str) -> dict[str, object]:
    people, with_gaps = simulated(n_teams, icc, seed)
    found: dict[str, object] = {
        "nobody left": complete_arm_difference(people, MODEL),
        "leavers left out": complete_arm_difference(with_gaps, MODEL),
    }
    signs = with_gaps.assign(signs=with_gaps["middle"].fillna(with_gaps["before"]))
    weights = response_weights(
        signs, outcome="after", predictors=["before", "signs"], arm="arm", by_arm=True
    )
    if isinstance(weights, ResponseWeights):
        found["weighted"] = weighted_arm_difference(with_gaps, weights, MODEL)
    by_team = with_gaps.assign(
        team_before=with_gaps.groupby("team")["before"].transform("mean")
    )
    options: dict[str, dict[str, object]] = {
        "filled in, teams ignored": {"arm": "arm"},
        "filled in, random intercept": {"arm": "arm", "cluster": "team"},
        "the same, normal draws": {"arm": "arm", "cluster": "team", "match": False},
        "the same, and team means": {
            "arm": "arm",
            "cluster": "team",
            "covariates": ["team_before"],
        },
        "filled in, team as fixed": {"covariates": ["team_label"]},
    }
    by_team["team_label"] = by_team["team"].astype(str)
    for name, how in options.items():
        filled = impute(by_team, scores=SCORES, seed=seed, **how)
        if isinstance(filled, Imputation):
            found[name] = imputed_arm_difference(by_team, filled, MODEL).effect
    return found


def main() -> None:
    """One table a cell."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for n_teams, icc in CELLS:
        start = time.perf_counter()
        runs = [one(n_teams, icc, f"{n_teams}/{icc}/{turn}") for turn in range(count)]
        print(f"\n{n_teams} teams, ICC {icc} ({time.perf_counter() - start:.0f} s)")
        for name in runs[0]:
            found = [run.get(name) for run in runs]
            kept = [part for part in found if isinstance(part, Estimate)]
            values = np.array([part.estimate for part in kept]) - TRUTH
            hit = np.mean([part.conf_low <= TRUTH <= part.conf_high for part in kept])
            width = np.mean([part.conf_high - part.conf_low for part in kept])
            print(
                f"| {name} | {values.mean():+.3f} | {values.std(ddof=1):.3f} | "
                f"{width:.2f} | {100 * hit:.0f} % | {len(kept)} |"
            )


if __name__ == "__main__":
    main()
