"""Estimate limits of agreement (Bland-Altman) and Lin's concordance.

Differences are second minus first. Oracle: R,
tests/oracles/values/retest_sai_XRAY.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.models.bootstrap import percent
from heard.models.complete_responses import (
    PERFECT,
    Array,
    Responses,
    complete_responses,
    read_responses,
)
from heard.results import Composite, Estimate, Result, Unavailable

WIDTH = 1.96
"""Bland and Altman's rounding of the normal quantile, kept: the limits are theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement(Composite):
    """Where the difference between two measurements of a person mostly lies."""

    bias: Result
    standard_deviation_of_differences: Result
    lower_limit_of_agreement: Result
    upper_limit_of_agreement: Result
    proportional_bias: Result


def limits_of_agreement(
    pairs: Responses, *, exact: bool = True, confidence: float = 0.95
) -> LimitsOfAgreement:
    """Estimate Bland and Altman's limits of agreement.

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_participants, 2)
        First and second measurement; who lacks one is left out.
    exact : bool
        Exact intervals of the limits by the noncentral t (Carkeet 2015); otherwise the
        approximate ones of Bland and Altman (1999).
    confidence : float
        Coverage of the intervals, at least 0.5 and below 1.

    Returns
    -------
    LimitsOfAgreement
        In points; ``proportional_bias`` is the slope of the difference on the mean.
        `Unavailable` with fewer than 3 people measured twice; limits without an
        interval where all differences are equal.

    References
    ----------
    Bland & Altman (1999), Statistical Methods in Medical Research 8(2), 135-160.
    Carkeet (2015), Optometry and Vision Science 92(3), e71-e80.
    """
    pairs = read_responses(pairs, "pairs")
    values, reason = paired(pairs)
    n = len(values)
    how = "second minus first; people measured once left out"
    if reason:
        return LimitsOfAgreement.unavailable(reason, n=n, method=how)
    differences = values[:, 1] - values[:, 0]
    return LimitsOfAgreement(
        bias=_bias(differences, how, confidence),
        standard_deviation_of_differences=_spread(differences, how, confidence),
        lower_limit_of_agreement=_limit(differences, -1, how, confidence, exact=exact),
        upper_limit_of_agreement=_limit(differences, 1, how, confidence, exact=exact),
        proportional_bias=_slope(values, differences, how, confidence),
    )


def concordance_correlation(pairs: Responses, *, confidence: float = 0.95) -> Result:
    """Estimate Lin's concordance correlation: closeness to the line of equality.

    Parameters
    ----------
    pairs : DataFrame or ndarray, shape (n_participants, 2)
        First and second measurement; who lacks one is left out.
    confidence : float
        Coverage of the interval, at least 0.5 and below 1.

    Returns
    -------
    Estimate
        Unitless, -1 to 1: Pearson's correlation times a penalty for bias and for
        unequal spread; divisor n.
    Unavailable
        Fewer than 4 people measured twice, or a measurement that does not vary.

    References
    ----------
    Lin (1989), Biometrics 45(1), 255-268; correction (2000), Biometrics 56(1), 324-325.
    """
    pairs = read_responses(pairs, "pairs")
    term = "concordance_correlation"
    method = (
        "Lin's concordance correlation, divisor n; "
        f"{percent(confidence)} interval by z, Lin's variance; people measured once "
        "left out"
    )
    values, reason = paired(pairs, least=4)
    n = len(values)
    if not reason and (np.ptp(values, axis=0) == 0).any():
        reason = "a measurement does not vary"
    if reason:
        return Unavailable(term=term, reason=reason, n=n, method=method)
    first, second = values.T
    covariance = float(np.mean((first - first.mean()) * (second - second.mean())))
    shift = float((first.mean() - second.mean()) ** 2)
    found = 2 * covariance / (first.var() + second.var() + shift)
    r = covariance / float(first.std() * second.std())
    if 1 - abs(r) < PERFECT or abs(covariance) < PERFECT * first.var():
        why = "no" if abs(r) < 0.5 else "perfect"
        method += f"; no interval: {why} correlation"
        return Estimate(term=term, estimate=found, n=n, method=method)
    scaled = shift / float(first.std() * second.std())
    variance = (
        (1 - r**2) * found**2 / ((1 - found**2) * r**2)
        + 2 * found**3 * (1 - found) * scaled / (r * (1 - found**2) ** 2)
        - found**4 * scaled**2 / (2 * r**2 * (1 - found**2) ** 2)
    ) / (n - 2)
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * max(variance, 0.0) ** 0.5
    low, high = np.tanh(np.arctanh(found) + np.array([-reach, reach]))
    return Estimate.of(
        term, found, (min(low, found), max(high, found)), n=n, method=method
    )


def paired(pairs: pd.DataFrame, least: int = 3) -> tuple[Array, str]:
    """People measured twice; and what is lacking."""
    if pairs.shape[1] != 2:
        return np.empty((0, 2)), f"{pairs.shape[1]} measurements; exactly 2 needed"
    complete = complete_responses(pairs)
    if complete.fault:
        return np.empty((0, 2)), complete.fault
    n = len(complete.values)
    if n < least:
        return complete.values, f"people measured twice {n}; at least {least} needed"
    return complete.values, ""


def _bias(differences: Array, how: str, confidence: float) -> Result:
    n, method = len(differences), f"mean difference; {how}"
    mean, error = (
        float(differences.mean()),
        float(differences.std(ddof=1)) / len(differences) ** 0.5,
    )
    return _around(
        "bias",
        mean,
        float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error,
        n,
        f"{method}; {percent(confidence)} t interval, n - 1",
    )


def _around(term: str, estimate: float, reach: float, n: int, method: str) -> Result:
    """An estimate and its symmetric interval; none where nothing varies."""
    if reach <= PERFECT * max(abs(estimate), 1.0):
        method += "; no interval: all differences are equal"
        return Estimate(term=term, estimate=estimate, n=n, method=method)
    return Estimate.of(
        term, estimate, (estimate - reach, estimate + reach), n=n, method=method
    )


def _spread(differences: Array, how: str, confidence: float) -> Result:
    term, n = "standard_deviation_of_differences", len(differences)
    spread = float(differences.std(ddof=1))
    method = f"divisor n - 1; {percent(confidence)} chi-squared interval; {how}"
    if spread <= PERFECT:
        method += "; no interval: all differences are equal"
        return Estimate(term=term, estimate=spread, n=n, method=method)
    tails = stats.chi2.ppf([(1 + confidence) / 2, (1 - confidence) / 2], n - 1)
    low, high = spread * np.sqrt((n - 1) / tails)
    return Estimate.of(term, spread, (low, high), n=n, method=method)


def _limit(
    differences: Array, side: int, how: str, confidence: float, *, exact: bool
) -> Result:
    term = f"{'lower' if side < 0 else 'upper'}_limit_of_agreement"
    n, spread = len(differences), float(differences.std(ddof=1))
    bias = float(differences.mean())
    kind = "exact (noncentral t)" if exact else "Bland and Altman's approximate"
    sign = "-" if side < 0 else "+"
    method = (
        f"mean difference {sign} 1.96 standard deviations (divisor n - 1); "
        f"{percent(confidence)} {kind} interval; {how}"
    )
    estimate = bias + side * WIDTH * spread
    if spread <= PERFECT:
        method += "; no interval: all differences are equal"
        return Estimate(term=term, estimate=estimate, n=n, method=method)
    ends: Callable[[int, float], tuple[float, float]] = (
        _exact_ends if exact else _approximate_ends
    )
    near, far = ends(n, confidence)
    limits = sorted(bias + side * spread * end for end in (near, far))
    return Estimate.of(
        term,
        estimate,
        (min(limits[0], estimate), max(limits[1], estimate)),
        n=n,
        method=method,
    )


def _exact_ends(n: int, confidence: float) -> tuple[float, float]:
    """In standard deviations from the mean: quantiles of the noncentral t over √n."""
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    near, far = stats.nct.ppf(tails, n - 1, WIDTH * n**0.5) / n**0.5
    return float(near), float(far)


def _approximate_ends(n: int, confidence: float) -> tuple[float, float]:
    error = (1 / n + WIDTH**2 / (2 * (n - 1))) ** 0.5
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 1)) * error
    return WIDTH - reach, WIDTH + reach


def _slope(values: Array, differences: Array, how: str, confidence: float) -> Result:
    term, n, means = "proportional_bias", len(values), values.mean(axis=1)
    method = (
        "slope of the difference on the mean of both, least squares; "
        f"{percent(confidence)} t interval, n - 2; {how}"
    )
    if np.ptp(means) <= PERFECT * max(1.0, float(np.abs(means).max())):
        reason = "the people do not differ in their mean"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    if np.ptp(differences) <= PERFECT:
        return _around(term, 0.0, 0.0, n, method)
    line = stats.linregress(means, differences)
    reach = float(stats.t.ppf((1 + confidence) / 2, n - 2) * line.stderr)
    return _around(term, float(line.slope), reach, n, method)
