"""Exact sums of many answers into item statistics, all items at once.

The same numbers as item by item, to rounding. Where an item has no answers, does not
vary or repeats another, nothing is made: item by item the reason is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Estimate
from analysis.reliability.complete import LISTWISE, NO_VARIANCE, PERFECT
from analysis.reliability.consistency.alpha import feldt_limits, feldt_method

if TYPE_CHECKING:
    from analysis.reliability.complete import Array
    from analysis.reliability.item_sums import ItemSums

Row = dict[str, Estimate]


def wilson(counts: Array, n: Array) -> tuple[Array, Array]:
    """95 % limits of shares, by Wilson's score."""
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    z = float(special.ndtri(0.975))
    share = counts / n
    below = 2 * (n + z**2)
    centre = (2 * n * share + z**2) / below
    reach = z / below * np.sqrt(4 * n * share * (1 - share) + z**2)
    low = np.where(counts == 0, 0.0, centre - reach)
    high = np.where(counts == n, 1.0, centre + reach)
    return low, high


def rows_of(sums: ItemSums, words: dict[str, str]) -> list[Row] | None:
    """The statistics of every item by name, or None where one has a reason to lack.

    Parameters
    ----------
    words : dict
        Term → `method`, as item by item.
    """
    k, n, own = len(sums.names), sums.n, sums.answered
    if k < 3 or n < 4 or own.outside or (own.scatter <= 0).any():
        return None
    scatter = sums.scatter.astype(float)
    with_rest = (sums.with_total - sums.scatter).astype(float)
    rest = (sums.total - 2 * sums.with_total + sums.scatter).astype(float)
    others = float(sums.scatter.sum()) - scatter
    if (scatter <= 0).any() or (rest <= NO_VARIANCE * others).any():
        return None
    correlation = with_rest / np.sqrt(scatter * rest)
    alpha = (k - 1) / (k - 2) * (1 - others / rest)
    if (1 - np.abs(correlation) < PERFECT).any() or (1 - alpha < PERFECT).any():
        return None
    n_complete = np.full(k, float(n))
    columns: dict[str, tuple[Array | None, ...]] = {
        **_of_answers(sums),
        "item_rest_correlation": (correlation, *_fisher(correlation, n), n_complete),
        "cronbach_alpha_if_dropped": (
            alpha,
            *feldt_limits(alpha, n=n, items=k - 1, confidence=0.95),
            n_complete,
        ),
    }
    words = {
        **words,
        "item_rest_correlation": (
            f"Pearson correlation with the sum of the other {k - 1} items; 95 % "
            f"interval by Fisher's z; {LISTWISE}"
        ),
        "cronbach_alpha_if_dropped": feldt_method(k - 1, 0.95, 0),
    }
    return [
        {
            term: Estimate(
                term=term,
                estimate=_at(numbers[0], place),
                conf_low=_limit(numbers[1], place),
                conf_high=_limit(numbers[2], place),
                n=int(_at(numbers[3], place)),
                method=words[term],
            )
            for term, numbers in columns.items()
        }
        for place in range(k)
    ]


def _at(numbers: Array | None, place: int) -> float:
    assert numbers is not None, "only limits may be absent"
    return float(numbers[place])


def _limit(limits: Array | None, place: int) -> float | None:
    return None if limits is None else float(limits[place])


def _fisher(correlation: Array, n: int) -> tuple[Array, Array]:
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    centre, reach = (
        np.arctanh(correlation),
        float(special.ndtri(0.975)) / (n - 3) ** 0.5,
    )
    return np.tanh(centre - reach), np.tanh(centre + reach)


def _of_answers(sums: ItemSums) -> dict[str, tuple[Array | None, ...]]:
    """What rests on whoever answered an item: estimate, limits, n."""
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    own = sums.answered
    n = own.n.astype(float)
    mean = own.sums.astype(float) / n
    sd = np.sqrt(own.scatter.astype(float) / n / (n - 1))
    reach = special.stdtrit(n - 1, 0.975) * sd / np.sqrt(n)
    asked = np.full(len(n), float(sums.asked))
    found: dict[str, tuple[Array | None, ...]] = {
        "mean": (mean, mean - reach, mean + reach, n),
        "standard_deviation": (sd, None, None, n),
    }
    counts = {
        "share_missing": (asked - n, asked),
        "share_lowest": (own.lowest.astype(float), n),
        "share_highest": (own.highest.astype(float), n),
    }
    for term, (count, of) in counts.items():
        found[term] = (count / of, *wilson(count, of), of)
    return found
