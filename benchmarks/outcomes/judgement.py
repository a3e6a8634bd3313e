"""How long judgements and change beyond the mean take for 5,000 people. Run by hand.

python benchmarks/outcomes/judgement.py
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.effects.judgement.bayes import Prior, bayesian_companion
from heard.effects.judgement.equivalence import UncertainEffect, equivalence_verdict
from heard.effects.judgement.pooling import pool_sites, shrink_teams
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import (
    overlapping_change,
    unlinked_bounds,
)
from heard.effects.supplementary.responders import responders
from heard.models.random_streams import generator
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE, TEAMS = 5000, 50


def main() -> None:
    draws = generator("benchmark", "judgement")
    true = draws.normal(20, 5, PEOPLE)
    before = pd.Series((true + draws.normal(0, 3, PEOPLE)).round().clip(0, 40))
    after = pd.Series((true + 1 + draws.normal(0, 3, PEOPLE)).round().clip(0, 40))
    improved = (after - before + draws.normal(0, 3, PEOPLE) > 1).astype(float)
    frame = pd.DataFrame(
        {
            "score": np.digitize(after, [14, 18, 22, 26]).astype(float),
            "arm": np.where(draws.random(PEOPLE) < 0.5, "pilot", "comparison"),
            "cluster": draws.integers(0, TEAMS, PEOPLE),
        }
    )
    effects = {
        f"t{i}": UncertainEffect(
            term="x", effect=draws.normal(), standard_error=0.5, n=9
        )
        for i in range(TEAMS)
    }
    one, prior = effects["t0"], Prior(standard_deviation=2.0, reason="a benchmark")
    retest = Estimate(
        term="r", estimate=0.8, conf_low=0.7, conf_high=0.85, n=90, method="retest"
    )
    runs: dict[str, Callable[[], object]] = {
        "unlinked_bounds": lambda: unlinked_bounds(before, after),
        "overlapping_change": lambda: overlapping_change(before, after),
        "responders": lambda: responders(
            before, after, reliability=retest, lowest=0, highest=40
        ),
        "compare_ordinal": lambda: compare_ordinal(
            frame,
            treated="pilot",
            control="comparison",
            categories=(0.0, 1.0, 2.0, 3.0, 4.0),
            cluster="cluster",
        ),
        "minimal_important_change": lambda: minimal_important_change(
            after - before, improved, seed="x", anchor_reliability=0.8
        ),
        "equivalence_verdict": lambda: equivalence_verdict(one, smallest_effect=1),
        "bayesian_companion": lambda: bayesian_companion(
            one, prior=prior, smallest_effect=1
        ),
        "pool_sites, 50": lambda: pool_sites(effects),  # type: ignore[arg-type]
        "shrink_teams, 50": lambda: shrink_teams(effects),  # type: ignore[arg-type]
    }
    for name, run in runs.items():
        run()  # imports
        start = time.perf_counter()
        run()
        print(f"{name:28} {time.perf_counter() - start:8.3f} s")


if __name__ == "__main__":
    main()
