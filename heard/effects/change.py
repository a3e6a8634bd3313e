"""Estimate the change from before to after, linked or not.

After minus before. Where participants share clusters (teams), the interval is based on
clusters, and fewer than 5 give none. Oracles: R, tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import pearsonr

from heard.effects.description import (
    ALL_EQUAL,
    MINIMUM_CLUSTERS,
    Numbers,
    answered,
    as_floats,
    is_constant,
    mean_result,
    named,
    number_fault,
)
from heard.effects.effect_sizes import (
    BOTH_SCORES,
    cohen_d_z,
    deviation,
    difference_of_means,
    hedges_correction,
    hedges_g,
    hedges_g_av_of_pairs,
    pooled_deviation,
    raw,
    root_mean_square,
    scaled,
)
from heard.effects.units import unlinked_units
from heard.errors import DataError
from heard.results import Composite, Estimate, Result, Unavailable

TOO_FEW_CLUSTERS = (
    "fewer than 5 teams or sites: no interval that respects them can be given"
)
SAME_CHANGE = (
    "everyone, or every cluster, changed by the same amount: no interval can be given"
)
NO_CLUSTER = "no team or site has scores at both waves"
CLUSTERED_LIMITS = (
    "limits are those of the mean change by cluster, divided by the same standard "
    "deviation, which is taken as known"
)
INDEPENDENT = (
    "the waves taken as independent samples: conservative if some people answered "
    "twice and their scores correlate positively; missing scores left out"
)
BOTH_WAVES = (
    "waves not linked: people of clusters with both waves; missing scores left out"
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


def paired_change(
    before: pd.Series, after: pd.Series, *, cluster: pd.Series | None = None
) -> PairedChange:
    """Estimate the change of participants measured at both waves.

    Parameters
    ----------
    before, after : Series, shape (n_participants,)
        Scores indexed by participant; the index links the waves.
    cluster : Series, optional
        Cluster (team) of each participant, same index. With it, every mean is the
        mean of the clusters' means, with a t interval on clusters minus 1.

    Returns
    -------
    PairedChange
        ``n`` counts pairs; means are in score units. Report ``mean_change`` first;
        ``hedges_g_av`` compares with other studies, ``cohen_d_z`` only with studies
        that standardised by the change too.
        Unavailable: a participant listed twice; fewer than 2 pairs (3 for effect
        sizes, 4 for the correlation); everyone changed equally; under 5 clusters (the
        means of the waves then come without limits).
    """
    given = [series for series in (before, after, cluster) if series is not None]
    if any(_known(series).index.has_duplicates for series in given):
        reason = "a participant appears more than once: pairs would be ambiguous"
        return PairedChange.unavailable(reason)
    pairs = _linked(before, after, cluster)
    fault = number_fault(pairs[["before", "after"]].to_numpy(dtype=float))
    if not fault and len(pairs) < 2:
        fault = "fewer than 2 participants have both scores"
    if fault:
        return PairedChange.unavailable(fault, n=len(pairs))
    return _paired(pairs, clustered=cluster is not None)


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
        One score a person; the two indexes are never compared.
    cluster_before, cluster_after : Series, optional
        Cluster (team) of each person, indexed as the scores of that wave. With both,
        the mean changes of the clusters present at both waves are analysed.

    Returns
    -------
    UnlinkedChange
        ``n`` counts the people of a wave; for a contrast, of both waves together.
        Unavailable: fewer than 2 people at a wave; no spread; under 5 clusters.
    """
    values = answered(before), answered(after)
    fault = number_fault(values[0]) or number_fault(values[1])
    if (cluster_before is None) != (cluster_after is None):
        fault = "teams are known at one wave only"
    if fault:
        return UnlinkedChange.unavailable(fault)
    if cluster_before is None or cluster_after is None:
        return _independent(*values)
    return _same_clusters(
        with_cluster(before, cluster_before), with_cluster(after, cluster_after)
    )


def with_cluster(scores: pd.Series, cluster: pd.Series) -> pd.DataFrame:
    """One wave's scores with their clusters; people without either are left out.

    Raises DataError: the indexes differ and repeat, so no one can say whose cluster is
      whose.
    """
    if not cluster.index.equals(scores.index):
        if cluster.index.has_duplicates:
            fault = "their index repeats and differs from that of the scores"
            raise DataError("clusters", fault)
        cluster = cluster.reindex(scores.index)
    frame = pd.DataFrame(
        {"score": as_floats(scores), "cluster": named(cluster).to_numpy()}
    )
    return frame.dropna()


def _linked(
    before: pd.Series, after: pd.Series, cluster: pd.Series | None
) -> pd.DataFrame:
    waves = {
        name: _known(pd.Series(as_floats(scores), index=scores.index))
        for name, scores in (("before", before), ("after", after))
    }
    pairs = pd.concat(waves, axis="columns", join="inner")
    if cluster is not None:
        pairs = pairs.assign(cluster=named(_known(cluster)).reindex(pairs.index))
    return pairs.dropna().assign(change=lambda both: both["after"] - both["before"])


def _known(scores: pd.Series) -> pd.Series:
    """Leave out those whose participant code is missing: such codes never link."""
    return scores[scores.index.notna() & (scores.index != "")]


def _paired(pairs: pd.DataFrame, *, clustered: bool) -> PairedChange:
    units, sizes = pairs, _sizes_by_participant
    if clustered:
        units = pairs.groupby("cluster", sort=False, observed=True).mean()
        sizes = _sizes_by_cluster
    scale = float(np.abs(pairs[["before", "after"]].to_numpy(dtype=float)).max())
    people = dict.fromkeys(("before", "after", "change"), len(pairs))
    means = _means(
        units, people=people, scale=scale, clustered=clustered, rule=BOTH_SCORES
    )
    d_z, g_av = sizes(pairs, means[2])
    return PairedChange(
        mean_before=means[0],
        mean_after=means[1],
        mean_change=means[2],
        cohen_d_z=d_z,
        hedges_g_av=g_av,
        pre_post_correlation=_correlation(pairs, clustered=clustered),
    )


def _means(
    units: pd.DataFrame,
    *,
    people: dict[str, int],
    scale: float,
    clustered: bool,
    rule: str,
) -> tuple[Result, Result, Result]:
    """Mean before, after and of the change, of participants or of clusters."""
    if clustered and len(units) < MINIMUM_CLUSTERS:
        return _means_without_limits(units, people=people, rule=rule)
    what = "arithmetic mean; t interval"
    if clustered:
        what = f"mean of {len(units)} cluster means, each once; t interval on clusters"
    before, after, change = (
        mean_result(
            units[column].to_numpy(dtype=float),
            term=f"mean_{column}",
            n=people[column],
            method=f"{what}; {rule}",
            scale=scale,
            if_constant=SAME_CHANGE if column == "change" else ALL_EQUAL,
        )
        for column in ("before", "after", "change")
    )
    return before, after, change


def _means_without_limits(
    clusters: pd.DataFrame, *, people: dict[str, int], rule: str
) -> tuple[Result, Result, Result]:
    change = Unavailable(
        term="mean_change", reason=TOO_FEW_CLUSTERS, n=people["change"]
    )
    before, after = (
        Estimate.of(
            f"mean_{wave}",
            clusters[wave].mean(),
            n=people[wave],
            method=f"mean of clusters' means, {len(clusters)} in all; no interval, "
            f"under {MINIMUM_CLUSTERS} clusters; {rule}",
        )
        if len(clusters)
        else Unavailable(term=f"mean_{wave}", reason=NO_CLUSTER, n=0)
        for wave in ("before", "after")
    )
    return before, after, change


def _sizes_by_participant(pairs: pd.DataFrame, change: Result) -> tuple[Result, Result]:
    before, after = (pairs[wave].to_numpy(dtype=float) for wave in ("before", "after"))
    if isinstance(change, Unavailable):
        d_z, g_av = (
            Unavailable(term=term, reason=change.reason, n=change.n)
            for term in ("cohen_d_z", "hedges_g_av")
        )
        return d_z, g_av
    return cohen_d_z(
        mean_change=change.estimate,
        sd_change=float(pairs["change"].std(ddof=1)),
        n=len(pairs),
    ), hedges_g_av_of_pairs(before, after)


def _sizes_by_cluster(pairs: pd.DataFrame, change: Result) -> tuple[Result, Result]:
    scale = float(np.abs(pairs[["before", "after"]].to_numpy(dtype=float)).max())
    before, after, changes = (
        deviation(pairs[column].to_numpy(dtype=float), scale=scale)
        for column in ("before", "after", "change")
    )
    d_z = scaled(
        change,
        term="cohen_d_z",
        by=changes,
        times=1.0,
        method="mean of the clusters' mean changes over the standard deviation of "
        "participants' changes (divisor n-1), no small-sample correction; "
        f"{CLUSTERED_LIMITS}; {BOTH_SCORES}",
    )
    g_av = scaled(
        change,
        term="hedges_g_av",
        by=root_mean_square(before, after) if min(before, after) else 0.0,
        times=hedges_correction(len(pairs) - 1),
        method="mean of the clusters' mean changes over the root mean square of the "
        "two waves' standard deviations among participants (divisor n-1), corrected by "
        f"Hedges' exact J with n-1 degrees of freedom; {CLUSTERED_LIMITS}; "
        f"{BOTH_SCORES}",
    )
    return d_z, g_av


def _correlation(pairs: pd.DataFrame, *, clustered: bool) -> Result:
    term, n = "pre_post_correlation", len(pairs)
    before, after = (pairs[wave].to_numpy(dtype=float) for wave in ("before", "after"))
    if n < 4:
        return Unavailable(term=term, reason="fewer than 4 pairs", n=n)
    if is_constant(before) or is_constant(after):
        reason = "the scores of one wave are all the same"
        return Unavailable(term=term, reason=reason, n=n)
    found = pearsonr(before, after)
    if abs(found.statistic) > 1 - 1e-12:  # Fisher's z is infinite at 1
        reason = "one score follows exactly from the other: no interval can be given"
        return Unavailable(term=term, reason=reason, n=n)
    limits = found.confidence_interval()
    interval = "no interval: Fisher's would ignore the clusters"
    return Estimate.of(
        term,
        found.statistic,
        (
            None if clustered else float(limits.low),
            None if clustered else float(limits.high),
        ),
        n=n,
        method=f"Pearson correlation; {interval if clustered else 'Fisher z interval'}"
        f"; {BOTH_SCORES}",
    )


def _independent(before: Numbers, after: Numbers) -> UnlinkedChange:
    scale = float(np.abs([*before, *after, 0.0]).max())
    in_words = "arithmetic mean; t interval; missing scores left out"
    return UnlinkedChange(
        mean_before=mean_result(
            before, term="mean_before", n=len(before), method=in_words
        ),
        mean_after=mean_result(after, term="mean_after", n=len(after), method=in_words),
        mean_change=raw(
            difference_of_means(after, before, scale=scale, equal_variances=False),
            term="mean_change",
            n=len(before) + len(after),
            method=f"difference of the waves' means; Welch t interval; {INDEPENDENT}",
        ),
        hedges_g=hedges_g(after, before),
    )


def _same_clusters(before: pd.DataFrame, after: pd.DataFrame) -> UnlinkedChange:
    clusters = unlinked_units(after, before)
    clusters = clusters.assign(change=clusters["after"] - clusters["before"])
    first, second = (
        wave.loc[wave["cluster"].isin(clusters.index), "score"].to_numpy(dtype=float)
        for wave in (before, after)
    )
    n = len(first) + len(second)
    means = _means(
        clusters,
        people={"before": len(first), "after": len(second), "change": n},
        scale=float(np.abs([*first, *second, 0.0]).max()),
        clustered=True,
        rule=BOTH_WAVES,
    )
    return UnlinkedChange(
        mean_before=means[0],
        mean_after=means[1],
        mean_change=means[2],
        hedges_g=scaled(
            means[2],
            term="hedges_g",
            by=pooled_deviation(first, second),
            times=hedges_correction(n - 2),
            method="mean of the clusters' mean changes over people's pooled standard "
            "deviation (divisor n-2), corrected by Hedges' exact J with n-2 degrees "
            f"of freedom; {CLUSTERED_LIMITS}; {BOTH_WAVES}",
        ),
    )
