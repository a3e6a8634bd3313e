"""When groups and waves may be compared, on data made so that the answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.psychometrics.invariance.measurement import (
    measurement_invariance,
    partial_invariance,
)
from heard.psychometrics.invariance.results import InvarianceRule, MeasurementInvariance
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

ITEMS = ["a", "b", "c", "d"]
FACTORS = {"f": ITEMS}


def answers(n: int = 250, seed: int = 11) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    common = random.normal(size=(n, 1))
    values = common * [0.9, 0.8, 0.7, 0.6] + 0.6 * random.normal(size=(n, 4))
    return pd.DataFrame(values, columns=ITEMS)


def loadings() -> np.ndarray[Any, Any]:
    found = confirmatory_factors(answers(), factors=FACTORS)
    assert isinstance(found, ConfirmatoryFactors)
    return np.array([number(one.loading) for one in found.loadings])


def two_groups(change: Any) -> tuple[pd.DataFrame, pd.Series]:
    """The same answers twice, those of the second group changed."""
    first = answers()
    both = pd.concat([first, first + change], ignore_index=True)
    return both, pd.Series(np.repeat(["one", "two"], len(first)))


def categories_of(responses: pd.DataFrame) -> pd.DataFrame:
    cut = np.digitize(responses.to_numpy(), [-1.0, 0.0, 1.0]) + 1.0
    return pd.DataFrame(cut, columns=responses.columns)


def ok(found: MeasurementInvariance | Unavailable) -> MeasurementInvariance:
    assert isinstance(found, MeasurementInvariance), found
    return found


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def test_the_same_answers_twice_are_comparable() -> None:
    both, groups = two_groups(0)
    found = ok(measurement_invariance(both, factors=FACTORS, groups=groups))
    assert [level.level for level in found.levels] == [
        "configural",
        "metric",
        "scalar",
        "strict",
    ]
    assert all(level.holds for level in found.levels)
    for level in found.levels[1:]:
        assert number(level.chi_square_difference) == pytest.approx(0, abs=1e-6)
    assert found.comparable
    assert "can be compared" in found.reason
    difference = found.differences[0].latent_mean_difference
    assert number(difference) == pytest.approx(0, abs=1e-6)
    assert number(found.differences[0].latent_variance) == pytest.approx(1, abs=1e-6)


def test_a_factor_that_is_higher_is_found_higher() -> None:
    # Every item of the second group rises by half of its own loading.
    both, groups = two_groups(0.5 * loadings())
    found = ok(measurement_invariance(both, factors=FACTORS, groups=groups))
    assert found.comparable
    difference = found.latent_means()[0].latent_mean_difference
    assert number(difference) == pytest.approx(0.5, abs=1e-6)
    assert isinstance(difference, Estimate)
    assert "standard deviations" in difference.method


def test_an_item_with_a_level_of_its_own_denies_comparison() -> None:
    both, groups = two_groups([0, 0.6, 0, 0])
    found = ok(measurement_invariance(both, factors=FACTORS, groups=groups))
    assert not found.comparable
    assert not found.latent_means_comparable
    assert found.latent_means() == ()
    assert found.reason.startswith("scalar invariance does not hold")
    scalar = found.levels[2]
    assert not scalar.holds
    worst = scalar.equality_tests[0]
    assert (worst.constrained, worst.item, worst.group) == ("intercepts", "b", "two")


def test_the_item_is_set_free_and_factors_stay_comparable() -> None:
    both, groups = two_groups([0, 0.6, 0, 0])
    found = ok(partial_invariance(both, factors=FACTORS, groups=groups))
    assert found.free == ("intercepts of b",)
    assert found.latent_means_comparable
    assert not found.comparable
    assert "sums of items cannot" in found.reason
    declared = ok(
        measurement_invariance(
            both, factors=FACTORS, groups=groups, free={"intercepts": ["b"]}
        )
    )
    assert declared == found


def test_two_items_of_a_factor_always_stay_equal() -> None:
    both, groups = two_groups([1.2, -0.8, 0.3, -0.2])
    found = ok(partial_invariance(both, factors=FACTORS, groups=groups))
    assert not found.comparable
    assert found.free == ("intercepts of a, c",)


def test_a_loading_of_its_own_denies_metric_invariance() -> None:
    both, groups = two_groups(0)
    second = groups == "two"
    both.loc[second, "c"] += 1.5 * both.loc[second, "a"]
    found = ok(measurement_invariance(both, factors=FACTORS, groups=groups))
    assert not found.levels[1].holds
    assert found.levels[1].equality_tests[0].item in {"a", "c"}


def test_waves_of_the_same_people() -> None:
    random = np.random.default_rng(2)
    first = random.normal(size=(400, 1))
    second = 0.6 * first + 0.8 * random.normal(size=(400, 1)) + 0.4
    own = random.normal(size=(400, 4))
    wave = {}
    for name, common in (("before", first), ("after", second)):
        noise = 0.5 * own + 0.5 * random.normal(size=(400, 4))
        values = common * [0.9, 0.8, 0.7, 0.6] + noise
        wave[name] = pd.DataFrame(values, columns=[f"{item} {name}" for item in ITEMS])
    both = pd.concat(wave.values(), axis=1)
    waves = {name: list(frame.columns) for name, frame in wave.items()}
    found = ok(measurement_invariance(both, factors=FACTORS, waves=waves))
    assert found.comparable
    difference = found.differences[0]
    assert difference.group == "after"
    assert isinstance(difference.latent_mean_difference, Estimate)
    assert difference.latent_mean_difference.conf_low is not None
    assert difference.latent_mean_difference.conf_low < 0.4
    assert difference.latent_mean_difference.estimate == pytest.approx(0.4, abs=0.1)


def test_ordinal_groups_and_waves() -> None:
    first, second = answers(600, 1), answers(600, 2)
    both = categories_of(pd.concat([first, second + 0.3], ignore_index=True))
    groups = pd.Series(np.repeat(["one", "two"], 600))
    options: dict[str, Any] = {"estimator": "wlsmv", "categories": [1, 2, 3, 4]}
    found = ok(measurement_invariance(both, factors=FACTORS, groups=groups, **options))
    assert [level.level for level in found.levels] == [
        "configural",
        "thresholds",
        "metric",
        "scalar",
    ]
    # 12 thresholds freed from 8 levels and scales; loadings but one variance; ...
    freed = [number(level.chi_square_difference_df) for level in found.levels[1:]]
    assert freed == [4, 3, 3]
    wide = categories_of(first.join((second + 0.5 * first).add_suffix("2")))
    waves = {"1": ITEMS, "2": [f"{item}2" for item in ITEMS]}
    by_wave = ok(measurement_invariance(wide, factors=FACTORS, waves=waves, **options))
    assert len(by_wave.levels) == 4


def test_a_category_empty_in_one_group_is_merged_in_both() -> None:
    both, groups = two_groups(0)
    ordinal = categories_of(both)
    ordinal.loc[(groups == "one") & (ordinal["a"] == 4), "a"] = 3.0
    found = ok(
        measurement_invariance(
            ordinal,
            factors=FACTORS,
            groups=groups,
            estimator="wlsmv",
            categories=[1, 2, 3, 4],
        )
    )
    assert isinstance(found.levels[0].fit.chi_square, Estimate)
    assert "categories merged: a: 4 with 3" in found.levels[0].fit.chi_square.method


def test_the_first_group_is_the_first_category() -> None:
    both, groups = two_groups(0.5 * loadings())
    turned = groups.astype(pd.CategoricalDtype(["two", "one"]))
    found = ok(measurement_invariance(both, factors=FACTORS, groups=turned))
    assert found.differences[0].group == "one"
    difference = found.differences[0].latent_mean_difference
    assert number(difference) == pytest.approx(-0.5, abs=1e-6)


def test_three_groups_are_tested_one_by_one() -> None:
    rows = pd.concat([answers(seed=seed) for seed in (1, 2, 3)], ignore_index=True)
    rows.loc[500:, "b"] += 0.8
    groups = pd.Series(np.repeat(["one", "two", "three"], 250))
    found = ok(measurement_invariance(rows, factors=FACTORS, groups=groups))
    worst = found.levels[2].equality_tests[0]
    assert (worst.item, worst.group) == ("b", "three")
    assert [one.group for one in found.differences] == ["three", "two"]


def test_the_rule_decides_and_can_be_declared() -> None:
    both, groups = two_groups([0, 0.25, 0, 0])
    strict_rule = InvarianceRule(fit_drop=0.0001, error_rise=0.0001)
    loose_rule = InvarianceRule(fit_drop=0.5, error_rise=0.5)
    severe = measurement_invariance(
        both, factors=FACTORS, groups=groups, rule=strict_rule
    )
    lenient = measurement_invariance(
        both, factors=FACTORS, groups=groups, rule=loose_rule
    )
    assert not ok(severe).comparable
    assert ok(lenient).comparable
    assert "at most 0.5" in loose_rule.words


def test_a_test_may_overrule_indices_in_small_groups() -> None:
    # 60 people each of one population: scalar fails by its indices, p is .19.
    rows = pd.concat([answers(60, 16), answers(60, 116)], ignore_index=True)
    groups = pd.Series(np.repeat(["one", "two"], 60))
    options: dict[str, Any] = {"factors": FACTORS, "groups": groups}
    untested, tested = InvarianceRule(test_level=None), InvarianceRule()
    one = ok(measurement_invariance(rows, rule=untested, **options))
    two = ok(measurement_invariance(rows, **options))
    assert two.rule == tested
    assert "difference test" not in untested.words
    assert number(one.levels[2].chi_square_difference_p) > 0.05
    assert not one.levels[2].holds
    assert two.levels[2].holds
    assert two.comparable
    assert "p of 0.05 or more" in tested.words


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (InvarianceRule(error_rise=9), "comparative fit falls by"),
        (InvarianceRule(fit_drop=9), "rmsea rises by"),
    ],
)
def test_either_index_denies_a_level(rule: InvarianceRule, reason: str) -> None:
    both, groups = two_groups([0, 0.6, 0, 0])
    found = measurement_invariance(both, factors=FACTORS, groups=groups, rule=rule)
    assert ok(found).levels[2].verdict[1].startswith(reason)


def test_a_factor_that_does_not_fit_denies_everything() -> None:
    random = np.random.default_rng(8)
    common = random.normal(size=(600, 2))
    values = common[:, [0, 0, 1, 1]] + 0.5 * random.normal(size=(600, 4))
    rows = pd.DataFrame(values, columns=ITEMS)
    groups = pd.Series(np.repeat(["one", "two"], 300))
    found = measurement_invariance(rows, factors=FACTORS, groups=groups)
    if isinstance(found, MeasurementInvariance):
        assert not found.comparable
        assert "configural invariance does not hold" in found.reason


def test_participants_without_a_group_take_no_part() -> None:
    both, groups = two_groups(0)
    extra = pd.concat([both, both.iloc[:7] + 100], ignore_index=True)
    known = pd.concat([groups, pd.Series([None] * 7)], ignore_index=True)
    found = ok(measurement_invariance(extra, factors=FACTORS, groups=known))
    assert isinstance(found.levels[0].fit.chi_square, Estimate)
    assert found.levels[0].fit.chi_square.n == len(both)


def test_levels_that_cannot_be_fitted_are_told() -> None:
    both, groups = two_groups(0)
    found = ok(
        measurement_invariance(
            both, factors=FACTORS, groups=groups, free={"intercepts": ITEMS}
        )
    )
    assert not found.comparable
    assert "scalar: the model is not identified" in found.reason
    assert found.differences == ()


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        (["one"] * 250, "number of groups 1; at least 2 needed"),
        ([None] * 250, "number of groups 0; at least 2 needed"),
        (["one"] * 248 + ["two"] * 2, "two: 2 participants; more than 4 needed"),
    ],
)
def test_too_few_groups_or_people_are_told(groups: list[Any], reason: str) -> None:
    found = measurement_invariance(
        answers(), factors=FACTORS, groups=pd.Series(groups, dtype=object)
    )
    assert isinstance(found, Unavailable)
    assert found.reason == reason


def test_two_categories_cannot_be_compared() -> None:
    both, groups = two_groups(0)
    found = measurement_invariance(
        (both > 0).astype(float),
        factors=FACTORS,
        groups=groups,
        estimator="wlsmv",
        categories=[0, 1],
    )
    assert isinstance(found, Unavailable)
    assert "at least 3 categories needed" in found.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "either groups or waves"),
        ({"waves": {"1": ["a", "b"], "2": ["c", "d"]}}, "4 needed"),
        ({"waves": {"1": ITEMS, "2": ["z", "b", "c", "d"]}}, "z: not among"),
        ({"groups": pd.Series(["one"])}, "differ in length"),
        ({"free": {"means": ["a"]}}, "free names 'means'"),
        ({"free": {"loadings": ["z"]}}, "z: not among the items"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        measurement_invariance(answers(), factors=FACTORS, **options)


def test_no_search_without_score_tests() -> None:
    with pytest.raises(ValueError, match="maximum likelihood"):
        partial_invariance(answers(), factors=FACTORS, estimator="wlsmv")


def test_frame_names_levels_and_what_is_held() -> None:
    both, groups = two_groups(0)
    frame = ok(measurement_invariance(both, factors=FACTORS, groups=groups)).to_frame()
    tests = frame[frame["term"] == "score_test"]
    assert set(tests["level"]) == {"metric", "scalar", "strict"}
    assert set(tests["constrained"]) == {"loadings", "intercepts", "residuals"}
    assert set(tests["item"]) == set(ITEMS)
