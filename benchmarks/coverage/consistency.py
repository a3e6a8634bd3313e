"""How often the 95 % intervals of internal consistency hold what they should.

    python benchmarks/coverage/consistency.py [SAMPLES]

The truth of each coefficient is its value among a million simulated people. Printed is
a markdown table; between 93 and 97 % is as it should be.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.foundation.results import Estimate
from analysis.reliability import (
    cronbach_alpha,
    greatest_lower_bound,
    guttman_lambdas,
    mean_inter_item_correlation,
    omega_total,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.foundation.results import Result

    Statistic = Callable[..., Result]

TRUTH = 1_000_000
SAMPLES = 500
LOADINGS = np.array([0.5, 0.6, 0.7, 0.8, 0.6])
CUTS = {"even": (-1.5, -0.5, 0.5, 1.5), "skewed": (-2.0, -1.5, -0.9, 0.1)}


class Kind(NamedTuple):
    """What kind of answers: their shape, clusters of how many, and the share missing."""

    shape: str
    cluster: int = 1
    missing: float = 0.0


NORMAL, EVEN, SKEWED = Kind("normal"), Kind("even"), Kind("skewed")
CLUSTERED, HOLED = Kind("even", cluster=10), Kind("even", missing=0.1)


def answers(
    random: np.random.Generator, n: int, kind: Kind
) -> tuple[pd.DataFrame, pd.Series]:
    """One factor, five items; a cluster's people share a third of the factor."""
    whose = np.arange(n) // kind.cluster
    factor = random.normal(size=(n, 1))
    if kind.cluster > 1:
        between = random.normal(size=(whose[-1] + 1, 1))[whose]
        factor = np.sqrt(1 / 3) * between + np.sqrt(2 / 3) * factor
    own = random.normal(size=(n, len(LOADINGS)))
    latent = factor * LOADINGS + own * np.sqrt(1 - LOADINGS**2)
    if kind.shape in CUTS:
        latent = np.searchsorted(CUTS[kind.shape], latent) + 1.0
    if kind.missing:
        latent[random.random(latent.shape) < kind.missing] = np.nan
    return pd.DataFrame(latent), pd.Series(whose)


def lambda_(number: int) -> Statistic:
    """One of Guttman's bounds."""

    def of(responses: pd.DataFrame) -> Result:
        found: Result = getattr(guttman_lambdas(responses), f"guttman_lambda_{number}")
        return found

    return of


def studies() -> list[tuple[str, Statistic, dict[str, Any], Kind, int]]:
    """Name, statistic, options, kind of answers, n."""
    made: list[tuple[str, Statistic, dict[str, Any], Kind, int]] = []
    coefficients: dict[str, tuple[Statistic, tuple[str, ...]]] = {
        "alpha": (cronbach_alpha, ("feldt", "adf", "bootstrap", "percentile")),
        "omega": (omega_total, ("delta", "adf", "bootstrap", "percentile")),
        "mean r": (mean_inter_item_correlation, ("adf", "bootstrap", "percentile")),
    }
    for name, (statistic, intervals) in coefficients.items():
        for interval in intervals:
            for kind in (NORMAL, SKEWED):
                for n in (50, 200):
                    options = {"interval": interval}
                    made.append((f"{name}, {interval}", statistic, options, kind, n))
    for name, (statistic, intervals) in coefficients.items():
        for interval in (intervals[0], "cluster", "percentile"):
            options = {"interval": interval}
            words = {"cluster": "", "percentile": " of clusters"}.get(
                interval, " blind"
            )
            for n in (100, 400):
                made.append(
                    (f"{name}, {interval}{words}", statistic, options, CLUSTERED, n)
                )
    for missing in ("pairwise", "fiml"):
        options = {"interval": "adf", "missing": missing}
        made.append((f"alpha, adf, {missing}", cronbach_alpha, options, HOLED, 200))
    fiml = {"missing": "fiml"}
    made.append(("omega, delta, fiml", omega_total, fiml, HOLED, 200))
    made += [
        (f"lambda {number}, adf", lambda_(number), {}, EVEN, n)
        for number in (1, 2, 4, 5, 6)
        for n in (200, 1000)
    ]
    made += [("greatest lower bound", greatest_lower_bound, {}, EVEN, n) for n in (200, 1000)]  # fmt: skip  # noqa: E501
    return made


def covered(
    statistic: Statistic, options: dict[str, Any], kind: Kind, n: int, samples: int
) -> str:
    """Share of samples whose interval holds the truth, below it, above it, without."""
    complete = Kind(kind.shape, kind.cluster)
    everyone, _ = answers(np.random.default_rng(1), TRUTH, complete)
    plain = {k: v for k, v in options.items() if k not in {"interval", "missing"}}
    truth = statistic(everyone, **plain)
    assert isinstance(truth, Estimate)
    random, held, low, high, without = np.random.default_rng(n), 0, 0, 0, 0
    for _ in range(samples):
        responses, whose = answers(random, n, kind)
        given = dict(options)
        if kind.cluster > 1 and options["interval"] in {"cluster", "percentile"}:
            given["clusters"] = whose
        if given.get("interval") in {"bootstrap", "percentile"}:
            given["replicates"] = 1000
        found = statistic(responses, **given)
        if not isinstance(found, Estimate) or found.conf_low is None:
            without += 1
            continue
        assert found.conf_high is not None
        low += found.conf_low > truth.estimate
        high += found.conf_high < truth.estimate
        held += found.conf_low <= truth.estimate <= found.conf_high
    made = max(samples - without, 1)
    shares = " | ".join(f"{100 * part / made:.1f}" for part in (held, low, high))
    return f"{shares} | {without}"


def main() -> None:
    """Print the table."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    print("| interval | answers | n | held, % | too high, % | too low, % | none |")
    print("|---|---|---|---|---|---|---|")
    for name, statistic, options, kind, n in studies():
        words = kind.shape + f", clusters of {kind.cluster}" * (kind.cluster > 1)
        words += f", {kind.missing:.0%} missing" * bool(kind.missing)
        found = covered(statistic, options, kind, n, samples)
        print(f"| {name} | {words} | {n} | {found} |", flush=True)


if __name__ == "__main__":
    main()
