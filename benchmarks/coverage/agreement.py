"""How often the 95 % intervals of agreement hold the truth. Run by hand.

python benchmarks/coverage/agreement.py [REPLICATES]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from heard.models.random_streams import generator
from heard.psychometrics.agreement.chance_corrected import (
    gwet_agreement,
    krippendorff_alpha,
)
from heard.psychometrics.agreement.intraclass import intraclass_correlations
from heard.psychometrics.agreement.ratings import weighted_kappa
from heard.psychometrics.agreement.two_occasions import (
    concordance_correlation,
    limits_of_agreement,
)
from heard.psychometrics.reliability_over_waves import reliability_over_waves
from heard.psychometrics.retest import smallest_detectable_change
from heard.results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET, RATER, ERROR = 1.0, 0.3, 0.7
SCALE = [1, 2, 3, 4]


def long(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.reset_index(names="target").melt(
        "target", var_name="rater", value_name="score"
    )


def ratings(draws: np.random.Generator, n: int, raters: int) -> pd.DataFrame:
    return pd.DataFrame(
        TARGET**0.5 * draws.normal(size=(n, 1))
        + RATER**0.5 * draws.normal(size=(1, raters))
        + ERROR**0.5 * draws.normal(size=(n, raters))
    )


def with_gaps(
    draws: np.random.Generator, n: int, raters: int, share: float
) -> pd.DataFrame:
    whole = ratings(draws, n, raters)
    return long(whole.mask(draws.random(whole.shape) < share))


def categories(draws: np.random.Generator, n: int, raters: int) -> pd.DataFrame:
    latent = draws.normal(size=(n, 1)) + 0.6 * draws.normal(size=(n, raters))
    return pd.DataFrame(np.digitize(latent, [-1, 0, 1]) + 1.0)


def occasions(draws: np.random.Generator, n: int) -> pd.DataFrame:
    return pd.DataFrame(
        draws.normal(size=(n, 1)) + np.array([0, 0.2]) + 0.5 * draws.normal(size=(n, 2))
    )


def waves(draws: np.random.Generator, n: int, k: int, m: int) -> dict[str, Any]:
    cells = (
        draws.normal(size=(n, 1, 1))
        + 0.5 * draws.normal(size=(n, k, 1))
        + 0.4 * draws.normal(size=(n, 1, m))
        + 0.8 * draws.normal(size=(n, k, m))
    )
    return {
        "responses": pd.DataFrame(cells.reshape(n * k, m)),
        "participants": pd.Series(np.repeat(np.arange(n), k)),
        "waves": pd.Series(np.tile(np.arange(k), n)),
    }


def cases() -> dict[str, tuple[Callable[[np.random.Generator], Any], float]]:
    """Name → one estimate from one simulated study, and the truth."""
    population = generator("agreement", "population")
    many = categories(population, 60_000, 3)
    ordinal = {"categories": SCALE, "level": "ordinal"}
    total = TARGET + RATER + ERROR

    def truth(result: Any) -> float:
        assert isinstance(result, Estimate)
        return result.estimate

    return {
        "icc_a1, 40 targets, 5 raters": (
            lambda d: intraclass_correlations(long(ratings(d, 40, 5))).icc_a1,
            TARGET / total,
        ),
        "icc_c1, 40 targets, 5 raters": (
            lambda d: intraclass_correlations(long(ratings(d, 40, 5))).icc_c1,
            TARGET / (TARGET + ERROR),
        ),
        "icc_a1, 40 targets, 5 raters, 30 % missing": (
            lambda d: intraclass_correlations(with_gaps(d, 40, 5, 0.3)).icc_a1,
            TARGET / total,
        ),
        "icc_c1, 60 targets, 8 raters, 60 % missing": (
            lambda d: intraclass_correlations(with_gaps(d, 60, 8, 0.6)).icc_c1,
            TARGET / (TARGET + ERROR),
        ),
        "standard error (agreement), 60, 8, 60 % missing": (
            lambda d: (
                intraclass_correlations(
                    with_gaps(d, 60, 8, 0.6)
                ).standard_error_of_measurement_agreement
            ),
            (RATER + ERROR) ** 0.5,
        ),
        "standard error (agreement), 40, 5": (
            lambda d: (
                intraclass_correlations(
                    long(ratings(d, 40, 5))
                ).standard_error_of_measurement_agreement
            ),
            (RATER + ERROR) ** 0.5,
        ),
        "krippendorff_alpha ordinal, 60 x 3": (
            lambda d: krippendorff_alpha(long(categories(d, 60, 3)), **ordinal),  # type: ignore[arg-type]
            truth(krippendorff_alpha(long(many), **ordinal)),  # type: ignore[arg-type]
        ),
        "gwet_ac2 ordinal, 60 x 3": (
            lambda d: gwet_agreement(long(categories(d, 60, 3)), **ordinal),  # type: ignore[arg-type]
            truth(gwet_agreement(long(many), **ordinal)),  # type: ignore[arg-type]
        ),
        "weighted_kappa, 100 targets": (
            lambda d: weighted_kappa(categories(d, 100, 2), categories=SCALE),
            truth(weighted_kappa(many.iloc[:, :2], categories=SCALE)),
        ),
        "upper_limit_of_agreement, 50": (
            lambda d: limits_of_agreement(occasions(d, 50)).upper_limit_of_agreement,
            0.2 + 1.96 * 0.5**0.5,
        ),
        "concordance_correlation, 50": (
            lambda d: concordance_correlation(occasions(d, 50)),
            2 / (2 * 1.25 + 0.04),
        ),
        "smallest_detectable_change_consistency, 50": (
            lambda d: (
                smallest_detectable_change(
                    occasions(d, 50)
                ).smallest_detectable_change_consistency
            ),
            1.96 * 2**0.5 * 0.5,
        ),
        "reliability_of_change, 80 people, 4 waves, 6 items": (
            lambda d: (
                reliability_over_waves(**waves(d, 80, 4, 6)).reliability_of_change
            ),
            0.25 / (0.25 + 0.64 / 6),
        ),
        "reliability_of_average_over_waves, 80, 4, 6": (
            lambda d: (
                reliability_over_waves(
                    **waves(d, 80, 4, 6)
                ).reliability_of_average_over_waves
            ),
            (1 + 0.16 / 6) / (1 + 0.16 / 6 + 0.64 / 24),
        ),
    }


def main() -> None:
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    print(f"| interval | truth | covered, of {replicates} |\n|---|---|---|")
    for name, (estimate, truth) in cases().items():
        draws = generator("coverage", name)
        found = [estimate(draws) for _ in range(replicates)]
        inside = [
            one.conf_low is not None and one.conf_low <= truth <= one.conf_high
            for one in found
        ]
        print(f"| {name} | {truth:.3f} | {100 * np.mean(inside):.1f} % |")


if __name__ == "__main__":
    main()
