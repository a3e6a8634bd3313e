"""Estimate agreement within teams: r_wg, a_wg and average deviation.

It must be shown before a team's mean is interpreted as the team's view. Oracle: R
multilevel, tests/oracles/values/withingroup_*.json.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.complete_responses import (
    PERFECT,
    Array,
    Responses,
    complete_responses,
    named,
    read_responses,
)
from heard.results import Composite, Estimate, Labelled, Result, Unavailable

NO_INTERVAL = "no interval: all members of the group who answered are counted"
RANGES = {
    "r_wg": (0.0, 1.0),
    "r_wg_j": (0.0, 1.0),
    "average_deviation": (0.0, math.inf),
    "a_wg": (-math.inf, 1.0),
}
"""Statistic → what it can be; a_wg of few members may fall below -1."""
TERMS = tuple(RANGES)
N_UNIT = "groups"
TOO_NEAR = "its mean so near an end that the largest variance is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAgreement(Labelled):
    """Agreement of the members of one group."""

    group: str
    r_wg: Result
    r_wg_j: Result
    average_deviation: Result
    a_wg: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinGroupAgreement(Composite):
    """Mean of each statistic over groups, with its interval, and every group's own."""

    mean_r_wg: Result
    mean_r_wg_j: Result
    mean_average_deviation: Result
    mean_a_wg: Result
    groups: tuple[GroupAgreement, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; `group` is empty for means over groups."""
        means = [getattr(self, f"mean_{term}").to_frame() for term in TERMS]
        overall = pd.concat(means).assign(group="")
        frames = [overall, *(group.to_frame() for group in self.groups)]
        columns = ["group", *means[0].columns]
        together: pd.DataFrame = pd.concat(frames, ignore_index=True)
        return together.reindex(columns=columns)


def within_group_agreement(
    responses: Responses,
    *,
    groups: pd.Series,
    lowest: float,
    highest: float,
    confidence: float = 0.95,
) -> WithinGroupAgreement:
    """Estimate the agreement of members of a group, item by item.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses; who left an item unanswered is left out (listwise).
    groups : Series, shape (n_participants,)
        The group of each participant, by position; without one, left out.
    lowest, highest : float
        Ends of the response scale, from the codebook. Chance is an even spread over its
        whole steps: variance ((highest - lowest + 1)² - 1) / 12.
    confidence : float
        Coverage of the interval of the mean over groups.

    Returns
    -------
    WithinGroupAgreement
        ``r_wg`` of the mean of the items, ``r_wg_j`` of all items together, ``a_wg``
        the mean over items of Brown and Hauenstein's, ``average_deviation`` in points
        around the group's mean. A variance beyond chance gives 0. ``a_wg`` is 1 for an
        item to which all members gave the same end of the scale, and leaves out an item
        whose mean lies nearer to an end than one member at the other end allows. Needs
        the scale's number of answers less 1 members to mean much (`method` says where
        there are fewer). `Unavailable` in a group of one, and ``a_wg`` where every item
        is left out.

    References
    ----------
    James, Demaree & Wolf (1984), J. of Applied Psychology 69(1), 85-98.
    Burke & Dunlap (2002), Organizational Research Methods 5(2), 159-172.
    Brown & Hauenstein (2005), Organizational Research Methods 8(2), 165-184.
    """
    responses = read_responses(responses)
    groups = named(groups)
    known = groups.notna().to_numpy() & responses.notna().all(axis=1).to_numpy()
    kept = responses[known]
    fault = complete_responses(responses).fault
    labels = groups[known].astype(str)
    found = tuple(
        _one_group(
            str(name), _values(kept, labels == name, fault), (lowest, highest), fault
        )
        for name in sorted(labels.unique())
    )
    return WithinGroupAgreement(
        **{
            f"mean_{term}": _mean_over_groups(
                term, [getattr(group, term) for group in found], confidence
            )
            for term in TERMS
        },
        groups=found,
    )


def _values(kept: pd.DataFrame, members: pd.Series, fault: str) -> Array:
    if fault:
        return np.empty((0, kept.shape[1]))
    return kept[members.to_numpy()].to_numpy(dtype=float)


def _one_group(
    name: str, values: Array, ends: tuple[float, float], fault: str
) -> GroupAgreement:
    n, k = values.shape
    reason = fault or (
        f"members who answered every item {n}; at least 2 needed" if n < 2 else ""
    )
    if not reason and ((values < ends[0]) | (values > ends[1])).any():
        reason = "answers lie outside the scale"
    if reason:
        return GroupAgreement.unavailable(reason, n=n, method=NO_INTERVAL, group=name)
    return GroupAgreement(group=name, **dict(_statistics(values, ends, n, k)))


def _statistics(
    values: Array, ends: tuple[float, float], n: int, k: int
) -> Iterator[tuple[str, Result]]:
    chance = ((ends[1] - ends[0] + 1) ** 2 - 1) / 12
    of_mean = max(1 - values.mean(axis=1).var(ddof=1) / chance, 0.0)
    share = max(1 - values.var(axis=0, ddof=1).mean() / chance, 0.0)
    deviation = np.abs(values - values.mean(axis=0)).mean()
    numbers = {
        "r_wg": (of_mean, "1 - variance of the members' item means / chance variance"),
        "r_wg_j": (
            k * share / (k * share + 1 - share),
            "r_wg(j), mean item variance / chance variance, stepped up to all items",
        ),
        "average_deviation": (
            deviation,
            "mean absolute deviation from the item's mean in the group, over items",
        ),
    }
    for term, (estimate, words) in numbers.items():
        method = f"{words}; divisor n - 1 in variances; {NO_INTERVAL}"
        yield term, Estimate(term=term, estimate=float(estimate), n=n, method=method)
    yield "a_wg", _a_wg(values, ends, n)


def _a_wg(values: Array, ends: tuple[float, float], n: int) -> Result:
    """Agreement relative to the largest variance that each mean allows.

    By the rules of R's ``multilevel::awg``: with all members at one end there is full
    agreement; the largest variance is known only for means from that of one member at
    the other end onwards.
    """
    low, high = ends
    means, variances = values.mean(axis=0), values.var(axis=0, ddof=1)
    largest = (means - low) * (high - means) * n / (n - 1)
    at_end = (values == low).all(axis=0) | (values == high).all(axis=0)
    room = np.minimum(means - low, high - means) * n >= (high - low) * (1 - PERFECT)
    own = np.where(at_end, 1.0, 1 - 2 * variances / np.where(room, largest, 1.0))
    kept = at_end | room
    method = (
        "a_wg, mean over items: 1 - twice the variance / the largest variance the mean "
        f"allows, divisor n - 1; 1 where all are at one end; {NO_INTERVAL}"
    )
    if not kept.all():
        method += f"; {int((~kept).sum())} items left out, {TOO_NEAR}"
    if n < high - low:
        method += f"; under {high - low:g} members, hardly to be interpreted"
    if not kept.any():
        reason = f"every item: {TOO_NEAR}"
        return Unavailable(term="a_wg", reason=reason, n=n, method=method)
    return Estimate.of("a_wg", own[kept].mean(), n=n, method=method)


def _mean_over_groups(term: str, results: list[Result], confidence: float) -> Result:
    values = np.array([r.estimate for r in results if isinstance(r, Estimate)])
    n, absent = len(values), sum(isinstance(r, Unavailable) for r in results)
    name, (lowest, highest) = f"mean_{term}", RANGES[term]
    method = (
        f"mean of {term} over {n} groups, each counted once; {100 * confidence:g} % t "
        f"interval over groups, no limit beyond the range of {term}; {absent} groups "
        f"without {term} left out"
    )
    if n < 2:
        reason = f"groups with {term} {n}; at least 2 needed"
        return Unavailable(term=name, reason=reason, n=n, method=method, n_unit=N_UNIT)
    mean, error = float(values.mean()), float(values.std(ddof=1)) / n**0.5
    if error == 0:
        method += "; no interval: all groups are equal"
        return Estimate(term=name, estimate=mean, n=n, method=method, n_unit=N_UNIT)
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    limits = max(mean - reach, lowest), min(mean + reach, highest)
    return Estimate.of(name, mean, limits, n=n, method=method, n_unit=N_UNIT)
