"""Ordinal responses into the correlation of every two items, and their thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Result, Unavailable
from analysis.reliability.consistency import percent
from analysis.reliability.structure.bivariate_normal import normal_density
from analysis.reliability.structure.labelled import Labelled
from analysis.reliability.structure.ordinal import OrdinalItems, ordinal_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from analysis.reliability.structure.ordinal import Deletion
    from analysis.reliability.structure.polychoric import PolychoricMoments

TERM = "polychoric_correlation"


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
    """The correlations of all pairs of items, and the thresholds they rest on.

    Attributes
    ----------
    smallest_eigenvalue : Result
        Of the matrix of all correlations; below zero, no data could have that matrix.
    """

    pairs: tuple[ItemPair, ...]
    thresholds: tuple[ItemThreshold, ...]
    smallest_eigenvalue: Result


def polychoric_correlations(
    responses: pd.DataFrame,
    *,
    categories: Sequence[float],
    missing: Deletion = "pairwise",
    confidence: float = 0.95,
) -> PolychoricCorrelations:
    """Correlate the normal variables that may stand behind ordinal answers.

    Of items with two categories each the correlation is called tetrachoric.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows. One that nobody chose is merged with its
        neighbour, and `method` says so.
    missing : {"pairwise", "listwise"}
        Whether a pair rests on all who answered both, or on who answered every item.
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
        f"Fisher's z, standard error of the estimating equations; {found.basis}"
    )
    pairs = np.stack(np.triu_indices(len(found.names), 1), axis=1)
    for place, (one, other) in enumerate(pairs):
        if found.moments is None:
            result: Result = found.unavailable(TERM, found.fault, method)
        else:
            result = _correlation(found.moments, place, method, confidence)
        yield ItemPair(
            item=found.names[one],
            other_item=found.names[other],
            polychoric_correlation=result,
        )


def _correlation(
    moments: PolychoricMoments, place: int, method: str, confidence: float
) -> Result:
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    n, reason = moments.pair_n[place], moments.faults[place]
    if reason:
        return Unavailable(term=TERM, reason=reason, n=n, method=method)
    rho, error = float(moments.rho[place]), float(moments.errors[place])
    if moments.filled[place]:
        method += "; half an answer put into the empty cell, margins kept"
    reach = special.ndtri((1 + confidence) / 2) * error / (1 - rho**2)
    limits = np.tanh(np.arctanh(rho) + np.array([-reach, reach]))
    return Estimate(
        term=TERM,
        estimate=rho,
        conf_low=float(limits[0]),
        conf_high=float(limits[1]),
        n=n,
        method=method,
    )


def _thresholds(
    found: OrdinalItems, cover: str, confidence: float
) -> Iterator[ItemThreshold]:
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    method = (
        "threshold: normal quantile of the share of answers below the category; "
        f"{cover} Wald interval; {found.basis}"
    )
    if found.moments is None:
        return
    quantile = special.ndtri((1 + confidence) / 2)
    for place, cuts in enumerate(found.moments.thresholds):
        n = found.moments.item_n[place]
        below = special.ndtr(cuts)
        reach = quantile * np.sqrt(below * (1 - below) / n) / normal_density(cuts)
        for cut, half, answer in zip(
            cuts, reach, found.answers[place][1:], strict=True
        ):
            yield ItemThreshold(
                item=found.names[place],
                category=f"{answer:g}",
                threshold=Estimate(
                    term="threshold",
                    estimate=float(cut),
                    conf_low=float(cut - half),
                    conf_high=float(cut + half),
                    n=n,
                    method=method,
                ),
            )


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
