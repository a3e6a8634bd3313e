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
from .mixed.kenward_roger import KenwardRoger, kenward_roger
from .mixed.model import MixedFit, RandomCovariance, RandomEffects, fit_mixed_model
from .mmrm import RepeatedMeasuresFit, fit_repeated_measures
from .random_intercept_logit import (
    RandomInterceptLogit,
    fit_random_intercept_logit,
)
from .wild_bootstrap import WildBootstrap, wild_cluster_bootstrap

__all__ = [
    "NO_VARIANCE",
    "PERFECT",
    "SINGULAR",
    "ClusterRobustFit",
    "Imputation",
    "ImputationDiagnostics",
    "KenwardRoger",
    "MixedFit",
    "PooledEstimate",
    "RandomCovariance",
    "RandomEffects",
    "RandomInterceptLogit",
    "RandomTerm",
    "RepeatedMeasuresFit",
    "WildBootstrap",
    "cluster_robust_fit",
    "clustered_mean",
    "fit_mixed_model",
    "fit_random_intercept_logit",
    "fit_repeated_measures",
    "imputation_diagnostics",
    "impute",
    "kenward_roger",
    "pool",
    "wild_cluster_bootstrap",
]
