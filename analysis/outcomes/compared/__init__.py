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
    falsification_table,
    future_dose,
)
from analysis.outcomes.compared.placebo import (
    PlaceboComparison,
    UnitEffect,
    placebo_comparison,
)

__all__ = [
    "Comparison",
    "DifferenceInDifferences",
    "DosePoint",
    "DoseResponse",
    "EventStudyEffect",
    "FalsificationRow",
    "FalsificationTable",
    "FutureDose",
    "IngredientContrast",
    "IngredientContrasts",
    "PlaceboComparison",
    "UnitEffect",
    "WithinPersonDose",
    "difference_in_differences",
    "dose_response",
    "falsification_table",
    "future_dose",
    "ingredient_contrasts",
    "placebo_comparison",
    "within_person_dose",
]
