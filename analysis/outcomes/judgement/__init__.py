"""What an effect means: does it matter, everywhere, and after all that was asked."""

from analysis.outcomes.judgement.bayes import (
    BayesianCompanion,
    Posterior,
    Prior,
    bayesian_companion,
)
from analysis.outcomes.judgement.effects import UncertainEffect, uncertain_effect
from analysis.outcomes.judgement.equivalence import (
    EquivalenceVerdict,
    equivalence_verdict,
)
from analysis.outcomes.judgement.families import (
    AdjustedFamilies,
    AdjustedOutcome,
    Family,
    adjust_families,
)
from analysis.outcomes.judgement.pooling import PooledEffect, SiteEffect, pool_sites
from analysis.outcomes.judgement.shrinkage import (
    ShrunkenTeam,
    ShrunkenTeams,
    shrink_teams,
)

__all__ = [
    "AdjustedFamilies",
    "AdjustedOutcome",
    "BayesianCompanion",
    "EquivalenceVerdict",
    "Family",
    "PooledEffect",
    "Posterior",
    "Prior",
    "ShrunkenTeam",
    "ShrunkenTeams",
    "SiteEffect",
    "UncertainEffect",
    "adjust_families",
    "bayesian_companion",
    "equivalence_verdict",
    "pool_sites",
    "shrink_teams",
    "uncertain_effect",
]
