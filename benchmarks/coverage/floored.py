"""How often 95 % intervals of skewed and floored answers hold what they should.

    python benchmarks/coverage/floored.py [SAMPLES] [WORDS]

With words, only the kinds of answers that hold one of them.

Five items of one factor, in ordered categories. The truth of each statistic is its
value among 300,000 simulated people. Printed is a markdown table; between 93 and 97 %
is as it should be. `default` is what is reported unless another is asked for.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.description import describe_scores
from heard.effects.effect_sizes import hedges_g_av_of_pairs
from heard.models.skewed_scores import Shape
from heard.psychometrics.agreement.intraclass import intraclass_correlations
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.omega import omega_total
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from heard.results import Result

TRUTH, SAMPLES = 300_000, 400
SIZES = (30, 100, 300)
LOADINGS = np.array([0.6, 0.65, 0.7, 0.75, 0.8])
# shares of the answers, lowest first
KINDS = {
    "even": (0.1, 0.2, 0.4, 0.2, 0.1),
    "half lowest": (0.5, 0.22, 0.14, 0.09, 0.05),
    "62 % lowest": (0.62, 0.2, 0.1, 0.05, 0.03),
    "79 % lowest": (0.79, 0.1, 0.06, 0.03, 0.02),
}


def answers(random: np.random.Generator, n: int, kind: str) -> pd.DataFrame:
    """One wave of one scale, with the same people's sums later in a last column."""
    cuts = stats.norm.ppf(np.cumsum(KINDS[kind])[:-1])
    factor = random.normal(size=(n, 1))
    waves = []
    for lift in (0.0, 0.3):
        later = 0.8 * factor + 0.6 * random.normal(size=(n, 1)) + lift
        own = random.normal(size=(n, len(LOADINGS))) * np.sqrt(1 - LOADINGS**2)
        waves.append(np.searchsorted(cuts, LOADINGS * later + own).astype(float))
    return pd.DataFrame(np.hstack([waves[0], waves[1].sum(axis=1, keepdims=True)]))


def items(rows: pd.DataFrame) -> pd.DataFrame:
    """The answers of the first wave."""
    return rows.iloc[:, : len(LOADINGS)]


def described(rows: pd.DataFrame, term: str) -> Result:
    """Mean or standard deviation of the sums."""
    found: Result = getattr(
        describe_scores(items(rows).sum(axis=1), lowest=0, highest=20), term
    )
    return found


def rated(rows: pd.DataFrame) -> Result:
    """The items as raters: agreement of one with the others."""
    long = items(rows).reset_index().melt("index", var_name="rater", value_name="score")
    return intraclass_correlations(long, target="index").icc_c1


def sizes(rows: pd.DataFrame, **options: str) -> Result:
    """Standardised change of the sums."""
    before = items(rows).sum(axis=1).to_numpy()
    after = rows.iloc[:, -1].to_numpy()
    return hedges_g_av_of_pairs(before, after, **options)  # type: ignore[arg-type]


STATISTICS: dict[str, Callable[[pd.DataFrame], Result]] = {
    "alpha, default": lambda rows: cronbach_alpha(items(rows)),
    "alpha, feldt": lambda rows: cronbach_alpha(items(rows), interval="feldt"),
    "alpha, adf": lambda rows: cronbach_alpha(items(rows), interval="adf"),
    "alpha, bootstrap": lambda rows: cronbach_alpha(
        items(rows), interval="bootstrap", replicates=1000
    ),
    "omega, default": lambda rows: omega_total(items(rows)),
    "omega, delta": lambda rows: omega_total(items(rows), interval="delta"),
    "mean": lambda rows: described(rows, "mean"),
    "standard deviation": lambda rows: described(rows, "standard_deviation"),
    "ICC(C,1)": rated,
    "g_av, default": lambda rows: sizes(rows, replicates=1000),  # type: ignore[arg-type]
    "g_av, bonett": lambda rows: sizes(rows, interval="bonett"),
}


QUICK = {"alpha": "alpha, feldt", "omega": "omega, delta", "g_av": "g_av, bonett"}
"""What gives the truth, where several intervals are of one statistic."""


def truth(words: str, everyone: pd.DataFrame) -> float:
    """The value among everyone."""
    found = STATISTICS[QUICK.get(words.split(",", maxsplit=1)[0], words)](everyone)
    assert isinstance(found, Estimate)
    return found.estimate


def main(samples: int, words: list[str]) -> None:
    """Print the table."""
    heads = " | ".join(f"n = {n}" for n in SIZES)
    print(f"| interval | answers | {heads} |\n|---|---|{'---|' * len(SIZES)}")
    for kind in KINDS:
        if words and not any(word in kind for word in words):
            continue
        everyone = answers(np.random.default_rng(1), TRUTH, kind)
        shape = Shape.of(items(everyone).sum(axis=1).to_numpy())
        name = f"{kind} (skewness {shape.skewness:.1f})"
        for interval, statistic in STATISTICS.items():
            wanted = truth(interval, everyone)
            shares = " | ".join(
                held(statistic, wanted, kind, n, samples) for n in SIZES
            )
            print(f"| {interval} | {name} | {shares} |", flush=True)


def held(
    statistic: Callable[[pd.DataFrame], Result],
    wanted: float,
    kind: str,
    n: int,
    samples: int,
) -> str:
    """The share of samples whose interval holds the truth."""
    random, found = np.random.default_rng(n), []
    for _ in range(samples):
        one = statistic(answers(random, n, kind))
        if isinstance(one, Estimate) and one.conf_low is not None:
            assert one.conf_high is not None
            found.append(one.conf_low <= wanted <= one.conf_high)
    return f"{100 * np.mean(found):.1f}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES, sys.argv[2:])
