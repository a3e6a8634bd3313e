"""A design, before the pilot, into how wide its interval will be and what it can see.

The rule that holds throughout: scores are in standard deviations of what people truly
feel, between people at one time; the instrument's error is added to that. With a
reliability of 1 all is in standard deviations of the scores as observed.
Simulated pilots are analysed by the means of their teams, so what counts is teams.
Oracle: the design effect and the noncentral t, in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.randomness import generator
from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.simulated_pilots import simulated_effects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.outcomes.pilot_design import PilotDesign

CONFIDENCE = 0.95
MINIMUM_CLUSTERS = 5
DRAWS = 2_000
FEW_DRAWS = 100
FAR = 8.0
"""Standard errors beyond which a normal tail, under 1e-15, is nothing."""
TERMS = (
    "expected_half_width",
    "power",
    "expected_half_width_by_formula",
    "power_by_formula",
    "expected_design_effect",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPrecision(Composite):
    """What a pilot with so many teams would show.

    Attributes
    ----------
    teams : str
        How many teams, in words.
    expected_half_width : Estimate or Unavailable
        Half the width of the 95 % interval, on average over simulated pilots.
    power : Estimate or Unavailable
        Share of simulated pilots whose interval leaves out zero, where the effect is
        the smallest that matters.
    expected_half_width_by_formula, power_by_formula : Estimate or Unavailable
        The same in closed form, for teams of equal size.
    expected_design_effect : Estimate or Unavailable
        How many times larger the variance of a mean is than with unrelated people.
    """

    teams: str
    expected_half_width: Result
    power: Result
    expected_half_width_by_formula: Result
    power_by_formula: Result
    expected_design_effect: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionByTeams(Composite):
    """`ExpectedPrecision` for each number of teams asked for."""

    numbers: tuple[ExpectedPrecision, ...]


def precision_by_teams(
    design: PilotDesign,
    *,
    teams: Sequence[int],
    draws: int = DRAWS,
    seed: str = "precision",
) -> PrecisionByTeams:
    """Simulate pilots of several numbers of teams.

    Parameters
    ----------
    design : PilotDesign
        What is assumed.
    teams : sequence of int
        Numbers of teams with the pilot; if `compared`, as many without.
    draws : int
        Simulated pilots for each number.
    seed : str
        Names the draws.

    Returns
    -------
    PrecisionByTeams
        Unavailable within: fewer than 5 teams altogether, or a design that cannot be.

    References
    ----------
    Hayes & Moulton (2017), Cluster Randomised Trials, 2nd ed., chapters 7 and 10
    (analysis by the means of clusters); Donner & Klar (2000), Design and Analysis of
    Cluster Randomization Trials (design effect).
    """
    return PrecisionByTeams(
        numbers=tuple(
            _precision(design, count, draws=draws, seed=seed) for count in teams
        )
    )


def _precision(
    design: PilotDesign, teams: int, *, draws: int, seed: str
) -> ExpectedPrecision:
    label = f"{teams} teams" + " an arm" * design.compared
    total = teams * (1 + design.compared)
    faults = list(design.faults())
    if total < MINIMUM_CLUSTERS:
        faults.append(f"{total} teams altogether; at least {MINIMUM_CLUSTERS} needed")
    if draws < FEW_DRAWS:
        faults.append(f"{draws} simulated pilots; at least {FEW_DRAWS} needed")
    if faults:
        reason = "; ".join(faults)
        absent = {term: Unavailable(term=term, reason=reason) for term in TERMS}
        return ExpectedPrecision(teams=label, **absent)
    random = generator("pilot_precision", seed, str(teams))
    found = simulated_effects(design, teams, draws=draws, random=random)
    from scipy import stats  # noqa: PLC0415 - heavy, and only needed here

    reach = stats.t.ppf((1 + CONFIDENCE) / 2, found.degrees) * found.errors
    how = f"{draws} simulated pilots, {_how(design)}; n counts pilots"
    half_width, power = _by_formula(design, teams)
    return ExpectedPrecision(
        teams=label,
        expected_half_width=_mean(reach, how=how),
        power=_share(np.abs(found.effects) > reach, how=how),
        expected_half_width_by_formula=half_width,
        power_by_formula=power,
        expected_design_effect=_design_effect(design, total),
    )


def _how(design: PilotDesign) -> str:
    compared = "means of teams' adjusted scores compared between two arms"
    single_arm_method = "mean over teams of the mean change against zero"
    return (
        f"{compared if design.compared else single_arm_method}, t with teams less "
        f"{1 + design.compared} degrees of freedom; in standard deviations of what "
        f"people truly feel, instrument's reliability {design.reliability:g}"
    )


def _mean(values: np.ndarray, *, how: str) -> Result:
    if n_infinite := int(np.isinf(values).sum()):
        reason = (
            f"in {n_infinite} of {len(values)} simulated pilots an arm kept fewer than 2 "
            "teams: too few people are left"
        )
        return Unavailable(term=TERMS[0], reason=reason, n=len(values), method=how)
    middle = float(values.mean())
    reach = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate(
        term=TERMS[0],
        estimate=middle,
        conf_low=middle - reach,
        conf_high=middle + reach,
        n=len(values),
        method=f"{how}; interval of the simulation's own error only",
    )


def _share(seen: np.ndarray, *, how: str) -> Result:
    from statsmodels.stats.proportion import (  # noqa: PLC0415 - heavy
        proportion_confint,
    )

    low, high = proportion_confint(int(seen.sum()), len(seen), method="wilson")
    return Estimate(
        term="power",
        estimate=float(seen.mean()),
        conf_low=float(low),
        conf_high=float(high),
        n=len(seen),
        method=f"{how}; Wilson interval of the simulation's own error only",
    )


def team_mean_variance(design: PilotDesign) -> float:
    """Variance of a team's adjusted mean, teams of equal size.

    The team's own part does not keep step from wave to wave more than `team_stability`
    says, the people's part shrinks with their number. With no score before to adjust
    for this is the design effect over the team's size.
    """
    waves, icc = design.follow_ups, design.intracluster_correlation
    people = 1 - icc
    before = people + design.error_variance
    shared = people * design.before_after_correlation
    answered = design.team_size * (1 - design.attrition)
    # Each answers each follow-up independently; a team's wave mean rests on those.
    after = shared + (before - shared) / waves
    slope = shared / before if design.compared else 1.0
    own = icc * (
        (1 + (waves - 1) * design.team_stability) / waves
        + slope**2
        - 2 * slope * design.team_stability
    )
    return own + (after + slope**2 * before - 2 * slope * shared) / answered


def _by_formula(design: PilotDesign, teams: int) -> tuple[Result, Result]:
    from scipy import special, stats  # noqa: PLC0415 - heavy, and only needed here

    arms = 1 + design.compared
    degrees = arms * teams - arms
    error = math.sqrt(team_mean_variance(design) * arms / teams)
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
    # An estimated standard deviation is too small on average, the more the fewer.
    short = math.sqrt(2 / degrees) * math.exp(
        special.gammaln((degrees + 1) / 2) - special.gammaln(degrees / 2)
    )
    away = design.smallest_effect / error
    # The wrong tail is under the normal's at -away; scipy cannot tell it far out.
    wrong = stats.nct.cdf(-quantile, degrees, away) if away < FAR else 0.0
    power = stats.nct.sf(quantile, degrees, away) + wrong
    exact = (
        "closed form for teams of equal size whose slope before to after is known, "
        "nobody answering only some follow-ups; n counts teams; exact under what is "
        "assumed, so no interval"
    )
    total = arms * teams
    return (
        Estimate(
            term=TERMS[2],
            estimate=quantile * error * short,
            n=total,
            method=f"{exact}; quantile of t times the expected standard error",
        ),
        Estimate(
            term=TERMS[3],
            estimate=min(float(power), 1.0),
            n=total,
            method=f"{exact}; noncentral t",
        ),
    )


def _design_effect(design: PilotDesign, teams: int) -> Result:
    observed = design.intracluster_correlation * design.reliability
    size = design.team_size * (1 + design.team_size_variation**2)
    return Estimate(
        term=TERMS[4],
        estimate=1 + (size - 1) * observed,
        n=teams,
        method="1 + (m - 1) times the observed intracluster correlation (the true one "
        "times the reliability), m the mean size times 1 + variation squared; n counts "
        "teams; a property of what is assumed, so no interval",
    )
