"""Estimate ICC(1) and ICC(2) of ratings nested in those rated.

The group size that makes the analysis of variance unbiased is n0; some programs use the
mean size under the same name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.mixed.design import Array
from heard.models.mixed.model import fit_mixed_model
from heard.models.mixed.profile import VarianceConstraint, profile_interval
from heard.models.skewed_scores import Shape
from heard.psychometrics.dependability.components import (
    Ratings,
    bounded,
    read_ratings,
    share_of,
)
from heard.results import Composite, Estimate, Result, Unavailable

GroupSize = Literal["unbiased", "mean"]
NOTHING = 1e-12
"""A mean square this small compared with the other is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedReliability(Composite):
    """How similar the ratings of one target are, and what their mean is worth."""

    icc_1: Result
    icc_2: Result
    icc_1_reml: Result
    icc_2_reml: Result
    mean_square_between: Result
    mean_square_within: Result
    unbiased_group_size: Result
    harmonic_mean_group_size: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Squares:
    """The one-way analysis of variance of unbalanced groups."""

    counts: Array
    between: float
    within: float

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def degrees(self) -> tuple[int, int]:
        return len(self.counts) - 1, self.n - len(self.counts)

    @property
    def unbiased_size(self) -> float:
        """n0: what the group size is, in the expected mean square between."""
        left = self.n - float(np.sum(self.counts**2)) / self.n
        return left / self.degrees[0]


def nested_reliability(
    ratings: pd.DataFrame,
    *,
    score: str,
    target: str,
    group_size: GroupSize = "unbiased",
    confidence: float = 0.95,
) -> NestedReliability | Unavailable:
    """Estimate ICC(1) and ICC(2) of ratings nested in those rated.

    Parameters
    ----------
    ratings : DataFrame, shape (n_ratings, n_columns)
        One row a rating, each rater rating one target; gaps are left out.
    score, target : str
        The columns of scores and of those rated.
    group_size : {"unbiased", "mean"}
        What stands for the size of unequal groups in ICC(1): n0, or the mean size, as
        R's multilevel has it. ICC(2) does not depend on it.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    NestedReliability
        Unitless; by the analysis of variance (may be negative) and by REML (from 0).
    Unavailable
        Fewer than 2 targets, one rating each, or no variance within targets.

    References
    ----------
    Bliese (2000), in Klein & Kozlowski, Multilevel Theory, 349-381.
    Searle (1971), Linear Models, chapter 10.
    """
    if group_size not in {"unbiased", "mean"}:
        raise ValueError(f"group_size is {group_size!r}; give 'unbiased' or 'mean'")
    coverage, read = percent(confidence), read_ratings(ratings, score, [target])
    n = len(read.scores)
    squares = None if read.fault else _analysed(read, target)
    reason = read.fault if squares is None else _gap(squares, target)
    if squares is None or reason:
        return Unavailable(term="icc_1", reason=reason, n=n)
    basis = f"{n} ratings, {target}: {len(squares.counts)}; {read.missing_rule}"
    if (shape := Shape.of(read.scores)).skewed:
        basis += f"; caution: {shape.words}"
    one, two = _reml(read, target, squares, (confidence, coverage, basis))
    plain = f"one-way analysis of variance; {basis}; no interval: a part of the ICC"
    return NestedReliability(
        icc_1=_first(squares, group_size, (confidence, coverage, basis)),
        icc_2=_second(squares, (confidence, coverage, basis)),
        icc_1_reml=one,
        icc_2_reml=two,
        mean_square_between=_plain("mean_square_between", squares.between, n, plain),
        mean_square_within=_plain("mean_square_within", squares.within, n, plain),
        unbiased_group_size=_plain(
            "unbiased_group_size", squares.unbiased_size, n, f"n0; {plain}"
        ),
        harmonic_mean_group_size=_plain(
            "harmonic_mean_group_size", _harmonic(squares), n, plain
        ),
    )


def _plain(term: str, value: float, n: int, method: str) -> Estimate:
    return Estimate(term=term, estimate=value, n=n, method=method)


def _analysed(read: Ratings, target: str) -> _Squares:
    codes = read.term(target).codes
    counts = np.bincount(codes).astype(float)
    centred = read.scores - read.scores.mean()
    means = np.bincount(codes, centred) / counts
    groups, n = len(counts), len(centred)
    return _Squares(
        counts=counts,
        between=float(counts @ means**2) / max(groups - 1, 1),
        within=float(np.sum((centred - means[codes]) ** 2)) / max(n - groups, 1),
    )


def _gap(squares: _Squares, target: str) -> str:
    first, second = squares.degrees
    if first < 1:
        return f"{first + 1} {target}; at least 2 needed"
    if second < 1:
        return f"one rating of each {target}: nothing varies within"
    if squares.within <= NOTHING * squares.between:
        return f"the ratings of each {target} agree perfectly: nothing varies within"
    return ""


def _harmonic(squares: _Squares) -> float:
    return len(squares.counts) / float(np.sum(1 / squares.counts))


def _first(
    squares: _Squares, group_size: GroupSize, about: tuple[float, str, str]
) -> Estimate:
    """ICC(1), with the interval of the F ratio."""
    unbiased = group_size == "unbiased"
    size = squares.unbiased_size if unbiased else squares.n / len(squares.counts)
    ratio, low, high = _ratios(squares, about[0])
    exact = np.ptp(squares.counts) == 0
    method = (
        f"(MSB - MSW) / (MSB + (k - 1) MSW), k = {size:.6g}, the "
        f"{'unbiased group size n0' if unbiased else 'mean group size'}; one-way "
        f"analysis of variance; {about[2]}; {about[1]} interval: F, "
        f"{'exact' if exact else 'approximate, groups unequal'}"
    )
    found = [(f - 1) / (f + size - 1) for f in (ratio, low, high)]
    return Estimate.of(
        "icc_1", found[0], (found[1], found[2]), n=squares.n, method=method
    )


def _second(squares: _Squares, about: tuple[float, str, str]) -> Result:
    ratio, low, high = _ratios(squares, about[0])
    method = (
        f"(MSB - MSW) / MSB: reliability of the mean of a group; one-way analysis of "
        f"variance; {about[2]}; {about[1]} interval: F"
    )
    if ratio <= NOTHING:
        return Unavailable(
            term="icc_2",
            reason="no variance between groups",
            n=squares.n,
            method=method,
        )
    return Estimate.of(
        "icc_2", 1 - 1 / ratio, (1 - 1 / low, 1 - 1 / high), n=squares.n, method=method
    )


def _ratios(squares: _Squares, confidence: float) -> tuple[float, float, float]:
    """The F ratio and its limits."""
    ratio = squares.between / squares.within
    tails = [(1 + confidence) / 2, (1 - confidence) / 2]
    high, low = (float(stats.f.ppf(tail, *squares.degrees)) for tail in tails)
    return ratio, ratio / high, ratio / low


def _reml(
    read: Ratings, target: str, squares: _Squares, about: tuple[float, str, str]
) -> tuple[Result, Result]:
    """ICC(1), and that of a mean over the harmonic mean of the sizes."""
    fit = fit_mixed_model(read.scores, [read.term(target)])
    if isinstance(fit, Unavailable):
        reason, n = fit.reason, squares.n
        return (
            Unavailable(term="icc_1_reml", reason=reason, n=n),
            Unavailable(term="icc_2_reml", reason=reason, n=n),
        )
    constraint = VarianceConstraint(term=target, residual=(0.0, 1.0))
    odds = constraint.at_fit(fit)
    limits = profile_interval(fit, constraint, confidence=about[0])
    found = []
    for term, size, of in (
        ("icc_1_reml", 1.0, "one rating"),
        (
            "icc_2_reml",
            _harmonic(squares),
            "a mean over the harmonic mean of the sizes",
        ),
    ):
        method = (
            f"between / (between + within / k), of {of}, k = {size:.6g}; restricted "
            f"maximum likelihood; {about[2]}; {about[1]} interval: profile likelihood"
        )
        turned = (share_of(limits[0] * size), share_of(limits[1] * size))
        if not math.isfinite(limits[1]):
            turned = (turned[0], 1.0)
        found.append(bounded(term, share_of(odds * size), turned, squares.n, method))
    return found[0], found[1]
