"""Waves nobody could link into a change, and how far not knowing matters.

The rule that holds throughout: people who answered twice make the change surer if their
scores correlate, and nobody may assume that they do. Every correlation is tried, and
the widest interval is the one to report.
Oracle: R t.test and Derrick's formulas, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.beyond_means.two_waves import TwoWaves, waves_fault
from analysis.outcomes.description import answered

if TYPE_CHECKING:
    import pandas as pd

    from analysis.outcomes.description import Numbers

CORRELATIONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAtCorrelation(Composite):
    """The change, if people's two scores correlated this much."""

    assumed_correlation: str
    mean_change: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedBounds(Composite):
    """A change whose certainty depends on what nobody knows.

    Attributes
    ----------
    mean_change_worst_case : Estimate or Unavailable
        The change with the widest of all intervals. Report this one.
    mean_change_best_case : Estimate or Unavailable
        The same change with the narrowest.
    correlation_to_exclude_zero : Estimate or Unavailable
        The least correlation tried at which the interval excludes no change.
    at_correlations : tuple of ChangeAtCorrelation
        The interval at every correlation.
    """

    mean_change_worst_case: Result
    mean_change_best_case: Result
    correlation_to_exclude_zero: Result
    at_correlations: tuple[ChangeAtCorrelation, ...]


def unlinked_bounds(
    before: pd.Series, after: pd.Series, *, max_in_both: int | None = None
) -> UnlinkedBounds:
    """Bound the change between waves nobody could link, over what is not known.

    Parameters
    ----------
    before, after : Series
        One score a person; the two indexes are never compared.
    max_in_both : int, optional
        The most people who can have answered both; the smaller wave if not given.

    Returns
    -------
    UnlinkedBounds
        In score units; ``n`` counts scores. At correlation 0 the waves are independent
        samples (Welch). Unavailable: fewer than 2 scores in a wave; no spread.

    Raises
    ------
    ValueError
        `max_in_both` is negative or more than answered a wave.
    """
    waves = answered(before), answered(after)
    smaller = min(map(len, waves))
    pairs = smaller if max_in_both is None else max_in_both
    if not 0 <= pairs <= smaller:
        raise ValueError(f"most_in_both is {pairs}; it must lie from 0 to {smaller}")
    if fault := waves_fault(*waves):
        return _no_bounds(fault, n=sum(map(len, waves)))
    found = tuple(
        ChangeAtCorrelation(
            assumed_correlation=f"{r:.1f}", mean_change=_assumed(*waves, pairs, r)
        )
        for r in CORRELATIONS
    )
    known = [one.mean_change for one in found if isinstance(one.mean_change, Estimate)]
    widths = [_width(one) for one in known]
    words = f"of the correlations 0 to 0.9; {pairs} people at most in both waves"
    return UnlinkedBounds(
        mean_change_worst_case=_renamed(
            known[int(np.argmax(widths))],
            "mean_change_worst_case",
            f"the widest {words}",
        ),
        mean_change_best_case=_renamed(
            known[int(np.argmin(widths))],
            "mean_change_best_case",
            f"never to be shown alone: the narrowest {words}",
        ),
        correlation_to_exclude_zero=_correlation_needed(found, words),
        at_correlations=found,
    )


def _assumed(before: Numbers, after: Numbers, pairs: int, correlation: float) -> Result:
    # Without correlation it does not matter who is in both: Welch.
    waves = TwoWaves(before=before, after=after, pairs=pairs if correlation else 0)
    method = (
        f"difference of means, {waves.pairs} people taken to be in both waves, their "
        f"scores to correlate {correlation:.1f}; spreads with divisor n-1; missing "
        "scores left out; n counts scores of both waves"
    )
    return waves.change_result("mean_change", correlation, method)


def _correlation_needed(found: tuple[ChangeAtCorrelation, ...], words: str) -> Result:
    term, n = "correlation_to_exclude_zero", found[0].mean_change.n or 0
    for one, correlation in zip(found, CORRELATIONS, strict=True):
        shown = one.mean_change
        if not isinstance(shown, Estimate):
            continue
        assert shown.conf_low is not None
        assert shown.conf_high is not None
        if shown.conf_low > 0 or shown.conf_high < 0:
            return Estimate(
                term=term,
                estimate=correlation,
                n=n,
                method=f"least {words} at which the interval excludes no change; no "
                "interval: an assumption tried",
            )
    reason = "at none of the correlations tried does the interval exclude no change"
    return Unavailable(term=term, reason=reason, n=n)


def _width(result: Estimate) -> float:
    assert result.conf_low is not None
    assert result.conf_high is not None
    return result.conf_high - result.conf_low


def _renamed(result: Estimate, term: str, words: str) -> Estimate:
    return dataclasses.replace(result, term=term, method=f"{words}; {result.method}")


def _no_bounds(reason: str, *, n: int) -> UnlinkedBounds:
    names = [*UnlinkedBounds.__dataclass_fields__][:3]
    absent = {name: Unavailable(term=name, reason=reason, n=n) for name in names}
    return UnlinkedBounds(**absent, at_correlations=())
