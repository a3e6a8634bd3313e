"""Difference in differences, controls and sensitivity: known truth, and its limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from heard.effects.designs.difference_in_differences import (
    Comparison,
    difference_in_differences,
    event_study_fit,
    joint_p_value,
    within,
)
from heard.effects.designs.negative_controls import falsification_table, future_dose
from heard.effects.designs.parallel_trends import trend_sensitivity
from heard.errors import DataError
from heard.models.cluster_robust import ClusterRobustFit, cluster_robust_fit
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

WAVES = ["w1", "w2", "w3", "w4"]
PILOT = Comparison(waves=WAVES, started="w4", treated="pack", control="usual")
LINKED = Comparison(
    waves=WAVES, started="w4", treated="pack", control="usual", linked=True
)


def panel(
    *,
    n_clusters: int = 12,
    effect: float = 0.5,
    drift: float = 0.0,
    noise: float = 0.3,
    seed: str = "panel",
) -> pd.DataFrame:
    """Ten people a team and four waves; even teams get the pack before the fourth."""
    random = generator("test", seed)
    people = pd.DataFrame({"participant": np.arange(n_clusters * 10)})
    team = people["participant"] // 10
    people["cluster"] = "t" + team.astype(str)
    people["arm"] = np.where(team % 2 == 0, "pack", "usual")
    own = random.normal(3, 0.5, len(people))
    waves = []
    for place, wave in enumerate(WAVES):
        outcome_scores = 0.1 * place + (people["arm"] == "pack") * drift * place
        gained = effect * ((people["arm"] == "pack") & (wave == "w4"))
        shock = random.normal(0, 0.1, n_clusters)[team]
        score = (
            own + outcome_scores + gained + shock + random.normal(0, noise, len(people))
        )
        control = own + shock + random.normal(0, noise, len(people))
        waves.append(people.assign(wave=wave, score=score, waiting=control))
    return pd.concat(waves, ignore_index=True)


def estimate(result: object) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


@pytest.mark.parametrize("comparison", [PILOT, LINKED])
def test_balanced_arms_are_compared_by_their_means(
    comparison: Comparison,
) -> None:
    frame = panel()
    gaps = frame.pivot_table(index="wave", columns="arm", values="score")
    gap = gaps["pack"] - gaps["usual"]
    found = difference_in_differences(frame, comparison)
    # balanced: the mean of the arms' means, whatever the intercepts
    assert estimate(found.difference_in_differences).estimate == pytest.approx(
        gap["w4"] - gap[["w1", "w2", "w3"]].mean(), abs=1e-10
    )
    for event in found.by_wave:
        assert estimate(event.event_study_effect).estimate == pytest.approx(
            gap[event.wave] - gap["w3"], abs=1e-10
        )


@pytest.mark.parametrize("comparison", [PILOT, LINKED])
def test_equal_clusters_are_a_t_test_of_their_changes(comparison: Comparison) -> None:
    """Nobody missing, ten people a team: so the level is exact, not approximate."""
    frame = panel()
    means = frame.pivot_table(index=["arm", "cluster"], columns="wave", values="score")
    changes = means["w4"] - means[["w1", "w2", "w3"]].mean(axis=1)
    test = stats.ttest_ind(changes["pack"], changes["usual"])
    found = difference_in_differences(frame, comparison)
    p_value = estimate(found.difference_in_differences_p_value).estimate
    assert p_value == pytest.approx(test.pvalue, rel=1e-8)
    degrees = estimate(found.difference_in_differences_degrees_of_freedom)
    assert degrees.estimate == pytest.approx(10, rel=1e-8)


def test_known_effect_lies_in_the_interval_as_often_as_promised() -> None:
    held, rejected = [], []
    for place in range(40):
        frame = panel(seed=f"coverage {place}", n_clusters=8)
        found = difference_in_differences(frame, LINKED)
        effect = estimate(found.difference_in_differences)
        assert effect.conf_low is not None
        assert effect.conf_high is not None
        held.append(effect.conf_low <= 0.5 <= effect.conf_high)
        rejected.append(estimate(found.pre_trend_p_value).estimate <= 0.05)
    # 40 binomial draws: at most 7 misses with probability .999 at 5 %
    assert sum(held) >= 33
    assert sum(rejected) <= 7


def test_arms_that_part_before_the_start_are_told() -> None:
    found = difference_in_differences(panel(drift=0.5), PILOT)
    assert estimate(found.pre_trend_p_value).estimate < 0.01
    before = {e.wave for e in found.by_wave if e.timing == "before"}
    assert before == {"w1", "w2"}


def test_absorbing_by_demeaning_is_the_whole_model() -> None:
    frame = panel()
    treated = (frame["arm"] == "pack").to_numpy(float)
    after = (frame["wave"] == "w4").to_numpy(float)
    columns = np.column_stack([after, treated * after])
    outcome = frame["score"].to_numpy(float)
    clusters = frame["cluster"].to_numpy()
    people = frame["participant"].to_numpy()
    whole = cluster_robust_fit(
        outcome, columns, clusters, names=["after", "effect"], absorb=people
    )
    left = within(np.column_stack([outcome, columns]), people)
    demeaned = cluster_robust_fit(
        left[:, 0], left[:, 1:], clusters, names=["after", "effect"]
    )
    assert isinstance(whole, ClusterRobustFit)
    assert isinstance(demeaned, ClusterRobustFit)
    assert demeaned.covariance == pytest.approx(whole.covariance, rel=1e-9)
    assert demeaned.degrees_of_freedom("effect") == pytest.approx(
        whole.degrees_of_freedom("effect"), rel=1e-9
    )


def test_a_joint_test_of_one_contrast_is_its_t_test() -> None:
    fit = event_study_fit(panel(), PILOT)
    assert isinstance(fit, ClusterRobustFit)
    joint = joint_p_value(fit, ["treated at w1"], term="joint", method="")
    alone = fit.p_value("treated at w1", term="alone")
    assert estimate(joint).estimate == pytest.approx(
        estimate(alone).estimate, rel=1e-10
    )


def one_treated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["arm"] == "usual") | (frame["cluster"] == "t0")]


def straddling(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(arm=np.where(frame.index % 2 == 0, "pack", "usual"))


@pytest.mark.parametrize(
    ("frame", "comparison", "reason"),
    [
        (panel(n_clusters=4), PILOT, "4 clusters; at least 5"),
        (one_treated(panel()), PILOT, "placebo clusters"),
        (straddling(panel()), PILOT, "both arms"),
        (panel().query("arm == 'usual'"), PILOT, "an arm has no score at w1"),
        (panel().query("wave != 'w4'"), PILOT, "no score at w4"),
        (panel().assign(score=3.0), PILOT, "fits every row exactly"),
        (panel().assign(score=np.nan), PILOT, "no one has a score"),
        (panel().assign(score=np.inf), PILOT, "infinite"),
        (panel().assign(participant=1), LINKED, "more than once"),
        (panel().query("wave == 'w1'"), LINKED, "no one has a score"),
    ],
)
def test_absence_has_a_reason(
    frame: pd.DataFrame, comparison: Comparison, reason: str
) -> None:
    result = difference_in_differences(frame, comparison).difference_in_differences
    assert isinstance(result, Unavailable)
    assert reason in result.reason


def test_a_start_at_the_first_wave_or_at_none_is_refused() -> None:
    first = Comparison(waves=WAVES, started="w1", treated="pack", control="usual")
    found = difference_in_differences(panel(), first)
    assert all(isinstance(result, Unavailable) for result in found.results())
    none = Comparison(waves=WAVES, started="w9", treated="pack", control="usual")
    with pytest.raises(DataError, match="unknown wave 'w9'"):
        difference_in_differences(panel(), none)
    with pytest.raises(DataError, match="unknown column 'mood'"):
        difference_in_differences(panel(), PILOT, score="mood")


def test_one_wave_before_leaves_the_course_before_untold() -> None:
    short = Comparison(
        waves=["w3", "w4"], started="w4", treated="pack", control="usual"
    )
    found = difference_in_differences(panel(), short)
    assert isinstance(found.pre_trend_p_value, Unavailable)
    assert isinstance(found.difference_in_differences, Estimate)
    bounds = trend_sensitivity(panel(), short)
    assert all(isinstance(result, Unavailable) for result in bounds.results())


def test_who_answered_once_is_left_out_and_who_answered_twice_is_not() -> None:
    frame = panel()
    once = frame[(frame["participant"] != 3) | (frame["wave"] == "w1")]
    twice = frame[(frame["participant"] != 3) | frame["wave"].isin(["w1", "w4"])]
    for rows, n in ((once, len(frame) - 4), (twice, len(frame) - 2)):
        found = difference_in_differences(rows, LINKED)
        assert estimate(found.difference_in_differences).n == n


def test_rows_are_left_as_they_were() -> None:
    frame = panel()
    kept = frame.copy()
    difference_in_differences(frame, LINKED)
    pd.testing.assert_frame_equal(frame, kept)


# --- negative controls ----------------------------------------------------------------


def test_controls_stay_and_outcomes_move() -> None:
    frame = panel(effect=1.0, seed="controls")
    found = falsification_table(
        frame, PILOT, outcomes=["score"], negative_controls=["waiting"]
    )
    outcome, control = found.by_outcome
    assert (outcome.role, control.role) == ("outcome", "negative_control")
    assert estimate(outcome.falsification_p_value).estimate < 0.01
    assert estimate(control.falsification_p_value).estimate > 0.05
    single = difference_in_differences(frame, PILOT)
    effect = estimate(outcome.falsification_effect)
    assert effect.estimate == estimate(single.difference_in_differences).estimate
    assert isinstance(outcome.falsification_holm_p_value, Unavailable)


def test_holm_counts_the_controls_alone() -> None:
    frame = panel(effect=1.0).assign(
        appropriateness=lambda f: f["score"], listened=lambda f: f["score"]
    )
    found = falsification_table(
        frame,
        PILOT,
        outcomes=["listened"],
        negative_controls=["waiting", "appropriateness"],
    )
    plain = estimate(found.by_outcome[2].falsification_p_value).estimate
    smallest = estimate(found.smallest_negative_control_p_value)
    assert smallest.estimate == pytest.approx(2 * plain, rel=1e-12)
    standardised = estimate(found.by_outcome[2].falsification_standardised_effect)
    raw = estimate(found.by_outcome[2].falsification_effect)
    before = frame[frame["wave"] != "w4"]
    arms = before.groupby("arm")["score"]
    spread = np.sqrt((arms.var() * (arms.size() - 1)).sum() / (len(before) - 2))
    assert standardised.estimate == pytest.approx(raw.estimate / spread, rel=1e-10)


def test_controls_that_cannot_be_compared_say_so() -> None:
    frame = panel().assign(waiting=1.0)
    found = falsification_table(
        frame, PILOT, outcomes=["score"], negative_controls=["waiting"]
    )
    assert isinstance(found.smallest_negative_control_p_value, Unavailable)
    none = falsification_table(frame, PILOT, outcomes=["score"], negative_controls=[])
    assert isinstance(none.smallest_negative_control_p_value, Unavailable)
    assert "no outcome named" in none.smallest_negative_control_p_value.reason


def attendance(*, keen: float, seed: str = "attendance") -> pd.DataFrame:
    random = generator("test", seed)
    before = random.normal(3, 0.6, 200)
    sessions = random.poisson(np.exp(0.5 + keen * (before - 3)))
    clusters = np.arange(200) % 10
    return pd.DataFrame({"before": before, "sessions": sessions, "cluster": clusters})


def test_keen_people_show_in_their_scores_before() -> None:
    keen = future_dose(attendance(keen=0.8))
    assert estimate(keen.future_dose_p_value).estimate < 0.01
    even = future_dose(attendance(keen=0.0))
    assert estimate(even.future_dose_p_value).estimate > 0.05


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (attendance(keen=0).assign(sessions=2), "equally often"),
        (attendance(keen=0).assign(before=np.nan), "no one has a score"),
        (attendance(keen=0).assign(before=3.0), "fits every row exactly"),
        (attendance(keen=0).assign(cluster=1), "1 clusters"),
    ],
)
def test_future_dose_has_a_reason_for_its_absence(
    frame: pd.DataFrame, reason: str
) -> None:
    found = future_dose(frame)
    for result in found.results():
        assert isinstance(result, Unavailable)
        assert reason in result.reason


# --- sensitivity to courses that are not parallel -------------------------------------


def limits_by_definition(frame: pd.DataFrame, departure: float) -> tuple[float, float]:
    """w1, w2, w3 before, w4 after: every change before, each sign, each t interval."""
    fit = event_study_fit(frame, PILOT)
    assert isinstance(fit, ClusterRobustFit)
    place = {name: where for where, name in enumerate(fit.names)}
    low, high = [], []
    for change in ({"w2": 1.0, "w1": -1.0}, {"w2": -1.0}):  # the second is 0 - w2
        for sign in (-1, 1):
            weights = np.zeros(len(fit.names))
            weights[place["treated at w4"]] = 1
            for wave, weight in change.items():
                weights[place[f"treated at {wave}"]] += sign * departure * weight
            result = estimate(fit.estimate(list(weights), term="bound"))
            assert result.conf_low is not None
            assert result.conf_high is not None
            low.append(result.conf_low)
            high.append(result.conf_high)
    return min(low), max(high)


def test_bounds_are_those_of_every_departure() -> None:
    frame = panel()
    found = trend_sensitivity(frame, PILOT, departures=[0.0, 0.7, 2.0])
    event = difference_in_differences(frame, PILOT).by_wave
    w1, w2 = (estimate(e.event_study_effect).estimate for e in event[:2])
    for bound in found.by_departure:
        effect = estimate(bound.trend_robust_effect)
        limits = limits_by_definition(frame, float(bound.departure))
        assert [effect.conf_low, effect.conf_high] == pytest.approx(limits, rel=1e-12)
        room = float(bound.departure) * max(abs(w2 - w1), abs(w2))
        lowest = estimate(bound.trend_lowest_effect).estimate
        assert effect.estimate - lowest == pytest.approx(room, abs=1e-12)
    parallel = found.by_departure[0].trend_robust_effect
    assert isinstance(parallel, Estimate)
    plain = estimate(event[-1].event_study_effect)
    assert parallel.conf_low == pytest.approx(plain.conf_low, rel=1e-12)


def test_breakdown_is_where_nought_comes_in() -> None:
    frame = panel(effect=0.8)
    at = estimate(trend_sensitivity(frame, PILOT).trend_breakdown_value).estimate
    assert at > 0
    assert limits_by_definition(frame, at - 1e-6)[0] > 0
    assert limits_by_definition(frame, at + 1e-6)[0] <= 0
    none = trend_sensitivity(panel(effect=0.0), PILOT).trend_breakdown_value
    assert estimate(none).estimate == 0.0


def test_later_waves_leave_more_room_by_their_time() -> None:
    """The last wave three times as far away: three times the room."""
    found = trend_sensitivity(panel(), PILOT, departures=[1.0])
    later = trend_sensitivity(panel(), PILOT, departures=[1.0], times=[0, 1, 2, 5])

    def room(result: Any) -> float:
        bound = result.by_departure[0]
        lowest = estimate(bound.trend_lowest_effect).estimate
        return estimate(bound.trend_robust_effect).estimate - lowest

    assert room(later) == pytest.approx(3 * room(found), rel=1e-10)


def test_departures_are_by_time_and_add_up_over_all_waves_after() -> None:
    """w1 to w2 takes two; w3 and w4, one and four after w2, give 2.5 on average."""
    early = Comparison(waves=WAVES, started="w3", treated="pack", control="usual")
    found = trend_sensitivity(
        panel(), early, departures=[1.0], times=[0.0, 2.0, 3.0, 6.0]
    ).by_departure[0]
    event = difference_in_differences(panel(), early).by_wave
    before, *after = (estimate(e.event_study_effect).estimate for e in event)
    effect = estimate(found.trend_robust_effect).estimate
    assert effect == pytest.approx(np.mean(after), rel=1e-12)
    highest = estimate(found.trend_highest_effect).estimate
    assert highest - effect == pytest.approx(abs(before) / 2 * 2.5, rel=1e-10)


def test_wrong_times_and_departures_are_errors() -> None:
    with pytest.raises(DataError, match="times must rise"):
        trend_sensitivity(panel(), PILOT, times=[0, 1, 1, 2])
    with pytest.raises(DataError, match="below zero"):
        trend_sensitivity(panel(), PILOT, departures=[-1.0])


def test_sensitivity_says_why_there_is_none() -> None:
    found = trend_sensitivity(panel(n_clusters=4), PILOT)
    assert all(isinstance(result, Unavailable) for result in found.results())


def test_no_rows_at_all_are_nobody() -> None:
    nobody = panel().iloc[:0]
    found = [
        difference_in_differences(nobody, PILOT),
        difference_in_differences(nobody, LINKED),
        trend_sensitivity(nobody, LINKED),
        future_dose(attendance(keen=0).iloc[:0]),
        falsification_table(
            nobody, PILOT, outcomes=["score"], negative_controls=["waiting"]
        ),
    ]
    for composite in found:
        assert all(isinstance(result, Unavailable) for result in composite.results())
