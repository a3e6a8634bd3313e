"""How long cluster-robust fits take beside statsmodels, and who can do what.

    python benchmarks/outcomes/clustered.py

5,000 rows in 50 clusters. pyfixest and wildboottest are timed where they are installed.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from heard.effects.clustered.repeated_waves import mixed_wave_effects
from heard.models.cluster_robust import cluster_robust_fit
from heard.models.random_streams import generator
from heard.models.wild_bootstrap import wild_cluster_bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["one", "arm", "before"]


def timed(label: str, call: Callable[[], object]) -> None:
    call()
    start = time.perf_counter()
    for _ in range(5):
        call()
    print(f"| {label} | {(time.perf_counter() - start) / 5 * 1000:.0f} ms |")


def rows(sizes: int = 100, clusters: int = 50) -> tuple[np.ndarray, ...]:
    random = generator("benchmark clustered")
    codes = np.repeat(np.arange(clusters), sizes)
    arm, before = (codes % 2).astype(float), random.normal(size=len(codes))
    outcome = 0.2 * arm + 0.5 * before + random.normal(size=len(codes))
    outcome += random.normal(0, 0.3, clusters)[codes]
    return outcome, np.column_stack([np.ones(len(codes)), arm, before]), codes


def waves() -> pd.DataFrame:
    outcome, design, codes = rows()
    frame = pd.DataFrame({"arm": design[:, 1], "cluster": codes, "score": outcome})
    frame["participant"] = np.arange(len(frame))
    random = generator("benchmark waves")
    return pd.concat(
        [
            frame.assign(wave=w, score=outcome + random.normal(size=len(frame)))
            for w in "abc"
        ],
        ignore_index=True,
    )


def main() -> None:
    from statsmodels.regression.linear_model import OLS

    outcome, design, codes = rows()
    print("| what | time |\n|---|--:|")
    timed(
        "statsmodels OLS, cluster (CR1; has no CR2)",
        lambda: OLS(outcome, design).fit(
            cov_type="cluster", cov_kwds={"groups": codes}
        ),
    )
    timed(
        "cluster_robust_fit, CR2 and degrees of freedom",
        lambda: cluster_robust_fit(
            outcome, design, codes, names=NAMES
        ).degrees_of_freedom("arm"),
    )
    timed(
        "the same, 50 absorbed teams",
        lambda: cluster_robust_fit(
            outcome, design[:, 2:], codes, names=NAMES[2:], absorb=codes
        ),
    )
    timed(
        "wild_cluster_bootstrap, 9,999 draws, p and interval",
        lambda: wild_cluster_bootstrap(
            outcome, design, codes, names=NAMES, name="arm", term="effect", seed="b"
        ),
    )
    frame = waves()
    timed(
        "mixed_wave_effects, 15,000 rows, 5,000 people, 50 teams",
        lambda: mixed_wave_effects(frame, waves=list("abc"), treated=1.0, control=0.0),
    )
    pyfixest_peer(outcome, design, codes)
    r_peers(outcome, design, codes, frame)


def pyfixest_peer(outcome: np.ndarray, design: np.ndarray, codes: np.ndarray) -> None:
    """Least squares with cluster errors, and its wild bootstrap (no interval)."""
    if importlib.util.find_spec("pyfixest") is None:
        print("| pyfixest | not installed |")
        return
    import pyfixest  # type: ignore[import-not-found]

    data = pd.DataFrame(
        {"y": outcome, "arm": design[:, 1], "before": design[:, 2], "cluster": codes}
    )

    def fit() -> Any:
        return pyfixest.feols("y ~ arm + before", data, vcov={"CRV1": "cluster"})

    timed("pyfixest, cluster (CR1)", fit)
    if importlib.util.find_spec("wildboottest") is None:
        print("| wildboottest | not installed |")
        return
    fitted = fit()
    timed(
        "pyfixest with wildboottest, 9,999 draws, p alone",
        lambda: fitted.wildboottest(param="arm", reps=9999, seed=1),
    )


def r_peers(
    outcome: np.ndarray, design: np.ndarray, codes: np.ndarray, frame: pd.DataFrame
) -> None:
    """R's clubSandwich and lmerTest, one warm call each."""
    if shutil.which("Rscript") is None:
        print("| R | not installed |")
        return
    with tempfile.TemporaryDirectory() as folder:
        rows_file, waves_file = Path(folder, "rows.csv"), Path(folder, "waves.csv")
        data = pd.DataFrame({"y": outcome, "arm": design[:, 1], "before": design[:, 2]})
        data.assign(cluster=codes).to_csv(rows_file, index=False)
        frame.to_csv(waves_file, index=False)
        script = R_SCRIPT.format(rows=rows_file, waves=waves_file)
        finished = subprocess.run(
            ["Rscript", "-e", script], capture_output=True, text=True, check=False
        )
    print(finished.stdout.strip() or "| R packages | not installed |")


R_SCRIPT = """
suppressMessages({{library(clubSandwich); library(lmerTest)}})
told <- function(label, call) {{
  call()
  time <- system.time(call())[["elapsed"]]
  cat(sprintf("| %s | %.0f ms |\\n", label, 1000 * time))
}}
d <- read.csv("{rows}"); w <- read.csv("{waves}")
told("clubSandwich, CR2 and degrees of freedom", function()
  coef_test(lm(y ~ arm + before, d), "CR2", cluster = d$cluster,
            test = "Satterthwaite"))
told("lmerTest, 15,000 rows, 5,000 people, 50 teams", function()
  summary(lmer(score ~ wave * arm + (1 | cluster) + (1 | participant), w)))
"""


if __name__ == "__main__":
    main()
