"""Declare how successive waves are judged, so that looking again costs nothing unsaid.

Either the first follow-up is judged once, or the chance of a false claim is spent over
the looks: little early, most of it last (Lan and DeMets' spending of O'Brien and
Fleming's kind). Oracle: R mvtnorm, tests/oracles/values/looks.json.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from scipy import optimize, special, stats

from heard.errors import DataError
from heard.models.cluster_robust import Array
from heard.results import Composite, Estimate, Result

Rule: TypeAlias = Literal["first_follow_up", "alpha_spending"]
LEVEL = 0.95
PLACES = 200
# Standard deviations beyond which the statistic practically never lies.
FAR = 9.0
ROOT_TWO_PI = math.sqrt(2 * math.pi)
FIRST_ONLY = "the first follow-up was to be judged, once: this wave changes no verdict"
HOW = {
    "first_follow_up": "judged once, at the first follow-up",
    "alpha_spending": "two-sided spending of Lan and DeMets, O'Brien and Fleming's "
    "kind, by the declared share of information",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Composite):
    """What one wave's judgement may rest on.

    - `wave`: the follow-up.
    - `look_alpha_spent`: chance of a false claim up to and with this look.
    - `look_critical_value`: what the statistic, as a normal one, must exceed.
    - `look_level`: coverage of the interval to judge by, such as .988; it takes the
      place of .95 in `UncertainEffect.limits`.
    """

    wave: str
    look_alpha_spent: Result
    look_critical_value: Result
    look_level: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLooks(Composite):
    """Every look, in order."""

    looks: tuple[Look, ...]


def plan_looks(
    information: Mapping[str, float],
    *,
    rule: Rule = "first_follow_up",
    level: float = LEVEL,
) -> PlannedLooks:
    """Give every follow-up the level its interval must have.

    Parameters
    ----------
    information : mapping of str to float
        The follow-ups in order, and what share of the last one's information each has,
        such as the share of answers expected by then; the last is 1.
    rule : {"first_follow_up", "alpha_spending"}
        As the module says.
    level : float
        Coverage over all looks together.

    Returns
    -------
    PlannedLooks
        Unavailable under ``first_follow_up`` for every look but the first.

    Raises
    ------
    DataError
        No look, shares that do not rise from over 0 to 1, or an unknown rule.

    References
    ----------
    Lan & DeMets (1983), Biometrika 70(3), 659-663; Jennison & Turnbull (2000), Group
    Sequential Methods, chapters 7 and 19.
    """
    shares = np.array(list(information.values()), dtype=float)
    if rule not in get_args(Rule):
        raise DataError("looks", f"unknown rule '{rule}'")
    if not len(shares) or shares[-1] != 1 or (np.diff(shares, prepend=0) <= 0).any():
        raise DataError("looks", "shares of information must rise from over 0 to 1")
    if rule == "first_follow_up":
        first, *later = information
        known = [(1 - level, float(stats.norm.ppf((1 + level) / 2)))]
        absent = [Look.unavailable(FIRST_ONLY, wave=wave) for wave in later]
        return PlannedLooks(looks=(_look(first, *known[0], rule), *absent))
    spent = spent_by(shares, level)
    bounds = critical_values(shares, spent)
    return PlannedLooks(
        looks=tuple(
            _look(wave, float(alpha), bound, rule)
            for wave, alpha, bound in zip(information, spent, bounds, strict=True)
        )
    )


def _look(wave: str, spent: float, bound: float, rule: Rule) -> Look:
    how = f"{HOW[rule]}; a property of the plan, so no interval"
    if not math.isfinite(bound):
        reason = "so early that nothing may be claimed"
        return Look.unavailable(reason, wave=wave, method=how)
    numbers = {
        "look_alpha_spent": spent,
        "look_critical_value": bound,
        "look_level": float(1 - 2 * stats.norm.sf(bound)),
    }
    parts = {
        term: Estimate.of(term, value, n=1, n_unit="looks", method=how)
        for term, value in numbers.items()
    }
    return Look(wave=wave, **parts)


def spent_by(shares: Array, level: float = LEVEL) -> Array:
    """Chance of a false claim spent by these shares of information, two-sided."""
    quantile = stats.norm.ppf(1 - (1 - level) / 4)
    return np.asarray(4 * stats.norm.sf(quantile / np.sqrt(shares)))


def critical_values(shares: Array, spent: Array) -> list[float]:
    """Bounds of |Z| that are crossed with these chances, look by look.

    The sum that Z is made of goes on from look to look; its density where no bound was
    crossed is carried along (Armitage, McPherson & Rowe 1969).
    """
    places, weights = np.polynomial.legendre.leggauss(PLACES)
    bounds: list[float] = []
    points, density = np.zeros(1), np.ones(1)
    before, used = 0.0, 0.0
    for share, total in zip(shares, spent, strict=True):
        spread = math.sqrt(share - before)
        allowed = float(total) - used
        bound = _bound(points, density, spread, allowed, math.sqrt(share))
        bounds.append(bound)
        half = min(bound, FAR) * math.sqrt(share)
        nodes = half * places
        away = (nodes[:, None] - points) / spread
        kernel = np.exp(-(away**2) / 2) / (spread * ROOT_TWO_PI)
        density = kernel @ density * half * weights
        points, before, used = nodes, float(share), float(total)
    return bounds


def _bound(
    points: Array, density: Array, spread: float, allowed: float, root: float
) -> float:
    """The bound that is first crossed at this look with the chance allowed."""

    def excess(bound: float) -> float:
        ends = bound * root
        above = special.ndtr((points - ends) / spread)
        below = special.ndtr((-ends - points) / spread)
        return float((above + below) @ density) - allowed

    if excess(FAR) > 0:
        return math.inf
    return float(optimize.brentq(excess, 0.0, FAR, xtol=1e-12))
