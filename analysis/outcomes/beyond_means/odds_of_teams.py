"""Counts of ordered answers team by team into the error of their odds ratio.

The rule that holds throughout: each team is left out in turn, and the model is fitted
to the rest. The library's model takes a tenth of a second a fit, too long for fifty
teams; so the refits, and only they, are done here on the few cells of a table.
Oracle: R ordinal clm without each team, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.outcomes.description import Numbers

STEEP = 1e-4
"""Slope of the likelihood, an answer, at which a refit has not settled."""


def error_over_teams(by_team: Numbers, slope: float) -> float:
    """Standard error of a log odds ratio, from leaving each team out in turn.

    Parameters
    ----------
    by_team : ndarray, shape (n_teams, 2, n_categories)
        Answers of the treated, then of the control group, from worst to best.
    slope : float
        Log odds ratio of all teams together.

    Returns
    -------
    float
        Infinite where the answers without one of the teams have no odds ratio.

    References
    ----------
    MacKinnon, Nielsen & Webb (2023), J. of Applied Econometrics 38(5), 671-694 (CV3).
    """
    everyone, count = by_team.sum(axis=0), len(by_team)
    jackknife = np.array([slope_of(everyone - team) - slope for team in by_team])
    if not np.isfinite(jackknife).all():
        return float("inf")
    return float(((count - 1) / count * jackknife @ jackknife) ** 0.5)


def slope_of(counts: Numbers) -> float:
    """Log odds ratio of a higher answer; infinite where there is none."""
    from scipy import optimize  # noqa: PLC0415 - heavy, and only needed here

    used = counts[:, counts.sum(axis=0) > 0]
    if (used.sum(axis=1) == 0).any() or runs_off(used):
        return float("inf")
    below = np.cumsum(used.sum(axis=0))[:-1] / used.sum()
    cuts = np.log(below / (1 - below))
    start = np.concatenate([[0.0, cuts[0]], np.log(np.diff(cuts))])
    found = optimize.minimize(
        _surprise, start, args=(used / used.sum(),), jac=True, options={"gtol": 1e-9}
    )
    settled = np.abs(found.jac).max() < STEEP
    return float(found.x[0]) if settled else float("inf")


def runs_off(used: Numbers) -> bool:
    """Whether one group lies wholly at or beyond all of the other."""
    ends = [np.flatnonzero(group)[[0, -1]] for group in used]
    (low, high), (other_low, other_high) = ends
    return bool(low >= other_high or other_low >= high)


def _surprise(place: Numbers, shares: Numbers) -> tuple[float, Numbers]:
    """Minus the log likelihood an answer, and its slope at a place.

    A place is the log odds ratio, the first cut, and the logs of the gaps between cuts,
    so that cuts stay in order wherever the search goes.
    """
    from scipy import special  # noqa: PLC0415 - heavy, and only needed here

    gaps = np.exp(np.clip(place[2:], -30, 30))
    cuts = place[1] + np.concatenate([[0.0], np.cumsum(gaps)])
    reach = cuts[None, :] - np.array([[place[0]], [0.0]])
    ends = np.zeros((2, 1))
    below = np.hstack([ends, special.expit(reach), ends + 1])
    dense = np.hstack([ends, special.expit(reach) * special.expit(-reach), ends])
    chance = np.diff(below, axis=1).clip(1e-300)
    pull = shares / chance
    by_cut = (dense[:, 1:-1] * (pull[:, :-1] - pull[:, 1:])).sum(axis=0)
    by_slope = -(pull * np.diff(dense, axis=1))[0].sum()
    later = np.cumsum(by_cut[::-1])[::-1]
    slope = np.concatenate([[by_slope, later[0]], later[1:] * gaps])
    return -float((shares * np.log(chance)).sum()), -slope
