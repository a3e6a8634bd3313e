"""Scores into what the estimand compares: points, shares or probabilities.

The score itself stays next to it, for what is said in points alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heard.effects.supplementary.ordinal import ridits

if TYPE_CHECKING:
    import pandas as pd

    from analysis.declarations.estimand import Metric

POINTS = "points"
"""Column of the score itself, where ``score`` is in another metric."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """How scores of one outcome are turned into its metric.

    Attributes
    ----------
    metric : {"points", "share", "probability_of_better"}
        The estimand's.
    highest : float
        The end of the score that a share counts.
    lower_is_better : bool
        Whether an order is turned, so that a probability is one of a better answer.
    reference : Series
        Everybody's scores before, or afterwards where nobody was asked before: what
        an answer is better than.
    """

    metric: Metric = "points"
    highest: float = 1.0
    lower_is_better: bool = False
    reference: pd.Series | None = None

    def __call__(self, scores: pd.Series) -> pd.Series:
        """The scores in this metric; NaN stays NaN."""
        if self.metric == "share":
            counted = (scores == self.highest).astype(float)
            return counted.where(scores.notna())
        if self.metric == "probability_of_better" and self.reference is not None:
            way = -1 if self.lower_is_better else 1
            return ridits(way * scores, way * self.reference)
        return scores

    def added(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with ``score`` in this metric, and the score itself kept if it differs.

        Parameters
        ----------
        rows : DataFrame
            With a column ``score``, in points.
        """
        if self.metric == "points":
            return rows
        return rows.assign(score=self(rows["score"]), **{POINTS: rows["score"]})


IN_POINTS = Measure()
