"""Estimate how likely a better answer is, from ordered categories.

A category is a position in an order; ties count half. Where people share clusters, the
interval is based on clusters. Oracle: R MASS polr and ordinal clm,
tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.description import MINIMUM_CLUSTERS, Numbers, named, number_fault
from heard.effects.shares import difference_of_shares, share
from heard.effects.supplementary.linked_answers import (
    TOO_FEW_CLUSTERS,
    best_words,
    first_top,
    ranks,
)
from heard.effects.supplementary.proportional_odds import proportional_odds
from heard.errors import DataError
from heard.results import Composite, Estimate, Result, Unavailable

NO_OVERLAP = "no overlap: every answer of one group is better than all of the other"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinalComparison(Composite):
    """Two groups' answers: how probable a better one is, and how many gave the best.

    - `probability_of_better_answer`: that one of the treated answers higher than one of
      the others, ties half; .5 is no difference.
    - `proportional_odds_ratio`: odds of a higher answer, treated over control, one for
      every cut.
    - `proportional_odds_p_value`: of the odds ratio being the same at every cut.
    - `top_share_treated`, `top_share_control`: share in the highest category, or in the
      highest few.
    - `top_share_difference`: treated less control.
    """

    probability_of_better_answer: Result
    proportional_odds_ratio: Result
    proportional_odds_p_value: Result
    top_share_treated: Result
    top_share_control: Result
    top_share_difference: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Two groups' answers, the treated first, and their clusters if asked.

    An answer counts as a top one from the place `best` on.
    """

    treated: Numbers
    control: Numbers
    clusters: Numbers | None
    best: float
    size: int
    names: tuple[str, str]

    @property
    def n(self) -> int:
        return len(self.treated) + len(self.control)

    def counts(self) -> Numbers:
        """Answers of the treated, then of the control, in each category."""
        sides = (self.treated, self.control)
        counted = [np.bincount(s.astype(int), minlength=self.size) for s in sides]
        return np.array(counted, dtype=float)

    def counts_by_team(self) -> Numbers | None:
        """The same team by team, shape (n_teams, 2, n_categories)."""
        if self.clusters is None:
            return None
        side = np.repeat([0, 1], [len(self.treated), len(self.control)])
        place = np.concatenate([self.treated, self.control]).astype(int)
        teams = self.clusters.astype(int)
        found = np.zeros((int(teams.max(initial=-1)) + 1, 2, self.size))
        np.add.at(found, (teams, side, place), 1.0)
        return found

    @property
    def share(self) -> str:
        """What a top share is a share of, in words."""
        return f"share of answers in {best_words(self.size - int(self.best))}"


def compare_ordinal(
    frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    categories: tuple[float, ...],
    score: str = "score",
    group: str = "arm",
    cluster: str | None = None,
    top: int = 1,
) -> OrdinalComparison:
    """Compare two groups' answers in ordered categories.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Arms at one wave, or two waves of people no one linked. Rows without an answer,
        a group or (if asked) a cluster are left out.
    treated, control : str
        Names of the two groups.
    categories : tuple of float
        Every possible answer, from worst to best; a scale where less is better is given
        in reverse.
    score, group : str
        Columns.
    cluster : str, optional
        Column of teams. Intervals then are based on them.
    top : int
        How many of the best categories count as top ones.

    Returns
    -------
    OrdinalComparison
        Probabilities and shares run from 0 to 1; ``n`` counts people.
        Unavailable: fewer than 2 answers on a side, one answer only, no overlap,
        under 5 clusters where asked.

    Raises
    ------
    DataError
        A column is missing, or answers lie outside the categories (counted).

    References
    ----------
    Brunner & Munzel (2000), Biometrical J. 42(1), 17-25; Obuchowski (1997), Biometrics
    53, 567-578 (clusters); McCullagh (1980), J. of the Royal Statistical Society B 42.
    """
    groups = _groups(
        frame, (treated, control), categories, (score, group, cluster), top=top
    )
    sides = {"treated": groups.treated, "control": groups.control}
    tops = {
        name: (int((values >= groups.best).sum()), len(values))
        for name, values in sides.items()
    }
    fault = _fault(groups)
    ratio, check = proportional_odds(
        groups.counts(),
        by_team=groups.counts_by_team(),
        fault=fault,
        names=groups.names,
    )
    return OrdinalComparison(
        probability_of_better_answer=_better(groups, fault),
        proportional_odds_ratio=ratio,
        proportional_odds_p_value=check,
        top_share_treated=_top("top_share_treated", tops["treated"], groups),
        top_share_control=_top("top_share_control", tops["control"], groups),
        top_share_difference=difference_of_shares(
            tops["treated"],
            tops["control"],
            term="top_share_difference",
            method=f"{groups.share}, {' less '.join(groups.names)}",
        )
        if groups.clusters is None
        else _top_over_clusters(groups, fault),
    )


def _groups(
    frame: pd.DataFrame,
    names: tuple[str, str],
    categories: tuple[float, ...],
    columns: tuple[str, str, str | None],
    *,
    top: int,
) -> _Groups:
    score, group, cluster = columns
    asked = [column for column in columns if column]
    if missing := [column for column in asked if column not in frame]:
        raise DataError("ordered answers", f"no column {', '.join(missing)}")
    kept = frame[frame[group].isin(names)][asked]
    if cluster:
        kept = kept.assign(**{cluster: named(kept[cluster])})
    kept = kept.dropna()
    places = ranks(kept[score], categories)
    is_treated = (kept[group] == names[0]).to_numpy(dtype=bool)
    codes = None
    if cluster:
        codes = kept[cluster].factorize()[0].astype(float)
        codes = np.concatenate([codes[is_treated], codes[~is_treated]])
    return _Groups(
        treated=places[is_treated],
        control=places[~is_treated],
        clusters=codes,
        best=first_top(categories, top),
        size=len(categories),
        names=names,
    )


def _fault(groups: _Groups) -> str:
    if min(len(groups.treated), len(groups.control)) < 2:
        return "fewer than 2 answers in a group"
    everyone = np.concatenate([groups.treated, groups.control])
    if fault := number_fault(everyone):
        return fault
    if np.ptp(everyone) == 0:
        return "everyone gave the same answer"
    if groups.clusters is not None and len(set(groups.clusters)) < MINIMUM_CLUSTERS:
        return TOO_FEW_CLUSTERS
    return ""


def _better(groups: _Groups, fault: str) -> Result:
    """The probability with an interval on the logit scale."""
    term = "probability_of_better_answer"
    how = (
        "Brunner-Munzel's variance, t with Satterthwaite's degrees of freedom"
        if groups.clusters is None
        else "placements summed within teams (Obuchowski), t on teams - 2"
    )
    method = (
        f"probability of a higher answer, {' against '.join(groups.names)}, ties "
        f"half; {how}, on the logit scale; missing answers left out"
    )
    if not fault and (
        groups.treated.min() > groups.control.max()
        or groups.control.min() > groups.treated.max()
    ):
        fault = NO_OVERLAP
    if fault:
        return Unavailable(term=term, reason=fault, n=groups.n, method=method)
    value, error, degrees = _placements(groups)
    if error <= 1e-12:
        reason = "teams, or people, do not differ: no interval can be given"
        return Unavailable(term=term, reason=reason, n=groups.n, method=method)
    logit = np.log(value / (1 - value))
    reach = float(stats.t.ppf(0.975, degrees)) * error / (value * (1 - value))
    return Estimate.of(
        term,
        value,
        (1 / (1 + np.exp(-(logit - reach))), 1 / (1 + np.exp(-(logit + reach)))),
        n=groups.n,
        method=method,
    )


def _placements(groups: _Groups) -> tuple[float, float, float]:
    """The probability, its standard error and the degrees of freedom."""
    below = _share_below(groups.control, groups.treated)
    above = 1 - _share_below(groups.treated, groups.control)
    value = float(below.mean())
    sizes = len(below), len(above)
    if groups.clusters is None:
        parts = [float(p.var(ddof=1)) / len(p) for p in (below, above)]
        spare = sum(q**2 / (m - 1) for q, m in zip(parts, sizes, strict=True))
        error = sum(parts) ** 0.5
        return value, error, sum(parts) ** 2 / spare if spare else 1.0
    contributions = np.concatenate(
        [(below - value) / sizes[0], (above - value) / sizes[1]]
    )
    sums = np.bincount(groups.clusters.astype(int), weights=contributions)
    count = len(sums)
    return value, float((count / (count - 1) * sums @ sums) ** 0.5), count - 2.0


def _share_below(others: Numbers, values: Numbers) -> Numbers:
    """Share of the others that lie below each value, ties half."""
    ordered = np.sort(others)
    left = np.searchsorted(ordered, values, side="left")
    right = np.searchsorted(ordered, values, side="right")
    below: Numbers = (left + right) / (2 * len(others))
    return below


def _top(term: str, counted: tuple[int, int], groups: _Groups) -> Result:
    count, n = counted
    words = f"{groups.share}; missing answers left out"
    if groups.clusters is None or n == 0:
        return share(count, n, term=term, method=words)
    return Estimate.of(
        term,
        count / n,
        n=n,
        method=f"{words}; no interval: people share teams; see the difference",
    )


def _top_over_clusters(groups: _Groups, fault: str) -> Result:
    term = "top_share_difference"
    method = (
        f"{groups.share}, {' less '.join(groups.names)}; residuals summed within "
        "teams, t on teams - 2; missing answers left out"
    )
    if fault or groups.clusters is None:
        return Unavailable(term=term, reason=fault, n=groups.n, method=method)
    tops = [
        (values >= groups.best).astype(float)
        for values in (groups.treated, groups.control)
    ]
    means = [float(top.mean()) for top in tops]
    contributions = np.concatenate(
        [
            sign * (top - mean) / len(top)
            for sign, top, mean in zip((1, -1), tops, means, strict=True)
        ]
    )
    sums = np.bincount(groups.clusters.astype(int), weights=contributions)
    count, value = len(sums), means[0] - means[1]
    error = float((count / (count - 1) * sums @ sums) ** 0.5)
    if error <= 1e-12:
        reason = "teams do not differ in this share: no interval can be given"
        return Unavailable(term=term, reason=reason, n=groups.n, method=method)
    reach = float(stats.t.ppf(0.975, count - 2)) * error
    return Estimate.of(
        term,
        value,
        (max(value - reach, -1.0), min(value + reach, 1.0)),
        n=groups.n,
        method=method,
    )


def ridits(scores: pd.Series, reference: pd.Series) -> pd.Series:
    """Place each answer among the reference's: the share below, and half of its equals.

    The mean ridit of a group is the probability that one of its answers is higher than
    one of the reference's, ties half; the reference's own mean is .5. So a difference
    of units' mean ridits is a difference in the probability of a higher answer.

    Parameters
    ----------
    scores : Series
        Ordered answers; turned first where less is better. NaN stays NaN.
    reference : Series
        The answers that define the ridits, such as everybody's before; NaN is left out.

    Returns
    -------
    Series, from 0 to 1
        With the index of `scores`.

    Raises
    ------
    DataError
        The reference holds no answer.

    References
    ----------
    Bross (1958), Biometrics 14(1), 18-38.
    """
    known = np.sort(reference.dropna().to_numpy(dtype=float))
    if not len(known):
        raise DataError("ridits", "the reference holds no answer")
    values = scores.to_numpy(dtype=float, na_value=np.nan)
    below, upto = (np.searchsorted(known, values, side) for side in ("left", "right"))
    found = np.where(np.isnan(values), np.nan, (below + upto) / (2 * len(known)))
    return pd.Series(found, index=scores.index, name=scores.name)
