"""Estimate shares and their differences, with or without clusters.

An interval stays within 0 and 1 and has a width even for zero or all. For teams it is
Wilson's with the effective sample size. Oracles: R prop.test, clubSandwich,
tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import t
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from heard.models.cluster_robust import (
    MINIMUM_CLUSTERS,
    Array,
    ClusterRobustFit,
    cluster_robust_fit,
)
from heard.results import Estimate, Result, Unavailable

NO_PEOPLE = "no one to count"
NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval


def share(count: int, n: int, *, term: str, method: str) -> Result:
    """Estimate a share with Wilson's interval; Unavailable if there is no one."""
    method = f"{method}; Wilson interval"
    if n == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    low, high = proportion_confint(count, n, method="wilson")
    value = count / n
    return Estimate(
        term=term,
        estimate=value,
        conf_low=min(float(low), value),  # the limit is off by 1e-17 at 0 and 1
        conf_high=max(float(high), value),
        n=n,
        method=method,
    )


def difference_of_shares(
    first: tuple[int, int], second: tuple[int, int], *, term: str, method: str
) -> Result:
    """Estimate the first share less the second, of different people.

    `first`, `second`: counted, of how many.
    `term`, `method`: what it is called and what is counted.
    Estimate: Newcombe's interval (1998, Statistics in Medicine 17, 873-890, method 10).
    Unavailable: no one on a side.
    """
    n = first[1] + second[1]
    method = f"{method}; Newcombe interval from Wilson's"
    if min(first[1], second[1]) == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    value = first[0] / first[1] - second[0] / second[1]
    low, high = confint_proportions_2indep(*first, *second, method="newcomb")
    return Estimate.of(
        term,
        value,
        (max(min(float(low), value), -1.0), min(max(float(high), value), 1.0)),
        n=n,
        method=method,
    )


def difference_of_paired_shares(
    up: int, down: int, n: int, *, term: str, method: str
) -> Result:
    """Estimate how many more people of `n` went up than down, as a share.

    Estimate: from -1 to 1. The interval is Agresti and Min's (2005, Statistics in
      Medicine 24, 729-740): half a person added to each of the four cells.
    Unavailable: no one.
    """
    method = f"{method}; Agresti-Min interval, half a person added to each cell"
    if n == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    value, more = (up - down) / n, n + 2
    middle = (up - down) / more
    error = (((up + down + 1) / more - middle**2) / more) ** 0.5
    return Estimate.of(
        term,
        value,
        (
            max(min(middle - NORMAL_QUANTILE * error, value), -1.0),
            min(max(middle + NORMAL_QUANTILE * error, value), 1.0),
        ),
        n=n,
        method=method,
    )


WILSON = (
    "Wilson interval for the effective sample size: from "
    "the cluster-robust error (CR2) of the share over teams, at most as many as there "
    "are, with Satterthwaite's degrees of freedom"
)
ONE_A_TEAM = "Wilson interval as if every team were one person, as all count the same"
NO_LIMITS = "no interval: fewer than 5 teams"


def share_over_teams(
    counted: Array, cluster: pd.Series, *, term: str, method: str
) -> Result:
    """Estimate a share of people who share teams.

    `counted`, shape (n_participants,): 1 for who counts, else 0.
    `cluster`, shape (n_participants,): their teams; who has none is of one team with
      all others who have none.
    Estimate: without limits under 5 teams. Where no one or everyone counts, nothing
      shows how similar teams are: then each team counts as one person.
    Unavailable: no one.

    Korn & Graubard (1998), Survey Methodology 24(2), 193-201; Franco, Little, Louis &
    Slud (2019), J. of Survey Statistics and Methodology 7(3), 334-364.
    """
    n, teams = len(counted), int(cluster.nunique())
    if not n:
        return Unavailable(term=term, reason="no one to count", n=0, method=method)
    value = float(np.mean(counted))
    fit = _fit(counted, cluster)
    if isinstance(fit, ClusterRobustFit):
        effective_n, how = _effective_n(fit, value), WILSON
    elif teams < MINIMUM_CLUSTERS:
        return Estimate(term=term, estimate=value, n=n, method=f"{method}; {NO_LIMITS}")
    else:
        effective_n, how = float(teams), ONE_A_TEAM
    low, high = proportion_confint(value * effective_n, effective_n, method="wilson")
    return Estimate.of(
        term,
        value,
        (max(min(float(low), value), 0.0), min(max(float(high), value), 1.0)),
        n=n,
        method=f"{method}; {how}",
    )


def net_share_over_teams(
    signs: Array, cluster: pd.Series, *, term: str, method: str
) -> Result:
    """Estimate how many more people went up than down, as a share.

    `signs`, shape (n_participants,): 1 for who went up, -1 for who went down, else 0.
    `cluster`, shape (n_participants,): their teams.
    Estimate: from -1 to 1, as its limits are: t over teams, CR2 error. Without limits
      under 5 teams, and where everyone went the same way.
    Unavailable: no one.
    """
    if not len(signs):
        return Unavailable(term=term, reason="no one to count", n=0, method=method)
    value = float(np.mean(signs))
    fit = _fit(signs, cluster)
    found = (
        fit.estimate("mean", term=term) if isinstance(fit, ClusterRobustFit) else fit
    )
    if isinstance(found, Unavailable):
        why = f"{method}; no interval: {found.reason}"
        return Estimate(term=term, estimate=value, n=len(signs), method=why)
    assert found.conf_low is not None, "a fit has limits"
    assert found.conf_high is not None, "a fit has limits"
    return Estimate.of(
        term,
        value,
        (min(max(found.conf_low, -1.0), value), max(min(found.conf_high, 1.0), value)),
        n=len(signs),
        method=f"{method}; {found.method}",
    )


def _fit(values: Array, cluster: pd.Series) -> ClusterRobustFit | Unavailable:
    return cluster_robust_fit(
        np.asarray(values, dtype=float),
        np.ones((len(values), 1)),
        cluster.to_numpy(),
        names=("mean",),
    )


def _effective_n(fit: ClusterRobustFit, value: float) -> float:
    """Effective sample size; never more than there are."""
    variance = fit.standard_error("mean") ** 2
    bernoulli_variance = value * (1 - value)
    people = (
        fit.n
        if variance * fit.n <= bernoulli_variance
        else bernoulli_variance / variance
    )
    reach = float(t.ppf(0.975, fit.degrees_of_freedom("mean")))
    return float(people) * (NORMAL_QUANTILE / reach) ** 2
