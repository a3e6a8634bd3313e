"""How those lost would have to have changed for a change to be nobody's.

Where there is no comparison group, everybody who started is a mixture of those followed
and those lost, who may have changed otherwise (pattern mixture). The share followed has
an error of its own.
Oracle: the interval of the mixture, put together by hand at the value found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable

TERMS = ("leavers_change_zero", "leavers_change_interval_zero")
NO_DROPOUTS = "nobody was lost"
QUANTILE = 1.959963984540054
METHOD = (
    "mean change of everybody who started = share followed times the change of those "
    "followed, and share lost times that of those lost (pattern mixture); n counts "
    "those lost; a limit, so no interval"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutTippingPoint(Composite):
    """Two mean changes of those lost, in points.

    Attributes
    ----------
    leavers_change_zero : Estimate or Unavailable
        At which everybody's mean change is nil.
    leavers_change_interval_zero : Estimate or Unavailable
        At which the interval of everybody's mean change begins to hold nil.
    """

    leavers_change_zero: Result
    leavers_change_interval_zero: Result


def dropout_tipping_point(
    change: Result, *, followed: int, started: int
) -> DropoutTippingPoint:
    """Find the changes of those lost that would undo a change of those followed.

    Parameters
    ----------
    change : Estimate or Unavailable
        Mean change of those followed, with its interval.
    followed, started : int
        Participants with both scores, and with the first.

    Returns
    -------
    DropoutTippingPoint
        Unavailable: no change was estimated; nobody was lost. The second one also: the
        change has no interval, its interval holds nil as it is, or no change of those
        lost, however large, brings nil into the interval.

    References
    ----------
    White, Carpenter & Horton (2018), Biometrics 74(4), 1422-1432 (mean score).
    """
    dropouts = started - followed
    if isinstance(change, Unavailable):
        return _absent(change.reason, dropouts)
    if dropouts <= 0:
        return _absent(NO_DROPOUTS, 0)
    share = followed / started
    zero = _tipping_change(TERMS[0], -share * change.estimate / (1 - share), dropouts)
    return DropoutTippingPoint(
        leavers_change_zero=zero,
        leavers_change_interval_zero=_interval_zero(change, share, started),
    )


def _interval_zero(change: Estimate, share: float, started: int) -> Result:
    """The first change of those lost, away from that of the others, that tips.

    Where the mean of all, squared, equals its half interval squared: a square equation.
    """
    dropouts = round(started * (1 - share))
    low, high = change.conf_low, change.conf_high
    if low is None or high is None:
        reason = "the change has no interval"
        return Unavailable(term=TERMS[1], reason=reason, n=dropouts)
    if low <= 0 <= high:
        reason = "the interval holds nil as it is"
        return Unavailable(term=TERMS[1], reason=reason, n=dropouts)
    mean, half = change.estimate, (high - low) / 2
    # (share mean + (1 - share) x)^2 = share^2 half^2 + error of the share (mean - x)^2
    error = QUANTILE**2 * share * (1 - share) / started
    square = (1 - share) ** 2 - error
    linear = 2 * mean * (share * (1 - share) + error)
    constant = (share * mean) ** 2 - (share * half) ** 2 - error * mean**2
    roots = np.roots([square, linear, constant])
    away = [
        float(root.real)
        for root in roots
        if abs(root.imag) < 1e-12 and (root.real - mean) * mean < 0
    ]
    if not away:
        reason = "no change of those lost, however large, brings nil into the interval"
        return Unavailable(term=TERMS[1], reason=reason, n=dropouts)
    return _tipping_change(
        TERMS[1], min(away, key=lambda root: abs(root - mean)), dropouts
    )


def _tipping_change(term: str, value: float, dropouts: int) -> Estimate:
    return Estimate(term=term, estimate=value, n=dropouts, method=METHOD)


def _absent(reason: str, dropouts: int) -> DropoutTippingPoint:
    zero, interval = (
        Unavailable(term=term, reason=reason, n=dropouts) for term in TERMS
    )
    return DropoutTippingPoint(
        leavers_change_zero=zero, leavers_change_interval_zero=interval
    )
