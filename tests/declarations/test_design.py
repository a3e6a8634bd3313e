"""Designs: what is read, what is refused at its key, and that no lock holds one."""

from __future__ import annotations

import dataclasses

import pytest
from planned import GOOD, locked, parsed

from analysis.declarations.plan import TEAMS, DeclaredDesign, hash_of
from analysis.declarations.plan_lock import deviations, lockable
from analysis.foundation.errors import DeclarationError
from heard.effects.pilot_design import PilotDesign

DESIGN = """
[design]
team_size = 15
teams = [6, 12]
smallest_effect = 0.3
compared = false
"""


def declared(text: str) -> DeclaredDesign:
    found = parsed(GOOD + text).design
    assert found is not None
    return found


def test_a_design_is_read_and_what_it_leaves_out_is_as_usual() -> None:
    found = declared(DESIGN)
    assert found.teams == (6, 12)
    assert found.assumed == PilotDesign(
        team_size=15, smallest_effect=0.3, compared=False
    )
    assert declared("[design]\nteam_size = 15\n").teams == TEAMS == (6, 12, 25)


def test_every_key_is_read() -> None:
    """Every field of the design takes a value of its own, none that of another."""
    values = {
        "team_size": 20.5,
        "team_size_variation": 0.4,
        "follow_ups": 3,
        "intracluster_correlation": 0.11,
        "team_stability": 0.71,
        "before_after_correlation": 0.51,
        "attrition": 0.31,
        "reliability": 0.91,
        "smallest_effect": 0.25,
    }
    lines = "\n".join(f"{key} = {value}" for key, value in values.items())
    found = declared(f"[design]\n{lines}\ncompared = false\n").assumed
    assert dataclasses.asdict(found) == {**values, "compared": False}


def test_a_study_without_a_design_has_none() -> None:
    assert parsed(GOOD).design is None


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("team_sise = 15", "[design.team_size] is missing; it must be a number"),
        ("team_size = 1", "[design.team_size] must be at least 2"),
        ("team_size = nan", "[design.team_size] must be at least 2"),
        ("team_size = 1001", "[design.team_size] must be at most 1,000"),
        ("team_size_variation = 3", "[design.team_size_variation] must be from 0 to 2"),
        ("follow_ups = 0", "[design.follow_ups] must be at least 1"),
        ("follow_ups = 1.5", "[design.follow_ups] must be a whole number"),
        ("follow_ups = 21", "[design.follow_ups] must be at most 20"),
        (
            "intracluster_correlation = 1.2",
            "[design.intracluster_correlation] must be from 0 to 1",
        ),
        ("team_stability = -0.1", "[design.team_stability] must be from 0 to 1"),
        (
            "before_after_correlation = nan",
            "[design.before_after_correlation] must be from 0 to 1",
        ),
        ("attrition = 1", "[design.attrition] must be from 0 to under 1"),
        ("reliability = 0", "[design.reliability] must be over 0 and at most 1"),
        ("intracluster_correlation = 1", "[design.reliability] of 1, with"),
        ("smallest_effect = 0", "[design.smallest_effect] must be over 0"),
        ("smallest_effect = inf", "[design.smallest_effect] must be over 0"),
        ("compared = 1", "[design.compared] must be true or false"),
        ("teams = []", "[design.teams] names no number of teams"),
        ("teams = 6", "[design.teams] must be a list of whole numbers"),
        ("teams = [6.5]", "[design.teams] must be a list of whole numbers"),
        ("teams = [true]", "[design.teams] must be a list of whole numbers"),
        ("teams = [1, 6]", "[design.teams] must be from 2 to 500 each"),
        ("teams = [6, 501]", "[design.teams] must be from 2 to 500 each"),
        ("teams = [6, 6]", "[design.teams] names the same number twice"),
        ("icc = 0.05", "[design.icc] unknown key 'icc'"),
    ],
)
def test_what_cannot_be_is_told_at_its_key(line: str, reported: str) -> None:
    start = "" if line.startswith(("team_size =", "team_sise")) else "team_size = 15\n"
    with pytest.raises(DeclarationError) as caught:
        parsed(f"{GOOD}\n[design]\n{start}{line}\n")
    assert any(reported in fault for fault in caught.value.faults), caught.value.faults


def test_every_fault_is_told_at_once() -> None:
    lines = "team_size = 1\nattrition = 2\nteams = [1]\n"
    with pytest.raises(DeclarationError) as caught:
        parsed(f"{GOOD}\n[design]\n{lines}")
    assert len(caught.value.faults) == 3


def test_no_lock_holds_a_design_and_no_deviation_comes_of_one() -> None:
    assert hash_of(lockable(parsed(GOOD + DESIGN))) == hash_of(lockable(parsed(GOOD)))
    assert deviations(locked(GOOD + DESIGN, GOOD)) == deviations(locked(GOOD, GOOD))


def test_a_design_leaves_the_steps_of_a_wave_fresh() -> None:
    with_design, without = parsed(GOOD + DESIGN), parsed(GOOD)
    assert (
        with_design.narrowed("before").digest() == without.narrowed("before").digest()
    )
    assert with_design.before_data().digest() != without.before_data().digest()
