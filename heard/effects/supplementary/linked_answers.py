"""Compare ordered answers of the same people, and shares at the ends of the scale.

Better, same and worse are reported together. Those at the best end before cannot
improve on the scale. Where people share teams, the interval is based on teams. Oracle:
R by the papers' formulas, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.description import (
    MINIMUM_CLUSTERS,
    Numbers,
    as_floats,
    named,
)
from heard.effects.shares import (
    NO_PEOPLE,
    difference_of_paired_shares,
    share,
)
from heard.errors import DataError
from heard.results import Composite, Estimate, Result, Unavailable

Codes: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]

OVER_TEAMS = "residuals summed within teams, t on teams - 1"
BOTH = "people with both answers only"
TOO_FEW_CLUSTERS = (
    "fewer than 5 teams: no interval that respects clustering can be given"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalChange(Composite):
    """Two waves' answers of the same people.

    - `share_better`, `share_same`, `share_worse`: add to 1.
    - `net_share_better`: better less worse, from -1 to 1.
    - `top_share_before`, `top_share_after`: share in the best category, or in the best
      few.
    - `top_share_change`: after less before.
    """

    share_better: Result
    share_same: Result
    share_worse: Result
    net_share_better: Result
    top_share_before: Result
    top_share_after: Result
    top_share_change: Result


def ordinal_change(
    frame: pd.DataFrame,
    *,
    categories: tuple[float, ...],
    before: str = "before",
    after: str = "after",
    cluster: str | None = None,
    top: int = 1,
) -> OrdinalChange:
    """Count who answered better, the same or worse the second time.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Who lacks an answer (or a cluster, if asked) is left out.
    categories : tuple of float
        Every possible answer, from worst to best.
    before, after : str
        Columns of answers.
    cluster : str, optional
        Column of teams: the two differences then are based on teams, the shares have no
        interval.
    top : int
        How many of the best categories count as top ones.

    Returns
    -------
    OrdinalChange
        ``n`` counts people with both answers.
        Unavailable: no one has both; under 5 teams where asked, or teams all the same.

    Raises
    ------
    DataError
        A column is missing, or answers lie outside the categories (counted).
    """
    asked = [name for name in (before, after, cluster) if name]
    if missing := [name for name in asked if name not in frame]:
        raise DataError("ordered answers", f"no column {', '.join(missing)}")
    kept = frame[asked]
    if cluster:
        kept = kept.assign(**{cluster: named(kept[cluster])})
    kept = kept.dropna()
    first, second = (ranks(kept[column], categories) for column in (before, after))
    teams = kept[cluster].factorize()[0].astype(float) if cluster else None
    best, words = first_top(categories, top), best_words(top)
    signs, n = np.sign(second - first), len(first)
    counted = {
        "share_better": (signs > 0, "share who answered better after than before"),
        "share_same": (signs == 0, "share who gave the same answer before and after"),
        "share_worse": (signs < 0, "share who answered worse after than before"),
        "top_share_before": (first >= best, f"share in {words} before"),
        "top_share_after": (second >= best, f"share in {words} after"),
    }
    to_top = (second >= best).astype(float) - (first >= best)
    return OrdinalChange(
        **{
            term: _share(int(who.sum()), n, term, f"{description}; {BOTH}", teams)
            for term, (who, description) in counted.items()
        },
        net_share_better=_net(
            signs, teams, "net_share_better", "share better less share worse"
        ),
        top_share_change=_net(
            to_top,
            teams,
            "top_share_change",
            f"share in {words}, after less before",
        ),
    )


def first_top(categories: tuple[float, ...], top: int) -> float:
    """Place of the first category that counts as a top one.

    Raises ValueError: none, or all, of the categories would.
    """
    if not 0 < top < len(categories):
        raise ValueError(f"top is {top}; it must lie from 1 to {len(categories) - 1}")
    return float(len(categories) - top)


def best_words(top: int) -> str:
    """The top categories in words."""
    return "the best category" if top == 1 else f"the best {top} categories"


def ranks(answers: pd.Series, categories: tuple[float, ...]) -> Numbers:
    """Place of every answer among the categories, from 0 for the worst.

    Raises DataError: answers lie outside the categories, or a category stands there
      twice.
    """
    places = {float(value): float(i) for i, value in enumerate(categories)}
    if len(places) < max(len(categories), 2):
        fault = "give at least 2 categories, each once, from worst to best"
        raise DataError("ordered answers", fault)
    values = as_floats(answers).tolist()
    if outside := sum(value not in places for value in values):
        fault = f"{outside} answers lie outside the {len(categories)} categories"
        raise DataError("ordered answers", fault)
    return np.array([places[value] for value in values], dtype=float)


def _share(count: int, n: int, term: str, method: str, teams: Numbers | None) -> Result:
    if teams is None or n == 0:
        return share(count, n, term=term, method=method)
    return Estimate.of(
        term,
        count / n,
        n=n,
        method=f"{method}; no interval: people share teams; see the differences",
    )


def _net(signs: Numbers, teams: Numbers | None, term: str, words: str) -> Result:
    """The mean of moves of +1, 0 and -1."""
    method, n = f"{words}; {BOTH}", len(signs)
    if teams is None or n == 0:
        up, down = int((signs > 0).sum()), int((signs < 0).sum())
        return difference_of_paired_shares(up, down, n, term=term, method=method)
    ends = (-1.0, 1.0)
    return mean_over_teams(signs, teams, term=term, method=method, within=ends)


def mean_over_teams(
    values: Numbers,
    teams: Numbers | Codes,
    *,
    term: str,
    method: str,
    within: tuple[float, float] | None = None,
) -> Result:
    """Mean of people's values, its error from sums of residuals within teams.

    `values`, `teams`, shape (n_people,): teams are numbered from 0, without a gap.
    `within`: ends that the interval may not pass.
    Estimate: people have equal weight; t on teams - 1.
    Unavailable: no one, under 5 teams, or teams all the same.
    """
    n, method = len(values), f"{method}; {OVER_TEAMS}"
    if n == 0:
        return Unavailable(term=term, reason=NO_PEOPLE, n=n, method=method)
    value = float(values.mean())
    sums = np.bincount(teams.astype(int), weights=values - value) / n
    count = len(sums)
    reason = TOO_FEW_CLUSTERS if count < MINIMUM_CLUSTERS else ""
    error = float((count / max(count - 1, 1) * sums @ sums) ** 0.5)
    if not reason and error <= 1e-12 * max(1.0, float(np.abs(values).max())):
        reason = "teams do not differ in this: no interval can be given"
    if reason:
        return Unavailable(term=term, reason=reason, n=n, method=method)
    reach = float(stats.t.ppf(0.975, count - 1)) * error
    low, high = within or (-np.inf, np.inf)
    return Estimate.of(
        term,
        value,
        (max(value - reach, low), min(value + reach, high)),
        n=n,
        method=method,
    )


TOO_MANY = 0.15
"""Share at an end above which it is commonly called a floor or a ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesAtEnds(Composite):
    """How many have the worst, and how many the best score that can be had.

    - `share_at_worst`, `share_at_best`: from 0 to 1. Over 15 % is called a floor, or a
      ceiling.
    """

    share_at_worst: Result
    share_at_best: Result


def shares_at_ends(
    scores: pd.Series,
    *,
    lowest: float,
    highest: float,
    better: Literal["higher", "lower"] = "higher",
    cluster: pd.Series | None = None,
) -> SharesAtEnds:
    """Count who sits at an end of the scale.

    Parameters
    ----------
    scores : Series, shape (n_participants,)
        NaN if not scored, and then left out.
    lowest, highest : float
        Ends of what can be scored.
    better : str
        Which end is the best one.
    cluster : Series, optional
        Same index: the team of each person, who without one is a team each.

    Returns
    -------
    SharesAtEnds
        Wilson interval, or residuals summed within teams. Unavailable: no one has a
        score, or some lie outside the ends. No interval: under 5 teams, or alike.

    References
    ----------
    Terwee et al. (2007), J. of Clinical Epidemiology 60, 34-42: over 15 %.
    """
    known = scores.notna()
    values = as_floats(scores[known])
    noise = 1e-9 * (highest - lowest)
    if noise <= 0 or ((values < lowest - noise) | (values > highest + noise)).any():
        fault = "scores lie outside the range from lowest to highest"
        return SharesAtEnds.unavailable(fault, n=len(values))
    teams = None
    if cluster is not None:
        codes, names = pd.factorize(named(cluster[known]), use_na_sentinel=True)
        unclustered = codes < 0
        codes[unclustered] = len(names) + np.arange(unclustered.sum())
        teams = codes.astype(float)
    best, worst = (highest, lowest) if better == "higher" else (lowest, highest)
    return SharesAtEnds(
        share_at_worst=_share_at(values, worst, noise, teams, "worst"),
        share_at_best=_share_at(values, best, noise, teams, "best"),
    )


def _share_at(
    values: Numbers, end: float, noise: float, teams: Numbers | None, name: str
) -> Result:
    term, words = f"share_at_{name}", f"share with the {name} score there is"
    at_end, n = np.abs(values - end) <= noise, len(values)
    method = f"{words}; missing scores left out"
    if teams is None or n == 0:
        return share(int(at_end.sum()), n, term=term, method=method)
    found = mean_over_teams(
        at_end.astype(float), teams, term=term, method=method, within=(0.0, 1.0)
    )
    if not isinstance(found, Unavailable):
        return found
    return Estimate.of(
        term, at_end.mean(), n=n, method=f"{method}; no interval: {found.reason}"
    )
