"""How often tests of an effect that is not there reject, where clusters are few.

    python benchmarks/coverage/clustered.py [simulations]

Half the clusters are treated, the effect is nil, people of a cluster are alike by the
intracluster correlation; 20 people a cluster, or 4 to 58. Every interval here is what
its test does not reject, so coverage of the 95 % interval is one less the share shown.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from analysis.foundation import Estimate, generator
from analysis.outcomes.clustered import cluster_robust_fit
from analysis.outcomes.clustered.wild_bootstrap import (
    _multipliers,
    _probability,
    _sums,
)

METHODS = ("CR1, z", "CR1, t(G-1)", "CR2, Satterthwaite", "wild bootstrap")
N_DRAWS = 999


def sizes(n_clusters: int, *, balanced: bool) -> np.ndarray:
    if balanced:
        return np.full(n_clusters, 20)
    return np.geomspace(4, 58, n_clusters).round().astype(int)


def one(n_clusters: int, *, balanced: bool, icc: float, seed: str) -> list[bool]:
    from scipy import stats

    random = generator("clustered coverage", seed)
    counts = sizes(n_clusters, balanced=balanced)
    clusters = np.repeat(np.arange(n_clusters), counts)
    treated = random.permutation(np.arange(n_clusters) % 2)
    design = np.column_stack([np.ones(len(clusters)), treated[clusters]])
    outcome = random.normal(0, (1 - icc) ** 0.5, len(clusters))
    outcome += random.normal(0, icc**0.5, n_clusters)[clusters]
    names = ["one", "arm"]
    plain = cluster_robust_fit(outcome, design, clusters, names=names, adjustment="CR1")
    small = cluster_robust_fit(outcome, design, clusters, names=names)
    size = abs(plain.value("arm")) / plain.standard_error("arm")
    shrunk = small.p_value("arm", term="p")
    assert isinstance(shrunk, Estimate)
    sums = _sums(
        outcome, design, clusters, place=1, roots=np.ones(len(clusters)), absorb=None
    )
    draws, _, complete = _multipliers(n_clusters, "auto", N_DRAWS, seed)
    return [
        size > stats.norm.ppf(0.975),
        size > stats.t.ppf(0.975, n_clusters - 1),
        shrunk.estimate < 0.05,
        _probability(sums, draws, complete=complete)(0.0) <= 0.05,
    ]


def main(simulations: int) -> None:
    print("| clusters | sizes | ICC |", " | ".join(METHODS), "|")
    print("|--:|---|--:|", "--:|" * len(METHODS), sep="")
    start = time.perf_counter()
    for balanced in (True, False):
        for icc in (0.05, 0.2):
            for n_clusters in (6, 8, 10, 12, 20):
                cell = f"{n_clusters}/{balanced}/{icc}"
                found = [
                    one(n_clusters, balanced=balanced, icc=icc, seed=f"{cell}/{i}")
                    for i in range(simulations)
                ]
                shares = " | ".join(
                    f"{100 * share:.1f} %" for share in np.mean(found, axis=0)
                )
                kind = "equal" if balanced else "4 to 58"
                print(f"| {n_clusters} | {kind} | {icc} | {shares} |", flush=True)
    print(f"\n{simulations} simulations a row, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
