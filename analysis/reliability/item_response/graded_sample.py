"""Responses into what a graded response model can be fitted to, and what is lacking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Unavailable
from analysis.reliability.item_response.graded_results import (
    GradedItem,
    GradedResponseModel,
)

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.categories import CategorisedResponses

    Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

MODEL = (
    "graded response model (Samejima 1969), logistic scale without 1.7, trait standard "
    "normal; marginal maximum likelihood on 121 points from -6 to 6; what was left "
    "unanswered is left out of the likelihood"
)
MINIMUM_ITEMS = 3
# Fewer participants a weight than this are told of.
THIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedSample:
    """The items that can be modelled, who answered any of them, and what is lacking."""

    all_names: tuple[str, ...]
    names: tuple[str, ...]
    ranks: Ranks
    categories: tuple[float, ...]
    codes: tuple[tuple[float, ...], ...]
    gap: str
    method: str

    @classmethod
    def of(
        cls,
        responses: pd.DataFrame,
        ranked: CategorisedResponses,
        categories: tuple[float, ...],
    ) -> GradedSample:
        """Leave out items of one answer, and who answered none of the rest."""
        values = (
            np.empty((0, responses.shape[1]))
            if ranked.fault
            else responses.to_numpy(dtype=float, na_value=np.nan)
        )
        codes = [np.unique(column[~np.isnan(column)]) for column in values.T]
        kept = [place for place, one in enumerate(codes) if len(one) > 1]
        ranks = ranked.ranks[:, kept]
        answering = (ranks >= 0).any(axis=1)
        n, silent = int(answering.sum()), int((~answering).sum())
        weights = sum(len(codes[place]) for place in kept)
        gap = ranked.fault
        if not gap and len(kept) < MINIMUM_ITEMS:
            gap = (
                f"items with two answers given {len(kept)}; "
                f"at least {MINIMUM_ITEMS} needed"
            )
        if not gap and n <= weights:
            gap = f"{n} participants for {weights} weights; more are needed"
        remarks = f"; {silent} without any answer left out" * (silent > 0)
        remarks += f"; {n} participants for {weights} weights are few" * (
            n < THIN * weights
        )
        remarks += f"; {len(codes) - len(kept)} items of one answer left out" * (
            len(kept) < len(codes)
        )
        return cls(
            all_names=ranked.names,
            names=tuple(ranked.names[place] for place in kept),
            ranks=ranks[answering],
            categories=categories,
            codes=tuple(tuple(map(float, codes[place])) for place in kept),
            gap=gap,
            method=MODEL + remarks + ranked.merged,
        )

    def missing(self, term: str, reason: str) -> Unavailable:
        """The absence of one number, with the n it was found at."""
        n = len(self.ranks) or None
        return Unavailable(term=term, reason=reason, n=n, method=self.method)

    def absent(self, reason: str) -> GradedResponseModel:
        """Nothing could be fitted."""
        return GradedResponseModel(
            parameters=None,
            log_likelihood=self.missing("log_likelihood", reason),
            akaike_information_criterion=self.missing(
                "akaike_information_criterion", reason
            ),
            bayesian_information_criterion=self.missing(
                "bayesian_information_criterion", reason
            ),
            marginal_reliability=self.missing("marginal_reliability", reason),
            empirical_reliability=self.missing("empirical_reliability", reason),
            items=tuple(self.absent_item(name, reason) for name in self.all_names),
        )

    def absent_item(self, name: str, reason: str) -> GradedItem:
        """One item without numbers."""
        return GradedItem(
            item=name,
            slope=self.missing("graded_slope", reason),
            slope_standard_error=self.missing("graded_slope_standard_error", reason),
            thresholds=(),
        )
