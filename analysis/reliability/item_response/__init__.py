"""Item response: how single items behave, beyond what a sum of them can show."""

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

__all__ = [
    "InformationCurve",
    "ItemBias",
    "ItemScalability",
    "MokkenScalability",
    "PairScalability",
    "TraitLevel",
    "information_curve",
    "item_bias",
    "mokken_scalability",
]
