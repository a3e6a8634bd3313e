"""Analysis methods agree where they must, and each recovers a known effect."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.outcomes.methods import (
    EFFECT,
    NAMES,
    TERM,
    MethodComparison,
    estimate_by_method,
)
from heard.effects.comparison import compare_arms_unlinked
from heard.models.cluster_robust import ClusterRobustFit
from heard.models.random_streams import generator
from heard.models.wild_bootstrap import wild_cluster_bootstrap
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

TRUE = 0.8


def wave(
    name: str, *, lift: float, teams: int = 12, people: int = 25, spread: float = 0.3
) -> pd.DataFrame:
    levels = generator("ways tests", "levels").normal(size=teams) * spread
    draws = generator("ways tests", name)
    team = np.repeat(np.arange(teams), people)
    treated = team % 2 == 1
    score = levels[team] + lift * treated + draws.normal(size=len(team))
    return pd.DataFrame(
        {
            "participant": "",
            "arm": np.where(treated, "pilot", "comparison"),
            "cluster": [f"team {place}" for place in team],
            "score": score,
        }
    )


def reckoned(before: pd.DataFrame, after: pd.DataFrame) -> MethodComparison:
    declared = compare_arms_unlinked(
        before, after, treated="pilot", control="comparison", cluster=True
    ).difference_in_change
    return estimate_by_method(
        before,
        after,
        treated="pilot",
        control="comparison",
        seed="ways tests",
        declared=declared,
    )


def test_equal_teams_make_team_means_and_rows_the_same_answer() -> None:
    """With as many people in every team, weighing teams by people changes nothing."""
    found = reckoned(wave("before", lift=0), wave("after", lift=TRUE))
    values = {
        part.method: part.difference_in_change_by_way.estimate
        for part in found.methods
        if isinstance(part.difference_in_change_by_way, Estimate)
    }
    assert len(values) == 6
    robust = values["cluster-robust"]
    assert values["team means"] == pytest.approx(robust, abs=1e-10)
    assert values["every other set of teams"] == pytest.approx(robust, abs=1e-10)
    assert values["wild bootstrap"] == pytest.approx(robust, abs=1e-10)
    assert values["mixed model"] == pytest.approx(robust, abs=1e-6)


def test_every_way_finds_the_true_difference() -> None:
    found = reckoned(wave("before", lift=0), wave("after", lift=TRUE))
    for part in found.methods:
        result = part.difference_in_change_by_way
        assert isinstance(result, Estimate)
        assert result.conf_low is not None
        assert result.conf_high is not None
        assert result.conf_low < TRUE < result.conf_high, part.method
        assert result.conf_low > 0, part.method


def test_p_value_is_that_of_the_wild_bootstrap() -> None:
    before, after = wave("before", lift=0), wave("after", lift=TRUE)
    rows = pd.concat([before, after], ignore_index=True)
    later = np.repeat([0.0, 1.0], [len(before), len(after)])
    arm = (rows["arm"] == "pilot").to_numpy(float)
    design = np.column_stack([np.ones(len(rows)), arm, later, arm * later])
    wild = wild_cluster_bootstrap(
        rows["score"].to_numpy(),
        design,
        rows["cluster"].to_numpy(),
        names=NAMES,
        name=EFFECT,
        term="difference_in_change_by_way",
        seed="ways tests",
    )
    found = reckoned(before, after)
    assert found.p_value == wild.p_value
    assert isinstance(found.fit, ClusterRobustFit)
    robust, bootstrapped = (
        part.difference_in_change_by_way for part in found.methods[1:3]
    )
    assert robust == found.fit.estimate(EFFECT, term=TERM)
    assert bootstrapped == wild.effect


def test_linked_people_count_once_in_the_mixed_model() -> None:
    before, after = wave("before", lift=0), wave("after", lift=TRUE)
    names = [f"person {place}" for place in range(len(before))]
    person = generator("ways tests", "people").normal(size=len(before))
    linked = [
        frame.assign(participant=names, score=frame["score"] + 2 * person)
        for frame in (before, after)
    ]
    alone = [frame.assign(participant="") for frame in linked]

    def width(frames: list[pd.DataFrame]) -> float:
        result = reckoned(*frames).methods[3].difference_in_change_by_way
        assert isinstance(result, Estimate)
        assert result.conf_low is not None
        assert result.conf_high is not None
        return result.conf_high - result.conf_low

    assert width(linked) < 0.8 * width(alone)


def test_with_few_teams_only_team_means_and_other_sets_of_teams_are_left() -> None:
    before, after = (wave(w, lift=0, teams=4) for w in ("before", "after"))
    # one team in the pilot, three without: four sets of one
    for frame in (before, after):
        frame["arm"] = np.where(frame["cluster"] == "team 1", "pilot", "comparison")
    found = reckoned(before, after)
    known = {
        part.method
        for part in found.methods
        if isinstance(part.difference_in_change_by_way, Estimate)
    }
    assert known == {"every other set of teams"}
    assert isinstance(found.p_value, Unavailable)
    least = found.placebo_smallest_possible_p_value
    assert isinstance(least, Estimate)
    assert least.estimate == pytest.approx(1 / 4)


def test_people_without_a_team_take_no_part() -> None:
    before, after = wave("before", lift=0), wave("after", lift=TRUE)
    stray = after.iloc[:30].assign(cluster="", score=100.0)
    found = reckoned(before, pd.concat([after, stray], ignore_index=True))
    assert found.methods[1] == reckoned(before, after).methods[1]


def test_teams_that_move_as_a_whole_leave_every_interval_wide() -> None:
    """A model that took their drift for chance among people would be far too sure."""
    moves = generator("ways tests", "moves").normal(size=12)
    after = wave("after", lift=TRUE)
    team = after["cluster"].str.removeprefix("team ").astype(int)
    after["score"] += moves[team]
    widths = {}
    for part in reckoned(wave("before", lift=0), after).methods:
        result = part.difference_in_change_by_way
        assert isinstance(result, Estimate)
        assert result.conf_low is not None
        assert result.conf_high is not None
        widths[part.method] = result.conf_high - result.conf_low
    assert min(widths.values()) > 0.6 * widths["team means"], widths


def test_other_pseudonyms_change_no_digit() -> None:
    before, after = wave("before", lift=0), wave("after", lift=TRUE)
    order = generator("ways tests", "pseudonyms").permutation(len(before))
    names = [f"{place:05d}" for place in order]

    def linked(codes: list[str]) -> MethodComparison:
        return reckoned(*(wave.assign(participant=codes) for wave in (before, after)))

    assert linked(names).methods == linked(sorted(names)).methods
