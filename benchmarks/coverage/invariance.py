"""How often rules of invariance refuse equal groups, and miss ones that differ.

    OPENBLAS_NUM_THREADS=1 python benchmarks/coverage/invariance.py [REPLICATES]

Two factors of four items each (loadings .8 to .5, factors correlate .5), two groups of
equal size; twice as many replicates where they are equal. In the second group factors
are higher by 0.3; where groups differ, one item of it loads .35 lower, or is answered
.4 standard deviations higher. Every rule judges the same fits. About five minutes of
an idle processor.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from heard.models.random_streams import generator
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import (
    InvarianceRule,
    MeasurementInvariance,
    configural_verdict,
    verdict,
)

REPLICATES = 60
SIZES = (60, 100, 200, 300, 500)
LOADINGS = np.tile([0.8, 0.7, 0.6, 0.5], 2)
NAMES = [f"{f}{i}" for f in "ab" for i in range(4)]
FACTORS = {"a": NAMES[:4], "b": NAMES[4:]}
RULES = {
    "change of fit (.010, .015)": InvarianceRule(test_level=None),
    "change of fit (.005, .010)": InvarianceRule(
        fit_drop=0.005, error_rise=0.01, test_level=None
    ),
    "change of fit and test at .05": InvarianceRule(test_level=0.05),
    "change of fit and test at .10": InvarianceRule(test_level=0.10),
    "test at .05 alone": InvarianceRule(fit_drop=-9, error_rise=-9, test_level=0.05),
}


def answers(random: np.random.Generator, n: int, kind: str) -> pd.DataFrame:
    """One group; `kind` is what is not as in the first one."""
    loadings, level = LOADINGS.copy(), np.zeros(8)
    own = np.sqrt(1 - LOADINGS**2)
    root = np.linalg.cholesky([[1, 0.5], [0.5, 1]])
    factors = random.normal(size=(n, 2)) @ root.T + (0.3 if kind else 0.0)
    loadings[1] -= 0.35 * (kind == "loading")
    level[1] += 0.4 * (kind == "intercept")
    common = np.repeat(factors, 4, axis=1) * loadings
    return pd.DataFrame(common + level + random.normal(size=(n, 8)) * own).set_axis(
        NAMES, axis=1
    )


def refused(found: MeasurementInvariance, rule: InvarianceRule) -> bool:
    """Whether a rule would not compare means."""
    verdicts = [configural_verdict(found.levels[0].fit, rule, "mlr")]
    for level in found.levels[1:3]:
        compared: dict[str, Any] = {
            "comparative_fit_change": level.comparative_fit_change,
            "rmsea_change": level.rmsea_change,
            "chi_square_difference_p": level.chi_square_difference_p,
        }
        verdicts.append(verdict(compared, rule))
    return len(verdicts) < 3 or any(one != ("holds",) for one in verdicts)


def study(kind: str, n: int, replicates: int) -> dict[str, float]:
    random = generator("invariance rules", kind, str(n))
    groups = pd.Series(np.repeat(["one", "two"], n))
    accepted: dict[str, list[bool]] = defaultdict(list)
    for _ in range(replicates):
        parts = [answers(random, n, ""), answers(random, n, kind)]
        found = measurement_invariance(
            pd.concat(parts, ignore_index=True),
            factors=FACTORS,
            groups=groups,
            missing="listwise",
        )
        for name, rule in RULES.items():
            there = isinstance(found, MeasurementInvariance)
            accepted[name].append(not there or refused(found, rule))
    return {name: 100 * float(np.mean(values)) for name, values in accepted.items()}


def main() -> None:
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES
    print("| groups | rule | " + " | ".join(f"{n} each" for n in SIZES) + " |")
    print("|---|---|" + "---|" * len(SIZES))
    for kind in ("equal", "loading", "intercept"):
        many = replicates * (2 if kind == "equal" else 1)
        found = [study(kind, n, many) for n in SIZES]
        for name in RULES:
            cells = " | ".join(f"{one[name]:.0f} %" for one in found)
            print(f"| {kind} | {name} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
