"""How often the intervals of judgements and of change beyond the mean hold the truth.

Run by hand: python benchmarks/coverage/judgement.py [REPLICATES]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.effects.judgement.equivalence import UncertainEffect, equivalence_verdict
from heard.effects.judgement.pooling import pool_sites, shrink_teams
from heard.effects.supplementary.linked_answers import ordinal_change
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import (
    overlapping_change,
    unlinked_bounds,
)
from heard.models.random_streams import generator
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

CUTS = [-1.0, -0.3, 0.4, 1.0]
SCALE = (0.0, 1.0, 2.0, 3.0, 4.0)


def covers(result: object, truth: float) -> float:
    """1, 0, or NaN where there is no interval."""
    if not isinstance(result, Estimate) or result.conf_low is None:
        return np.nan
    assert result.conf_high is not None
    return float(result.conf_low <= truth <= result.conf_high)


def sites(draws: np.random.Generator, k: int, between: float) -> dict[str, float]:
    truth = draws.normal(1.0, between, k + 1)
    errors = draws.uniform(0.2, 0.8, k)
    seen = draws.normal(truth[:k], errors)
    effects = {
        str(i): UncertainEffect(term="x", effect=b, standard_error=se, n=40)
        for i, (b, se) in enumerate(zip(seen, errors, strict=True))
    }
    pooled, teams = pool_sites(effects), shrink_teams(effects).teams  # type: ignore[arg-type]
    return {
        "pooled_effect": covers(pooled.pooled_effect, 1.0),
        "pooled_effect_cautious": covers(pooled.pooled_effect_cautious, 1.0),
        "prediction_interval": covers(pooled.prediction_interval, truth[k]),
        "between_site_standard_deviation": covers(
            pooled.between_site_standard_deviation, between
        ),
        "shrunken_effect": float(
            np.nanmean(
                [
                    covers(team.shrunken_effect, true)
                    for team, true in zip(teams, truth, strict=False)
                ]
            )
        ),
    }


def waves(draws: np.random.Generator, linked: int, unlinked: int) -> dict[str, float]:
    n = linked + 2 * unlinked
    person = draws.normal(0, 1, n)
    before = pd.Series(person + draws.normal(0, 0.7, n)).iloc[: linked + unlinked]
    after = pd.Series(1.5 * person + draws.normal(0.5, 0.7, n)).drop(
        range(linked, linked + unlinked)
    )
    bounds = unlinked_bounds(before, after)
    return {
        "mean_change_everybody": covers(
            overlapping_change(before, after).mean_change_everybody, 0.5
        ),
        "mean_change_worst_case": covers(bounds.mean_change_worst_case, 0.5),
        "mean_change_best_case": covers(bounds.mean_change_best_case, 0.5),
    }


def answers(draws: np.random.Generator, teams: int, size: int) -> pd.DataFrame:
    """Half the teams treated, half a point better; teams differ if size is over 1."""
    team = np.repeat(np.arange(teams), size)
    level = draws.normal(0, 0.4, teams) if size > 1 else np.zeros(teams)
    treated = team % 2 == 0
    latent = level[team] + 0.5 * treated + draws.normal(0, 1, len(team))
    return pd.DataFrame(
        {
            "score": np.digitize(latent, CUTS).astype(float),
            "arm": np.where(treated, "pilot", "comparison"),
            "cluster": team,
        }
    )


def ordinal(
    draws: np.random.Generator, teams: int, size: int, truth: tuple[float, float]
) -> dict[str, float]:
    found = compare_ordinal(
        answers(draws, teams, size),
        treated="pilot",
        control="comparison",
        categories=SCALE,
        cluster="cluster" if size > 1 else None,
    )
    return {
        "probability_of_better_answer": covers(
            found.probability_of_better_answer, truth[0]
        ),
        "top_share_difference": covers(found.top_share_difference, truth[1]),
    }


def ordinal_truth(size: int) -> tuple[float, float]:
    frame = answers(generator("truth", str(size)), 400_000 // size, size)
    shares = pd.crosstab(frame["arm"], frame["score"], normalize="index").to_numpy()
    other, pilot = shares
    below = np.cumsum(other) - other / 2
    return float(pilot @ below), float(pilot[-1] - other[-1])


def linked_answers_row(draws: np.random.Generator, n: int) -> dict[str, float]:
    step = draws.choice([-1.0, 0.0, 1.0], size=n, p=[0.1, 0.65, 0.25])
    frame = pd.DataFrame({"before": 2.0, "after": 2.0 + step})
    found = ordinal_change(frame, categories=SCALE)
    return {"net_share_better": covers(found.net_share_better, 0.15)}


def anchor(draws: np.random.Generator, n: int) -> dict[str, float]:
    change = draws.normal(4, 5, n)
    improved = change + draws.normal(0, 2, n) > 4 + draws.normal(0, 2, n)
    found = minimal_important_change(
        pd.Series(change.round()), pd.Series(improved.astype(float)), seed="x"
    )
    return {
        "mic_roc": covers(found.mic_roc, 4.0),
        "mic_predictive": covers(found.mic_predictive, 4.0),
        "mic_predictive_adjusted": covers(found.mic_predictive_adjusted, 4.0),
    }


def bound(draws: np.random.Generator, n: int) -> dict[str, float]:
    """The true effect is the bound itself: how often it is called too small."""
    scores = draws.normal(0.5, 1, n)
    effect = UncertainEffect(
        term="x",
        effect=float(scores.mean()),
        standard_error=float(scores.std(ddof=1) / n**0.5),
        degrees_of_freedom=n - 1,
        n=n,
    )
    verdict = equivalence_verdict(effect, smallest_effect=0.5).verdict
    return {
        "called too small (5 % at most)": verdict == "too small to matter",
        "called larger (2.5 % at most)": verdict.startswith("larger"),
    }


def main(replicates: int) -> None:
    single_truth, clustered_truth = ordinal_truth(1), ordinal_truth(20)
    cases: dict[str, Callable[[np.random.Generator], dict[str, float]]] = {
        "3 sites, no variance between": lambda d: sites(d, 3, 0.0),
        "3 sites, sd .5 between": lambda d: sites(d, 3, 0.5),
        "8 sites, no variance between": lambda d: sites(d, 8, 0.0),
        "8 sites, sd .5 between": lambda d: sites(d, 8, 0.5),
        "waves: 40 linked, 40 + 40 alone": lambda d: waves(d, 40, 40),
        "waves: 10 linked, 30 + 30 alone": lambda d: waves(d, 10, 30),
        "ordered answers, 40 people": lambda d: ordinal(d, 40, 1, single_truth),
        "ordered answers, 160 people": lambda d: ordinal(d, 160, 1, single_truth),
        "ordered answers, 6 teams of 20": lambda d: ordinal(d, 6, 20, clustered_truth),
        "ordered answers, 12 teams of 20": lambda d: ordinal(
            d, 12, 20, clustered_truth
        ),
        "ordered answers, 40 teams of 20": lambda d: ordinal(
            d, 40, 20, clustered_truth
        ),
        "linked answers, 30 people": lambda d: linked_answers_row(d, 30),
        "anchor, 200 people": lambda d: anchor(d, 200),
        "true effect at the bound, 30 people": lambda d: bound(d, 30),
        "true effect at the bound, 300 people": lambda d: bound(d, 300),
    }
    for name, run in cases.items():
        count = replicates // 5 if name.startswith("anchor") else replicates
        rows = [run(generator("coverage", name, str(i))) for i in range(count)]
        for term, value in pd.DataFrame(rows).astype(float).mean().items():
            print(f"| {name} | {term} | {value:.3f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
