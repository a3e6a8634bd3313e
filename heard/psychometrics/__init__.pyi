from .agreement.chance_corrected import fleiss_kappa, gwet_agreement, krippendorff_alpha
from .agreement.intraclass import IntraclassCorrelations, intraclass_correlations
from .agreement.ratings import (
    AgreementCell,
    AgreementCells,
    agreement_cells,
    weighted_kappa,
)
from .agreement.simple_agreement import (
    RankConcordance,
    kendall_concordance,
    percentage_agreement,
)
from .agreement.two_occasions import (
    LimitsOfAgreement,
    concordance_correlation,
    limits_of_agreement,
)
from .agreement.within_group import (
    GroupAgreement,
    WithinGroupAgreement,
    within_group_agreement,
)
from .confirmatory.factors import confirmatory_factors
from .confirmatory.fit import ModelFit
from .confirmatory.results import (
    ConfirmatoryFactors,
    FactorLoading,
    FactorRelation,
    FactorReliability,
    ItemRemainder,
    ResidualRelation,
    SecondOrderLoading,
)
from .consistency.alpha import cronbach_alpha
from .consistency.equal_loadings import TauEquivalence, tau_equivalence
from .consistency.inter_item import (
    mean_inter_item_correlation,
    pearson_correlation,
    spearman_brown,
)
from .consistency.lower_bounds import (
    greatest_lower_bound,
    guttman_lambdas,
    split_half_distribution,
)
from .consistency.omega import omega_total
from .consistency.sample import missing_completely_at_random
from .consistency.sensitivity import CleaningSensitivity, cleaning_sensitivity
from .consistency.yes_no_items import kuder_richardson_20
from .dependability.components import (
    VarianceComponent,
    VarianceComponents,
    crossed,
    nested,
    variance_components,
)
from .dependability.decisions import (
    DecisionPoint,
    DecisionStudy,
    decision_study,
    raters_needed,
)
from .dependability.nested_reliability import NestedReliability, nested_reliability
from .dependability.sources import (
    SourceCorrelation,
    SourceDependability,
    SourcesTogether,
    sources_together,
)
from .dependability.staff import (
    StaffDependability,
    StaffMember,
    staff_by_rank,
    staff_dependability,
)
from .invariance.measurement import measurement_invariance, partial_invariance
from .invariance.results import (
    EqualityTest,
    FactorDifference,
    InvarianceLevel,
    InvarianceRule,
    MeasurementInvariance,
)
from .invariance.score_bias import ArmBias, ItemScoreBias, ScoreBias, score_bias
from .item_response.graded_fit import GradedParameters
from .item_response.graded_response import graded_response_model
from .item_response.graded_results import (
    GradedItem,
    GradedResponseModel,
    GradedThreshold,
    InformationCurve,
    TraitLevel,
    information_curve,
)
from .item_response.graded_scores import graded_information, graded_scores
from .item_response.item_bias import ItemBias, item_bias
from .item_response.mokken import (
    ItemMonotonicity,
    ItemScalability,
    MokkenScalability,
    PairScalability,
    item_monotonicity,
    mokken_scalability,
)
from .item_response.two_level import (
    LevelScalability,
    TwoLevelScalability,
    two_level_scalability,
)
from .items.keys import KeyAudit, check_keys
from .items.statistics import ItemStatistics, item_statistics
from .missing_answers import MissingData
from .reliability_over_waves import WavesReliability, reliability_over_waves
from .retest import (
    ReliableChange,
    RetestReliability,
    SmallestDetectableChange,
    reliable_change,
    retest_reliability,
    smallest_detectable_change,
    standard_error_of_measurement,
)
from .scale import ScaleReliability, estimate_scale_reliability
from .structure.dimensions import (
    MinimumAveragePartial,
    ParallelAnalysis,
    minimum_average_partial,
    parallel_analysis,
)
from .structure.exploratory import ExploratoryFactors, exploratory_factors
from .structure.hierarchical_omega import OmegaHierarchical, omega_hierarchical
from .structure.item_correlations import (
    SamplingAdequacy,
    Sphericity,
    bartlett_sphericity,
    sampling_adequacy,
)
from .structure.ordinal_correlations import (
    PolychoricCorrelations,
    polychoric_correlations,
)
from .structure.ordinal_reliability import (
    AlphaWithout,
    omega_categorical,
    ordinal_alpha,
    ordinal_alpha_if_dropped,
)
from .structure.polychoric import PolychoricMoments

__all__ = [
    "AgreementCell",
    "AgreementCells",
    "AlphaWithout",
    "ArmBias",
    "CleaningSensitivity",
    "ConfirmatoryFactors",
    "DecisionPoint",
    "DecisionStudy",
    "EqualityTest",
    "ExploratoryFactors",
    "FactorDifference",
    "FactorLoading",
    "FactorRelation",
    "FactorReliability",
    "GradedItem",
    "GradedParameters",
    "GradedResponseModel",
    "GradedThreshold",
    "GroupAgreement",
    "InformationCurve",
    "IntraclassCorrelations",
    "InvarianceLevel",
    "InvarianceRule",
    "ItemBias",
    "ItemMonotonicity",
    "ItemRemainder",
    "ItemScalability",
    "ItemScoreBias",
    "ItemStatistics",
    "KeyAudit",
    "LevelScalability",
    "LimitsOfAgreement",
    "MeasurementInvariance",
    "MinimumAveragePartial",
    "MissingData",
    "ModelFit",
    "MokkenScalability",
    "NestedReliability",
    "OmegaHierarchical",
    "PairScalability",
    "ParallelAnalysis",
    "PolychoricCorrelations",
    "PolychoricMoments",
    "RankConcordance",
    "ReliableChange",
    "ResidualRelation",
    "RetestReliability",
    "SamplingAdequacy",
    "ScaleReliability",
    "ScoreBias",
    "SecondOrderLoading",
    "SmallestDetectableChange",
    "SourceCorrelation",
    "SourceDependability",
    "SourcesTogether",
    "Sphericity",
    "StaffDependability",
    "StaffMember",
    "TauEquivalence",
    "TraitLevel",
    "TwoLevelScalability",
    "VarianceComponent",
    "VarianceComponents",
    "WavesReliability",
    "WithinGroupAgreement",
    "agreement_cells",
    "bartlett_sphericity",
    "check_keys",
    "cleaning_sensitivity",
    "concordance_correlation",
    "confirmatory_factors",
    "cronbach_alpha",
    "crossed",
    "decision_study",
    "estimate_scale_reliability",
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
    "kendall_concordance",
    "krippendorff_alpha",
    "kuder_richardson_20",
    "limits_of_agreement",
    "mean_inter_item_correlation",
    "measurement_invariance",
    "minimum_average_partial",
    "missing_completely_at_random",
    "mokken_scalability",
    "nested",
    "nested_reliability",
    "omega_categorical",
    "omega_hierarchical",
    "omega_total",
    "ordinal_alpha",
    "ordinal_alpha_if_dropped",
    "parallel_analysis",
    "partial_invariance",
    "pearson_correlation",
    "percentage_agreement",
    "polychoric_correlations",
    "raters_needed",
    "reliability_over_waves",
    "reliable_change",
    "retest_reliability",
    "sampling_adequacy",
    "score_bias",
    "smallest_detectable_change",
    "sources_together",
    "spearman_brown",
    "split_half_distribution",
    "staff_by_rank",
    "staff_dependability",
    "standard_error_of_measurement",
    "tau_equivalence",
    "two_level_scalability",
    "variance_components",
    "weighted_kappa",
    "within_group_agreement",
]
