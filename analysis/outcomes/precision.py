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
    from collections.abc import Iterator, Sequence

CONFIDENCE = 0.95
FEWEST_CLUSTERS = 5
DRAWS = 2_000
FEW_DRAWS = 100
TERMS = (
    "expected_half_width",
    "power",
    "expected_half_width_by_formula",
    "power_by_formula",
    "design_effect",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotDesign:
    """What is assumed about a pilot before it starts.

    Attributes
    ----------
    team_size : float
        People of a team who answer before; on average over teams.
    team_size_variation : float
        Standard deviation of the teams' sizes over their mean.
    follow_ups : int
        Waves after the start; what is judged is a person's mean over them.
    intracluster_correlation : float
        Of two people of one team at one wave.
    team_stability : float
        Correlation of a team's own level between two waves.
    before_after_correlation : float
        Of one person's two answers, within a team.
    attrition : float
        Share of those who answered before whose answer is missing, or cannot be
        linked, at a follow-up.
    reliability : float
        Of the instrument; 1 if the correlations above are of observed scores.
    smallest_effect : float
        Smallest difference that matters.
    compared : bool
        Whether as many teams without the pilot answer too.
    """

    team_size: float
    team_size_variation: float = 0.0
    follow_ups: int = 1
    intracluster_correlation: float = 0.05
    team_stability: float = 0.8
    before_after_correlation: float = 0.6
    attrition: float = 0.0
    reliability: float = 1.0
    smallest_effect: float = 0.2
    compared: bool = True

    def faults(self) -> Iterator[str]:
        """Everything that cannot be."""
        shares = {
            "intracluster_correlation": self.intracluster_correlation,
            "team_stability": self.team_stability,
            "before_after_correlation": self.before_after_correlation,
        }
        for name, value in shares.items():
            if not 0 <= value <= 1:
                yield f"{name} must be from 0 to 1"
        if not 0 <= self.attrition < 1:
            yield "attrition must be from 0 to under 1"
        if not 0 < self.reliability <= 1:
            yield "reliability must be over 0 and at most 1"
        if not (math.isfinite(self.team_size) and self.team_size >= 2):
            yield "team_size must be at least 2"
        if not 0 <= self.team_size_variation <= 2:
            yield "team_size_variation must be from 0 to 2"
        if self.follow_ups < 1:
            yield "follow_ups must be at least 1"
        if not (math.isfinite(self.smallest_effect) and self.smallest_effect > 0):
            yield "smallest_effect must be over 0"
        if self.reliability == 1 and 1 in (
            self.intracluster_correlation,
            self.before_after_correlation,
        ):
            yield "with a correlation of 1 and no error nothing is left to vary"

    @property
    def error_variance(self) -> float:
        """What the instrument adds to a variance of 1."""
        return (1 - self.reliability) / self.reliability


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
    design_effect : Estimate or Unavailable
        How many times larger the variance of a mean is than with unrelated people.
    """

    teams: str
    expected_half_width: Result
    power: Result
    expected_half_width_by_formula: Result
    power_by_formula: Result
    design_effect: Result


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
    if total < FEWEST_CLUSTERS:
        faults.append(f"{total} teams altogether; at least {FEWEST_CLUSTERS} needed")
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
        design_effect=_design_effect(design, total),
    )


def _how(design: PilotDesign) -> str:
    compared = "means of teams' adjusted scores compared between two arms"
    alone = "mean over teams of the mean change against zero"
    return (
        f"{compared if design.compared else alone}, t with teams less "
        f"{1 + design.compared} degrees of freedom; in standard deviations of what "
        f"people truly feel, instrument's reliability {design.reliability:g}"
    )


def _mean(values: np.ndarray, *, how: str) -> Result:
    if lost := int(np.isinf(values).sum()):
        reason = (
            f"in {lost} of {len(values)} simulated pilots an arm kept fewer than 2 "
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
    power = stats.nct.sf(quantile, degrees, away) + stats.nct.cdf(
        -quantile, degrees, away
    )
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
        term="design_effect",
        estimate=1 + (size - 1) * observed,
        n=teams,
        method="1 + (m - 1) times the observed intracluster correlation (the true one "
        "times the reliability), m the mean size times 1 + variation squared; n counts "
        "teams; a property of what is assumed, so no interval",
    )
