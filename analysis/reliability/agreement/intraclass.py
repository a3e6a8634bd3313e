"""Ratings of targets by the same raters into the six intraclass correlations.

All six are functions of the mean squares of targets, raters and error; so are their
limits. Oracles: R package psych, tests/oracles/values/icc_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.reliability.agreement.ratings import ratings_table
from analysis.reliability.consistency import PERFECT
from analysis.reliability.influence import percent

if TYPE_CHECKING:
    import pandas as pd

    from analysis.reliability.complete import Array

SINGLE = ("icc_1", "icc_a1", "icc_c1")
AVERAGE = ("icc_1k", "icc_ak", "icc_ck")
MODELS = {
    "icc_1": "one-way random: other raters for every target",
    "icc_a1": "two-way random, absolute agreement",
    "icc_c1": "two-way, consistency: differences in level between raters do not count",
}
WIDTH = 1.96
"""As the literature rounds it: a change beyond WIDTH √2 errors is larger than error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntraclassCorrelations(Composite):
    """Agreement between raters, of one rating and of the mean of all, and its error."""

    icc_1: Result
    icc_a1: Result
    icc_c1: Result
    icc_1k: Result
    icc_ak: Result
    icc_ck: Result
    standard_error_of_measurement_agreement: Result
    standard_error_of_measurement_consistency: Result
    smallest_detectable_change_agreement: Result
    smallest_detectable_change_consistency: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """Mean squares of `n` targets rated by the same `k` raters."""

    targets: float
    raters: float
    error: float
    n: int
    k: int

    @classmethod
    def of(cls, values: Array) -> MeanSquares:
        """From a complete table of targets by raters."""
        n, k = values.shape
        centred = values - values.mean()
        by_target = k * np.sum(centred.mean(axis=1) ** 2)
        by_rater = n * np.sum(centred.mean(axis=0) ** 2)
        residual = (
            centred
            - centred.mean(axis=1, keepdims=True)
            - centred.mean(axis=0, keepdims=True)
        )
        return cls(
            targets=float(by_target) / (n - 1),
            raters=float(by_rater) / (k - 1),
            error=float(np.sum(residual**2)) / ((n - 1) * (k - 1)),
            n=n,
            k=k,
        )

    @property
    def within(self) -> float:
        """Mean square of ratings around their target's mean."""
        return (self.raters + (self.n - 1) * self.error) / self.n

    def single(self, term: str) -> float:
        """The correlation of one rating; NaN if nothing varies."""
        n, k, t, e = self.n, self.k, self.targets, self.error
        above, below = {
            "icc_1": (t - self.within, t + (k - 1) * self.within),
            "icc_a1": (t - e, t + (k - 1) * e + k * (self.raters - e) / n),
            "icc_c1": (t - e, t + (k - 1) * e),
        }[term]
        return above / below if below > 0 else float("nan")

    def limits(self, term: str, confidence: float) -> tuple[float, float]:
        """Limits of the correlation of one rating (McGraw & Wong 1996, tables 7, 8)."""
        from scipy import special  # noqa: PLC0415 - heavy, and only needed here

        upper = (1 + confidence) / 2
        n, k, t, e = self.n, self.k, self.targets, self.error
        if term == "icc_a1":
            freedom = self._agreement_freedom(self.single(term))
            high = float(special.fdtri(n - 1, freedom, upper))
            low = float(special.fdtri(freedom, n - 1, upper))
            spread = k * self.raters + (k * n - k - n) * e
            return (
                n * (t - high * e) / (high * spread + n * t),
                n * (low * t - e) / (spread + n * low * t),
            )
        if term == "icc_1":
            ratio, freedom = t / self.within, n * (k - 1)
        else:
            ratio, freedom = t / e, (n - 1) * (k - 1)
        high = float(special.fdtri(n - 1, freedom, upper))
        low = float(special.fdtri(freedom, n - 1, upper))
        return (
            (ratio / high - 1) / (ratio / high + k - 1),
            (ratio * low - 1) / (ratio * low + k - 1),
        )

    def _agreement_freedom(self, correlation: float) -> float:
        """Satterthwaite's degrees of freedom for absolute agreement."""
        n, k = self.n, self.k
        a = k * correlation * self.raters / self.error
        b = n * (1 + (k - 1) * correlation) - k * correlation
        return (k - 1) * (n - 1) * (a + b) ** 2 / ((n - 1) * a**2 + b**2)


def intraclass_correlations(
    ratings: pd.DataFrame,
    *,
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    confidence: float = 0.95,
) -> IntraclassCorrelations:
    """Estimate how well raters agree about the targets they all rated.

    Which one: would other raters be met next time? ``icc_a1`` (or ``icc_1``, if every
    target has its own). Are these the only raters, and only the order matters?
    ``icc_c1``. Is the mean of all raters what is used? the same with ``k``.

    Parameters
    ----------
    ratings : DataFrame, one row a rating
        Targets that lack a rating are left out (listwise). For raters nested in
        targets, or many gaps, see `analysis.reliability.variance_components`.
    target, rater, score : str
        Its columns.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    IntraclassCorrelations
        Unitless, at most 1, and negative when targets differ less than chance would
        have it; errors and changes in points. `Unavailable` with fewer than 2 raters,
        fewer than 3 complete targets, or no variance; no interval where all agree.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86(2), 420-428.
    McGraw & Wong (1996), Psychological Methods 1(1), 30-46, with its correction.
    Graybill & Wang (1980), J. American Statistical Association 75(372), 869-873.
    """
    table = ratings_table(ratings, target=target, rater=rater, score=score)
    values, missing = table.complete, table.incomplete
    deleted = f"; {missing} targets without a rating by every rater left out"
    n, k = values.shape
    how = (
        f"{percent(confidence)} interval by F, McGraw and Wong; {n} targets, {k} raters"
        f"{deleted * bool(missing)}"
    )
    if reason := table.fault or _gap(values, table.values.shape[1]):
        absent = {
            term: table.unavailable(term, reason, how)
            for term in IntraclassCorrelations.__dataclass_fields__
        }
        return IntraclassCorrelations(**absent)
    return _six_of(MeanSquares.of(values), how, confidence)


def _gap(values: Array, raters: int) -> str:
    n = len(values)
    if raters < 2:
        return f"number of raters {raters}; at least 2 needed"
    if n < 3:
        return f"targets rated by all {raters} raters {n}; at least 3 needed"
    return "all ratings are equal" if np.ptp(values) == 0 else ""


def _six_of(
    squares: MeanSquares, how: str, confidence: float
) -> IntraclassCorrelations:
    found: dict[str, Result] = {}
    for single, average in zip(SINGLE, AVERAGE, strict=True):
        found[single] = _single(squares, single, how, confidence)
        found[average] = _average(squares, single, average, how, confidence)
    return IntraclassCorrelations(**found, **_errors(squares, how, confidence))


def _single(squares: MeanSquares, term: str, how: str, confidence: float) -> Result:
    method = f"intraclass correlation of one rating; {MODELS[term]}; {how}"
    estimate = squares.single(term)
    if not np.isfinite(estimate):
        reason = "neither the targets nor the error vary: raters differ in level only"
        return Unavailable(term=term, reason=reason, n=squares.n, method=method)
    reason = _no_interval(squares, term)
    if reason:
        method += f"; no interval: {reason}"
        return Estimate(term=term, estimate=estimate, n=squares.n, method=method)
    low, high = squares.limits(term, confidence)
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=min(low, estimate),
        conf_high=max(high, estimate),
        n=squares.n,
        method=method,
    )


def _no_interval(squares: MeanSquares, term: str) -> str:
    """Why the F ratio has no distribution to speak of; empty if it has."""
    noise = squares.within if term == "icc_1" else squares.error
    if noise <= PERFECT * max(squares.targets, squares.raters):
        return "no error is left between the raters"
    if squares.targets <= PERFECT * noise:
        return "the targets' means do not differ"
    return ""


def _average(
    squares: MeanSquares, single: str, term: str, how: str, confidence: float
) -> Result:
    """Spearman-Brown of the single one; its limits are stepped up alike."""
    one = _single(squares, single, how, confidence)
    k = squares.k
    method = (
        f"intraclass correlation of the mean of {k} ratings; {MODELS[single]}; {how}"
    )
    if isinstance(one, Unavailable) or squares.targets <= PERFECT * squares.within:
        reason = "the targets' means do not differ, so their mean has no reliability"
        return Unavailable(term=term, reason=reason, n=squares.n, method=method)
    estimate = k * one.estimate / (1 + (k - 1) * one.estimate)
    why = "no error is left between the raters" if one.conf_low is None else ""
    if one.conf_low is not None and 1 + (k - 1) * one.conf_low <= PERFECT:
        why = "the lower limit of one rating is beyond what a mean can have"
    if why or one.conf_low is None or one.conf_high is None:
        method += f"; no interval: {why}"
        return Estimate(term=term, estimate=estimate, n=squares.n, method=method)
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=k * one.conf_low / (1 + (k - 1) * one.conf_low),
        conf_high=k * one.conf_high / (1 + (k - 1) * one.conf_high),
        n=squares.n,
        method=method,
    )


def _errors(squares: MeanSquares, how: str, confidence: float) -> dict[str, Result]:
    """Error of one rating and the change that exceeds it, with their intervals."""
    n, k = squares.n, squares.k
    error = (squares.error, float((n - 1) * (k - 1)))
    raters = (squares.raters, float(k - 1))
    # raters + error, unless the raters' component is below zero and taken as none
    both = [(1 / n, *raters), ((n - 1) / n, *error)]
    parts = {
        "agreement": both if squares.raters > squares.error else [(1.0, *error)],
        "consistency": [(1.0, *error)],
    }
    found: dict[str, Result] = {}
    for kind, squares_of_kind in parts.items():
        for name, factor in (
            ("standard_error_of_measurement", 1.0),
            ("smallest_detectable_change", WIDTH * 2**0.5),
        ):
            term = f"{name}_{kind}"
            method = f"{_error_words(name, kind)}; {how}"
            found[term] = root_of_mean_squares(
                squares_of_kind, factor, term=term, method=method, n=n, level=confidence
            )
    return found


def _error_words(name: str, kind: str) -> str:
    source = "raters + error" if kind == "agreement" else "error"
    if name == "smallest_detectable_change":
        return f"1.96 √2 times the root of the variance of {source}, one person"
    return f"root of the variance of {source}, in points; Graybill and Wang's interval"


def root_of_mean_squares(
    parts: list[tuple[float, float, float]],
    factor: float,
    *,
    term: str,
    method: str,
    n: int,
    level: float,
) -> Result:
    """A multiple of the root of a weighted sum of mean squares, with its interval.

    Each part is weight, mean square and degrees of freedom. The limits of the sum are
    Graybill and Wang's, exact for a single mean square.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    weights, values, degrees = np.array(parts).T
    variance = float(weights @ values)
    estimate = factor * variance**0.5
    if variance <= 0:
        method += "; no interval: no error was seen"
        return Estimate(term=term, estimate=estimate, n=n, method=method)
    below = 1 - degrees / special.chdtri(degrees, (1 - level) / 2)
    above = degrees / special.chdtri(degrees, (1 + level) / 2) - 1
    low = variance - float(np.sqrt(np.sum((below * weights * values) ** 2)))
    high = variance + float(np.sqrt(np.sum((above * weights * values) ** 2)))
    return Estimate(
        term=term,
        estimate=estimate,
        conf_low=factor * max(low, 0.0) ** 0.5,
        conf_high=factor * high**0.5,
        n=n,
        method=method,
    )
