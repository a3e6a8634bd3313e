"""Measurement invariance: may groups, or waves, be compared at all."""

from analysis.reliability.invariance.measurement import measurement_invariance
from analysis.reliability.invariance.partial import partial_invariance
from analysis.reliability.invariance.results import (
    EqualityTest,
    FactorDifference,
    InvarianceLevel,
    InvarianceRule,
    MeasurementInvariance,
)

__all__ = [
    "EqualityTest",
    "FactorDifference",
    "InvarianceLevel",
    "InvarianceRule",
    "MeasurementInvariance",
    "measurement_invariance",
    "partial_invariance",
]
