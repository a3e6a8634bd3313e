"""Effects of several sites into how much more they differ than chance explains.

The rule that holds throughout: the sites' own errors are taken as known, so an error of
few people makes a site's weight less sure than it looks.
Oracle: R metafor, tests/oracles/values/judgement.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.outcomes.description import Numbers

Between: TypeAlias = Literal["REML", "PM"]
"""Restricted maximum likelihood, or Paule and Mandel's moments."""

# Where a bracket for the variance between sites has to end, in variances of a site.
SEARCH_LIMIT = 1e8


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Effects averaged by the inverse of their variances.

    Attributes
    ----------
    mean : float
        The average.
    variance : float
        Of the average, if all variances are known.
    squares : float
        Weighted squares about the average; its expectation is sites - 1.
    """

    mean: float
    variance: float
    squares: float


def weighed(effects: Numbers, variances: Numbers, between: float = 0.0) -> Weighed:
    """Average effects whose true values differ by the variance `between`."""
    weights = 1 / (variances + between)
    mean = float(weights @ effects / weights.sum())
    return Weighed(
        mean=mean,
        variance=float(1 / weights.sum()),
        squares=float(weights @ (effects - mean) ** 2),
    )


def variance_between(effects: Numbers, variances: Numbers, how: Between) -> float:
    """Variance of the sites' true effects, at least 0.

    Parameters
    ----------
    effects, variances : array, shape (n_sites,)
        Every site's effect and the square of its standard error.
    how : {"REML", "PM"}
        Restricted maximum likelihood, or the value at which the weighted squares
        equal their expectation.

    References
    ----------
    Viechtbauer (2005), J. of Educational and Behavioral Statistics 30(3), 261-293;
    Paule & Mandel (1982), J. of Research of the National Bureau of Standards 87, 377.
    """
    if how == "PM":
        return _where_squares_are(len(effects) - 1, effects, variances)
    return _restricted(effects, variances)


def limits_of_variance_between(
    effects: Numbers, variances: Numbers
) -> tuple[float, float]:
    """Find the values at which the weighted squares sit at chi-squared's 2.5 %s.

    The Q profile of Viechtbauer (2007), Statistics in Medicine 26(1), 37-52.
    """
    from scipy.stats import chi2  # noqa: PLC0415 - heavy, and only needed here

    degrees = len(effects) - 1
    low, high = (
        _where_squares_are(float(chi2.ppf(share, degrees)), effects, variances)
        for share in (0.975, 0.025)
    )
    return low, high


def typical_variance(variances: Numbers) -> float:
    """Variance of a typical site (Higgins & Thompson 2002), for shares of variance."""
    weights = 1 / variances
    spare = weights.sum() ** 2 - (weights**2).sum()
    return float((len(variances) - 1) * weights.sum() / spare)


def _where_squares_are(target: float, effects: Numbers, variances: Numbers) -> float:
    """The squares fall as the variance between grows; 0 if they start lower."""

    def surplus(between: float) -> float:
        return weighed(effects, variances, between).squares - target

    if surplus(0.0) <= 0:
        return 0.0
    return _root(surplus, float(variances.max()))


def _restricted(effects: Numbers, variances: Numbers) -> float:
    """The best of 0 and every place where the slope turns from up to down."""

    def slopes(places: Numbers) -> Numbers:
        weights = 1 / (variances + places[:, None])
        total, squared = weights.sum(axis=1), weights**2
        means = weights @ effects / total
        squares = (squared * (effects - means[:, None]) ** 2).sum(axis=1)
        found: Numbers = squares - total + squared.sum(axis=1) / total
        return found

    def slope(between: float) -> float:
        return float(slopes(np.array([between]))[0])

    def likelihood(between: float) -> float:
        parts = weighed(effects, variances, between)
        logs = np.log(variances + between).sum() - np.log(parts.variance)
        return float(-(logs + parts.squares) / 2)

    # Few sites of very unequal size can have two peaks: look along the whole range.
    top = float(np.ptp(effects) ** 2 + variances.max())
    places = np.concatenate([[0.0], top * np.logspace(-8, 1, 200)])
    up = slopes(places) > 0
    turns = np.flatnonzero(up[:-1] & ~up[1:])
    peaks = [0.0, *(_between(slope, places[i], places[i + 1]) for i in turns)]
    return max(peaks, key=likelihood)


def _root(function: Callable[[float], float], step: float) -> float:
    high = step
    while function(high) > 0 and high < SEARCH_LIMIT * step:
        high *= 4
    return _between(function, 0.0, high)


def _between(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415 - heavy, and only needed here

    return float(brentq(function, low, high, xtol=1e-15 * high, rtol=1e-14))
