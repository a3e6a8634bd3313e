"""Arms compared: what was allocated is what is counted, and honest absence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from heard.effects.comparison import compare_arms, compare_arms_unlinked
from heard.effects.effect_sizes import Contrast, difference_of_means
from heard.errors import DataError
from heard.results import Composite, Estimate, Unavailable

if TYPE_CHECKING:
    from heard.effects.comparison import ArmComparison, UnlinkedArmComparison

RANDOM = np.random.default_rng(20261124)
TEAMS = pd.DataFrame(
    {
        "arm": np.repeat(["pilot", "comparison"], 24),
        "cluster": np.repeat(list("abcdefgh"), 6),
        "before": RANDOM.normal(20, 4, 48).round(1),
    }
)
TEAMS["after"] = (
    TEAMS["before"]
    + np.repeat([4.0, 0, 3, 1, -2, 2, -1, 1], 6)
    + RANDOM.normal(0, 2, 48)
).round(1)
BEFORE = TEAMS[["arm", "cluster", "before"]].rename(columns={"before": "score"})
AFTER = TEAMS[["arm", "cluster", "after"]].rename(columns={"after": "score"})


def linked(frame: pd.DataFrame, *, cluster: bool = False) -> ArmComparison:
    return compare_arms(frame, treated="pilot", control="comparison", cluster=cluster)


def unlinked(
    before: pd.DataFrame, after: pd.DataFrame, *, cluster: bool = False
) -> UnlinkedArmComparison:
    return compare_arms_unlinked(
        before, after, treated="pilot", control="comparison", cluster=cluster
    )


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def width(result: object) -> float:
    found = estimate(result)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_high - found.conf_low


def assert_all_unavailable(found: Composite, word: str) -> None:
    for result in found.results():
        assert isinstance(result, Unavailable), result
        assert word in result.reason


def test_difference_is_treated_minus_control() -> None:
    ahead = TEAMS.assign(
        after=TEAMS["after"] + np.where(TEAMS["arm"] == "pilot", 9.0, 0.0)
    )
    for cluster in (False, True):
        first, second = linked(TEAMS, cluster=cluster), linked(ahead, cluster=cluster)
        for term in ("adjusted_mean_difference", "difference_in_change"):
            gain = estimate(getattr(second, term)).estimate
            assert gain - estimate(getattr(first, term)).estimate == pytest.approx(9)


def test_allocated_teams_widen_the_interval() -> None:
    people, teams = linked(TEAMS), linked(TEAMS, cluster=True)
    for term in ("adjusted_mean_difference", "difference_in_change", "morris_d_ppc2"):
        assert width(getattr(teams, term)) > 1.2 * width(getattr(people, term))
    assert "8 teams" in estimate(teams.difference_in_change).method
    assert estimate(teams.difference_in_change).n == 48


def test_incomplete_participants_and_other_arms_are_left_out() -> None:
    with_gaps = TEAMS.copy()
    with_gaps.loc[0, "before"] = np.nan
    with_gaps.loc[30, "after"] = np.nan
    third = TEAMS.assign(arm="third").set_index(TEAMS.index + 100)
    found = linked(pd.concat([with_gaps, third]))
    assert found == linked(TEAMS.drop(index=[0, 30]))
    assert estimate(found.hedges_g_adjusted).n == 46


def test_participants_of_unknown_team_are_left_out_where_teams_are_counted() -> None:
    with_gaps = TEAMS.assign(cluster=TEAMS["cluster"].where(TEAMS.index != 3, ""))
    assert linked(with_gaps, cluster=True) == linked(TEAMS.drop(index=3), cluster=True)
    assert linked(with_gaps) == linked(TEAMS)


def test_standardised_by_the_pooled_deviation_before() -> None:
    variances = TEAMS.groupby("arm")["before"].var()
    spread = float(variances.mean()) ** 0.5  # arms of equal size
    # Hedges' J of 46 degrees of freedom by its gamma form, from R
    correction = 0.9835915575042909
    found = linked(TEAMS)
    expected = estimate(found.difference_in_change).estimate * correction / spread
    assert estimate(found.morris_d_ppc2).estimate == pytest.approx(expected)
    assert (
        "pooled standard deviation before" in estimate(found.hedges_g_adjusted).method
    )


def test_a_team_in_both_arms_was_not_allocated() -> None:
    mixed = TEAMS.assign(cluster=np.tile(list("abcdefgh"), 6))
    assert_all_unavailable(linked(mixed, cluster=True), "both arms")
    before, after = (wave.assign(cluster=mixed["cluster"]) for wave in (BEFORE, AFTER))
    assert_all_unavailable(unlinked(before, after, cluster=True), "both arms")


@pytest.mark.parametrize("kept", ["ab", "abefgh", ""])
def test_fewer_than_3_teams_in_an_arm(kept: str) -> None:
    few = TEAMS["cluster"].isin(list(kept))
    word = "fewer than 3 teams"
    assert_all_unavailable(linked(TEAMS[few], cluster=True), word)
    assert_all_unavailable(unlinked(BEFORE[few], AFTER, cluster=True), word)


def test_three_teams_in_each_arm_are_enough() -> None:
    enough = TEAMS["cluster"].isin(list("abcefg"))
    for result in linked(TEAMS[enough], cluster=True).results():
        assert isinstance(result, Estimate)


@pytest.mark.parametrize("arm", ["pilot", "comparison"])
def test_an_empty_arm(arm: str) -> None:
    rest = TEAMS["arm"] != arm
    for cluster in (False, True):
        assert_all_unavailable(linked(TEAMS[rest], cluster=cluster), "fewer than")
        waves = BEFORE[rest], AFTER[rest]
        assert_all_unavailable(unlinked(*waves, cluster=cluster), "fewer than")


def test_no_rows_at_all() -> None:
    for cluster in (False, True):
        nobody = TEAMS.iloc[:0]
        assert_all_unavailable(linked(nobody, cluster=cluster), "fewer than")
        waves = BEFORE.iloc[:0], AFTER.iloc[:0]
        assert_all_unavailable(unlinked(*waves, cluster=cluster), "fewer than")


def test_a_participant_listed_twice() -> None:
    twice = pd.concat([TEAMS, TEAMS.iloc[:1]])
    assert_all_unavailable(linked(twice), "more than once")


def test_scores_that_are_not_finite() -> None:
    wild = TEAMS.assign(before=TEAMS["before"].where(TEAMS.index != 5, np.inf))
    assert_all_unavailable(linked(wild), "infinite")
    scores = BEFORE.assign(score=wild["before"])
    assert_all_unavailable(unlinked(scores, AFTER), "infinite")


@pytest.mark.parametrize("cluster", [False, True])
def test_constant_baseline_cannot_adjust_nor_standardise(cluster: bool) -> None:
    flat = TEAMS.assign(before=np.where(TEAMS["arm"] == "pilot", 3.0, 5.0))
    found = linked(flat, cluster=cluster)
    assert isinstance(found.adjusted_mean_difference, Unavailable)
    assert isinstance(found.hedges_g_adjusted, Unavailable)
    assert isinstance(found.morris_d_ppc2, Unavailable)
    assert isinstance(found.difference_in_change, Estimate)


@pytest.mark.parametrize("cluster", [False, True])
def test_everybody_changing_alike_has_no_interval(cluster: bool) -> None:
    found = linked(TEAMS.assign(after=TEAMS["before"] + 0.1), cluster=cluster)
    assert_all_unavailable(found, "no variation")


def test_unlinked_waves_without_any_spread() -> None:
    waves = BEFORE.assign(score=1.0), AFTER.assign(score=2.0)
    assert_all_unavailable(unlinked(*waves), "no variation")
    assert_all_unavailable(unlinked(*waves, cluster=True), "no variation")


def test_unlinked_people_are_a_difference_of_differences() -> None:
    means = TEAMS.groupby("arm")[["before", "after"]].mean()
    change = means["after"] - means["before"]
    found = unlinked(BEFORE, AFTER)
    expected = change["pilot"] - change["comparison"]
    assert estimate(found.difference_in_change).estimate == pytest.approx(expected)
    assert estimate(found.difference_in_change).n == 96
    assert "HC3" in estimate(found.difference_in_change).method


def test_unlinked_teams_of_one_wave_only_are_left_out() -> None:
    stayed = TEAMS["cluster"] != "a"
    found = unlinked(BEFORE, AFTER[stayed], cluster=True)
    assert found == unlinked(BEFORE[stayed], AFTER[stayed], cluster=True)
    assert estimate(found.difference_in_change).n == 84


def test_linked_and_unlinked_teams_agree_where_everybody_answered_twice() -> None:
    first = estimate(linked(TEAMS, cluster=True).difference_in_change)
    second = estimate(unlinked(BEFORE, AFTER, cluster=True).difference_in_change)
    assert first.estimate == pytest.approx(second.estimate)
    assert width(first) == pytest.approx(width(second))


def test_missing_columns_are_named() -> None:
    with pytest.raises(DataError, match="cluster"):
        linked(TEAMS.drop(columns="cluster"), cluster=True)
    with pytest.raises(DataError, match="score"):
        unlinked(TEAMS, AFTER)


def test_standard_errors_are_those_of_the_interval() -> None:
    first, second = np.array([1.0, 2, 6, 9]), np.array([3.0, 4, 4.5, 8, 30, 31])
    spreads = first.var(ddof=1), second.var(ddof=1)
    pooled, welch = (
        difference_of_means(first, second, scale=31, equal_variances=equal)
        for equal in (True, False)
    )
    assert isinstance(pooled, Contrast)
    assert isinstance(welch, Contrast)
    shared = (3 * spreads[0] + 5 * spreads[1]) / 8
    assert pooled.standard_error == pytest.approx((shared * (1 / 4 + 1 / 6)) ** 0.5)
    deviation = spreads[0] / 4 + spreads[1] / 6
    assert welch.standard_error == pytest.approx(deviation**0.5)
