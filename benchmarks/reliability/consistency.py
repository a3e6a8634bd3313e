"""Alpha, item statistics and their bootstraps beside R and Python: ratios of one run.

    python benchmarks/reliability/consistency.py [--small]

R's part runs psych and lavaan where `Rscript` finds them, pingouin where it can be
imported; without them only our own times are printed. Reading files is not timed.
`--small` leaves out psych on 1,000,000 x 100, which takes minutes and gigabytes.
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
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from heard.models.bootstrap import drawn
from heard.models.random_streams import generator
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.items.statistics import item_statistics

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = r"""
options(warn = -1, scipen = 0)
args <- commandArgs(TRUE); out <- list()
timed <- function(f, n = 1) { t <- proc.time()[[3]]; for (i in seq_len(n)) v <- f(); c((proc.time()[[3]] - t) / n, v) }
has <- function(p) requireNamespace(p, quietly = TRUE)
read <- function(name, k) { m <- matrix(readBin(name, "integer", file.size(name), size = 1), ncol = k, byrow = TRUE); d <- as.data.frame(m); names(d) <- paste0("i", seq_len(k)); d }
one <- function(d) suppressMessages(psych::alpha(d, check.keys = FALSE, warnings = FALSE))
a <- read("table 5,000 x 20", 20); b <- read("table 100,000 x 30", 30); p <- read("pilot", 10)
if (has("psych")) {
  out[["table 5,000 x 20"]] <- timed(function() one(a)$total$raw_alpha, 5)
  out[["table 100,000 x 30"]] <- timed(function() one(b)$total$raw_alpha)
  if ("large" %in% args) { d <- read("table 1,000,000 x 100", 100); gc(reset = TRUE)
    out[["table 1,000,000 x 100"]] <- timed(function() one(d)$total$raw_alpha)
    out[["memory"]] <- c(sum(gc()[, 6]), 0); rm(d) }
  out[["alpha bootstrap 5,000 x 20, 2,000 draws"]] <- timed(function() { suppressMessages(psych::alpha(a, n.iter = 100, check.keys = FALSE, warnings = FALSE)); NA }) * 20
  out[["alpha bootstrap 200 x 10, 10,000 draws"]] <- timed(function() { suppressMessages(psych::alpha(p, n.iter = 500, check.keys = FALSE, warnings = FALSE)); NA }) * 20 }
if (has("lavaan")) {
  om <- function(d, n) { m <- paste(paste0("f =~ ", paste(sprintf("l%d*i%d", 1:n, 1:n), collapse = "+")), paste(sprintf("i%d ~~ e%d*i%d", 1:n, 1:n, 1:n), collapse = "\n"), sep = "\n")
    full <- lavaan::cfa(m, d, std.lv = TRUE, se = "none"); g <- function(x) { e <- lavaan::coef(x); l <- sum(e[1:n])^2; l / (l + sum(e[(n + 1):(2 * n)])) }
    c(timed(function() { lavaan::bootstrapLavaan(full, R = 20, FUN = g); NA })[1] / 20, g(full)) }
  out[["omega bootstrap 5,000 x 20, a draw"]] <- om(a, 20)
  out[["omega bootstrap 200 x 10, a draw"]] <- om(p, 10) }
cat(paste0("{", paste(sprintf('"%s": [%s, %s]', names(out), sapply(out, `[`, 1), ifelse(is.na(sapply(out, `[`, 2)), "null", sprintf("%.14f", sapply(out, `[`, 2)))), collapse = ","), "}"))
"""  # noqa: E501 - R, as it would be typed
TABLES = {
    "table 5,000 x 20": (5_000, 20),
    "table 100,000 x 30": (100_000, 30),
    "table 1,000,000 x 100": (1_000_000, 100),
    "pilot": (200, 10),
}


def made(rows: int, items: int) -> pd.DataFrame:
    """One factor behind five categories, a byte an answer."""
    random = np.random.default_rng(rows)
    factor = random.normal(size=(rows, 1)).astype(np.float32)
    answers = np.empty((rows, items), dtype=np.int8)
    for item in range(items):
        own = random.normal(size=rows).astype(np.float32)
        answers[:, item] = np.clip(np.rint(3 + factor[:, 0] + own), 1, 5)
    return pd.DataFrame(answers, columns=[f"i{item + 1}" for item in range(items)])


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The quickest of some runs, after a warm one."""
    work()
    seconds_taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds_taken.append(time.perf_counter() - began)
    return min(seconds_taken)


def peers(frames: dict[str, pd.DataFrame], *, large: bool) -> dict[str, list[Any]]:
    """What R took and found."""
    if not shutil.which("Rscript"):
        return {}
    with tempfile.TemporaryDirectory() as name:
        for file, rows in frames.items():
            (Path(name) / file).write_bytes(rows.to_numpy().tobytes())
        (Path(name) / "peer.R").write_text(SCRIPT, encoding="utf-8")
        run = subprocess.run(
            ["Rscript", "peer.R", *(["large"] if large else [])],
            cwd=name,
            capture_output=True,
            text=True,
            check=False,
        )
    start = run.stdout.find("{")
    found: dict[str, list[Any]] = json.loads(run.stdout[start:] if start >= 0 else "{}")
    return found


def table(frame: pd.DataFrame) -> float:
    """Alpha, and all statistics of every item."""
    item_statistics(frame, lowest=1, highest=5)
    return cronbach_alpha(frame).estimate  # type: ignore[union-attr]


def peak(frame: pd.DataFrame) -> float:
    """Mebibytes that the table needs beside the answers."""
    tracemalloc.start()
    table(frame)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


def naive(values: np.ndarray, draws: int) -> float:
    """A loop that resamples rows, as one would write it first."""
    random, k = np.random.default_rng(1), values.shape[1]
    found = []
    for _ in range(draws):
        rows = values[random.integers(0, len(values), len(values))]
        variances = rows.var(axis=0, ddof=1).sum()
        found.append(k / (k - 1) * (1 - variances / rows.sum(axis=1).var(ddof=1)))
    return float(np.std(found))


def row(
    title: str, own: float, peer: float | None, who: str, difference: str = ""
) -> None:
    """One line of the table."""
    ratio = "" if peer is None else f"{peer / own:,.0f}x"
    other = "" if peer is None else f"{peer:.4g}"
    print(f"| {title} | {own:.4g} | {other} | {who} | {ratio} | {difference} |")


def tables(frames: dict[str, pd.DataFrame], theirs: dict[str, list[Any]]) -> None:
    """Benchmarks 1 to 3: the tables, and the pass beside one reading."""
    for title, frame in list(frames.items())[:3]:
        peer, value = theirs.get(title, [None, None])
        difference = "" if value is None else f"{abs(table(frame) - value):.0e}"
        row(title, seconds(lambda f=frame: table(f)), peer, "psych::alpha", difference)  # type: ignore[misc]
    large = frames["table 1,000,000 x 100"]
    peak_memory = theirs.get("memory", [None])[0]
    row("  its memory, MiB", peak(large), peak_memory, "psych::alpha")
    values = large.to_numpy()
    read = seconds(lambda: values.sum(dtype=np.int64))
    row("alpha alone, beside one sum of the int8 array", seconds(lambda: cronbach_alpha(large)), read, "numpy")  # fmt: skip  # noqa: E501


def gaps(frame: pd.DataFrame) -> None:
    """Benchmark 4: a twentieth missing, pairwise."""
    holes = np.random.default_rng(1).random(frame.shape) < 0.05
    with_gaps = frame.astype(float).mask(holes)
    own = seconds(lambda: cronbach_alpha(with_gaps, missing="pairwise"))
    try:
        import pingouin
    except ImportError:
        row("5 % missing pairwise, 100,000 x 30", own, None, "")
        return
    peer = seconds(lambda: pingouin.cronbach_alpha(with_gaps), 1)
    difference = abs(
        cronbach_alpha(with_gaps, missing="pairwise").estimate  # type: ignore[union-attr]
        - pingouin.cronbach_alpha(with_gaps)[0]
    )
    row(
        "5 % missing pairwise, 100,000 x 30", own, peer, "pingouin", f"{difference:.0e}"
    )


def resampling(frames: dict[str, pd.DataFrame], theirs: dict[str, list[Any]]) -> None:
    """Benchmarks 5 to 9: bootstrap intervals, and what they cannot do without."""
    many, pilot = frames["table 5,000 x 20"], frames["pilot"]

    def alpha(frame: pd.DataFrame, draws: int) -> object:
        return cronbach_alpha(frame, interval="percentile", replicates=draws)

    def omega(frame: pd.DataFrame, draws: int) -> object:
        return omega_total(frame, interval="percentile", replicates=draws)

    title = "alpha bootstrap 5,000 x 20, 2,000 draws"
    peer = theirs.get(title, [None])[0]
    own = seconds(lambda: alpha(many, 2000))
    row(title, own, peer, "psych n.iter (100 timed)")
    values = many.to_numpy(dtype=float)
    row(title, own, seconds(lambda: naive(values, 200), 1) * 10, "loop over resamples")
    row("  10,000 draws beside its 2,000", seconds(lambda: alpha(many, 10_000), 1), peer, "psych")  # fmt: skip  # noqa: E501
    title = "omega bootstrap 5,000 x 20, a draw"
    peer, value = theirs.get(title, [None, None])
    own_omega = seconds(lambda: omega(many, 2000), 1) / 2000
    difference = (
        "" if value is None else f"{abs(omega_total(many).estimate - value):.0e}"
    )  # type: ignore[union-attr]
    row(title, own_omega, peer, "lavaan bootstrapLavaan", difference)
    floor = seconds(lambda: draws_and_product(values, 22, 2000))
    row("alpha beside its draws and product", own, floor, "numpy")
    for title, work, per in (
        ("alpha bootstrap 200 x 10, 10,000 draws", alpha, 1),
        ("omega bootstrap 200 x 10, a draw", omega, 10_000),
    ):
        peer, value = theirs.get(title, [None, None])
        seconds_taken = seconds(lambda w=work: w(pilot, 10_000)) / per  # type: ignore[misc]
        row(title, seconds_taken, peer, "psych" if per == 1 else "lavaan")


def draws_and_product(values: np.ndarray, columns: int, draws: int) -> None:
    """The least a bootstrap of sums costs."""
    random, block = generator("floor"), 200
    product = np.random.default_rng(1).normal(size=(len(values), columns))
    for _ in range(draws // block):
        drawn(random, block, len(values)) @ product


def main() -> None:
    """Print the table."""
    frames = {name: made(*size) for name, size in TABLES.items()}
    theirs = peers(frames, large="--small" not in sys.argv)
    print("| work | ours | theirs | who | ratio | apart |")
    print("|---|---|---|---|---|---|")
    tables(frames, theirs)
    gaps(frames["table 100,000 x 30"])
    resampling(frames, theirs)


if __name__ == "__main__":
    main()
