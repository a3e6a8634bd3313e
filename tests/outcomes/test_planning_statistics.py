"""Plans made before a pilot: looks at successive waves, and power by design."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from heard.effects.judgement.successive_looks import (
    critical_values,
    plan_looks,
    spent_by,
)
from heard.effects.pilot_design import PilotDesign
from heard.effects.power import precision_by_teams
from heard.effects.power_by_design import (
    DesignPower,
    assurance,
    bell_mccaffrey_degrees,
    power_by_site,
    power_of_arms,
    power_of_wedge,
)
from heard.errors import DataError
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

DESIGN = PilotDesign(team_size=20, smallest_effect=0.4)


def number(result: Result) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


def reason(found: DesignPower) -> str:
    assert isinstance(found.power_by_formula, Unavailable)
    return found.power_by_formula.reason


# --- looks ----------------------------------------------------------------------------


def test_judged_once_only_the_first_follow_up_counts() -> None:
    first, later = plan_looks({"after": 0.6, "later": 1}).looks
    assert number(first.look_level) == pytest.approx(0.95)
    assert number(first.look_critical_value) == pytest.approx(1.959964)
    assert isinstance(later.look_level, Unavailable)
    assert "changes no verdict" in later.look_level.reason


def test_a_look_too_early_claims_nothing() -> None:
    first, _ = plan_looks({"early": 0.02, "last": 1}, rule="alpha_spending").looks
    assert isinstance(first.look_level, Unavailable)
    assert first.look_level.reason == "so early that nothing may be claimed"


@pytest.mark.parametrize(
    "information", [{}, {"a": 0.5}, {"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 1.0}]
)
def test_shares_must_rise_to_one(information: dict[str, float]) -> None:
    with pytest.raises(DataError, match="must rise"):
        plan_looks(information, rule="alpha_spending")


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(DataError, match="unknown rule"):
        plan_looks({"a": 1.0}, rule="often")  # type: ignore[arg-type]


@settings(max_examples=5)
@given(cuts=st.lists(st.floats(0.2, 0.95), min_size=1, max_size=3, unique=True))
def test_bounds_hold_the_false_claims_of_all_looks(cuts: list[float]) -> None:
    """In simulated sums without an effect, 5 % cross some bound."""
    shares = np.array([*sorted(cuts), 1.0])
    bounds = critical_values(shares, spent_by(shares))
    random = np.random.default_rng(5)
    steps = np.sqrt(np.diff(shares, prepend=0))
    sums = np.cumsum(random.normal(size=(40_000, len(shares))) * steps, axis=1)
    crossed = (np.abs(sums) / np.sqrt(shares) > bounds).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.005)
    assert bounds[-1] >= 1.959963


# --- power ----------------------------------------------------------------------------


def test_equal_arms_have_the_power_of_the_simulated_design() -> None:
    known = precision_by_teams(DESIGN, teams=[7], draws=100).numbers[0]
    found = power_of_arms(DESIGN, treated=7, control=7)
    for term in ("power_by_formula", "expected_half_width_by_formula"):
        assert number(getattr(found, term)) == pytest.approx(
            number(getattr(known, term))
        )
    assert bell_mccaffrey_degrees(7, 7) == pytest.approx(12)


def test_unequal_arms_reject_as_often_as_simulated_ones() -> None:
    """Unit means of 4 and 10 teams by HC2 and Bell and McCaffrey's t."""
    random, effect = np.random.default_rng(2), 1.6
    one, other = (random.normal(size=(40_000, k)) for k in (4, 10))
    difference = one.mean(axis=1) - other.mean(axis=1) + effect
    error = np.sqrt(one.var(axis=1, ddof=1) / 4 + other.var(axis=1, ddof=1) / 10)
    reach = stats.t.ppf(0.975, bell_mccaffrey_degrees(4, 10))
    share = (np.abs(difference) > reach * error).mean()
    design = PilotDesign(
        team_size=2,
        intracluster_correlation=1,
        team_stability=0,
        before_after_correlation=0,
        reliability=0.999999,
        smallest_effect=effect,
    )
    found = number(power_of_arms(design, treated=4, control=10).power_by_formula)
    assert found == pytest.approx(share, abs=0.02)


def test_a_site_of_one_team_without_drift_is_a_team() -> None:
    teams = power_of_arms(DESIGN, treated=4, control=6)
    sites = power_by_site(DESIGN, treated=4, control=6, teams_per_site=1, site_drift=0)
    assert number(sites.power_by_formula) == pytest.approx(
        number(teams.power_by_formula)
    )


def test_a_drift_of_sites_costs_power_that_teams_cannot_buy() -> None:
    def power(teams: int, drift: float) -> float:
        found = power_by_site(
            DESIGN, treated=4, control=4, teams_per_site=teams, site_drift=drift
        )
        return number(found.power_by_formula)

    assert power(4, 0) > power(4, 0.1) > power(4, 0.25)
    assert power(1000, 0.25) < 0.6


@settings(max_examples=20)
@given(low=st.floats(0, 0.2), width=st.floats(0, 0.3))
def test_assurance_lies_between_the_ends(low: float, width: float) -> None:
    found = assurance(
        DESIGN, treated=6, control=6, intracluster_correlation=(low, low + width)
    )
    ends = [number(found.power_at_highest), number(found.power_at_lowest)]
    assert ends[0] - 1e-9 <= number(found.assurance) <= ends[1] + 1e-9


def test_designs_that_cannot_be_say_why() -> None:
    assert "1 teams in an arm" in reason(power_of_arms(DESIGN, treated=1, control=9))
    alone = PilotDesign(team_size=20, compared=False)
    assert "compared" in reason(power_of_arms(alone, treated=5, control=5))
    wrong = PilotDesign(team_size=1)
    assert "team_size" in reason(power_of_arms(wrong, treated=5, control=5))
    assert "team_size" in reason(power_of_wedge(wrong, starting=[2, 2]))
    assert "2 groups" in reason(power_of_wedge(DESIGN, starting=[6]))
    found = power_by_site(
        DESIGN, treated=4, control=4, teams_per_site=0, site_drift=0.1
    )
    assert "teams_per_site" in reason(found)
    range_of = assurance(
        DESIGN, treated=6, control=6, intracluster_correlation=(0.3, 0.1)
    )
    assert isinstance(range_of.assurance, Unavailable)
    assert isinstance(
        assurance(
            DESIGN, treated=1, control=6, intracluster_correlation=(0.1, 0.2)
        ).assurance,
        Unavailable,
    )
