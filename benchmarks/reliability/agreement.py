"""Six intraclass correlations with intervals from long ratings, beside pingouin.

Seconds are of the processor, since other work may share the machine.

python benchmarks/reliability/agreement.py
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from heard.models.random_streams import generator
from heard.psychometrics.agreement.intraclass import intraclass_correlations

if TYPE_CHECKING:
    from collections.abc import Callable


def long_ratings(targets: int, raters: int) -> pd.DataFrame:
    draws = generator("benchmark", "agreement")
    scores = draws.normal(size=(targets, 1)) + draws.normal(size=(targets, raters))
    return pd.DataFrame(
        {
            "target": np.repeat(np.arange(targets), raters),
            "rater": np.tile(np.arange(raters), targets),
            "score": scores.ravel(),
        }
    )


def quickest(work: Callable[[], Any], times: int) -> float:
    work()
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> None:
    import pingouin

    print("| ratings | heard | pingouin | ratio |\n|---|---|---|---|")
    for targets, times in ((25, 20), (15_000, 3), (250_000, 2)):
        ratings = long_ratings(targets, 4)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer = quickest(
                lambda: pingouin.intraclass_corr(
                    data=ratings,  # noqa: B023 - called at once
                    targets="target",
                    raters="rater",
                    ratings="score",
                ),
                times,
            )
        ours = quickest(lambda: intraclass_correlations(ratings), times)  # noqa: B023
        print(f"| {4 * targets:,} | {ours:.4f} s | {peer:.4f} s | {peer / ours:.1f} |")


if __name__ == "__main__":
    main()
