"""Change: who counts as a pair, what a team does to an interval, honest absence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pingouin import compute_effsize

from heard.effects.change import paired_change, unlinked_change
from heard.effects.effect_sizes import hedges_g_av, hedges_g_av_of_pairs
from heard.errors import DataError
from heard.results import Composite, Estimate, Unavailable

RANDOM = np.random.default_rng(20261123)
PEOPLE = pd.Index([f"p{number:02d}" for number in range(48)], name="participant")
TEAM = pd.Series(np.repeat(list("abcdefgh"), 6), index=PEOPLE)
BEFORE = pd.Series(RANDOM.normal(20, 4, 48).round(1), index=PEOPLE)
TEAM_GAIN = np.repeat([4.0, -3, 3, -2, 5, -1, 2, 0], 6)
AFTER = (BEFORE + TEAM_GAIN + RANDOM.normal(0, 2, 48)).round(1)


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


# --- linked -------------------------------------------------------------------------


def test_change_is_after_minus_before() -> None:
    found = paired_change(BEFORE, BEFORE + pd.Series([1.0, 2] * 24, index=PEOPLE))
    assert estimate(found.mean_change).estimate == pytest.approx(1.5)
    assert estimate(found.cohen_d_z).estimate > 0
    assert estimate(found.hedges_g_av).estimate > 0


def test_only_participants_with_both_scores_count() -> None:
    before, after = BEFORE.copy(), AFTER.iloc[5:].copy()
    before.iloc[10] = np.nan
    kept = [person for person in PEOPLE[5:] if person != PEOPLE[10]]
    found = paired_change(before, after)
    assert found == paired_change(BEFORE[kept], AFTER[kept])
    assert {result.n for result in found.results()} == {42}


def test_index_links_whatever_the_order_of_rows() -> None:
    shuffled = AFTER.sample(frac=1, random_state=1)
    found = paired_change(BEFORE, shuffled)
    assert found == paired_change(BEFORE, AFTER)


def test_absent_participant_codes_never_link() -> None:
    before, after = BEFORE.copy(), AFTER.copy()
    before.index = after.index = pd.Index([None, "", *PEOPLE[2:]])
    assert paired_change(before, after) == paired_change(BEFORE[2:], AFTER[2:])


def test_method_names_estimator_standardiser_divisor_interval_and_missing_rule() -> (
    None
):
    found = paired_change(BEFORE, AFTER)
    d_z, g_av = estimate(found.cohen_d_z).method, estimate(found.hedges_g_av).method
    assert "standard deviation of the changes (divisor n-1)" in d_z
    assert "noncentral t" in d_z
    assert "root mean square of the two waves" in g_av
    assert "Bonett" in g_av
    for result in found.results():
        assert "participants with both scores only" in estimate(result).method


# --- linked, in teams ---------------------------------------------------------------


def test_teams_widen_every_interval_of_a_change_that_differs_between_teams() -> None:
    alone, teams = (
        paired_change(BEFORE, AFTER),
        paired_change(BEFORE, AFTER, cluster=TEAM),
    )
    for term in ("mean_change", "cohen_d_z", "hedges_g_av"):
        assert width(getattr(teams, term)) > 1.5 * width(getattr(alone, term))


def test_means_of_teams_add_up_and_n_still_counts_pairs() -> None:
    uneven = TEAM.where(TEAM != "b", "a")
    found = paired_change(BEFORE, AFTER, cluster=uneven)
    before, after, change = (
        estimate(result)
        for result in (found.mean_before, found.mean_after, found.mean_change)
    )
    assert change.estimate == pytest.approx(after.estimate - before.estimate)
    by_team = (AFTER - BEFORE).groupby(uneven).mean()
    assert change.estimate == pytest.approx(by_team.mean())
    assert change.n == 48
    assert "7 cluster means" in change.method


def test_participants_of_unknown_team_are_left_out() -> None:
    with_gaps = TEAM.astype(object)
    with_gaps.iloc[0], with_gaps.iloc[7] = None, ""
    keep = PEOPLE.delete([0, 7])
    assert paired_change(BEFORE, AFTER, cluster=with_gaps) == paired_change(
        BEFORE[keep], AFTER[keep], cluster=TEAM[keep]
    )


def test_fewer_than_5_teams_give_means_without_limits_and_no_change() -> None:
    few = TEAM.map(lambda team: "first" if team < "c" else team if team < "e" else "e")
    found = paired_change(BEFORE, AFTER, cluster=few)
    assert few.nunique() == 4
    for term in ("mean_change", "cohen_d_z", "hedges_g_av"):
        result = getattr(found, term)
        assert isinstance(result, Unavailable)
        assert result.reason.startswith("fewer than 5 teams")
        assert result.n == 48
    assert estimate(found.mean_before).conf_low is None
    assert estimate(found.mean_after).conf_low is None


def test_correlation_has_no_interval_where_teams_are_shared() -> None:
    found = estimate(paired_change(BEFORE, AFTER, cluster=TEAM).pre_post_correlation)
    assert found.conf_low is None
    assert "would ignore the clusters" in found.method


# --- linked, degenerate -------------------------------------------------------------


def test_a_participant_listed_twice_is_ambiguous() -> None:
    twice = pd.concat([AFTER, AFTER.iloc[:1]])
    assert_all_unavailable(paired_change(BEFORE, twice), "more than once")
    assert_all_unavailable(
        paired_change(BEFORE, AFTER, cluster=pd.concat([TEAM, TEAM.iloc[:1]])),
        "more than once",
    )


@pytest.mark.parametrize("pairs", [0, 1])
@pytest.mark.parametrize("cluster", [None, TEAM])
def test_too_few_pairs(pairs: int, cluster: pd.Series | None) -> None:
    found = paired_change(BEFORE, AFTER.iloc[:pairs], cluster=cluster)
    assert_all_unavailable(found, "fewer than 2")
    assert found.mean_change.n == pairs


@pytest.mark.parametrize("bad", [np.inf, -np.inf, 1e200])
def test_scores_that_are_not_finite(bad: float) -> None:
    found = paired_change(BEFORE.where(BEFORE.index != "p03", bad), AFTER)
    assert_all_unavailable(found, "infinite or too large")


@pytest.mark.parametrize("cluster", [None, TEAM])
def test_everybody_changing_alike_has_no_interval(cluster: pd.Series | None) -> None:
    found = paired_change(BEFORE, BEFORE + 0.1, cluster=cluster)  # noise, not spread
    for term in ("mean_change", "cohen_d_z", "hedges_g_av"):
        assert isinstance(getattr(found, term), Unavailable)


def test_rounding_noise_of_large_scores_is_not_spread_of_a_small_change() -> None:
    large = 100 * BEFORE  # from 1000 to 3000: rounding is not the same throughout
    found = paired_change(large, large + 0.001)
    assert isinstance(found.mean_change, Unavailable)


@pytest.mark.parametrize("cluster", [None, TEAM])
def test_constant_baseline(cluster: pd.Series | None) -> None:
    found = paired_change(BEFORE * 0 + 3, AFTER, cluster=cluster)
    assert isinstance(found.mean_before, Unavailable)
    assert isinstance(found.hedges_g_av, Unavailable)
    assert isinstance(found.pre_post_correlation, Unavailable)
    assert isinstance(found.mean_change, Estimate)
    assert isinstance(found.cohen_d_z, Estimate)


@pytest.mark.parametrize(("pairs", "absent"), [(2, 3), (3, 1), (4, 0)])
def test_each_result_needs_its_own_number_of_pairs(pairs: int, absent: int) -> None:
    found = paired_change(BEFORE.iloc[:pairs], AFTER.iloc[:pairs])
    assert isinstance(found.mean_change, Estimate)
    missing = [r for r in found.results() if isinstance(r, Unavailable)]
    assert len(missing) == absent


def test_scores_that_follow_from_each_other_have_no_correlation_interval() -> None:
    found = paired_change(BEFORE, 2 * BEFORE)
    assert isinstance(found.pre_post_correlation, Unavailable)


def test_a_change_a_million_deviations_large_is_not_standardised() -> None:
    found = paired_change(BEFORE, BEFORE + 1e3 + 1e-4 * AFTER)
    assert isinstance(found.mean_change, Estimate)
    assert isinstance(found.cohen_d_z, Unavailable)


# --- unlinked -----------------------------------------------------------------------


def test_indexes_of_unlinked_waves_are_never_compared() -> None:
    renumbered = AFTER.set_axis([0] * 48)
    assert unlinked_change(BEFORE, renumbered) == unlinked_change(BEFORE, AFTER)


def test_taking_linked_people_as_different_is_the_wider_interval() -> None:
    linked, unlinked = paired_change(BEFORE, AFTER), unlinked_change(BEFORE, AFTER)
    assert width(unlinked.mean_change) > width(linked.mean_change)
    assert "conservative if some people answered twice" in (
        estimate(unlinked.mean_change).method
    )


def test_n_counts_people_of_each_wave_and_of_both() -> None:
    found = unlinked_change(BEFORE.iloc[:20], AFTER.where(AFTER.index != "p01"))
    counts = [result.n for result in found.results()]
    assert counts == [20, 47, 67, 67]


def test_hedges_g_is_pingouins() -> None:
    found = estimate(unlinked_change(BEFORE.iloc[:20], AFTER).hedges_g)
    theirs = compute_effsize(AFTER, BEFORE.iloc[:20], eftype="hedges")
    # pingouin approximates J by 1 - 3/(4 df - 1)
    assert found.estimate == pytest.approx(theirs, rel=2e-5)
    assert found.estimate != pytest.approx(theirs, rel=1e-6)


def test_teams_of_one_wave_only_are_left_out() -> None:
    stayed = TEAM > "b"
    found = unlinked_change(
        BEFORE, AFTER[stayed], cluster_before=TEAM, cluster_after=TEAM[stayed]
    )
    both = unlinked_change(
        BEFORE[stayed],
        AFTER[stayed],
        cluster_before=TEAM[stayed],
        cluster_after=TEAM[stayed],
    )
    assert found == both
    assert estimate(found.mean_change).n == 72
    assert "6 cluster means" in estimate(found.mean_change).method


def test_linked_teams_and_unlinked_teams_agree_where_everybody_answered_twice() -> None:
    linked = paired_change(BEFORE, AFTER, cluster=TEAM).mean_change
    unlinked = unlinked_change(
        BEFORE, AFTER, cluster_before=TEAM, cluster_after=TEAM
    ).mean_change
    assert estimate(unlinked).estimate == pytest.approx(estimate(linked).estimate)
    assert width(unlinked) == pytest.approx(width(linked))


def test_repeated_indexes_are_taken_by_position_only_if_they_are_the_same() -> None:
    scores, teams = BEFORE.set_axis([0] * 48), TEAM.set_axis([0] * 48)
    found = unlinked_change(
        scores, AFTER, cluster_before=teams, cluster_after=TEAM
    ).mean_change
    assert isinstance(found, Estimate)
    with pytest.raises(DataError, match="index repeats"):
        unlinked_change(BEFORE, AFTER, cluster_before=teams, cluster_after=TEAM)


def test_unlinked_degenerate_waves() -> None:
    nobody = BEFORE.iloc[:0]
    empty = unlinked_change(BEFORE, nobody)
    assert isinstance(empty.mean_before, Estimate)
    assert isinstance(empty.mean_change, Unavailable)
    assert isinstance(empty.hedges_g, Unavailable)
    same = unlinked_change(BEFORE * 0, AFTER * 0 + 1)
    assert isinstance(same.mean_change, Unavailable)
    assert isinstance(same.hedges_g, Unavailable)
    assert_all_unavailable(
        unlinked_change(BEFORE, AFTER, cluster_before=TEAM), "one wave only"
    )
    assert_all_unavailable(
        unlinked_change(BEFORE.where(BEFORE.index != "p00", np.inf), AFTER), "infinite"
    )


@pytest.mark.parametrize("teams", [0, 1, 4])
def test_unlinked_with_too_few_shared_teams(teams: int) -> None:
    shared = TEAM.isin(list("abcdefgh")[:teams])
    found = unlinked_change(
        BEFORE, AFTER[shared], cluster_before=TEAM, cluster_after=TEAM[shared]
    )
    assert isinstance(found.mean_change, Unavailable)
    assert isinstance(found.hedges_g, Unavailable)
    assert isinstance(found.mean_before, Estimate) == (teams > 0)


def skewed_pairs(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    shared = random.normal(size=n)
    waves = (np.exp(shared + 0.5 * random.normal(size=n)) for _ in range(2))
    before, after = waves
    return before, after + 0.6


def test_the_interval_of_g_av_follows_the_skewness_of_the_scores() -> None:
    before, after = skewed_pairs()
    plain = estimate(hedges_g_av_of_pairs(before, after, interval="bonett"))
    found = estimate(hedges_g_av_of_pairs(before, after))
    assert found.estimate == plain.estimate
    assert "bootstrap interval" in found.method
    assert "caution: scores skewed" in found.method
    low, high = found.conf_low, found.conf_high
    assert low is not None
    assert high is not None
    assert plain.conf_low is not None
    assert plain.conf_high is not None
    assert low <= plain.conf_low
    assert high >= plain.conf_high
    assert high - low > plain.conf_high - plain.conf_low
    even = estimate(hedges_g_av_of_pairs(np.log(before), np.log(before) + after / 50))
    assert "bootstrap" not in even.method


def test_another_order_of_people_moves_no_resampled_limit() -> None:
    before = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    after = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    found = estimate(hedges_g_av_of_pairs(before, after))
    assert "bootstrap interval" in found.method
    for turn in range(1, 9):
        turned = (np.roll(before, turn), np.roll(after, turn))
        other = estimate(hedges_g_av_of_pairs(*turned))
        assert other.conf_low == pytest.approx(found.conf_low, rel=1e-9)
        assert other.conf_high == pytest.approx(found.conf_high, rel=1e-9)


def test_g_av_of_pairs_is_that_of_their_summary_and_needs_pairs() -> None:
    before, after = skewed_pairs()
    summary = hedges_g_av(
        mean_change=float((after - before).mean()),
        sd_before=float(before.std(ddof=1)),
        sd_after=float(after.std(ddof=1)),
        correlation=float(np.corrcoef(before, after)[0, 1]),
        n=40,
    )
    found = estimate(hedges_g_av_of_pairs(before, after, interval="bonett"))
    assert found.estimate == pytest.approx(estimate(summary).estimate, rel=1e-12)
    assert found.conf_low == pytest.approx(estimate(summary).conf_low, rel=1e-12)
    for few in (before[:2], before[:0], np.ones(9)):
        assert isinstance(hedges_g_av_of_pairs(few, few), Unavailable)
