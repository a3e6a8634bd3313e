"""Estimate Mokken scalability, and check monotonicity.

A coefficient is a covariance over the largest its items' distributions allow; a Guttman
error passes a rarer item step without a commoner one. Monotonicity: the share passing a
step should not fall with the sum of the other items (Junker & Sijtsma 2000).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from heard.models.complete_responses import (
    LISTWISE,
    Array,
    CompleteResponses,
    Responses,
    complete_responses,
    read_responses,
)
from heard.models.stable_choice import rounded, sides
from heard.results import Composite, Estimate, Labelled, Result, Results


def largest_parts(x: Array, y: Array) -> Array:
    """What each person adds to the largest possible mean of x * y, shape (n,).

    That mean is the sum over steps a of x and b of y of min(P(x >= a), P(y >= b)), with
    steps as high as the gap below them; a person counts where the rarer step is
    passed. Equally rare steps count half each. The mean of what is returned is that
    largest mean; with x and y centred, how far each person moves it is the deviation.
    """
    steps_x, ranks_x = np.unique(x, return_inverse=True)
    steps_y, ranks_y = np.unique(y, return_inverse=True)
    passed_x = _passing(ranks_x, len(steps_x))
    passed_y = _passing(ranks_y, len(steps_y))
    # Counts, not shares: equality has to be exact.
    rarer = np.sign(passed_y[None, :] - passed_x[:, None])
    weight_x = (1 + rarer) / 2
    gap_x, gap_y = np.diff(steps_x), np.diff(steps_y)
    from_x = np.concatenate([[0.0], np.cumsum(gap_x * (weight_x @ gap_y))])
    from_y = np.concatenate([[0.0], np.cumsum(gap_y * (gap_x @ (1 - weight_x)))])
    # x and y were centred, but the sum over steps starts at their smallest values.
    shift = steps_y[0] * x + steps_x[0] * y - steps_x[0] * steps_y[0]
    parts: Array = from_x[ranks_x] + from_y[ranks_y] + shift
    return parts


def _passing(
    ranks: np.ndarray[tuple[int, ...], np.dtype[np.intp]], size: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """How many people pass each step, lowest first, shape (size - 1,)."""
    counts = np.bincount(ranks.ravel(), minlength=size)
    return counts[::-1].cumsum()[::-1][1:]


MODEL = (
    "covariance over the largest the items' distributions allow (Mokken 1971); "
    f"divisors cancel; standard error by the delta method (Kuijpers 2013); {LISTWISE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScalability(Labelled):
    """Two items, and how far they order people in the same way."""

    item: str
    other_item: str
    scalability: Result
    standard_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScalability(Labelled):
    """One item, and how well it orders people as the others do."""

    item: str
    scalability: Result
    standard_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MokkenScalability(Composite):
    """The scale, its items and their pairs."""

    scalability: Result
    standard_error: Result
    items: tuple[ItemScalability, ...]
    pairs: tuple[PairScalability, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; the items are empty where it is about the scale."""
        frame = Composite.to_frame(self)
        labels = [("", "")] * 2
        labels += [(one.item, "") for one in self.items for _ in range(2)]
        labels += [(one.item, one.other_item) for one in self.pairs for _ in range(2)]
        place = pd.DataFrame(labels, columns=["item", "other_item"])
        return pd.concat([place, frame], axis=1)


def mokken_scalability(
    responses: Responses, *, confidence: float = 0.95
) -> MokkenScalability:
    """Scalability of a scale (H), of its items (Hi) and of their pairs (Hij).

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item; NaN if unanswered. All items on one
        response scale; an item that runs against the others gives negative
        coefficients.
    confidence : float
        Coverage the intervals aim at.

    Returns
    -------
    MokkenScalability
        Every coefficient with an interval and a standard error. `Unavailable` with
        fewer than two items or three participants who answered all, with columns that
        are not numbers, and with a constant item (only the pairs it belongs to, its own
        coefficient, and the sums it would enter).

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    Notes
    -----
    Mokken (1971); standard errors Kuijpers, van der Ark & Croon (2013), ties in the
    order of item steps averaged; limits on the scale of log(1 - H), so that none
    passes 1 (Koopman, Zijlstra & van der Ark 2020).
    """
    responses = read_responses(responses)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    complete = complete_responses(responses)
    scale = _Scale.of(complete, confidence)
    names = complete.names
    k = len(names)
    upper = np.triu(np.ones((k, k), dtype=bool), 1)
    scalability, standard_error = scale.coefficient("scalability", upper)
    items = []
    for place, name in enumerate(names):
        chosen = np.zeros((k, k), dtype=bool)
        chosen[place] = np.arange(k) != place
        value, error = scale.coefficient("item_scalability", chosen)
        items.append(
            ItemScalability(item=name, scalability=value, standard_error=error)
        )
    pairs = []
    for first, second in np.argwhere(upper):
        chosen = np.zeros((k, k), dtype=bool)
        chosen[first, second] = True
        value, error = scale.coefficient("pair_scalability", chosen)
        pairs.append(
            PairScalability(
                item=names[first],
                other_item=names[second],
                scalability=value,
                standard_error=error,
            )
        )
    return MokkenScalability(
        scalability=scalability,
        standard_error=standard_error,
        items=tuple(items),
        pairs=tuple(pairs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Each pair's covariance, its largest possible, and what each person adds to both.

    `covariance`, `largest`, shape (n_items, n_items): symmetric; the diagonal is not
      used.
    `covariance_parts`, `largest_parts`, shape (n_items, n_items, n_participants):
      influence of each participant, mean 0.
    """

    complete: CompleteResponses
    gap: str
    confidence: float
    covariance: Array
    largest: Array
    covariance_parts: Array
    largest_parts: Array

    @classmethod
    def of(cls, complete: CompleteResponses, confidence: float) -> _Scale:
        """Go over all pairs once; nothing to go over where there is a gap."""
        gap = complete.gap(items=2)
        k = len(complete.names)
        n = 0 if gap else len(complete.values)
        covariance, largest = np.zeros((k, k)), np.zeros((k, k))
        covariance_parts, most_parts = np.zeros((k, k, n)), np.zeros((k, k, n))
        # Unitless and near 1, so that nothing overflows; ratios do not change.
        spread = np.ptp(complete.values) if n else 0.0
        centred = (complete.values - complete.values[:1]) / spread if spread else None
        for i, j in np.argwhere(np.triu(np.ones((k, k)), 1)):
            if centred is None:
                break
            x = centred[:, i] - centred[:, i].mean()
            y = centred[:, j] - centred[:, j].mean()
            parts, most = x * y, largest_parts(x, y)
            for a, b in ((i, j), (j, i)):
                covariance[a, b] = parts.mean()
                largest[a, b] = (np.sort(x) * np.sort(y)).mean()
                covariance_parts[a, b] = parts - parts.mean()
                most_parts[a, b] = most - most.mean()
        return cls(
            complete=complete,
            gap=gap,
            confidence=confidence,
            covariance=covariance,
            largest=largest,
            covariance_parts=covariance_parts,
            largest_parts=most_parts,
        )

    def coefficient(
        self, term: str, chosen: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    ) -> tuple[Result, Result]:
        """One coefficient over the chosen pairs, and its standard error."""
        error_term = f"{term}_standard_error"
        names = np.array(self.complete.names, dtype=object)
        involved = names[chosen.any(axis=0) | chosen.any(axis=1)]
        constant = [name for name in self.complete.constant if name in involved]
        reason = self.gap
        if not reason and constant:
            reason = f"no variance in {', '.join(constant)}"
        if reason:
            return (
                self.complete.unavailable(term, reason, MODEL),
                self.complete.unavailable(error_term, reason, MODEL),
            )
        n = len(self.complete.values)
        most = self.largest[chosen].sum()
        # At perfect scalability rounding may take the ratio past 1.
        value = min(float(self.covariance[chosen].sum() / most), 1.0)
        covariance_part = self.covariance_parts[chosen].sum(axis=0)
        largest_part = self.largest_parts[chosen].sum(axis=0)
        influence = (covariance_part - value * largest_part) / most
        error = math.sqrt(float(influence @ influence)) / n
        low, high, limits_text = _limits(value, error, self.confidence)
        return (
            Estimate.of(
                term, value, (low, high), n=n, method=f"{MODEL}; {limits_text}"
            ),
            Estimate.of(
                error_term,
                error,
                n=n,
                method=f"{MODEL}; no interval: it is itself a standard error",
            ),
        )


def _limits(
    value: float, error: float, confidence: float
) -> tuple[float | None, float | None, str]:
    """Limits symmetric on the scale of log(1 - H), and the words for them."""
    # Below this, the error is rounding: everyone is ordered alike.
    if 1 - value < 1e-12 or error < 1e-12:
        return None, None, "no interval: perfect or without any spread between people"
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error / (1 - value)
    # Beyond a factor of e^50 a limit says nothing, and would overflow.
    reach = min(reach, 50.0)
    low = 1 - (1 - value) * math.exp(reach)
    high = 1 - (1 - value) * math.exp(-reach)
    limits_text = f"{100 * confidence:g} % limits symmetric on log(1 - H)"
    return low, high, limits_text


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
    """How often, and by how much, one item falls where it should rise."""

    item: str
    comparisons: Result
    violations: Result
    largest_violation: Result
    beyond_chance: Result


def item_monotonicity(
    responses: Responses,
    *,
    smallest_group: int | None = None,
    smallest_violation: float = SMALLEST,
) -> Results[ItemMonotonicity]:
    """Check that each item rises with the sum of the others.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
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
    responses = read_responses(responses)
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
    return Results(
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
    counted = sides(falls, smallest) > 0
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
    _, sums, people = np.unique(
        rounded(rest)[0], return_inverse=True, return_counts=True
    )
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
