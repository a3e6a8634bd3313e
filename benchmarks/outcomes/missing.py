"""Seconds to fill in 5,000 people: beside mice, run the lines printed at the end in R.

python benchmarks/outcomes/missing.py
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from heard.effects.missing_data.arm_effect import ArmModel, imputed_arm_difference
from heard.models.imputation import impute
from heard.models.random_streams import generator

MICE = """
library(mice); n <- 5000
x <- matrix(rnorm(n * 5), n) %*% matrix(rnorm(100), 5) + matrix(rnorm(n * 20), n)
x[runif(length(x)) < .1] <- NA
system.time(mice(as.data.frame(x), m = 2, maxit = 5, method = "pmm", printFlag = FALSE))
# times ten for 20 sets
"""


def main() -> None:
    random = generator("benchmark", "missing")
    shared = random.normal(size=(5000, 5)) @ random.normal(size=(5, 20))
    wide = shared + random.normal(size=shared.shape)
    wide[random.random(wide.shape) < 0.1] = np.nan
    people = pd.DataFrame(wide, columns=[f"score_{place}" for place in range(20)])
    start = time.process_time()
    impute(people, scores=list(people), n_iterations=5, seed="benchmark")
    print(f"20 scores, 20 sets, 5 iterations: {time.process_time() - start:.2f} s")

    team = np.arange(5000) % 50
    waves = people[["score_0", "score_1", "score_2"]].assign(
        team=team, arm=np.where(team % 2, "pack", "usual")
    )
    model = ArmModel(
        outcome="score_2", treated="pack", reference="usual", cluster="team"
    )
    start = time.process_time()
    filled = impute(
        waves,
        scores=["score_0", "score_1", "score_2"],
        arm="arm",
        cluster="team",
        seed="benchmark",
    )
    middle = time.process_time()
    imputed_arm_difference(waves, filled, model)
    print(f"3 waves of 50 teams, 20 sets: {middle - start:.2f} s to fill in")
    print(f"CR2 in each and pooled: {time.process_time() - middle:.2f} s")
    print(MICE)


if __name__ == "__main__":
    main()
