"""How often the 95 % intervals of the structure room hold what they should.

    python benchmarks/coverage/structure.py [SAMPLES]

The truth of each statistic is its value among a million simulated people. Printed is a
markdown table; between 93 and 97 % is as it should be.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.psychometrics.structure.exploratory import exploratory_factors
from heard.psychometrics.structure.hierarchical_omega import omega_hierarchical
from heard.psychometrics.structure.ordinal_correlations import polychoric_correlations
from heard.psychometrics.structure.ordinal_reliability import (
    omega_categorical,
    ordinal_alpha,
)
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

    Statistic = Callable[[pd.DataFrame], list[Result]]

TRUTH = 1_000_000
SAMPLES = 1000
SLOW = 200
"""Samples for statistics with a bootstrap of their own."""
CODES = (1, 2, 3, 4, 5)
LOADINGS = np.array([0.5, 0.6, 0.7, 0.8, 0.6])
CUTS = {"even": (-1.5, -0.5, 0.5, 1.5), "skewed": (-2.0, -1.5, -0.9, 0.1)}


def answers(random: np.random.Generator, n: int, shape: str) -> pd.DataFrame:
    """One factor, five items, five categories."""
    factor = random.normal(size=(n, 1))
    own = random.normal(size=(n, len(LOADINGS)))
    latent = factor * LOADINGS + own * np.sqrt(1 - LOADINGS**2)
    return pd.DataFrame(np.searchsorted(CUTS[shape], latent) + 1.0)


def grouped(random: np.random.Generator, n: int, _: str) -> pd.DataFrame:
    """A general factor and three group factors behind nine normal items."""
    general = random.normal(size=(n, 1)) * 0.55
    group = np.repeat(random.normal(size=(n, 3)), 3, axis=1)
    group *= np.tile([0.4, 0.5, 0.45], 3)
    own = np.sqrt(1 - 0.55**2 - np.tile([0.4, 0.5, 0.45], 3) ** 2)
    return pd.DataFrame(general + group + random.normal(size=(n, 9)) * own)


def polychorics(responses: pd.DataFrame) -> list[Result]:
    found = polychoric_correlations(responses, categories=CODES)
    return [found.pairs[0].polychoric_correlation, found.thresholds[0].threshold]


def ordinals(responses: pd.DataFrame) -> list[Result]:
    return [
        ordinal_alpha(responses, categories=CODES),
        omega_categorical(responses, categories=CODES),
    ]


def hierarchical(responses: pd.DataFrame) -> list[Result]:
    draws = 0 if len(responses) == TRUTH else 500
    found = omega_hierarchical(responses, replicates=draws)
    return [
        found.omega_hierarchical,
        found.omega_total_schmid_leiman,
        found.explained_common_variance,
    ]


def loadings(responses: pd.DataFrame) -> list[Result]:
    """Sorted by item, the factor that carries it: factors have no names."""
    draws = 0 if len(responses) == TRUTH else 500
    found = exploratory_factors(responses, factors=3, replicates=draws)
    own = [part.loading for part in found.loadings if part.item == "4"]
    largest = max(own, key=lambda one: getattr(one, "estimate", -1.0))
    communality = found.communalities[4].communality
    return [largest, communality, found.factor_correlations[0].factor_correlation]


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    slow = min(SLOW, samples)
    print("| statistic | data | n | samples | coverage | too low, too high | none |")
    print("|---|---|---|---|---|---|---|")
    for statistic, made, shapes, sizes, count in (
        (polychorics, answers, ("even", "skewed"), (100, 300), samples),
        (ordinals, answers, ("even", "skewed"), (100, 300), samples),
        (hierarchical, grouped, ("bifactor",), (300, 1000), slow),
        (loadings, grouped, ("bifactor",), (300, 1000), slow),
    ):
        for shape in shapes:
            truth = statistic(made(np.random.default_rng(1), TRUTH, shape))
            for n in sizes:
                random = np.random.default_rng(2)
                found = [statistic(made(random, n, shape)) for _ in range(count)]
                for place, true in enumerate(truth):
                    print(row(true, [one[place] for one in found], shape, n))


def row(true: Result, found: list[Result], shape: str, n: int) -> str:
    assert isinstance(true, Estimate)
    limits_found = [
        (one.conf_low, one.conf_high)
        for one in found
        if isinstance(one, Estimate) and one.conf_low is not None
    ]
    limits = np.array(limits_found, dtype=float)
    low = np.mean(limits[:, 1] < true.estimate)
    high = np.mean(limits[:, 0] > true.estimate)
    return (
        f"| {true.term} | {shape} | {n} | {len(found)} | {1 - low - high:.1%} | "
        f"{low:.1%}, {high:.1%} | {len(found) - len(limits_found)} |"
    )


if __name__ == "__main__":
    main()
