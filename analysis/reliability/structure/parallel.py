"""Responses into how many dimensions exceed chance: Horn's parallel analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from analysis.foundation import generator
from analysis.foundation.results import Estimate, Labelled, Result
from analysis.reliability.structure.extraction import extract_factors
from analysis.reliability.structure.item_correlations import item_correlations
from analysis.reliability.structure.polychoric import polychoric_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.reliability.complete import Array
    from analysis.reliability.structure.extraction import Truths
    from analysis.reliability.structure.item_correlations import ItemCorrelations
    from analysis.reliability.structure.ordinal import Deletion

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
    responses: pd.DataFrame,
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
    responses : DataFrame, shape (n_participants, n_items)
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
