"""How often tests of an effect that is not there reject, where clusters are few.

    python benchmarks/coverage/clustered.py [simulations]

The effect is nil, people of a cluster are alike by the intracluster correlation; 20
people a cluster, or 10 to 40, or 4 to 58. Every interval here is what its test does not
reject, so coverage of the 95 % interval is one less the share shown.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from heard.models.cluster_robust import cluster_robust_fit
from heard.models.random_streams import generator
from heard.models.wild_bootstrap import _multipliers, _probability, _sums
from heard.results import Estimate

METHODS = (
    "CR1, z",
    "CR1, t(G-1)",
    "CR2, Satterthwaite",
    "wild bootstrap",
    "team means, t(G-2)",
)
# All combinations of up to 12 clusters; beyond, this many draws.
N_DRAWS = {True: 4096, False: 999}
SIZES = {"equal": (20, 20), "10 to 40": (10, 40), "4 to 58": (4, 58)}
CELLS = [
    *(
        (spread, icc, n_clusters, n_clusters // 2)
        for spread in SIZES
        for icc in (0.05, 0.2)
        for n_clusters in (6, 8, 10, 12, 20)
        if n_clusters < 20 or spread != "10 to 40"
    ),
    # two treated trusts
    ("equal", 0.1, 10, 2),
    ("equal", 0.1, 20, 2),
    ("4 to 58", 0.1, 20, 2),
]


def sizes(n_clusters: int, spread: str) -> np.ndarray:
    return np.geomspace(*SIZES[spread], n_clusters).round().astype(int)


def one(
    n_clusters: int, *, treated: int, spread: str, icc: float, seed: str
) -> list[bool]:
    from scipy import stats

    random = generator("clustered coverage", seed)
    counts = sizes(n_clusters, spread)
    clusters = np.repeat(np.arange(n_clusters), counts)
    arm = random.permutation(np.arange(n_clusters) < treated).astype(float)
    design = np.column_stack([np.ones(len(clusters)), arm[clusters]])
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
    draws, _, complete = _multipliers(
        n_clusters, "auto", N_DRAWS[n_clusters <= 12], seed
    )
    means = np.array([outcome[clusters == one].mean() for one in range(n_clusters)])
    by_team = stats.ttest_ind(means[arm == 1], means[arm == 0])
    return [
        size > stats.norm.ppf(0.975),
        size > stats.t.ppf(0.975, n_clusters - 1),
        shrunk.estimate < 0.05,
        _probability(sums, draws, complete=complete)(0.0) <= 0.05,
        by_team.pvalue < 0.05,
    ]


def main(simulations: int) -> None:
    print("| clusters | treated | sizes | ICC |", " | ".join(METHODS), "|")
    print("|--:|--:|---|--:|", "--:|" * len(METHODS), sep="")
    start = time.perf_counter()
    for spread, icc, n_clusters, treated in CELLS:
        # The names of the draws, by which the table in the docs can be made again.
        cell = {"balanced": spread == "equal", "icc": icc, "treated": treated}
        also = "/10 to 40" if spread == "10 to 40" else ""
        found = [
            one(
                n_clusters,
                treated=treated,
                spread=spread,
                icc=icc,
                seed=f"{n_clusters}/{cell}/{i}{also}",
            )
            for i in range(simulations)
        ]
        shares = " | ".join(f"{100 * share:.1f} %" for share in np.mean(found, axis=0))
        print(f"| {n_clusters} | {treated} | {spread} | {icc} | {shares} |", flush=True)
    print(f"\n{simulations} simulations a row, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
