"""Counts of people who share teams into shares whose intervals count teams.

The rule that holds throughout: people of one team answer alike, so they tell less than
as many strangers. The share is everybody's; its interval is Wilson's for as many
strangers as would tell as much. Oracles: clubSandwich's error by way of
`cluster_robust_fit`, Wilson's formula of statsmodels; for teams of one size by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Unavailable
from analysis.outcomes.beyond_means.shares import NORMAL_QUANTILE
from analysis.outcomes.clustered import ClusterRobustFit, cluster_robust_fit
from analysis.outcomes.description import MINIMUM_CLUSTERS

if TYPE_CHECKING:
    import pandas as pd

    from analysis.foundation.results import Result
    from analysis.outcomes.description import Numbers

WILSON = (
    "Wilson interval for the number of people who, unrelated, would tell as much: from "
    "the cluster-robust error (CR2) of the share over teams, at most as many as there "
    "are, with Satterthwaite's degrees of freedom"
)
ONE_A_TEAM = "Wilson interval as if every team were one person, as all count alike"
NO_LIMITS = "no interval: fewer than 5 teams"


def share_over_teams(
    counted: Numbers, cluster: pd.Series, *, term: str, method: str
) -> Result:
    """Estimate a share of people who share teams.

    Parameters
    ----------
    counted : ndarray, shape (n_participants,)
        1 for who counts, else 0.
    cluster : Series, shape (n_participants,)
        Their teams; who has none is of one team with all others who have none.

    Returns
    -------
    Estimate
        Without limits under 5 teams. Where nobody or everybody counts, nothing shows
        how alike teams are: then each team tells as much as one person.
    Unavailable
        Nobody.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24(2), 193-201; Franco, Little, Louis &
    Slud (2019), J. of Survey Statistics and Methodology 7(3), 334-364.
    """
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - heavy

    n, teams = len(counted), int(cluster.nunique())
    if not n:
        return Unavailable(term=term, reason="nobody to count", n=0, method=method)
    value = float(np.mean(counted))
    fit = _fit(counted, cluster)
    if isinstance(fit, ClusterRobustFit):
        effective_n, how = _effective_n(fit, value), WILSON
    elif teams < MINIMUM_CLUSTERS:
        return Estimate(term=term, estimate=value, n=n, method=f"{method}; {NO_LIMITS}")
    else:
        effective_n, how = float(teams), ONE_A_TEAM
    low, high = proportion_confint(value * effective_n, effective_n, method="wilson")
    return Estimate(
        term=term,
        estimate=value,
        conf_low=max(min(float(low), value), 0.0),
        conf_high=min(max(float(high), value), 1.0),
        n=n,
        method=f"{method}; {how}",
    )


def net_share_over_teams(
    signs: Numbers, cluster: pd.Series, *, term: str, method: str
) -> Result:
    """Estimate how many more people went up than down, as a share.

    Parameters
    ----------
    signs : ndarray, shape (n_participants,)
        1 for who went up, -1 for who went down, else 0.
    cluster : Series, shape (n_participants,)
        Their teams.

    Returns
    -------
    Estimate
        From -1 to 1, as its limits are: t over teams, CR2 error. Without limits under 5
        teams, and where everybody went the same way.
    Unavailable
        Nobody.
    """
    if not len(signs):
        return Unavailable(term=term, reason="nobody to count", n=0, method=method)
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
    return Estimate(
        term=term,
        estimate=value,
        conf_low=min(max(found.conf_low, -1.0), value),
        conf_high=max(min(found.conf_high, 1.0), value),
        n=len(signs),
        method=f"{method}; {found.method}",
    )


def _fit(values: Numbers, cluster: pd.Series) -> ClusterRobustFit | Unavailable:
    return cluster_robust_fit(
        np.asarray(values, dtype=float),
        np.ones((len(values), 1)),
        cluster.to_numpy(),
        names=("mean",),
    )


def _effective_n(fit: ClusterRobustFit, value: float) -> float:
    """How many unrelated people would tell as much; never more than there are."""
    from scipy.stats import t  # noqa: PLC0415 - heavy, and only needed here

    variance = fit.standard_error("mean") ** 2
    bernoulli_variance = value * (1 - value)
    people = (
        fit.n
        if variance * fit.n <= bernoulli_variance
        else bernoulli_variance / variance
    )
    reach = float(t.ppf(0.975, fit.degrees_of_freedom("mean")))
    return float(people) * (NORMAL_QUANTILE / reach) ** 2
