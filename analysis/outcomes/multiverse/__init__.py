"""The answers other defensible choices would have given."""

from analysis.outcomes.multiverse.specifications import (
    ChoiceInfluence,
    Specification,
    SpecificationCurve,
    evaluate_combinations,
    evaluate_specifications,
    specification_curve,
)

__all__ = [
    "ChoiceInfluence",
    "Specification",
    "SpecificationCurve",
    "evaluate_combinations",
    "evaluate_specifications",
    "specification_curve",
]
