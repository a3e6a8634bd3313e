"""Supplementary measures with teams: ends of scales, odds ratios, anchors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.effects.change import paired_change, unlinked_change
from heard.effects.supplementary.linked_answers import ordinal_change, shares_at_ends
from heard.effects.supplementary.minimal_important_change import (
    minimal_important_change,
)
from heard.effects.supplementary.ordinal import compare_ordinal
from heard.effects.supplementary.partly_linked import overlapping_change_of_teams
from heard.effects.supplementary.proportional_odds import (
    error_over_teams,
    proportional_odds,
    slope_of,
)
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")
SCALE = (1.0, 2.0, 3.0, 4.0, 5.0)


def estimate(result: Any) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def absent(result: Any) -> str:
    assert isinstance(result, Unavailable), result
    return result.reason


# --- ends of the scale ----------------------------------------------------------
def test_ends_are_the_best_and_the_worst_whichever_way_is_better() -> None:
    scores = pd.Series([0.0, 0.0, 0.0, 5.0, 10.0, np.nan])
    here = shares_at_ends(scores, lowest=0, highest=10)
    turned = shares_at_ends(scores, lowest=0, highest=10, better="lower")
    assert estimate(here.share_at_worst).estimate == pytest.approx(0.6)
    assert estimate(here.share_at_best).estimate == pytest.approx(0.2)
    assert estimate(turned.share_at_best).estimate == pytest.approx(0.6)
    assert estimate(here.share_at_best).n == 5


def test_ends_of_teams_rest_on_teams_and_those_without_are_alone() -> None:
    scores = pd.Series([1.0, 0.0] * 10)
    similarity = pd.Series(["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"] * 2)
    found = shares_at_ends(scores, lowest=0, highest=1, cluster=similarity)
    same = estimate(found.share_at_best)
    assert (same.conf_low, same.estimate) == (None, 0.5)
    assert "do not differ" in same.method
    clumped = pd.Series([1.0] * 10 + [0.0] * 10)
    teams = pd.Series([f"t{place // 2}" for place in range(20)])
    one = estimate(
        shares_at_ends(clumped, lowest=0, highest=1, cluster=teams).share_at_best
    )
    alone = estimate(
        shares_at_ends(
            clumped, lowest=0, highest=1, cluster=pd.Series([""] * 20)
        ).share_at_best
    )
    assert one.conf_low is not None
    assert alone.conf_low is not None
    assert one.conf_low < alone.conf_low
    few = estimate(
        shares_at_ends(
            clumped, lowest=0, highest=1, cluster=pd.Series(["a", "b"] * 10)
        ).share_at_best
    )
    assert few.conf_low is None
    assert "fewer than 5 teams" in few.method


def test_ends_nobody_reached_or_that_cannot_be() -> None:
    nobody = shares_at_ends(pd.Series([], dtype=float), lowest=0, highest=1)
    assert "no one" in absent(nobody.share_at_best)
    empty = shares_at_ends(
        pd.Series([np.nan]), lowest=0, highest=1, cluster=pd.Series(["a"])
    )
    assert "no one" in absent(empty.share_at_worst)
    outside = shares_at_ends(pd.Series([2.0]), lowest=0, highest=1)
    assert "outside" in absent(outside.share_at_best)


# --- odds ratio of teams --------------------------------------------------------
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=6, max_size=10))
def test_refits_agree_with_the_library(counts: list[int]) -> None:
    half = len(counts) // 2
    table = np.array([counts[:half], counts[half : 2 * half]], dtype=float)
    ratio, _ = proportional_odds(table, by_team=None, fault="")
    assert np.exp(slope_of(table)) == pytest.approx(
        estimate(ratio).estimate,
        rel=2e-4,  # two optimisers, each stopping on its own
    )
    assert slope_of(table[::-1]) == pytest.approx(-slope_of(table), abs=1e-6)


def test_two_categories_have_the_odds_ratio_of_a_table() -> None:
    assert slope_of(np.array([[3.0, 7.0], [6.0, 4.0]])) == pytest.approx(
        np.log((7 / 3) / (4 / 6)), abs=1e-7
    )


def test_teams_alike_have_no_error_and_one_that_matters_has_no_ratio() -> None:
    team = np.array([[2.0, 3.0, 4.0], [4.0, 3.0, 2.0]])
    similarity = np.repeat(team[None], 6, axis=0)
    assert error_over_teams(similarity, slope_of(team)) < 1e-6
    # Only one team of the treated: without it nobody is left to compare.
    alone = similarity.copy()
    alone[1:, 0] = 0
    assert error_over_teams(alone, slope_of(alone.sum(axis=0))) == float("inf")
    ratio, check = proportional_odds(alone.sum(axis=0), by_team=alone, fault="")
    assert "without one of the teams" in absent(ratio)
    assert "teams" in absent(check)


def test_more_alike_teams_widen_the_interval() -> None:
    draws = generator("beyond teams tests", "odds")
    teams, each = 12, 20
    shifts = np.repeat(draws.normal(0, 1.0, teams), each)
    answers = np.clip(np.round(3 + shifts + draws.normal(0, 1, teams * each)), 1, 5)
    frame = pd.DataFrame(
        {
            "score": answers,
            "arm": np.repeat(["pilot", "other"], teams * each // 2),
            "cluster": np.repeat([f"t{n}" for n in range(teams)], each),
        }
    )
    arms = {"treated": "pilot", "control": "other", "categories": SCALE}
    naive = estimate(compare_ordinal(frame, **arms).proportional_odds_ratio)  # type: ignore[arg-type]
    found = estimate(
        compare_ordinal(frame, **arms, cluster="cluster").proportional_odds_ratio  # type: ignore[arg-type]
    )
    assert found.estimate == naive.estimate
    assert found.conf_low < naive.conf_low  # type: ignore[operator]
    assert found.conf_high > naive.conf_high  # type: ignore[operator]


def test_top_answers_are_as_many_as_asked_for() -> None:
    frame = pd.DataFrame(
        {"before": [1.0, 4.0, 5.0, 2.0], "after": [4.0, 5.0, 3.0, 2.0]}
    )
    found = ordinal_change(frame, categories=SCALE, top=2)
    assert estimate(found.top_share_before).estimate == 0.5
    assert estimate(found.top_share_after).estimate == 0.5
    assert "best 2 categories" in estimate(found.top_share_after).method
    assert (
        estimate(ordinal_change(frame, categories=SCALE).top_share_after).estimate
        == 0.25
    )
    for top in (0, 5):
        with pytest.raises(ValueError, match="from 1 to 4"):
            ordinal_change(frame, categories=SCALE, top=top)


# --- waves linked in part -------------------------------------------------------
def waves(linked: int, teams: int = 6, each: int = 6) -> tuple[pd.DataFrame, ...]:
    draws = generator("beyond teams tests", "waves")
    n = teams * each
    names = [f"p{place}" if place < linked else "" for place in range(n)]
    found = []
    for shift in (0.0, 1.0):
        frame = pd.DataFrame(
            {
                "participant": names,
                "cluster": np.arange(n) % teams,
                "score": draws.normal(3 + shift, 1, n),
            }
        )
        found.append(frame.assign(cluster=frame["cluster"].astype(str)))
    return tuple(found)


def test_all_linked_and_none_linked_are_the_ends() -> None:
    before, after = waves(36)
    found = overlapping_change_of_teams(before, after)
    pairs = paired_change(
        before.set_index("participant")["score"],
        after.set_index("participant")["score"],
        cluster=before.set_index("participant")["cluster"],
    ).mean_change
    assert estimate(found.mean_change_linked).estimate == estimate(pairs).estimate
    assert absent(found.mean_change_unlinked)
    before, after = waves(0)
    found = overlapping_change_of_teams(before, after)
    deviation = unlinked_change(
        before["score"],
        after["score"],
        cluster_before=before["cluster"],
        cluster_after=after["cluster"],
    ).mean_change
    everyone = estimate(found.mean_change_everybody)
    assert everyone.estimate == estimate(deviation).estimate
    assert everyone.conf_low == estimate(deviation).conf_low
    assert estimate(found.mean_change_unlinked).estimate == everyone.estimate
    assert absent(found.mean_change_linked)
    assert "teams" in absent(found.p_value_everybody)


def test_few_teams_give_no_overlapping_change() -> None:
    found = overlapping_change_of_teams(*waves(10, teams=4))
    assert "fewer than 5 teams" in absent(found.mean_change_everybody)


# --- smallest change that counts ------------------------------------------------
def anchored(teams: int, each: int = 30) -> dict[str, Any]:
    draws = generator("beyond teams tests", "anchor")
    n = teams * each
    shift = np.repeat(draws.normal(0, 3, teams), each)
    change = draws.normal(4, 4, n) + shift
    better = change + draws.normal(0, 2, n) > 4
    return {
        "change": pd.Series(change.round()),
        "improved": pd.Series(better.astype(float)),
        "cluster": pd.Series(np.repeat([f"t{k}" for k in range(teams)], each)),
    }


def test_drawing_teams_leaves_the_estimate_and_moves_the_interval() -> None:
    rows = anchored(12)
    cluster = rows.pop("cluster")
    people = minimal_important_change(**rows, seed="x")
    teams = minimal_important_change(**rows, seed="x", cluster=cluster)
    for term in ("mic_predictive", "mic_predictive_adjusted"):
        one, other = estimate(getattr(people, term)), estimate(getattr(teams, term))
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9)
        assert one.conf_low != other.conf_low
        assert "draws of teams" in other.method
    assert estimate(teams.anchor_correlation).conf_low is None
    assert estimate(people.anchor_correlation).conf_low is not None


def test_a_team_each_is_people_and_few_teams_give_no_interval() -> None:
    rows = anchored(6)
    rows.pop("cluster")
    alone = pd.Series([""] * len(rows["change"]))
    found = estimate(
        minimal_important_change(**rows, seed="x", cluster=alone).mic_predictive
    )
    people = estimate(minimal_important_change(**rows, seed="x").mic_predictive)
    assert found.conf_high - found.conf_low == pytest.approx(  # type: ignore[operator]
        people.conf_high - people.conf_low,  # type: ignore[operator]
        rel=0.15,
    )
    few = pd.Series(["a", "b", "c"] * (len(alone) // 3))
    none = minimal_important_change(
        **rows, seed="x", cluster=few, little_improved=rows["improved"]
    )
    assert estimate(none.mic_predictive).conf_low is None
    assert "fewer than 5 teams" in estimate(none.mic_predictive).method
    assert "fewer than 5 teams" in absent(none.mic_mean_change)
