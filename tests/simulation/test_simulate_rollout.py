"""The staggered start: its files are what the simulator writes, and recover truth.

Recovery is judged by Monte-Carlo error: the mean of an estimate over independent
simulations must lie within `STANDARD_ERRORS` of its own standard errors of the truth.
"""

from __future__ import annotations

import dataclasses
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "studies" / "rollout"))

from rollout_truth import INGREDIENTS, OUTCOMES, WAVES, read_truth  # noqa: E402
from simulate_rollout import NAME, simulate, simulate_exports  # noqa: E402

from analysis.storage.declared import read_study  # noqa: E402

TRUTH = read_truth()
FOLDER = ROOT / "data" / "raw" / NAME
SIMULATIONS = 20
PEOPLE_TIMES = 8
# With 19 degrees of freedom a t beyond 4.5 is seen once in 4,000 times, and about 30
# comparisons are made, on fixed seeds.
STANDARD_ERRORS = 4.5
# Answers are whole numbers between two ends; that moves a mean by less than this.
ROUNDING = 0.02
ITEM = {
    "confidence": "confidence_now",
    "waiting": "access_waiting",
    "appropriate": "access_appropriate",
}


@pytest.fixture(scope="module")
def simulations() -> list[pd.DataFrame]:
    more = dataclasses.replace(
        TRUTH, people_per_team=PEOPLE_TIMES * TRUTH.people_per_team
    )
    return [simulate(more, f"recovery {number}") for number in range(SIMULATIONS)]


def assert_recovers(values: list[float], truth: float) -> None:
    standard_error = np.std(values, ddof=1) / np.sqrt(len(values))
    margin = STANDARD_ERRORS * standard_error + ROUNDING
    assert abs(np.mean(values) - truth) < margin, (np.mean(values), truth, margin)


def within(frame: pd.DataFrame, columns: list[str], outcome: str) -> list[float]:
    """Slopes on columns, given each person's own level and each wave's (two ways)."""
    balanced = frame[[ITEM[outcome], *columns]].astype(float)
    swept = (
        balanced
        - balanced.groupby(frame["staff_number"]).transform("mean")
        - balanced.groupby(frame["wave"]).transform("mean")
        + balanced.mean()
    )
    found, *_ = np.linalg.lstsq(
        swept[columns].to_numpy(), swept[ITEM[outcome]].to_numpy(), rcond=None
    )
    return [float(slope) for slope in found]


# ------------------------------------------------------------------ the files


def test_committed_files_are_a_fresh_simulation_byte_for_byte() -> None:
    committed = {path.name: path.read_bytes() for path in FOLDER.glob("*.csv")}
    assert simulate_exports(TRUTH, NAME) == committed


def test_declaration_says_of_teams_and_outcomes_what_the_truth_says() -> None:
    study = read_study(NAME)
    once = study.outcome_of_each_score()
    assert [outcome.name for outcome in once] == list(OUTCOMES)
    assert len(study.waves) == WAVES
    arm = {
        team.name: "early" if team.begins in (3, 4) else "late" for team in TRUTH.teams
    }
    assert {team.name: team.arm for team in study.teams} == arm
    assert {team.name: team.site for team in study.teams} == {
        team.name: team.site for team in TRUTH.teams
    }


def test_lots_were_drawn_within_each_site() -> None:
    for site in TRUTH.sites:
        begins = {team.begins for team in TRUTH.teams if team.site == site}
        assert begins in ({3, 4, 5, 6}, {3, 4, 5, 0})


def test_nobody_is_in_two_teams_and_only_the_last_form_lacks_what_comes_next() -> None:
    frames = [
        pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        for content in simulate_exports(TRUTH, NAME).values()
    ]
    rows = pd.concat(frames)
    teams = rows[["Staff number", "Team"]].drop_duplicates()
    assert teams["Staff number"].is_unique
    blank = [frame["Sessions attended until the next form"].eq("") for frame in frames]
    assert [int(each.sum()) for each in blank] == [0] * 7 + [len(frames[-1])]


# ------------------------------------------------------------------- the truth


def test_what_is_attended_counts_up_and_what_is_next_comes_true(
    simulations: list[pd.DataFrame],
) -> None:
    rows = simulations[0]
    before = rows["wave"] < WAVES
    later = rows.groupby("staff_number")["sessions_attended"].shift(-1)
    expected = later - rows["sessions_attended"]
    assert (rows["sessions_next"][before] == expected[before]).all()
    waiting = rows["event_time"] < 0
    assert (rows.loc[waiting, ["sessions_attended", *INGREDIENTS]] == 0).all(axis=None)
    for name in INGREDIENTS:
        assert (rows.groupby("staff_number")[name].diff().fillna(0) >= 0).all()


def test_early_teams_gain_on_late_ones_what_the_truth_says(
    simulations: list[pd.DataFrame],
) -> None:
    gained = []
    for rows in simulations:
        early = rows["begins"].isin([3, 4])
        means = rows.groupby([early, "wave"])["confidence_now"].mean()
        before, after = (means.xs(wave, level="wave") for wave in (2, 4))
        change = after - before
        gained.append(float(change[True] - change[False]))
    expected = TRUTH.effect_at(4, early=True) - TRUTH.effect_at(4, early=False)
    assert expected > 0.7
    assert_recovers(gained, expected)


def test_slopes_of_sessions_and_ingredients_are_recovered_within_people(
    simulations: list[pd.DataFrame],
) -> None:
    plain = ["amberwick", "brindlemoor"]  # sites where the effect is 1 times as large
    columns = ["sessions_attended", *INGREDIENTS]
    found: dict[str, list[float]] = {name: [] for name in columns}
    for rows in simulations:
        here = rows[rows["site"].isin(plain)]
        times = [0, 1, 2, 3]
        dummies = {
            f"time {time}": (
                here["event_time"].eq(time)
                if time < times[-1]
                else here["event_time"].ge(time)
            ).astype(float)
            for time in times
        }
        slopes = within(here.assign(**dummies), [*columns, *dummies], "confidence")
        for name, slope in zip(columns, slopes, strict=False):
            found[name].append(slope)
    assert_recovers(found["sessions_attended"], TRUTH.effect_of_a_session)
    for name in INGREDIENTS:
        assert_recovers(found[name], TRUTH.ingredients[name])


@pytest.mark.parametrize("outcome", ["waiting", "appropriate"])
def test_negative_controls_do_not_move_with_the_pilot(
    simulations: list[pd.DataFrame], outcome: str
) -> None:
    begun = [
        rows.assign(begun=rows["event_time"].ge(0).astype(float))
        for rows in simulations
    ]
    assert_recovers([within(rows, ["begun"], outcome)[0] for rows in begun], 0.0)


def test_sessions_still_to_come_have_changed_nothing(
    simulations: list[pd.DataFrame],
) -> None:
    """Those who will attend more were more confident all along, not because of it."""
    slopes, differences = [], []
    for rows in simulations:
        before = rows[(rows["begins"] == 5) & (rows["wave"] <= 4)]
        last = before[before["wave"] == 4].set_index("staff_number")
        first = before[before["wave"] == 1].set_index("staff_number")
        change = last["confidence_now"] - first["confidence_now"]
        slopes.append(float(np.polyfit(last["sessions_next"], change, 1)[0]))
        level = np.polyfit(last["sessions_next"], last["confidence_now"], 1)[0]
        differences.append(float(level))
    assert_recovers(slopes, 0.0)
    assert np.mean(differences) > 0.1


def test_the_anchor_follows_the_change_and_the_look_back_is_recalibrated(
    simulations: list[pd.DataFrame],
) -> None:
    rows = simulations[0]
    start = rows["confidence_now"].where(rows["wave"] == 1)
    change = rows["confidence_now"] - start.groupby(rows["staff_number"]).transform(
        "max"
    )
    later = rows["wave"] > 1
    by_word = change[later].groupby(rows["felt_change"][later]).mean()
    assert by_word["Better"] > by_word["The same"] + 0.5 > by_word["Worse"] + 1.0
    shifts = []
    for each in simulations:
        last = each[each["wave"] == WAVES]
        then = last.groupby(last["event_time"] >= 0)["confidence_then"].mean()
        at_first = each[each["wave"] == 1]
        level = at_first.groupby(at_first["begins"] > 0)["confidence_now"].mean()
        shifts.append(float((then - level)[True] - (then - level)[False]))
    assert_recovers(shifts, TRUTH.looking_back.recalibration)


def test_effect_by_event_time_grows_and_then_stays() -> None:
    effects = TRUTH.effect_by_event_time()
    # 0.3 + 0.1 * 1.4 sessions + 0.4 * 0.35 + 0.2 * 0.25
    assert effects[0] == pytest.approx(0.63, abs=1e-12)
    assert list(effects) == sorted(effects)
    assert effects[4] == effects[5]


def test_readme_beside_the_files_tells_this_truth() -> None:
    text = " ".join((FOLDER / "README.md").read_text("utf-8").split())
    effects = TRUTH.effect_by_event_time()[:4]
    row = " | ".join(f"{effect:.2f}" for effect in effects)
    assert f"| confidence, in all | {row} |" in text
    row = " | ".join(f"{effect:.2f}" for effect in TRUTH.effect_on_culture)
    assert f"| culture | {row} |" in text
    gain = TRUTH.effect_at(4, early=True) - TRUTH.effect_at(4, early=False)
    assert f"gain {gain:.2f} points on the late ones" in text
