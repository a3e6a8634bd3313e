"""Structure: correlations of items, their dimensions, and what follows from them."""

from analysis.reliability.structure.adequacy import (
    SamplingAdequacy,
    Sphericity,
    bartlett_sphericity,
    sampling_adequacy,
)
from analysis.reliability.structure.categorical_omega import omega_categorical
from analysis.reliability.structure.components import (
    MinimumAveragePartial,
    minimum_average_partial,
)
from analysis.reliability.structure.exploratory import (
    ExploratoryFactors,
    exploratory_factors,
)
from analysis.reliability.structure.hierarchical import (
    OmegaHierarchical,
    omega_hierarchical,
)
from analysis.reliability.structure.ordinal_alpha import (
    AlphaWithout,
    ordinal_alpha,
    ordinal_alpha_if_dropped,
)
from analysis.reliability.structure.parallel import (
    ParallelAnalysis,
    parallel_analysis,
)
from analysis.reliability.structure.polychoric import (
    PolychoricMoments,
    polychoric_moments,
)
from analysis.reliability.structure.polychoric_correlations import (
    PolychoricCorrelations,
    polychoric_correlations,
)

__all__ = [
    "AlphaWithout",
    "ExploratoryFactors",
    "MinimumAveragePartial",
    "OmegaHierarchical",
    "ParallelAnalysis",
    "PolychoricCorrelations",
    "PolychoricMoments",
    "SamplingAdequacy",
    "Sphericity",
    "bartlett_sphericity",
    "exploratory_factors",
    "minimum_average_partial",
    "omega_categorical",
    "omega_hierarchical",
    "ordinal_alpha",
    "ordinal_alpha_if_dropped",
    "parallel_analysis",
    "polychoric_correlations",
    "polychoric_moments",
    "sampling_adequacy",
]
