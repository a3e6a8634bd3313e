"""How often comparisons over waves find what is not there, where clusters are few.

    python benchmarks/coverage/compared.py [simulations]

No effect; people of a cluster are alike, and share what happens to it at a wave.
Coverage of an interval is one less the share shown, for it holds what its test does
not reject.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.designs import randomisation
from heard.effects.designs.difference_in_differences import (
    Comparison,
    difference_in_differences,
    event_study_fit,
)
from heard.effects.designs.randomisation import placebo_comparison
from heard.effects.designs.staggered_adoption import staggered_effects
from heard.effects.designs.stepped_wedge import stepped_wedge
from heard.models.cluster_robust import ClusterRobustFit
from heard.models.random_streams import generator
from heard.results import Estimate

WAVES = ["w1", "w2", "w3", "w4", "w5"]
PILOT = Comparison(waves=WAVES, started="w5", treated="pack", control="usual")
UNEQUAL = (3, 29)


def frame(
    n_clusters: int, n_treated: int, *, equal: bool, seed: str, starts: int = 0
) -> pd.DataFrame:
    random = generator("compared coverage", seed)
    sizes = np.full(n_clusters, 10)
    if not equal:
        sizes = np.geomspace(*UNEQUAL, n_clusters).round().astype(int)
    order = random.permutation(n_clusters)
    rows = []
    level = random.normal(0, 0.3, n_clusters)
    for wave in WAVES:
        shock = random.normal(0, 0.2, n_clusters)
        cluster = np.repeat(np.arange(n_clusters), sizes)
        rows.append(
            pd.DataFrame(
                {
                    "cluster": cluster,
                    "wave": wave,
                    "arm": np.where(order[cluster] < n_treated, "pack", "usual"),
                    "score": (level + shock)[cluster]
                    + random.normal(0, 0.7, len(cluster)),
                }
            )
        )
    found = pd.concat(rows, ignore_index=True)
    if starts:
        begun = np.array([*WAVES[2:5], ""])[order * 4 // n_clusters]
        found["start"] = begun[found["cluster"]]
    return found


def rejects(result: object) -> float:
    return float(result.estimate <= 0.05) if isinstance(result, Estimate) else np.nan


def naive_joint(fit: ClusterRobustFit) -> float:
    """The usual F with clusters less one."""
    places = [fit.names.index(f"treated at {wave}") for wave in WAVES[:3]]
    found = fit.coefficients[places]
    size = found @ np.linalg.solve(fit.covariance[np.ix_(places, places)], found)
    return float(stats.f.sf(size / 3, 3, fit.n_clusters - 1) <= 0.05)


def differences(times: int) -> None:
    print("| clusters | treated | sizes | DiD, CR2 | before: AHT | before: usual F |")
    print("|--:|--:|---|--:|--:|--:|")
    for n, treated, equal in (
        (6, 3, True),
        (12, 6, True),
        (12, 6, False),
        (20, 10, False),
        (20, 2, True),
    ):
        kept = []
        for place in range(times):
            data = frame(n, treated, equal=equal, seed=f"{n} {treated} {equal} {place}")
            found = difference_in_differences(data, PILOT)
            fit = event_study_fit(data, PILOT)
            assert isinstance(fit, ClusterRobustFit)
            kept.append(
                [
                    rejects(found.difference_in_differences_p_value),
                    rejects(found.pre_trend_p_value),
                    naive_joint(fit),
                ]
            )
        print_row(f"| {n} | {treated} | {'equal' if equal else '3 to 29'} |", kept)


def placebos(times: int) -> None:
    print("| units | treated | sizes | placebo |\n|--:|--:|---|--:|")
    for n, treated, equal in ((20, 2, True), (20, 2, False), (50, 2, True)):
        kept = []
        for place in range(times):
            data = frame(n, treated, equal=equal, seed=f"p {n} {equal} {place}")
            pack = data.loc[data["arm"] == "pack", "cluster"].unique()
            found = placebo_comparison(
                data, treated=list(pack), before="w4", after="w5", unit="cluster"
            )
            kept.append([rejects(found.placebo_p_value)])
        print_row(f"| {n} | {treated} | {'equal' if equal else '3 to 29'} |", kept)


def roll_outs(times: int) -> None:
    print("| clusters | staggered, t | all times at once | stepped wedge |")
    print("|--:|--:|--:|--:|")
    for n in (8, 12, 24):
        kept = []
        for place in range(times):
            data = frame(n, 0, equal=True, seed=f"r {n} {place}", starts=1)
            found = staggered_effects(data, waves=WAVES, seed=str(place))
            bands = [e.event_time_effect_simultaneous for e in found.by_event_time]
            missed = any(
                isinstance(b, Estimate)
                and b.conf_low is not None
                and b.conf_high is not None
                and not b.conf_low <= 0 <= b.conf_high
                for b in bands
            )
            wedge = [np.nan]
            if n <= 12:
                result = stepped_wedge(data, waves=WAVES, seed=str(place))
                wedge = [rejects(result.stepped_wedge_p_value)]
            p_value = found.staggered_effect_p_value
            kept.append([rejects(p_value), float(missed), *wedge])
        print_row(f"| {n} |", kept)


def print_row(cell: str, kept: list[list[float]]) -> None:
    values = np.array(kept)
    shares = [
        "" if np.isnan(column).all() else f"{np.nanmean(column):.1%}"
        for column in values.T
    ]
    print(cell, " | ".join(shares), "|", flush=True)


def main() -> None:
    randomisation.N_DRAWS = 499  # exact at any number of draws
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    begun = time.perf_counter()
    for study in (differences, placebos, roll_outs):
        study(times)
        print(f"\n{study.__name__}: {time.perf_counter() - begun:.0f} s\n")


if __name__ == "__main__":
    main()
