"""Estimate the precision and power of a pilot before it starts.

Scores are in standard deviations of true scores between people at one time; measurement
error is added. Simulated pilots are analysed by team means, with normal levels and data
missing at random. Oracles: the design effect and the noncentral t, in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from heard.effects.pilot_design import PilotDesign
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Result, Unavailable

# Keeps a batch's arrays near 100 MB.
MAXIMUM_ANSWERS = 2_000_000
SMALLEST_TEAM = 2
SMALLEST_ARM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedEffects:
    """What simulated pilots found.

    `effects`, shape (draws,): the estimated effect.
    `errors`, shape (draws,): its standard error; infinite where an arm kept fewer than
      two teams.
    `degrees`, shape (draws,): degrees of freedom: teams with anybody left, less arms.
    """

    effects: np.ndarray
    errors: np.ndarray
    degrees: np.ndarray


def simulated_effects(
    design: PilotDesign, teams: int, *, draws: int, random: np.random.Generator
) -> SimulatedEffects:
    """Simulate pilots and analyse each by the means of its teams.

    `design`: what is assumed.
    `teams`: teams with the pilot, and as many without if `design.compared`.
    `draws`: pilots.
    `random`: where chance comes from.
    Returns: one of each a pilot.
    """
    total = teams * (1 + design.compared)
    largest = design.team_size * (1 + 3 * design.team_size_variation)
    answers = total * largest * (1 + design.follow_ups)
    batch = max(1, int(MAXIMUM_ANSWERS / answers))
    parts = []
    for start in range(0, draws, batch):
        some = _answers(design, min(batch, draws - start), total, random)
        parts.append(_analysed(design, teams, *some))
    return SimulatedEffects(
        effects=np.concatenate([part.effects for part in parts]),
        errors=np.concatenate([part.errors for part in parts]),
        degrees=np.concatenate([part.degrees for part in parts]),
    )


def _sizes(
    design: PilotDesign, draws: int, teams: int, random: np.random.Generator
) -> np.ndarray:
    """People of every team; gamma where teams vary, at least two."""
    if design.team_size_variation == 0:
        return np.full((draws, teams), max(SMALLEST_TEAM, round(design.team_size)))
    shape = design.team_size_variation**-2
    drawn = random.gamma(shape, design.team_size / shape, (draws, teams))
    whole: np.ndarray = np.maximum(SMALLEST_TEAM, np.rint(drawn).astype(int))
    return whole


def _answers(
    design: PilotDesign, draws: int, teams: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score before, mean score after, and who has both; (draws, teams, people)."""
    sizes = _sizes(design, draws, teams, random)
    people = int(sizes.max())
    present = np.arange(people) < sizes[..., None]
    icc, waves = design.intracluster_correlation, 1 + design.follow_ups
    own = np.sqrt(icc * design.team_stability) * random.normal(size=(draws, teams, 1))
    person = np.sqrt((1 - icc) * design.before_after_correlation) * random.normal(
        size=(draws, teams, people)
    )
    noise = np.sqrt(
        (1 - icc) * (1 - design.before_after_correlation) + design.error_variance
    )
    drift = np.sqrt(icc * (1 - design.team_stability))
    before = np.zeros((draws, teams, people))
    total, counted = np.zeros_like(before), np.zeros_like(before)
    for wave in range(waves):
        score = own + person + drift * random.normal(size=(draws, teams, 1))
        score += noise * random.normal(size=score.shape)
        if wave == 0:
            before = score
            continue
        answered = random.random(score.shape) >= design.attrition
        total += score * answered
        counted += answered
    both = present & (counted > 0)
    return before, total / np.maximum(counted, 1), both


def _analysed(
    design: PilotDesign,
    teams: int,
    before: np.ndarray,
    after: np.ndarray,
    both: np.ndarray,
) -> SimulatedEffects:
    """Analyse each pilot by the means of its teams."""
    counts = both.sum(axis=2)
    has_answers = counts > 0
    size = np.maximum(counts, 1)
    mean_before = (before * both).sum(axis=2) / size
    mean_after = (after * both).sum(axis=2) / size
    slope = np.ones(len(before))
    if design.compared:
        centred = (before - mean_before[..., None]) * both
        deviation_after = (after - mean_after[..., None]) * both
        spread = (centred**2).sum(axis=(1, 2))
        slope = (centred * deviation_after).sum(axis=(1, 2)) / np.where(
            spread > 0, spread, 1.0
        )
    adjusted = mean_after - slope[:, None] * mean_before
    arms = [has_answers[:, :teams], has_answers[:, teams:]][: 1 + design.compared]
    values = [adjusted[:, :teams], adjusted[:, teams:]][: 1 + design.compared]
    sizes = [arm.sum(axis=1) for arm in arms]
    found = [_mean_and_squares(*part) for part in zip(values, arms, strict=True)]
    degrees = sum(size - 1 for size in sizes)
    squares = sum(left for _, left in found)
    weights = sum(1 / np.maximum(size, 1) for size in sizes)
    effect = found[0][0] - (found[1][0] if design.compared else 0.0)
    error = np.sqrt(squares / np.maximum(degrees, 1) * weights)
    done = np.min(sizes, axis=0) >= SMALLEST_ARM
    return SimulatedEffects(
        effects=effect + design.smallest_effect,
        errors=np.where(done, error, np.inf),
        degrees=np.maximum(degrees, 1),
    )


def _mean_and_squares(
    values: np.ndarray, has_answers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    counts = np.maximum(has_answers.sum(axis=1), 1)
    middle = (values * has_answers).sum(axis=1) / counts
    deviation = (values - middle[:, None]) * has_answers
    return middle, (deviation**2).sum(axis=1)


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
    """What a pilot with this many teams would show.

    `teams`: how many teams, in words.
    `expected_half_width`: half the width of the 95 % interval, on average over
      simulated pilots.
    `power`: share of simulated pilots whose interval excludes zero, where the effect
      is the smallest effect of interest.
    `expected_half_width_by_formula`, `power_by_formula`: the same in closed form, for
      teams of equal size.
    `expected_design_effect`: how many times larger the variance of a mean is than with
      unrelated people.
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
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, found.degrees) * found.errors
    how = f"{draws} simulated pilots, {_how(design)}"
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
            f"in {n_infinite} of {len(values)} simulated pilots an arm kept fewer "
            "than 2 "
            "teams: too few people are left"
        )
        return Unavailable(
            term=TERMS[0], reason=reason, n=len(values), n_unit="pilots", method=how
        )
    middle = float(values.mean())
    reach = 1.96 * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Estimate.of(
        TERMS[0],
        middle,
        (middle - reach, middle + reach),
        n=len(values),
        n_unit="pilots",
        method=f"{how}; interval of the simulation's own error only",
    )


def _share(seen: np.ndarray, *, how: str) -> Result:
    low, high = proportion_confint(int(seen.sum()), len(seen), method="wilson")
    return Estimate.of(
        "power",
        seen.mean(),
        (low, high),
        n=len(seen),
        n_unit="pilots",
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
    # Each answers each follow-up independently; a team's wave mean is based on those.
    after = shared + (before - shared) / waves
    slope = shared / before if design.compared else 1.0
    own = icc * (
        (1 + (waves - 1) * design.team_stability) / waves
        + slope**2
        - 2 * slope * design.team_stability
    )
    return own + (after + slope**2 * before - 2 * slope * shared) / answered


def power_and_half_width(
    effect: float, error: float, degrees: float
) -> tuple[float, float]:
    """Power, and half the expected width of the 95 % interval, of an estimate by t.

    `effect`, `error`: the true effect, and the estimate's true standard error.
    `degrees`: those of the estimated error; infinite where it is known.
    """
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))
    away = effect / error
    if math.isinf(degrees):
        power = stats.norm.sf(quantile - away) + stats.norm.cdf(-quantile - away)
        return float(power), quantile * error
    # An estimated standard deviation is too small on average, the more the fewer.
    short = math.sqrt(2 / degrees) * math.exp(
        special.gammaln((degrees + 1) / 2) - special.gammaln(degrees / 2)
    )
    # The wrong tail is under the normal's at -away; scipy is inexact far out.
    wrong = stats.nct.cdf(-quantile, degrees, away) if away < FAR else 0.0
    power = stats.nct.sf(quantile, degrees, away) + wrong
    return min(float(power), 1.0), quantile * error * short


def _by_formula(design: PilotDesign, teams: int) -> tuple[Result, Result]:
    arms = 1 + design.compared
    degrees = arms * teams - arms
    error = math.sqrt(team_mean_variance(design) * arms / teams)
    power, half_width = power_and_half_width(design.smallest_effect, error, degrees)
    exact = (
        "closed form for teams of equal size whose slope before to after is known, "
        "no one answering only some follow-ups; exact under what is "
        "assumed, so no interval"
    )
    total = arms * teams
    return (
        Estimate.of(
            TERMS[2],
            half_width,
            n=total,
            n_unit="teams",
            method=f"{exact}; quantile of t times the expected standard error",
        ),
        Estimate.of(
            TERMS[3],
            power,
            n=total,
            n_unit="teams",
            method=f"{exact}; noncentral t",
        ),
    )


def _design_effect(design: PilotDesign, teams: int) -> Result:
    observed = design.intracluster_correlation * design.reliability
    size = design.team_size * (1 + design.team_size_variation**2)
    return Estimate.of(
        TERMS[4],
        1 + (size - 1) * observed,
        n=teams,
        n_unit="teams",
        method="1 + (m - 1) times the observed intracluster correlation (the true one "
        "times the reliability), m the mean size times 1 + variation squared; "
        "a property of what is assumed, so no interval",
    )
