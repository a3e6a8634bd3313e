"""Other analyses agree where they must, and each recovers what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from asked import asked

from analysis.outcomes.methods import (
    EFFECT,
    TERM,
    cluster_robust,
    mixed_model,
    other_analyses,
    permuted_effect,
    wild_bootstrap,
)
from analysis.outcomes.planned import floor_of, planned_estimate
from heard.models.random_streams import generator
from heard.models.wild_bootstrap import wild_cluster_bootstrap
from heard.results import Estimate, Result, Unavailable

if TYPE_CHECKING:
    from analysis.outcomes.question import Question

pytestmark = pytest.mark.filterwarnings("error")

TRUE = 0.8
PLANNED = "team means"


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


def both() -> tuple[pd.DataFrame, pd.DataFrame]:
    return wave("before", lift=0), wave("after", lift=TRUE)


def every_method(question: Question) -> dict[str, Result]:
    """The planned estimate, and every analysis that a page or a multiverse shows."""
    found = {one.name: one.result for one in other_analyses(question)}
    return {
        PLANNED: planned_estimate(question).result,
        **found,
        "wild bootstrap": wild_bootstrap(question),
        "mixed model": mixed_model(question),
        "mixed model, arms alike before": mixed_model(
            question, approach="constrained_baseline"
        ),
    }


def limits(result: Result) -> tuple[float, float]:
    assert isinstance(result, Estimate)
    assert result.conf_low is not None
    assert result.conf_high is not None
    return result.conf_low, result.conf_high


def width(result: Result) -> float:
    low, high = limits(result)
    return high - low


def test_equal_teams_make_team_means_and_rows_the_same_answer() -> None:
    """With as many people in every team, weighing teams by people changes nothing."""
    found = every_method(asked(*both()))
    values = {
        name: result.estimate
        for name, result in found.items()
        if isinstance(result, Estimate)
    }
    assert set(values) == {
        PLANNED,
        "teams weighted by their people",
        "every other set of teams",
        "wild bootstrap",
        "mixed model",
        "mixed model, arms alike before",
    }
    planned = values[PLANNED]
    for name in ("teams weighted by their people", "every other set of teams"):
        assert values[name] == pytest.approx(planned, abs=1e-10)
    assert values["wild bootstrap"] == pytest.approx(planned, abs=1e-10)
    assert values["mixed model"] == pytest.approx(planned, abs=1e-6)


def test_every_analysis_finds_the_true_difference() -> None:
    for name, result in every_method(asked(*both())).items():
        low, high = limits(result)
        assert 0 < low < TRUE < high, name


def test_every_analysis_of_the_same_people_counts_them_alike() -> None:
    before, after = both()
    names = [f"person {place}" for place in range(len(before))]
    question = asked(
        before.assign(participant=names),
        after.assign(participant=names).iloc[:-40],
        linked=True,
        population="linked",
    )
    counted = {
        (one.people, one.result.n, one.result.n_unit)
        for one in other_analyses(question)
    }
    # A team without answers afterwards is left out of all who answered: 275 + 260.
    assert counted == {("same people", 260, ""), ("other people", 535, "answers")}
    assert planned_estimate(question).result.n == 260


def test_rows_are_those_of_arm_by_wave() -> None:
    """The design of CR2 and of the wild bootstrap, written out."""
    before, after = both()
    rows = pd.concat([before, after], ignore_index=True)
    later = np.repeat([0.0, 1.0], [len(before), len(after)])
    arm = (rows["arm"] == "pilot").to_numpy(float)
    wild = wild_cluster_bootstrap(
        rows["score"].to_numpy(),
        np.column_stack([np.ones(len(rows)), arm, later, arm * later]),
        rows["cluster"].to_numpy(),
        names=("intercept", "treated", "later", EFFECT),
        name=EFFECT,
        term=TERM,
        seed=asked(before, after).seed,
    )
    assert wild_bootstrap(asked(before, after)) == wild.effect


def test_linked_people_count_once_in_the_mixed_model() -> None:
    before, after = both()
    names = [f"person {place}" for place in range(len(before))]
    person = generator("ways tests", "people").normal(size=len(before))
    frames = [
        frame.assign(participant=names, score=frame["score"] + 2 * person)
        for frame in (before, after)
    ]
    linked = asked(*frames, linked=True, population="linked")
    alone = asked(*(frame.assign(participant="") for frame in frames))
    assert width(mixed_model(linked)) < 0.8 * width(mixed_model(alone))


def test_with_few_teams_no_analysis_has_an_interval() -> None:
    before, after = (wave(w, lift=0, teams=4) for w in ("before", "after"))
    # one team in the pilot, three without: four sets of one
    for frame in (before, after):
        frame["arm"] = np.where(frame["cluster"] == "team 1", "pilot", "comparison")
    question = asked(before, after)
    assert planned_estimate(question).method == "none"
    for result in (cluster_robust(question), wild_bootstrap(question)):
        assert isinstance(result, Unavailable)
    assert floor_of(question) == pytest.approx(1 / 4)
    sets = permuted_effect(question)
    assert isinstance(sets, Estimate)
    assert sets.conf_low is None


def test_people_without_a_team_take_no_part() -> None:
    before, after = both()
    stray = after.iloc[:30].assign(cluster="", score=100.0)
    with_strays = asked(before, pd.concat([after, stray], ignore_index=True))
    assert other_analyses(with_strays) == other_analyses(asked(before, after))
    assert planned_estimate(with_strays) == planned_estimate(asked(before, after))


def test_teams_that_move_as_a_whole_leave_every_interval_wide() -> None:
    """A model that took their drift for chance among people would be far too sure."""
    moves = generator("ways tests", "moves").normal(size=12)
    before, after = both()
    team = after["cluster"].str.removeprefix("team ").astype(int)
    after["score"] += moves[team]
    widths = {
        name: width(result)
        for name, result in every_method(asked(before, after)).items()
    }
    assert min(widths.values()) > 0.6 * widths[PLANNED], widths


def test_other_pseudonyms_change_no_digit() -> None:
    before, after = both()
    order = generator("ways tests", "pseudonyms").permutation(len(before))
    names = [f"{place:05d}" for place in order]

    def linked(codes: list[str]) -> dict[str, Result]:
        frames = (wave.assign(participant=codes) for wave in (before, after))
        return every_method(asked(*frames, linked=True, population="linked"))

    assert linked(names) == linked(sorted(names))
