from .cluster_robust import ClusterRobustFit, cluster_robust_fit, clustered_mean
from .complete_responses import NO_VARIANCE, PERFECT, SINGULAR
from .imputation import (
    Imputation,
    ImputationDiagnostics,
    imputation_diagnostics,
    impute,
)
from .imputation_pooling import PooledEstimate, pool
from .mixed.design import RandomTerm
from .mixed.model import MixedFit, RandomCovariance, RandomEffects, fit_mixed_model
from .wild_bootstrap import WildBootstrap, wild_cluster_bootstrap

__all__ = [
    "NO_VARIANCE",
    "PERFECT",
    "SINGULAR",
    "ClusterRobustFit",
    "Imputation",
    "ImputationDiagnostics",
    "MixedFit",
    "PooledEstimate",
    "RandomCovariance",
    "RandomEffects",
    "RandomTerm",
    "WildBootstrap",
    "cluster_robust_fit",
    "clustered_mean",
    "fit_mixed_model",
    "imputation_diagnostics",
    "impute",
    "pool",
    "wild_cluster_bootstrap",
]
