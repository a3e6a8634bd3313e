"""Confirmatory factors: whether items measure what they are meant to measure."""

from analysis.reliability.confirmatory.factors import confirmatory_factors
from analysis.reliability.confirmatory.indices import ModelFit
from analysis.reliability.confirmatory.results import (
    ConfirmatoryFactors,
    FactorLoading,
    FactorRelation,
    FactorReliability,
    ItemRemainder,
    SecondOrderLoading,
)

__all__ = [
    "ConfirmatoryFactors",
    "FactorLoading",
    "FactorRelation",
    "FactorReliability",
    "ItemRemainder",
    "ModelFit",
    "SecondOrderLoading",
    "confirmatory_factors",
]
