"""What changed, and for whom: scores described, changes and arms compared."""

from analysis.outcomes.beyond_the_mean import evaluate_supplementary
from analysis.outcomes.change import (
    PairedChange,
    UnlinkedChange,
    paired_change,
    unlinked_change,
)
from analysis.outcomes.compared_with_whom import evaluate_comparisons
from analysis.outcomes.comparison import (
    ArmComparison,
    UnlinkedArmComparison,
    compare_arms,
    compare_arms_unlinked,
)
from analysis.outcomes.coverage import evaluate_coverage
from analysis.outcomes.description import ScoreDescription, describe_scores
from analysis.outcomes.designed import evaluate_design
from analysis.outcomes.evaluation import evaluate_outcomes
from analysis.outcomes.for_whom import evaluate_groups
from analysis.outcomes.missing_scores import evaluate_missing
from analysis.outcomes.other_choices import evaluate_multiverse
from analysis.outcomes.over_time import evaluate_over_time

__all__ = [
    "ArmComparison",
    "PairedChange",
    "ScoreDescription",
    "UnlinkedArmComparison",
    "UnlinkedChange",
    "compare_arms",
    "compare_arms_unlinked",
    "describe_scores",
    "evaluate_comparisons",
    "evaluate_coverage",
    "evaluate_design",
    "evaluate_groups",
    "evaluate_missing",
    "evaluate_multiverse",
    "evaluate_outcomes",
    "evaluate_over_time",
    "evaluate_supplementary",
    "paired_change",
    "unlinked_change",
]
