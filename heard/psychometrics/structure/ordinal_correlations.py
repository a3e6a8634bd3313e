"""Estimate polychoric correlations and thresholds of ordered answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from scipy import special

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    LISTWISE,
    Array,
    Responses,
    read_responses,
)
from heard.psychometrics.categories import (
    MISSING,
    CategorisedResponses,
    categorised_responses,
)
from heard.psychometrics.structure.polychoric import (
    PolychoricMoments,
    polychoric_moments,
)
from heard.results import Estimate, Labelled, Result, Unavailable

Deletion: TypeAlias = Literal["listwise", "pairwise"]
PAIRWISE = "every pair from the participants who answered both, thresholds from all"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalItems:
    """Items as categories, with their moments.

    `names`: the items.
    `n`: participants: complete ones, or all who answered anything if pairwise.
    `counts`: categories of each item after merging.
    `answers`: the answer chosen in each category of each item.
    `moments`: None where `fault` says why.
    `basis`: missing rule and merges, for a result's `method`.
    `fault`: what stands in the way; empty if nothing does.
    """

    names: tuple[str, ...]
    n: int
    counts: tuple[int, ...]
    answers: tuple[tuple[float, ...], ...]
    moments: PolychoricMoments | None
    basis: str
    fault: str

    @property
    def pair_fault(self) -> str:
        """How many pairs have no correlation, and why the first has none."""
        assert self.moments is not None, "asked only where there is no other fault"
        found = [reason for reason in self.moments.faults if reason]
        if not found:
            return ""
        return f"{len(found)} of {len(self.moments.faults)} pairs of items: {found[0]}"

    def unavailable(self, term: str, reason: str, method: str) -> Unavailable:
        """The absence, with the n it was found at."""
        n = None if self.n < 0 else self.n
        return Unavailable(term=term, reason=reason, n=n, method=method)


def ordinal_items(
    responses: pd.DataFrame,
    categories: Sequence[float],
    missing: Deletion,
    *,
    items: int = 2,
    participants: int = 3,
) -> OrdinalItems:
    """Sort the answers into categories and estimate the moments of the items.

    `responses`, shape (n_participants, n_items): keyed responses; NaN if unanswered.
    `categories`: the answers the codebook allows.
    `missing`, {"listwise", "pairwise"}: who takes part.
    `items`, `participants`: the fewest that suffice.
    """
    if missing not in get_args(Deletion):
        raise ValueError(f"missing is {missing!r}; give one of {get_args(Deletion)}")
    if len(set(categories)) < 2:
        raise ValueError("categories must hold at least two different answers")
    answered = responses.notna()
    kept = answered.all(axis=1) if missing == "listwise" else answered.any(axis=1)
    if not kept.all():
        responses = responses[kept.to_numpy(dtype=bool)]
    found = categorised_responses(responses, categories)
    fault = _fault(found, missing, items, participants)
    basis = (LISTWISE if missing == "listwise" else PAIRWISE) + found.merged
    return OrdinalItems(
        names=found.names,
        n=-1 if found.fault else len(found.ranks),
        counts=found.counts,
        answers=() if fault else found.answers,
        moments=None if fault else polychoric_moments(found.ranks, found.counts),
        basis=basis,
        fault=fault,
    )


def _fault(
    found: CategorisedResponses, missing: Deletion, items: int, participants: int
) -> str:
    n, k = len(found.ranks), len(found.names)
    if found.fault:
        return found.fault
    if k < items:
        return f"number of items {k}; at least {items} needed"
    if n < participants:
        who = "every item" if missing == "listwise" else "any item"
        return f"participants who answered {who} {n}; at least {participants} needed"
    empty = (found.ranks == MISSING).all(axis=0)
    if empty.any():
        return "no one answered " + ", ".join(_where(found.names, empty))
    constant = np.array(found.counts) < 2
    if constant.any():
        whose = ", ".join(_where(found.names, constant))
        return f"{int(constant.sum())} of {k} items constant: {whose}"
    return ""


def _where(names: tuple[str, ...], chosen: Iterable[bool]) -> list[str]:
    return [name for name, yes in zip(names, chosen, strict=True) if yes]


TERM = "polychoric_correlation"
FILLED_WORDS = "; half an answer put into the empty cell, margins kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPair(Labelled):
    """How two items go together."""

    item: str
    other_item: str
    polychoric_correlation: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemThreshold(Labelled):
    """Where on the normal scale answers pass into a category, named by its lowest."""

    item: str
    category: str
    threshold: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PolychoricCorrelations(Labelled):
    """The correlations of all pairs of items, and the thresholds they are based on.

    - `smallest_eigenvalue`: of the matrix of all correlations; below zero, no data
      could have that matrix.
    """

    pairs: tuple[ItemPair, ...]
    thresholds: tuple[ItemThreshold, ...]
    smallest_eigenvalue: Result


def polychoric_correlations(
    responses: Responses,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> PolychoricCorrelations:
    """Correlate the normal variables that may stand behind ordinal answers.

    Of items with two categories each the correlation is called tetrachoric.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows. One that no one chose is merged with its
        neighbour, and `method` says so.
    missing : {"pairwise", "listwise"}
        Whether a pair is based on all who answered both, or on who answered every item.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    PolychoricCorrelations
        A correlation, unitless, strictly between -1 and 1, is `Unavailable` where its
        table does not bound it; all are, where columns hold no numbers or undeclared
        answers, or an item is constant.

    References
    ----------
    Olsson (1979), Psychometrika 44(4), 443-460.
    """
    responses = read_responses(responses)
    found = ordinal_items(responses, categories, missing)
    return PolychoricCorrelations(
        pairs=tuple(_pairs(found, percent(confidence), confidence)),
        thresholds=tuple(_thresholds(found, percent(confidence), confidence)),
        smallest_eigenvalue=_smallest_eigenvalue(found),
    )


def _pairs(found: OrdinalItems, cover: str, confidence: float) -> Iterator[ItemPair]:
    method = (
        "polychoric correlation in two steps: thresholds from each item's answers, "
        f"then maximum likelihood on the table of the pair; {cover} interval by "
        f"Fisher's z, standard error of the estimating equations, expected information"
        f"; {found.basis}"
    )
    names, moments = found.names, found.moments
    pairs = np.stack(np.triu_indices(len(names), 1), axis=1)
    if moments is None:
        results: Iterable[Result] = (
            found.unavailable(TERM, found.fault, method) for _ in pairs
        )
    else:
        results = _correlations(moments, method, confidence)
    for (one, other), result in zip(pairs, results, strict=True):
        yield ItemPair(
            item=names[one], other_item=names[other], polychoric_correlation=result
        )


def _correlations(
    moments: PolychoricMoments, method: str, confidence: float
) -> Iterator[Result]:
    rho = moments.rho
    reach = special.ndtri((1 + confidence) / 2) * moments.interval_errors
    reach = reach / (1 - rho**2)
    low, high = np.tanh(np.arctanh(rho) + np.stack([-reach, reach])).tolist()
    for place, value in enumerate(rho.tolist()):
        n, reason = moments.pair_n[place], moments.faults[place]
        if reason:
            yield Unavailable(term=TERM, reason=reason, n=n, method=method)
            continue
        yield Estimate.of(
            TERM,
            value,
            (low[place], high[place]),
            n=n,
            method=method + FILLED_WORDS * moments.filled[place],
        )


def _thresholds(
    found: OrdinalItems, cover: str, confidence: float
) -> Iterator[ItemThreshold]:
    method = (
        "threshold: normal quantile of the share of answers below the category; "
        f"{cover} interval by Wilson's of that share; {found.basis}"
    )
    if found.moments is None:
        return
    quantile = special.ndtri((1 + confidence) / 2)
    for place, cuts in enumerate(found.moments.thresholds):
        n = found.moments.item_n[place]
        low, high = special.ndtri(_wilson(special.ndtr(cuts), n, quantile))
        for place_of, answer in enumerate(found.answers[place][1:]):
            yield ItemThreshold(
                item=found.names[place],
                category=f"{answer:g}",
                threshold=Estimate.of(
                    "threshold",
                    cuts[place_of],
                    (low[place_of], high[place_of]),
                    n=n,
                    method=method,
                ),
            )


def _wilson(share: Array, n: int, quantile: float) -> Array:
    """Lower and upper limits of shares."""
    scale = 1 + quantile**2 / n
    centre = (share + quantile**2 / (2 * n)) / scale
    reach = np.sqrt(share * (1 - share) / n + (quantile / (2 * n)) ** 2) / scale
    return np.stack([centre - quantile * reach, centre + quantile * reach])


def _smallest_eigenvalue(found: OrdinalItems) -> Result:
    term = "smallest_eigenvalue"
    method = (
        "smallest eigenvalue of the matrix of polychoric correlations; no interval: a "
        f"check of the matrix, not an estimate of a population's; {found.basis}"
    )
    if found.moments is None or found.pair_fault:
        reason = found.fault or found.pair_fault
        return found.unavailable(term, reason, method)
    smallest = float(np.linalg.eigvalsh(found.moments.correlations)[0])
    return Estimate(term=term, estimate=smallest, n=found.n, method=method)
