"""Effects where people share teams: intervals that count teams, not people."""

from analysis.outcomes.clustered.cluster_robust import (
    ClusterRobustFit,
    cluster_robust_fit,
)

__all__ = ["ClusterRobustFit", "cluster_robust_fit"]
