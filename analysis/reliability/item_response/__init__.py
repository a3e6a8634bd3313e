"""Item response: how single items behave, beyond what a sum of them can show."""

from analysis.reliability.item_response.item_bias import ItemBias, item_bias
from analysis.reliability.item_response.mokken import (
    ItemScalability,
    MokkenScalability,
    PairScalability,
    mokken_scalability,
)

__all__ = [
    "ItemBias",
    "ItemScalability",
    "MokkenScalability",
    "PairScalability",
    "item_bias",
    "mokken_scalability",
]
