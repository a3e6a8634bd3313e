"""Reliability: keyed responses to one subscale in, coefficients with their n out.

One sub-package a subject: ``structure`` (correlations, dimensions, exploratory
factors), ``confirmatory``, ``invariance``, ``agreement`` (raters, teams, occasions),
``change``, ``dependability`` (variance components, decisions about raters).
"""

from analysis.cleaning import key_audit
from analysis.reliability.agreement import (
    agreement_cells,
    concordance_correlation,
    fleiss_kappa,
    gwet_agreement,
    intraclass_correlations,
    krippendorff_alpha,
    limits_of_agreement,
    weighted_kappa,
    within_group_agreement,
)
from analysis.reliability.change import (
    reliability_over_waves,
    reliable_change,
    retest_reliability,
    smallest_detectable_change,
    standard_error_of_measurement,
)
from analysis.reliability.comparability import evaluate_comparability
from analysis.reliability.confirmatory import confirmatory_factors
from analysis.reliability.consistency import (
    cleaning_sensitivity,
    cronbach_alpha,
    mean_inter_item_correlation,
    missing_completely_at_random,
    omega_total,
    pearson_correlation,
    spearman_brown,
)
from analysis.reliability.cosmin import CosminTable, cosmin_table
from analysis.reliability.dependability import (
    decision_study,
    nested_reliability,
    raters_needed,
    sources_together,
    staff_by_rank,
    staff_dependability,
    variance_components,
)
from analysis.reliability.evidence import ScaleReliability, estimate_scale_reliability
from analysis.reliability.invariance import measurement_invariance, partial_invariance
from analysis.reliability.item_response import (
    graded_information,
    graded_response_model,
    graded_scores,
    information_curve,
    item_bias,
    item_monotonicity,
    mokken_scalability,
    two_level_scalability,
)
from analysis.reliability.items import ItemStatistics, item_statistics
from analysis.reliability.lower_bounds import (
    greatest_lower_bound,
    guttman_lambdas,
    split_half_distribution,
)
from analysis.reliability.structure import (
    bartlett_sphericity,
    exploratory_factors,
    minimum_average_partial,
    omega_categorical,
    omega_hierarchical,
    ordinal_alpha,
    parallel_analysis,
    polychoric_correlations,
    sampling_adequacy,
)
from analysis.reliability.waves import evaluate_reliability

__all__ = [
    "CosminTable",
    "ItemStatistics",
    "ScaleReliability",
    "agreement_cells",
    "bartlett_sphericity",
    "cleaning_sensitivity",
    "concordance_correlation",
    "confirmatory_factors",
    "cosmin_table",
    "cronbach_alpha",
    "decision_study",
    "estimate_scale_reliability",
    "evaluate_comparability",
    "evaluate_reliability",
    "exploratory_factors",
    "fleiss_kappa",
    "graded_information",
    "graded_response_model",
    "graded_scores",
    "greatest_lower_bound",
    "guttman_lambdas",
    "gwet_agreement",
    "information_curve",
    "intraclass_correlations",
    "item_bias",
    "item_monotonicity",
    "item_statistics",
    "key_audit",
    "krippendorff_alpha",
    "limits_of_agreement",
    "mean_inter_item_correlation",
    "measurement_invariance",
    "minimum_average_partial",
    "missing_completely_at_random",
    "mokken_scalability",
    "nested_reliability",
    "omega_categorical",
    "omega_hierarchical",
    "omega_total",
    "ordinal_alpha",
    "parallel_analysis",
    "partial_invariance",
    "pearson_correlation",
    "polychoric_correlations",
    "raters_needed",
    "reliability_over_waves",
    "reliable_change",
    "retest_reliability",
    "sampling_adequacy",
    "smallest_detectable_change",
    "sources_together",
    "spearman_brown",
    "split_half_distribution",
    "staff_by_rank",
    "staff_dependability",
    "standard_error_of_measurement",
    "two_level_scalability",
    "variance_components",
    "weighted_kappa",
    "within_group_agreement",
]
