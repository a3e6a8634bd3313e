"""Change from before to after: linked participants, or waves that cannot be linked.

The rule that holds throughout: after minus before; every effect size carries the name
of its standardiser; where participants share clusters (teams), the cluster is the unit
of the interval. Oracles: R, tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.description import (
    ALL_EQUAL,
    Numbers,
    answered,
    as_floats,
    every_unavailable,
    is_constant,
    mean_result,
    number_fault,
)

FEWEST_CLUSTERS = 5  # below it every interval rests on 3 degrees of freedom or fewer
TOO_FEW_CLUSTERS = (
    "fewer than 5 teams: no interval that respects clustering can be given"
)
SAME_CHANGE = "everybody changed by the same amount: no interval can be given"
BOTH_SCORES = "participants with both scores only"
INDEPENDENT = (
    "taken as independent samples: conservative if some people answered twice and "
    "their two scores correlate positively; missing scores left out"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedChange(Composite):
    """Change among participants measured at both waves."""

    mean_before: Result
    mean_after: Result
    mean_change: Result
    cohen_d_z: Result
    hedges_g_av: Result
    pre_post_correlation: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedChange(Composite):
    """Change between two waves whose participants cannot be linked."""

    mean_before: Result
    mean_after: Result
    mean_change: Result
    hedges_g: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """A difference of means, its interval, and what the interval was made of."""

    value: float
    low: float
    high: float
    standard_error: float
    degrees: float


def paired_change(
    before: pd.Series, after: pd.Series, *, cluster: pd.Series | None = None
) -> PairedChange:
    """Estimate the change of participants measured at both waves.

    Parameters
    ----------
    before, after : Series, shape (n_participants,)
        Scores indexed by participant; the index links the waves.
    cluster : Series, optional
        Cluster (team) of each participant, indexed alike. With it, every mean is the
        mean of the clusters' means, with a t interval on clusters minus 1.

    Returns
    -------
    PairedChange
        ``n`` counts pairs. Means are in score units. Report ``mean_change`` first;
        ``hedges_g_av`` compares with other studies, ``cohen_d_z`` only with studies
        that standardised by the change too.
        Unavailable: a participant listed twice; fewer than 2 pairs (3 for effect
        sizes, 4 for the correlation); everybody changed alike; under 5 clusters.
    """
    given = [series for series in (before, after, cluster) if series is not None]
    if any(_known_index(series).index.has_duplicates for series in given):
        reason = "a participant appears more than once: pairs would be ambiguous"
        return every_unavailable(PairedChange, reason)
    pairs = _linked(before, after, cluster)
    fault = number_fault(pairs[["before", "after"]].to_numpy(dtype=float))
    if not fault and len(pairs) < 2:
        fault = "fewer than 2 participants have both scores"
    if fault:
        return every_unavailable(PairedChange, fault, n=len(pairs))
    return _by_participant(pairs) if cluster is None else _by_cluster(pairs)


def unlinked_change(
    before: pd.Series,
    after: pd.Series,
    *,
    cluster_before: pd.Series | None = None,
    cluster_after: pd.Series | None = None,
) -> UnlinkedChange:
    """Estimate the change between waves of different or unlinkable people.

    Parameters
    ----------
    before, after : Series
        One score a person; the two indexes are not compared.
    cluster_before, cluster_after : Series, optional
        Cluster (team) of each person, indexed as the scores of that wave. With both,
        the mean changes of the clusters present at both waves are analysed.

    Returns
    -------
    UnlinkedChange
        ``n`` counts people answering, both waves together, for a contrast.
        Unavailable: fewer than 2 people at a wave; no variation; under 5 clusters.
    """
    values = answered(before), answered(after)
    fault = number_fault(values[0]) or number_fault(values[1])
    if (cluster_before is None) != (cluster_after is None):
        fault = "teams are known at one wave only"
    if fault:
        return every_unavailable(UnlinkedChange, fault)
    if cluster_before is None or cluster_after is None:
        return _independent(*values)
    waves = [_with_cluster(before, cluster_before), _with_cluster(after, cluster_after)]
    return _same_clusters(*waves)


def cohen_d_z(*, mean_change: float, sd_change: float, n: int) -> Result:
    """Standardise a mean change by the standard deviation of the changes.

    Parameters
    ----------
    mean_change, sd_change : float
        Mean and standard deviation (divisor n-1) of after minus before.
    n : int
        Pairs.

    Returns
    -------
    Estimate
        Unitless; the interval inverts the noncentral t distribution of the paired t.
    Unavailable
        Fewer than 3 pairs, or changes (almost) without variation.
    """
    if absence := _no_effect_size("cohen_d_z", n, sd_change):
        return absence
    value = mean_change / sd_change
    return _noncentral(
        value,
        unit=float(1 / np.sqrt(n)),
        degrees=n - 1,
        term="cohen_d_z",
        n=n,
        method="mean change over the standard deviation of the changes (divisor n-1), "
        f"no small-sample correction; exact noncentral t interval; {BOTH_SCORES}",
    )


def hedges_g_av(
    *,
    mean_change: float,
    sd_before: float,
    sd_after: float,
    correlation: float,
    n: int,
) -> Result:
    """Standardise a mean change by the average standard deviation of the two waves.

    Parameters
    ----------
    mean_change, sd_before, sd_after : float
        Mean of after minus before; standard deviations (divisor n-1) of each wave.
    correlation : float
        Pearson correlation of the two scores.
    n : int
        Pairs.

    Returns
    -------
    Estimate
        Unitless, corrected by J = 1 - 3/(4(n-1) - 1); the interval is centred on the
        uncorrected value, as Bonett's is.
    Unavailable
        Fewer than 3 pairs, or a wave whose scores are all the same.

    References
    ----------
    Bonett (2008), Psychological Methods 13(2), 99-109; R statpsych ``ci.stdmean.ps``.
    """
    if absence := _no_effect_size("hedges_g_av", n, min(sd_before, sd_after)):
        return absence
    from scipy.stats import norm  # noqa: PLC0415 - heavy

    degrees, average = n - 1, np.hypot(sd_before, sd_after) / np.sqrt(2)
    first, second = (sd_before / average) ** 2, (sd_after / average) ** 2
    shared = correlation * np.sqrt(first * second)
    value = mean_change / average
    of_sd = value**2 * (first**2 + second**2 + 2 * shared**2) / (8 * degrees)
    of_mean = max(first + second - 2 * shared, 0.0) / degrees
    reach = norm.ppf(0.975) * np.sqrt(of_sd + of_mean)
    return Estimate(
        term="hedges_g_av",
        estimate=float(hedges_correction(degrees) * value),
        conf_low=float(value - reach),
        conf_high=float(value + reach),
        n=n,
        method="mean change over the root mean square of the two waves' standard "
        "deviations (divisor n-1), corrected by J = 1 - 3/(4(n-1) - 1); Bonett (2008) "
        f"normal interval around the uncorrected value; {BOTH_SCORES}",
    )


def hedges_correction(degrees: float) -> float:
    """Hedges' factor J that takes the small-sample bias out of a standardised mean."""
    return 1 - 3 / (4 * degrees - 1)


def difference_of_means(
    first: Numbers, second: Numbers, *, equal_variances: bool
) -> Contrast:
    """Contrast two independent means: pooled t, or Welch's."""
    from statsmodels.stats.weightstats import (  # noqa: PLC0415 - heavy
        CompareMeans,
        DescrStatsW,
    )

    both = CompareMeans(DescrStatsW(first), DescrStatsW(second))
    usevar = "pooled" if equal_variances else "unequal"
    low, high = both.tconfint_diff(usevar=usevar)
    error = both.std_meandiff_separatevar
    if equal_variances:
        error = both.std_meandiff_pooledvar
    return Contrast(
        value=float(both.d1.mean - both.d2.mean),
        low=float(low),
        high=float(high),
        standard_error=float(error),
        degrees=len(first) + len(second) - 2 if equal_variances else both.dof_satt(),
    )


def pooled_deviation(first: Numbers, second: Numbers) -> float:
    """Pooled standard deviation of two groups, divisor n-2; 0 if neither varies."""
    degrees = len(first) - 1, len(second) - 1
    squares = (first.std(ddof=1) ** 2, second.std(ddof=1) ** 2)
    if is_constant(first) and is_constant(second):
        return 0.0
    return float(np.sqrt(np.average(squares, weights=degrees)))


def scaled(result: Result, *, term: str, factor: float, method: str) -> Result:
    """Express an estimate and its interval in another unit; an absence stays one."""
    if isinstance(result, Unavailable):
        return Unavailable(term=term, reason=result.reason, n=result.n, method=method)
    assert result.conf_low is not None, "only intervals are rescaled"
    assert result.conf_high is not None, "only intervals are rescaled"
    return Estimate(
        term=term,
        estimate=result.estimate * factor,
        conf_low=result.conf_low * factor,
        conf_high=result.conf_high * factor,
        n=result.n,
        method=method,
    )


def cluster_means(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean of every column by cluster, in the order the clusters appear."""
    return frame.groupby("cluster", sort=False, observed=True).mean()
