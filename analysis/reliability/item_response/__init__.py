"""Item response: how single items behave, beyond what a sum of them can show."""

from analysis.reliability.item_response.mokken import (
    ItemScalability,
    MokkenScalability,
    PairScalability,
    mokken_scalability,
)

__all__ = [
    "ItemScalability",
    "MokkenScalability",
    "PairScalability",
    "mokken_scalability",
]
