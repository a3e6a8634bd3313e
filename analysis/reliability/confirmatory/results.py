"""What a confirmatory factor model says, each result with its item and factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Labelled

if TYPE_CHECKING:
    from analysis.foundation.results import Result
    from analysis.reliability.confirmatory.indices import ModelFit


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLoading(Labelled):
    """How strongly one item goes with one factor."""

    item: str
    factor: str
    loading: Result
    standardised_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOrderLoading(Labelled):
    """How strongly one factor goes with a factor above it."""

    factor: str
    second_order_factor: str
    loading: Result
    standardised_loading: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRemainder(Labelled):
    """What is one item's own: the variance factors leave, its level, its thresholds."""

    item: str
    residual_variance: Result
    residual_share: Result
    intercept: Result | None = None
    thresholds: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRelation(Labelled):
    """How two factors go together."""

    factor: str
    other_factor: str
    factor_covariance: Result
    factor_correlation: Result
    heterotrait_monotrait_ratio: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorReliability(Labelled):
    """How well the items of one factor measure it."""

    factor: str
    factor_variance: Result
    composite_reliability: Result
    average_variance_extracted: Result | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmatoryFactors(Labelled):
    """A fitted factor model.

    Attributes
    ----------
    improper : tuple of str
        Why the solution cannot describe people (a variance below zero); empty if it
        can. Every result's `method` repeats it.
    """

    fit: ModelFit
    loadings: tuple[FactorLoading, ...]
    second_order_loadings: tuple[SecondOrderLoading, ...]
    items: tuple[ItemRemainder, ...]
    relations: tuple[FactorRelation, ...]
    reliability: tuple[FactorReliability, ...]
    improper: tuple[str, ...] = ()
