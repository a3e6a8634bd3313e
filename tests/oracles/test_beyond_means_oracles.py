"""Change beyond the mean against R: t.test, MASS, ordinal, glm, published formulas.

Values: tests/oracles/values/beyond_means.json, made by
tests/oracles/scripts/beyond_means.R.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values
from scipy import special, stats

from heard.effects.supplementary.linked_answers import ordinal_change, shares_at_ends
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import (
    overlapping_change,
    overlapping_change_of_teams,
    unlinked_bounds,
)
from heard.effects.supplementary.responders import responders
from heard.effects.supplementary.retrospective_pretest import retrospective_pretest
from heard.results import Estimate, Result

pytestmark = pytest.mark.filterwarnings("error")
VALUES = oracle_values("beyond_means")
TEAMS = oracle_rows("outcomes_teams.csv").set_index("participant")
BEFORE, AFTER = TEAMS["before"], TEAMS["after"]

# Closed forms.
CLOSED = 1e-10
# statsmodels' optimiser stops at a gradient of 1e-8, its errors are numerical
# derivatives: seen 4e-6.
OPTIMISED = 1e-4


def numbers(result: Result) -> list[float | None]:
    assert isinstance(result, Estimate), result
    return [result.estimate, result.conf_low, result.conf_high]


def test_partly_linked_waves_are_derricks() -> None:
    places = np.arange(1, len(TEAMS) + 1)
    both = BEFORE.notna().to_numpy() & AFTER.notna().to_numpy()
    after = AFTER.copy()
    after.index = pd.Index(
        [
            name if linked else f"unknown-{name}"
            for name, linked in zip(TEAMS.index, both & (places % 3 != 0), strict=True)
        ]
    )
    found, stored = overlapping_change(BEFORE, after), VALUES["waves"]["overlapping"]
    for term in (
        "mean_change_linked",
        "mean_change_unlinked",
        "mean_change_everybody",
        "pre_post_correlation",
    ):
        expected = pytest.approx(stored[term], rel=CLOSED)
        assert numbers(getattr(found, term)) == expected
    p = numbers(found.p_value_everybody)[0]
    assert p == pytest.approx(stored["p_value_everybody"], rel=CLOSED)


def test_everybody_linked_is_the_paired_t_and_nobody_is_welchs() -> None:
    both = BEFORE.notna() & AFTER.notna()
    paired = overlapping_change(BEFORE[both], AFTER[both]).mean_change_everybody
    assert numbers(paired) == pytest.approx(VALUES["waves"]["paired"], rel=CLOSED)
    nobody = unlinked_bounds(BEFORE, AFTER, max_in_both=0).mean_change_worst_case
    assert numbers(nobody) == pytest.approx(VALUES["waves"]["welch"], rel=CLOSED)


def test_bounds_at_every_correlation() -> None:
    found = unlinked_bounds(BEFORE, AFTER)
    stored = VALUES["waves"]["bounds"]
    for one, expected in zip(found.at_correlations, stored, strict=True):
        assert numbers(one.mean_change) == pytest.approx(expected, rel=CLOSED)


def test_responders_over_the_interval_of_the_reliability() -> None:
    reliability = Estimate(
        term="icc_a1", estimate=0.8, conf_low=0.7, conf_high=0.88, n=90, method="retest"
    )
    found = responders(BEFORE, AFTER, reliability=reliability, lowest=0, highest=50)
    stored = VALUES["responders"]
    for name in ("improved", "unchanged", "worsened"):
        rows = np.array([one[name] for one in stored])
        expected = [rows[0, 0], rows[:, 1].min(), rows[:, 2].max()]
        result = getattr(found, f"share_{name}")
        assert numbers(result) == pytest.approx(expected, rel=CLOSED)
    needed = [one["needed"] for one in stored]
    of_needed = pytest.approx([needed[0], min(needed), max(needed)], rel=CLOSED)
    assert numbers(found.reliable_change_needed) == of_needed
    net, room = found.net_share_improved, found.share_without_room_before
    assert numbers(net) == pytest.approx(stored[0]["net"], rel=CLOSED)
    assert numbers(room) == pytest.approx(stored[0]["room"], rel=CLOSED)


@pytest.mark.parametrize("unit", ["people", "teams"])
def test_then_test_is_t_test(unit: str) -> None:
    stored = VALUES["then_test"]
    frame = pd.DataFrame(stored["frame"])
    found = retrospective_pretest(frame, cluster="cluster" if unit == "teams" else None)
    for term, expected in stored[unit].items():
        assert numbers(getattr(found, term)) == pytest.approx(expected, rel=CLOSED)
    if unit == "people":
        size = numbers(found.response_shift_d_z)[0]
        assert size == pytest.approx(stored["response_shift_d_z"], rel=CLOSED)


def ordered_frame(stored: dict[str, Any]) -> pd.DataFrame:
    counts = np.array(stored["counts"])
    return pd.DataFrame(
        {
            "score": np.repeat(np.tile(np.arange(1, 6), 2), counts.ravel()),
            "arm": np.repeat(["pilot", "comparison"], counts.sum(axis=1)),
            "cluster": stored["cluster"],
        }
    )


def test_ordered_answers_are_those_of_polr_and_clm() -> None:
    stored = VALUES["ordered_answers"]
    frame, scale = ordered_frame(stored), (1, 2, 3, 4, 5)
    found = compare_ordinal(
        frame, treated="pilot", control="comparison", categories=scale
    )
    for term in (
        "probability_of_better_answer",
        "top_share_treated",
        "top_share_difference",
    ):
        assert numbers(getattr(found, term)) == pytest.approx(stored[term], rel=CLOSED)
    ratio = stored["proportional_odds_ratio"]
    assert numbers(found.proportional_odds_ratio) == pytest.approx(ratio, rel=OPTIMISED)
    p = stored["proportional_odds_p_value"]
    check = numbers(found.proportional_odds_p_value)[0]
    assert check == pytest.approx(p, rel=OPTIMISED)


def test_ordered_answers_of_teams() -> None:
    stored = VALUES["ordered_answers"]
    found = compare_ordinal(
        ordered_frame(stored),
        treated="pilot",
        control="comparison",
        categories=(1, 2, 3, 4, 5),
        cluster="cluster",
    )
    for term in ("probability_of_better_answer", "top_share_difference"):
        expected = pytest.approx(stored[f"{term}_teams"], rel=CLOSED)
        assert numbers(getattr(found, term)) == expected
    ratio = stored["proportional_odds_ratio_teams"]
    assert numbers(found.proportional_odds_ratio) == pytest.approx(ratio, rel=OPTIMISED)


def test_the_best_two_answers_count_as_top_ones() -> None:
    stored = VALUES["ordered_answers"]
    found = compare_ordinal(
        ordered_frame(stored),
        treated="pilot",
        control="comparison",
        categories=(1, 2, 3, 4, 5),
        top=2,
    )
    assert numbers(found.top_share_difference)[0] == pytest.approx(
        stored["top_two_difference"], rel=CLOSED
    )


def test_ends_of_the_scale_are_those_of_prop_test_and_sandwich() -> None:
    stored = VALUES["in_teams"]["ends"]
    scores = TEAMS["before"]
    ends = {"lowest": stored["lowest"], "highest": stored["highest"]}
    people = shares_at_ends(scores, **ends)
    assert numbers(people.share_at_best) == pytest.approx(stored["best"], rel=CLOSED)
    assert numbers(people.share_at_worst) == pytest.approx(stored["worst"], rel=CLOSED)
    teams = shares_at_ends(scores, **ends, cluster=TEAMS["cluster"])
    value, low, high = numbers(teams.share_at_best)
    best, lower, upper = stored["best_teams"]
    assert (value, high) == pytest.approx((best, upper), rel=CLOSED)
    assert low == pytest.approx(max(lower, 0.0), abs=1e-15)


def test_waves_linked_in_part_of_teams() -> None:
    """Every third link is lost, as in the script."""
    stored = VALUES["in_teams"]
    frame = TEAMS.reset_index()
    kept = pd.Series(np.arange(len(frame)) % 3 != 2)
    waves = []
    for wave in ("before", "after"):
        held = frame.assign(
            participant=frame["participant"].astype(str).where(kept, ""),
            score=frame[wave],
        )
        waves.append(held.dropna(subset="score")[["participant", "cluster", "score"]])
    found = overlapping_change_of_teams(*waves)
    for term in ("mean_change_linked", "mean_change_unlinked", "mean_change_everybody"):
        assert numbers(getattr(found, term)) == pytest.approx(stored[term], rel=CLOSED)


@pytest.mark.parametrize("unit", ["people", "teams"])
def test_linked_answers_are_those_of_the_formulas(unit: str) -> None:
    stored = VALUES["linked_answers"]
    frame = pd.DataFrame(
        {name: stored[name] for name in ("before", "after", "cluster")}
    )
    found = ordinal_change(
        frame,
        categories=(1, 2, 3, 4, 5),
        cluster="cluster" if unit == "teams" else None,
    )
    for term, expected in stored[unit].items():
        assert numbers(getattr(found, term)) == pytest.approx(expected, rel=CLOSED)


def test_probability_of_a_better_answer_is_brunner_and_munzels() -> None:
    stored = VALUES["ordered_answers"]
    frame = ordered_frame(stored)
    arms = [frame.score[frame.arm == arm].to_list() for arm in ("comparison", "pilot")]
    test = stats.brunnermunzel(arms[0], arms[1])
    found = compare_ordinal(
        frame, treated="pilot", control="comparison", categories=(1, 2, 3, 4, 5)
    ).probability_of_better_answer
    value, low, high = numbers(found)
    assert value is not None
    assert low is not None
    assert high is not None
    reach = special.logit(high) - special.logit(value)
    error = abs((value - 0.5) / test.statistic) / (value * (1 - value))
    degrees = test.pvalue and reach / error
    t = abs(test.statistic)
    freedom = np.linspace(60, 160, 100001)
    near = freedom[np.abs(2 * stats.t.sf(t, freedom) - test.pvalue).argmin()]
    assert degrees == pytest.approx(stats.t.ppf(0.975, near), rel=1e-5)


def test_smallest_change_that_counts_is_terluins() -> None:
    stored = VALUES["mic"]
    found = minimal_important_change(
        pd.Series(stored["change"]),
        pd.Series(stored["improved"]),
        seed="test",
        little_improved=pd.Series(stored["little"]),
        anchor_reliability=0.7,
    )
    for term in ("anchor_correlation", "mic_mean_change"):
        assert numbers(getattr(found, term)) == pytest.approx(stored[term], rel=CLOSED)
    teams = minimal_important_change(
        pd.Series(stored["change"]),
        pd.Series(stored["improved"]),
        seed="test",
        little_improved=pd.Series(stored["little"]),
        cluster=pd.Series(stored["cluster"]).astype(str),
    )
    assert numbers(teams.mic_mean_change) == pytest.approx(
        stored["mic_mean_change_teams"], rel=CLOSED
    )
    for term in (
        "mic_roc",
        "mic_predictive",
        "mic_predictive_adjusted",
        "mic_predictive_reliability_adjusted",
    ):
        value, low, high = numbers(getattr(found, term))
        assert value == pytest.approx(stored[term], rel=CLOSED)
        assert low is not None
        assert high is not None
        assert low < value < high  # type: ignore[operator]
