"""Who is missing, how much it can matter, and answers that allow for it."""

from analysis.outcomes.missing.arm_effect import ArmModel, imputed_arm_difference
from analysis.outcomes.missing.attrition import (
    AttritionTable,
    attrition_table,
    completers_and_dropouts,
)
from analysis.outcomes.missing.diagnostics import (
    ImputationDiagnostics,
    imputation_diagnostics,
)
from analysis.outcomes.missing.imputation import Imputation, impute
from analysis.outcomes.missing.leavers import (
    DropoutTippingPoint,
    dropout_tipping_point,
)
from analysis.outcomes.missing.pooling import PooledEstimate, pool
from analysis.outcomes.missing.response import AttritionModel, attrition_model
from analysis.outcomes.missing.tipping import TippingPoint, tipping_point
from analysis.outcomes.missing.weighting import (
    ResponseWeights,
    WeightSummary,
    complete_arm_difference,
    response_weights,
    weighted_arm_difference,
)

__all__ = [
    "ArmModel",
    "AttritionModel",
    "AttritionTable",
    "DropoutTippingPoint",
    "Imputation",
    "ImputationDiagnostics",
    "PooledEstimate",
    "ResponseWeights",
    "TippingPoint",
    "WeightSummary",
    "attrition_model",
    "attrition_table",
    "complete_arm_difference",
    "completers_and_dropouts",
    "dropout_tipping_point",
    "imputation_diagnostics",
    "impute",
    "imputed_arm_difference",
    "pool",
    "response_weights",
    "tipping_point",
    "weighted_arm_difference",
]
