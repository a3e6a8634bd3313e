"""Compared with whom: changes of the treated beside those of others."""

from analysis.outcomes.compared.difference_in_differences import (
    Comparison,
    DifferenceInDifferences,
    EventStudyEffect,
    difference_in_differences,
)

__all__ = [
    "Comparison",
    "DifferenceInDifferences",
    "EventStudyEffect",
    "difference_in_differences",
]
