"""Dependability: ratings of people in, what they tell of each person out."""

from analysis.reliability.dependability.components import (
    VarianceComponent,
    VarianceComponents,
    crossed,
    nested,
    variance_components,
)
from analysis.reliability.dependability.decisions import (
    DecisionPoint,
    DecisionStudy,
    decision_study,
    raters_needed,
)

__all__ = [
    "DecisionPoint",
    "DecisionStudy",
    "VarianceComponent",
    "VarianceComponents",
    "crossed",
    "decision_study",
    "nested",
    "raters_needed",
    "variance_components",
]
