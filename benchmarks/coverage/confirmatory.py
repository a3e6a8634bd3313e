"""How often 95 % intervals of factor models hold the truth, and how often rules err.

    OPENBLAS_NUM_THREADS=1 python benchmarks/coverage/confirmatory.py

Two factors of four items each (loadings .8 to .5, factors correlate .5), normal or
skewed answers, 15 % of answers missing at random, or four ordered categories; 90 %
intervals of the error of approximation are not in it: the model is true, they hold 0.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from heard.models.random_streams import generator
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import MeasurementInvariance
from heard.results import Estimate

REPLICATES = 400
LOADINGS = np.array([0.8, 0.7, 0.6, 0.5])
CORRELATION = 0.5
NAMES = [f"{f}{i}" for f in "ab" for i in range(4)]
FACTORS = {"a": NAMES[:4], "b": NAMES[4:]}
MEAN_DIFFERENCE = 0.3
OMEGA = LOADINGS.sum() ** 2 / (LOADINGS.sum() ** 2 + (1 - LOADINGS**2).sum())
EXTRACTED = float((LOADINGS**2).mean())
INSIDE = np.outer(LOADINGS, LOADINGS)[np.triu_indices(4, 1)].mean()
RATIO = CORRELATION * np.outer(LOADINGS, LOADINGS).mean() / INSIDE
TRUTH = {
    "loading (first)": LOADINGS[0],
    "loading (last)": LOADINGS[3],
    "standardised loading (first)": LOADINGS[0],
    "standardised loading (last)": LOADINGS[3],
    "residual variance (first)": 1 - LOADINGS[0] ** 2,
    "factor correlation": CORRELATION,
    "composite reliability": OMEGA,
    "average variance extracted": EXTRACTED,
    "heterotrait-monotrait ratio": RATIO,
    "latent mean difference": MEAN_DIFFERENCE,
}


def answers(
    random: np.random.Generator, n: int, *, skewed: bool = False, mean: float = 0.0
) -> pd.DataFrame:
    """Answers of variance 1; skewed ones like a chi-square with 4 df."""

    def draw(*size: int) -> Any:
        if not skewed:
            return random.normal(size=size)
        return (random.chisquare(4, size=size) - 4) / np.sqrt(8)

    root = np.linalg.cholesky([[1, CORRELATION], [CORRELATION, 1]])
    common = np.repeat(draw(n, 2) @ root.T + mean, 4, axis=1)
    strength = np.tile(LOADINGS, 2)
    values = common * strength + draw(n, 8) * np.sqrt(1 - strength**2)
    return pd.DataFrame(values, columns=NAMES)


def intervals(found: ConfirmatoryFactors) -> dict[str, Any]:
    first, last, factor = found.loadings[0], found.loadings[3], found.reliability[0]
    return {
        "loading (first)": first.loading,
        "loading (last)": last.loading,
        "standardised loading (first)": first.standardised_loading,
        "standardised loading (last)": last.standardised_loading,
        "residual variance (first)": found.items[0].residual_variance,
        "factor correlation": found.relations[0].factor_correlation,
        "composite reliability": factor.composite_reliability,
        "average variance extracted": factor.average_variance_extracted,
        "heterotrait-monotrait ratio": found.relations[0].heterotrait_monotrait_ratio,
    }


def count(covered: dict[str, list[bool]], found: dict[str, Any]) -> None:
    for name, result in found.items():
        if isinstance(result, Estimate) and result.conf_low is not None:
            assert result.conf_high is not None
            covered[name].append(result.conf_low <= TRUTH[name] <= result.conf_high)


def study(kind: str, n: int) -> tuple[dict[str, list[bool]], list[bool]]:
    """Which intervals held the truth, and in which replicates the test denied it."""
    random = generator("confirmatory coverage", kind, str(n))
    covered: dict[str, list[bool]] = defaultdict(list)
    rejected_levels: list[bool] = []
    for _ in range(REPLICATES):
        rows = answers(random, n, skewed="skewed" in kind)
        options: dict[str, Any] = {"missing": "listwise"}
        if "gaps" in kind:
            rows = rows.mask(random.random(rows.shape) < 0.15)
            options = {}
        if "ordinal" in kind:
            rows = rows.apply(lambda item: np.digitize(item, [-1.0, 0.0, 1.2]) + 1.0)
            options = {"estimator": "wlsmv", "categories": [1, 2, 3, 4]}
        if kind.startswith("ml,"):
            options["estimator"] = "ml"
        found = confirmatory_factors(rows, factors=FACTORS, **options)
        if not isinstance(found, ConfirmatoryFactors):
            continue
        count(covered, intervals(found))
        p = found.fit.chi_square_p
        if isinstance(found.fit.scaled_chi_square_p, Estimate):
            p = found.fit.scaled_chi_square_p
        assert isinstance(p, Estimate)
        rejected_levels.append(p.estimate < 0.05)
    return covered, rejected_levels


def invariance(n: int) -> tuple[dict[str, list[bool]], dict[str, list[bool]]]:
    """The latent mean difference, and how often a true level is denied."""
    random = generator("invariance coverage", str(n))
    covered: dict[str, list[bool]] = defaultdict(list)
    wrong: dict[str, list[bool]] = defaultdict(list)
    groups = pd.Series(np.repeat(["one", "two"], n))
    for _ in range(REPLICATES // 2):
        parts = [answers(random, n), answers(random, n, mean=MEAN_DIFFERENCE)]
        rows = pd.concat(parts, ignore_index=True)
        found = measurement_invariance(
            rows, factors=FACTORS, groups=groups, missing="listwise"
        )
        if not isinstance(found, MeasurementInvariance):
            continue
        difference = found.differences[0].latent_mean_difference
        count(covered, {"latent mean difference": difference})
        wrong["rule"].append(not found.comparable)
        both = not found.levels[0].holds
        for level in found.levels[1:3]:
            p = level.chi_square_difference_p
            by_test = isinstance(p, Estimate) and p.estimate < 0.05
            wrong[f"{level.level} test"].append(by_test)
            both = both or (by_test and not level.holds)
        wrong["rule with test"].append(both)
    return covered, wrong


def share(values: list[bool]) -> str:
    return f"{100 * np.mean(values):.1f}" if values else "-"


def main() -> None:
    kinds = [
        ("ml, normal", 150),
        ("mlr, normal", 150),
        ("mlr, skewed", 150),
        ("mlr, skewed", 500),
        ("mlr, gaps", 200),
        ("ordinal", 300),
    ]
    found = {(kind, n): study(kind, n) for kind, n in kinds}
    print(
        "| 95 % interval of | " + " | ".join(f"{k}, n = {n}" for k, n in kinds) + " |"
    )
    print("|---|" + "---|" * len(kinds))
    for name in list(TRUTH)[:-1]:
        cells = [share(found[key][0][name]) for key in kinds]
        print(f"| {name} | " + " | ".join(cells) + " |")
    cells = [share(found[key][1]) for key in kinds]
    print("| *true model denied at .05* | " + " | ".join(cells) + " |")
    print("| *fitted, of all* | " + " | ".join(
        share([True] * len(found[k][1]) + [False] * (REPLICATES - len(found[k][1])))
        for k in kinds
    ) + " |\n")  # fmt: skip
    print("| invariance, two true groups | 100 each | 300 each |\n|---|---|---|")
    sizes = [invariance(100), invariance(300)]
    term = "latent mean difference"
    print(f"| {term} held | " + " | ".join(share(h[term]) for h, _ in sizes) + " |")
    for name in ("metric test", "scalar test", "rule", "rule with test"):
        cells = [share(wrong[name]) for _, wrong in sizes]
        print(f"| wrongly denied: {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
