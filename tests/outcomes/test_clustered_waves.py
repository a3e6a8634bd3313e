"""Mixed models over waves and intracluster correlations: truth found, faults told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.effects.clustered.intracluster import intracluster_correlation
from heard.effects.clustered.repeated_waves import mixed_effects, mixed_wave_effects
from heard.errors import DataError
from heard.models.random_streams import generator
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

WAVES = ["w0", "w1", "w2"]


def simulated(*, n: int = 200, effect: float = 0.5, seed: str = "waves") -> Any:
    random = generator("test", seed)
    people = pd.DataFrame({"participant": [f"p{i}" for i in range(n)]})
    team = np.arange(n) % 12
    people["cluster"] = [f"t{t}" for t in team]
    people["site"] = [f"s{t // 2}" for t in team]
    people["arm"] = np.where(team % 2 == 0, "pack", "usual")
    own, shared = random.normal(0, 0.6, n), random.normal(0, 0.3, 12)[team]
    waves = []
    for place, wave in enumerate(WAVES):
        score = 3 + own + shared + 0.1 * place + random.normal(0, 0.5, n)
        score += effect * (place > 0) * (team % 2 == 0)
        lost = random.uniform(size=n) < 0.2 * place
        waves.append(people.assign(wave=wave, score=np.where(lost, np.nan, score)))
    return pd.concat(waves, ignore_index=True)


def effects(rows: pd.DataFrame, **options: Any) -> Any:
    given = {"waves": WAVES, "treated": "pack", "control": "usual"}
    return mixed_wave_effects(rows, **{**given, **options})


@pytest.mark.parametrize(
    "approach", ["constrained_baseline", "difference_in_change", "ancova"]
)
def test_true_effect_is_found(approach: str) -> None:
    found = effects(simulated(n=600), approach=approach).average.mixed_model_difference
    assert isinstance(found, Estimate)
    assert found.conf_low is not None
    assert found.conf_high is not None
    assert found.conf_low < 0.5 < found.conf_high
    assert found.conf_high - found.conf_low < 0.8


def test_two_waves_of_ancova_leave_people_to_the_residual() -> None:
    found = effects(simulated(), approach="ancova", waves=WAVES[:2])
    assert isinstance(found.by_wave[0].mixed_model_difference, Estimate)
    terms = [result.term for result in found.variances]
    assert terms == ["cluster_variance", "residual_variance"]


def test_two_waves_give_the_same_effect_as_their_average() -> None:
    found = effects(simulated(), waves=WAVES[:2])
    single = found.by_wave[0].mixed_model_difference
    assert isinstance(single, Estimate)
    assert found.average.mixed_model_difference.estimate == single.estimate


def test_rows_without_a_score_or_of_other_arms_change_nothing() -> None:
    rows = simulated()
    other = rows.assign(arm="third", participant="x" + rows["participant"])
    more = pd.concat([rows.dropna(subset="score"), other], ignore_index=True)
    assert effects(more) == effects(rows)


def test_frame_is_left_as_it_was() -> None:
    rows = simulated()
    before = rows.copy()
    effects(rows)
    pd.testing.assert_frame_equal(rows, before)


def faulty(change: str) -> pd.DataFrame:
    rows: pd.DataFrame = simulated()
    treated = rows["arm"] == "pack"
    if change == "few clusters":
        return rows.loc[rows["cluster"].isin(["t0", "t1", "t2", "t3"])]
    if change == "empty arm":
        return rows.loc[~(treated & (rows["wave"] == "w2"))]
    if change == "twice":
        return pd.concat([rows, rows.loc[rows["wave"] == "w1"]])
    if change == "both arms":
        return rows.assign(arm=np.where(rows["wave"] == "w1", "pack", rows["arm"]))
    if change == "constant":
        return rows.assign(score=4.0)
    return rows.assign(score=np.nan)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("few clusters", "4 levels of cluster; at least 5"),
        ("empty arm", "no score at w2"),
        ("twice", "more than once at a wave"),
        ("both arms", "in both arms"),
        ("constant", "all scores are the same"),
        ("all missing", "0 levels of cluster"),
    ],
)
def test_what_cannot_be_estimated_says_why(change: str, reason: str) -> None:
    found = effects(faulty(change))
    results = list(found.results())
    assert results
    for result in results:
        assert isinstance(result, Unavailable)
        assert reason in result.reason


def test_an_unknown_column_is_named_with_those_that_are() -> None:
    with pytest.raises(DataError, match="unknown column 'total'"):
        effects(simulated(), score="total")


def test_one_wave_cannot_change() -> None:
    found = effects(simulated(), waves=["w0"])
    assert isinstance(found.average.mixed_model_difference, Unavailable)


def test_columns_that_predict_each_other_are_refused() -> None:
    rows = simulated().assign(one=1.0)
    found = mixed_effects(rows, score="score", columns=["one"], groups=["cluster"])
    assert isinstance(found, Unavailable)
    assert "linearly dependent" in found.reason


def test_people_of_no_team_are_no_team() -> None:
    random = np.random.default_rng(5)
    rows = pd.DataFrame(
        {"cluster": np.repeat(["a", "b", "c", "d"], 6), "score": random.normal(size=24)}
    )
    blank = pd.DataFrame({"cluster": [""] * 9, "score": 7.0})
    assert intracluster_correlation(pd.concat([rows, blank])) == (
        intracluster_correlation(pd.concat([rows, blank.assign(cluster=None)]))
    )


def test_unrelated_people_cost_nothing() -> None:
    random = generator("unrelated")
    rows = pd.DataFrame(
        {"cluster": np.repeat(np.arange(20), 5), "score": random.normal(size=100)}
    )
    rows["score"] -= rows.groupby("cluster")["score"].transform("mean")
    found = intracluster_correlation(rows)
    assert isinstance(found.intracluster_correlation, Estimate)
    assert isinstance(found.design_effect, Estimate)
    assert found.intracluster_correlation.estimate == pytest.approx(-1 / 4)
    assert found.design_effect.estimate == 1


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_intracluster_correlation_of_yes_and_no_stays_within_bounds(
    share: float,
) -> None:
    random = generator("yes", str(share))
    rows = pd.DataFrame(
        {
            "cluster": np.repeat(np.arange(10), 10),
            "score": (random.uniform(size=100) < share).astype(float),
        }
    )
    found = intracluster_correlation(rows).intracluster_correlation
    assert isinstance(found, Estimate)
    assert found.conf_low is not None
    assert found.conf_high is not None
    assert -1 <= found.conf_low <= found.estimate <= found.conf_high <= 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({"cluster": ["a"] * 4, "score": [1.0, 2, 3, 4]}, "at least 2"),
        ({"cluster": list("abcd"), "score": [1.0, 2, 3, 4]}, "nothing varies within"),
        ({"cluster": list("aabb"), "score": [1.0] * 4}, "nothing varies"),
        ({"cluster": list("aabb"), "score": [np.nan] * 4}, "0 ratings"),
        ({"cluster": list("aabb"), "score": [1.0, 1, 2, 2]}, "nothing varies within"),
    ],
)
def test_no_intracluster_correlation_says_why(
    rows: dict[str, Any], reason: str
) -> None:
    for result in intracluster_correlation(pd.DataFrame(rows)).results():
        assert isinstance(result, Unavailable)
        assert reason in result.reason
