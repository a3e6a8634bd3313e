"""Effects where people share teams: intervals that count teams, not people."""

from analysis.outcomes.clustered.cluster_robust import (
    ClusterRobustFit,
    cluster_robust_fit,
)
from analysis.outcomes.clustered.intracluster import (
    IntraclusterCorrelation,
    intracluster_correlation,
)
from analysis.outcomes.clustered.mixed_models import MixedEffects, mixed_effects
from analysis.outcomes.clustered.waves import (
    WaveEffect,
    WaveEffects,
    mixed_wave_effects,
)
from analysis.outcomes.clustered.wild_bootstrap import (
    WildBootstrap,
    wild_cluster_bootstrap,
)

__all__ = [
    "ClusterRobustFit",
    "IntraclusterCorrelation",
    "MixedEffects",
    "WaveEffect",
    "WaveEffects",
    "WildBootstrap",
    "cluster_robust_fit",
    "intracluster_correlation",
    "mixed_effects",
    "mixed_wave_effects",
    "wild_cluster_bootstrap",
]
