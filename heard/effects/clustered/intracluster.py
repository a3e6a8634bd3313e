"""Estimate the intracluster correlation of a score, and its design effect.

Both are of the observed scores; a negative correlation is reported as estimated and has
a design effect of 1. Oracles: R analysis of variance, lme4,
tests/oracles/values/clustered.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.models.cluster_robust import Array
from heard.models.complete_responses import named
from heard.psychometrics.dependability.nested_reliability import (
    NestedReliability,
    nested_reliability,
)
from heard.results import Composite, Estimate, Result, Unavailable

NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval
YES_OR_NO = "a score of yes or no: restricted likelihood takes scores as normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntraclusterCorrelation(Composite):
    """How similar people of one cluster are, and how many people's worth that costs.

    - `intracluster_correlation`: by the analysis of variance; may be negative.
    - `intracluster_correlation_reml`: by restricted maximum likelihood; from 0.
    - `design_effect`: how many times larger the variance of a mean is than with
      unrelated people.
    - `clusters`: how many clusters that is based on.
    """

    intracluster_correlation: Result
    intracluster_correlation_reml: Result
    design_effect: Result
    clusters: Result


def intracluster_correlation(
    frame: pd.DataFrame, *, score: str = "score", cluster: str = "cluster"
) -> IntraclusterCorrelation:
    """Estimate the intracluster correlation of an outcome and its design effect.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows without a score or a cluster are left out; an empty name is no cluster.
    score, cluster : str
        The columns. A score of two values counts as yes or no.

    Returns
    -------
    IntraclusterCorrelation
        Unitless. Unavailable: fewer than 2 clusters, one participant each, nothing
        varies within clusters.

    References
    ----------
    Searle (1971), Linear Models, chapter 10 (F interval); Smith (1957), Annals of Human
    Genetics 21(4), 363-373 (large-sample interval, for yes or no); Kish (1965), Survey
    Sampling (design effect).
    """
    found = nested_reliability(frame, score=score, target=cluster)
    if isinstance(found, Unavailable):
        return IntraclusterCorrelation.unavailable(found.reason, n=found.n)
    assert isinstance(found.icc_1, Estimate)
    kept = frame[[score, cluster]].assign(**{cluster: named(frame[cluster])}).dropna()
    counts: Array = np.bincount(kept[cluster].factorize()[0]).astype(float)
    plain = dataclasses.replace(found.icc_1, term="intracluster_correlation")
    restricted = dataclasses.replace(
        found.icc_1_reml, term="intracluster_correlation_reml"
    )
    if kept[score].nunique() == 2:
        plain = _smith(plain, counts, found)
        restricted = Unavailable(term=restricted.term, reason=YES_OR_NO, n=len(kept))
    return IntraclusterCorrelation(
        intracluster_correlation=plain,
        intracluster_correlation_reml=restricted,
        design_effect=_design_effect(plain, counts),
        clusters=Estimate.of(
            "clusters",
            len(counts),
            n=len(kept),
            method="clusters with a score; a count has no interval",
        ),
    )


def _smith(plain: Estimate, counts: Array, found: NestedReliability) -> Estimate:
    """The same with Smith's large-sample interval, which needs no normal scores."""
    value, n, many = plain.estimate, counts.sum(), len(counts)
    assert isinstance(found.unbiased_group_size, Estimate)
    size = found.unbiased_group_size.estimate
    uneven = (
        (counts**2).sum() - 2 / n * (counts**3).sum() + (counts**2).sum() ** 2 / n**2
    )
    between = (many - 1) * (1 - value) * (1 + value * (2 * size - 1))
    variance = (1 + value * (size - 1)) ** 2 / (n - many)
    variance += (between + value**2 * uneven) / (many - 1) ** 2
    reach = NORMAL_QUANTILE * float(np.sqrt(2 * variance)) * (1 - value) / size
    return dataclasses.replace(
        plain,
        conf_low=max(value - reach, -1.0),
        conf_high=min(value + reach, 1.0),
        method=f"one-way analysis of variance of {n:.0f} participants in {many} "
        "clusters, rows without a score or cluster left out; yes or no; 95 % interval: "
        "normal with Smith's large-sample standard error",
    )


def _design_effect(correlation: Estimate, counts: Array) -> Estimate:
    size = float((counts**2).sum() / counts.sum())
    limits = (correlation.conf_low, correlation.estimate, correlation.conf_high)
    low, value, high = (
        1 + (size - 1) * max(limit, 0.0) if limit is not None else None
        for limit in limits
    )
    assert value is not None
    return Estimate.of(
        "design_effect",
        value,
        (low, high),
        n=correlation.n,
        method=f"1 + (m - 1) times the intracluster correlation, m = {size:.6g}, the "
        "size of the cluster that a participant is in on average; a negative "
        "correlation counts as none; limits from those of the correlation",
        n_unit="participants with a score and a cluster",
    )
