"""Scores into how many sit at an end of the scale, where nothing further can be seen.

The rule that holds throughout: who is at the best end before cannot be seen to improve,
whatever happens to them. Where people share teams, the team is what varies.
Oracle: R prop.test and sandwich vcovCL, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.beyond_means.linked_answers import mean_over_teams
from analysis.outcomes.beyond_means.shares import share
from analysis.outcomes.description import as_floats, every_unavailable, named

if TYPE_CHECKING:
    from analysis.outcomes.description import Numbers

TOO_MANY = 0.15
"""Share at an end above which it is commonly called a floor or a ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesAtEnds(Composite):
    """How many have the worst, and how many the best score that can be had.

    Attributes
    ----------
    share_at_worst, share_at_best : Estimate or Unavailable
        From 0 to 1. Over 15 % is called a floor, or a ceiling.
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
        Indexed alike: the team of each person, who without one is a team each.

    Returns
    -------
    SharesAtEnds
        Wilson interval, or residuals summed within teams. Unavailable: nobody has a
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
        return every_unavailable(SharesAtEnds, fault, n=len(values))
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
    return Estimate(
        term=term,
        estimate=float(at_end.mean()),
        n=n,
        method=f"{method}; no interval: {found.reason}",
    )
