from .change import PairedChange, UnlinkedChange, paired_change, unlinked_change
from .clustered.intracluster import IntraclusterCorrelation, intracluster_correlation
from .clustered.repeated_waves import (
    MixedEffects,
    WaveEffect,
    WaveEffects,
    mixed_effects,
    mixed_wave_effects,
)
from .clustered.two_values import StandardisedShares, standardised_shares
from .comparison import (
    ArmComparison,
    UnlinkedArmComparison,
    compare_arms,
    compare_arms_unlinked,
)
from .description import ScoreDescription, describe_scores
from .designs.after_only import (
    ArmContrasts,
    adjusted_difference,
    difference_after,
    differences_after,
)
from .designs.difference_in_differences import (
    Comparison,
    DifferenceInDifferences,
    EventStudyEffect,
    difference_in_differences,
)
from .designs.dose_response import (
    DosePoint,
    DoseResponse,
    IngredientContrast,
    IngredientContrasts,
    WithinPersonDose,
    dose_response,
    ingredient_contrasts,
    within_person_dose,
)
from .designs.negative_controls import (
    FalsificationRow,
    FalsificationTable,
    FutureDose,
    StandardisedEffect,
    estimate_effect,
    falsification_table,
    future_dose,
    side_by_side,
)
from .designs.parallel_trends import TrendBound, TrendSensitivity, trend_sensitivity
from .designs.permutation import UnitPermutation, permute_unit_means
from .designs.randomisation import PlaceboComparison, UnitEffect, placebo_comparison
from .designs.repeated_measures import (
    FollowUpEffect,
    RepeatedMeasuresEffects,
    repeated_measures_effect,
)
from .designs.staggered_adoption import (
    EventTimeEffect,
    GroupTimeEffect,
    StaggeredEffects,
    staggered_effects,
)
from .designs.stepped_wedge import SteppedWedge, stepped_wedge
from .effect_sizes import hedges_g_av, hedges_g_av_of_pairs
from .judgement.bayes import BayesianCompanion, Posterior, Prior, bayesian_companion
from .judgement.comparability import consequence_of_bias
from .judgement.equivalence import (
    EquivalenceVerdict,
    UncertainEffect,
    equivalence_verdict,
    uncertain_effect,
)
from .judgement.multiplicity import (
    AdjustedFamilies,
    AdjustedOutcome,
    Family,
    adjust_families,
)
from .judgement.pooling import (
    PooledEffect,
    ShrunkenTeam,
    ShrunkenTeams,
    SiteEffect,
    pool_sites,
    shrink_teams,
)
from .judgement.simultaneous import (
    SimultaneousEffect,
    SimultaneousEffects,
    simultaneous_effects,
)
from .judgement.strength import (
    Strength,
    StrengthFacts,
    certainty,
    strength,
)
from .judgement.successive_looks import Look, PlannedLooks, plan_looks
from .judgement.verdict import limit_extents, verdict, verdict_class
from .missing_data.arm_effect import ArmModel, imputed_arm_difference
from .missing_data.attrition import (
    AttritionTable,
    DropoutTippingPoint,
    attrition_table,
    completers_and_dropouts,
    dropout_tipping_point,
)
from .missing_data.tipping_point import TippingPoint, tipping_point
from .missing_data.weighting import (
    AttritionModel,
    ResponseWeights,
    WeightSummary,
    attrition_model,
    complete_arm_difference,
    response_weights,
    weighted_arm_difference,
)
from .multiverse import (
    ChoiceInfluence,
    Specification,
    SpecificationCurve,
    evaluate_combinations,
    evaluate_specifications,
    specification_curve,
)
from .pilot_design import PilotDesign
from .power import PrecisionByTeams, precision_by_teams
from .power_by_design import (
    Assurance,
    DesignPower,
    assurance,
    power_by_site,
    power_of_arms,
    power_of_wedge,
)
from .subgroups.effects import (
    EffectByGroup,
    EffectsByGroup,
    GroupGap,
    GroupGaps,
    effects_by_group,
    subgroup_gaps,
)
from .subgroups.inequality_indices import InequalityIndices, inequality_indices
from .subgroups.shrinkage import (
    IntersectionalVariation,
    ShrunkenGroup,
    ShrunkenGroups,
    intersectional_variation,
    shrunken_groups,
)
from .supplementary.linked_answers import (
    OrdinalChange,
    SharesAtEnds,
    ordinal_change,
    shares_at_ends,
)
from .supplementary.minimal_important_change import (
    MinimalImportantChange,
    minimal_important_change,
)
from .supplementary.ordinal import OrdinalComparison, compare_ordinal, ridits
from .supplementary.partly_linked import (
    ChangeAtCorrelation,
    OverlappingChange,
    UnlinkedBounds,
    overlapping_change,
    overlapping_change_of_teams,
    unlinked_bounds,
)
from .supplementary.responders import (
    Responders,
    RiseAndFall,
    responders,
    rise_and_fall,
)
from .supplementary.retrospective_pretest import (
    RetrospectivePretest,
    retrospective_pretest,
)
from .trends.control_chart import ChartPoint, ControlChart, SeriesPoint, control_chart
from .trends.run_chart import RunChart, run_chart
from .unit_means import (
    ArmMeans,
    UnitChange,
    UnitComparison,
    compare_unit_means,
    mean_of_units,
)
from .units import linked_units, units_of_units, unlinked_units

__all__ = [
    "AdjustedFamilies",
    "AdjustedOutcome",
    "ArmComparison",
    "ArmContrasts",
    "ArmMeans",
    "ArmModel",
    "Assurance",
    "AttritionModel",
    "AttritionTable",
    "BayesianCompanion",
    "ChangeAtCorrelation",
    "ChartPoint",
    "ChoiceInfluence",
    "Comparison",
    "ControlChart",
    "DesignPower",
    "DifferenceInDifferences",
    "DosePoint",
    "DoseResponse",
    "DropoutTippingPoint",
    "EffectByGroup",
    "EffectsByGroup",
    "EquivalenceVerdict",
    "EventStudyEffect",
    "EventTimeEffect",
    "FalsificationRow",
    "FalsificationTable",
    "Family",
    "FollowUpEffect",
    "FutureDose",
    "GroupGap",
    "GroupGaps",
    "GroupTimeEffect",
    "InequalityIndices",
    "IngredientContrast",
    "IngredientContrasts",
    "IntersectionalVariation",
    "IntraclusterCorrelation",
    "Look",
    "MinimalImportantChange",
    "MixedEffects",
    "OrdinalChange",
    "OrdinalComparison",
    "OverlappingChange",
    "PairedChange",
    "PilotDesign",
    "PlaceboComparison",
    "PlannedLooks",
    "PooledEffect",
    "Posterior",
    "PrecisionByTeams",
    "Prior",
    "RepeatedMeasuresEffects",
    "Responders",
    "ResponseWeights",
    "RetrospectivePretest",
    "RiseAndFall",
    "RunChart",
    "ScoreDescription",
    "SeriesPoint",
    "SharesAtEnds",
    "ShrunkenGroup",
    "ShrunkenGroups",
    "ShrunkenTeam",
    "ShrunkenTeams",
    "SimultaneousEffect",
    "SimultaneousEffects",
    "SiteEffect",
    "Specification",
    "SpecificationCurve",
    "StaggeredEffects",
    "StandardisedEffect",
    "StandardisedShares",
    "SteppedWedge",
    "Strength",
    "StrengthFacts",
    "TippingPoint",
    "TrendBound",
    "TrendSensitivity",
    "UncertainEffect",
    "UnitChange",
    "UnitComparison",
    "UnitEffect",
    "UnitPermutation",
    "UnlinkedArmComparison",
    "UnlinkedBounds",
    "UnlinkedChange",
    "WaveEffect",
    "WaveEffects",
    "WeightSummary",
    "WithinPersonDose",
    "adjust_families",
    "adjusted_difference",
    "assurance",
    "attrition_model",
    "attrition_table",
    "bayesian_companion",
    "certainty",
    "compare_arms",
    "compare_arms_unlinked",
    "compare_ordinal",
    "compare_unit_means",
    "complete_arm_difference",
    "completers_and_dropouts",
    "consequence_of_bias",
    "control_chart",
    "describe_scores",
    "difference_after",
    "difference_in_differences",
    "differences_after",
    "dose_response",
    "dropout_tipping_point",
    "effects_by_group",
    "equivalence_verdict",
    "estimate_effect",
    "evaluate_combinations",
    "evaluate_specifications",
    "falsification_table",
    "future_dose",
    "hedges_g_av",
    "hedges_g_av_of_pairs",
    "imputed_arm_difference",
    "inequality_indices",
    "ingredient_contrasts",
    "intersectional_variation",
    "intracluster_correlation",
    "limit_extents",
    "linked_units",
    "mean_of_units",
    "minimal_important_change",
    "mixed_effects",
    "mixed_wave_effects",
    "ordinal_change",
    "overlapping_change",
    "overlapping_change_of_teams",
    "paired_change",
    "permute_unit_means",
    "placebo_comparison",
    "plan_looks",
    "pool_sites",
    "power_by_site",
    "power_of_arms",
    "power_of_wedge",
    "precision_by_teams",
    "repeated_measures_effect",
    "responders",
    "response_weights",
    "retrospective_pretest",
    "ridits",
    "rise_and_fall",
    "run_chart",
    "shares_at_ends",
    "shrink_teams",
    "shrunken_groups",
    "side_by_side",
    "simultaneous_effects",
    "specification_curve",
    "staggered_effects",
    "standardised_shares",
    "stepped_wedge",
    "strength",
    "subgroup_gaps",
    "tipping_point",
    "trend_sensitivity",
    "uncertain_effect",
    "units_of_units",
    "unlinked_bounds",
    "unlinked_change",
    "unlinked_units",
    "verdict",
    "verdict_class",
    "weighted_arm_difference",
    "within_person_dose",
]
