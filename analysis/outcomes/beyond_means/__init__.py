"""Change beyond the mean: unlinked waves, who responded, ordered answers, and then."""

from analysis.outcomes.beyond_means.ends import SharesAtEnds, shares_at_ends
from analysis.outcomes.beyond_means.linked_answers import (
    OrdinalChange,
    ordinal_change,
)
from analysis.outcomes.beyond_means.minimal_important_change import (
    MinimalImportantChange,
    minimal_important_change,
)
from analysis.outcomes.beyond_means.ordinal import OrdinalComparison, compare_ordinal
from analysis.outcomes.beyond_means.overlapping import (
    OverlappingChange,
    overlapping_change,
)
from analysis.outcomes.beyond_means.overlapping_teams import (
    overlapping_change_of_teams,
)
from analysis.outcomes.beyond_means.responders import Responders, responders
from analysis.outcomes.beyond_means.then_test import (
    RetrospectivePretest,
    retrospective_pretest,
)
from analysis.outcomes.beyond_means.unlinked import (
    ChangeAtCorrelation,
    UnlinkedBounds,
    unlinked_bounds,
)

__all__ = [
    "ChangeAtCorrelation",
    "MinimalImportantChange",
    "OrdinalChange",
    "OrdinalComparison",
    "OverlappingChange",
    "Responders",
    "RetrospectivePretest",
    "SharesAtEnds",
    "UnlinkedBounds",
    "compare_ordinal",
    "minimal_important_change",
    "ordinal_change",
    "overlapping_change",
    "overlapping_change_of_teams",
    "responders",
    "retrospective_pretest",
    "shares_at_ends",
    "unlinked_bounds",
]
