from .change import PairedChange, UnlinkedChange, paired_change, unlinked_change
from .clustered.intracluster import IntraclusterCorrelation, intracluster_correlation
from .clustered.repeated_waves import (
    MixedEffects,
    WaveEffect,
    WaveEffects,
    mixed_effects,
    mixed_wave_effects,
)
from .comparison import (
    ArmComparison,
    UnlinkedArmComparison,
    compare_arms,
    compare_arms_unlinked,
)
from .description import ScoreDescription, describe_scores
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
from .designs.randomisation import PlaceboComparison, UnitEffect, placebo_comparison
from .designs.staggered_adoption import (
    EventTimeEffect,
    GroupTimeEffect,
    StaggeredEffects,
    staggered_effects,
)
from .designs.stepped_wedge import SteppedWedge, stepped_wedge
from .effect_sizes import hedges_g_av, hedges_g_av_of_pairs
from .judgement.bayes import BayesianCompanion, Posterior, Prior, bayesian_companion
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
from .supplementary.ordinal import OrdinalComparison, compare_ordinal
from .supplementary.partly_linked import (
    ChangeAtCorrelation,
    OverlappingChange,
    UnlinkedBounds,
    overlapping_change,
    overlapping_change_of_teams,
    unlinked_bounds,
)
from .supplementary.responders import Responders, responders
from .supplementary.retrospective_pretest import (
    RetrospectivePretest,
    retrospective_pretest,
)
from .trends.control_chart import ChartPoint, ControlChart, SeriesPoint, control_chart
from .trends.run_chart import RunChart, run_chart

__all__ = [
    "AdjustedFamilies",
    "AdjustedOutcome",
    "ArmComparison",
    "ArmModel",
    "AttritionModel",
    "AttritionTable",
    "BayesianCompanion",
    "ChangeAtCorrelation",
    "ChartPoint",
    "ChoiceInfluence",
    "Comparison",
    "ControlChart",
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
    "FutureDose",
    "GroupGap",
    "GroupGaps",
    "GroupTimeEffect",
    "InequalityIndices",
    "IngredientContrast",
    "IngredientContrasts",
    "IntersectionalVariation",
    "IntraclusterCorrelation",
    "MinimalImportantChange",
    "MixedEffects",
    "OrdinalChange",
    "OrdinalComparison",
    "OverlappingChange",
    "PairedChange",
    "PilotDesign",
    "PlaceboComparison",
    "PooledEffect",
    "Posterior",
    "PrecisionByTeams",
    "Prior",
    "Responders",
    "ResponseWeights",
    "RetrospectivePretest",
    "RunChart",
    "ScoreDescription",
    "SeriesPoint",
    "SharesAtEnds",
    "ShrunkenGroup",
    "ShrunkenGroups",
    "ShrunkenTeam",
    "ShrunkenTeams",
    "SiteEffect",
    "Specification",
    "SpecificationCurve",
    "StaggeredEffects",
    "StandardisedEffect",
    "SteppedWedge",
    "TippingPoint",
    "TrendBound",
    "TrendSensitivity",
    "UncertainEffect",
    "UnitEffect",
    "UnlinkedArmComparison",
    "UnlinkedBounds",
    "UnlinkedChange",
    "WaveEffect",
    "WaveEffects",
    "WeightSummary",
    "WithinPersonDose",
    "adjust_families",
    "attrition_model",
    "attrition_table",
    "bayesian_companion",
    "compare_arms",
    "compare_arms_unlinked",
    "compare_ordinal",
    "complete_arm_difference",
    "completers_and_dropouts",
    "control_chart",
    "describe_scores",
    "difference_in_differences",
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
    "minimal_important_change",
    "mixed_effects",
    "mixed_wave_effects",
    "ordinal_change",
    "overlapping_change",
    "overlapping_change_of_teams",
    "paired_change",
    "placebo_comparison",
    "pool_sites",
    "precision_by_teams",
    "responders",
    "response_weights",
    "retrospective_pretest",
    "run_chart",
    "shares_at_ends",
    "shrink_teams",
    "shrunken_groups",
    "side_by_side",
    "specification_curve",
    "staggered_effects",
    "stepped_wedge",
    "subgroup_gaps",
    "tipping_point",
    "trend_sensitivity",
    "uncertain_effect",
    "unlinked_bounds",
    "unlinked_change",
    "weighted_arm_difference",
    "within_person_dose",
]
