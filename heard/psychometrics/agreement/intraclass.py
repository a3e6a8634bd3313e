"""Estimate the six intraclass correlations of ratings by the same raters.

All are functions of the mean squares of targets, raters and error. With gaps, variance
components from every rating replace them: by REML, or where that stops at zero by
Henderson's moments, which like mean squares may go below; limits count only ratings
that were given. Oracles: R psych, tests/oracles/values/icc_*.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse, special

from heard.models.bootstrap import percent
from heard.models.complete_responses import PERFECT, Array
from heard.models.mixed.design import RandomTerm
from heard.models.mixed.model import fit_mixed_model
from heard.models.skewed_scores import Shape
from heard.psychometrics.agreement.ratings import RatingsTable, ratings_table
from heard.psychometrics.agreement.skewed_ratings import jackknife_limits
from heard.psychometrics.dependability.components import moment_components
from heard.results import Composite, Estimate, Result, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """Mean squares of targets rated by the same raters, and their degrees of freedom.

    `targets`, `raters`, `error`: the mean squares.
    `n`, `k`: how many ratings a rater and a target have; with gaps, effectively.
    `targets_freedom`, `raters_freedom`, `error_freedom`: degrees of freedom of each.
    """

    targets: float
    raters: float
    error: float
    n: float
    k: float
    targets_freedom: float
    raters_freedom: float
    error_freedom: float

    @classmethod
    def of(cls, values: Array) -> MeanSquares:
        """From a complete table of targets by raters."""
        n, k = values.shape
        centred = values - values.mean()
        target_means, rater_means = centred.mean(axis=1), centred.mean(axis=0)
        residual = centred - target_means[:, None] - rater_means
        return cls(
            targets=float(k * np.sum(target_means**2)) / (n - 1),
            raters=float(n * np.sum(rater_means**2)) / (k - 1),
            error=float(np.sum(residual**2)) / ((n - 1) * (k - 1)),
            n=n,
            k=k,
            targets_freedom=n - 1,
            raters_freedom=k - 1,
            error_freedom=(n - 1) * (k - 1),
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
        upper, between = (1 + confidence) / 2, self.targets_freedom
        n, k, t, e = self.n, self.k, self.targets, self.error
        if term == "icc_a1":
            freedom = self._agreement_freedom(self.single(term))
            high = float(special.fdtri(between, freedom, upper))
            low = float(special.fdtri(freedom, between, upper))
            spread = k * self.raters + (k * n - k - n) * e
            return (
                n * (t - high * e) / (high * spread + n * t),
                n * (low * t - e) / (spread + n * low * t),
            )
        if term == "icc_1":
            ratio, freedom = t / self.within, self.raters_freedom + self.error_freedom
        else:
            ratio, freedom = t / e, self.error_freedom
        high = float(special.fdtri(between, freedom, upper))
        low = float(special.fdtri(freedom, between, upper))
        return (
            (ratio / high - 1) / (ratio / high + k - 1),
            (ratio * low - 1) / (ratio * low + k - 1),
        )

    def _agreement_freedom(self, correlation: float) -> float:
        """Satterthwaite's degrees of freedom for absolute agreement."""
        n, k = self.n, self.k
        a = k * correlation * self.raters / self.error
        b = n * (1 + (k - 1) * correlation) - k * correlation
        return (a + b) ** 2 / (a**2 / self.raters_freedom + b**2 / self.error_freedom)


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
    return Estimate.of(
        term,
        estimate,
        ((factor * max(low, 0.0) ** 0.5), factor * high**0.5),
        n=n,
        method=method,
    )


Codes = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What varies between ratings.

    `planned`: as if every rater had rated every target: what the correlations are made
      of.
    `seen`: of the ratings there are: what their limits are made of.
    `n`, `k`: how many targets and raters there are.
    `boundary`: what replaced components that REML put at zero, in words; empty if none.
    `skewed`: shape of the targets' means, in words; empty unless skewed.
    `complete`: the ratings, where none is missing.
    """

    planned: MeanSquares
    seen: MeanSquares
    n: int
    k: int
    boundary: str = ""
    skewed: str = ""
    complete: Array | None = None


def of_all_ratings(values: Array) -> Sources | str:
    """Estimate the components of targets, raters and error from all ratings.

    `values`, shape (n_targets, n_raters): NaN where a rater did not rate a target; no
      row or column without a rating.
    Returns: with a component that REML puts at zero, those of Henderson's moments: they
      are the mean squares' where nothing is missing, so that one gap changes little.
    Returns: why there are none: too few targets or raters, ratings that overlap too
      little, no variance, no convergence.
    """
    row, column = np.nonzero(~np.isnan(values))
    scores = values[row, column]
    freedom = (
        len(scores) - sum(values.shape) + _separate_parts(values.shape, row, column)
    )
    if reason := _lacking(values.shape, scores, freedom):
        return reason
    terms = [
        RandomTerm.of(name, pd.Series(labels))
        for name, labels in (("targets", row), ("raters", column))
    ]
    fit = fit_mixed_model(scores, terms)
    if isinstance(fit, Unavailable):
        return fit.reason
    zero = [name for name in ("targets", "raters") if fit.variance(name) == 0]
    variances = fit.variance("targets"), fit.variance("raters"), fit.residual_variance
    boundary = "".join(f"; variance of {name} at zero, the boundary" for name in zero)
    moments = moment_components(scores, terms) if zero else None
    if moments is not None and moments[2] > 0:
        variances = float(moments[0]), float(moments[1]), float(moments[2])
        boundary += ", replaced by Henderson's moments, which may be negative"
    n, k = values.shape
    return Sources(
        planned=_mean_squares(variances, (n, k), (n, k), (n - 1) * (k - 1)),
        seen=_mean_squares(
            variances, (_typical(column, k), _typical(row, n)), (n, k), freedom
        ),
        n=n,
        k=k,
        boundary=boundary,
        skewed=Shape.of(np.nanmean(values, axis=1)).words,
    )


def _separate_parts(shape: tuple[int, ...], row: Codes, column: Codes) -> int:
    """Into how many parts the ratings fall that share neither target nor rater."""
    nodes = sum(shape)
    links = sparse.coo_array(
        (np.ones(len(row)), (row, shape[0] + column)), shape=(nodes, nodes)
    )
    parts: int = sparse.csgraph.connected_components(links, directed=False)[0]
    return parts


def _lacking(shape: tuple[int, ...], scores: Array, freedom: int) -> str:
    """What the ratings lack; empty if they suffice."""
    if shape[1] < 2:
        return f"number of raters {shape[1]}; at least 2 needed"
    if shape[0] < 3:
        return f"number of targets {shape[0]}; at least 3 needed"
    if freedom < 1:
        return (
            f"{len(scores)} ratings of {shape[0]} targets by {shape[1]} raters: raters "
            "overlap too little to separate targets, raters and error"
        )
    return "all ratings are equal" if np.ptp(scores) == 0 else ""


def _typical(codes: Codes, size: int) -> float:
    """The harmonic mean of how many ratings each has."""
    return size / float(np.sum(1 / np.bincount(codes, minlength=size)))


def _mean_squares(
    variances: tuple[float, float, float],
    ratings: tuple[float, float],
    numbers: tuple[int, int],
    error_freedom: float,
) -> MeanSquares:
    """What mean squares are expected of components and numbers of ratings."""
    targets, raters, error = variances
    return MeanSquares(
        targets=ratings[1] * targets + error,
        raters=ratings[0] * raters + error,
        error=error,
        n=ratings[0],
        k=ratings[1],
        targets_freedom=numbers[0] - 1,
        raters_freedom=numbers[1] - 1,
        error_freedom=error_freedom,
    )


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


def intraclass_correlations(
    ratings: pd.DataFrame,
    *,
    target: str = "target",
    rater: str = "rater",
    score: str = "score",
    missing: Literal["fiml", "listwise"] = "fiml",
    confidence: float = 0.95,
) -> IntraclassCorrelations:
    """Estimate how well raters agree about the targets they rated.

    Which one: would other raters be met next time? ``icc_a1`` (or ``icc_1``, if every
    target has its own). Are these the only raters, and only the order matters?
    ``icc_c1``. Is the mean of all raters what is used? the same with ``k``.

    Parameters
    ----------
    ratings : DataFrame, one row a rating
        For raters nested in targets see `analysis.reliability.nested_reliability`.
    target, rater, score : str
        Its columns.
    missing : {"fiml", "listwise"}
        Where targets lack ratings: use all there are, through variance components by
        REML, or leave those targets out. Complete ratings give mean squares either way.
        Where REML stops at a component of zero, Henderson's moments take its place, so
        that a negative correlation stays one with a gap.
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    IntraclassCorrelations
        Unitless, at most 1, and negative when targets differ less than chance would
        have it; errors and changes in points. `Unavailable` with fewer than 2 raters,
        fewer than 3 targets, gaps that leave targets and error inseparable, or no
        variance; no interval where all agree. F's limits take ratings for normal: of
        complete ratings whose targets' means have a skewness of 1 or more they are
        widened to those of a jackknife of targets.

    References
    ----------
    Shrout & Fleiss (1979), Psychological Bulletin 86(2), 420-428.
    McGraw & Wong (1996), Psychological Methods 1(1), 30-46, with its correction.
    Graybill & Wang (1980), J. American Statistical Association 75(372), 869-873.
    """
    if missing not in {"fiml", "listwise"}:
        raise ValueError(f"missing is {missing!r}; give 'fiml' or 'listwise'")
    table = ratings_table(ratings, target=target, rater=rater, score=score)
    percents = f"{percent(confidence)} interval by F, McGraw and Wong"
    gaps = int(np.isnan(table.values).sum())
    if gaps and missing == "fiml":
        n, k = table.values.shape
        how = (
            f"variance components by REML from all {n * k - gaps} ratings, {gaps} "
            f"missing; {percents}, effective numbers of ratings; {n} targets, {k} "
            "raters"
        )
        sources = of_all_ratings(table.values)
    else:
        how, sources = _of_complete(table, percents)
    if isinstance(sources, str):
        absent = {
            term: table.unavailable(term, sources, how)
            for term in IntraclassCorrelations.__dataclass_fields__
        }
        return IntraclassCorrelations(**absent)
    caution = f"; caution: {sources.skewed}" * bool(sources.skewed)
    return _six_of(sources, how + sources.boundary + caution, confidence)


def _of_complete(table: RatingsTable, percents: str) -> tuple[str, Sources | str]:
    """In words what was used, and its mean squares or why there are none."""
    values = table.complete
    missing = len(table.values) - len(values)
    deleted = f"; {missing} targets without a rating by every rater left out"
    n, k = values.shape
    how = f"{percents}; {n} targets, {k} raters{deleted * bool(missing)}"
    if reason := table.fault or _gap(values, table.values.shape[1]):
        return how, reason
    squares = MeanSquares.of(values)
    shape = Shape.of(values.mean(axis=1))
    return how, Sources(
        planned=squares,
        seen=squares,
        n=n,
        k=k,
        skewed=shape.words,
        complete=values,
    )


def _gap(values: Array, raters: int) -> str:
    n = len(values)
    if raters < 2:
        return f"number of raters {raters}; at least 2 needed"
    if n < 3:
        return f"targets rated by all {raters} raters {n}; at least 3 needed"
    return "all ratings are equal" if np.ptp(values) == 0 else ""


def _six_of(sources: Sources, how: str, confidence: float) -> IntraclassCorrelations:
    found: dict[str, Result] = {}
    for term, average in zip(SINGLE, AVERAGE, strict=True):
        one = _single(sources, term, how, confidence)
        found[term] = one
        found[average] = _average(sources, one, average, f"{MODELS[term]}; {how}")
    return IntraclassCorrelations(**found, **_errors(sources, how, confidence))


def _single(sources: Sources, term: str, how: str, confidence: float) -> Result:
    method = f"intraclass correlation of one rating; {MODELS[term]}; {how}"
    estimate = sources.planned.single(term)
    if not np.isfinite(estimate):
        reason = "neither the targets nor the error vary: raters differ in level only"
        return Unavailable(term=term, reason=reason, n=sources.n, method=method)
    reason = _no_interval(sources.seen, term)
    if reason:
        method += f"; no interval: {reason}"
        return Estimate(term=term, estimate=estimate, n=sources.n, method=method)
    limits = [sources.seen.limits(term, confidence), (estimate, estimate)]
    if sources.skewed and sources.complete is not None and sources.n > 3:
        free = jackknife_limits(sources.complete, term, estimate, confidence=confidence)
        limits += [free] if free else []
        method += "; limits widened by a jackknife of targets" * bool(free)
    low, high = min(low for low, _ in limits), max(high for _, high in limits)
    return Estimate.of(term, estimate, (low, high), n=sources.n, method=method)


def _no_interval(squares: MeanSquares, term: str) -> str:
    """Why the F ratio has no usable distribution; empty if it has one."""
    noise = squares.within if term == "icc_1" else squares.error
    if noise <= PERFECT * max(squares.targets, squares.raters):
        return "no error is left between the raters"
    if squares.targets <= PERFECT * noise:
        return "the targets' means do not differ"
    return ""


def _average(sources: Sources, one: Result, term: str, how: str) -> Result:
    """Spearman-Brown of the single one; its limits are stepped up alike."""
    squares, k = sources.planned, sources.k
    method = f"intraclass correlation of the mean of {k} ratings; {how}"
    if isinstance(one, Unavailable) or squares.targets <= PERFECT * squares.within:
        reason = "the targets' means do not differ, so their mean has no reliability"
        return Unavailable(term=term, reason=reason, n=sources.n, method=method)
    if 1 + (k - 1) * one.estimate <= PERFECT:
        reason = (
            "the correlation of one rating is below what ratings to be averaged have"
        )
        return Unavailable(term=term, reason=reason, n=sources.n, method=method)
    estimate = k * one.estimate / (1 + (k - 1) * one.estimate)
    why = "no error is left between the raters" if one.conf_low is None else ""
    if one.conf_low is not None and 1 + (k - 1) * one.conf_low <= PERFECT:
        why = "the lower limit of one rating is beyond what a mean can have"
    if why or one.conf_low is None or one.conf_high is None:
        method += f"; no interval: {why}"
        return Estimate(term=term, estimate=estimate, n=sources.n, method=method)
    return Estimate.of(
        term,
        estimate,
        (
            k * one.conf_low / (1 + (k - 1) * one.conf_low),
            k * one.conf_high / (1 + (k - 1) * one.conf_high),
        ),
        n=sources.n,
        method=method,
    )


def _errors(sources: Sources, how: str, confidence: float) -> dict[str, Result]:
    """Error of one rating and the change that exceeds it, with their intervals."""
    squares = sources.seen
    n = squares.n
    error = (squares.error, squares.error_freedom)
    raters = (squares.raters, squares.raters_freedom)
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
                squares_of_kind,
                factor,
                term=term,
                method=method,
                n=sources.n,
                level=confidence,
            )
    return found


def _error_words(name: str, kind: str) -> str:
    source = "raters + error" if kind == "agreement" else "error"
    if name == "smallest_detectable_change":
        return f"1.96 √2 times the root of the variance of {source}, one person"
    return f"root of the variance of {source}, in points; Graybill and Wang's interval"
