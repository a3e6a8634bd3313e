"""For whom it worked: groups compared, small ones not over-read."""

from analysis.outcomes.inequality.effects import (
    EffectByGroup,
    EffectsByGroup,
    effects_by_group,
)
from analysis.outcomes.inequality.gaps import GroupGap, GroupGaps, subgroup_gaps
from analysis.outcomes.inequality.indices import InequalityIndices, inequality_indices
from analysis.outcomes.inequality.intersections import (
    IntersectionalVariation,
    intersectional_variation,
)
from analysis.outcomes.inequality.shrinkage import (
    ShrunkenGroup,
    ShrunkenGroups,
    shrunken_groups,
)

__all__ = [
    "EffectByGroup",
    "EffectsByGroup",
    "GroupGap",
    "GroupGaps",
    "InequalityIndices",
    "IntersectionalVariation",
    "ShrunkenGroup",
    "ShrunkenGroups",
    "effects_by_group",
    "inequality_indices",
    "intersectional_variation",
    "shrunken_groups",
    "subgroup_gaps",
]
