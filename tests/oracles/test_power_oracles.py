"""Power in closed form and bounds of looks give the numbers of R."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import oracle_values

from heard.effects.judgement.successive_looks import (
    Look,
    critical_values,
    plan_looks,
    spent_by,
)
from heard.effects.pilot_design import PilotDesign
from heard.effects.power_by_design import (
    assurance,
    power_of_arms,
    power_of_wedge,
    team_covariance,
    wedge_variance,
)
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("power")
LOOKS = oracle_values("looks")["cases"]
# Closed forms (seen: 1e-11); the bounds of looks are integrals (seen: 5e-10).
EXACT = 1e-9
INTEGRAL = 1e-7
# Asked once, after: teams of 20.
AFTER = PilotDesign(
    team_size=20,
    intracluster_correlation=0.05,
    team_stability=0,
    before_after_correlation=0,
    smallest_effect=0.4,
)


def number(result: object) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


@pytest.mark.parametrize("known", VALUES["arms"])
def test_unequal_arms_have_the_power_of_the_noncentral_t(known: dict[str, Any]) -> None:
    found = power_of_arms(AFTER, treated=known["treated"], control=known["control"])
    assert number(found.power_by_formula) == pytest.approx(known["power"], rel=EXACT)


def test_assurance_is_the_integral_over_the_range() -> None:
    known = VALUES["assurance"]
    found = assurance(
        AFTER,
        treated=known["treated"],
        control=known["control"],
        intracluster_correlation=(known["low"], known["high"]),
    )
    assert number(found.assurance) == pytest.approx(known["value"], rel=EXACT)
    assert number(found.power_at_lowest) == pytest.approx(known["at_low"], rel=EXACT)
    assert number(found.power_at_highest) == pytest.approx(known["at_high"], rel=EXACT)


@pytest.mark.parametrize("known", VALUES["wedges"])
def test_wedges_are_those_of_swcrtdesign(known: dict[str, Any]) -> None:
    design = PilotDesign(
        team_size=known["size"],
        intracluster_correlation=known["icc"],
        team_stability=known["stability"],
        before_after_correlation=known["person"],
        smallest_effect=known["effect"],
    )
    found = power_of_wedge(design, starting=known["groups"], waves_after=known["after"])
    assert number(found.power_by_formula) == pytest.approx(known["power"], rel=EXACT)
    half_width = 1.959963984540054 * known["variance"] ** 0.5
    assert number(found.expected_half_width_by_formula) == pytest.approx(half_width)


def test_a_wedge_is_hussey_and_hughes_equation() -> None:
    known = VALUES["hussey_hughes"]
    treated = np.repeat(np.tri(5)[:, ::-1][1:, :], 6, axis=0)
    covariance = known["tau2"] + known["sigma2"] * np.eye(5)
    found = wedge_variance(treated[:, :], covariance)
    assert found == pytest.approx(known["variance"], rel=EXACT)


def test_people_who_stay_share_more_than_teams_alone() -> None:
    design = PilotDesign(team_size=10, before_after_correlation=0.6)
    both, others = (
        team_covariance(d, 3)
        for d in (design, PilotDesign(team_size=10, before_after_correlation=0))
    )
    assert np.diag(both) == pytest.approx(np.diag(others))
    assert both[0, 1] - others[0, 1] == pytest.approx(0.95 * 0.6 / 10)


@pytest.mark.parametrize("known", LOOKS)
def test_bounds_are_those_of_the_joint_normal(known: dict[str, Any]) -> None:
    shares = np.array(known["shares"])
    spent = spent_by(shares)
    assert spent == pytest.approx(known["spent"], rel=EXACT)
    assert critical_values(shares, spent) == pytest.approx(
        known["bounds"], abs=INTEGRAL
    )


def test_bounds_are_those_published_for_three_and_five_looks() -> None:
    """As R gsDesign prints them: sfLDOF, .025 a side (its grid is coarser)."""
    published = {
        3: [3.710302873, 2.511427014, 1.993047523],
        5: [4.876884949, 3.357010993, 2.680279581, 2.289816682, 2.031032215],
    }
    for looks, bounds in published.items():
        shares = np.arange(1, looks + 1) / looks
        found = critical_values(shares, spent_by(shares))
        assert found == pytest.approx(bounds, abs=2e-6)


def test_a_look_carries_the_level_to_judge_by() -> None:
    found: tuple[Look, ...] = plan_looks(
        {"after": 0.5, "later": 1.0}, rule="alpha_spending"
    ).looks
    assert number(found[0].look_level) == pytest.approx(1 - 0.0030506455, abs=1e-9)
    assert number(found[1].look_critical_value) == pytest.approx(1.9685956, abs=1e-6)
