"""Estimate shrunken (partially pooled) means of groups, and intersectional variation.

The variance between groups is estimated by REML from the means and the covariance of
their errors. Combinations of traits are groups with a random mean; the variance left
after each trait's own effect is intersectional. Oracles: R metafor and lme4,
tests/oracles/values/inequality.json.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from heard.effects.clustered.intracluster import intracluster_correlation
from heard.effects.clustered.repeated_waves import mixed_effects
from heard.effects.subgroups.effects import group_fit
from heard.models.cluster_robust import Array
from heard.models.linear import NO_VARIATION, ROUNDING, LinearFit
from heard.results import Composite, Estimate, Result, Unavailable

GRID = 80
SPREADS = 200
SEARCH_LIMIT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Results for a given variance between groups.

    `middle`, `spread`: mean of the groups, and the variance of its error.
    `shares`, shape (n_groups, n_groups): how much of each group's distance from the
      middle each keeps.
    `shrunken`, `variances`, shape (n_groups,): the means drawn together, and the
      variances of their errors.
    """

    middle: float
    spread: float
    shares: Array
    shrunken: Array
    variances: Array


def shrunken_given(means: Array, errors: Array, between: float) -> Given:
    """Draw means together, the variance between groups taken as known."""
    inverse = np.linalg.inv(errors + between * np.eye(len(means)))
    spread = 1 / float(inverse.sum())
    middle = spread * float(inverse.sum(axis=0) @ means)
    shares: Array = np.asarray(between * inverse, dtype=float)
    away = 1 - shares.sum(axis=1)
    return Given(
        middle=middle,
        spread=spread,
        shares=shares,
        shrunken=middle + shares @ (means - middle),
        variances=between * (1 - np.diag(shares)) + away**2 * spread,
    )


def averaged_errors(means: Array, errors: Array, *, around: Array) -> Array:
    """Root of the squared error of shrunken means, over all spreads of true means.

    Taken as known, the spread makes intervals too narrow, most where it comes out as
    zero by chance. Weighed are standard deviations, by restricted likelihood.

    `means`, `errors`: as in `between_variance`.
    `around`, shape (n_groups,): the shrunken means shown.
    """
    scale = float(np.sqrt(np.var(means, ddof=1) + np.diag(errors).max()))
    # Squares put the grid's points where the likelihood bends, near zero.
    steps = np.linspace(0, 1, SPREADS)
    spreads = SEARCH_LIMIT * scale * steps**2
    widths = np.gradient(spreads)
    logs = np.array(
        [restricted_likelihood(one**2, means, errors)[0] for one in spreads]
    )
    weights = np.exp(logs - logs.max()) * widths
    parts = [shrunken_given(means, errors, float(one) ** 2) for one in spreads]
    squares = [part.variances + (part.shrunken - around) ** 2 for part in parts]
    averaged: Array = np.sqrt(np.average(squares, axis=0, weights=weights))
    return averaged


def restricted_likelihood(
    between: float, means: Array, errors: Array
) -> tuple[float, float]:
    """Restricted log-likelihood, and its slope in the variance between groups."""
    total = errors + between * np.eye(len(means))
    inverse = np.linalg.inv(total)
    ones = inverse.sum(axis=0)
    projected = inverse - np.outer(ones, ones) / ones.sum()
    left = projected @ means
    value = np.linalg.slogdet(total)[1] + np.log(ones.sum()) + means @ left
    return -float(value) / 2, float(left @ left - np.trace(projected)) / 2


def between_variance(means: Array, errors: Array) -> float:
    """Variance between groups by restricted maximum likelihood, from 0.

    `means`, shape (n_groups,): their means.
    `errors`, shape (n_groups, n_groups): covariance of the errors.
    """
    top = float(np.var(means, ddof=1) + np.diag(errors).max()) * 4
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 1, GRID) * top])
    slopes = [restricted_likelihood(step, means, errors)[1] for step in grid]
    peaks = [0.0]
    for low, high, rises, falls in zip(
        grid[:-1], grid[1:], slopes[:-1], slopes[1:], strict=True
    ):
        if rises > 0 >= falls:
            root = optimize.brentq(
                lambda step: restricted_likelihood(step, means, errors)[1],
                low,
                high,
                xtol=1e-14 * top,
                rtol=1e-12,
            )
            peaks.append(float(root))
    return max(peaks, key=lambda step: restricted_likelihood(step, means, errors)[0])


CONFIDENCE = 0.95
MINIMUM_GROUPS = 3
NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenGroup(Composite):
    """One group, its own mean shrunk towards the mean of all.

    - `group`: its name.
    - `shrunken_mean`: what to expect of it, in points.
    - `weight_of_own_mean`: share of it that its own answers decide; the rest is the
      mean of all groups.
    """

    group: str
    shrunken_mean: Result
    weight_of_own_mean: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenGroups(Composite):
    """All groups, and how much they differ beyond chance.

    - `mean_of_groups`: each group weighing by how well it is known.
    - `between_group_variance`: of the true means, in squared points.
    - `groups`: by name.
    """

    mean_of_groups: Result
    between_group_variance: Result
    groups: tuple[ShrunkenGroup, ...]


def shrunken_groups(
    frame: pd.DataFrame,
    *,
    score: str = "score",
    group: str = "group",
    cluster: str | None = None,
) -> ShrunkenGroups:
    """Estimate the means of groups by empirical Bayes.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows without a score, group or cluster are left out.
    score, group : str
        The columns.
    cluster : str, optional
        What was sampled together; at least 5 of them.

    Returns
    -------
    ShrunkenGroups
        Unavailable within: fewer than 3 groups, no variation, fewer than 5 clusters, a
        group in one cluster only.

    References
    ----------
    Raudenbush & Bryk (1985), J. Educational Statistics 10(2), 75-98; Viechtbauer
    (2007), Statistics in Medicine 26(1), 37-52 (interval of the variance); Rubin
    (1981), J. Educational Statistics 6(4), 377-401 (averaging over it).
    """
    kept = frame[[score, group, *([cluster] if cluster else [])]].dropna()
    sizes = kept[group].astype(str).value_counts(sort=False).sort_index()
    names = list(sizes.index)
    counts = sizes.to_numpy(dtype=int)
    fit = group_fit(kept, names, score=score, group=group, cluster=cluster)
    known = _known(fit, counts, kept, score=score, pooled=cluster is None)
    if isinstance(known, str):
        return _nothing(known, names, counts)
    assert isinstance(fit, LinearFit)
    how = "each group's error from the pooled variance within groups (divisor n - k)"
    if cluster is not None:
        how = "errors of the groups' means and their covariance from CR2 over clusters"
    return _shrunken(fit.coefficients, known, names, counts, how=how)


def _known(
    fit: LinearFit | Unavailable,
    counts: np.ndarray,
    kept: pd.DataFrame,
    *,
    score: str,
    pooled: bool,
) -> Array | str:
    """Covariance of the errors of the means; else what is wrong."""
    if len(counts) < MINIMUM_GROUPS:
        return f"{len(counts)} groups; at least {MINIMUM_GROUPS} needed to shrink them"
    if isinstance(fit, Unavailable):
        return fit.reason
    if not pooled:
        for own in np.eye(len(counts)):
            if why := fit.fault(own):
                return why
        return fit.covariance
    spare = int(counts.sum()) - len(counts)
    if spare < 1:
        return "every group has one participant: nothing shows how people differ"
    squares = float(
        (np.diag(fit.covariance) * counts * np.maximum(counts - 1, 1)).sum()
    )
    floor = (ROUNDING * float(kept[score].abs().max())) ** 2
    return np.diag(squares / spare / counts) if squares > floor else NO_VARIATION


def _nothing(reason: str, names: list[str], counts: np.ndarray) -> ShrunkenGroups:
    groups = (
        ShrunkenGroup.unavailable(reason, n=int(n), group=name)
        for name, n in zip(names, counts, strict=True)
    )
    return ShrunkenGroups.unavailable(reason, n=int(counts.sum()), groups=tuple(groups))


def _shrunken(
    means: Array, errors: Array, names: list[str], counts: np.ndarray, *, how: str
) -> ShrunkenGroups:
    many = len(names)
    between = between_variance(means, errors)
    given = shrunken_given(means, errors, between)
    middle, spread, shares = given.middle, given.spread, given.shares
    shrunken = given.shrunken
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, many - 1))
    method = (
        "empirical Bayes: random mean of groups, variance between them by restricted "
        f"maximum likelihood, {how}; rows without score or group left out"
    )
    interval = f"t interval with {many - 1} degrees of freedom"
    reach = NORMAL_QUANTILE * averaged_errors(means, errors, around=shrunken)
    return ShrunkenGroups(
        mean_of_groups=Estimate.of(
            "mean_of_groups",
            middle,
            (middle - quantile * spread**0.5, middle + quantile * spread**0.5),
            n=int(counts.sum()),
            method=f"{method}; {many} groups; {interval}, the variances taken as known",
            n_unit="participants",
        ),
        between_group_variance=_between(
            means, errors, between, n=int(counts.sum()), method=method
        ),
        groups=tuple(
            ShrunkenGroup(
                group=name,
                shrunken_mean=Estimate.of(
                    "shrunken_mean",
                    shrunken[place],
                    (shrunken[place] - reach[place], shrunken[place] + reach[place]),
                    n=int(counts[place]),
                    method=f"{method}; normal interval of the squared error averaged "
                    "over the spread of true means, each as likely as the answers make "
                    "it (flat prior)",
                    n_unit="participants of the group",
                ),
                weight_of_own_mean=Estimate.of(
                    "weight_of_own_mean",
                    shares[place, place],
                    n=int(counts[place]),
                    n_unit="participants of the group",
                    method=f"{method}; follows from the variances, so no interval of "
                    "its own",
                ),
            )
            for place, name in enumerate(names)
        ),
    )


def _between(
    means: Array, errors: Array, between: float, *, n: int, method: str
) -> Result:
    """With the Q-profile interval; the estimate may lie outside it, then it reaches."""

    def beyond(step: float) -> float:
        inverse = np.linalg.inv(errors + step * np.eye(len(means)))
        ones = inverse.sum(axis=0)
        middle = ones @ means / ones.sum()
        return float((means - middle) @ inverse @ (means - middle))

    def where(quantile: float) -> float:
        target = float(stats.chi2.ppf(quantile, len(means) - 1))
        if beyond(0.0) <= target:
            return 0.0
        top = float(np.var(means, ddof=1) + np.diag(errors).max())
        while beyond(top) > target:
            top *= 2
        return float(
            optimize.brentq(lambda step: beyond(step) - target, 0.0, top, xtol=1e-13)
        )

    low, high = where((1 + CONFIDENCE) / 2), where((1 - CONFIDENCE) / 2)
    return Estimate.of(
        "between_group_variance",
        between,
        (min(low, between), max(high, between)),
        n=n,
        method=f"{method}; {len(means)} groups; in squared points; Q-profile interval "
        "(widened to the estimate where it does not hold it)",
        n_unit="participants",
    )


MINIMUM_STRATA = 6
MINIMUM_TRAITS = 2
JOINT = " x "
SINGLE_TRAIT = (
    "teams are not in this model: their likeness counts as likeness of the combination"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntersectionalVariation(Composite):
    """How much combinations of traits differ.

    - `between_strata_share`: share of all variance that lies between combinations.
    - `additive_share`: share of that which the traits explain one by one; 1 if they
      only add up, and below 0 where they explain nothing of it.
    - `strata`: every combination with its shrunken mean.
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
        return _intersections_nothing(reason, len(joined))
    intracluster = intracluster_correlation(joined, score=score, cluster="stratum")
    return IntersectionalVariation(
        between_strata_share=_named(intracluster.intracluster_correlation_reml, many),
        additive_share=_additive(joined, traits, score=score, many=many),
        strata=shrunken_groups(joined, score=score, group="stratum").groups,
    )


def _intersections_nothing(reason: str, n: int) -> IntersectionalVariation:
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
    return Estimate.of(
        term,
        1 - left / whole,
        n=len(joined),
        method="1 less the variance between combinations with an effect of each trait "
        "over that without (random intercept, restricted maximum likelihood), "
        f"{many} combinations; no interval: a ratio of two "
        f"small variances; {SINGLE_TRAIT}",
        n_unit="participants",
    )
