"""Waves linked in part into the change of the linked, of the rest, and of everybody.

The rule that holds throughout: nobody who answered is thrown away, and those linked are
set beside the rest, since one change for both misleads where they differ.
Oracle: R t.test and Derrick's formulas, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.errors import DataError
from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.beyond_means.two_waves import TwoWaves, waves_fault
from analysis.outcomes.description import (
    as_floats,
    every_unavailable,
    is_constant,
    mean_result,
    number_fault,
)

if TYPE_CHECKING:
    import pandas as pd

    from analysis.outcomes.description import Numbers

MINIMUM_PAIRS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlappingChange(Composite):
    """Change of the linked, of the rest, and of everybody together.

    Attributes
    ----------
    mean_change_linked : Estimate or Unavailable
        Those with both scores: paired t.
    mean_change_unlinked : Estimate or Unavailable
        Those with one score only, as independent samples: Welch's t.
    mean_change_everybody : Estimate or Unavailable
        All scores of both waves: Derrick's partially overlapping samples t.
    p_value_everybody : Estimate or Unavailable
        Of no change, by the same.
    pre_post_correlation : Estimate or Unavailable
        Of the linked, on which the last two rest.
    """

    mean_change_linked: Result
    mean_change_unlinked: Result
    mean_change_everybody: Result
    p_value_everybody: Result
    pre_post_correlation: Result


def overlapping_change(before: pd.Series, after: pd.Series) -> OverlappingChange:
    """Estimate the change of everybody where only some answered both waves.

    Parameters
    ----------
    before, after : Series
        Scores indexed by participant; an empty or missing name links to nobody.

    Returns
    -------
    OverlappingChange
        In score units. ``n`` counts pairs of the linked, else scores. If those linked
        differ from the rest, everybody's change holds for neither: compare the two.
        Unavailable: fewer than 2 scores in a wave, fewer than 3 pairs (then use
        `unlinked_bounds`), no spread.

    Raises
    ------
    DataError
        A participant is listed twice in a wave.

    References
    ----------
    Derrick, Russ, Toher & White (2017), J. of Modern Applied Statistical Methods 16(1),
    137-157: the statistic for unequal variances.
    """
    first, second = _named(before, "before"), _named(after, "after")
    both = first.index.intersection(second.index)
    everyone = TwoWaves(
        before=np.concatenate([as_floats(first), _nameless(before)]),
        after=np.concatenate([as_floats(second), _nameless(after)]),
        pairs=len(both),
    )
    unlinked = (
        np.concatenate([as_floats(first.drop(both)), _nameless(before)]),
        np.concatenate([as_floats(second.drop(both)), _nameless(after)]),
    )
    linked = as_floats(first[both]), as_floats(second[both])
    fault = number_fault(everyone.before) or number_fault(everyone.after)
    if fault:
        return every_unavailable(OverlappingChange, fault, n=everyone.n)
    correlation = _correlation(*linked)
    change, p_value = _everyone(everyone, correlation)
    return OverlappingChange(
        mean_change_linked=_of_linked(*linked),
        mean_change_unlinked=_of_rest(*unlinked),
        mean_change_everybody=change,
        p_value_everybody=p_value,
        pre_post_correlation=correlation,
    )


def _everyone(waves: TwoWaves, correlation: Result) -> tuple[Result, Result]:
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    terms = "mean_change_everybody", "p_value_everybody"
    method = (
        "difference of means of all scores, Derrick's t for partially overlapping "
        f"samples with unequal variances; {waves.pairs} people linked, the correlation "
        "theirs; spreads with divisor n-1; n counts scores of both waves"
    )
    fault = waves_fault(waves.before, waves.after)
    if not fault and isinstance(correlation, Unavailable):
        fault = f"no correlation of the linked: {correlation.reason}"
    if fault or isinstance(correlation, Unavailable):
        change, p_value = (
            Unavailable(term=term, reason=fault, n=waves.n, method=method)
            for term in terms
        )
        return change, p_value
    found = waves.change_result(terms[0], correlation.estimate, method)
    if isinstance(found, Unavailable):
        return found, Unavailable(
            term=terms[1], reason=found.reason, n=waves.n, method=method
        )
    ratio = abs(waves.change) / waves.error(correlation.estimate)
    p = Estimate(
        term=terms[1],
        estimate=float(2 * stats.t.sf(ratio, waves.degrees())),
        n=waves.n,
        method=f"two-sided; {found.method}; no interval: a p-value",
    )
    return found, p


def _of_linked(before: Numbers, after: Numbers) -> Result:
    term, n = "mean_change_linked", len(before)
    method = "mean of after minus before, paired t; people with both scores only"
    if n < 2:
        reason = "fewer than 2 people have both scores"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    scale = float(np.abs([before, after]).max())
    return mean_result(
        after - before,
        term=term,
        n=n,
        method=method,
        scale=scale,
        if_constant="everybody linked changed by the same amount",
    )


def _of_rest(before: Numbers, after: Numbers) -> Result:
    waves = TwoWaves(before=before, after=after, pairs=0)
    term, method = (
        "mean_change_unlinked",
        "difference of means of people with one score only, Welch's t; n counts scores",
    )
    if fault := waves_fault(before, after):
        return Unavailable(term=term, reason=fault, n=waves.n, method=method)
    return waves.change_result(term, 0.0, method)


def _correlation(before: Numbers, after: Numbers) -> Result:
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    term, n = "pre_post_correlation", len(before)
    if n < MINIMUM_PAIRS:
        reason = "fewer than 3 people have both scores"
        return Unavailable(term=term, reason=reason, n=n)
    if is_constant(before) or is_constant(after):
        reason = "the linked all have the same score at a wave"
        return Unavailable(term=term, reason=reason, n=n)
    found = stats.pearsonr(before, after)
    method = "Pearson; people with both scores only"
    value = float(found.statistic)
    if n == MINIMUM_PAIRS or abs(value) > 1 - 1e-12:
        why = "3 pairs" if n == MINIMUM_PAIRS else "the correlation is perfect"
        return Estimate(
            term=term, estimate=value, n=n, method=f"{method}; no interval: {why}"
        )
    limits = found.confidence_interval(0.95)
    return Estimate(
        term=term,
        estimate=value,
        conf_low=float(limits.low),
        conf_high=float(limits.high),
        n=n,
        method=f"{method}; Fisher z interval",
    )


def _named(scores: pd.Series, wave: str) -> pd.Series:
    named = scores.dropna()
    named = named[_has_name(named)]
    if repeated := int(named.index.duplicated().sum()):
        fault = f"{repeated} rows of wave '{wave}' repeat a participant; keep one each"
        raise DataError("scores", fault)
    return named


def _nameless(scores: pd.Series) -> Numbers:
    known = scores.dropna()
    return as_floats(known[~_has_name(known)])


def _has_name(scores: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    has: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.asarray(
        scores.index.notna() & (scores.index.astype(str) != ""), dtype=bool
    )
    return has
