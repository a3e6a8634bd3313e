"""Crossed variance components of 73,421 ratings, beside lme4 in the same run.

    python benchmarks/reliability/dependability.py RATINGS.csv

RATINGS.csv holds the InstEval data of R's lme4: columns s (student), d (lecturer) and y
(rating). Times are of the processor, since other work may share the machine. R, lme4 or
the file absent: that row is left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from heard.models.mixed.design import RandomTerm
from heard.models.mixed.model import MixedFit, fit_mixed_model
from heard.psychometrics.dependability.components import moment_components

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 3
PEER = """
suppressPackageStartupMessages(library(lme4))
d <- read.csv("{path}"); d$s <- factor(d$s); d$d <- factor(d$d)
best <- Inf
for (i in 1:{repeats}) {{
  t <- system.time(m <- lmer(y ~ 1 + (1|s) + (1|d), d)); best <- min(best, sum(t[1:2]))
}}
cat(best, as.data.frame(VarCorr(m))$vcov, "\\n")
"""


def fastest(work: Callable[[], object]) -> float:
    """Processor seconds of the fastest of a few repeats."""
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def peer(path: Path) -> list[float] | None:
    """Seconds of lme4 and its variances; None where it is not there."""
    if shutil.which("Rscript") is None:
        return None
    script = PEER.format(path=path, repeats=REPEATS)
    done = subprocess.run(
        ["Rscript", "-e", script], capture_output=True, text=True, check=False
    )
    return [float(x) for x in done.stdout.split()] if done.returncode == 0 else None


def main() -> None:
    path = Path(sys.argv[1])
    ratings = pd.read_csv(path)
    scores = ratings["y"].to_numpy(float)

    def terms() -> list[RandomTerm]:
        return [RandomTerm.of(name, ratings[name]) for name in ("s", "d")]

    fit = fit_mixed_model(scores, terms())
    assert isinstance(fit, MixedFit)
    ours = fastest(lambda: fit_mixed_model(scores, terms()))
    moments = fastest(lambda: moment_components(scores, terms()))
    theirs = peer(path)
    print("| work | seconds | times faster than lme4 |\n|---|---|---|")
    if theirs:
        print(f"| lme4, REML | {theirs[0]:.2f} | 1 |")
        found = [fit.variance("s"), fit.variance("d"), fit.residual_variance]
        difference = max(abs(a / b - 1) for a, b in zip(found, theirs[1:], strict=True))
    ratio = (lambda t: f"{theirs[0] / t:.1f}") if theirs else (lambda _: "-")
    print(f"| this package, REML, checked | {ours:.2f} | {ratio(ours)} |")
    print(f"| this package, method of moments | {moments:.3f} | {ratio(moments)} |")
    if theirs:
        print(
            f"\nlargest relative difference of a variance from lme4: {difference:.1e}"
        )


if __name__ == "__main__":
    main()
