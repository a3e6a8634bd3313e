"""Examine sensitivity to violations of parallel trends (Rambachan & Roth 2023).

Between two waves the trends may diverge by up to M times the largest divergence seen
before; the breakdown value is the M at which the interval includes zero. Oracle: every
departure tried, tests/outcomes/test_trend_sensitivity.py.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.designs.difference_in_differences import Comparison, event_study_fit
from heard.errors import DataError
from heard.models.cluster_robust import Array, ClusterRobustFit
from heard.results import Composite, Estimate, Result, Unavailable, counting

DEPARTURES = (0.0, 0.5, 1.0, 1.5, 2.0)
SEARCH_LIMIT = 64.0
STEPS = 64
HALVINGS = 30
ONE_WAVE = "one wave before the start: how much trends diverge is unknown"
NEVER = f"the interval excludes zero at every departure up to {SEARCH_LIMIT:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendBound(Composite):
    """The effect if the arms may part by so much by themselves.

    - `departure`: M: in units of the largest departure between two waves before the
      start.
    - `trend_robust_effect`: the average effect; its interval allows for the departure
      and for chance.
    - `trend_lowest_effect`, `trend_highest_effect`: the ends of what the departure
      alone allows, chance left out.
    """

    departure: str
    trend_robust_effect: Result
    trend_lowest_effect: Result
    trend_highest_effect: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendSensitivity(Composite):
    """The breakdown value, and the effect at every departure asked for."""

    trend_breakdown_value: Result
    by_departure: tuple[TrendBound, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The average effect, what may bias it, and the fit both come from."""

    fit: ClusterRobustFit
    effect: Array
    """Weights of the average effect after, shape (n_names,)."""
    changes: Array
    """Weights of the changes before, a unit of time, shape (n_changes, n_names)."""
    reach: float
    """Mean time since the last wave before: how long a departure may add up."""

    def bound(self, departure: float) -> tuple[float, float] | Unavailable:
        """Limits that hold whichever change before was the largest, and its sign."""
        low, high = [], []
        for change, sign in itertools.product(self.changes, (-1.0, 1.0)):
            weights = self.effect + sign * departure * self.reach * change
            result = self.fit.estimate(list(map(float, weights)), term="")
            if isinstance(result, Unavailable):
                return result
            assert result.conf_low is not None, "a fit has an interval"
            assert result.conf_high is not None, "a fit has an interval"
            low.append(result.conf_low)
            high.append(result.conf_high)
        return min(low), max(high)

    def value(self) -> float:
        """The average effect under parallel trends."""
        return self.fit.value(list(map(float, self.effect)))

    def largest(self) -> float:
        """The largest departure before, over the mean time since."""
        return float(np.abs(self.changes @ self.fit.coefficients).max()) * self.reach


def trend_sensitivity(
    frame: pd.DataFrame,
    comparison: Comparison,
    *,
    score: str = "score",
    departures: Sequence[float] = DEPARTURES,
    times: Sequence[float] | None = None,
) -> TrendSensitivity:
    """Bound the average effect after the start, arms allowed to part by themselves.

    Parameters
    ----------
    frame, comparison, score
        As for `difference_in_differences`; at least two waves before the start.
    departures : sequence of float
        M, at least 0: 0 takes the arms as parallel, 1 lets them part as fast as they
        ever did before.
    times : sequence of float, optional
        When the waves were, in order, in any unit; by default equally spaced.

    Returns
    -------
    TrendSensitivity
        The effect is the mean over the waves after, each against the last before, in
        score units. A breakdown value of 0: even with parallel trends zero is included;
        over 1: only a departure larger than any seen before changes the conclusion.
        Unavailable: one wave before the start, and what makes the comparison so.

    References
    ----------
    Rambachan & Roth (2023), Review of Economic Studies 90(5), 2555-2591.
    """
    if any(departure < 0 for departure in departures):
        raise DataError("trend sensitivity", "a departure is below zero")
    moments = _moments(comparison, times)
    fit = event_study_fit(frame, comparison, score=score)
    if isinstance(fit, Unavailable):
        return _nothing(departures, fit)
    if len(comparison.before()) < 2:
        absent = Unavailable(term="", reason=ONE_WAVE, n=fit.n)
        return _nothing(departures, absent)
    question = _question(fit, comparison, moments)
    found = TrendSensitivity(
        trend_breakdown_value=_breakdown(question),
        by_departure=tuple(_bound(question, departure) for departure in departures),
    )
    return counting(found, "rows")


def _moments(comparison: Comparison, times: Sequence[float] | None) -> dict[str, float]:
    given = list(range(len(comparison.waves))) if times is None else list(times)
    if len(given) != len(comparison.waves) or (np.diff(given) <= 0).any():
        raise DataError("trend sensitivity", "times must rise, one for every wave")
    return dict(zip(comparison.waves, map(float, given), strict=True))


def _question(
    fit: ClusterRobustFit, comparison: Comparison, moments: dict[str, float]
) -> _Question:
    before, after = comparison.before(), comparison.after()

    def weights(wave: str) -> Array:
        # The last wave before is what all others are set against: it has no column.
        return np.array([float(name == f"treated at {wave}") for name in fit.names])

    changes = [
        (weights(second) - weights(first)) / (moments[second] - moments[first])
        for first, second in itertools.pairwise(before)
    ]
    base = moments[before[-1]]
    return _Question(
        fit=fit,
        effect=np.mean([weights(wave) for wave in after], axis=0),
        changes=np.array(changes),
        reach=float(np.mean([moments[wave] - base for wave in after])),
    )


def _how(question: _Question) -> str:
    fit = question.fit
    return (
        "mean over the waves after the start, treated minus comparison, against the "
        "last before; arms may part by up to M times their largest departure between "
        f"waves before (relative magnitudes); CR2 over {fit.n_clusters} clusters; n "
        "counts rows; complete rows only"
    )


def _bound(question: _Question, departure: float) -> TrendBound:
    label, n = f"{departure:g}", question.fit.n
    limits = question.bound(departure)
    names = "trend_robust_effect", "trend_lowest_effect", "trend_highest_effect"
    if isinstance(limits, Unavailable):
        parts: list[Result] = [dataclasses.replace(limits, term=t) for t in names]
        return TrendBound(departure=label, **dict(zip(names, parts, strict=True)))
    value, room = question.value(), departure * question.largest()
    how = f"M = {label}; {_how(question)}"
    departure_method = (
        f"{how}; chance left out, so no interval; see trend_robust_effect"
    )
    return TrendBound(
        departure=label,
        trend_robust_effect=Estimate.of(
            names[0],
            value,
            limits,
            n=n,
            method=f"{how}; union of the t intervals over every change before and its "
            "sign, so it covers at least 95 %",
        ),
        trend_lowest_effect=Estimate.of(
            names[1], value - room, n=n, method=departure_method
        ),
        trend_highest_effect=Estimate.of(
            names[2], value + room, n=n, method=departure_method
        ),
    )


def _breakdown(question: _Question) -> Result:
    """The smallest departure at which the interval includes zero."""
    term, n = "trend_breakdown_value", question.fit.n
    start = question.bound(0.0)
    if isinstance(start, Unavailable):
        return dataclasses.replace(start, term=term)

    def includes_zero(departure: float) -> bool:
        limits = question.bound(departure)
        return isinstance(limits, Unavailable) or limits[0] <= 0 <= limits[1]

    how = f"smallest M whose interval includes zero; {_how(question)}; no interval"
    if includes_zero(0.0):
        return Estimate(term=term, estimate=0.0, n=n, method=how)
    inside, outside = 0.0, 0.25
    while not includes_zero(outside):
        inside, outside = outside, outside * 2
        if outside > SEARCH_LIMIT:
            return Unavailable(term=term, reason=NEVER, n=n, method=how)
    for step in np.linspace(inside, outside, STEPS)[1:]:
        if includes_zero(float(step)):
            outside = float(step)
            break
        inside = float(step)
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (
            (inside, middle) if includes_zero(middle) else (middle, outside)
        )
    return Estimate(term=term, estimate=outside, n=n, method=how)


def _nothing(departures: Sequence[float], absent: Unavailable) -> TrendSensitivity:
    bounds = (
        TrendBound.unavailable(absent, departure=f"{departure:g}")
        for departure in departures
    )
    return TrendSensitivity.unavailable(absent, by_departure=tuple(bounds))
