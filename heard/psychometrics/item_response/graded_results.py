"""Define the results of a graded response model and their tidy rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from heard.psychometrics.item_response.graded_fit import GradedParameters
from heard.results import Composite, Estimate, Labelled, Result, Unavailable


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
    """How well one item distinguishes people, and where its answers change."""

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

    - `parameters`: what `graded_scores` and `graded_information` need; None where
      nothing was fitted.
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


METHOD = "graded response model; the trait is standard normal; no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitLevel(Labelled):
    """What all items together show of people at one level of the trait."""

    trait: str
    test_information: Result
    conditional_standard_error: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class InformationCurve(Labelled):
    """The levels of the trait, lowest first."""

    levels: tuple[TraitLevel, ...]


def information_curve(information: pd.DataFrame, *, n: int) -> InformationCurve:
    """Turn the information of a whole subscale into results.

    Parameters
    ----------
    information : DataFrame, shape (n_levels or more, n_columns)
        From `graded_information`: columns item (empty for the whole subscale), trait
        and information; rows about single items are left out.
    n : int
        People the model was fitted to.

    Returns
    -------
    InformationCurve
        Information in inverse squared units of the trait; the standard error of a
        maximum likelihood score, one over its root, `Unavailable` where the items give
        nothing.

    References
    ----------
    Samejima (1969), Psychometrika Monograph 17.
    """
    whole = information[information["item"] == ""].sort_values("trait")
    return InformationCurve(
        levels=tuple(
            TraitLevel(
                trait=f"{trait:g}",
                test_information=Estimate.of(
                    "test_information", value, n=n, method=METHOD
                ),
                conditional_standard_error=_error(float(value), n),
            )
            for trait, value in zip(
                whole["trait"].tolist(), whole["information"].tolist(), strict=True
            )
        )
    )


def _error(value: float, n: int) -> Result:
    term = "conditional_standard_error"
    method = f"one over the root of the information; {METHOD}"
    if value <= 0:
        reason = "the items give no information at this level"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    return Estimate(term=term, estimate=1 / math.sqrt(value), n=n, method=method)
