"""Long ratings into a table of targets by raters, refusing what would be averaged.

A rating twice by the same rater of the same target is refused: a program that averages
the two without a word shows agreement nobody gave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Unavailable
from analysis.reliability.complete import Array, column_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


LARGEST_TABLE = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingsTable:
    """Ratings of targets by raters.

    Attributes
    ----------
    values : ndarray, shape (n_targets, n_raters)
        NaN where a rater did not rate a target.
    fault : str
        Why there is no table; empty if there is.
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

    Parameters
    ----------
    ratings : DataFrame, one row a rating
    target, rater, score : str
        Its columns: whom or what was rated, by whom, and how.

    Returns
    -------
    RatingsTable
        Targets and raters in the order they are met; with a `fault` where a column
        holds no numbers or a rater rated a target more than once.
    """
    if fault := column_fault(ratings[[score]], 0):
        return RatingsTable(values=np.empty((0, 0)), fault=fault)
    scores = ratings[score].to_numpy(dtype=float, na_value=np.nan)
    row, targets = ratings[target].factorize()
    column, raters = ratings[rater].factorize()
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
    # a rater's ratings lie beside each other: sums over raters add long columns
    values = np.full(shape[::-1], np.nan)
    values.ravel()[column * shape[0] + row] = scores
    rated = ~np.isnan(values)
    if repeated := len(scores) - int(np.count_nonzero(rated)):
        fault = (
            f"{repeated} ratings repeat the rater and target of another; keep one "
            "each, or tell the occasions apart"
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
