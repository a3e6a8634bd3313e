"""A factor solution into how well it fits the correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Labelled, Result

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.structure.item_correlations import ItemCorrelations
    from analysis.reliability.structure.solutions import Solution

TERMS = (
    "chi_square",
    "chi_square_df",
    "chi_square_p",
    "rmsea",
    "tucker_lewis_index",
    "root_mean_square_residual",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorFit(Labelled):
    """What the factors leave of the correlations."""

    chi_square: Result
    chi_square_df: Result
    chi_square_p: Result
    rmsea: Result
    tucker_lewis_index: Result
    root_mean_square_residual: Result


def factor_fit(found: ItemCorrelations, sample: Solution, method: str) -> FactorFit:
    """Test the solution against the correlations, and size up what it leaves."""
    factors, k = sample.loadings.shape[2], len(found.names)
    implied = sample.implied()[0]
    left = (found.matrix - implied)[np.triu_indices(k, 1)]
    residual = Estimate(
        term="root_mean_square_residual",
        estimate=float(np.sqrt((left**2).mean())),
        n=found.n or 0,
        method=f"{method}; root of the mean squared residual correlation off the "
        "diagonal; no interval: it describes this matrix",
    )
    np.fill_diagonal(implied, 1.0)
    df = ((k - factors) ** 2 - (k + factors)) // 2
    reason = _untestable(found, implied, df, factors)
    if reason:
        absent = {term: found.unavailable(term, reason, method) for term in TERMS[:-1]}
        return FactorFit(**absent, root_mean_square_residual=residual)
    return FactorFit(
        **_tested(found, implied, factors, df, method),
        root_mean_square_residual=residual,
    )


def absent_fit(found: ItemCorrelations, reason: str, method: str) -> FactorFit:
    """No fit, and why."""
    return FactorFit(
        **{term: found.unavailable(term, reason, method) for term in TERMS}
    )


def _untestable(found: ItemCorrelations, implied: Array, df: int, factors: int) -> str:
    n, k = found.n or 0, len(found.names)
    if found.moments is not None:
        return "the likelihood of normal responses is none of polychoric correlations"
    if df < 1:
        return f"{factors} factors of {k} items leave no degrees of freedom"
    if n <= k + factors:
        return f"{n} participants for {k} items: too few for the test"
    if np.linalg.eigvalsh(implied)[0] <= 0:
        return "the implied correlations fit no data: an eigenvalue is below zero"
    return found.singular


def _tested(
    found: ItemCorrelations, implied: Array, factors: int, df: int, method: str
) -> dict[str, Result]:
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    n, k = found.n or 0, len(found.names)
    _, observed = np.linalg.slogdet(found.matrix)
    _, modelled = np.linalg.slogdet(implied)
    trace = float(np.trace(np.linalg.solve(implied, found.matrix)))
    discrepancy = max(0.0, float(modelled - observed) + trace - k)
    weight = n - 1 - (2 * k + 5) / 6 - 2 * factors / 3
    chi_square = weight * discrepancy
    null = -weight * float(observed) / (k * (k - 1) / 2)
    shared_method = (
        f"{method}; chi-square: n - 1 - (2k + 5)/6 - 2m/3 times the likelihood "
        "discrepancy of the solution (Bartlett 1951)"
    )

    def number(term: str, value: float, words: str) -> Result:
        return Estimate(term=term, estimate=value, n=n, method=shared_method + words)

    test = "; no interval: a test"
    absent = found.unavailable(
        "tucker_lewis_index",
        "items without correlations are no baseline",
        shared_method,
    )
    return {
        "chi_square": number("chi_square", chi_square, test),
        "chi_square_df": number("chi_square_df", df, test),
        "chi_square_p": number(
            "chi_square_p", float(special.chdtrc(df, chi_square)), test
        ),
        "rmsea": _rmsea(chi_square, df, n, shared_method),
        "tucker_lewis_index": absent
        if null <= 1
        else number(
            "tucker_lewis_index",
            (null - chi_square / df) / (null - 1),
            "; against items without correlations, the same weight; no interval: none "
            "is known that holds",
        ),
    }


def _rmsea(chi_square: float, df: int, n: int, shared_method: str) -> Result:
    """Root mean square error of approximation, with its 90 % interval.

    References
    ----------
    Browne & Cudeck (1992), Sociological Methods & Research 21(2), 230-258.
    """
    limits = [
        float(np.sqrt(_noncentrality(chi_square, df, chance) / (df * (n - 1))))
        for chance in (0.95, 0.05)
    ]
    estimate = float(np.sqrt(max(chi_square - df, 0.0) / (df * (n - 1))))
    return Estimate(
        term="rmsea",
        estimate=estimate,
        conf_low=min(limits[0], estimate),
        conf_high=max(limits[1], estimate),
        n=n,
        method=f"{shared_method}; root of (chi-square - df) / (df (n - 1)), not under 0; 90 % "
        "interval by the noncentral chi-square",
    )


def _noncentrality(chi_square: float, df: int, chance: float) -> float:
    """Where a chi-square this small or smaller has that chance; 0 if nowhere."""
    from scipy import optimize, special  # noqa: PLC0415 - heavy, and only needed here

    if special.chdtr(df, chi_square) <= chance:
        return 0.0
    highest = 10.0 + 4 * chi_square

    def over(noncentrality: float) -> float:
        return float(special.chndtr(chi_square, df, noncentrality)) - chance

    return float(optimize.brentq(over, 0.0, highest, xtol=1e-10))
