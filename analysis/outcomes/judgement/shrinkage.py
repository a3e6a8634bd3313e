"""Effects of many small teams into better guesses of each, drawn to the average.

The rule that holds throughout: the less a team's own people tell, the more the guess
rests on all teams; a league table of raw effects would put the smallest at both ends.
Oracle: R metafor ``blup``, tests/oracles/values/judgement.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.judgement.effects import UncertainEffect, t_quantile
from analysis.outcomes.judgement.heterogeneity import variance_between, weighed

if TYPE_CHECKING:
    from analysis.outcomes.judgement.heterogeneity import Between
    from analysis.outcomes.judgement.pooling import Effects

MINIMUM_TEAMS = 3
TOO_FEW = "under 3 teams with an effect: nothing to draw a team's effect towards"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenTeam(Composite):
    """One team's effect, and how much of it is the team's own evidence.

    Attributes
    ----------
    team : str
        Its name.
    shrunken_effect : Estimate or Unavailable
        Between the team's own effect and the average of all.
    own_weight : Estimate or Unavailable
        Share of it that is the team's own effect, from 0 to 1.
    """

    team: str
    shrunken_effect: Result
    own_weight: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenTeams(Composite):
    """Every team, in the order given."""

    teams: tuple[ShrunkenTeam, ...]


def shrink_teams(effects: Effects, *, between: Between = "REML") -> ShrunkenTeams:
    """Draw every team's effect towards the average, as far as chance asks for.

    Parameters
    ----------
    effects : mapping of str to UncertainEffect or Unavailable
        Every team's name and its effect, all in one unit.
    between : {"REML", "PM"}
        How the variance of the true effects is estimated.

    Returns
    -------
    ShrunkenTeams
        In the unit of the effects. A team without an effect of its own has none here:
        the average is no knowledge about it. Unavailable too: under 3 teams.

    References
    ----------
    Morris (1983), J. of the American Statistical Association 78(381), 47-55; Raudenbush
    & Bryk (1985), J. of Educational Statistics 10(2), 75-98.
    """
    known = {k: e for k, e in effects.items() if isinstance(e, UncertainEffect)}
    shrunken = {}
    if len(known) >= MINIMUM_TEAMS:
        shrunken = _shrunken(known, between)
    return ShrunkenTeams(
        teams=tuple(
            shrunken.get(team) or _unknown(team, effect)
            for team, effect in effects.items()
        )
    )


def _shrunken(
    known: dict[str, UncertainEffect], how: Between
) -> dict[str, ShrunkenTeam]:
    values = np.array([team.effect for team in known.values()])
    variances = np.array([team.standard_error**2 for team in known.values()])
    between = variance_between(values, variances, how)
    average = weighed(values, variances, between)
    k = len(values)
    of_average = average.variance * max(average.squares / (k - 1), 1.0)
    own = between / (between + variances)
    guesses = own * values + (1 - own) * average.mean
    reach = t_quantile(0.975, k - 1) * np.sqrt(
        own * variances + (1 - own) ** 2 * of_average
    )
    method = (
        f"empirical Bayes over {k} teams: the team's own effect and the average of "
        "all, weighed by the variance between teams and the team's own error; t "
        "interval on teams - 1, the variance between teams taken as known; n counts "
        "the team's people"
    )
    return {
        name: ShrunkenTeam(
            team=name,
            shrunken_effect=Estimate(
                term="shrunken_effect",
                estimate=float(guess),
                conf_low=float(guess - width),
                conf_high=float(guess + width),
                n=known[name].n,
                method=method,
            ),
            own_weight=Estimate(
                term="own_weight",
                estimate=float(weight),
                n=known[name].n,
                method=f"{method}; no interval: the variances are taken as known",
            ),
        )
        for name, guess, width, weight in zip(known, guesses, reach, own, strict=True)
    }


def _unknown(team: str, effect: UncertainEffect | Unavailable) -> ShrunkenTeam:
    reason = effect.reason if isinstance(effect, Unavailable) else TOO_FEW
    shrunken, own = (
        Unavailable(term=term, reason=reason, n=effect.n)
        for term in ("shrunken_effect", "own_weight")
    )
    return ShrunkenTeam(team=team, shrunken_effect=shrunken, own_weight=own)
