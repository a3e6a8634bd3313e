"""Factor models and invariance beside R's lavaan: seconds, ratios, and how far apart.

    OPENBLAS_NUM_THREADS=1 python benchmarks/reliability/confirmatory.py

Both see the same rows in the same run, warm, the best of three, in seconds of the
processor, since other work may share the machine; lavaan with its fit
measures and standardised estimates, which are part of the answer here too. Without R or
lavaan only our own times are printed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import MeasurementInvariance
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 3
LAVAAN = """
suppressMessages(library(lavaan)); jobs <- list({jobs})
for (name in names(jobs)) {{ best <- Inf
  for (i in 1:{repeats}) {{ t <- sum(system.time(value <- jobs[[name]]())[1:2])
    best <- min(best, t) }}
  cat(name, best, sprintf("%.10f", value), "\\n") }}
"""


def simulated(
    n: int, factors: int, items: int, *, categories: int, gaps: float = 0.0
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Answers to correlated factors, in ordered categories."""
    random = np.random.default_rng(20)
    common = random.normal(size=(n, 1)) * 0.6 + 0.8 * random.normal(size=(n, factors))
    values = 0.7 * np.repeat(common, items, axis=1)
    values += 0.7 * random.normal(size=(n, factors * items))
    ends = np.linspace(-1.5, 1.5, categories - 1)
    coded = np.digitize(values, ends) + 1.0
    coded[random.random(coded.shape) < gaps] = np.nan
    names = [f"f{f}i{i}" for f in range(factors) for i in range(items)]
    shape = {f"f{f}": names[f * items : (f + 1) * items] for f in range(factors)}
    return pd.DataFrame(coded, columns=names), shape


def jobs(
    folder: Path,
) -> dict[str, tuple[Callable[[], Any], str]]:
    """Name → our call, and lavaan's."""
    found: dict[str, tuple[Callable[[], Any], str]] = {}
    for name, rows, shape, ours, theirs in cases():
        file = folder / f"{len(found)}.csv"
        rows.to_csv(file, index=False)
        model = "\n".join(f"{f} =~ {' + '.join(i)}" for f, i in shape.items())
        fit = f"cfa(model, x, std.lv = TRUE, {theirs})"
        r = (
            f"(function() {{ x <- read.csv('{file.as_posix()}'); model <- "
            f"{json.dumps(model)}; function() {{ f <- suppressWarnings({fit}); "
            "standardizedSolution(f); as.numeric(fitMeasures(f)['chisq']) }})()"
        )
        if name.startswith("invariance"):
            r = invariance_in_r(file, model)
        found[name] = (ours, r)
    return found


def cases() -> list[tuple[str, pd.DataFrame, dict[str, list[str]], Any, str]]:
    """What is measured."""
    five, shape = simulated(2_436, 5, 5, categories=6)
    with_gaps, _ = simulated(2_436, 5, 5, categories=6, gaps=0.01)
    many, two = simulated(50_000, 2, 5, categories=5)
    grouped = five.assign(g=np.where(np.arange(len(five)) % 2, "a", "b"))

    def ask(rows: pd.DataFrame, factors: Any, **options: Any) -> Any:
        return lambda: confirmatory_factors(rows, factors=factors, **options)

    listwise = {"missing": "listwise"}
    ordinal = {"estimator": "wlsmv", "categories": range(1, 6), **listwise}
    return [
        ("ml 2,436 x 25", five, shape, ask(five, shape, estimator="ml", **listwise),
         "estimator = 'ML'"),
        ("mlr 2,436 x 25", five, shape, ask(five, shape, **listwise),
         "estimator = 'MLR'"),
        ("fiml 2,436 x 25, 1 % gaps", with_gaps, shape,
         ask(with_gaps, shape, estimator="ml"),
         "missing = 'fiml'"),
        ("wlsmv 50,000 x 10", many, two, ask(many, two, **ordinal),
         "ordered = TRUE"),
        ("invariance 2 groups, mlr", grouped, shape,
         lambda: measurement_invariance(
             grouped, factors=shape, groups=grouped["g"], **listwise
         ), ""),
    ]  # fmt: skip


def invariance_in_r(file: Path, model: str) -> str:
    levels = (
        "list('none', 'loadings', c('loadings', 'intercepts'), "
        "c('loadings', 'intercepts', 'residuals'))"
    )
    return (
        f"(function() {{ x <- read.csv('{file.as_posix()}'); model <- "
        f"{json.dumps(model)}; function() {{ fs <- lapply({levels}, function(e) "
        "cfa(model, x, std.lv = TRUE, estimator = 'MLR', group = 'g', "
        "group.equal = e)); lavTestLRT(fs[[1]], fs[[2]], fs[[3]], fs[[4]]); "
        "lavTestScore(fs[[3]]); lapply(fs, fitMeasures); "
        "as.numeric(fitMeasures(fs[[4]])['chisq']) }})()"
    )


def chi_square(found: Any) -> float:
    if isinstance(found, MeasurementInvariance):
        found = found.levels[-1]
    else:
        assert isinstance(found, ConfirmatoryFactors), found
    assert isinstance(found.fit.chi_square, Estimate)
    return found.fit.chi_square.estimate


def lavaan_times(wanted: dict[str, tuple[Any, str]]) -> dict[str, tuple[float, float]]:
    """Seconds and chi-square of lavaan; empty where there is none."""
    if shutil.which("Rscript") is None:
        return {}
    listed = ", ".join(f"`{name}` = {r}" for name, (_, r) in wanted.items())
    script = LAVAAN.format(jobs=listed, repeats=REPEATS)
    ran = subprocess.run(
        ["Rscript", "-e", script], capture_output=True, text=True, check=False
    )
    found = {}
    for line in ran.stdout.splitlines():
        *name, seconds, value = line.split()
        found[" ".join(name)] = (float(seconds), float(value))
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = jobs(Path(folder))
        theirs = lavaan_times(wanted)
    print("| work | seconds | lavaan | ratio | chi-square apart |")
    print("|---|---|---|---|---|")
    for name, (ours, _) in wanted.items():
        ours()
        times = []
        for _ in range(REPEATS):
            start = time.process_time()
            found = ours()
            times.append(time.process_time() - start)
        line = f"| {name} | {min(times):.3f} |"
        if name in theirs:
            seconds, value = theirs[name]
            difference = abs(chi_square(found) - value)
            line += f" {seconds:.2f} | {seconds / min(times):.1f}x | {difference:.1e} |"
        print(line if name in theirs else f"{line} - | - | - |")


if __name__ == "__main__":
    main()
