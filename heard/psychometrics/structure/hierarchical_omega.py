"""Estimate omega hierarchical: the share of one general factor in the sum.

Oblique factors are factored again, and Schmid and Leiman's transformation divides
loadings between the general factor and the groups.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    Array,
    Responses,
    read_responses,
)
from heard.models.item_directions import opposed_items
from heard.models.random_streams import generator
from heard.psychometrics.structure.exploratory import EXTRACTION_WORDS
from heard.psychometrics.structure.extraction import (
    MINIMUM_UNIQUENESS,
    Extraction,
    Solution,
    caution_words,
    check_choices,
    extract_factors,
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
from heard.results import Labelled, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralLoading(Labelled):
    """What the general factor gives to one item."""

    item: str
    general_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLoading(Labelled):
    """What a group factor gives to one item beyond the general factor."""

    item: str
    factor: str
    group_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class OmegaHierarchical(Labelled):
    """How much of the items' variance is due to one general factor.

    - `omega_hierarchical`: variance of the sum due to the general factor / observed
      variance.
    - `omega_total_schmid_leiman`: variance of the sum due to all common factors /
      observed variance.
    - `omega_hierarchical_limit`: the first over the second: omega hierarchical of
      infinitely many such items.
    - `explained_common_variance`: the general factor's share of the common variance.
    """

    omega_hierarchical: Result
    omega_total_schmid_leiman: Result
    omega_hierarchical_limit: Result
    explained_common_variance: Result
    general_loadings: tuple[GeneralLoading, ...]
    group_loadings: tuple[GroupLoading, ...]


def omega_hierarchical(
    responses: Responses,
    *,
    factors: int = 3,
    extraction: Extraction = "minres",
    categories: Sequence[float] | None = None,
    missing: Deletion = "listwise",
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: str = "omega hierarchical",
) -> OmegaHierarchical:
    """Estimate how much of the standardised items' sum is one general factor's.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    factors : int
        Group factors, rotated by oblimin. Of two, the general factor is given equal
        loadings, the root of their correlation; of one, it is that factor.
    extraction : {"minres", "ml"}
        Of the group factors, and of the general factor from three or more.
    categories : sequence of float, optional
        The answers the codebook allows: correlations are then polychoric, and the sum
        is that of the normal variables behind the answers.
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
    OmegaHierarchical
        `Unavailable` as `exploratory_factors` is, or where the items cancel in their
        sum.

    References
    ----------
    Schmid & Leiman (1957), Psychometrika 22(1), 53-61.
    Zinbarg, Revelle, Yovel & Li (2005), Psychometrika 70(1), 123-133.
    """
    responses = read_responses(responses)
    check_choices(extraction, "oblimin", factors)
    percent(confidence)
    found = item_correlations(responses, categories, missing, items=3)
    method = (
        f"general factor by Schmid-Leiman from {factors} factors of {len(found.names)} "
        f"standardised items ({EXTRACTION_WORDS[extraction]}, direct oblimin); "
        f"denominator: observed variance of the sum; {found.kind}; {found.basis}"
    )
    reason = not_solvable(found, factors, extraction)
    if not reason and found.matrix.sum() <= MINIMUM_UNIQUENESS:
        reason = "the items cancel: their sum hardly varies"
    sample = None if reason else solve(found.matrix, factors, extraction, "oblimin")
    if sample is None or not sample.settled[0]:
        reason = reason or "no minimum was found"
        return _named(
            found, factors, lambda term, *_: found.unavailable(term, reason, method)
        )
    return _estimated(
        found,
        sample,
        extraction,
        generator("omega_hierarchical", seed),
        DrawnIntervals(
            n=found.n or 0,
            method=method + caution_words(found, sample) + _opposed(found),
            drawn=found.draw_words,
            asked=replicates,
            usable=0,
            confidence=confidence,
        ),
    )


def _opposed(found: ItemCorrelations) -> str:
    """A warning where items cancel in the sum, empty if none does."""
    words = opposed_items(found.matrix, found.names, found.n or 0)
    return f"; caution: {words}" * bool(words)


def _estimated(
    found: ItemCorrelations,
    sample: Solution,
    extraction: Extraction,
    random: np.random.Generator,
    interval: DrawnIntervals,
) -> OmegaHierarchical:
    own = _schmid_leiman(sample, found.matrix[None], extraction)
    if interval.asked:
        matrices = found.draws(interval.asked, random)
        solved = solve_draws(matrices, sample, extraction, "oblimin")
        drawn = _schmid_leiman(solved, matrices[solved.places], extraction)
        interval = interval.of(len(solved.places))
    else:
        drawn = own
    if own["second_order_heywood"][0]:
        interval = interval.with_note(
            "Heywood case in the general factor: held at 0.005"
        )

    def report(term: str, *place: int) -> Result:
        return interval.at(term, own[term], drawn[term], *place)

    return _named(found, sample.loadings.shape[2], report)


def _schmid_leiman(
    solution: Solution, matrices: Array, extraction: Extraction
) -> dict[str, Array]:
    """Every number of the transformation, draws first."""
    second, heywood = _second_order(solution.correlations, extraction)
    general = np.einsum("bif,bf->bi", solution.loadings, second)
    beyond = np.sqrt(np.maximum(1 - second**2, 0))
    group = solution.loadings * beyond[:, None, :]
    whole = matrices.sum(axis=(1, 2))
    of_general = general.sum(axis=1) ** 2 / whole
    total = 1 - solution.extracted.uniquenesses.sum(axis=1) / whole
    squares = (general**2).sum(axis=1)
    common = squares + (group**2).sum(axis=(1, 2))
    return {
        "omega_hierarchical": of_general,
        "omega_total_schmid_leiman": total,
        "omega_hierarchical_limit": of_general / total,
        "explained_common_variance": squares / common,
        "general_loading": general,
        "group_loading": group,
        "second_order_heywood": heywood,
    }


def _second_order(correlations: Array, extraction: Extraction) -> tuple[Array, Array]:
    """Loadings of the factors on the general one, and whether one has none left."""
    count, factors = correlations.shape[:2]
    if factors == 1:
        return np.ones((count, 1)), np.zeros(count)
    if factors == 2:
        together = correlations[:, 0, 1]
        size = np.sqrt(np.abs(together))
        return np.stack([size, np.sign(together) * size], axis=1), np.zeros(count)
    found = extract_factors(correlations, 1, extraction)
    return found.loadings[:, :, 0], found.heywood.any(axis=1).astype(float)


def _named(
    found: ItemCorrelations, factors: int, report: Callable[..., Result]
) -> OmegaHierarchical:
    items = range(len(found.names))
    return OmegaHierarchical(
        omega_hierarchical=report("omega_hierarchical"),
        omega_total_schmid_leiman=report("omega_total_schmid_leiman"),
        omega_hierarchical_limit=report("omega_hierarchical_limit"),
        explained_common_variance=report("explained_common_variance"),
        general_loadings=tuple(
            GeneralLoading(
                item=found.names[i], general_loading=report("general_loading", i)
            )
            for i in items
        ),
        group_loadings=tuple(
            GroupLoading(
                item=found.names[i],
                factor=str(f + 1),
                group_loading=report("group_loading", i, f),
            )
            for i in items
            for f in range(factors)
        ),
    )
