"""Arrange ratings in a table of targets by raters; estimate Cohen's kappa.

A repeated rating of a target by one rater is refused, not averaged. Kappa and its
standard error are statsmodels'. Counts by mean and difference replace the points of a
Bland-Altman plot, and cells of few people are left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats import inter_rater

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    PERFECT,
    Array,
    Responses,
    check_frame,
    column_fault,
    named,
    read_responses,
)
from heard.psychometrics.agreement.two_occasions import paired
from heard.psychometrics.categories import MISSING, categorised_responses
from heard.results import Estimate, Labelled, Result, Unavailable

LARGEST_TABLE = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingsTable:
    """Ratings of targets by raters.

    `values`, shape (n_targets, n_raters): NaN where a rater did not rate a target.
    `fault`: why there is no table; empty if there is.
    """

    values: Array
    fault: str = ""

    @property
    def complete(self) -> Array:
        """The targets that every rater rated."""
        lacking = np.isnan(self.values).any(axis=1)
        return self.values[~lacking] if lacking.any() else self.values

    @property
    def incomplete(self) -> int:
        """How many targets lack a rating."""
        return len(self.values) - len(self.complete)

    def unavailable(self, term: str, reason: str, method: str = "") -> Unavailable:
        """The absence, with the number of targets it was found at."""
        n = None if self.fault else len(self.values)
        return Unavailable(term=term, reason=reason, n=n, method=method)


def ratings_table(
    ratings: pd.DataFrame, *, target: str, rater: str, score: str
) -> RatingsTable:
    """Spread long ratings, one row a rating, over targets and raters.

    `target`, `rater`, `score`: its columns: whom or what was rated, by whom, and how.
    Returns: targets and raters in the order they are met; with a `fault` where a column
      holds no numbers or a rater rated a target more than once.
    """
    check_frame(ratings, "ratings")
    if fault := column_fault(ratings[[score]], 0):
        return RatingsTable(values=np.empty((0, 0)), fault=fault)
    scores = ratings[score].to_numpy(dtype=float, na_value=np.nan)
    row, targets = named(ratings[target]).factorize()
    column, raters = named(ratings[rater]).factorize()
    shape = (len(targets), len(raters))
    if shape[0] * shape[1] > LARGEST_TABLE:
        fault = (
            f"{shape[0]} targets by {shape[1]} raters: raters hardly meet the same "
            "targets; see variance_components"
        )
        return RatingsTable(values=np.empty((0, 0)), fault=fault)
    known = ~(np.isnan(scores) | (row < 0) | (column < 0))
    if not known.all():
        row, column, scores = row[known], column[known], scores[known]
    # a rater's ratings are contiguous: sums over raters add long columns
    values = np.full(shape[::-1], np.nan)
    values.ravel()[column * shape[0] + row] = scores
    rated = ~np.isnan(values)
    if repeated := len(scores) - int(np.count_nonzero(rated)):
        fault = (
            f"{repeated} ratings repeat the rater and target of another; keep one "
            "each, or name the occasions"
        )
        return RatingsTable(values=np.empty((0, 0)), fault=fault)
    if not rated.all():
        values = values[np.ix_(rated.any(axis=1), rated.any(axis=0))]
    return RatingsTable(values=values.T)


def category_counts(table: RatingsTable, categories: Sequence[float]) -> Array:
    """How many raters put each target into each category, shape (n_targets, n).

    Callers have seen that `outside_categories` is empty.
    """
    return np.stack(
        [(table.values == c).sum(axis=1) for c in categories], axis=1
    ).astype(float)


def outside_categories(table: RatingsTable, categories: Sequence[float]) -> str:
    """How many ratings are none of the declared categories; empty if all are."""
    rated = ~np.isnan(table.values)
    outside = int((rated & ~np.isin(table.values, list(categories))).sum())
    return f"{outside} ratings are none of the declared categories" * bool(outside)


Weights: TypeAlias = Literal["unweighted", "linear", "quadratic"]
Interval: TypeAlias = Literal["log", "wald"]


def weighted_kappa(
    pairs: Responses,
    *,
    categories: Sequence[float],
    weights: Weights = "quadratic",
    interval: Interval = "log",
    confidence: float = 0.95,
) -> Result:
    """Estimate Cohen's kappa of two raters.

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_targets, 2)
        The ratings of the two; NaN if there is none.
    categories : sequence of float
        The ratings the codebook allows, lowest first. One that neither uses counts in
        the distance between the others.
    weights : {"unweighted", "linear", "quadratic"}
        How disagreement grows with the number of ranks between two ratings.
    interval : {"log", "wald"}
        On the scale log(1 - kappa), which holds its coverage and stays below 1; or
        Wald's, as most programs give it.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, at most 1.
    Unavailable
        Not two columns, fewer than 2 targets rated by both, ratings outside the
        categories, or both raters use one and the same category only.

    References
    ----------
    Cohen (1968), Psychological Bulletin 70(4), 213-220.
    Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72(5), 323-327: the
    standard error.
    """
    pairs = read_responses(pairs, "pairs")
    if weights not in {"unweighted", "linear", "quadratic"}:
        raise ValueError(f"unknown weights {weights!r}")
    if interval not in {"log", "wald"}:
        raise ValueError(f"unknown interval {interval!r}")
    term, size = "weighted_kappa", len(set(categories))
    method = (
        f"Cohen's kappa, {weights}, {size} declared categories; {percent(confidence)} "
        f"{interval} interval, standard error of Fleiss, Cohen and Everitt; "
        "targets without both ratings left out"
    )
    if pairs.shape[1] != 2:
        reason = f"{pairs.shape[1]} raters; exactly 2 needed"
        return Unavailable(term=term, reason=reason, method=method)
    if reason := categorised_responses(pairs, categories).fault:
        return Unavailable(term=term, reason=reason, method=method)
    ranks = _ranks(pairs, categories)
    n = len(ranks)
    if reason := _gap(ranks):
        return Unavailable(term=term, reason=reason, n=n, method=method)
    table = np.zeros((size, size))
    np.add.at(table, (ranks[:, 0], ranks[:, 1]), 1)
    if np.trace(table) == n:
        method += "; no interval: the raters agree perfectly"
        return Estimate(term=term, estimate=1.0, n=n, method=method)
    wt = None if weights == "unweighted" else weights
    found = inter_rater.cohens_kappa(table, wt=wt)
    estimate, error = float(found.kappa), float(found.std_kappa)
    if not error > PERFECT:
        method += "; no interval: the standard error is zero"
        return Estimate(term=term, estimate=estimate, n=n, method=method)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    low, high = estimate - reach, estimate + reach
    if interval == "log":
        reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
        factor = float(np.exp(reach / (1 - estimate)))
        low, high = 1 - (1 - estimate) * factor, 1 - (1 - estimate) / factor
    return Estimate.of(term, estimate, (low, high), n=n, method=method)


def _ranks(
    pairs: pd.DataFrame, categories: Sequence[float]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Ranks among all declared categories, of the targets rated by both."""
    values = pairs.to_numpy(dtype=float, na_value=np.nan)
    ranks = np.where(
        np.isnan(values), MISSING, np.searchsorted(sorted(set(categories)), values)
    )
    return np.asarray(ranks[(ranks != MISSING).all(axis=1)], dtype=np.int64)


def _gap(ranks: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    if len(ranks) < 2:
        return f"targets rated by both {len(ranks)}; at least 2 needed"
    return "both raters use one category only" if np.ptp(ranks) == 0 else ""


PLAIN = (1.0, 2.0, 5.0, 10.0)
"""Widths of cells, times a power of ten: round, so that no edge is a person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementCell(Labelled):
    """How many people have a mean and a difference within these limits."""

    cell: str
    responses_in_cell: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementCells(Labelled):
    """Counts in cells, and how many people are in no cell that is shown."""

    cells: tuple[AgreementCell, ...]
    responses_outside_cells: Result


def agreement_cells(pairs: Responses, *, least: int, across: int = 6) -> AgreementCells:
    """Count people by the mean and the difference of their two measurements.

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_participants, 2)
        First and second measurement; who lacks one is left out.
    least : int
        Fewest people in a cell that is shown: a study's ``smallest_group_shown``.
    across : int
        About how many cells lie side by side, either way; the width is a round number.

    Returns
    -------
    AgreementCells
        People, by ``mean A to B, difference C to D``: from the first number to below
        the second, second measurement minus first. Where the people left over would be
        fewer than `least`, the smallest cells are left out too, so that no small count
        follows from the total. No cells, and `Unavailable`, with fewer than 3 people.

    Raises
    ------
    ValueError
        `least` or `across` below 1.

    References
    ----------
    Bland & Altman (1999), Statistical Methods in Medical Research 8(2), 135-160.
    """
    pairs = read_responses(pairs, "pairs")
    if least < 1 or across < 1:
        raise ValueError(f"least is {least}, across is {across}; give 1 or more")
    method = (
        f"people by mean and difference, second minus first; cells of fewer than "
        f"{least} left out; people measured once left out"
    )
    values, reason = paired(pairs)
    if reason:
        term, n = "responses_outside_cells", len(values)
        outside = Unavailable(term=term, reason=reason, n=n, method=method)
        return AgreementCells(cells=(), responses_outside_cells=outside)
    means, differences = values.mean(axis=1), values[:, 1] - values[:, 0]
    publishable_cells = _publishable(_counted(means, differences, across), least)
    return AgreementCells(
        cells=tuple(
            AgreementCell(
                cell=cell,
                responses_in_cell=Estimate.of(
                    "responses_in_cell", n, n=n, method=method
                ),
            )
            for cell, n in publishable_cells.items()
        ),
        responses_outside_cells=Estimate.of(
            "responses_outside_cells",
            len(values) - sum(publishable_cells.values()),
            n=len(values),
            method=method,
        ),
    )


def _counted(means: Array, differences: Array, across: int) -> dict[str, int]:
    """Cell → people in it, from the lowest mean, then from the lowest difference."""
    widths = _width(means, across), _width(differences, across)
    places = Counter(
        zip(
            _cells_ranks(means, widths[0]),
            _cells_ranks(differences, widths[1]),
            strict=True,
        )
    )
    return {
        f"mean {_ends(mean, widths[0])}, difference {_ends(difference, widths[1])}": n
        for (mean, difference), n in sorted(places.items())
    }


def _publishable(counts: dict[str, int], least: int) -> dict[str, int]:
    """The cells that are shown: those left over are no one, or enough people."""
    publishable_cells = {cell: n for cell, n in counts.items() if n >= least}
    over = sum(counts.values()) - sum(publishable_cells.values())
    while publishable_cells and 0 < over < least:
        smallest = min(publishable_cells, key=lambda cell: publishable_cells[cell])
        over += publishable_cells.pop(smallest)
    return publishable_cells


def _width(values: Array, across: int) -> float:
    """The smallest round width with which no more cells than asked cover all."""
    whole = float(np.ptp(values)) / across
    if whole <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(whole))
    return next(width * power for width in PLAIN if width * power >= whole * (1 - 1e-9))


def _cells_ranks(values: Array, width: float) -> list[int]:
    """Cells lie around the multiples of the width, so that zero is in the middle."""
    # a hair on the way down, or a difference of decimals falls below its own edge
    return [int(rank) for rank in np.floor(values / width + 0.5 + 1e-9)]


def _ends(rank: int, width: float) -> str:
    low, high = (rank - 0.5) * width, (rank + 0.5) * width
    return f"{_plain(low)} to {_plain(high)}"


def _plain(value: float) -> str:
    return f"{round(value, 9) + 0.0:g}"
