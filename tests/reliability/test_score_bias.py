"""How many points questions that changed meaning add to a score, on data with a truth.

The truth is that of the model the answers were drawn from: nobody else's program has
been asked (R's semTools and misty report it for other scales of the factor).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.invariance.score_bias import ScoreBias, score_bias
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

ITEMS = ("a", "b", "c", "d", "e", "f")
LOADINGS = np.array([0.9, 0.8, 0.7, 0.8, 0.9, 0.6])
SUM = dict.fromkeys(ITEMS, 1.0)


def answers(
    name: int,
    *,
    n: int = 300,
    rise: float = 0.5,
    shift: float = 0.0,
    loading: float = 0.0,
    later: bool = True,
) -> pd.DataFrame:
    """Answers of a wave; of the later one "a" shifts, and hangs on the factor more."""
    draws = np.random.default_rng(name)
    level = draws.normal(size=(n, 1)) + rise * later
    answered = 3 + level * LOADINGS + 0.6 * draws.normal(size=(n, len(ITEMS)))
    answered[:, 0] += later * (shift + loading * level[:, 0])
    return pd.DataFrame(answered, columns=list(ITEMS))


def two_waves(seed: int, **later: Any) -> tuple[pd.DataFrame, pd.Series]:
    n = later.get("n", 300)
    rows = [answers(seed, n=n, later=False), answers(seed + 1000, **later)]
    waves = pd.Categorical(np.repeat(["before", "after"], n), ["before", "after"])
    return pd.concat(rows, ignore_index=True), pd.Series(waves)


def two_arms(**shifts: float) -> dict[str, Any]:
    """Answers of the arms named, whose "a" shifts by so much; the first is judged."""
    parts = [
        two_waves(seed, shift=shift) for seed, shift in enumerate(shifts.values(), 7)
    ]
    size = len(parts[0][0])
    arms = pd.Categorical(np.repeat(list(shifts), size), list(shifts))
    return {
        "responses": pd.concat([rows for rows, _ in parts], ignore_index=True),
        "waves": pd.concat([waves for _, waves in parts], ignore_index=True),
        "arms": pd.Series(arms),
        "weights": SUM,
    }


def ok(found: ScoreBias | Unavailable) -> ScoreBias:
    assert isinstance(found, ScoreBias), found
    return found


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    assert result.conf_low is not None
    assert result.conf_high is not None
    return result


def holds(result: Result, truth: float) -> bool:
    found = estimate(result)
    assert found.conf_low is not None
    assert found.conf_high is not None
    return found.conf_low < truth < found.conf_high


def test_the_shift_of_an_intercept_comes_back_in_points() -> None:
    rows, waves = two_waves(1, shift=0.8)
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert found.verdict == ("partial", "set free: a")
    assert found.freed == ("a",)
    assert holds(found.score_bias, 0.8)
    assert estimate(found.score_bias).estimate == pytest.approx(0.8, abs=0.15)
    assert estimate(found.score_bias).n == 600


def test_a_loading_counts_at_the_level_of_those_who_answered_later() -> None:
    """Of the item: the loading's rise, .5, times the mean of the later wave, 1.0."""
    rows, waves = two_waves(3, rise=1.0, loading=0.5)
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert found.freed == ("a",)
    assert holds(found.score_bias, 0.5)


def test_the_bias_is_the_change_less_what_the_other_items_foretell() -> None:
    """An oracle by hand: a free item fits its own means, so the model foretells them.

    The others give the factor's level; the item's loading and intercept before say
    what it would have been.
    """
    rows, waves = two_waves(1, shift=0.8)
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    means = rows.groupby(waves, observed=True).mean()
    rest = list(ITEMS[1:])
    before = rows.loc[waves == "before"]
    # With one factor, cov(a, x) / cov(b, x) is the ratio of their loadings; weighted
    # over the other items this is close to what maximum likelihood does.
    covariance = before.cov().to_dict()
    ratio = np.mean(
        [
            covariance["a"][one] / covariance[two][one]
            for one in rest
            for two in rest
            if one != two
        ]
    )
    risen = means.loc["after"] - means.loc["before"]
    foretold = ratio * risen[rest].mean()
    observed = risen.to_dict()["a"]
    assert estimate(found.score_bias).estimate == pytest.approx(
        observed - foretold, abs=0.05
    )


def test_a_mean_and_a_turned_score_are_in_their_own_points() -> None:
    rows, waves = two_waves(1, shift=0.8)
    whole = estimate(ok(score_bias(rows, waves=waves, weights=SUM)).score_bias)
    mean = dict.fromkeys(ITEMS, 1 / 6)
    found = estimate(ok(score_bias(rows, waves=waves, weights=mean)).score_bias)
    assert found.estimate == pytest.approx(whole.estimate / 6, rel=1e-9)
    assert found.conf_high == pytest.approx((whole.conf_high or 0) / 6, rel=1e-9)
    turned = score_bias(8 - rows, waves=waves, weights=SUM)
    assert estimate(ok(turned).score_bias).estimate == pytest.approx(
        -whole.estimate, rel=1e-6
    )


def test_an_item_keyed_in_reverse_is_keyed_before() -> None:
    """A reversed item that is keyed gives the same as one asked the other way."""
    rows, waves = two_waves(1, shift=0.8)
    answered = rows.assign(b=8 - rows["b"])
    keyed = answered.assign(b=8 - answered["b"])
    one, two = (
        estimate(ok(score_bias(r, waves=waves, weights=SUM)).score_bias).estimate
        for r in (rows, keyed)
    )
    assert one == pytest.approx(two, rel=1e-9)


def test_people_who_changed_bring_no_bias() -> None:
    rows, waves = two_waves(5, rise=1.0)
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert found.verdict[0] == "holds"
    assert isinstance(found.score_bias, Unavailable)
    assert found.freed == ()


def test_a_shift_alike_in_both_arms_cancels_and_is_whole_without_a_comparison() -> None:
    alike = two_arms(pilot=0.8, other=0.8)
    found = ok(score_bias(**alike))
    assert found.freed == ("a",)
    assert holds(found.score_bias, 0.0)
    by_arm = {part.arm: part.score_bias for part in found.arms}
    assert set(by_arm) == {"pilot", "other"}
    for part in by_arm.values():
        assert estimate(part).estimate == pytest.approx(0.8, abs=0.15)
    del alike["arms"]
    assert holds(ok(score_bias(**alike)).score_bias, 0.8)


@pytest.mark.parametrize(("pilot", "other"), [(0.8, 0.0), (0.0, 0.8)])
def test_a_shift_in_one_arm_biases_the_difference(pilot: float, other: float) -> None:
    found = ok(score_bias(**two_arms(pilot=pilot, other=other)))
    assert found.freed == ("a",)
    assert holds(found.score_bias, pilot - other)
    one, two = (estimate(part.score_bias).estimate for part in found.arms)
    assert estimate(found.score_bias).estimate == pytest.approx(one - two, abs=1e-12)


def test_items_add_up_to_the_score() -> None:
    rows, waves = two_waves(1, shift=0.8)
    later = (waves == "after").to_numpy()
    rows.loc[later, "b"] -= 0.6
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert set(found.freed) == {"a", "b"}
    parts = [estimate(one.item_score_bias).estimate for one in found.items]
    assert sum(parts) == pytest.approx(estimate(found.score_bias).estimate, abs=1e-12)


def test_more_than_a_third_of_the_items_are_too_many() -> None:
    rows, waves = two_waves(1)
    later = (waves == "after").to_numpy()
    for item, by in zip("abc", (1.0, -1.2, 0.8), strict=True):
        rows.loc[later, item] += by
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert found.verdict[0] == "many_items"
    assert isinstance(found.score_bias, Unavailable)


def test_items_that_come_apart_have_another_structure() -> None:
    draws = np.random.default_rng(8)
    rows, waves = two_waves(1)
    apart = np.repeat(draws.normal(size=(300, 2)), 3, axis=1)
    later = (waves == "after").to_numpy()
    rows.loc[later] = 3 + apart + 0.6 * draws.normal(size=(300, 6))
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert found.verdict[0] == "structure"


def test_answers_of_one_cluster_are_no_more_than_one() -> None:
    """Everyone twice says no more: the interval is that of the people themselves."""
    rows, waves = two_waves(1, shift=0.8)
    people = pd.Series([f"p{n}" for n in range(len(rows))])
    once = estimate(ok(score_bias(rows, waves=waves, weights=SUM)).score_bias)
    twice = ok(
        score_bias(
            pd.concat([rows, rows], ignore_index=True),
            waves=pd.concat([waves, waves], ignore_index=True),
            weights=SUM,
            cluster=pd.concat([people, people], ignore_index=True),
        )
    )
    again = estimate(twice.score_bias)
    assert again.conf_low == pytest.approx(once.conf_low, abs=1e-5)
    assert again.conf_high == pytest.approx(once.conf_high, abs=1e-5)


def test_the_order_of_rows_and_gaps_move_nothing_but_digits() -> None:
    rows, waves = two_waves(1, shift=0.8)
    rows = rows.mask(np.random.default_rng(2).random(rows.shape) < 0.03)
    names = pd.Series([f"t{n % 12}" for n in range(len(rows))])
    order = np.random.default_rng(3).permutation(len(rows))
    one, two = (
        estimate(
            ok(
                score_bias(
                    rows.iloc[place].reset_index(drop=True),
                    waves=waves.iloc[place].reset_index(drop=True),
                    weights=SUM,
                    cluster=names.iloc[place].reset_index(drop=True),
                )
            ).score_bias
        )
        for place in (np.arange(len(rows)), order)
    )
    assert one.estimate == pytest.approx(two.estimate, abs=1e-9)
    assert one.conf_low == pytest.approx(two.conf_low, abs=1e-9)


def test_one_cluster_gives_no_interval() -> None:
    rows, waves = two_waves(1, shift=0.8)
    team = pd.Series(["red"] * len(rows))
    found = ok(score_bias(rows, waves=waves, weights=SUM, cluster=team)).score_bias
    assert isinstance(found, Estimate)
    assert found.conf_low is None
    assert "fewer than 2 clusters" in found.method


def test_few_people_are_not_tested() -> None:
    rows, waves = two_waves(1, n=99, shift=0.8)
    found = ok(score_bias(rows, waves=waves, weights=SUM))
    assert found.verdict == (
        "few_people",
        "99 answers in a wave; at least 100 needed",
    )
    assert isinstance(found.score_bias, Unavailable)
    assert found.score_bias.n == 198


@pytest.mark.parametrize(
    ("weights", "wave", "words"),
    [
        ({"a": 1.0, "b": 1.0}, "after", "items 2; at least 3"),
        (SUM, "before", "number of groups 1"),
    ],
)
def test_what_cannot_be_compared_says_why(
    weights: dict[str, float], wave: str, words: str
) -> None:
    rows, waves = two_waves(1)
    names = waves.astype(str).where(waves != "after", wave)
    found = score_bias(rows, waves=names, weights=weights)
    assert isinstance(found, Unavailable)
    assert words in found.reason


def test_constant_items_say_where_they_are() -> None:
    alike = two_arms(pilot=0.8, other=0.8)
    rows = alike["responses"]
    rows.loc[(alike["arms"] == "other").to_numpy(), "a"] = 3.0
    found = score_bias(**alike)
    assert isinstance(found, Unavailable)
    assert found.reason.startswith("other: ")


def test_three_arms_are_refused() -> None:
    rows, waves = two_waves(1)
    arms = pd.Series(np.resize(["x", "y", "z"], len(rows)))
    with pytest.raises(ValueError, match="arms 3; 2 needed"):
        score_bias(rows, waves=waves, weights=SUM, arms=arms)
