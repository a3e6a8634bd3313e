"""Fit exploratory factors: loadings with intervals, and fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy import optimize, special

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    Array,
    Responses,
    read_responses,
)
from heard.models.random_streams import generator
from heard.psychometrics.structure.extraction import (
    Extraction,
    Rotation,
    Solution,
    caution_words,
    check_choices,
    not_solvable,
    solve,
    solve_draws,
)
from heard.psychometrics.structure.item_correlations import (
    DrawnIntervals,
    ItemCorrelations,
    item_correlations,
)
from heard.psychometrics.structure.ordinal_correlations import Deletion
from heard.results import Estimate, Labelled, Result

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
    residual = Estimate.of(
        "root_mean_square_residual",
        np.sqrt((left**2).mean()),
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

    Browne & Cudeck (1992), Sociological Methods & Research 21(2), 230-258.
    """
    limits = [
        float(np.sqrt(_noncentrality(chi_square, df, chance) / (df * (n - 1))))
        for chance in (0.95, 0.05)
    ]
    estimate = float(np.sqrt(max(chi_square - df, 0.0) / (df * (n - 1))))
    return Estimate.of(
        "rmsea",
        estimate,
        (min(limits[0], estimate), max(limits[1], estimate)),
        n=n,
        method=f"{shared_method}; root of (chi-square - df) / (df (n - 1)), not under "
        "0; 90 % "
        "interval by the noncentral chi-square",
    )


def _noncentrality(chi_square: float, df: int, chance: float) -> float:
    """Where a chi-square this small or smaller has that chance; 0 if nowhere."""
    if special.chdtr(df, chi_square) <= chance:
        return 0.0
    highest = 10.0 + 4 * chi_square

    def over(noncentrality: float) -> float:
        return float(special.chndtr(chi_square, df, noncentrality)) - chance

    return float(optimize.brentq(over, 0.0, highest, xtol=1e-10))


ReportResult: TypeAlias = Callable[..., Result]

EXTRACTION_WORDS = {"minres": "minimum residuals", "ml": "maximum likelihood"}
ROTATION_WORDS = {
    "oblimin": "direct oblimin rotation (gamma 0)",
    "promax": "promax rotation (power 4, Kaiser-normalised)",
    "varimax": "varimax rotation (Kaiser-normalised)",
    "none": "not rotated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading(Labelled):
    """What one factor gives to one item, in standard deviations of both."""

    item: str
    factor: str
    loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Communality(Labelled):
    """The share of one item's variance that all factors account for."""

    item: str
    communality: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPair(Labelled):
    """How two factors go together."""

    factor: str
    other_factor: str
    factor_correlation: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorShare(Labelled):
    """The share of all items' variance that one factor accounts for."""

    factor: str
    variance_explained: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ExploratoryFactors(Labelled):
    """Factors found without declaring which item belongs to which."""

    loadings: tuple[Loading, ...]
    communalities: tuple[Communality, ...]
    factor_correlations: tuple[FactorPair, ...]
    factor_shares: tuple[FactorShare, ...]
    fit: FactorFit


def exploratory_factors(
    responses: Responses,
    *,
    factors: int,
    extraction: Extraction = "minres",
    rotation: Rotation = "oblimin",
    categories: Sequence[float] | None = None,
    missing: Deletion = "listwise",
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: str = "exploratory factors",
) -> ExploratoryFactors:
    """Find the common factors behind the items' correlations.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    factors : int
        How many; see `parallel_analysis` and `minimum_average_partial`.
    extraction : {"minres", "ml"}
        Minimum residuals or maximum likelihood.
    rotation : {"oblimin", "promax", "varimax", "none"}
        Oblimin and promax let factors correlate. Of 30 random starts the simplest end
        is kept; factors stand by the variance they explain, and sum to no less than 0.
    categories : sequence of float, optional
        The answers the codebook allows: correlations are then polychoric.
    missing : {"listwise", "pairwise"}
        Pairwise with `categories` only.
    replicates : int
        Bootstrap draws for the intervals; 0 for none.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.
    seed : str
        A name for the draws: the same name, the same draws.

    Returns
    -------
    ExploratoryFactors
        `Unavailable` throughout with more factors than the items identify, no more
        participants than items, a constant item, linearly dependent items (maximum
        likelihood), or no minimum found. A uniqueness at its least, 0.005, is Heywood's
        case, and `method` names the items.

    References
    ----------
    Harman & Jones (1966), Psychometrika 31(3), 351-368.
    Joreskog (1967), Psychometrika 32(4), 443-482.
    Jennrich (2002), Psychometrika 67(1), 7-19.
    """
    responses = read_responses(responses)
    check_choices(extraction, rotation, factors)
    percent(confidence)
    found = item_correlations(responses, categories, missing, items=3)
    method = (
        f"{factors} common factors of {len(found.names)} items by "
        f"{EXTRACTION_WORDS[extraction]}, {ROTATION_WORDS[rotation]}; {found.kind}; "
        f"{found.basis}"
    )
    if reason := not_solvable(found, factors, extraction):
        return _absent(found, factors, reason, method)
    sample = solve(found.matrix, factors, extraction, rotation)
    if not sample.settled[0]:
        return _absent(found, factors, "no minimum was found", method)
    method += caution_words(found, sample)
    draws = sample
    if replicates:
        random = generator("exploratory_factors", seed)
        drawn = found.draws(replicates, random)
        draws = solve_draws(drawn, sample, extraction, rotation)
    interval = DrawnIntervals(
        n=found.n or 0,
        method=method,
        drawn=found.draw_words,
        asked=replicates,
        usable=len(draws.loadings) if replicates else 0,
        confidence=confidence,
    )
    parts = _parts(found, factors, partial(_estimated, interval, sample, draws))
    return ExploratoryFactors(**parts, fit=factor_fit(found, sample, method))


def _estimated(
    interval: DrawnIntervals, sample: Solution, draws: Solution, term: str, *place: int
) -> Result:
    """One number of the solution, with those of the draws around it."""
    return interval.at(term, _numbers(sample, term), _numbers(draws, term), *place)


def _numbers(solution: Solution, term: str) -> Array:
    """All that goes by one name, draws first."""
    loadings, correlations = solution.loadings, solution.correlations
    if term == "loading":
        return loadings
    if term == "factor_correlation":
        return correlations
    explained = loadings * (loadings @ correlations)
    if term == "communality":
        return np.asarray(explained.sum(axis=2))
    return np.asarray(explained.mean(axis=1))


def _parts(
    found: ItemCorrelations, factors: int, report: ReportResult
) -> dict[str, Any]:
    """Every number of a solution in its place."""
    items, named = range(len(found.names)), [str(f + 1) for f in range(factors)]
    return {
        "loadings": tuple(
            Loading(
                item=found.names[i], factor=named[f], loading=report("loading", i, f)
            )
            for i in items
            for f in range(factors)
        ),
        "communalities": tuple(
            Communality(item=found.names[i], communality=report("communality", i))
            for i in items
        ),
        "factor_correlations": tuple(
            FactorPair(
                factor=named[one],
                other_factor=named[other],
                factor_correlation=report("factor_correlation", one, other),
            )
            for one in range(factors)
            for other in range(one + 1, factors)
        ),
        "factor_shares": tuple(
            FactorShare(
                factor=named[f], variance_explained=report("variance_explained", f)
            )
            for f in range(factors)
        ),
    }


def _absent(
    found: ItemCorrelations, factors: int, reason: str, method: str
) -> ExploratoryFactors:
    def report(term: str, *_: int) -> Result:
        return found.unavailable(term, reason, method)

    parts = _parts(found, factors, report)
    return ExploratoryFactors(**parts, fit=absent_fit(found, reason, method))
