"""Item response: how single items behave, beyond what a sum of them can show."""

from analysis.reliability.item_response.graded_curves import GradedParameters
from analysis.reliability.item_response.graded_response import graded_response_model
from analysis.reliability.item_response.graded_results import (
    GradedItem,
    GradedResponseModel,
    GradedThreshold,
)
from analysis.reliability.item_response.graded_scores import (
    graded_information,
    graded_scores,
)
from analysis.reliability.item_response.information_curve import (
    InformationCurve,
    TraitLevel,
    information_curve,
)
from analysis.reliability.item_response.item_bias import ItemBias, item_bias
from analysis.reliability.item_response.mokken import (
    ItemScalability,
    MokkenScalability,
    PairScalability,
    mokken_scalability,
)
from analysis.reliability.item_response.monotonicity import (
    ItemMonotonicity,
    item_monotonicity,
)
from analysis.reliability.item_response.two_level import (
    LevelScalability,
    TwoLevelScalability,
    two_level_scalability,
)

__all__ = [
    "GradedItem",
    "GradedParameters",
    "GradedResponseModel",
    "GradedThreshold",
    "InformationCurve",
    "ItemBias",
    "ItemMonotonicity",
    "ItemScalability",
    "LevelScalability",
    "MokkenScalability",
    "PairScalability",
    "TraitLevel",
    "TwoLevelScalability",
    "graded_information",
    "graded_response_model",
    "graded_scores",
    "information_curve",
    "item_bias",
    "item_monotonicity",
    "mokken_scalability",
    "two_level_scalability",
]
