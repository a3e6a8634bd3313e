"""What no factor model may depend on: units, order, who comes first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import MeasurementInvariance
from heard.results import Estimate, Result

pytestmark = pytest.mark.filterwarnings("error")

FEW = settings(max_examples=5)
ITEMS = ["a", "b", "c", "d", "e", "f"]
FACTORS = {"one": ["a", "b", "c"], "two": ["d", "e", "f"]}
SEEDS = st.integers(0, 1000)


def answers(seed: int, gaps: float = 0.1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    common = random.normal(size=(250, 2)) @ np.array([[1, 0.4], [0, 0.9]])
    values = common[:, [0, 0, 0, 1, 1, 1]] + 0.7 * random.normal(size=(250, 6))
    values[random.random(values.shape) < gaps] = np.nan
    return pd.DataFrame(values, columns=ITEMS)


def fit(
    responses: pd.DataFrame, factors: Any = FACTORS, **options: Any
) -> ConfirmatoryFactors:
    found = confirmatory_factors(responses, factors=factors, **options)
    assert isinstance(found, ConfirmatoryFactors)
    return found


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def standardised(found: ConfirmatoryFactors) -> dict[str, float]:
    return {one.item: number(one.standardised_loading) for one in found.loadings}


def indices(found: ConfirmatoryFactors) -> list[float]:
    fitted = found.fit
    return [
        number(one)
        for one in (
            fitted.chi_square,
            fitted.scaled_chi_square,
            fitted.robust_comparative_fit_index,
            fitted.robust_rmsea,
            fitted.standardised_root_mean_square_residual,
        )
    ]


@FEW
@given(seed=SEEDS, scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_units_change_nothing_but_raw_estimates(
    seed: int, scale: float, shift: float
) -> None:
    plain, moved = fit(answers(seed)), fit(answers(seed) * scale + shift)
    np.testing.assert_allclose(indices(plain), indices(moved), rtol=1e-5, atol=1e-6)
    for item, loading in standardised(plain).items():
        assert standardised(moved)[item] == pytest.approx(loading, abs=1e-6)
    for one, two in zip(plain.loadings, moved.loadings, strict=True):
        assert number(two.loading) == pytest.approx(
            scale * number(one.loading), rel=1e-5
        )


@FEW
@given(seed=SEEDS)
def test_order_of_people_items_and_factors_changes_nothing(seed: int) -> None:
    plain = fit(answers(seed))
    mixed = answers(seed).sample(frac=1, random_state=seed)[ITEMS[::-1]]
    turned = fit(mixed, {"two": ["f", "d", "e"], "one": ["c", "b", "a"]})
    np.testing.assert_allclose(indices(plain), indices(turned), rtol=1e-5, atol=1e-6)
    for item, loading in standardised(plain).items():
        assert standardised(turned)[item] == pytest.approx(loading, abs=1e-6)


@FEW
@given(seed=SEEDS)
def test_everybody_twice_doubles_chi_square_and_nothing_else(seed: int) -> None:
    once = fit(answers(seed), estimator="ml")
    twice = fit(pd.concat([answers(seed)] * 2, ignore_index=True), estimator="ml")
    assert number(twice.fit.chi_square) == pytest.approx(
        2 * number(once.fit.chi_square), rel=1e-6
    )
    for one, two in zip(once.loadings, twice.loadings, strict=True):
        assert number(two.loading) == pytest.approx(number(one.loading), abs=1e-6)
        assert isinstance(one.loading, Estimate)
        assert isinstance(two.loading, Estimate)
        assert one.loading.conf_low is not None
        assert two.loading.conf_low is not None
        reach = one.loading.estimate - one.loading.conf_low
        assert two.loading.estimate - two.loading.conf_low == pytest.approx(
            reach / np.sqrt(2), rel=1e-5
        )


@FEW
@given(seed=SEEDS, item=st.sampled_from(ITEMS))
def test_an_item_turned_round_turns_only_its_loading(seed: int, item: str) -> None:
    plain = fit(answers(seed))
    turned = answers(seed)
    turned[item] = 7 - turned[item]
    found = fit(turned)
    np.testing.assert_allclose(indices(plain), indices(found), rtol=1e-5, atol=1e-6)
    expected = standardised(plain)
    expected[item] = -expected[item]
    for name, loading in standardised(found).items():
        assert loading == pytest.approx(expected[name], abs=1e-6)
    turned[item] = 7 - turned[item]
    np.testing.assert_allclose(indices(fit(turned)), indices(plain), rtol=1e-5)


@FEW
@given(seed=SEEDS)
def test_labels_of_ordinal_categories_do_not_matter(seed: int) -> None:
    coded = answers(seed, gaps=0).apply(lambda item: np.digitize(item, [-0.7, 0, 0.7]))
    one = fit(coded.astype(float), estimator="wlsmv", categories=[0, 1, 2, 3])
    other = fit((10.0 * coded + 5), estimator="wlsmv", categories=[5, 15, 25, 35])
    assert standardised(one) == standardised(other)


@FEW
@given(seed=SEEDS)
def test_which_group_comes_first_does_not_change_the_verdict(seed: int) -> None:
    rows = answers(seed, gaps=0)
    groups = pd.Series(np.where(np.arange(250) % 2, "x", "y"))
    found = []
    for order in (["x", "y"], ["y", "x"]):
        named = groups.astype(pd.CategoricalDtype(order))
        one = measurement_invariance(
            rows, factors=FACTORS, groups=named, missing="listwise"
        )
        assert isinstance(one, MeasurementInvariance)
        found.append(one)
    assert [level.verdict for level in found[0].levels] == [
        level.verdict for level in found[1].levels
    ]
    added = ("loadings", "intercepts", "residuals")
    levels = zip(added, found[0].levels[1:], found[1].levels[1:], strict=True)
    for kind, left, right in levels:
        assert number(left.chi_square_difference) == pytest.approx(
            number(right.chi_square_difference), rel=1e-4, abs=1e-6
        )
        expected = {t.item: t for t in right.equality_tests if t.constrained == kind}
        for test in left.equality_tests:
            # A loading freed beside equal intercepts moves a mean, unless that is 0.
            if test.constrained == kind:
                assert number(test.score_test) == pytest.approx(
                    number(expected[test.item].score_test), rel=1e-4, abs=1e-6
                )
