"""A design into simulated pilots: the effect each finds, and its standard error.

The rule that holds throughout: a person's score is a team's level, the person's own and
the instrument's error, all normal; whoever is missing is missing by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.outcomes.pilot_design import PilotDesign

# Keeps a batch's arrays near 100 MB.
MAXIMUM_ANSWERS = 2_000_000
SMALLEST_TEAM = 2
SMALLEST_ARM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedEffects:
    """What simulated pilots found.

    Attributes
    ----------
    effects : ndarray, shape (draws,)
        The estimated effect.
    errors : ndarray, shape (draws,)
        Its standard error; infinite where an arm kept fewer than two teams.
    degrees : ndarray, shape (draws,)
        Degrees of freedom: teams with anybody left, less arms.
    """

    effects: np.ndarray
    errors: np.ndarray
    degrees: np.ndarray


def simulated_effects(
    design: PilotDesign, teams: int, *, draws: int, random: np.random.Generator
) -> SimulatedEffects:
    """Simulate pilots and analyse each by the means of its teams.

    Parameters
    ----------
    design : PilotDesign
        What is assumed.
    teams : int
        Teams with the pilot, and as many without if `design.compared`.
    draws : int
        Pilots.
    random : Generator
        Where chance comes from.

    Returns
    -------
    SimulatedEffects
        One of each a pilot.
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
