"""Polychoric correlations, factors and bootstraps beside R: ratios from one run.

    python benchmarks/reliability/structure.py

R's part runs lavaan and psych where `Rscript` finds them; without them only our own
times are printed. Both read the same CSV, and neither's reading is timed. Seconds
are of the processor, since other work may share the machine.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from heard.psychometrics.categories import categorised_responses
from heard.psychometrics.structure.dimensions import parallel_analysis
from heard.psychometrics.structure.exploratory import exploratory_factors
from heard.psychometrics.structure.hierarchical_omega import omega_hierarchical
from heard.psychometrics.structure.ordinal_correlations import polychoric_correlations
from heard.psychometrics.structure.polychoric import polychoric_moments
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = (1, 2, 3, 4, 5)
SCRIPT = r"""
options(warn = -1)
now <- function() sum(proc.time()[1:2])
timed <- function(f) { t <- now(); v <- f(); list(s = now() - t, v = v) }
has <- function(p) requireNamespace(p, quietly = TRUE)
quiet <- function(e) { sink(nullfile()); on.exit(sink()); force(e) }
x <- read.csv("many.csv"); w <- read.csv("long.csv"); p <- read.csv("pilot.csv"); out <- list()
if (has("lavaan")) {
  a <- timed(function() unclass(lavaan::lavCor(x, ordered = names(x))))
  b <- timed(function() unclass(lavaan::lavCor(w, ordered = names(w))))
  out[["polychoric 5,000 x 30"]] <- c(a$s, a$v[1, 2]); out[["polychoric 1,000,000 x 2"]] <- c(b$s, b$v[1, 2]) }
if (has("psych")) {
  a <- timed(function() quiet(suppressMessages(psych::fa(p, 3, n.iter = 100, rotate = "oblimin"))))
  b <- timed(function() quiet(suppressMessages(psych::omega(p, 3, n.iter = 100, plot = FALSE))))
  c <- timed(function() quiet(suppressMessages(psych::fa.parallel(p, n.iter = 500, fa = "both", plot = FALSE, sim = TRUE))))
  out[["EFA 500 x 12, a bootstrap draw"]] <- c(a$s / 100, NA); out[["omega hierarchical 500 x 12, a bootstrap draw"]] <- c(b$s / 100, NA)
  out[["parallel analysis 500 x 12, 500 draws"]] <- c(c$s, NA) }
cat(paste0("{", paste(sprintf('"%s": [%s, %s]', names(out), sapply(out, `[`, 1), ifelse(is.na(sapply(out, `[`, 2)), "null", sprintf("%.12f", sapply(out, `[`, 2)))), collapse = ","), "}"))
"""  # noqa: E501 - R, as it would be typed


def made(rows: int, items: int, groups: int, seed: int) -> pd.DataFrame:
    """A general factor and some group factors behind five categories."""
    random = np.random.default_rng(seed)
    latent = random.normal(size=(rows, 1)) + random.normal(size=(rows, items))
    latent += random.normal(size=(rows, groups))[:, np.arange(items) % groups]
    answers = np.searchsorted((-2.2, -0.8, 0.5, 1.9), latent) + 1
    return pd.DataFrame(answers, columns=[f"i{item}" for item in range(items)])


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The quickest of some runs, after a warm one."""
    work()
    seconds_taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        seconds_taken.append(time.process_time() - began)
    return min(seconds_taken)


def peers(folder: Path) -> dict[str, list[float | None]]:
    if not shutil.which("Rscript"):
        return {}
    (folder / "peer.R").write_text(SCRIPT, encoding="utf-8")
    run = subprocess.run(
        ["Rscript", "peer.R"], cwd=folder, capture_output=True, text=True, check=False
    )
    found: dict[str, list[float | None]] = json.loads(run.stdout or "{}")
    return found


def main() -> None:
    many, long, pilot = (
        made(5_000, 30, 3, 1),
        made(1_000_000, 2, 1, 2),
        made(500, 12, 3, 3),
    )
    with tempfile.TemporaryDirectory() as name:
        for file, rows in (("many", many), ("long", long), ("pilot", pilot)):
            rows.to_csv(Path(name) / f"{file}.csv", index=False)
        theirs = peers(Path(name))

    def polychoric(rows: pd.DataFrame) -> float:
        found = polychoric_correlations(rows, categories=CODES)
        rho = found.pairs[0].polychoric_correlation
        assert isinstance(rho, Estimate)
        return rho.estimate

    ranks = {rows.shape: categorised_responses(rows, CODES) for rows in (many, long)}

    def bare(rows: pd.DataFrame) -> float:
        found = ranks[rows.shape]
        return float(polychoric_moments(found.ranks, found.counts).rho[0])

    draws = 1000
    work: dict[str, tuple[Callable[[], float | None], float]] = {
        "polychoric 5,000 x 30": (lambda: polychoric(many), 1),
        "polychoric 5,000 x 30, ranks given": (lambda: bare(many), 1),
        "polychoric 1,000,000 x 2": (lambda: polychoric(long), 1),
        "polychoric 1,000,000 x 2, ranks given": (lambda: bare(long), 1),
        "EFA 500 x 12, a bootstrap draw": (
            lambda: exploratory_factors(pilot, factors=3, replicates=draws) and None,
            draws,
        ),
        "omega hierarchical 500 x 12, a bootstrap draw": (
            lambda: omega_hierarchical(pilot, factors=3, replicates=draws) and None,
            draws,
        ),
        "parallel analysis 500 x 12, 500 draws": (
            lambda: parallel_analysis(pilot, variant="factors") and None,
            1,
        ),
    }
    print("| work | ours, s | R, s | ratio | apart |")
    print("|---|---|---|---|---|")
    for title, (run, share) in work.items():
        own = seconds(run) / share
        peer, value = theirs.get(title.removesuffix(", ranks given"), [None, None])
        ratio = "" if peer is None else f"{peer / own:.0f}x"
        difference = "" if value is None else f"{abs((run() or 0) - value):.0e}"
        print(f"| {title} | {own:.4f} | {peer or ''} | {ratio} | {difference} |")


if __name__ == "__main__":
    main()
