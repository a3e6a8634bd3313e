"""How often the 95 % intervals of internal consistency hold what they should.

    python benchmarks/coverage/consistency.py [SAMPLES] [WORDS]

With words, only the rows that hold one of them; half as many samples where each is
resampled itself.

The truth of each coefficient is its value among a million simulated people. Printed is
a markdown table; between 93 and 97 % is as it should be.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.lower_bounds import (
    greatest_lower_bound,
    guttman_lambdas,
)
from heard.psychometrics.consistency.omega import omega_total
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from heard.results import Result

    Statistic = Callable[..., Result]

TRUTH = 1_000_000
SAMPLES = 400
REPORTED = {"cluster", "bootstrap", "percentile"}
LOADINGS = np.array([0.5, 0.6, 0.7, 0.8, 0.6])
CUTS = {"even": (-1.5, -0.5, 0.5, 1.5), "skewed": (-2.0, -1.5, -0.9, 0.1)}


class Kind(NamedTuple):
    """Of answers: their shape, clusters of how many people, the share missing."""

    shape: str
    cluster: int = 1
    missing: float = 0.0


NORMAL, EVEN, SKEWED = Kind("normal"), Kind("even"), Kind("skewed")
CLUSTERED, WITH_GAPS = Kind("even", cluster=10), Kind("even", missing=0.1)


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


class Study(NamedTuple):
    """One interval of one coefficient, for one kind of answers from n people."""

    name: str
    statistic: Statistic
    options: dict[str, Any]
    kind: Kind
    n: int


def studies() -> Iterator[Study]:
    """Everything tabulated."""
    coefficients: dict[str, tuple[Statistic, tuple[str, ...]]] = {
        "alpha": (cronbach_alpha, ("feldt", "adf", "bootstrap", "percentile")),
        "omega": (omega_total, ("delta", "adf", "bootstrap", "percentile")),
        "mean r": (mean_inter_item_correlation, ("adf", "bootstrap", "percentile")),
    }
    for name, (statistic, intervals) in coefficients.items():
        for interval, kind, n in product(intervals, (NORMAL, SKEWED), (50, 200)):
            options = {"interval": interval}
            yield Study(f"{name}, {interval}", statistic, options, kind, n)
    suffixes = {
        "cluster": "",
        "percentile": " of clusters",
        "bootstrap": " of clusters",
    }
    for name, (statistic, intervals) in coefficients.items():
        for interval, n in product(
            (intervals[0], "cluster", "bootstrap", "percentile"), (100, 400)
        ):
            words = f"{name}, {interval}{suffixes.get(interval, ', clusters ignored')}"
            yield Study(words, statistic, {"interval": interval}, CLUSTERED, n)
    for missing in ("pairwise", "fiml"):
        options = {"interval": "adf", "missing": missing}
        yield Study(f"alpha, adf, {missing}", cronbach_alpha, options, WITH_GAPS, 200)
    yield Study("omega, delta, fiml", omega_total, {"missing": "fiml"}, WITH_GAPS, 200)
    for number, n in product((1, 2, 4, 5, 6), (200, 1000)):
        yield Study(f"lambda {number}, adf", lambda_(number), {}, EVEN, n)
    for n in (200, 1000):
        yield Study("greatest lower bound, adf", greatest_lower_bound, {}, EVEN, n)


@cache
def everyone(kind: Kind) -> pd.DataFrame:
    """A million people."""
    return answers(np.random.default_rng(1), TRUTH, kind)[0]


def covered(study: Study, samples: int) -> str:
    """Share of samples whose interval holds the truth, below it, above it, without."""
    kind, options, statistic = study.kind, study.options, study.statistic
    truth = statistic(everyone(kind._replace(missing=0.0)))
    assert isinstance(truth, Estimate)
    random, n_covered, low, high, without = np.random.default_rng(study.n), 0, 0, 0, 0
    for _ in range(samples):
        responses, whose = answers(random, study.n, kind)
        given = dict(options)
        if kind.cluster > 1 and options["interval"] in REPORTED:
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
        n_covered += found.conf_low <= truth.estimate <= found.conf_high
    made = max(samples - without, 1)
    shares = " | ".join(f"{100 * part / made:.1f}" for part in (n_covered, low, high))
    return f"{shares} | {without}"


def main() -> None:
    """Print the table."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    words = sys.argv[2:]
    print("| interval | answers | n | held, % | too high, % | too low, % | none |")
    print("|---|---|---|---|---|---|---|")
    for study in studies():
        if words and not any(word in study.name for word in words):
            continue
        slow = study.options.get("interval") in {"bootstrap", "percentile"}
        found = covered(study, samples // 2 if slow else samples)
        kind = study.kind
        shape = kind.shape + f", clusters of {kind.cluster}" * (kind.cluster > 1)
        shape += f", {kind.missing:.0%} missing" * bool(kind.missing)
        print(f"| {study.name} | {shape} | {study.n} | {found} |", flush=True)


if __name__ == "__main__":
    main()
