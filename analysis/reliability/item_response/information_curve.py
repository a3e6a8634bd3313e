"""Information along the trait into results: one pair a level of the trait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.foundation.results import Estimate, Labelled, Result, Unavailable

if TYPE_CHECKING:
    import pandas as pd

METHOD = "graded response model; the trait is standard normal; no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitLevel(Labelled):
    """What all items together tell about people at one level of the trait."""

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
        maximum likelihood score, one over its root, `Unavailable` where the items tell
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
                test_information=Estimate(
                    term="test_information", estimate=float(value), n=n, method=METHOD
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
        reason = "the items tell nothing at this level"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    return Estimate(term=term, estimate=1 / math.sqrt(value), n=n, method=method)
