"""Precision expected of a design: what theory says, and what cannot be is refused."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from heard.effects.pilot_design import PilotDesign
from heard.effects.power import (
    ExpectedPrecision,
    precision_by_teams,
    simulated_effects,
    team_mean_variance,
)
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

DESIGNS = [
    PilotDesign(team_size=20, before_after_correlation=0, team_stability=0),
    PilotDesign(team_size=16, reliability=0.7),
    PilotDesign(team_size=10, compared=False, follow_ups=3, smallest_effect=0.3),
    PilotDesign(team_size=20, attrition=0.4, intracluster_correlation=0.1),
]


def expected(design: PilotDesign, teams: int, *, draws: int = 200) -> ExpectedPrecision:
    return precision_by_teams(design, teams=[teams], draws=draws).numbers[0]


def value(result: object) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


@pytest.mark.parametrize("design", DESIGNS)
def test_simulation_agrees_with_the_closed_form(design: PilotDesign) -> None:
    """Power within 4 Monte Carlo errors and the slope's own; half-width to 3 %."""
    found = expected(design, 10, draws=1_500)
    assert value(found.expected_half_width) == pytest.approx(
        value(found.expected_half_width_by_formula), rel=0.03
    )
    assert value(found.power) == pytest.approx(
        value(found.power_by_formula), abs=4 * math.sqrt(0.25 / 1_500)
    )


def test_without_a_score_before_the_variance_is_the_design_effects() -> None:
    """(1 + (m-1) ICC)/m, and with equal teams 1.95 by hand: 1 + 19 x .05."""
    assert team_mean_variance(DESIGNS[0]) == pytest.approx(1.95 / 20, rel=1e-12)
    assert value(expected(DESIGNS[0], 4, draws=100).expected_design_effect) == (
        pytest.approx(1.95, rel=1e-12)
    )


def test_power_by_formula_is_that_of_a_t_test_of_team_means() -> None:
    """R: power.t.test(n = 10, delta = .4, sd = sqrt(1.95/20), strict = TRUE)."""
    design = dataclasses.replace(DESIGNS[0], smallest_effect=0.4)
    found = expected(design, 10, draws=100)
    assert value(found.power_by_formula) == pytest.approx(0.7730732155833475, abs=1e-8)


def test_a_large_effect_is_always_seen() -> None:
    """The wrong tail of the noncentral t is no number far out in scipy."""
    design = PilotDesign(team_size=20, smallest_effect=3.0)
    found = expected(design, 12, draws=100)
    assert value(found.power_by_formula) == pytest.approx(1, abs=1e-12)
    assert value(found.power) == 1


def test_simulated_effects_are_right_on_average() -> None:
    found = simulated_effects(DESIGNS[1], 6, draws=1_500, random=generator("test"))
    error = found.effects.std(ddof=1) / math.sqrt(1_500)
    assert abs(found.effects.mean() - DESIGNS[1].smallest_effect) < 4 * error
    # What the analysis says of its own error is what the pilots show.
    assert math.sqrt(np.mean(found.errors**2)) == pytest.approx(
        found.effects.std(ddof=1), rel=0.08
    )


def test_uneven_teams_cost_precision() -> None:
    uneven = dataclasses.replace(DESIGNS[1], team_size_variation=0.8)
    even = expected(DESIGNS[1], 8, draws=500)
    assert value(expected(uneven, 8, draws=500).expected_half_width) > value(
        even.expected_half_width
    )


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert expected(DESIGNS[1], 6, draws=200) == expected(DESIGNS[1], 6, draws=200)


def test_too_few_teams_and_impossible_designs_are_refused_together() -> None:
    bad = PilotDesign(team_size=1, attrition=1.0, reliability=0, follow_ups=0)
    found = expected(bad, 2)
    for result in found.results():
        assert isinstance(result, Unavailable)
        for part in ["team_size", "attrition", "reliability", "follow_ups", "4 teams"]:
            assert part in result.reason


def test_teams_that_vanish_are_said() -> None:
    found = expected(PilotDesign(team_size=2, attrition=0.97), 3, draws=200)
    assert isinstance(found.expected_half_width, Unavailable)
    assert "fewer than 2 teams" in found.expected_half_width.reason
    assert value(found.power) < 0.2
