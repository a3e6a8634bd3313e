"""Estimate a proportional odds ratio from counts, and test the assumption.

Where people share teams, the interval is the jackknife's: each team is left out in
turn, and the model refitted on the cells of the table. Oracle: R MASS polr and ordinal
clm, tests/oracles/values/beyond_means.json.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from scipy import optimize, special, stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

from heard.effects.description import Numbers
from heard.results import Estimate, Result, Unavailable

STEEP = 1e-4
"""Slope of the likelihood, an answer, at which a refit has not settled."""

LAST_STEPS = 4
"""Newton steps after a search; each doubles the digits that are right."""


class Peak(NamedTuple):
    """Where the likelihood is highest: log odds ratio, its standard error, its log."""

    slope: float
    error: float
    likelihood: float


def error_over_teams(by_team: Numbers, slope: float) -> float:
    """Standard error of a log odds ratio, from leaving each team out in turn.

    `by_team`, shape (n_teams, 2, n_categories): answers of the treated, then of the
      control group, from worst to best.
    `slope`: log odds ratio of all teams together.
    Returns: infinite where the answers without one of the teams have no odds ratio.

    MacKinnon, Nielsen & Webb (2023), J. of Applied Econometrics 38(5), 671-694 (CV3).
    """
    everyone, count = by_team.sum(axis=0), len(by_team)
    jackknife = np.array([slope_of(everyone - team) - slope for team in by_team])
    if not np.isfinite(jackknife).all():
        return float("inf")
    return float(((count - 1) / count * jackknife @ jackknife) ** 0.5)


def slope_of(counts: Numbers) -> float:
    """Log odds ratio of a higher answer; infinite where there is none."""
    used = counts[:, counts.sum(axis=0) > 0]
    if (used.sum(axis=1) == 0).any() or runs_off(used):
        return float("inf")
    below = np.cumsum(used.sum(axis=0))[:-1] / used.sum()
    cuts = np.log(below / (1 - below))
    start = np.concatenate([[0.0, cuts[0]], np.log(np.diff(cuts))])
    found = optimize.minimize(
        _surprise, start, args=(used / used.sum(),), jac=True, options={"gtol": 1e-9}
    )
    if not np.abs(found.jac).max() < STEEP:
        return float("inf")
    cuts = found.x[1] + np.concatenate([[0.0], np.cumsum(np.exp(found.x[2:]))])
    return peak(used, cuts, float(found.x[0])).slope


def peak(used: Numbers, cuts: Numbers, slope: float) -> Peak:
    """Go on to the top of the likelihood from where a search ended near it.

    Where a search ends depends on the last digits of what it compares, and so on the
    processor; after a fixed number of Newton steps nothing is left of that.

    Parameters
    ----------
    used : ndarray, shape (2, n_categories)
        Answers of the treated, then of the control group, from worst to best.
    cuts : ndarray, shape (n_categories - 1,)
        Log odds of an answer of the control group at or below each category but the
        last.
    slope : float
        Log odds ratio of a higher answer.
    """
    place = np.append(cuts, slope)
    for _ in range(LAST_STEPS):
        _, pull, curvature = _at(used, place)
        place = place + np.linalg.solve(curvature, pull)
    likelihood, _, curvature = _at(used, place)
    variance = np.linalg.inv(curvature)[-1, -1]
    return Peak(float(place[-1]), float(variance**0.5), likelihood)


def _at(used: Numbers, place: Numbers) -> tuple[float, Numbers, Numbers]:
    """Log likelihood at cuts and slope, its gradient, and minus its second one."""
    size = len(place)
    likelihood, gradient, curvature = 0.0, np.zeros(size), np.zeros((size, size))
    for counts, treated in zip(used, (1.0, 0.0), strict=True):
        reach = place[:-1] - treated * place[-1]
        below, above = special.expit(reach), special.expit(-reach)
        chance = np.diff(below, prepend=0.0, append=1.0)
        dense = below * above
        bend = dense * (above - below)
        shares = counts / chance
        pull = dense * (shares[:-1] - shares[1:])
        squares = counts / chance**2
        along = dense**2 * (squares[:-1] + squares[1:]) - bend * (
            shares[:-1] - shares[1:]
        )
        across = -dense[:-1] * dense[1:] * squares[1:-1]
        bent = np.diag(along) + np.diag(across, 1) + np.diag(across, -1)
        turn = np.column_stack([np.eye(size - 1), np.full(size - 1, -treated)])
        likelihood += float((counts * np.log(chance))[counts > 0].sum())
        gradient += turn.T @ pull
        curvature += turn.T @ bent @ turn
    return likelihood, gradient, curvature


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


TERMS = "proportional_odds_ratio", "proportional_odds_p_value"
MODEL = (
    "proportional-odds model (ordered logit, maximum likelihood), categories no one "
    "used left out"
)
NORMAL_QUANTILE = 1.959963984540054  # of a two-sided 95 % interval
# Beyond e^12 the odds ratio is running off to infinity.
SEARCH_LIMIT = 12.0
WALD = "Wald interval on the log scale"
JACKKNIFE = (
    "each team left out in turn, t on teams - 2 on the log scale; missing answers left "
    "out"
)
UNSETTLED = "the model did not settle on an answer"
UNSTEADY = "without one of the teams there is no odds ratio, so none has an interval"


def proportional_odds(
    counts: Numbers,
    *,
    by_team: Numbers | None,
    fault: str,
    names: tuple[str, str] = ("treated", "control"),
) -> tuple[Result, Result]:
    """Estimate the odds ratio of a higher answer, and check that it is one.

    `counts`, shape (2, n_categories): answers of the treated, then of the control
      group, from worst to best.
    `by_team`, shape (n_teams, 2, n_categories) or None: the same counts team by team,
      where people share teams.
    `fault`: why there is nothing to estimate; empty if there is.
    `names`: what the groups are called.
    Returns: the odds ratio, Wald's interval on the log scale, in teams the jackknife's;
      and the p-value of the same ratio at every cut, by the likelihood of the groups'
      own shares. Unavailable: one answer only, a group that answers all in one end, a
      fit that does not settle, with or without any of the teams; for the check fewer
      than 3 categories in use, or teams.

    MacKinnon, Nielsen & Webb (2023), J. of Applied Econometrics 38(5), 671-694: leaving
    out a cluster at a time (CV3).
    """
    n = int(counts.sum())
    used = counts[:, counts.sum(axis=0) > 0]
    if not fault and runs_off(used):
        fault = "no overlap: the odds ratio is without limit"
    fitted = None if fault else _fit(used)
    if fitted is None:
        absent = [_absent(term, fault or UNSETTLED, n) for term in TERMS]
        return absent[0], absent[1]
    slope, error, likelihood = fitted
    check = _check(used, likelihood, n, clustered=by_team is not None)
    interval, reach = WALD, NORMAL_QUANTILE * error
    if by_team is not None:
        interval, reach = JACKKNIFE, _reach_over_teams(by_team, slope)
    return _ratio(slope, reach, n, interval, names), check


def _ratio(
    slope: float, reach: float, n: int, interval: str, names: tuple[str, str]
) -> Result:
    if not 0 < reach < SEARCH_LIMIT:
        reason = UNSETTLED if interval == WALD else UNSTEADY
        return _absent(TERMS[0], reason, n)
    return Estimate.of(
        TERMS[0],
        np.exp(slope),
        (np.exp(slope - reach), np.exp(slope + reach)),
        n=n,
        method=f"{MODEL}; odds of a higher answer, {' over '.join(names)}; {interval}",
    )


def _reach_over_teams(by_team: Numbers, slope: float) -> float:
    quantile = float(stats.t.ppf(0.975, len(by_team) - 2))
    return quantile * error_over_teams(by_team, slope)


def _absent(term: str, reason: str, n: int) -> Unavailable:
    return Unavailable(term=term, reason=reason, n=n, method=MODEL)


def _check(used: Numbers, likelihood: float, n: int, *, clustered: bool) -> Result:
    method = (
        "likelihood ratio of the groups' own shares against the proportional-odds "
        "model, chi-squared on categories in use - 2; no interval: a p-value"
    )
    reason = ""
    if used.shape[1] < 3:
        reason = "2 categories in use: there is one cut, and one odds ratio"
    elif clustered:
        reason = "people share teams: the check would take them as unrelated"
    if reason:
        return Unavailable(term=TERMS[1], reason=reason, n=n, method=method)
    shares = used / used.sum(axis=1, keepdims=True)
    logs = np.log(shares, where=used > 0, out=np.zeros_like(shares))
    surplus = max(2 * (float((used * logs).sum()) - likelihood), 0.0)
    return Estimate.of(
        TERMS[1], stats.chi2.sf(surplus, used.shape[1] - 2), n=n, method=method
    )


def _fit(used: Numbers) -> Peak | None:
    """The top of the likelihood; None if the search did not settle."""
    answers = np.repeat(np.tile(np.arange(used.shape[1]), 2), used.ravel().astype(int))
    treated = np.repeat([1.0, 0.0], used.sum(axis=1).astype(int))[:, None]
    with warnings.catch_warnings():
        # What the optimiser complains of is looked at below.
        warnings.simplefilter("ignore")
        fit = OrderedModel(answers, treated, distr="logit").fit(
            method="bfgs", disp=False, maxiter=500, gtol=1e-8
        )
    slope = float(fit.params[0])
    settled = np.isfinite(fit.params).all() and abs(slope) < SEARCH_LIMIT
    if not settled or np.abs(fit.model.score(fit.params)).max() > 1e-3:
        return None
    cuts = fit.model.transform_threshold_params(fit.params)[1:-1]
    return peak(used, cuts, slope)
