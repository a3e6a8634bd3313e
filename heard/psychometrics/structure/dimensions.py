"""Estimate the number of dimensions: parallel analysis, minimum average partial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from heard.models.complete_responses import (
    Array,
    Responses,
    read_responses,
)
from heard.models.random_streams import generator
from heard.models.stable_choice import smallest
from heard.psychometrics.structure.extraction import Truths, extract_factors
from heard.psychometrics.structure.item_correlations import (
    ItemCorrelations,
    item_correlations,
)
from heard.psychometrics.structure.ordinal_correlations import Deletion
from heard.psychometrics.structure.polychoric import polychoric_moments
from heard.results import Estimate, Labelled, Result

Variant: TypeAlias = Literal["components", "factors"]
Chance: TypeAlias = Literal["normal", "permutation"]

CHANCE_WORDS = {
    "normal": "uncorrelated normal responses",
    "permutation": "each item's own responses, shuffled",
}
VARIANT_WORDS = {
    "components": "eigenvalues of the correlations",
    "factors": (
        "eigenvalues of the correlations with the communalities of one minres factor "
        "on the diagonal"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension(Labelled):
    """One eigenvalue, and what chance makes of it."""

    dimension: str
    eigenvalue: Result
    eigenvalue_by_chance_mean: Result
    eigenvalue_by_chance_percentile: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelAnalysis(Labelled):
    """How many eigenvalues in a row exceed chance: its percentile, and its mean."""

    dimensions_by_percentile: Result
    dimensions_by_mean: Result
    dimensions: tuple[Dimension, ...]


def parallel_analysis(
    responses: Responses,
    *,
    variant: Variant = "components",
    chance: Chance = "normal",
    percentile: float = 0.95,
    replicates: int = 500,
    seed: str = "parallel analysis",
    categories: Sequence[float] | None = None,
    missing: Deletion = "listwise",
) -> ParallelAnalysis:
    """Compare eigenvalues with those of responses that have nothing in common.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    variant : {"components", "factors"}
        Of the whole correlations, or of what one common factor accounts for.
    chance : {"normal", "permutation"}
        Uncorrelated normal responses, or the items' own, each column shuffled;
        polychoric correlations need the latter.
    percentile : float
        Of the chance eigenvalues, that must be exceeded.
    replicates : int
        How often chance is drawn.
    seed : str
        A name for the draws: the same name, the same draws.
    categories : sequence of float, optional
        The answers the codebook allows: correlations are then polychoric.
    missing : {"listwise", "pairwise"}
        Pairwise with `categories` only.

    Returns
    -------
    ParallelAnalysis
        `Unavailable` with fewer than 2 items (factors: 3), no more participants than
        items, or a constant item.

    References
    ----------
    Horn (1965), Psychometrika 30(2), 179-185.
    Buja & Eyuboglu (1992), Multivariate Behavioral Research 27(4), 509-540.
    """
    responses = read_responses(responses)
    _check_options(variant, chance, percentile, replicates, categories)
    needed = 2 if variant == "components" else 3
    found = item_correlations(responses, categories, missing, items=needed)
    method = (
        f"{VARIANT_WORDS[variant]}; {found.kind}; chance: {replicates} draws of "
        f"{CHANCE_WORDS[chance]}; {found.basis}"
    )
    reason = found.fault or found.too_few
    if reason:
        nothing = np.zeros(len(found.names))
        return _compared(_Reporter(found, method, reason), nothing, nothing, nothing)
    random = generator("parallel_analysis", seed)
    drawn = _chance_matrices(found, chance, replicates, random)
    by_chance = _eigenvalues(drawn, variant)
    return _compared(
        _Reporter(found, method, "", percentile),
        _eigenvalues(found.matrix[None], variant)[0],
        by_chance.mean(axis=0),
        np.quantile(by_chance, percentile, axis=0),
    )


def _check_options(
    variant: str,
    chance: str,
    percentile: float,
    replicates: int,
    categories: Sequence[float] | None,
) -> None:
    if variant not in get_args(Variant):
        raise ValueError(f"variant is {variant!r}; give one of {get_args(Variant)}")
    if chance not in get_args(Chance):
        raise ValueError(f"chance is {chance!r}; give one of {get_args(Chance)}")
    if categories is not None and chance != "permutation":
        raise ValueError("polychoric correlations need chance='permutation'")
    if not 0 < percentile < 1 or replicates < 2:
        raise ValueError("percentile must lie between 0 and 1, replicates be 2 or more")


def _eigenvalues(matrices: Array, variant: str) -> Array:
    """Largest first, shape (n_matrices, n_items)."""
    if variant == "factors":
        unique = extract_factors(matrices, 1, "minres").uniquenesses
        matrices = matrices - unique[:, :, None] * np.eye(matrices.shape[1])
    return np.asarray(np.linalg.eigvalsh(matrices)[:, ::-1])


def _chance_matrices(
    found: ItemCorrelations, chance: str, count: int, random: np.random.Generator
) -> Array:
    if chance == "normal":
        return _wishart_correlations(found.n or 0, len(found.names), count, random)
    if found.moments is None:
        return np.array(
            [_shuffled(found.values, random) for _ in range(count)], dtype=float
        )
    influence, size = found.moments.influence, max(found.moments.influence.counts)
    ranks = np.where(influence.ranks == size, -1, influence.ranks).T
    drawn = np.array(
        [
            polychoric_moments(
                random.permuted(ranks, axis=0), influence.counts
            ).correlations
            for _ in range(count)
        ]
    )
    # a shuffled table that does not bound its correlation stands for none by chance
    return np.asarray(np.nan_to_num(drawn, nan=0.0))


def _shuffled(values: Array, random: np.random.Generator) -> Array:
    mixed = random.permuted(values, axis=0)
    return np.asarray(mixed.T @ mixed / len(values))


def _wishart_correlations(
    n: int, k: int, count: int, random: np.random.Generator
) -> Array:
    """Correlations of n normal rows without drawing the rows: Bartlett's triangle."""
    triangle = np.tril(random.standard_normal((count, k, k)), -1)
    freedom = n - 1 - np.arange(k)
    places = np.arange(k)
    triangle[:, places, places] = np.sqrt(random.chisquare(freedom, (count, k)))
    scatter = triangle @ triangle.transpose(0, 2, 1)
    spread = np.sqrt(np.diagonal(scatter, axis1=1, axis2=2))
    return np.asarray(scatter / (spread[:, :, None] * spread[:, None, :]))


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Numbers into results that say how they were made."""

    found: ItemCorrelations
    method: str
    reason: str
    percentile: float = 0.95

    def __call__(self, term: str, number: float, words: str) -> Result:
        reporter = f"{words}; {self.method}"
        if self.reason:
            return self.found.unavailable(term, self.reason, reporter)
        n = self.found.n or 0
        return Estimate(term=term, estimate=float(number), n=n, method=reporter)


def _compared(
    reporter: _Reporter, observed: Array, mean: Array, high: Array
) -> ParallelAnalysis:
    share = f"{100 * reporter.percentile:g}th percentile of chance"
    return ParallelAnalysis(
        dimensions_by_percentile=reporter(
            "dimensions_by_percentile",
            _run(observed > high),
            f"eigenvalues in a row above the {share}; no interval: a count",
        ),
        dimensions_by_mean=reporter(
            "dimensions_by_mean",
            _run(observed > mean),
            "eigenvalues in a row above the mean of chance; no interval: a count",
        ),
        dimensions=tuple(
            Dimension(
                dimension=str(place + 1),
                eigenvalue=reporter(
                    "eigenvalue",
                    observed[place],
                    "no interval: it describes this matrix",
                ),
                eigenvalue_by_chance_mean=reporter(
                    "eigenvalue_by_chance_mean",
                    mean[place],
                    "mean; no interval: chance",
                ),
                eigenvalue_by_chance_percentile=reporter(
                    "eigenvalue_by_chance_percentile",
                    high[place],
                    f"{share}; no interval: chance",
                ),
            )
            for place in range(len(reporter.found.names))
        ),
    )


def _run(exceeds: Truths) -> float:
    """How many come before the first that does not exceed."""
    return float(np.cumprod(exceeds).sum())


POWERS = {"average_squared_partial": 2, "average_fourth_power_partial": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Partialled(Labelled):
    """What the items still have in common once some components are removed."""

    components: str
    average_squared_partial: Result
    average_fourth_power_partial: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumAveragePartial(Labelled):
    """How many components leave least, by squares (1976) and fourth powers (2000)."""

    components_by_squares: Result
    components_by_fourth_powers: Result
    steps: tuple[Partialled, ...]


def minimum_average_partial(
    responses: Responses,
    *,
    categories: Sequence[float] | None = None,
    missing: Deletion = "listwise",
) -> MinimumAveragePartial:
    """Count the components after which items have least in common, two by two.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float, optional
        The answers the codebook allows: correlations are then polychoric.
    missing : {"listwise", "pairwise"}
        Pairwise with `categories` only.

    Returns
    -------
    MinimumAveragePartial
        Averages after 0, 1, ... k - 2 components. `Unavailable` with fewer than 3
        items, fewer than 3 participants, a constant item, or a matrix without an
        inverse.

    References
    ----------
    Velicer (1976), Psychometrika 41(3), 321-327.
    Velicer, Eaton & Fava (2000), in Problems and Solutions in Human Assessment, 41-71.
    """
    responses = read_responses(responses)
    found = item_correlations(responses, categories, missing, items=3)
    reason = found.fault or found.singular
    averages = {} if reason else _averages(found.matrix)
    shown = range(max(len(found.names) - 1, 0))
    return MinimumAveragePartial(
        components_by_squares=_minimum(found, averages, reason, 2),
        components_by_fourth_powers=_minimum(found, averages, reason, 4),
        steps=tuple(
            Partialled(
                components=str(step),
                **{
                    term: _average(found, averages, reason, term, step)
                    for term in POWERS
                },
            )
            for step in shown
        ),
    )


def _averages(matrix: Array) -> dict[int, Array]:
    """The mean 2nd and 4th powers of partial correlations, by number of components."""
    k = len(matrix)
    values, vectors = np.linalg.eigh(matrix)
    loadings = (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]
    left = np.array(
        [matrix - loadings[:, :m] @ loadings[:, :m].T for m in range(k - 1)]
    )
    size = np.sqrt(np.maximum(np.diagonal(left, axis1=1, axis2=2), 1e-30))
    partial = np.clip(left / (size[:, :, None] * size[:, None, :]), -1, 1)
    pairs = partial[:, *np.triu_indices(k, 1)]
    return {power: (pairs**power).mean(axis=1) for power in POWERS.values()}


def _minimum(
    found: ItemCorrelations, averages: dict[int, Array], reason: str, power: int
) -> Result:
    words = {2: "squares", 4: "fourth_powers"}[power]
    term = f"components_by_{words}"
    method = (
        "minimum average partial: the number of principal components at which the mean "
        f"of the partial correlations' {words.replace('_', ' ')} is least; {found.kind}"
        f"; no interval: a count; {found.basis}"
    )
    if reason:
        return found.unavailable(term, reason, method)
    minimum = float(smallest(averages[power]))
    return Estimate(term=term, estimate=minimum, n=found.n or 0, method=method)


def _average(
    found: ItemCorrelations,
    averages: dict[int, Array],
    reason: str,
    term: str,
    step: int,
) -> Result:
    power = POWERS[term]
    method = (
        f"mean over all pairs of the partial correlations to the power {power} after "
        f"{step} principal components; {found.kind}; no interval: it describes this "
        f"matrix; {found.basis}"
    )
    if reason:
        return found.unavailable(term, reason, method)
    average = float(averages[power][step])
    return Estimate(term=term, estimate=average, n=found.n or 0, method=method)
