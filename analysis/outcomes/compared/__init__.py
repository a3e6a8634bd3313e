"""Compared with whom: changes of the treated beside those of others."""

from analysis.outcomes.compared.difference_in_differences import (
    Comparison,
    DifferenceInDifferences,
    EventStudyEffect,
    difference_in_differences,
)
from analysis.outcomes.compared.dose import (
    DosePoint,
    DoseResponse,
    WithinPersonDose,
    dose_response,
    within_person_dose,
)
from analysis.outcomes.compared.ingredients import (
    IngredientContrast,
    IngredientContrasts,
    ingredient_contrasts,
)
from analysis.outcomes.compared.negative_controls import (
    FalsificationRow,
    FalsificationTable,
    FutureDose,
    StandardisedEffect,
    estimate_effect,
    falsification_table,
    future_dose,
    side_by_side,
)
from analysis.outcomes.compared.placebo import (
    PlaceboComparison,
    UnitEffect,
    placebo_comparison,
)
from analysis.outcomes.compared.staggered import (
    EventTimeEffect,
    GroupTimeEffect,
    StaggeredEffects,
    staggered_effects,
)
from analysis.outcomes.compared.stepped_wedge import SteppedWedge, stepped_wedge
from analysis.outcomes.compared.trend_sensitivity import (
    TrendBound,
    TrendSensitivity,
    trend_sensitivity,
)

__all__ = [
    "Comparison",
    "DifferenceInDifferences",
    "DosePoint",
    "DoseResponse",
    "EventStudyEffect",
    "EventTimeEffect",
    "FalsificationRow",
    "FalsificationTable",
    "FutureDose",
    "GroupTimeEffect",
    "IngredientContrast",
    "IngredientContrasts",
    "PlaceboComparison",
    "StaggeredEffects",
    "StandardisedEffect",
    "SteppedWedge",
    "TrendBound",
    "TrendSensitivity",
    "UnitEffect",
    "WithinPersonDose",
    "difference_in_differences",
    "dose_response",
    "estimate_effect",
    "falsification_table",
    "future_dose",
    "ingredient_contrasts",
    "placebo_comparison",
    "side_by_side",
    "staggered_effects",
    "stepped_wedge",
    "trend_sensitivity",
    "within_person_dose",
]
