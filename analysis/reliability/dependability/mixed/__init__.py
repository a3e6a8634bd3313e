"""Linear mixed models: rows, fixed columns and random terms in, a checked fit out."""

from analysis.reliability.dependability.mixed.design import RandomTerm
from analysis.reliability.dependability.mixed.model import (
    MixedFit,
    RandomCovariance,
    RandomEffects,
    fit_mixed_model,
)

__all__ = [
    "MixedFit",
    "RandomCovariance",
    "RandomEffects",
    "RandomTerm",
    "fit_mixed_model",
]
