"""Estimate the minimal important change from an anchor question.

An anchor that correlates below .3 with the change gives no result. Oracle: R glm and
Terluin's formulas, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import stats

from heard.effects.description import (
    MINIMUM_CLUSTERS,
    Numbers,
    as_floats,
    mean_result,
    named,
    number_fault,
)
from heard.effects.supplementary.linked_answers import mean_over_teams
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.models.stable_choice import rounded, sides
from heard.results import Composite, Estimate, Result, Unavailable

Codes: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]

WEAKEST_ANCHOR = 0.3
DRAWS = 2000
CHUNK = 100
MINIMUM_PER_GROUP = 10
ITERATIONS = 30
# Share of draws that may fail before no interval is given.
MAXIMUM_FAILED = 0.05
WORDS = {
    "mic_roc": "change at which sensitivity + specificity is largest, midway between "
    "neighbouring changes, the mean of equals",
    "mic_predictive": "change as likely among those improved as among the rest "
    "(logistic model)",
    "mic_predictive_adjusted": "the same, for the share improved: less (.09 + .103 r) "
    "times the spread of change times the log odds of having improved",
    "mic_predictive_reliability_adjusted": "the same, for the share improved and the "
    "anchor's reliability R: less (.8/R - .5) r times that spread and log odds",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimalImportantChange(Composite):
    """The smallest change people call an improvement, by five methods.

    - `anchor_correlation`: of change with having improved.
    - `mic_mean_change`: mean change of those a little improved.
    - `mic_roc`: best cut between improved and not.
    - `mic_predictive`: change equally likely in both groups.
    - `mic_predictive_adjusted`: corrected for more, or fewer, than half having
      improved.
    - `mic_predictive_reliability_adjusted`: corrected for that and for an unreliable
      anchor. Report this one, if the anchor's reliability is known.
    """

    anchor_correlation: Result
    mic_mean_change: Result
    mic_roc: Result
    mic_predictive: Result
    mic_predictive_adjusted: Result
    mic_predictive_reliability_adjusted: Result


def minimal_important_change(
    change: pd.Series,
    improved: pd.Series,
    *,
    seed: str,
    little_improved: pd.Series | None = None,
    anchor_reliability: float | None = None,
    cluster: pd.Series | None = None,
) -> MinimalImportantChange:
    """Estimate the smallest change that people themselves call an improvement.

    Parameters
    ----------
    change : Series, shape (n_participants,)
        After minus before; reverse-scored where less is better.
    improved : Series
        Same index: True or 1 if the person says things got better at all.
    seed : str
        Names the draws of the bootstrap.
    little_improved : Series, optional
        Same index: whether the person says a little better, and no more.
    anchor_reliability : float, optional
        Of the answer whether things got better, over 0 and at most 1.
    cluster : Series, optional
        Same index: the team of each person. Teams are then drawn, not people; those
        without a team count as a team each.

    Returns
    -------
    MinimalImportantChange
        In points of the score. Intervals are percentiles of 2,000 bootstrap draws of
        people (t for the mean change), or of teams; the correlation has none in teams.
        ``n`` counts people with both.
        Unavailable: fewer than 10 people improved or not; an anchor that correlates
        under .3 with change; groups that do not overlap. No interval: under 5 teams.

    Raises
    ------
    DataError
        The series have different indexes.
    ValueError
        The anchor's reliability is not over 0 and at most 1.

    References
    ----------
    Terluin, Eekhout, Terwee & de Vet (2015), J. of Clinical Epidemiology 68, 1388-1396;
    Terluin, Eekhout & Terwee (2017), 83, 90-100, and (2022), 148, 48-53.
    """
    if anchor_reliability is not None and not 0 < anchor_reliability <= 1:
        raise ValueError("the anchor's reliability must be over 0 and at most 1")
    for other in (improved, little_improved, cluster):
        if other is not None and not other.index.equals(change.index):
            raise DataError("anchor", "answers and changes have different indexes")
    frame = pd.DataFrame({"change": as_floats(change), "improved": as_floats(improved)})
    little = None if little_improved is None else as_floats(little_improved)
    known = frame.notna().all(axis=1).to_numpy()
    x, y = (frame[name].to_numpy(dtype=float)[known] for name in frame)
    teams = None if cluster is None else _teams(cluster)[known]
    fault = _fault(x, y)
    correlation = _correlation(x, y, fault, clustered=teams is not None)
    if not fault and isinstance(correlation, Unavailable):
        fault = correlation.reason
    if isinstance(correlation, Estimate) and correlation.estimate < WEAKEST_ANCHOR:
        fault = (
            "the anchor correlates under .3 with change, too little to show which "
            "change counts"
        )
    return MinimalImportantChange(
        anchor_correlation=correlation,
        mic_mean_change=_of_little(
            x, None if little is None else little[known], fault, teams
        ),
        **_by_group(
            x, y, teams, reliability=anchor_reliability, seed=seed, fault=fault
        ),
    )


def _teams(cluster: pd.Series) -> Codes:
    """A number a team; those without one are a team each."""
    codes, names = pd.factorize(named(cluster), use_na_sentinel=True)
    unclustered = codes < 0
    codes[unclustered] = len(names) + np.arange(unclustered.sum())
    found: Codes = codes
    return found


def _fault(x: Numbers, y: Numbers) -> str:
    if not np.isin(y, [0.0, 1.0]).all():
        return "having improved must be yes or no (1 or 0)"
    if fault := number_fault(x):
        return fault
    if min(int(y.sum()), int((1 - y).sum())) < MINIMUM_PER_GROUP:
        return "fewer than 10 people improved, or fewer than 10 did not"
    varies = len(x) and sides(x, x[0]).any()
    return "" if varies else "everyone changed by the same amount"


def _correlation(x: Numbers, y: Numbers, fault: str, *, clustered: bool) -> Result:
    term, n = "anchor_correlation", len(x)
    method = "point-biserial correlation of change with having improved"
    interval = "no interval: Fisher's would ignore the teams"
    method = f"{method}; {interval if clustered else 'Fisher z'}"
    if fault:
        return Unavailable(term=term, reason=fault, n=n, method=method)
    found = stats.pearsonr(x, y)
    limits = found.confidence_interval(0.95)
    return Estimate.of(
        term,
        found.statistic,
        (
            None if clustered else float(limits.low),
            None if clustered else float(limits.high),
        ),
        n=n,
        method=method,
    )


def _of_little(
    x: Numbers, little: Numbers | None, fault: str, teams: Codes | None
) -> Result:
    term = "mic_mean_change"
    if little is None and not fault:
        fault = "no one said who was a little improved"
    if fault or little is None:
        return Unavailable(term=term, reason=fault, n=len(x))
    those = x[little == 1]
    if teams is not None:
        _, of_those = np.unique(teams[little == 1], return_inverse=True)
        return mean_over_teams(
            those,
            of_those,
            term=term,
            method="mean change of people a little improved",
        )
    return mean_result(
        those,
        term=term,
        n=len(those),
        method="mean change of people a little improved; t interval",
    )


def _by_group(
    x: Numbers,
    y: Numbers,
    teams: Codes | None,
    *,
    reliability: float | None,
    seed: str,
    fault: str,
) -> dict[str, Result]:
    n = len(x)
    # People of one change, answer and team are a cell: drawing cells draws people.
    (x,) = rounded(x)
    known = np.zeros(n) if teams is None else teams.astype(float)
    cells, counts = np.unique(
        np.column_stack([x, y, known]), axis=0, return_counts=True
    )
    x, y, sizes = cells[:, 0], cells[:, 1], counts.astype(float)
    of_cell = None if teams is None else np.unique(cells[:, 2], return_inverse=True)[1]
    once = {} if fault else _all_methods(x, y, sizes[None, :], reliability)
    if once and not np.isfinite(once["mic_predictive"][0]):
        fault = "the changes of those improved and of the rest do not overlap"
    if fault:
        return {
            term: Unavailable(term=term, reason=fault, n=n, method=words)
            for term, words in WORDS.items()
        }
    drawn = _bootstrap(x, y, sizes, of_cell=of_cell, reliability=reliability, seed=seed)
    units = "people" if teams is None else "teams"
    found: dict[str, Result] = {}
    for term, words in WORDS.items():
        if term not in once:
            reason = "the anchor's reliability is not known"
            found[term] = Unavailable(term=term, reason=reason, n=n, method=words)
        else:
            value = float(once[term][0])
            found[term] = _with_limits(
                term, value, drawn[term], n=n, words=words, units=units
            )
    return found


def _with_limits(
    term: str, value: float, draws: Numbers, *, n: int, words: str, units: str
) -> Estimate:
    settled = draws[np.isfinite(draws)]
    low, high = None, None
    how = "no interval: over 5 % of the bootstrap draws gave no answer"
    if not len(draws):
        how = "no interval: fewer than 5 teams to draw from"
    elif len(settled) >= (1 - MAXIMUM_FAILED) * len(draws):
        limits = np.quantile(settled, [0.025, 0.975])
        low, high = min(float(limits[0]), value), max(float(limits[1]), value)
        how = f"percentile interval of {len(settled)} bootstrap draws of {units}"
    return Estimate.of(term, value, (low, high), n=n, method=f"{words}; {how}")


def _bootstrap(
    x: Numbers,
    y: Numbers,
    sizes: Numbers,
    *,
    of_cell: Codes | None,
    reliability: float | None,
    seed: str,
) -> dict[str, Numbers]:
    """Draws of every method; none where there are too few teams to draw from."""
    random, n = generator("minimal important change", seed), int(sizes.sum())
    teams = 0 if of_cell is None else int(of_cell.max()) + 1
    if 0 < teams < MINIMUM_CLUSTERS:
        return dict.fromkeys(WORDS, np.array([]))
    parts = []
    for _ in range(DRAWS // CHUNK):
        if of_cell is None:
            weights = random.multinomial(n, sizes / n, size=CHUNK).astype(float)
        else:
            equal_weights = np.full(teams, 1 / teams)
            times = random.multinomial(teams, equal_weights, size=CHUNK)
            weights = times[:, of_cell] * sizes
        parts.append(_all_methods(x, y, weights, reliability))
    return {term: np.concatenate([part[term] for part in parts]) for term in parts[0]}


def _all_methods(
    x: Numbers, y: Numbers, weights: Numbers, reliability: float | None
) -> dict[str, Numbers]:
    """Every method on every row of weights, shape (n_draws,); NaN if it fails."""
    n = weights.sum(axis=1)
    mean_x, share = weights @ x / n, weights @ y / n
    spread_x = ((weights @ x**2) / n - mean_x**2).clip(0)
    spread_y = share * (1 - share)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_odds = np.log(share / (1 - share))
        correlation = ((weights @ (x * y)) / n - mean_x * share) / np.sqrt(
            spread_x * spread_y
        )
        intercept, slope = _logistic(x, y, weights)
        predictive = (log_odds - intercept) / slope
    deviation = np.sqrt(spread_x * n / (n - 1))
    found = {
        "mic_roc": _best_cut(x, y, weights),
        "mic_predictive": predictive,
        "mic_predictive_adjusted": predictive
        - (0.09 + 0.103 * correlation) * deviation * log_odds,
    }
    if reliability is not None:
        found["mic_predictive_reliability_adjusted"] = (
            predictive - (0.8 / reliability - 0.5) * correlation * deviation * log_odds
        )
    return found


def _logistic(x: Numbers, y: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Intercept and slope of a logistic model for every row of weights, by Newton."""
    centre, scale = x.mean(), x.std()
    z = (x - centre) / scale
    a, b = np.zeros(len(weights)), np.zeros(len(weights))
    step = np.full(len(weights), np.inf)
    for _ in range(ITERATIONS):
        p = 1 / (1 + np.exp(-np.clip(a[:, None] + b[:, None] * z, -40, 40)))
        rest, bend = weights * (y - p), weights * p * (1 - p)
        g0, g1 = rest.sum(axis=1), rest @ z
        h0, h1, h2 = bend.sum(axis=1), bend @ z, bend @ z**2
        room = h0 * h2 - h1**2
        # A draw that separates has no bend left; it stands still and counts as failed.
        room = np.where(room > 1e-12 * (h0 * h2).clip(1e-300), room, np.inf)
        by_a, by_b = (h2 * g0 - h1 * g1) / room, (h0 * g1 - h1 * g0) / room
        a, b, step = a + by_a, b + by_b, np.maximum(np.abs(by_a), np.abs(by_b))
        step = np.where(np.isinf(room), np.inf, step)
        if (step < 1e-12).all():
            break
    fine = (step < 1e-8) & (np.abs(b) > 1e-10)
    slope = np.where(fine, b / scale, np.nan)
    return np.where(fine, a, np.nan) - slope * centre, slope


def _best_cut(x: Numbers, y: Numbers, weights: Numbers) -> Numbers:
    """The cut with the largest sensitivity + specificity for every row of weights."""
    values, place = np.unique(x, return_inverse=True)
    of_value = np.zeros((len(x), len(values)))
    of_value[np.arange(len(x)), place] = 1
    improved = (weights * y) @ of_value
    rest = (weights * (1 - y)) @ of_value
    with np.errstate(divide="ignore", invalid="ignore"):
        caught = 1 - np.cumsum(improved, axis=1) / improved.sum(axis=1, keepdims=True)
        spared = np.cumsum(rest, axis=1) / rest.sum(axis=1, keepdims=True)
    gain = (caught + spared)[:, :-1]
    middles = (values[:-1] + values[1:]) / 2
    best = gain >= gain.max(axis=1, keepdims=True) - 1e-12
    with np.errstate(invalid="ignore"):
        cuts: Numbers = (best @ middles) / best.sum(axis=1)
    return cuts
