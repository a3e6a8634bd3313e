"""Describe one group's scores: mean, spread, and share at each end of the scale.

A missing score is excluded and n counts those that remain; scores that cannot have an
interval give `Unavailable`, never NaN. Oracle: R, tests/oracles/values/outcomes.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2
from statsmodels.stats.weightstats import DescrStatsW

from heard.effects.shares import share, share_over_teams
from heard.errors import DataError
from heard.models.cluster_robust import clustered_mean
from heard.models.complete_responses import named as named  # noqa: PLC0414
from heard.models.skewed_scores import Shape, deviation_limits
from heard.results import Composite, Estimate, Result, Unavailable

Numbers = npt.NDArray[np.float64]

LARGEST_SCORE = 1e15  # beyond it a float no longer holds every whole number
NOT_FINITE = "some scores are infinite or too large to be scores"
MINIMUM_CLUSTERS = 5  # below it an interval is based on 3 degrees of freedom or fewer
YES_OR_NO = "a score of yes or no: its spread follows from its mean"
ALL_EQUAL = "every score is the same: no interval can be given"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDescription(Composite):
    """One group's scores in four numbers."""

    mean: Result
    standard_deviation: Result
    share_lowest: Result
    share_highest: Result


def describe_scores(
    scores: pd.Series | Numbers,
    *,
    lowest: float,
    highest: float,
    cluster: pd.Series | None = None,
    yes_or_no: bool = False,
) -> ScoreDescription:
    """Describe scores: mean, standard deviation, and the share at each end.

    Parameters
    ----------
    scores : Series or ndarray, shape (n_participants,)
        One score a participant; NaN if not scored, and then left out.
    lowest, highest : float
        The ends of the possible range, from the instrument's declaration.
    cluster : Series, optional
        Cluster (team) of each participant, same index: the intervals of the mean and
        of the shares then allow for similarity within teams.
    yes_or_no : bool
        The score is 1 or 0, so its mean is a share and its spread follows from it.

    Returns
    -------
    ScoreDescription
        Mean and standard deviation are in score units, shares run from 0 to 1. From a
        skewness of 1 on the interval of the standard deviation is Bonett's, for any
        distribution, otherwise by chi-square. Over
        15 % at an end is commonly called a floor or a ceiling (Terwee 2007).
        Unavailable: no one scored (shares); fewer than 2 scores, or all the same
        (mean, standard deviation); scores outside the range (shares).
    """
    if not isinstance(scores, pd.Series):
        if not isinstance(scores, np.ndarray) or scores.ndim != 1:
            wanted = "give a Series, or an array of one dimension"
            raise DataError("scores", f"a {type(scores).__name__}; {wanted}")
        scores = pd.Series(scores)
    values = answered(scores)
    if fault := number_fault(values):
        return ScoreDescription.unavailable(fault, n=len(values))
    ends = {"lowest": lowest, "highest": highest}
    teams = None if cluster is None else named(cluster)[scores.notna()]
    return ScoreDescription(
        mean=_mean(values, teams, (lowest, highest), yes_or_no=yes_or_no),
        standard_deviation=Unavailable(
            term="standard_deviation", reason=YES_OR_NO, n=len(values)
        )
        if yes_or_no
        else _standard_deviation(values),
        share_lowest=_share_at("lowest", values, ends, teams),
        share_highest=_share_at("highest", values, ends, teams),
    )


def _mean(
    values: Numbers,
    teams: pd.Series | None,
    ends: tuple[float, float],
    *,
    yes_or_no: bool,
) -> Result:
    if teams is not None:
        scores = pd.Series(values)
        return clustered_mean(scores, teams.reset_index(drop=True), bounds=ends)
    if yes_or_no:
        # The mean is a share; a t interval would reach below zero.
        share = _share_at("highest", values, {"lowest": 0.0, "highest": 1.0}, None)
        return dataclasses.replace(share, term="mean")
    return mean_result(
        values,
        term="mean",
        n=len(values),
        method="arithmetic mean; t interval; missing scores left out",
    )


def answered(scores: pd.Series) -> Numbers:
    """Scores as floats, the missing ones left out."""
    return as_floats(scores.dropna())


def as_floats(scores: pd.Series) -> Numbers:
    """Scores as floats, whatever number type they came in; NaN if missing.

    Raises DataError: some scores are text. The message counts them and quotes none.
    """
    numbers = pd.to_numeric(scores, errors="coerce")
    if texts := int(numbers.isna().sum() - scores.isna().sum()):
        raise DataError("scores", f"{texts} of {len(scores)} scores are not numbers")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)


def number_fault(values: Numbers) -> str:
    """Say why these are not scores; empty if they are. NaN is not a fault."""
    known = values[~np.isnan(values)]
    return NOT_FINITE if np.any(np.abs(known) > LARGEST_SCORE) else ""


def is_constant(values: Numbers, *, scale: float | None = None) -> bool:
    """Whether the values differ by no more than floating-point noise.

    `values`: at least 2 numbers.
    `scale`: size of the numbers the values were computed from; by default their own.
    """
    size = np.abs(values).max() if scale is None else scale
    # 1e-12 of the size: rounding noise is about 1e-16, a real spread far larger.
    return bool(values.std(ddof=1) <= max(1e-12 * size, 1e-100))


def mean_result(
    values: Numbers,
    *,
    term: str,
    n: int,
    method: str,
    scale: float | None = None,
    if_constant: str = ALL_EQUAL,
) -> Result:
    """Estimate the mean of the values with its t interval.

    `values`, shape (n_units,): scores or changes, or their means by cluster; none
      missing.
    `term`, `method`: what the mean is called, and how it was made.
    `n`: participants the mean is based on; more than ``len(values)`` for cluster means.
    `scale`: as in `is_constant`.
    `if_constant`: reason to give when the values do not differ.
    Estimate: in score units.
    Unavailable: fewer than 2 values, or all the same.
    """
    if len(values) < 2:
        reason = "fewer than 2 scores: no interval can be given"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    if is_constant(values, scale=scale):
        return Unavailable(term=term, reason=if_constant, n=n, method=method)
    shape = Shape.of(values)
    if shape.skewed:
        method = f"{method}; caution: {shape.words}"
    statistics = DescrStatsW(values)
    low, high = statistics.tconfint_mean()
    return Estimate.of(term, statistics.mean, (low, high), n=n, method=method)


def _standard_deviation(values: Numbers) -> Result:
    term, n = "standard_deviation", len(values)
    if n < 2:
        return Unavailable(term=term, reason="fewer than 2 scores", n=n)
    if is_constant(values):
        return Unavailable(term=term, reason=ALL_EQUAL, n=n)
    spread, degrees, shape = float(values.std(ddof=1)), n - 1, Shape.of(values)
    if shape.skewed and n > 4:
        limits = deviation_limits(values, confidence=0.95)
        how = f"Bonett's interval (2006), for any distribution; {shape.words}"
    else:
        tails = np.sqrt(degrees / chi2.ppf([0.975, 0.025], degrees))
        limits = spread * float(tails[0]), spread * float(tails[1])
        how = "chi-square interval, which assumes roughly normal scores"
    return Estimate.of(
        term,
        spread,
        (min(limits[0], spread), max(limits[1], spread)),
        n=n,
        method=f"standard deviation, divisor n-1; {how}; missing scores left out",
    )


def _share_at(
    end: str, values: Numbers, ends: dict[str, float], teams: pd.Series | None
) -> Result:
    term, n = f"share_{end}", len(values)
    if n == 0:
        return Unavailable(term=term, reason="no one has a score", n=n)
    noise = 1e-9 * (ends["highest"] - ends["lowest"])
    outside = (values < ends["lowest"] - noise) | (values > ends["highest"] + noise)
    if noise <= 0 or outside.any():
        reason = "scores lie outside the range from lowest to highest"
        return Unavailable(term=term, reason=reason, n=n)
    at_end = np.abs(values - ends[end]) <= noise
    how = f"share of scores at the {end} possible score; missing scores left out"
    if teams is None:
        return share(int(at_end.sum()), n, term=term, method=how)
    return share_over_teams(at_end.astype(float), teams, term=term, method=how)
