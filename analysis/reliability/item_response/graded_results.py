"""The results of a graded response model, and their tidy rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Composite, Result

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.item_response.graded_curves import GradedParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedThreshold(Composite):
    """Where on the trait half the people give this answer or a higher one.

    The intercept says the same on the scale of log odds at a trait of 0.
    """

    item: str
    answer: float
    threshold: Result
    threshold_standard_error: Result
    intercept: Result
    intercept_standard_error: Result

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result, with the item and the answer it is about."""
        frame = Composite.to_frame(self)
        frame.insert(0, "item", self.item)
        frame.insert(1, "answer", self.answer)
        return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedItem(Composite):
    """How sharply one item tells people apart, and where its answers change over."""

    item: str
    slope: Result
    slope_standard_error: Result
    thresholds: tuple[GradedThreshold, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; the answer is empty where it is about the slope."""
        frame = Composite.to_frame(self)
        answers: list[float | None] = [None, None]
        answers += [one.answer for one in self.thresholds for _ in range(4)]
        frame.insert(0, "item", self.item)
        frame.insert(1, "answer", answers)
        return frame


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedResponseModel(Composite):
    """The model of a subscale.

    Attributes
    ----------
    parameters : GradedParameters or None
        What `graded_scores` and `graded_information` need; None where nothing was
        fitted.
    """

    parameters: GradedParameters | None
    log_likelihood: Result
    akaike_information_criterion: Result
    bayesian_information_criterion: Result
    marginal_reliability: Result
    empirical_reliability: Result
    items: tuple[GradedItem, ...]

    def to_frame(self) -> pd.DataFrame:
        """One tidy row a result; item and answer are empty where it is of the whole."""
        frame = Composite.to_frame(self)
        labels: list[tuple[str, float | None]] = [("", None)] * 5
        for one in self.items:
            labels += [(one.item, None)] * 2
            labels += [(one.item, t.answer) for t in one.thresholds for _ in range(4)]
        frame.insert(0, "item", [item for item, _ in labels])
        frame.insert(1, "answer", [answer for _, answer in labels])
        return frame
