"""Detect differential item functioning between two groups.

Ordinal logistic regression on the total, the group and both (Zumbo 1999), Mantel's
chi-square (1963) and the standardised mean difference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.special import chdtrc
from scipy.stats import false_discovery_control

from heard.models.complete_responses import (
    LISTWISE,
    Array,
    Responses,
    column_fault,
    read_responses,
)
from heard.models.ordinal_regression import (
    OrdinalFit,
    empty_log_likelihood,
    ordinal_fit,
)
from heard.models.stable_choice import rounded, sides
from heard.psychometrics.categories import CategorisedResponses, categorised_responses
from heard.results import Composite, Estimate, Result, Results, Unavailable


def mantel(
    answers: Array,
    total: Array,
    focal: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    method: str,
) -> tuple[Result, Result, Result]:
    """Chi-square, its p, and the mean difference, within totals both groups have.

    `answers`, `total`, shape (n,): answers to the item, and what people are matched on.
    `focal`, shape (n,): who is in the focal group.
    `method`: what else to report.
    """
    terms = ("mantel_chi_square", "mantel_p", "standardised_mean_difference")
    _, stratum = np.unique(rounded(total)[0], return_inverse=True)
    stratum = stratum.ravel()
    size = np.bincount(stratum)
    inside = np.bincount(stratum[focal], minlength=len(size))
    both = (inside > 0) & (inside < size)
    people = np.where(both, size, 2)  # no division by 0 where nothing is counted
    outside = people - inside
    summed = np.bincount(stratum, answers)
    squared = np.bincount(stratum, answers**2)
    summed_inside = np.bincount(stratum[focal], answers[focal], minlength=len(size))
    spread = inside * outside * (people * squared - summed**2)
    variance = (spread / (people**2 * (people - 1)))[both].sum()
    n = int(size[both].sum())
    if not variance > 0:
        reason = "no total at which both groups are found and answers differ"
        absent = [Unavailable(term=t, reason=reason, n=n, method=method) for t in terms]
        return absent[0], absent[1], absent[2]
    excess = (summed_inside - inside * summed / people)[both].sum()
    statistic = float(excess**2 / variance)
    means = summed_inside[both] / inside[both]
    others = (summed - summed_inside)[both] / outside[both]
    difference = float(inside[both] @ (means - others) / inside[both].sum())
    words = (
        "within totals both groups have, 1 df, no continuity correction; "
        "no interval: a test, not an amount"
    )
    weighted = "focal minus other group, weighted by the focal group; no interval: none"
    methods = [words, words, f"{weighted} in closed form"]
    values = [statistic, upper_tail(statistic, 1), difference]
    found = [
        Estimate(term=t, estimate=v, n=n, method=f"{w}; {method}")
        for t, v, w in zip(terms, values, methods, strict=True)
    ]
    return found[0], found[1], found[2]


def upper_tail(statistic: float, df: int) -> float:
    """P(chi-square with `df` degrees of freedom > statistic)."""
    return float(chdtrc(df, statistic))


Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

# COSMIN (Mokkink and others 2018): a change of McFadden's R2 below this is no bias.
NEGLIGIBLE = 0.02
ROUNDS = 10
MINIMUM = 3
NO_INTERVAL = "no interval: a test, not an amount"
TERMS = {
    "uniform_chi_square": "uniform_bias_chi_square",
    "uniform_p": "uniform_bias_p",
    "nonuniform_chi_square": "nonuniform_bias_chi_square",
    "nonuniform_p": "nonuniform_bias_p",
    "total_chi_square": "total_bias_chi_square",
    "total_p": "total_bias_p",
    "total_p_adjusted": "total_bias_p_adjusted",
    "uniform_nagelkerke_change": "uniform_bias_nagelkerke_change",
    "nagelkerke_change": "bias_nagelkerke_change",
    "mcfadden_change": "bias_mcfadden_change",
    "group_log_odds": "bias_log_odds",
    "mantel_chi_square": "mantel_chi_square",
    "mantel_p": "mantel_p",
    "standardised_mean_difference": "standardised_mean_difference",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBias(Composite):
    """What group membership adds to one item once the total is known.

    `verdict` follows McFadden's change alone: ``"negligible"`` below 0.02, ``"to be
    looked at"`` from there, ``"unknown"`` without a fit.
    """

    item: str
    verdict: str
    uniform_chi_square: Result
    uniform_p: Result
    nonuniform_chi_square: Result
    nonuniform_p: Result
    total_chi_square: Result
    total_p: Result
    total_p_adjusted: Result
    uniform_nagelkerke_change: Result
    nagelkerke_change: Result
    mcfadden_change: Result
    group_log_odds: Result
    mantel_chi_square: Result
    mantel_p: Result
    standardised_mean_difference: Result

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a statistic, with the item it is about."""
        frame = Composite.to_frame(self)
        frame.insert(0, "item", self.item)
        return frame


def item_bias(
    responses: Responses,
    *,
    groups: pd.Series,
    categories: Sequence[float],
    focal: object = None,
    purify: bool = False,
    confidence: float = 0.95,
) -> Results[ItemBias]:
    """Look for items that one group answers higher than equals in the other group.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses to one subscale; NaN if unanswered.
    groups : Series, shape (n_participants,)
        Two groups, aligned by position; who has none is left out.
    categories : sequence of float
        The answers the codebook allows. A category empty in a group is merged with its
        neighbour for the regression and named in `method`.
    focal : object, optional
        The group whose differences are reported; by default the last in sorted order.
    purify : bool
        Leave items that are to be looked at out of the total of the others, until the
        list stays the same.
    confidence : float
        Coverage of the interval of the log odds.

    Returns
    -------
    tuple of ItemBias
        One a column. `Unavailable` without two groups, with fewer than two items, with
        an item of one category, and where the regression has no maximum.

    Raises
    ------
    ValueError
        If groups and responses differ in length, `focal` is none of the groups, or
        `confidence` is not between 0 and 1.
    """
    responses = read_responses(responses)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    if len(groups) != len(responses):
        raise ValueError(
            f"groups has {len(groups)} entries for {len(responses)} participants"
        )
    names = tuple(str(name) for name in responses.columns)
    data = _Data.of(responses, groups, categories, focal)
    if data.gap:
        return _adjusted([_absent(name, data.gap, data) for name in names])
    places = range(len(names))
    dropped = np.zeros(len(names), dtype=bool)
    seen: list[bytes] = []
    while True:
        found = [data.one_item(i, dropped, confidence) for i in places]
        seen.append(dropped.tobytes())
        dropped = np.array([one.verdict == "to be looked at" for one in found])
        # A list that comes back would go round for ever.
        settled = dropped.tobytes() in seen or len(seen) == ROUNDS
        if not purify or settled or dropped.all():
            return _adjusted(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """Complete answers, who is in the focal group, and what stands in the way."""

    values: Array
    ranked: CategorisedResponses
    focal: Flags
    gap: str
    method: str

    @classmethod
    def of(
        cls,
        responses: pd.DataFrame,
        groups: pd.Series,
        categories: Sequence[float],
        focal: object,
    ) -> _Data:
        """Keep who answered everything and belongs to a group."""
        faults = [column_fault(responses, i) for i in range(responses.shape[1])]
        fault = "; ".join(dict.fromkeys(filter(None, faults)))
        kept = groups.notna().to_numpy() & responses.notna().all(axis=1).to_numpy()
        rows, labels = responses[kept], groups[kept].reset_index(drop=True)
        levels = sorted(labels.unique())
        chosen = levels[-1] if focal is None and levels else focal
        if focal is not None and focal not in set(groups.dropna()):
            raise ValueError("focal is none of the groups")
        ranked = categorised_responses(rows, categories, labels)
        values = (
            np.empty((0, rows.shape[1]))
            if fault
            else rows.to_numpy(dtype=float, na_value=np.nan)
        )
        member = (labels == chosen).to_numpy(dtype=bool)
        sizes = [int(member.sum()), int((~member).sum())]
        gap = fault or ranked.fault
        if not gap and rows.shape[1] < 2:
            gap = f"number of items {rows.shape[1]}; at least 2 needed"
        if not gap and len(levels) != 2:
            gap = f"groups with complete answers {len(levels)}; exactly 2 needed"
        if not gap and min(sizes) < MINIMUM:
            gap = (
                f"participants in the smaller group {min(sizes)}; "
                f"at least {MINIMUM} needed"
            )
        description = "" if fault else f"; {sizes[0]} in the focal group{ranked.merged}"
        return cls(
            values=values,
            ranked=ranked,
            focal=member,
            gap=gap,
            method=f"matched on the total with the item in it; {LISTWISE}{description}",
        )

    def one_item(self, place: int, dropped: Flags, confidence: float) -> ItemBias:
        """Everything about one item, given the items left out of the total."""
        name = self.ranked.names[place]
        kept = ~dropped
        kept[place] = True
        total = self.values[:, kept].sum(axis=1)
        if self.ranked.counts[place] < 2:
            return _absent(name, f"{name} has one category used by both groups", self)
        fits = _three_fits(self.ranked.ranks[:, place], total, self.focal)
        if fault := next((fit.fault for fit in fits if fit.fault), ""):
            return _absent(name, f"ordinal regression of {name}: {fault}", self)
        method = self.method
        if dropped.any():
            method += f"; {int((~kept).sum())} items left out of the total"
        return _item_bias(
            self, place, fits, total, method=method, confidence=confidence
        )


def _three_fits(
    ranks: np.ndarray[tuple[int, ...], np.dtype[np.int64]], total: Array, focal: Flags
) -> tuple[OrdinalFit, OrdinalFit, OrdinalFit]:
    member = focal.astype(float)
    centred = total - total.mean()
    terms = np.column_stack([centred, member, centred * member])
    return (
        ordinal_fit(ranks, terms[:, :1]),
        ordinal_fit(ranks, terms[:, :2]),
        ordinal_fit(ranks, terms),
    )


def _item_bias(
    data: _Data,
    place: int,
    fits: tuple[OrdinalFit, OrdinalFit, OrdinalFit],
    total: Array,
    *,
    method: str,
    confidence: float,
) -> ItemBias:
    start = empty_log_likelihood(data.ranked.ranks[:, place])
    none, uniform, both = (fit.log_likelihood for fit in fits)
    n = len(total)
    uniform_tests = _tested("uniform", (none, uniform), 1, n, method)
    nonuniform_tests = _tested("nonuniform", (uniform, both), 1, n, method)
    total_tests = _tested("total", (none, both), 2, n, method)
    changes = _changes(start, (none, uniform, both), n, method)
    without_model = mantel(data.values[:, place], total, data.focal, method)
    biased = changes[2].estimate >= NEGLIGIBLE
    return ItemBias(
        item=data.ranked.names[place],
        verdict="to be looked at" if biased else "negligible",
        uniform_chi_square=uniform_tests[0],
        uniform_p=uniform_tests[1],
        nonuniform_chi_square=nonuniform_tests[0],
        nonuniform_p=nonuniform_tests[1],
        total_chi_square=total_tests[0],
        total_p=total_tests[1],
        total_p_adjusted=total_tests[1],  # adjusted once all items are known
        uniform_nagelkerke_change=changes[0],
        nagelkerke_change=changes[1],
        mcfadden_change=changes[2],
        group_log_odds=_log_odds(fits[1], n, method, confidence),
        mantel_chi_square=without_model[0],
        mantel_p=without_model[1],
        standardised_mean_difference=without_model[2],
    )


def _tested(
    kind: str, fits: tuple[float, float], df: int, n: int, method: str
) -> tuple[Estimate, Estimate]:
    words = f"ordinal logistic likelihood ratio, {df} df; {NO_INTERVAL}; {method}"
    without, with_ = fits
    # A term that adds nothing leaves rounding alone.
    statistic = 2 * (with_ - without) if sides(with_, without) > 0 else 0.0
    values = {
        f"{kind}_bias_chi_square": statistic,
        f"{kind}_bias_p": upper_tail(statistic, df),
    }
    found = [
        Estimate(term=term, estimate=value, n=n, method=words)
        for term, value in values.items()
    ]
    return found[0], found[1]


def _changes(
    start: float, steps: tuple[float, float, float], n: int, method: str
) -> tuple[Estimate, Estimate, Estimate]:
    """Change of R2, from log likelihoods: Nagelkerke's two, and McFadden's."""
    none, _, both = steps
    shares = [np.expm1(2 * (start - x) / n) / np.expm1(2 * start / n) for x in steps]
    description = "change of R2 by group{}; no interval: none in closed form; {}"
    by_both = description.format(" and group x total", method)
    rule = f"below {NEGLIGIBLE} negligible (COSMIN); {by_both}"
    values = [
        ("uniform_bias_nagelkerke_change", shares[1] - shares[0]),
        ("bias_nagelkerke_change", shares[2] - shares[0]),
        ("bias_mcfadden_change", (none - both) / start),
    ]
    found = [
        Estimate(term=term, estimate=float(value), n=n, method=words)
        for (term, value), words in zip(
            values, [description.format("", method), by_both, rule], strict=True
        )
    ]
    return found[0], found[1], found[2]


def _log_odds(fit: OrdinalFit, n: int, method: str, confidence: float) -> Estimate:
    weight = float(fit.weights[1])
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * float(fit.errors[1])
    return Estimate.of(
        "bias_log_odds",
        weight,
        (weight - reach, weight + reach),
        n=n,
        method="log odds of a higher answer, focal minus other group, total held; "
        f"{100 * confidence:g} % Wald limits; {method}",
    )


def _adjusted(found: list[ItemBias]) -> Results[ItemBias]:
    """Adjust the p of all items that have one, after Benjamini & Hochberg (1995)."""
    chances = [
        one.total_p.estimate for one in found if isinstance(one.total_p, Estimate)
    ]
    adjusted: Iterator[float] = iter(
        false_discovery_control(chances) if chances else []
    )
    answers = []
    for one in found:
        if isinstance(one.total_p, Estimate):
            changed = dataclasses.replace(
                one.total_p,
                term="total_bias_p_adjusted",
                estimate=float(next(adjusted)),
                method=f"Benjamini-Hochberg over {len(chances)} items; "
                + one.total_p.method,
            )
            one = dataclasses.replace(one, total_p_adjusted=changed)  # noqa: PLW2901
        answers.append(one)
    return Results(answers)


def _absent(name: str, reason: str, data: _Data) -> ItemBias:
    n = len(data.values) or None
    absences = {
        field: Unavailable(term=term, reason=reason, n=n, method=data.method)
        for field, term in TERMS.items()
    }
    return ItemBias(item=name, verdict="unknown", **absences)
