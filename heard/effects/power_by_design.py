"""Estimate power in closed form: unequal arms, sites, a stepped wedge, an unsure ICC.

Scores are in standard deviations, as in `heard.effects.power`; every team of one size.
Oracles: R swCRTdesign, the noncentral t and R's integrate,
tests/oracles/values/power.json.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heard.effects.pilot_design import PilotDesign
from heard.effects.power import power_and_half_width, team_mean_variance
from heard.models.cluster_robust import Array
from heard.results import Composite, Estimate, Result, Unavailable

PLACES = 32
SMALLEST_ARM = 2
EXACT = "exact under what is assumed, so no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPower(Composite):
    """What a design would show, in closed form.

    - `design`: in words.
    - `expected_half_width_by_formula`: half the width of the 95 % interval.
    - `power_by_formula`: chance that it excludes zero, where the effect is the smallest
      one of interest.
    """

    design: str
    expected_half_width_by_formula: Result
    power_by_formula: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance(Composite):
    """Power where the intracluster correlation is only known to lie in a range.

    - `assurance`: power on average over the range, every value as likely.
    - `power_at_lowest`, `power_at_highest`: at either end of it.
    """

    assurance: Result
    power_at_lowest: Result
    power_at_highest: Result


def bell_mccaffrey_degrees(treated: int, control: int) -> float:
    """Degrees of freedom of a difference of two arms' unit means by HC2.

    Imbens & Kolesar (2016), Review of Economics and Statistics 98(4), 701-712.
    """
    parts = [1 / (k**2 * (k - 1)) for k in (treated, control)]
    return (1 / treated + 1 / control) ** 2 / sum(parts)


def power_of_arms(design: PilotDesign, *, treated: int, control: int) -> DesignPower:
    """Power of a comparison of arms of any two numbers of teams.

    Parameters
    ----------
    design : PilotDesign
        What is assumed, with a comparison.
    treated, control : int
        Teams of each arm.

    Returns
    -------
    DesignPower
        By unit means, HC2 and Bell and McCaffrey's degrees of freedom. Unavailable:
        fewer than 2 teams in an arm, or a design that cannot be.
    """
    label = f"{treated} teams against {control}"
    if fault := _fault(design, (treated, control), "teams"):
        return DesignPower.unavailable(fault, design=label)
    error = math.sqrt(team_mean_variance(design) * (1 / treated + 1 / control))
    degrees = bell_mccaffrey_degrees(treated, control)
    how = f"means of teams, HC2 errors, t with {degrees:.1f} degrees of freedom"
    return _power(
        design, label, error, degrees, how=how, n=(treated + control, "teams")
    )


def power_by_site(
    design: PilotDesign,
    *,
    treated: int,
    control: int,
    teams_per_site: int,
    site_drift: float,
) -> DesignPower:
    """Power where whole sites are allocated, each with several teams.

    Parameters
    ----------
    design : PilotDesign
        What is assumed of a team, with a comparison.
    treated, control : int
        Sites of each arm.
    teams_per_site : int
        Teams in every site.
    site_drift : float
        Standard deviation of what moves a whole site from before to after, in standard
        deviations of scores; .10 to .25 is common.

    Returns
    -------
    DesignPower
        By means of sites' team means, HC2 and Bell and McCaffrey's degrees of freedom.
        Unavailable: fewer than 2 sites in an arm, or a design that cannot be.

    References
    ----------
    Hayes & Moulton (2017), Cluster Randomised Trials, 2nd ed., chapter 7.
    """
    label = f"{treated} sites against {control}, {teams_per_site} teams each"
    fault = _fault(design, (treated, control), "sites")
    if teams_per_site < 1 or not site_drift >= 0:
        fault = "teams_per_site must be over 0 and site_drift at least 0"
    if fault:
        return DesignPower.unavailable(fault, design=label)
    variance = site_drift**2 + team_mean_variance(design) / teams_per_site
    error = math.sqrt(variance * (1 / treated + 1 / control))
    degrees = bell_mccaffrey_degrees(treated, control)
    how = f"means of sites, HC2 errors, t with {degrees:.1f} degrees of freedom"
    return _power(
        design, label, error, degrees, how=how, n=(treated + control, "sites")
    )


def power_of_wedge(
    design: PilotDesign, *, starting: Sequence[int], waves_after: int = 0
) -> DesignPower:
    """Power of a stepped wedge: teams start in groups, one group a wave.

    Parameters
    ----------
    design : PilotDesign
        What is assumed. Where other people answer at each wave, their
        ``before_after_correlation`` is 0; ``follow_ups`` is not used.
    starting : sequence of int
        Teams that start at the second wave, at the third and so on; nobody has started
        at the first.
    waves_after : int
        Further waves after the last start.

    Returns
    -------
    DesignPower
        By generalised least squares of team means, waves as fixed effects, variances
        taken as known, as Hussey and Hughes do; with a perfect ``team_stability`` and
        other people each time it is their formula. Unavailable: fewer than 2 groups or
        3 teams, or a design that cannot be.

    References
    ----------
    Hussey & Hughes (2007), Contemporary Clinical Trials 28(2), 182-191; Hooper,
    Teerenstra, de Hoop & Eldridge (2016), Statistics in Medicine 35(26), 4718-4728.
    """
    teams = sum(starting)
    label = f"stepped wedge of {teams} teams in {len(starting)} groups"
    faults = list(design.faults())
    if len(starting) < 2 or min(starting) < 1 or teams < 3 or waves_after < 0:
        faults.append(
            "at least 2 groups of at least 1 team, 3 teams in all, are needed"
        )
    if faults:
        return DesignPower.unavailable("; ".join(faults), design=label)
    waves = len(starting) + 1 + waves_after
    starts = np.repeat(np.arange(1, len(starting) + 1), starting)
    treated = (np.arange(waves) >= starts[:, None]).astype(float)
    error = math.sqrt(wedge_variance(treated, team_covariance(design, waves)))
    how = "generalised least squares of team means, waves as fixed effects, variances "
    return _power(
        design, label, error, math.inf, how=f"{how}taken as known", n=(teams, "teams")
    )


def team_covariance(design: PilotDesign, waves: int) -> Array:
    """Covariance of a team's means at the waves, the same people answering."""
    icc = design.intracluster_correlation
    answered = design.team_size * (1 - design.attrition)
    same = (1 - icc) * design.before_after_correlation / answered
    shared = icc * design.team_stability + same
    own = icc + (1 - icc + design.error_variance) / answered
    return np.asarray(shared + (own - shared) * np.eye(waves))


def wedge_variance(treated: Array, covariance: Array) -> float:
    """Variance of the effect by generalised least squares.

    `treated`, shape (n_teams, n_waves): 1 where a team has started.
    `covariance`, shape (n_waves, n_waves): of a team's means.
    """
    inverse = np.linalg.inv(covariance)
    # The waves' own means take up what all teams share: only deviations inform.
    left = treated - treated.mean(axis=0)
    return float(1 / np.einsum("tw,wv,tv->", left, inverse, left))


def assurance(
    design: PilotDesign,
    *,
    treated: int,
    control: int,
    intracluster_correlation: tuple[float, float],
) -> Assurance:
    """Power where the intracluster correlation is only known to lie in a range.

    Parameters
    ----------
    design : PilotDesign
        What is assumed otherwise.
    treated, control : int
        Teams of each arm.
    intracluster_correlation : (float, float)
        Its lowest and highest value, declared; all between are as likely.

    Returns
    -------
    Assurance
        Unavailable: as `power_of_arms`, or a range that is none.

    References
    ----------
    O'Hagan, Stevens & Campbell (2005), Pharmaceutical Statistics 4(3), 187-201.
    """
    low, high = intracluster_correlation
    if not 0 <= low <= high <= 1:
        return Assurance.unavailable("the range must lie between 0 and 1, lowest first")
    places, weights = np.polynomial.legendre.leggauss(PLACES)
    ends = [low, high, *(low + (high - low) * (places + 1) / 2)]
    found = []
    for icc in ends:
        assumed = dataclasses.replace(design, intracluster_correlation=float(icc))
        power = power_of_arms(assumed, treated=treated, control=control)
        if isinstance(power.power_by_formula, Unavailable):
            return Assurance.unavailable(power.power_by_formula)
        found.append(power.power_by_formula.estimate)
    values = {
        "assurance": float(weights @ found[2:] / 2),
        "power_at_lowest": found[0],
        "power_at_highest": found[1],
    }
    how = (
        f"{treated} teams against {control}, intracluster correlation from {low:g} to "
        f"{high:g}, every value as likely; {EXACT}"
    )
    parts = {
        term: Estimate.of(term, value, n=treated + control, n_unit="teams", method=how)
        for term, value in values.items()
    }
    return Assurance(**parts)


def _fault(design: PilotDesign, arms: tuple[int, int], units: str) -> str:
    faults = list(design.faults())
    if not design.compared:
        faults.append("compared must be true: two arms are asked for")
    if min(arms) < SMALLEST_ARM:
        faults.append(f"{min(arms)} {units} in an arm; at least {SMALLEST_ARM} needed")
    return "; ".join(faults)


def _power(
    design: PilotDesign,
    label: str,
    error: float,
    degrees: float,
    *,
    how: str,
    n: tuple[int, str],
) -> DesignPower:
    power, half_width = power_and_half_width(design.smallest_effect, error, degrees)
    numbers = {
        "expected_half_width_by_formula": half_width,
        "power_by_formula": power,
    }
    method = f"{label}; {how}; {EXACT}"
    parts = {
        term: Estimate.of(term, value, n=n[0], n_unit=n[1], method=method)
        for term, value in numbers.items()
    }
    return DesignPower(design=label, **parts)
