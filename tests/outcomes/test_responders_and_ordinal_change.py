"""Unlinked change, responders, ordered answers and the retrospective pre-test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.foundation.findings import Finding
from heard.effects.change import paired_change, unlinked_change
from heard.effects.shares import (
    difference_of_paired_shares,
    difference_of_shares,
    share,
)
from heard.effects.supplementary.linked_answers import ordinal_change
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import (
    overlapping_change,
    unlinked_bounds,
)
from heard.effects.supplementary.responders import responders, rise_and_fall
from heard.effects.supplementary.retrospective_pretest import retrospective_pretest
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.results import Composite, Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")
RANDOM = generator("tests", "beyond the mean")
N = 120
NAMES = [f"p{i:03d}" for i in range(N)]
TRUE = RANDOM.normal(30, 6, N)
BEFORE = pd.Series((TRUE + RANDOM.normal(0, 3, N)).round().clip(0, 49), index=NAMES)
AFTER = pd.Series((TRUE + 2 + RANDOM.normal(0, 3, N)).round(), index=NAMES)
RELIABILITY = Estimate(
    term="icc_a1", estimate=0.8, conf_low=0.7, conf_high=0.9, n=80, method="retest"
)
SCALE = (1.0, 2.0, 3.0, 4.0, 5.0)


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def absent(result: object) -> str:
    assert isinstance(result, Unavailable), result
    return result.reason


def width(result: object) -> float:
    found = estimate(result)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_high - found.conf_low


# --- waves nobody linked --------------------------------------------------------
def test_worst_case_is_the_independent_one_and_more_links_make_it_surer() -> None:
    found = unlinked_bounds(BEFORE, AFTER)
    worst = estimate(found.mean_change_worst_case)
    welch = estimate(unlinked_change(BEFORE, AFTER).mean_change)
    assert worst.conf_low == pytest.approx(welch.conf_low, rel=1e-12)
    widths = [width(one.mean_change) for one in found.at_correlations]
    assert widths == sorted(widths, reverse=True)
    assert width(found.mean_change_best_case) == min(widths)
    fewer = unlinked_bounds(BEFORE, AFTER, max_in_both=30)
    assert width(fewer.mean_change_best_case) > min(widths)


def test_correlation_at_which_the_answer_turns() -> None:
    after = AFTER - 2 + 1.2
    found = unlinked_bounds(BEFORE, after)
    needed = estimate(found.correlation_to_exclude_zero).estimate
    at = {
        float(one.assumed_correlation): one.mean_change for one in found.at_correlations
    }
    turned = [r for r, one in at.items() if (estimate(one).conf_low or 0) > 0]
    assert needed == min(turned) > 0
    same = unlinked_bounds(BEFORE, BEFORE[::-1] + 0.001)
    assert "at none" in absent(same.correlation_to_exclude_zero)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (BEFORE[:1], AFTER, "fewer than 2"),
        (BEFORE * np.nan, AFTER, "fewer than 2"),
        (BEFORE * 0, AFTER * 0, "no variation"),
        (BEFORE * 1e300, AFTER, "infinite"),
    ],
)
def test_waves_without_a_change_to_bound(before: Any, after: Any, reason: str) -> None:
    found = unlinked_bounds(before, after)
    assert {reason in absent(result) for result in found.results()} == {True}
    assert reason in absent(overlapping_change(before, after).mean_change_everybody)


def test_one_constant_wave_is_no_fault() -> None:
    assert estimate(unlinked_bounds(BEFORE * 0 + 3, AFTER).mean_change_worst_case)
    found = overlapping_change(BEFORE * 0 + 3, AFTER)
    assert "same score" in absent(found.mean_change_everybody)


def test_more_in_both_than_answered_is_refused() -> None:
    for most in (-1, N + 1):
        with pytest.raises(ValueError, match="most_in_both"):
            unlinked_bounds(BEFORE, AFTER, max_in_both=most)


# --- waves linked in part -------------------------------------------------------
def test_everybody_linked_is_the_paired_change() -> None:
    found = overlapping_change(BEFORE, AFTER)
    paired = estimate(paired_change(BEFORE, AFTER).mean_change)
    for result in (found.mean_change_everybody, found.mean_change_linked):
        assert estimate(result).conf_low == pytest.approx(paired.conf_low, rel=1e-10)
    assert "fewer than 2" in absent(found.mean_change_unlinked)


def test_nobody_linked_has_no_correlation_and_no_name_links_nobody() -> None:
    after = AFTER.set_axis([f"q{i}" for i in range(N)])
    found = overlapping_change(BEFORE, after)
    assert "no correlation" in absent(found.mean_change_everybody)
    assert "no correlation" in absent(found.p_value_everybody)
    assert "fewer than 2" in absent(found.mean_change_linked)
    welch = estimate(unlinked_change(BEFORE, AFTER).mean_change)
    assert width(found.mean_change_unlinked) == pytest.approx(width(welch), rel=1e-12)
    nameless = overlapping_change(BEFORE.set_axis([""] * N), AFTER.set_axis([""] * N))
    assert width(nameless.mean_change_unlinked) == pytest.approx(width(welch))


def test_partly_linked_lies_between() -> None:
    after = AFTER.set_axis([*NAMES[:60], *(f"q{i}" for i in range(60))])
    found = overlapping_change(BEFORE, after)
    everyone = width(found.mean_change_everybody)
    assert width(paired_change(BEFORE, AFTER).mean_change) < everyone
    assert everyone < width(unlinked_change(BEFORE, AFTER).mean_change)
    assert estimate(found.mean_change_linked).n == 60
    assert estimate(found.mean_change_everybody).n == 2 * N


def test_participant_twice_in_a_wave_is_counted_not_named() -> None:
    twice = pd.concat([BEFORE, BEFORE[:2]])
    with pytest.raises(DataError, match="2 rows of wave 'before'") as fault:
        overlapping_change(twice, AFTER)
    assert "p000" not in str(fault.value)


def test_same_change_of_everybody_has_no_interval() -> None:
    found = overlapping_change(BEFORE, BEFORE + 1)
    assert "same amount" in absent(found.mean_change_linked)
    assert "no variation" in absent(found.mean_change_everybody)


# --- responders -----------------------------------------------------------------
def test_shares_add_to_one_and_doubt_about_reliability_widens_them() -> None:
    found = responders(BEFORE, AFTER, reliability=RELIABILITY, lowest=0, highest=50)
    shares = [found.share_improved, found.share_unchanged, found.share_worsened]
    assert sum(estimate(one).estimate for one in shares) == pytest.approx(1)
    known = Estimate(term="icc_a1", estimate=0.8, n=80, method="retest")
    certain_matches = responders(BEFORE, AFTER, reliability=known, lowest=0, highest=50)
    assert width(found.share_improved) > width(certain_matches.share_improved)
    assert estimate(certain_matches.reliable_change_needed).conf_low is None
    needed = estimate(found.reliable_change_needed)
    assert needed.conf_low < needed.estimate < needed.conf_high  # type: ignore[operator]


def test_turned_scores_turn_the_shares() -> None:
    up = responders(BEFORE, AFTER, reliability=RELIABILITY, lowest=0, highest=50)
    down = responders(
        50 - BEFORE,
        50 - AFTER,
        reliability=RELIABILITY,
        lowest=0,
        highest=50,
        better="lower",
    )
    assert up.share_improved == down.share_improved
    assert estimate(up.share_without_room_before).estimate == pytest.approx(
        estimate(down.share_without_room_before).estimate
    )
    other = responders(
        BEFORE, AFTER, reliability=RELIABILITY, lowest=0, highest=50, better="lower"
    )
    assert (
        estimate(other.share_worsened).estimate == estimate(up.share_improved).estimate
    )


def test_who_begins_at_the_top_has_no_room() -> None:
    before = BEFORE.copy()
    before.iloc[:40] = 50
    found = responders(before, AFTER, reliability=RELIABILITY, lowest=0, highest=50)
    assert estimate(found.share_highest_before).estimate == pytest.approx(1 / 3)
    assert estimate(found.share_without_room_before).estimate >= 1 / 3


@pytest.mark.parametrize(
    ("before", "reliability", "reason"),
    [
        (BEFORE, Unavailable(term="icc_a1", reason="no retest"), "no retest"),
        (BEFORE, Estimate(term="r", estimate=-0.2, n=9, method=""), "not over 0"),
        (BEFORE[:1], RELIABILITY, "fewer than 2"),
        (pd.concat([BEFORE, BEFORE[:1]]), RELIABILITY, "more than once"),
        (BEFORE * 0, RELIABILITY, "do not vary"),
    ],
)
def test_responders_nobody_can_count(
    before: Any, reliability: Any, reason: str
) -> None:
    found = responders(before, AFTER, reliability=reliability, lowest=0, highest=50)
    assert reason in absent(found.share_improved)
    assert reason in absent(found.net_share_improved)
    assert reason in absent(found.share_without_room_before)


def test_perfect_reliability_and_unknown_direction() -> None:
    perfect = Estimate(
        term="r", estimate=1.0, conf_low=0.9, conf_high=1.0, n=9, method=""
    )
    found = responders(BEFORE, AFTER, reliability=perfect, lowest=0, highest=50)
    assert estimate(found.share_unchanged).estimate < 0.3
    direction: Any = "up"
    with pytest.raises(ValueError, match="better"):
        responders(
            BEFORE, AFTER, reliability=perfect, lowest=0, highest=50, better=direction
        )


# --- shares ---------------------------------------------------------------------
@settings(max_examples=60)
@given(st.integers(1, 60), st.data())
def test_intervals_of_shares_hold_the_share_and_stay_in_range(
    n: int, data: st.DataObject
) -> None:
    up = data.draw(st.integers(0, n))
    down = data.draw(st.integers(0, n - up))
    other = data.draw(st.integers(1, 60))
    found = [
        share(up, n, term="x", method=""),
        difference_of_paired_shares(up, down, n, term="x", method=""),
        difference_of_shares((up, n), (other, other), term="x", method=""),
    ]
    for result in map(estimate, found):
        assert -1 <= result.conf_low <= result.estimate <= result.conf_high <= 1  # type: ignore[operator]
        assert width(result) > 0
    turned = difference_of_paired_shares(down, up, n, term="x", method="")
    assert estimate(turned).conf_low == pytest.approx(-estimate(found[1]).conf_high)  # type: ignore[operator]


def test_shares_of_nobody() -> None:
    assert absent(share(0, 0, term="x", method=""))
    assert absent(difference_of_shares((0, 0), (1, 2), term="x", method=""))
    assert absent(difference_of_paired_shares(0, 0, 0, term="x", method=""))


# --- ordered answers ------------------------------------------------------------
def answers(first: list[int], second: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "score": [*map(float, first), *map(float, second)],
            "arm": ["pilot"] * len(first) + ["comparison"] * len(second),
            "cluster": [f"t{i % 7}" for i in range(len(first) + len(second))],
        }
    )


def compare(frame: pd.DataFrame, **more: Any) -> Any:
    return compare_ordinal(
        frame, treated="pilot", control="comparison", categories=SCALE, **more
    )


MIXED = answers([2, 3, 3, 4, 5, 5, 4, 3] * 4, [1, 2, 3, 3, 4, 5, 2, 3] * 4)


def test_swapped_groups_swap_everything() -> None:
    here = compare(MIXED)
    there = compare_ordinal(
        MIXED, treated="comparison", control="pilot", categories=SCALE
    )
    for name in ("probability_of_better_answer", "top_share_difference"):
        one, other = estimate(getattr(here, name)), estimate(getattr(there, name))
        mirror = 1 if name.startswith("prob") else 0
        assert one.estimate == pytest.approx(mirror - other.estimate)
        assert one.conf_low == pytest.approx(mirror - other.conf_high)  # type: ignore[operator]
    ratio = estimate(here.proportional_odds_ratio).estimate
    back = estimate(there.proportional_odds_ratio).estimate
    assert ratio * back == pytest.approx(1, rel=1e-4)


def test_order_counts_and_spacing_does_not() -> None:
    spaced = MIXED.assign(score=MIXED.score**3)
    found = compare_ordinal(
        spaced,
        treated="pilot",
        control="comparison",
        categories=tuple(value**3 for value in SCALE),
    )
    here = compare(MIXED).probability_of_better_answer
    assert found.probability_of_better_answer == here


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (answers([5, 5, 4], [1, 2, 2]), "no overlap"),
        (answers([3, 3, 3], [3, 3, 3]), "same answer"),
        (answers([3], [1, 2, 3]), "fewer than 2"),
        (answers([], [1, 2, 3]), "fewer than 2"),
    ],
)
def test_answers_nobody_can_compare(frame: pd.DataFrame, reason: str) -> None:
    found = compare(frame)
    assert reason in absent(found.probability_of_better_answer)
    assert reason in absent(found.proportional_odds_ratio)
    assert reason in absent(found.proportional_odds_p_value)


def test_two_answers_in_use_leave_one_cut() -> None:
    found = compare(answers([2, 3, 3, 3, 2], [2, 2, 3, 2, 2]))
    ratio = estimate(found.proportional_odds_ratio).estimate
    assert ratio == pytest.approx((3 / 2) / (1 / 4), rel=1e-4)
    assert "one cut" in absent(found.proportional_odds_p_value)


def test_few_teams_give_no_interval_and_an_empty_team_is_none() -> None:
    found = compare(MIXED, cluster="cluster")
    ratio, alone = (
        estimate(each.proportional_odds_ratio) for each in (found, compare(MIXED))
    )
    assert ratio.estimate == alone.estimate
    assert (ratio.conf_low, ratio.conf_high) != (alone.conf_low, alone.conf_high)
    assert "teams" in absent(found.proportional_odds_p_value)
    assert width(found.top_share_difference) > 0
    few = MIXED.assign(cluster=["a", "b", "c", "d"] * 16)
    none = compare(few, cluster="cluster")
    assert "fewer than 5 teams" in absent(none.probability_of_better_answer)
    assert "fewer than 5 teams" in absent(none.top_share_difference)
    empty = MIXED.assign(cluster=["", *MIXED.cluster[1:]])
    assert estimate(compare(empty, cluster="cluster").top_share_treated).n == 31


def test_answers_outside_are_counted_and_missing_ones_left_out() -> None:
    with_gaps = MIXED.assign(score=[np.nan, *MIXED.score[1:]])
    assert compare(with_gaps) == compare(MIXED[1:])
    with pytest.raises(DataError, match="1 answers lie outside"):
        compare(MIXED.assign(score=[9.0, *MIXED.score[1:]]))
    with pytest.raises(DataError, match="no column"):
        compare(MIXED, score="answer")
    with pytest.raises(DataError, match="each once"):
        compare_ordinal(MIXED, treated="pilot", control="comparison", categories=(1, 1))


# --- linked answers -------------------------------------------------------------
LINKED = pd.DataFrame(
    {
        "before": [1.0, 2, 3, 4, 5, 3, 3, np.nan],
        "after": [2.0, 2, 4, 3, 5, 5, 4, 4],
        "cluster": list("abcdefgh"),
    }
)


def test_linked_answers_worked_by_hand() -> None:
    found = ordinal_change(LINKED, categories=SCALE)
    counted = {result.term: result for result in found.results()}
    shown = {term: estimate(result).estimate * 7 for term, result in counted.items()}
    assert shown == pytest.approx(
        {
            "share_better": 4,
            "share_same": 2,
            "share_worse": 1,
            "net_share_better": 3,
            "top_share_before": 1,
            "top_share_after": 2,
            "top_share_change": 1,
        }
    )


def test_linked_answers_of_teams_nobody_and_all_alike() -> None:
    teams = ordinal_change(LINKED, categories=SCALE, cluster="cluster")
    assert estimate(teams.share_better).conf_low is None
    assert width(teams.net_share_better) > 0
    few = LINKED.assign(cluster="a")
    found = ordinal_change(few, categories=SCALE, cluster="cluster")
    assert "fewer than 5" in absent(found.net_share_better)
    same = LINKED.assign(after=LINKED.before)
    similarity = ordinal_change(same, categories=SCALE, cluster="cluster")
    assert "do not differ" in absent(similarity.top_share_change)
    nobody = ordinal_change(LINKED[-1:], categories=SCALE, cluster="cluster")
    assert {absent(result) for result in nobody.results()} == {"no one to count"}
    with pytest.raises(DataError, match="no column"):
        ordinal_change(LINKED, categories=SCALE, before="first")


# --- then-test ------------------------------------------------------------------
def three(**more: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "before": BEFORE,
            "then": BEFORE - 3 + np.resize([0.0, 1, -1, 2], N),
            "after": AFTER,
            "team": np.resize([f"t{i}" for i in range(7)], N),
        }
    )
    return frame.assign(**more)


@pytest.mark.parametrize("cluster", [None, "team"])
def test_felt_change_is_said_change_less_the_shift(cluster: str | None) -> None:
    found = retrospective_pretest(three(), cluster=cluster)
    message, retrospective, shift = (
        estimate(result).estimate
        for result in (
            found.conventional_change,
            found.then_test_change,
            found.response_shift,
        )
    )
    assert retrospective == pytest.approx(message - shift)
    assert shift == pytest.approx(-3, abs=0.6)
    assert (cluster is None) == isinstance(found.response_shift_d_z, Estimate)


def test_then_test_without_enough_to_go_on() -> None:
    frame = three()
    assert "all three" in absent(retrospective_pretest(frame[:1]).mean_before)
    assert "all three" in absent(
        retrospective_pretest(frame.assign(then=np.nan)).response_shift_d_z
    )
    few = retrospective_pretest(frame.assign(team="a"), cluster="team")
    assert {"fewer than 5 teams" in absent(result) for result in few.results()} == {
        True
    }
    same = retrospective_pretest(frame.assign(then=frame.before - 1))
    assert "same amount" in absent(same.response_shift)
    assert absent(same.response_shift_d_z)
    assert estimate(same.conventional_change)
    with pytest.raises(DataError, match="no column thn"):
        retrospective_pretest(frame, then="thn")


# --- smallest change that counts ------------------------------------------------
def simulated(n: int, seed: str) -> tuple[pd.Series, pd.Series]:
    random = generator("tests", "mic", seed)
    change = random.normal(4, 5, n)
    # Everybody's own threshold lies about 4: half improve, so nothing to correct.
    improved = change + random.normal(0, 2, n) > 4 + random.normal(0, 2, n)
    return pd.Series(change.round()), pd.Series(improved.astype(float))


def test_true_threshold_is_found_where_half_improved() -> None:
    change, improved = simulated(3000, "half")
    found = minimal_important_change(
        change, improved, seed="test", anchor_reliability=0.8
    )
    for name in ("mic_predictive", "mic_predictive_adjusted"):
        result = estimate(getattr(found, name))
        assert result.estimate == pytest.approx(4, abs=0.4)
        assert result.conf_low < 4.3 < 5 > result.conf_high  # type: ignore[operator]


def test_same_seed_same_interval_and_absent_reliability() -> None:
    change, improved = simulated(200, "seeds")
    here, again, other = (
        minimal_important_change(change, improved, seed=seed) for seed in "aab"
    )
    assert here == again
    assert here.mic_predictive != other.mic_predictive
    assert "not known" in absent(here.mic_predictive_reliability_adjusted)
    assert "little improved" in absent(here.mic_mean_change)


def test_equal_changes_are_one_whatever_their_last_digits() -> None:
    change, improved = simulated(200, "digits")
    noise = 1e-15 * np.random.default_rng(1).integers(-3, 4, len(change))
    here, there = (
        minimal_important_change(one, improved, seed="x")
        for one in (change, change + noise)
    )
    for name in ("mic_roc", "mic_predictive"):
        one, other = (estimate(getattr(found, name)) for found in (here, there))
        assert other.estimate == pytest.approx(one.estimate, rel=1e-9)
        assert other.conf_low == pytest.approx(one.conf_low, rel=1e-9)
    similarity = minimal_important_change(0 * change + 0.3 + noise, improved, seed="x")
    assert "same amount" in absent(similarity.mic_roc)


def test_yes_and_no_are_one_and_nought_and_gaps_are_left_out() -> None:
    change, improved = simulated(200, "yes")
    yes = improved.astype(bool)
    here = minimal_important_change(change, yes, seed="x", little_improved=yes)
    assert here.mic_roc == minimal_important_change(change, improved, seed="x").mic_roc
    assert estimate(here.mic_mean_change).n == int(yes.sum())
    with_gaps = improved.mask(improved.index < 20)
    found = minimal_important_change(change, with_gaps, seed="x")
    alone = minimal_important_change(change[20:], improved[20:], seed="x")
    assert found == alone


def test_groups_that_hardly_overlap_leave_no_interval() -> None:
    # One person overlaps: about every third draw of people leaves that one out.
    change = pd.Series([*range(1, 21), *range(22, 42)], dtype=float)
    improved = pd.Series([*([0.0] * 19), 1.0, 0.0, *([1.0] * 19)])
    found = estimate(
        minimal_important_change(change, improved, seed="x").mic_predictive
    )
    assert found.conf_low is None
    assert "over 5 %" in found.method


def test_weak_anchor_separated_groups_and_few_people() -> None:
    change, improved = simulated(200, "weak")
    shuffled = improved.sample(frac=1, random_state=1, ignore_index=True)
    weak = minimal_important_change(change, shuffled, seed="x")
    assert "under .3" in absent(weak.mic_roc)
    assert estimate(weak.anchor_correlation).estimate < 0.3
    deviation = minimal_important_change(change, (change > 4) * 1.0, seed="x")
    assert "do not overlap" in absent(deviation.mic_predictive)
    few = minimal_important_change(change[:15], improved[:15], seed="x")
    assert "fewer than 10" in absent(few.mic_roc)
    similarity = minimal_important_change(change * 0, improved, seed="x")
    assert "same amount" in absent(similarity.anchor_correlation)
    odd = minimal_important_change(change, improved + 1, seed="x")
    assert "yes or no" in absent(odd.mic_roc)
    with pytest.raises(DataError, match="different indexes"):
        minimal_important_change(change, improved[::-1], seed="x")
    with pytest.raises(ValueError, match="reliability"):
        minimal_important_change(change, improved, seed="x", anchor_reliability=0)


# --- all ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "found",
    [
        unlinked_bounds(BEFORE, AFTER),
        overlapping_change(BEFORE, AFTER),
        responders(BEFORE, AFTER, reliability=RELIABILITY, lowest=0, highest=50),
        compare(MIXED),
        compare(MIXED, cluster="cluster"),
        ordinal_change(LINKED, categories=SCALE),
        retrospective_pretest(three()),
        minimal_important_change(*simulated(100, "all"), seed="x"),
    ],
)
def test_every_result_finds_its_place_and_says_how_it_was_made(
    found: Composite,
) -> None:
    assert len(found.to_frame()) == len(Finding.place(found, study="s"))
    for result in found.results():
        if isinstance(result, Estimate):
            assert result.method
            if result.conf_low is None:
                assert "no interval" in result.method


# --- scales of which neither end is good ------------------------------------------


def test_who_rose_and_who_fell_are_those_beyond_the_change_needed() -> None:
    found = rise_and_fall(
        BEFORE, AFTER, lowest=0.0, highest=49.0, reliability=RELIABILITY
    )
    needed = estimate(found.reliable_change_needed).estimate
    change = AFTER - BEFORE
    assert estimate(found.share_rose).estimate == pytest.approx(
        (change > needed).mean()
    )
    assert estimate(found.share_fell).estimate == pytest.approx(
        (change < -needed).mean()
    )
    assert estimate(found.share_rose).estimate > estimate(found.share_fell).estimate
    turned = rise_and_fall(
        -BEFORE, -AFTER, lowest=-49.0, highest=0.0, reliability=RELIABILITY
    )
    assert estimate(turned.share_fell).estimate == estimate(found.share_rose).estimate
    terms = [result.term for result in found.results()]
    assert not [term for term in terms if "improved" in term or "worsened" in term]


def test_without_a_reliability_nobody_is_said_to_rise_or_to_fall() -> None:
    unknown = Unavailable(term="icc_a1", reason="nobody was asked twice")
    found = rise_and_fall(BEFORE, AFTER, reliability=unknown, lowest=0, highest=49)
    for result in found.results():
        assert absent(result) == "no reliability: nobody was asked twice"
