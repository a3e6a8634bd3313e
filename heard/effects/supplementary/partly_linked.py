"""Estimate the change between waves that are linked in part, or not at all.

Linked and unlinked participants are reported side by side. Participants in both waves
reduce the variance by twice the covariance of their scores; without links every
correlation is tried and the widest interval reported. With teams, each team's change in
mean counts once. Oracle: R t.test and Derrick's formulas,
tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.change import paired_change, unlinked_change
from heard.effects.description import (
    Numbers,
    answered,
    as_floats,
    is_constant,
    mean_result,
    number_fault,
)
from heard.effects.effect_sizes import NO_VARIATION
from heard.errors import DataError
from heard.models.stable_choice import largest, smallest
from heard.results import Composite, Estimate, Result, Unavailable

BOTH_WAVES = "scores of both waves"


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoWaves:
    """Two waves' scores, of which `pairs` people gave both."""

    before: Numbers
    after: Numbers
    pairs: int

    @property
    def change(self) -> float:
        """Mean after less mean before."""
        return float(self.after.mean() - self.before.mean())

    @property
    def n(self) -> int:
        """Scores of both waves together."""
        return len(self.before) + len(self.after)

    def error(self, correlation: float) -> float:
        """Standard error of the change; 0 where there is none but rounding noise."""
        counts = len(self.before), len(self.after)
        spreads = float(self.before.std(ddof=1)), float(self.after.std(ddof=1))
        squared_error = sum(s**2 / n for s, n in zip(spreads, counts, strict=True))
        shared = 2 * correlation * spreads[0] * spreads[1] * self.pairs
        variance = squared_error - shared / (counts[0] * counts[1])
        # What is left when all but rounding noise cancels is no error.
        return float(variance**0.5) if variance > 1e-12 * squared_error else 0.0

    def degrees(self) -> float:
        """Derrick's: from Welch's, if no one is in both, to pairs - 1, if all are."""
        parts = [wave.var(ddof=1) / len(wave) for wave in (self.before, self.after)]
        spare = [len(wave) - 1 for wave in (self.before, self.after)]
        welch = sum(parts) ** 2 / sum(
            part**2 / n for part, n in zip(parts, spare, strict=True)
        )
        unlinked = self.n - 2 * self.pairs
        share = unlinked / (unlinked + 2 * self.pairs)
        return float((self.pairs - 1) + (welch - self.pairs + 1) * share)

    def change_result(self, term: str, correlation: float, method: str) -> Result:
        """The change with its t interval, if scores correlated so."""
        error = self.error(correlation)
        if error <= 0:
            return Unavailable(
                term=term,
                reason=NO_VARIATION,
                n=self.n,
                n_unit=BOTH_WAVES,
                method=method,
            )
        reach = float(stats.t.ppf(0.975, self.degrees())) * error
        return Estimate.of(
            term,
            self.change,
            (self.change - reach, self.change + reach),
            n=self.n,
            n_unit=BOTH_WAVES,
            method=f"{method}; t with {self.degrees():.4g} degrees of freedom",
        )


def waves_fault(before: Numbers, after: Numbers) -> str:
    """Say why two waves have no change with an error; empty if they have."""
    if min(len(before), len(after)) < 2:
        return "fewer than 2 scores in a wave"
    if fault := number_fault(before) or number_fault(after):
        return fault
    if is_constant(before) and is_constant(after):
        return NO_VARIATION
    return ""


MINIMUM_PAIRS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlappingChange(Composite):
    """Change of the linked, of the rest, and of everyone together.

    - `mean_change_linked`: those with both scores: paired t.
    - `mean_change_unlinked`: those with one score only, as independent samples: Welch's
      t.
    - `mean_change_everybody`: all scores of both waves: Derrick's partially overlapping
      samples t.
    - `p_value_everybody`: of no change, by the same.
    - `pre_post_correlation`: of the linked, on which the last two rest.
    """

    mean_change_linked: Result
    mean_change_unlinked: Result
    mean_change_everybody: Result
    p_value_everybody: Result
    pre_post_correlation: Result


def overlapping_change(before: pd.Series, after: pd.Series) -> OverlappingChange:
    """Estimate the change of everyone where only some answered both waves.

    Parameters
    ----------
    before, after : Series
        Scores indexed by participant; an empty or missing name links to no one.

    Returns
    -------
    OverlappingChange
        In score units. ``n`` counts pairs of the linked, else scores. If those linked
        differ from the rest, everyone's change holds for neither: compare the two.
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
        return OverlappingChange.unavailable(fault, n=everyone.n)
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
    terms = "mean_change_everybody", "p_value_everybody"
    method = (
        "difference of means of all scores, Derrick's t for partially overlapping "
        f"samples with unequal variances; {waves.pairs} people linked, the correlation "
        "theirs; spreads with divisor n-1"
    )
    fault = waves_fault(waves.before, waves.after)
    if not fault and isinstance(correlation, Unavailable):
        fault = f"no correlation of the linked: {correlation.reason}"
    if fault or isinstance(correlation, Unavailable):
        change, p_value = (
            Unavailable(
                term=term, reason=fault, n=waves.n, n_unit=BOTH_WAVES, method=method
            )
            for term in terms
        )
        return change, p_value
    found = waves.change_result(terms[0], correlation.estimate, method)
    if isinstance(found, Unavailable):
        return found, Unavailable(
            term=terms[1],
            reason=found.reason,
            n=waves.n,
            n_unit=BOTH_WAVES,
            method=method,
        )
    ratio = abs(waves.change) / waves.error(correlation.estimate)
    p = Estimate.of(
        terms[1],
        2 * stats.t.sf(ratio, waves.degrees()),
        n=waves.n,
        n_unit=BOTH_WAVES,
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
        if_constant="everyone linked changed by the same amount",
    )


def _of_rest(before: Numbers, after: Numbers) -> Result:
    waves = TwoWaves(before=before, after=after, pairs=0)
    term, method = (
        "mean_change_unlinked",
        "difference of means of people with one score only, Welch's t",
    )
    if fault := waves_fault(before, after):
        return Unavailable(
            term=term, reason=fault, n=waves.n, n_unit=BOTH_WAVES, method=method
        )
    return waves.change_result(term, 0.0, method)


def _correlation(before: Numbers, after: Numbers) -> Result:
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
        return Estimate.of(term, value, n=n, method=f"{method}; no interval: {why}")
    limits = found.confidence_interval(0.95)
    return Estimate.of(
        term,
        value,
        (limits.low, limits.high),
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


NO_TEST = "people share teams: see the interval, which is based on teams"


def overlapping_change_of_teams(
    before: pd.DataFrame, after: pd.DataFrame
) -> OverlappingChange:
    """Estimate the change of everyone, in teams, where only some answered both waves.

    Parameters
    ----------
    before, after : DataFrame, one row a participant
        ``participant`` (empty if not linked), ``cluster``, ``score`` (none missing).

    Returns
    -------
    OverlappingChange
        As of `overlapping_change`, each change a mean of teams' changes with t on teams
        - 1. Unavailable: under 5 teams with such people at both waves, no spread.
    """
    linked = [
        wave.loc[wave["participant"] != ""].set_index("participant")
        for wave in (before, after)
    ]
    both = linked[0].index.intersection(linked[1].index)
    pairs = paired_change(
        linked[0]["score"], linked[1]["score"], cluster=linked[0]["cluster"]
    )
    once = [wave.loc[~wave["participant"].isin(both)] for wave in (before, after)]
    everyone = _change(before, after, "mean_change_everybody", "all who answered")
    return OverlappingChange(
        mean_change_linked=dataclasses.replace(
            pairs.mean_change, term="mean_change_linked"
        ),
        mean_change_unlinked=_change(
            once[0], once[1], "mean_change_unlinked", "people with one score only"
        ),
        mean_change_everybody=everyone,
        p_value_everybody=Unavailable(
            term="p_value_everybody", reason=NO_TEST, n=everyone.n
        ),
        pre_post_correlation=pairs.pre_post_correlation,
    )


def _change(before: pd.DataFrame, after: pd.DataFrame, term: str, who: str) -> Result:
    found = unlinked_change(
        before["score"],
        after["score"],
        cluster_before=before["cluster"],
        cluster_after=after["cluster"],
    ).mean_change
    method = f"{who}; {found.method}"
    return dataclasses.replace(found, term=term, n_unit=BOTH_WAVES, method=method)


CORRELATIONS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAtCorrelation(Composite):
    """The change, if people's two scores correlated this much."""

    assumed_correlation: str
    mean_change: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkedBounds(Composite):
    """A change whose certainty depends on what no one knows.

    - `mean_change_worst_case`: the change with the widest of all intervals. Report this
      one.
    - `mean_change_best_case`: the same change with the narrowest.
    - `correlation_to_exclude_zero`: the least correlation tried at which the interval
      excludes no change.
    - `at_correlations`: the interval at every correlation.
    """

    mean_change_worst_case: Result
    mean_change_best_case: Result
    correlation_to_exclude_zero: Result
    at_correlations: tuple[ChangeAtCorrelation, ...]


def unlinked_bounds(
    before: pd.Series, after: pd.Series, *, max_in_both: int | None = None
) -> UnlinkedBounds:
    """Bound the change between waves no one could link, over what is not known.

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
        return UnlinkedBounds.unavailable(fault, n=sum(map(len, waves)))
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
            known[int(largest(widths))],
            "mean_change_worst_case",
            f"the widest {words}",
        ),
        mean_change_best_case=_renamed(
            known[int(smallest(widths))],
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
        "scores left out"
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
            return Estimate.of(
                term,
                correlation,
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
