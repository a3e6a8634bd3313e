"""Estimate the reliability and structure of one subscale in one wave.

Answers with few categories in the codebook are treated as ordered, in every wave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from heard.models.complete_responses import Responses, read_responses
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.psychometrics.items.statistics import ItemStatistics, item_statistics
from heard.psychometrics.structure.dimensions import Dimension, parallel_analysis
from heard.psychometrics.structure.item_correlations import sampling_adequacy
from heard.psychometrics.structure.ordinal_reliability import (
    omega_categorical,
    ordinal_alpha,
)
from heard.results import Composite, Result, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleReliability(Composite):
    """How well the items of one subscale hold together in one wave."""

    cronbach_alpha: Result
    omega_total: Result
    mean_inter_item_correlation: Result
    items: tuple[ItemStatistics, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; `item` is empty where the whole subscale is meant."""
        of_subscale = pd.concat(
            [
                self.cronbach_alpha.to_frame(),
                self.omega_total.to_frame(),
                self.mean_inter_item_correlation.to_frame(),
            ]
        )
        of_subscale.insert(0, "item", "")
        frames = [of_subscale, *(statistics.to_frame() for statistics in self.items)]
        return pd.concat(frames, ignore_index=True)


def estimate_scale_reliability(
    responses: Responses, *, lowest: float, highest: float
) -> ScaleReliability:
    """Estimate the reliability of one subscale in one wave.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item, one row a participant; NaN if unanswered.
    lowest, highest : float
        Ends of the response scale, from the codebook and never from the data.

    Returns
    -------
    ScaleReliability
        Every result is there; what cannot be estimated is `Unavailable`.
    """
    responses = read_responses(responses)
    return ScaleReliability(
        cronbach_alpha=cronbach_alpha(responses),
        omega_total=omega_total(responses),
        mean_inter_item_correlation=mean_inter_item_correlation(responses),
        items=item_statistics(responses, lowest=lowest, highest=highest),
    )


MAXIMUM_CATEGORIES = 7
"""With more, answers are analysed as numbers.

From five categories on the two ways agree (Rhemtulla, Brosseau-Liard & Savalei 2012,
Psychological Methods 17(3), 354-373); up to seven the ordered one costs nothing.
"""
FIT = (
    "comparative_fit_index",
    "tucker_lewis_index",
    "rmsea",
    "standardised_root_mean_square_residual",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLoading(Composite):
    """How strongly an item is related to what all items share."""

    item: str
    standardised_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleStructure(Composite):
    """Whether one subscale measures one construct.

    `fit`: of one common factor: scaled for ordered categories, robust for numbers.
    """

    ordinal_alpha: Result
    omega_categorical: Result
    scalability: Result
    kaiser_meyer_olkin: Result
    dimensions_by_percentile: Result
    dimensions: tuple[Dimension, ...]
    fit: tuple[Result, ...]
    loadings: tuple[ItemLoading, ...]


def estimate_scale_structure(
    responses: Responses, *, categories: Sequence[float]
) -> ScaleStructure:
    """Test whether the items of a subscale have one factor, and how strong it is.

    `responses`, shape (n_participants, n_items): keyed responses, one column an item,
      one row a participant; NaN if unanswered.
    `categories`: the answers the codebook allows; empty where the items differ in them.
    Returns: every result is there; what cannot be estimated is `Unavailable`.
    """
    responses = read_responses(responses)
    ordinal = 2 <= len(categories) <= MAXIMUM_CATEGORIES
    parallel = parallel_analysis(responses)
    model = _one_factor(responses, categories if ordinal else ())
    return ScaleStructure(
        ordinal_alpha=ordinal_alpha(responses, categories=categories)
        if ordinal
        else _not_ordinal("ordinal_alpha", categories),
        omega_categorical=omega_categorical(responses, categories=categories)
        if ordinal
        else _not_ordinal("omega_categorical", categories),
        scalability=mokken_scalability(responses).scalability,
        kaiser_meyer_olkin=sampling_adequacy(responses).kaiser_meyer_olkin,
        dimensions_by_percentile=parallel.dimensions_by_percentile,
        dimensions=parallel.dimensions,
        fit=_fit(model, ordinal=ordinal),
        loadings=_loadings(model),
    )


def _one_factor(
    responses: pd.DataFrame, categories: Sequence[float]
) -> ConfirmatoryFactors | Unavailable:
    factors = {"scale": [str(name) for name in responses.columns]}
    if categories:
        return confirmatory_factors(
            responses, factors=factors, estimator="wlsmv", categories=categories
        )
    return confirmatory_factors(responses, factors=factors, estimator="mlr")


def _loadings(model: ConfirmatoryFactors | Unavailable) -> tuple[ItemLoading, ...]:
    if isinstance(model, Unavailable):
        return ()
    return tuple(
        ItemLoading(item=part.item, standardised_loading=part.standardised_loading)
        for part in model.loadings
    )


def _fit(
    model: ConfirmatoryFactors | Unavailable, *, ordinal: bool
) -> tuple[Result, ...]:
    kind = "scaled" if ordinal else "robust"
    if isinstance(model, Unavailable):
        return (
            Unavailable(
                term=f"{kind}_{FIT[0]}",
                reason=model.reason,
                n=model.n,
                method=model.method,
            ),
        )
    every = {result.term: result for result in model.fit.results()}
    return tuple(every.get(f"{kind}_{term}") or every[term] for term in FIT)


def _not_ordinal(term: str, categories: Sequence[float]) -> Unavailable:
    why = f"answers have {len(categories)} categories; up to {MAXIMUM_CATEGORIES} are "
    reason = f"{why}analysed as ordered" if categories else "items differ in answers"
    return Unavailable(term=term, reason=reason)
