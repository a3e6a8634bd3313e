"""Estimate shares who improved, deteriorated, or could not show improvement.

The share improved is never reported alone. Reliable change depends on an estimated
reliability, so shares are given over its whole interval. Oracle: R,
tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from heard.effects.description import Numbers, answered, as_floats, describe_scores
from heard.effects.shares import (
    difference_of_paired_shares,
    net_share_over_teams,
    share,
    share_over_teams,
)
from heard.models.stable_choice import sides
from heard.psychometrics.retest import (
    ReliableChange,
    reliable_change,
    reliable_change_method,
)
from heard.results import Composite, Estimate, Result, Unavailable

SHARES = ("share_improved", "share_unchanged", "share_worsened")
# Just below 1, where any change at all would count as more than error.
MAXIMUM_RELIABILITY = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Responders(Composite):
    """Who changed by more than measurement error, and who had no room to.

    - `share_improved`, `share_unchanged`, `share_worsened`: add to 1. Limits hold over
      the interval of the reliability.
    - `net_share_improved`: improved less worsened, from -1 to 1.
    - `reliable_change_needed`: in points, with the limits the reliability's interval
      gives.
    - `share_lowest_before`, `share_highest_before`: at an end of the possible range
      before.
    - `share_without_room_before`: so near the better end before that a reliable
      improvement was impossible.
    """

    share_improved: Result
    share_unchanged: Result
    share_worsened: Result
    net_share_improved: Result
    reliable_change_needed: Result
    share_lowest_before: Result
    share_highest_before: Result
    share_without_room_before: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class RiseAndFall(Composite):
    """Whose score rose or fell by more than measurement error, where neither is good.

    - `share_rose`, `share_unchanged`, `share_fell`: add to 1. Limits hold over the
      interval of the reliability.
    - `reliable_change_needed`: in points, with the limits the reliability's interval
      gives.
    """

    share_rose: Result
    share_unchanged: Result
    share_fell: Result
    reliable_change_needed: Result


def rise_and_fall(
    before: pd.Series,
    after: pd.Series,
    *,
    reliability: Result,
    lowest: float,
    highest: float,
    spread: float | None = None,
    cluster: pd.Series | None = None,
) -> RiseAndFall:
    """Count whose score rose or fell by more than error, on a scale of *more*.

    Parameters
    ----------
    before, after, reliability, lowest, highest, spread, cluster
        As of `responders`; neither direction is an improvement.

    Returns
    -------
    RiseAndFall
        As `responders` counts, under names that judge nothing.
    """
    found = responders(
        before,
        after,
        reliability=reliability,
        lowest=lowest,
        highest=highest,
        better="higher",
        spread=spread,
        cluster=cluster,
    )
    return RiseAndFall(
        share_rose=dataclasses.replace(found.share_improved, term="share_rose"),
        share_unchanged=found.share_unchanged,
        share_fell=dataclasses.replace(found.share_worsened, term="share_fell"),
        reliable_change_needed=found.reliable_change_needed,
    )


def responders(
    before: pd.Series,
    after: pd.Series,
    *,
    reliability: Result,
    lowest: float,
    highest: float,
    better: Literal["higher", "lower"] = "higher",
    spread: float | None = None,
    cluster: pd.Series | None = None,
) -> Responders:
    """Count who changed by more than error, and carry the doubt about the error.

    Parameters
    ----------
    before, after : Series
        Scores indexed by participant, each once; the index links the waves.
    reliability : Estimate or Unavailable
        Of one score, best from a retest of stable people, with its interval.
    lowest, highest : float
        The ends of the possible range, from the instrument's declaration.
    better : {"higher", "lower"}
        Which direction is an improvement.
    spread : float, optional
        Standard deviation before, of everybody who began; by default of these pairs.
        Groups that are compared need the same, or each has a threshold of its own.
    cluster : Series, optional
        Team of each participant, same index: then every interval counts teams.

    Returns
    -------
    Responders
        ``n`` counts people with both scores. Limits of a share reach from the lowest
        to the highest Wilson limit found at the reliability and at both its limits.
        Regression to the mean alone makes people who began badly "improve": compare
        with an arm that got nothing.
        Unavailable: no reliability or one of 0 or less; a participant twice; fewer
        than 2 pairs; no spread before.

    References
    ----------
    Jacobson & Truax (1991), J. of Consulting and Clinical Psychology 59(1), 12-19.
    """
    if better not in {"higher", "lower"}:
        raise ValueError("better must be 'higher' or 'lower'")
    pairs, fault = _pairs(before, after)
    if isinstance(reliability, Unavailable):
        fault = f"no reliability: {reliability.reason}"
    elif not 0 < reliability.estimate <= 1:
        fault = "the reliability is not over 0: no change could exceed error"
    if fault or isinstance(reliability, Unavailable):
        return Responders.unavailable(fault, n=len(pairs))
    up = better == "higher"
    tried = _tried(reliability)
    found = [
        reliable_change(
            pairs, reliability=value, higher_is_better=up, spread=spread or None
        )
        for value in tried
    ]
    teams = None if cluster is None else cluster.reindex(pairs.index).fillna("")
    if teams is not None:
        found = [
            _over_teams(one, pairs, teams, reliability=value, up=up)
            for one, value in zip(found, tried, strict=True)
        ]
    words = _words(reliability)
    needed = _over(found, "reliable_change_needed", words)
    ends = describe_scores(pairs["before"], lowest=lowest, highest=highest)
    return Responders(
        **{term: _over(found, term, words) for term in SHARES},
        net_share_improved=_net(found[0], pairs, teams, up=up),
        reliable_change_needed=needed,
        share_lowest_before=_end(
            ends.share_lowest, "share_lowest_before", pairs, teams, at=lowest
        ),
        share_highest_before=_end(
            ends.share_highest, "share_highest_before", pairs, teams, at=highest
        ),
        share_without_room_before=_at_ceiling(
            answered(pairs["before"]), needed, teams, end=highest if up else lowest
        ),
    )


def _signs(pairs: pd.DataFrame, needed: Result, *, up: bool) -> Numbers:
    """1 for who improved by more than error, -1 for who worsened, else 0."""
    assert isinstance(needed, Estimate), "absence was reported before"
    change = (pairs["after"] - pairs["before"]).to_numpy(float) * (1 if up else -1)
    beyond = sides(np.abs(change), needed.estimate) > 0
    signs: Numbers = np.where(beyond, np.sign(change), 0.0)
    return signs


def _over_teams(
    found: ReliableChange,
    pairs: pd.DataFrame,
    teams: pd.Series,
    *,
    reliability: float,
    up: bool,
) -> ReliableChange:
    """The same shares with intervals that count teams."""
    if isinstance(found.reliable_change_needed, Unavailable):
        return found
    signs = _signs(pairs, found.reliable_change_needed, up=up)
    return dataclasses.replace(
        found,
        **{
            term: share_over_teams(
                (signs == sign).astype(float),
                teams,
                term=term,
                method=reliable_change_method(reliability),
            )
            for term, sign in zip(SHARES, (1, 0, -1), strict=True)
        },
    )


def _pairs(before: pd.Series, after: pd.Series) -> tuple[pd.DataFrame, str]:
    known = [_known(before), _known(after)]
    no_pairs = pd.DataFrame({"before": [], "after": []}, dtype=float)
    if any(series.index.has_duplicates for series in known):
        return (
            no_pairs,
            "a participant appears more than once: pairs would be ambiguous",
        )
    both = known[0].index.intersection(known[1].index)
    frame = pd.DataFrame(
        {"before": as_floats(known[0][both]), "after": as_floats(known[1][both])},
        index=both,
    )
    return frame, "" if len(both) > 1 else "fewer than 2 participants have both scores"


def _tried(reliability: Estimate) -> tuple[float, ...]:
    """The reliability and its limits, the estimate first."""
    limits = (reliability.conf_low, reliability.conf_high)
    values = (reliability.estimate, *(v for v in limits if v is not None))
    return tuple(float(np.clip(value, 0.0, MAXIMUM_RELIABILITY)) for value in values)


def _words(reliability: Estimate) -> str:
    low, high = reliability.conf_low, reliability.conf_high
    if low is None or high is None:
        return f"reliability {reliability.estimate:.3f}, taken as known: no interval"
    return (
        f"reliability {reliability.estimate:.3f}; limits hold over its whole interval, "
        f"{low:.3f} to {high:.3f}"
    )


def _over(found: list[ReliableChange], term: str, words: str) -> Result:
    """The first's value, with limits that cover those of all."""
    results = [getattr(one, term) for one in found]
    first = results[0]
    if not isinstance(first, Estimate):
        return Unavailable(term=term, reason=first.reason, n=first.n)
    limits = [
        limit
        for one in results
        for limit in (one.conf_low, one.conf_high, one.estimate)
        if limit is not None
    ]
    # Of few teams a share has no limits, and its doubt is not that of the error alone.
    bare = len(limits) == 1 or (term in SHARES and first.conf_low is None)
    return Estimate.of(
        term,
        first.estimate,
        (None if bare else min(limits), None if bare else max(limits)),
        n=first.n,
        method=f"{words}; {first.method}",
    )


def _net(
    found: ReliableChange, pairs: pd.DataFrame, teams: pd.Series | None, *, up: bool
) -> Result:
    """Improved less worsened."""
    term = "net_share_improved"
    improved, worsened = found.share_improved, found.share_worsened
    if isinstance(improved, Unavailable) or isinstance(worsened, Unavailable):
        return Unavailable(term=term, reason=_reason(improved), n=improved.n)
    how = "share improved less share worsened, the reliability taken as known"
    if teams is not None:
        signs = _signs(pairs, found.reliable_change_needed, up=up)
        return net_share_over_teams(signs, teams, term=term, method=how)
    return difference_of_paired_shares(
        round(improved.estimate * improved.n),
        round(worsened.estimate * improved.n),
        improved.n,
        term=term,
        method=f"{how}; {improved.method}",
    )


def _reason(result: Result) -> str:
    return result.reason if isinstance(result, Unavailable) else ""


def _end(
    result: Result,
    term: str,
    pairs: pd.DataFrame,
    teams: pd.Series | None,
    *,
    at: float,
) -> Result:
    if isinstance(result, Unavailable):
        return Unavailable(term=term, reason=result.reason, n=result.n)
    if teams is not None:
        at_value = (sides(pairs["before"], at) == 0).astype(float)
        method = f"before, people with both scores; share at {at:g}"
        return share_over_teams(at_value, teams, term=term, method=method)
    return Estimate.of(
        term,
        result.estimate,
        (result.conf_low, result.conf_high),
        n=result.n,
        method=f"before, people with both scores; {result.method}",
    )


def _at_ceiling(
    before: Numbers, needed: Result, teams: pd.Series | None, *, end: float
) -> Result:
    term, n = "share_without_room_before", len(before)
    if isinstance(needed, Unavailable):
        return Unavailable(term=term, reason=needed.reason, n=n)
    near = sides(np.abs(end - before), needed.estimate) <= 0
    method = (
        "share whose score before lies within the change needed of the better end, "
        f"that change taken as known; {needed.method}"
    )
    if teams is not None:
        counted: Numbers = near.astype(float)
        return share_over_teams(counted, teams, term=term, method=method)
    return share(int(near.sum()), n, term=term, method=method)


def _known(scores: pd.Series) -> pd.Series:
    has_name = np.asarray(scores.index.notna() & (scores.index.astype(str) != ""))
    return scores[has_name].dropna()
