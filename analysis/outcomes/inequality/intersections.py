"""Groups made of several traits at once into how much they differ and add up.

The rule that holds throughout: every combination of traits that somebody answers from
is a group of a random mean; what is left of their variance once each trait has its own
effect is what the traits do only together.
Oracle: R lme4, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.clustered.intracluster import intracluster_correlation
from analysis.outcomes.clustered.mixed_models import mixed_effects
from analysis.outcomes.inequality.shrinkage import ShrunkenGroup, shrunken_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

MINIMUM_STRATA = 6
MINIMUM_TRAITS = 2
JOINT = " x "
SINGLE_TRAIT = (
    "teams are not in this model: their likeness counts as likeness of the combination"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntersectionalVariation(Composite):
    """How much combinations of traits differ.

    Attributes
    ----------
    between_strata_share : Estimate or Unavailable
        Share of all variance that lies between combinations.
    additive_share : Estimate or Unavailable
        Share of that which the traits explain one by one; 1 if they only add up, and
        below 0 where they explain nothing of it.
    strata : tuple of ShrunkenGroup
        Every combination with its shrunken mean.
    """

    between_strata_share: Result
    additive_share: Result
    strata: tuple[ShrunkenGroup, ...]


def intersectional_variation(
    frame: pd.DataFrame, *, traits: Sequence[str], score: str = "score"
) -> IntersectionalVariation:
    """Split the variance of a score between and within combinations of traits.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows without a score or a trait are left out.
    traits : sequence of str
        Two columns or more, each with a few values.
    score : str
        The column.

    Returns
    -------
    IntersectionalVariation
        Unavailable within: fewer than 2 traits, fewer than 6 combinations or one person
        each, nothing varies, combinations that do not differ at all.

    References
    ----------
    Evans and others (2018), Social Science & Medicine 203, 64-73; Merlo (2018), Social
    Science & Medicine 203, 74-80.
    """
    kept = frame[[score, *traits]].dropna()
    strata = kept[list(traits)].astype(str).agg(JOINT.join, axis=1)
    joined = kept.assign(stratum=strata.astype(str) if len(kept) else "")
    many = int(joined["stratum"].nunique())
    if len(traits) < MINIMUM_TRAITS or many < MINIMUM_STRATA:
        reason = (
            f"{len(traits)} traits in {many} combinations; at least {MINIMUM_TRAITS} "
            f"and {MINIMUM_STRATA} needed"
        )
        return _nothing(reason, len(joined))
    intracluster = intracluster_correlation(joined, score=score, cluster="stratum")
    return IntersectionalVariation(
        between_strata_share=_named(intracluster.intracluster_correlation_reml, many),
        additive_share=_additive(joined, traits, score=score, many=many),
        strata=shrunken_groups(joined, score=score, group="stratum").groups,
    )


def _nothing(reason: str, n: int) -> IntersectionalVariation:
    return IntersectionalVariation(
        between_strata_share=Unavailable(
            term="between_strata_share", reason=reason, n=n
        ),
        additive_share=Unavailable(term="additive_share", reason=reason, n=n),
        strata=(),
    )


def _named(share: Result, many: int) -> Result:
    term = "between_strata_share"
    if isinstance(share, Unavailable):
        return dataclasses.replace(share, term=term)
    method = f"{share.method}; groups are {many} combinations of traits; {SINGLE_TRAIT}"
    return dataclasses.replace(share, term=term, method=method)


def _additive(
    joined: pd.DataFrame, traits: Sequence[str], *, score: str, many: int
) -> Result:
    import pandas as pd  # noqa: PLC0415 - heavy, and only needed here

    term = "additive_share"
    effects = pd.get_dummies(
        joined[list(traits)].astype(str), drop_first=True, dtype=float
    )
    wide = joined[[score, "stratum"]].join(effects)
    fits = [
        mixed_effects(wide, score=score, columns=columns, groups=["stratum"])
        for columns in ([], list(effects.columns))
    ]
    variances = []
    for fit in fits:
        if isinstance(fit, Unavailable):
            return Unavailable(term=term, reason=fit.reason, n=len(joined))
        between = fit.variances()[0]
        assert isinstance(between, Estimate)
        variances.append(between.estimate)
    whole, left = variances
    if whole <= 0:
        reason = "combinations do not differ beyond chance: nothing to explain"
        return Unavailable(term=term, reason=reason, n=len(joined))
    return Estimate(
        term=term,
        estimate=1 - left / whole,
        n=len(joined),
        method="1 less the variance between combinations with an effect of each trait "
        "over that without (random intercept, restricted maximum likelihood), "
        f"{many} combinations; n counts participants; no interval: a ratio of two "
        f"small variances; {SINGLE_TRAIT}",
    )
