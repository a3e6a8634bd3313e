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
from analysis.reliability.dependability.nested_reliability import (
    NestedReliability,
    nested_reliability,
)
from analysis.reliability.dependability.ranked import staff_by_rank
from analysis.reliability.dependability.sources import (
    SourceCorrelation,
    SourceDependability,
    SourcesTogether,
    sources_together,
)
from analysis.reliability.dependability.staff import (
    StaffDependability,
    StaffMember,
    staff_dependability,
)

__all__ = [
    "DecisionPoint",
    "DecisionStudy",
    "NestedReliability",
    "SourceCorrelation",
    "SourceDependability",
    "SourcesTogether",
    "StaffDependability",
    "StaffMember",
    "VarianceComponent",
    "VarianceComponents",
    "crossed",
    "decision_study",
    "nested",
    "nested_reliability",
    "raters_needed",
    "sources_together",
    "staff_by_rank",
    "staff_dependability",
    "variance_components",
]
