"""Compared with whom: changes of the treated beside those of others."""

from analysis.outcomes.compared.difference_in_differences import (
    Comparison,
    DifferenceInDifferences,
    EventStudyEffect,
    difference_in_differences,
)
from analysis.outcomes.compared.placebo import (
    PlaceboComparison,
    UnitEffect,
    placebo_comparison,
)

__all__ = [
    "Comparison",
    "DifferenceInDifferences",
    "EventStudyEffect",
    "PlaceboComparison",
    "UnitEffect",
    "difference_in_differences",
    "placebo_comparison",
]
