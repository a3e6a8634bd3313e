"""Structure: correlations of items, their dimensions, and what follows from them."""

from analysis.reliability.structure.polychoric import (
    PolychoricMoments,
    polychoric_moments,
)

__all__ = ["PolychoricMoments", "polychoric_moments"]
