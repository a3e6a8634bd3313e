"""Internal consistency of a subscale: keyed responses in, coefficients out.

By default every coefficient deletes participants with any item unanswered, and reports
the ``n`` that remained. Oracles: R packages psych and lavaan, see
tests/oracles/README.md; formulas and choices: docs/explanation/statistics.md and
docs/explanation/statistics-consistency.md.
"""

from analysis.reliability.complete import NO_VARIANCE, PERFECT, SINGULAR
from analysis.reliability.consistency.alpha import alpha_of, cronbach_alpha
from analysis.reliability.consistency.gaps import missing_completely_at_random
from analysis.reliability.consistency.inter_item import (
    mean_inter_item_correlation,
    pearson,
    pearson_correlation,
    spearman_brown,
)
from analysis.reliability.consistency.omega import omega_total
from analysis.reliability.consistency.sensitivity import (
    CleaningSensitivity,
    cleaning_sensitivity,
)

__all__ = [
    "NO_VARIANCE",
    "PERFECT",
    "SINGULAR",
    "CleaningSensitivity",
    "alpha_of",
    "cleaning_sensitivity",
    "cronbach_alpha",
    "mean_inter_item_correlation",
    "missing_completely_at_random",
    "omega_total",
    "pearson",
    "pearson_correlation",
    "spearman_brown",
]
