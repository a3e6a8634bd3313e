"""Fit a graded response model to one subscale (Samejima 1969).

Slopes: how well an item distinguishes people; thresholds: where on the trait answers
change. Everyone who answered an item is included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from heard.models.complete_responses import (
    Array,
    Responses,
    read_responses,
)
from heard.psychometrics.categories import CategorisedResponses, categorised_responses
from heard.psychometrics.item_response.graded_fit import (
    GRID,
    WEIGHTS,
    GradedFit,
    GradedParameters,
    graded_fit,
    item_information,
)
from heard.psychometrics.item_response.graded_results import (
    GradedItem,
    GradedResponseModel,
    GradedThreshold,
)
from heard.psychometrics.item_response.graded_scores import row_scores
from heard.results import Estimate, Result, Unavailable

Ranks = np.ndarray[tuple[int, ...], np.dtype[np.int64]]

MODEL = (
    "graded response model (Samejima 1969), logistic scale without 1.7, trait standard "
    "normal; marginal maximum likelihood on 121 points from -6 to 6; what was left "
    "unanswered is left out of the likelihood"
)
MINIMUM_ITEMS = 3
# Fewer participants a weight than this are reported.
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
        return GradedResponseModel.unavailable(
            reason,
            n=len(self.ranks) or None,
            method=self.method,
            parameters=None,
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


ERRORS = "standard errors from the observed information"
# Like a logarithm where a slope is steep, and at rest with one of 0.
SLOPE_SCALE = "asinh(slope)"
RELIABILITY_SCALE = "log(1 - reliability)"
# An item beyond this slope is nearly a step.
STEEP = 5.0
FLAT = 1e-6


def graded_response_model(
    responses: Responses,
    *,
    categories: Sequence[float],
    confidence: float = 0.95,
) -> GradedResponseModel:
    """Fit Samejima's graded response model to the items of one subscale.

    Parameters
    ----------
    responses : DataFrame or ndarray, shape (n_participants, n_items)
        Keyed responses, one column an item; NaN if unanswered.
    categories : sequence of float
        The answers the codebook allows. One that no one gave is merged with its
        neighbour and named in `method`.
    confidence : float
        Coverage the intervals aim at.

    Returns
    -------
    GradedResponseModel
        `parameters` score participants (`graded_scores`) and give the information
        (`graded_information`). `Unavailable`, with `parameters` None, with fewer than
        three items that two answers were given to, with no more participants than
        weights, where a slope grows without end (two items that are one), and where
        the likelihood has no maximum; an item without two answers is left out alone.

    Raises
    ------
    ValueError
        If `confidence` is not between 0 and 1.

    References
    ----------
    Samejima (1969), Psychometrika Monograph 17; Bock & Aitkin (1981), Psychometrika
    46(4), 443-459; Louis (1982), JRSS B 44(2), 226-233.
    """
    responses = read_responses(responses)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must lie between 0 and 1")
    ranked = categorised_responses(responses, categories)
    data = GradedSample.of(responses, ranked, tuple(sorted(map(float, categories))))
    if data.gap:
        return data.absent(data.gap)
    fit = graded_fit(data.ranks, tuple(map(len, data.codes)), data.names)
    if fit.fault:
        return data.absent(fit.fault)
    return _Reporter(data=data, fit=fit, confidence=confidence).model()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reporter:
    """A fit in the words and numbers of results."""

    data: GradedSample
    fit: GradedFit
    confidence: float

    def model(self) -> GradedResponseModel:
        fitted = iter(range(len(self.data.names)))
        items = [
            self._item(next(fitted))
            if name in self.data.names
            else self.data.absent_item(name, f"{name} has fewer than two answers given")
            for name in self.data.all_names
        ]
        likelihood, n = self.fit.log_likelihood, len(self.data.ranks)
        weights = int(self.fit.free.sum())
        parameters = self._parameters()
        return GradedResponseModel(
            parameters=parameters,
            log_likelihood=self._plain("log_likelihood", likelihood, "a sum"),
            akaike_information_criterion=self._plain(
                "akaike_information_criterion",
                2 * weights - 2 * likelihood,
                f"{weights} weights",
            ),
            bayesian_information_criterion=self._plain(
                "bayesian_information_criterion",
                weights * math.log(n) - 2 * likelihood,
                f"{weights} weights, n the participants who answered anything",
            ),
            marginal_reliability=self._marginal_reliability(),
            empirical_reliability=self._empirical_reliability(parameters),
            items=tuple(items),
        )

    def _parameters(self) -> GradedParameters:
        point, codes = self.fit.point, self.data.codes
        return GradedParameters(
            items=self.data.names,
            categories=self.data.categories,
            codes=codes,
            slopes=tuple(float(slope) for slope in point[:, 0]),
            intercepts=tuple(
                tuple(float(d) for d in row[1 : len(one)])
                for row, one in zip(point, codes, strict=True)
            ),
        )

    def _plain(self, term: str, value: float, words: str) -> Estimate:
        return Estimate.of(
            term,
            value,
            n=len(self.data.ranks),
            method=f"{words}; no interval: it compares models; {self.data.method}",
        )

    def _bounded(
        self, term: str, value: float, error: float, words: str, scale: str = ""
    ) -> tuple[Estimate, Estimate]:
        """An estimate with limits symmetric on a scale, and its standard error."""
        n = len(self.data.ranks)
        reach = NormalDist().inv_cdf((1 + self.confidence) / 2) * error
        method = f"{self.data.method}; {ERRORS}{words}"
        low, high = _limits(value, reach, scale)
        limits_text = f"{100 * self.confidence:g} % limits, symmetric"
        return (
            Estimate.of(
                term,
                value,
                (low, high),
                n=n,
                method=f"{method}; {limits_text}{scale and f' on {scale}'}",
            ),
            Estimate.of(
                f"{term}_standard_error",
                error,
                n=n,
                method=f"{method}; no interval: it is itself a standard error",
            ),
        )

    def _item(self, place: int) -> GradedItem:
        slope = float(self.fit.point[place, 0])
        places = np.cumsum(self.fit.free.ravel()).reshape(self.fit.free.shape) - 1
        at = places[place]
        variance = self.fit.covariance
        words = "; the item runs against the others" * (slope < 0)
        words += (
            f"; slope beyond {STEEP:g}: nearly a step, or a copy of another item"
        ) * (abs(slope) > STEEP)
        limits_text, error = self._bounded(
            "graded_slope", slope, math.sqrt(variance[at[0], at[0]]), words, SLOPE_SCALE
        )
        assert limits_text.conf_low is not None
        assert limits_text.conf_high is not None
        words += (
            "; the slope may be 0, and where the answers change over is not known"
        ) * (limits_text.conf_low <= 0 <= limits_text.conf_high)
        thresholds = []
        for step, answer in enumerate(self.data.codes[place][1:], start=1):
            pair = np.ix_(at[[0, step]], at[[0, step]])
            own: Array = variance[pair]
            thresholds.append(self._threshold(place, step, answer, own, words))
        return GradedItem(
            item=self.data.names[place],
            slope=limits_text,
            slope_standard_error=error,
            thresholds=tuple(thresholds),
        )

    def _threshold(
        self, place: int, step: int, answer: float, own: Array, words: str
    ) -> GradedThreshold:
        slope, intercept = (float(self.fit.point[place, i]) for i in (0, step))
        threshold: tuple[Result, Result]
        if abs(slope) < FLAT:
            reason = "the slope is 0: the answers change over nowhere on the trait"
            threshold = (
                self.data.missing("graded_threshold", reason),
                self.data.missing("graded_threshold_standard_error", reason),
            )
        else:
            along = np.array([intercept / slope**2, -1 / slope])
            error = math.sqrt(float(along @ own @ along))
            threshold = self._bounded(
                "graded_threshold", -intercept / slope, error, f", delta method{words}"
            )
        straight = self._bounded(
            "graded_intercept", intercept, math.sqrt(own[1, 1]), words
        )
        return GradedThreshold(
            item=self.data.names[place],
            answer=answer,
            threshold=threshold[0],
            threshold_standard_error=threshold[1],
            intercept=straight[0],
            intercept_standard_error=straight[1],
        )

    def _marginal_reliability(self) -> Estimate:
        """Mean of information / (information + 1) over the trait."""
        point = self.fit.point
        information = item_information(point[:, 0], point[:, 1:], GRID).sum(axis=0)
        value = float(WEIGHTS @ (information / (information + 1)))
        weight = WEIGHTS / (information + 1) ** 2
        gradient = np.zeros(point.shape)
        # An item's information hangs on its own weights: one column moves at once.
        for column in range(point.shape[1]):
            move = np.zeros(point.shape)
            move[:, column] = 1e-5
            up, down = (
                item_information((point + m)[:, 0], (point + m)[:, 1:], GRID)
                for m in (move, -move)
            )
            gradient[:, column] = (up - down) @ weight / 2e-5
        along = gradient[self.fit.free]
        error = math.sqrt(float(along @ self.fit.covariance @ along))
        words = ", delta method; information / (information + 1), mean over the trait"
        return self._bounded(
            "marginal_reliability", value, error, words, RELIABILITY_SCALE
        )[0]

    def _empirical_reliability(self, parameters: GradedParameters) -> Estimate:
        rows, people = np.unique(self.data.ranks, axis=0, return_counts=True)
        scores = row_scores(rows, parameters)
        share = people / people.sum()
        n = int(people.sum())
        mean = share @ scores[:, 0]
        between = float(share @ (scores[:, 0] - mean) ** 2) * n / (n - 1)
        within = float(share @ scores[:, 1] ** 2)
        return Estimate.of(
            "empirical_reliability",
            between / (between + within),
            n=n,
            method="variance of expected a posteriori scores (divisor n - 1) over "
            "itself and the mean of their squared errors; no interval: none in closed "
            f"form; {self.data.method}",
        )


def _limits(value: float, reach: float, scale: str) -> tuple[float, float]:
    """Limits as far from the value as `reach` is on the scale, to first order."""
    if scale == SLOPE_SCALE:
        middle, step = math.asinh(value), min(reach / math.sqrt(1 + value**2), 50.0)
        return math.sinh(middle - step), math.sinh(middle + step)
    if scale == RELIABILITY_SCALE:
        factor = math.exp(min(reach / (1 - value), 50.0))
        return 1 - (1 - value) * factor, 1 - (1 - value) / factor
    return value - reach, value + reach
