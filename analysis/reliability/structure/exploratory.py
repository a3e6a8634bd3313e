"""Responses into exploratory factors: loadings with intervals, and their fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from analysis.foundation import generator
from analysis.foundation.results import (
    Labelled,
    Result,
)
from analysis.reliability.influence import percent
from analysis.reliability.structure.factor_fit import (
    FactorFit,
    absent_fit,
    factor_fit,
)
from analysis.reliability.structure.intervals import DrawnIntervals
from analysis.reliability.structure.item_correlations import item_correlations
from analysis.reliability.structure.solutions import (
    Solution,
    caution_words,
    check_choices,
    not_solvable,
    solve,
    solve_draws,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from analysis.reliability.complete import Array
    from analysis.reliability.structure.extraction import Extraction
    from analysis.reliability.structure.item_correlations import ItemCorrelations
    from analysis.reliability.structure.ordinal import Deletion
    from analysis.reliability.structure.rotation import Rotation

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
    """Factors found without being told which item belongs to which."""

    loadings: tuple[Loading, ...]
    communalities: tuple[Communality, ...]
    factor_correlations: tuple[FactorPair, ...]
    factor_shares: tuple[FactorShare, ...]
    fit: FactorFit


def exploratory_factors(
    responses: pd.DataFrame,
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
    responses : DataFrame, shape (n_participants, n_items)
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
