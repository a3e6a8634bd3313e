"""Monotonicity: whether people higher on the other items answer an item higher too.

People are put into groups by the sum of their other answers; from group to group the
share that passes each step of the item should not fall (Junker & Sijtsma 2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate, Labelled, Result
from analysis.reliability.complete import LISTWISE, complete_responses

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.complete import Array, CompleteResponses

TERMS = (
    "monotonicity_comparisons",
    "monotonicity_violations",
    "largest_monotonicity_violation",
    "monotonicity_violations_beyond_chance",
)
# A fall of a share by less is taken as none (Molenaar & Sijtsma 2000).
SMALLEST = 0.03
# One-sided, each comparison by itself.
BEYOND = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMonotonicity(Labelled):
    """How often, and how far, one item falls where it should rise."""

    item: str
    comparisons: Result
    violations: Result
    largest_violation: Result
    beyond_chance: Result


def item_monotonicity(
    responses: pd.DataFrame,
    *,
    smallest_group: int | None = None,
    smallest_violation: float = SMALLEST,
) -> tuple[ItemMonotonicity, ...]:
    """Check that each item rises with the sum of the others.

    Parameters
    ----------
    responses : DataFrame, shape (n_participants, n_items)
        Keyed responses, one column an item; NaN if unanswered.
    smallest_group : int, optional
        Participants a group has at least; by default a tenth of 500 or more, a fifth
        of 250 or more, else a third, but no fewer than 50.
    smallest_violation : float
        A share that falls by no more than this is no violation.

    Returns
    -------
    tuple of ItemMonotonicity
        One a column: how many pairs of groups and steps were compared, how many fall,
        the largest fall (0 if none), and how many fall by more than chance explains
        (each comparison by itself, one-sided 5 %). `Unavailable` with fewer than two
        items, too few participants for two groups, columns that are not numbers, and
        for an item of one answer.

    Raises
    ------
    ValueError
        If `smallest_group` is below 2 or `smallest_violation` is not from 0 to below 1.

    References
    ----------
    Junker & Sijtsma (2000), Applied Psychological Measurement 24(1), 65-81;
    Molenaar & Sijtsma (2000), User's manual MSP5.
    """
    if smallest_group is not None and smallest_group < 2:
        raise ValueError(f"smallest_group is {smallest_group}; at least 2 needed")
    if not 0 <= smallest_violation < 1:
        raise ValueError(
            f"smallest_violation is {smallest_violation}; give one from 0 to below 1"
        )
    complete = complete_responses(responses)
    n = len(complete.values)
    size = _default_size(n) if smallest_group is None else smallest_group
    gap = complete.gap(items=2)
    if not gap and n < 2 * size:
        gap = f"participants {n}; two groups of {size} needed"
    return tuple(
        _one_item(complete, place, size, smallest_violation, gap)
        for place in range(len(complete.names))
    )


def _default_size(n: int) -> int:
    """What is usual (Molenaar & Sijtsma 2000)."""
    share = 10 if n >= 500 else 5 if n >= 250 else 3
    return max(n // share, 50) if share == 3 else n // share


def _one_item(
    complete: CompleteResponses, place: int, size: int, smallest: float, gap: str
) -> ItemMonotonicity:
    name = complete.names[place]
    method = (
        f"groups of at least {size} by the sum of the other items; a share that passes "
        f"a step counts if it falls by more than {smallest:g}; {LISTWISE}"
    )
    if not gap and name in complete.constant:
        gap = f"no variance in {name}"
    groups = None
    if not gap:
        own = complete.values[:, place]
        groups = _rest_groups(complete.values.sum(axis=1) - own, size)
        if groups.max() < 1:
            gap = f"fewer than two groups of {size} differ in the sum of the others"
    if gap or groups is None:
        absent = [complete.unavailable(term, gap, method) for term in TERMS]
        return ItemMonotonicity(
            item=name,
            comparisons=absent[0],
            violations=absent[1],
            largest_violation=absent[2],
            beyond_chance=absent[3],
        )
    falls, scores = _falls(own, groups)
    counted = falls > smallest
    values = [
        float(falls.size),
        float(counted.sum()),
        float(np.max(falls, initial=0.0, where=counted)),
        float((counted & (scores > BEYOND)).sum()),
    ]
    words = f"{int(groups.max()) + 1} groups; {method}; no interval: a count"
    results = [
        Estimate(term=term, estimate=value, n=len(own), method=words)
        for term, value in zip(TERMS, values, strict=True)
    ]
    return ItemMonotonicity(
        item=name,
        comparisons=results[0],
        violations=results[1],
        largest_violation=results[2],
        beyond_chance=results[3],
    )


def _rest_groups(
    rest: Array, size: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The group of each participant, lowest sums first; equal sums stay together.

    A group is closed as soon as it is large enough; what is left at the top joins the
    last one.
    """
    _, sums, people = np.unique(rest, return_inverse=True, return_counts=True)
    labels = np.empty(len(people), dtype=np.int64)
    group = n_in_group = 0
    for place, count in enumerate(people):
        labels[place] = group
        n_in_group += count
        if n_in_group >= size:
            group, n_in_group = group + 1, 0
    if n_in_group:
        labels[labels == group] = group - 1
    return labels[sums.ravel()]


def _falls(
    own: Array, groups: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> tuple[Array, Array]:
    """How far the share passing each step falls between each two groups, and its z.

    The z is that of two shares under their common one (hypergeometric).
    """
    size = np.bincount(groups)
    steps = np.unique(own)[1:]
    passed = np.array(
        [np.bincount(groups[own >= s], minlength=len(size)) for s in steps]
    )
    low, high = np.triu_indices(len(size), 1)
    share = passed / size
    falls = share[:, low] - share[:, high]
    both = size[low] + size[high]
    common = (passed[:, low] + passed[:, high]) / both
    variance = common * (1 - common) * both**2 / (size[low] * size[high] * (both - 1.0))
    error = np.sqrt(variance)
    scores = np.divide(falls, error, out=np.zeros_like(falls), where=error > 0)
    return falls, scores
