"""Estimate chance-corrected agreement: Fleiss, Krippendorff, Gwet.

All have the form (observed - expected) / (1 - expected). For ordered categories, near
agreement counts in part, in the declared order. Standard errors are Gwet's linearised
ones over targets. Oracles: R irr and irrCAC, tests/oracles/values/agreement_*.json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.complete_responses import PERFECT, Array
from heard.psychometrics.agreement.ratings import (
    RatingsTable,
    category_counts,
    outside_categories,
    ratings_table,
)
from heard.results import Estimate, Result

Level: TypeAlias = Literal["nominal", "ordinal", "linear", "interval", "ratio"]
NEARNESS = {
    "nominal": "only equal ratings agree",
    "ordinal": "ratings nearer in rank agree more (pairs of ranks between)",
    "linear": "ratings agree less in proportion to their distance",
    "interval": "ratings agree less with their squared distance",
    "ratio": "ratings agree less with their squared relative distance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Observed and expected agreement, and what each target adds to both."""

    observed: float
    expected: float
    observed_by_target: Array
    expected_by_target: Array
    weight_by_target: Array
    """How far each target counts in what was observed; 0 if rated once."""
    correction: float = 0.0
    """What is added to the coefficient for finite numbers (Krippendorff)."""

    @property
    def linear_coefficient(self) -> float:
        """Agreement beyond chance, before the correction."""
        return (self.observed - self.expected) / (1 - self.expected)

    @property
    def coefficient(self) -> float:
        """Agreement beyond chance."""
        corrected = self.observed + self.correction * (1 - self.observed)
        return (corrected - self.expected) / (1 - self.expected)

    @property
    def standard_error(self) -> float:
        """Gwet's linearisation: the spread of the targets' influences."""
        n, chance = len(self.observed_by_target), 1 - self.expected
        own = (self.observed_by_target - self.weight_by_target * self.expected) / chance
        expected_shift = (self.expected_by_target - self.expected) / chance
        influence = own - 2 * (1 - self.linear_coefficient) * expected_shift
        spread = np.sum((influence - self.linear_coefficient) ** 2)
        return float(np.sqrt(spread / (n * (n - 1))))


def fleiss_kappa(
    ratings: pd.DataFrame,
    *,
    categories: Sequence[float],
    level: Level = "nominal",
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    confidence: float = 0.95,
) -> Result:
    """Estimate Fleiss' kappa of any number of raters.

    Chance is that of raters who all use the categories in their overall shares. With
    categories of very unequal use kappa falls although raters agree; `gwet_agreement`
    does not.

    Parameters
    ----------
    ratings : DataFrame, one row a rating
        Targets rated once take no part in the observed agreement.
    categories : sequence of float
        The ratings the codebook allows, lowest first.
    level : {"nominal", "ordinal", "linear", "interval", "ratio"}
        Partial agreement of ratings that differ.
    target, rater, score : str
        Its columns.

    Returns
    -------
    Estimate
        Unitless, at most 1, as are its limits.
    Unavailable
        Fewer than 2 categories, fewer than 2 targets rated twice, ratings outside the
        categories, or all ratings in one category.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76(5), 378-382.
    Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters 3 and 5.
    """
    table = ratings_table(ratings, target=target, rater=rater, score=score)

    def agreement(counts: Array, weights: Array) -> Agreement:
        shares = counts / counts.sum(axis=1, keepdims=True)
        mean_shares = shares.mean(axis=0)
        return Agreement(
            **_observed(counts, weights),
            expected=float(mean_shares @ weights @ mean_shares),
            expected_by_target=shares @ weights @ mean_shares,
        )

    return _estimated(
        table,
        agreement,
        term="fleiss_kappa",
        name="Fleiss' kappa",
        categories=categories,
        level=level,
        confidence=confidence,
    )


def gwet_agreement(
    ratings: pd.DataFrame,
    *,
    categories: Sequence[float],
    level: Level = "nominal",
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    confidence: float = 0.95,
) -> Result:
    """Estimate Gwet's AC1 (nominal) or AC2 (ordered categories).

    Parameters
    ----------
    ratings, categories, level, target, rater, score, confidence
        As for `fleiss_kappa`.

    Returns
    -------
    Estimate
        Term ``gwet_ac1`` or ``gwet_ac2``; unitless, at most 1.
    Unavailable
        As for `fleiss_kappa`, but not where all ratings are in one category.

    References
    ----------
    Gwet (2008), British J. of Mathematical and Statistical Psychology 61(1), 29-48.
    """
    table = ratings_table(ratings, target=target, rater=rater, score=score)

    def agreement(counts: Array, weights: Array) -> Agreement:
        size = counts.shape[1]
        shares = counts / counts.sum(axis=1, keepdims=True)
        mean_shares = shares.mean(axis=0)
        scale = weights.sum() / (size * (size - 1))
        return Agreement(
            **_observed(counts, weights),
            expected=float(scale * np.sum(mean_shares * (1 - mean_shares))),
            expected_by_target=scale * (shares @ (1 - mean_shares)),
        )

    nominal = level == "nominal"
    term, name = ("gwet_ac1", "Gwet's AC1") if nominal else ("gwet_ac2", "Gwet's AC2")
    return _estimated(
        table,
        agreement,
        term=term,
        name=name,
        categories=categories,
        level=level,
        confidence=confidence,
    )


def krippendorff_alpha(
    ratings: pd.DataFrame,
    *,
    categories: Sequence[float],
    level: Level = "nominal",
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    confidence: float = 0.95,
) -> Result:
    """Estimate Krippendorff's alpha from all pairable ratings.

    Parameters
    ----------
    ratings, categories, target, rater, score, confidence
        As for `fleiss_kappa`.
    level : {"nominal", "ordinal", "linear", "interval", "ratio"}
        Krippendorff's metric of difference: ordinal by the ratings' frequencies,
        interval by squared distances, ratio by squared relative ones.

    Returns
    -------
    Estimate
        Unitless, at most 1; targets rated once take no part.
    Unavailable
        As for `fleiss_kappa`.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's alpha-reliability, University of
    Pennsylvania. Gwet (2014), as above (standard error).
    """
    table = ratings_table(ratings, target=target, rater=rater, score=score)

    def agreement(counts: Array, weights: Array) -> Agreement:
        pairable = counts[counts.sum(axis=1) > 1]
        if level == "ordinal":
            weights = _rank_weights(pairable.sum(axis=0))
        raters = pairable.sum(axis=1)
        mean_raters = raters.mean()
        mean_shares = pairable.mean(axis=0) / mean_raters
        pairs = _agreeing_pairs(pairable, weights) / (mean_raters * (raters - 1))
        observed = float(pairs.mean())
        expected = float(mean_shares @ weights @ mean_shares)
        excess = (raters - mean_raters) / mean_raters
        return Agreement(
            observed=observed,
            expected=expected,
            observed_by_target=pairs - observed * excess,
            expected_by_target=pairable @ weights @ mean_shares / mean_raters
            - expected * excess,
            weight_by_target=np.ones(len(pairable)),
            correction=1 / float(raters.sum()),
        )

    return _estimated(
        table,
        agreement,
        term="krippendorff_alpha",
        name="Krippendorff's alpha",
        categories=categories,
        level=level,
        confidence=confidence,
    )


def nearness_weights(categories: Sequence[float], level: Level) -> Array:
    """How far two categories agree, 1 on the diagonal, shape (n, n)."""
    values = np.asarray(categories, dtype=float)
    gaps = np.abs(values[:, None] - values)
    ranks = np.abs(np.subtract.outer(np.arange(len(values)), np.arange(len(values))))
    if level == "nominal":
        return np.eye(len(values))
    if level == "ordinal":
        distance = (ranks + 1) * ranks / 2
    elif level == "linear":
        distance = gaps
    elif level == "interval":
        distance = gaps**2
    else:
        sums = np.abs(values[:, None] + values)
        distance = np.divide(gaps, sums, out=np.zeros_like(gaps), where=sums > 0) ** 2
    return np.asarray(1 - distance / distance.max())


def _rank_weights(totals: Array) -> Array:
    """Krippendorff's ordinal metric: squared distance of mid-ranks."""
    middles = np.cumsum(totals) - totals / 2
    distance = np.subtract.outer(middles, middles) ** 2
    return np.asarray(1 - distance / (distance.max() or 1.0))


def _agreeing_pairs(counts: Array, weights: Array) -> Array:
    """Weighted ordered pairs of raters who agree about each target."""
    return np.asarray(np.sum(counts * (counts @ weights - 1), axis=1))


class Observed(TypedDict):
    """The part of `Agreement` that Fleiss and Gwet share."""

    observed: float
    observed_by_target: Array
    weight_by_target: Array


def _observed(counts: Array, weights: Array) -> Observed:
    """Mean agreement of pairs of raters over the targets rated twice or more."""
    raters = counts.sum(axis=1)
    paired = raters > 1
    share = np.zeros(len(counts))
    pairs = raters[paired] * (raters[paired] - 1)
    share[paired] = _agreeing_pairs(counts[paired], weights) / pairs
    weight = np.where(paired, len(counts) / paired.sum(), 0.0)
    return Observed(
        observed=float(share[paired].mean()),
        observed_by_target=weight * share,
        weight_by_target=weight,
    )


def _estimated(
    table: RatingsTable,
    agreement: Callable[[Array, Array], Agreement],
    *,
    term: str,
    name: str,
    categories: Sequence[float],
    level: Level,
    confidence: float,
) -> Result:
    """The coefficient with its t interval, or why there is none."""
    if level not in NEARNESS:
        raise ValueError(f"unknown level {level!r}; one of {', '.join(NEARNESS)}")
    ordered_categories = sorted(categories)
    method = (
        f"{name}, {level}: {NEARNESS[level]}; {len(ordered_categories)} declared "
        "categories; "
        f"{percent(confidence)} t interval over targets, Gwet's linearised standard "
        "error, cut at 1; all ratings used"
    )
    if reason := table.fault or _gap(table, ordered_categories):
        return table.unavailable(term, reason, method)
    counts = category_counts(table, ordered_categories)
    found = agreement(counts, nearness_weights(ordered_categories, level))
    n = len(found.observed_by_target)
    if 1 - found.expected < PERFECT:
        return table.unavailable(term, "all ratings are in one category", method)
    if 1 - found.observed < PERFECT:
        method += "; no interval: the raters agree perfectly"
        return Estimate(term=term, estimate=1.0, n=n, method=method)
    estimate = found.coefficient
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * found.standard_error
    limits = estimate - reach, min(estimate + reach, 1.0)
    return Estimate.of(term, estimate, limits, n=n, method=method)


def _gap(table: RatingsTable, categories: Sequence[float]) -> str:
    """What the ratings lack; empty if they suffice."""
    if reason := outside_categories(table, categories):
        return reason
    if len(categories) < 2:
        return f"number of categories {len(categories)}; at least 2 needed"
    paired = int((np.sum(~np.isnan(table.values), axis=1) > 1).sum())
    return f"targets with two ratings or more {paired}; at least 2 needed" * (
        paired < 2
    )
