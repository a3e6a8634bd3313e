"""Means of groups, the small ones drawn towards all, so that none is over-read.

The rule that holds throughout: a group's mean is believed as far as its own error is
small beside how much groups truly differ; that is estimated by restricted likelihood
from the means and the covariance of their errors.
Oracle: R metafor, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.inequality.gaps import group_fit
from analysis.outcomes.inequality.linear import NO_VARIATION, ROUNDING, LinearFit
from analysis.outcomes.inequality.random_means import (
    averaged_errors,
    between_variance,
    shrunken_given,
)

if TYPE_CHECKING:
    import pandas as pd

    from analysis.outcomes.clustered.bias_reduction import Array

CONFIDENCE = 0.95
MINIMUM_GROUPS = 3
NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenGroup(Composite):
    """One group, its own mean drawn towards the mean of all.

    Attributes
    ----------
    group : str
        Its name.
    shrunken_mean : Estimate or Unavailable
        What to expect of it, in points.
    weight_of_own_mean : Estimate or Unavailable
        Share of it that its own answers decide; the rest is the mean of all groups.
    """

    group: str
    shrunken_mean: Result
    weight_of_own_mean: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenGroups(Composite):
    """All groups, and how much they differ beyond chance.

    Attributes
    ----------
    mean_of_groups : Estimate or Unavailable
        Each group weighing by how well it is known.
    between_group_variance : Estimate or Unavailable
        Of the true means, in squared points.
    groups : tuple of ShrunkenGroup
        By name.
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
        return "every group has one participant: nothing tells how people differ"
    squares = float(
        (np.diag(fit.covariance) * counts * np.maximum(counts - 1, 1)).sum()
    )
    floor = (ROUNDING * float(kept[score].abs().max())) ** 2
    return np.diag(squares / spare / counts) if squares > floor else NO_VARIATION


def _nothing(reason: str, names: list[str], counts: np.ndarray) -> ShrunkenGroups:
    def absent(term: str, n: int) -> Unavailable:
        return Unavailable(term=term, reason=reason, n=n)

    total = int(counts.sum())
    return ShrunkenGroups(
        mean_of_groups=absent("mean_of_groups", total),
        between_group_variance=absent("between_group_variance", total),
        groups=tuple(
            ShrunkenGroup(
                group=name,
                shrunken_mean=absent("shrunken_mean", int(n)),
                weight_of_own_mean=absent("weight_of_own_mean", int(n)),
            )
            for name, n in zip(names, counts, strict=True)
        ),
    )


def _shrunken(
    means: Array, errors: Array, names: list[str], counts: np.ndarray, *, how: str
) -> ShrunkenGroups:
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

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
        mean_of_groups=Estimate(
            term="mean_of_groups",
            estimate=middle,
            conf_low=middle - quantile * spread**0.5,
            conf_high=middle + quantile * spread**0.5,
            n=int(counts.sum()),
            method=f"{method}; {many} groups; {interval}, the variances taken as "
            "known; n counts participants",
        ),
        between_group_variance=_between(
            means, errors, between, n=int(counts.sum()), method=method
        ),
        groups=tuple(
            ShrunkenGroup(
                group=name,
                shrunken_mean=Estimate(
                    term="shrunken_mean",
                    estimate=float(shrunken[place]),
                    conf_low=float(shrunken[place] - reach[place]),
                    conf_high=float(shrunken[place] + reach[place]),
                    n=int(counts[place]),
                    method=f"{method}; normal interval of the squared error averaged "
                    "over the spread of true means, each as likely as the answers make "
                    "it (flat prior); n counts participants of the group",
                ),
                weight_of_own_mean=Estimate(
                    term="weight_of_own_mean",
                    estimate=float(shares[place, place]),
                    n=int(counts[place]),
                    method=f"{method}; n counts participants of the group; follows "
                    "from the variances, so no interval of its own",
                ),
            )
            for place, name in enumerate(names)
        ),
    )


def _between(
    means: Array, errors: Array, between: float, *, n: int, method: str
) -> Result:
    """With the Q-profile interval; the estimate may lie outside it, then it reaches."""
    from scipy import optimize, stats  # noqa: PLC0415 - heavy, and only needed here

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
    return Estimate(
        term="between_group_variance",
        estimate=between,
        conf_low=min(low, between),
        conf_high=max(high, between),
        n=n,
        method=f"{method}; {len(means)} groups; in squared points; Q-profile interval "
        "(widened to the estimate where it does not hold it); n counts participants",
    )
