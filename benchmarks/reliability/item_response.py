"""The graded response model, scalability and item bias beside their peers.

    python benchmarks/reliability/item_response.py

R's mirt and mokken run where `Rscript` finds them, Python's mirt where an interpreter
that has it is named in the environment variable PEER_PYTHON; without them only our own
times are printed. Both read the same CSV, and neither's reading is timed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.psychometrics.item_response.graded_response import graded_response_model
from heard.psychometrics.item_response.graded_scores import graded_scores
from heard.psychometrics.item_response.item_bias import item_bias
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = (0, 1, 2, 3, 4)
IN_R = r"""
timed <- function(f) { t <- proc.time()[[3]]; v <- f(); list(s = proc.time()[[3]] - t, v = v) }
has <- function(p) requireNamespace(p, quietly = TRUE)
x <- read.csv("long.csv"); y <- read.csv("short.csv"); z <- read.csv("scale.csv"); out <- list()
fitted <- function(d) { f <- mirt::mirt(d, 1, "graded", SE = TRUE, verbose = FALSE, quadpts = 121, TOL = 1e-6); mirt::extract.mirt(f, "logLik") }
if (has("mirt")) for (n in c("x", "y")) { a <- timed(function() fitted(get(n))); out[[c(x = "graded model 5,000 x 20", y = "graded model 50,000 x 5")[n]]] <- c(a$s, a$v) }
if (has("mokken")) { a <- timed(function() mokken::coefH(z, se = TRUE, results = FALSE)); out[["scalability 1,000 x 12"]] <- c(a$s, NA) }
cat(paste0("{", paste(sprintf('"%s": [%s, %s]', names(out), sapply(out, `[`, 1), ifelse(is.na(sapply(out, `[`, 2)), "null", sprintf("%.12f", sapply(out, `[`, 2)))), collapse = ","), "}"))
"""  # noqa: E501 - R, as it would be typed
IN_PYTHON = """
import json, time
import mirt, numpy as np
out = {}
files = {"graded model 5,000 x 20": "long", "graded model 50,000 x 5": "short"}
for title, name in files.items():
    x = np.loadtxt(name + ".csv", delimiter=",", skiprows=1).astype(int)
    began = time.perf_counter()
    found = mirt.fit_mirt(x, model="GRM", n_quadpts=61, tol=1e-8, max_iter=5000)
    out[title] = [time.perf_counter() - began, float(found.log_likelihood)]
print(json.dumps(out))
"""


def made(rows: int, items: int, seed: int) -> pd.DataFrame:
    """One trait behind five categories, slopes from 0.8 to 2.5."""
    random = np.random.default_rng(seed)
    slopes = random.uniform(0.8, 2.5, items)
    logit = slopes * random.normal(size=(rows, 1)) + random.logistic(size=(rows, items))
    answers = np.searchsorted((-2.2, -0.8, 0.6, 1.9), logit)
    return pd.DataFrame(answers, columns=[f"i{item}" for item in range(items)])


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The quickest of some runs, after a warm one."""
    work()
    seconds_taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds_taken.append(time.perf_counter() - began)
    return min(seconds_taken)


def peers(folder: Path) -> dict[str, dict[str, list[float | None]]]:
    """Times and log likelihoods of each peer that is there."""
    commands = {}
    if rscript := shutil.which("Rscript"):
        (folder / "peer.R").write_text(IN_R, encoding="utf-8")
        commands["R"] = [rscript, "peer.R"]
    if interpreter := os.environ.get("PEER_PYTHON"):
        (folder / "peer.py").write_text(IN_PYTHON, encoding="utf-8")
        commands["Python's mirt"] = [interpreter, "peer.py"]
    found = {}
    for name, command in commands.items():
        run = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False
        )
        if run.returncode:
            print(f"{name} failed: {run.stderr[-300:]}", file=sys.stderr)
        found[name] = json.loads(run.stdout or "{}")
    return found


def likelihood(rows: pd.DataFrame) -> float:
    found = graded_response_model(rows, categories=CODES).log_likelihood
    assert isinstance(found, Estimate)
    return found.estimate


def main() -> None:
    long, short, scale = made(5_000, 20, 1), made(50_000, 5, 2), made(1_000, 12, 3)
    groups = pd.Series(np.arange(5_000) % 2)
    with tempfile.TemporaryDirectory() as name:
        for file, rows in (("long", long), ("short", short), ("scale", scale)):
            rows.to_csv(Path(name) / f"{file}.csv", index=False)
        theirs = peers(Path(name))
    weights = graded_response_model(long, categories=CODES).parameters
    assert weights is not None
    work: dict[str, Callable[[], object]] = {
        "graded model 5,000 x 20": lambda: likelihood(long),
        "graded model 50,000 x 5": lambda: likelihood(short),
        "scores 5,000 x 20": lambda: graded_scores(long, weights),
        "scalability 1,000 x 12": lambda: mokken_scalability(scale),
        "item bias 5,000 x 20": lambda: item_bias(
            long, groups=groups, categories=CODES
        ),
    }
    print("| work | ours, s | peer | theirs, s | ratio | log likelihood apart |")
    print("|---|---|---|---|---|---|")
    for title, run in work.items():
        own, value = seconds(run), run()
        found = [(peer, rows[title]) for peer, rows in theirs.items() if title in rows]
        for peer, (seconds_taken, other) in found or [("", (None, None))]:
            ratio = "" if seconds_taken is None else f"{seconds_taken / own:.1f}x"
            difference = (
                f"{value - other:.1e}" if other and isinstance(value, float) else ""
            )
            shown = "" if seconds_taken is None else f"{seconds_taken:.2f}"
            print(
                f"| {title} | {own:.3f} | {peer} | {shown} | {ratio} | {difference} |"
            )


if __name__ == "__main__":
    main()
