"""Scores of groups into how far each lies from a reference: in points and as a ratio.

The rule that holds throughout: the n of a comparison is that of its smaller side, so
that what hides small groups hides their comparisons too.
Oracle: R t.test and clubSandwich, tests/oracles/values/inequality.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.inequality.linear import (
    LinearFit,
    least_squares,
    separate_means,
)

if TYPE_CHECKING:
    import pandas as pd

SMALLER = "participants of the smaller side"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap(Composite):
    """One group beside the reference.

    Attributes
    ----------
    group : str
        Its name.
    group_mean : Estimate or Unavailable
        Its mean score.
    gap_difference : Estimate or Unavailable
        Its mean less that of the reference, in points.
    gap_ratio : Estimate or Unavailable
        Its mean over that of the reference, both above the lowest possible score.
    """

    group: str
    group_mean: Result
    gap_difference: Result
    gap_ratio: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGaps(Composite):
    """Every group beside the reference, largest group first.

    Attributes
    ----------
    reference : str
        The group the others are compared with.
    groups : tuple of GroupGap
        The reference first, without comparison.
    widest_gap : Estimate or Unavailable
        The difference furthest from zero, as seen: never a test.
    """

    reference: str
    groups: tuple[GroupGap, ...]
    widest_gap: Result


def subgroup_gaps(
    frame: pd.DataFrame,
    *,
    score: str = "score",
    group: str = "group",
    reference: str,
    cluster: str | None = None,
    lowest: float = 0.0,
) -> GroupGaps:
    """Compare the mean of every group with a reference.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Rows without a score, group or cluster are left out.
    score : str
        A score, or a change.
    group, reference : str
        The column, and the group to compare with, declared beforehand.
    cluster : str, optional
        What was sampled together; at least 5 of them.
    lowest : float
        Lowest possible score, from which ratios count.

    Returns
    -------
    GroupGaps
        Unavailable within: a group of one, no variation, a reference nobody is in,
        fewer than 5 clusters, a group in one cluster only.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35; Pustejovsky & Tipton (2018), J. Business &
    Economic Statistics 36(4), 672-683.
    """
    kept = frame[[score, group, *([cluster] if cluster else [])]].dropna()
    counts = kept[group].astype(str).value_counts(sort=False)
    names = sorted(
        counts.index, key=lambda name: (name != reference, -counts[name], name)
    )
    fit = group_fit(
        kept, names, score=score, group=group, cluster=cluster, lowest=lowest
    )
    if isinstance(fit, LinearFit) and reference not in names:
        fit = Unavailable(term="", reason="nobody of the reference group has a score")
    sizes = np.array([counts[name] for name in names], dtype=int)
    gaps = tuple(
        _gap(fit, names, place, sizes, reference=reference, lowest=lowest)
        for place in range(len(names))
    )
    return GroupGaps(reference=reference, groups=gaps, widest_gap=_widest(gaps))


def group_fit(
    kept: pd.DataFrame,
    names: list[str],
    *,
    score: str,
    group: str,
    cluster: str | None,
    lowest: float = 0.0,
) -> LinearFit | Unavailable:
    """Means of groups above the lowest possible score, in the order of `names`.

    Parameters
    ----------
    kept : DataFrame, one row a participant
        Complete.
    """
    if not len(kept):
        return Unavailable(term="", reason="nobody has a score and a group", n=0)
    scores = kept[score].to_numpy(dtype=float) - lowest
    if not np.isfinite(scores).all():
        return Unavailable(term="", reason="some scores are infinite", n=len(kept))
    places = {name: place for place, name in enumerate(names)}
    codes = kept[group].astype(str).map(places).to_numpy(dtype=int)
    if cluster is None:
        counts = np.bincount(codes, minlength=len(names))
        return separate_means(scores, codes, counts=counts)
    design = np.eye(len(names))[codes]
    return least_squares(scores, design, names=names, clusters=kept[cluster])


def _gap(
    fit: LinearFit | Unavailable,
    names: list[str],
    place: int,
    sizes: np.ndarray,
    *,
    reference: str,
    lowest: float,
) -> GroupGap:
    name, n = names[place], int(sizes[place])
    terms = ("group_mean", "gap_difference", "gap_ratio")
    if isinstance(fit, Unavailable):
        absent = {
            term: Unavailable(term=term, reason=fit.reason, n=n) for term in terms
        }
        return GroupGap(group=name, **absent)
    own = np.eye(len(names))[place]
    mean = fit.estimate(
        own, term="group_mean", n=n, counted="participants of the group"
    )
    if name == reference:
        none = {
            term: Unavailable(term=term, reason="this is the reference group", n=n)
            for term in terms[1:]
        }
        return GroupGap(group=name, group_mean=_raised(mean, lowest), **none)
    other = np.eye(len(names))[names.index(reference)]
    smaller = min(n, int(sizes[names.index(reference)]))
    return GroupGap(
        group=name,
        group_mean=_raised(mean, lowest),
        gap_difference=fit.estimate(
            own - other, term="gap_difference", n=smaller, counted=SMALLER
        ),
        gap_ratio=fit.ratio(own, other, term="gap_ratio", n=smaller, counted=SMALLER),
    )


def _raised(mean: Result, lowest: float) -> Result:
    """The mean on the scale of the score again."""
    if isinstance(mean, Unavailable):
        return mean
    assert mean.conf_low is not None
    assert mean.conf_high is not None
    return Estimate(
        term=mean.term,
        estimate=mean.estimate + lowest,
        conf_low=mean.conf_low + lowest,
        conf_high=mean.conf_high + lowest,
        n=mean.n,
        method=mean.method,
    )


def _widest(gaps: tuple[GroupGap, ...]) -> Result:
    found = [g.gap_difference for g in gaps if isinstance(g.gap_difference, Estimate)]
    if not found:
        return Unavailable(term="widest_gap", reason="no gap could be estimated", n=0)
    widest = max(found, key=lambda gap: abs(gap.estimate))
    return Estimate(
        term="widest_gap",
        estimate=widest.estimate,
        n=min(gap.n for gap in found),
        method=f"the difference from the reference furthest from zero, of "
        f"{len(found)}; picked because it is the widest, so no interval; n counts "
        "participants of the smallest group compared",
    )
