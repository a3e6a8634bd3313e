"""What a design could detect, by what is allocated: teams, sites, a wedge, a range."""

from __future__ import annotations

import dataclasses
import html
import math
import re
from typing import TYPE_CHECKING

import pytest
from scipy import stats
from shapes import SHAPES

from analysis.foundation.errors import DeclarationError
from analysis.outcomes.design import evaluate_design
from analysis.publication.design import design_sentence, show_design
from analysis.publication.disclosure.control import disclose
from analysis.publication.figure import Figure

if TYPE_CHECKING:
    from shaped_studies import Shape

    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed

ASSUMED = "\n[design]\nteam_size = 20\nsmallest_effect = 0.3\nteams = [4, 8]\n"


def designed(name: str, more: str = "") -> Shape:
    shape = SHAPES[name]
    return dataclasses.replace(shape, outcome=shape.outcome + ASSUMED + more)


def disclosed_of(shape: Shape) -> Disclosed:
    return disclose(evaluate_design(shape.study), smallest=11)


def words_of(shape: Shape) -> str:
    text = show_design(disclosed_of(shape), shape.study)._repr_html_()
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def powers(shape: Shape) -> dict[str, Finding]:
    found = evaluate_design(shape.study)
    return {str(one.group): one for one in found if one.term == "power_by_formula"}


def test_sites_are_counted_where_sites_are_allocated() -> None:
    shape = designed("three_sites_an_arm", "site_drift = 0.2\n")
    found = powers(shape)
    assert [*found] == ["4 sites an arm", "8 sites an arm"]
    # By hand: adjusted for the score before by a slope of .6, a team's level varies by
    # icc (1 + .6^2 - 2 * .6 * .8) and its 20 people's mean by (1 - icc)(1 - .6^2) / 20;
    # three teams a site; four sites an arm; t on 6 degrees of freedom.
    of_team = 0.05 * (1 + 0.36 - 0.96) + 0.95 * (1 - 0.36) / 20
    error = math.sqrt((0.2**2 + of_team / 3) * 2 / 4)
    limit = stats.t.ppf(0.975, 6)
    far = stats.nct.sf(limit, 6, 0.3 / error) + stats.nct.cdf(-limit, 6, 0.3 / error)
    assert found["4 sites an arm"].estimate == pytest.approx(far, abs=1e-6)
    words = words_of(shape)
    assert "What so many sites would let the pilot see" in words
    assert re.search(r"With 4 sites in each group the pilot will see", words)
    assert "teams in each group" not in words
    assert "Simulated pilots" not in words
    assert "Standard deviation of what moves a whole site 0.2" in words


def test_sites_of_unequal_arms_are_shown_as_declared() -> None:
    assert "2 sites against 3" in powers(designed("five_sites"))
    words = words_of(designed("five_sites"))
    assert "with 2 sites against 3 in" in words


def test_unequal_arms_of_teams_are_shown_as_declared() -> None:
    shape = designed("unequal_teams")
    assert "4 teams against 8" in powers(shape)
    words = words_of(shape)
    assert "with 4 teams against 8 in" in words
    assert "4 teams against 8" not in powers(designed("linked_teams"))


def test_a_wedge_stands_for_the_arms_of_teams() -> None:
    shape = designed("wedge_in_sites")
    (name,) = powers(shape)
    assert name == "16 teams that start in 4 groups"
    words = words_of(shape)
    assert "With 16 teams that start in 4 groups the pilot will see" in words
    assert "in each group" not in design_sentence(disclosed_of(shape), shape.study)


def test_starts_that_nobody_randomised_are_no_wedge() -> None:
    assert "4 teams an arm" in powers(designed("staggered"))


def test_an_unsure_correlation_gives_a_range_of_power() -> None:
    shape = designed("linked_teams", "intracluster_range = [0.01, 0.2]\n")
    found = {
        (one.term, str(one.group)): one.estimate for one in evaluate_design(shape.study)
    }
    low = found["power_at_lowest", "8 teams an arm"]
    high = found["power_at_highest", "8 teams an arm"]
    average = found["assurance", "8 teams an arm"]
    assert low is not None
    assert high is not None
    assert average is not None
    assert high < average < low
    for end, power in ((0.01, low), (0.2, high)):
        alone = designed("linked_teams", f"intracluster_correlation = {end}\n")
        at_end = powers(alone)["8 teams an arm"].estimate
        assert at_end == pytest.approx(power, abs=0.02)
    words = words_of(shape)
    said = f"{100 * high:.0f} to {100 * low:.0f} of 100 with 8"
    assert said in words
    assert "only known to lie in a range" in words
    assert "only known to lie in a range" not in words_of(designed("linked_teams"))


@pytest.mark.parametrize("name", ["three_sites_an_arm", "unequal_teams"])
def test_a_figure_is_drawn_of_numbers_of_units(name: str) -> None:
    shape = designed(name)
    parts = show_design(disclosed_of(shape), shape.study).parts
    (figure,) = [part for part in parts if isinstance(part, Figure)]
    assert {point.label for point in figure.points} == {"4", "8"}


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("intracluster_range = [0.2, 0.1]", "two numbers from 0 to 1, lowest first"),
        ("intracluster_range = [0.2]", "two numbers from 0 to 1, lowest first"),
        ("site_drift = 2", "must be from 0 to 1"),
        ("intracluster_range = [0, 0.1]\ncompared = false", "needs compared = true"),
    ],
)
def test_a_design_that_cannot_be_is_refused(more: str, fault: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(fault)):
        _ = designed("linked_teams", more + "\n").study
