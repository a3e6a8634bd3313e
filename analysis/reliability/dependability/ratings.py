"""Long ratings into numbers and groups: what counts, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.reliability.complete import Array, column_fault
from analysis.reliability.dependability.mixed import RandomTerm

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

# Spread of the scores, relative to their size, that a double cannot tell from none.
NO_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Scores and what groups them, rows with a gap left out.

    Attributes
    ----------
    scores : ndarray, shape (n_ratings,)
        The ratings that have a score and every label.
    groups : DataFrame, shape (n_ratings, n_facets)
        Their labels.
    left_out : int
        Rows without a score or a label.
    fault : str
        Why nothing can be estimated; empty if something may be.
    """

    scores: Array
    groups: pd.DataFrame
    left_out: int
    fault: str = ""

    @property
    def missing_rule(self) -> str:
        """The missing rule in words, with the number of ratings it cost."""
        return (
            f"ratings without a score or a label left out: {self.left_out} of "
            f"{self.left_out + len(self.scores)}"
        )

    def term(self, effect: str) -> RandomTerm:
        """The random intercepts of one effect; ``a:b`` are the pairs of a and b."""
        return RandomTerm.of(effect, self.labels(effect))

    def labels(self, effect: str) -> pd.Series:
        """The group of every rating; text where an effect joins several facets."""
        first, *rest = facets_of(effect)
        found = self.groups[first]
        for facet in rest:
            found = found.astype(str) + ":" + self.groups[facet].astype(str)
        return found


def facets_of(effect: str) -> tuple[str, ...]:
    """The columns an effect joins."""
    return tuple(effect.split(":"))


def read_ratings(
    ratings: pd.DataFrame, score: str, effects: Sequence[str], *, least: int = 3
) -> Ratings:
    """Keep the ratings with a score and all labels.

    Parameters
    ----------
    ratings : DataFrame
        One row a rating.
    score : str
        The column of scores.
    effects : sequence of str
        Columns of labels, several joined by ``:``.
    least : int
        Fewest ratings that will do.

    Raises
    ------
    ValueError
        A column that is not there: the known ones are listed.
    """
    facets = list(dict.fromkeys(f for effect in effects for f in facets_of(effect)))
    unknown = [name for name in (score, *facets) if name not in ratings.columns]
    if unknown:
        known = ", ".join(str(name) for name in ratings.columns)
        raise ValueError(f"no column {', '.join(unknown)}; there are {known}")
    doubled = [name for name in facets if list(ratings.columns).count(name) > 1]
    fault = column_fault(ratings, list(ratings.columns).index(score))
    if doubled:
        fault = f"several columns are named {', '.join(doubled)}"
    if fault:
        nothing = ratings.iloc[:0, :0]
        return Ratings(scores=np.empty(0), groups=nothing, left_out=0, fault=fault)
    scores = ratings[score].to_numpy(dtype=float, na_value=np.nan)
    kept = ~np.isnan(scores) & ratings[facets].notna().all(axis=1).to_numpy()
    found = scores[kept]
    return Ratings(
        scores=found,
        groups=ratings.loc[kept, facets].reset_index(drop=True),
        left_out=int((~kept).sum()),
        fault=_gap(found, least),
    )


def _gap(scores: Array, least: int) -> str:
    if len(scores) < least:
        return f"{len(scores)} ratings with a score and all labels; {least} needed"
    if np.ptp(scores) <= NO_VARIANCE * np.abs(scores).max():
        return "all ratings are the same: nothing varies"
    return ""
