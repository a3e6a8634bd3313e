"""What factor models say of worked examples, and of data no model fits."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from heard.psychometrics.confirmatory.account import heterotrait_ratio
from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.fit import ModelFit
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

THREE = {"f": ["a", "b", "c"]}
FOUR = {"f": ["a", "b", "c", "d"]}
ORDINAL: dict[str, Any] = {"estimator": "wlsmv", "categories": [1, 2, 3, 4]}


def exact(covariance: Any, n: int = 200) -> pd.DataFrame:
    """Answers whose covariance (divisor n) and means are exactly as asked, means 0."""
    wanted = np.asarray(covariance, dtype=float)
    raw = np.random.default_rng(7).normal(size=(n, len(wanted)))
    raw -= raw.mean(axis=0)
    found = np.linalg.cholesky(raw.T @ raw / n)
    values = raw @ np.linalg.inv(found).T @ np.linalg.cholesky(wanted).T
    return pd.DataFrame(values, columns=list("abcdefghi")[: len(wanted)])


def of_factor(loadings: Any, n: int = 200) -> pd.DataFrame:
    """Answers that one factor explains exactly, items with variance 1."""
    strong = np.asarray(loadings, dtype=float)
    return exact(np.outer(strong, strong) + np.diag(1 - strong**2), n)


def simulated(n: int = 300, items: int = 4, seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    common = random.normal(size=(n, 1))
    values = 0.7 * common + 0.7 * random.normal(size=(n, items))
    return pd.DataFrame(values, columns=list("abcdefghi")[:items])


def categories_of(responses: pd.DataFrame) -> pd.DataFrame:
    cut = np.digitize(responses.to_numpy(), [-0.8, 0.0, 0.8]) + 1.0
    return pd.DataFrame(cut, columns=responses.columns)


def ok(found: ConfirmatoryFactors | Unavailable) -> ConfirmatoryFactors:
    assert isinstance(found, ConfirmatoryFactors), found
    return found


def number(result: Result | None) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


def loadings_of(found: ConfirmatoryFactors) -> list[float]:
    return [number(one.loading) for one in found.loadings]


def test_three_items_have_spearmans_loadings() -> None:
    # r12 = .48, r13 = .40, r23 = .30: loadings .8, .6, .5, and nothing left to test.
    answers = exact([[1, 0.48, 0.40], [0.48, 1, 0.30], [0.40, 0.30, 1]])
    found = ok(confirmatory_factors(answers, factors=THREE))
    np.testing.assert_allclose(loadings_of(found), [0.8, 0.6, 0.5], atol=1e-8)
    assert number(found.fit.chi_square) == pytest.approx(0, abs=1e-8)
    assert number(found.fit.chi_square_df) == 0
    assert isinstance(found.fit.rmsea, Unavailable)
    assert isinstance(found.fit.chi_square_p, Unavailable)


def test_reliability_is_worked_out_by_hand() -> None:
    # (.8 + .6 + .5)^2 = 3.61; residuals .36 + .64 + .75 = 1.75; squares 1.25 of 3.
    answers = exact([[1, 0.48, 0.40], [0.48, 1, 0.30], [0.40, 0.30, 1]])
    found = ok(confirmatory_factors(answers, factors=THREE)).reliability[0]
    assert number(found.composite_reliability) == pytest.approx(3.61 / 5.36, abs=1e-8)
    assert number(found.average_variance_extracted) == pytest.approx(1.25 / 3, abs=1e-8)


def test_a_model_that_is_true_of_the_data_fits_perfectly() -> None:
    found = ok(confirmatory_factors(of_factor([0.8, 0.7, 0.6, 0.5]), factors=FOUR))
    assert number(found.fit.chi_square) == pytest.approx(0, abs=1e-8)
    assert number(found.fit.comparative_fit_index) == 1
    assert number(found.fit.rmsea) == 0
    assert number(found.fit.chi_square_p) == pytest.approx(1)


def test_factor_correlation_and_heterotrait_ratio_by_hand() -> None:
    # Two pairs of items; within r = .64 and .49, across .8 * .7 * .5 = .28 throughout.
    block = np.full((4, 4), 0.28)
    block[:2, :2], block[2:, 2:] = 0.64, 0.49
    np.fill_diagonal(block, 1)
    factors = {"one": ["a", "b"], "two": ["c", "d"]}
    found = ok(confirmatory_factors(exact(block), factors=factors)).relations[0]
    assert number(found.factor_correlation) == pytest.approx(0.5, abs=1e-7)
    expected = 0.28 / np.sqrt(0.64 * 0.49)
    assert number(found.heterotrait_monotrait_ratio) == pytest.approx(expected)


def test_heterotrait_error_is_that_of_a_jackknife() -> None:
    random = np.random.default_rng(5)
    common = random.normal(size=(400, 2)) @ np.array([[1, 0.5], [0, 0.87]])
    values = common[:, [0, 0, 0, 1, 1, 1]] + random.normal(size=(400, 6))
    answers = pd.DataFrame(values, columns=list("abcdef"))
    factors = {"one": ["a", "b", "c"], "two": ["d", "e", "f"]}
    found = ok(confirmatory_factors(answers, factors=factors, estimator="ml"))
    ratio = found.relations[0].heterotrait_monotrait_ratio
    assert isinstance(ratio, Estimate)
    assert ratio.conf_low is not None

    def plain(rows: Any) -> float:
        r = np.abs(np.corrcoef(rows, rowvar=False))
        inside = [
            r[np.triu_indices(3, 1)].mean(),
            r[3:, 3:][np.triu_indices(3, 1)].mean(),
        ]
        return float(r[:3, 3:].mean() / np.sqrt(inside[0] * inside[1]))

    without = [plain(np.delete(values, row, axis=0)) for row in range(400)]
    jackknife = np.sqrt(399 * np.var(without))
    assert ratio.estimate == pytest.approx(plain(values), abs=1e-10)
    # Jackknife and delta method differ by terms of order 1/n.
    assert (ratio.estimate - ratio.conf_low) / 1.96 == pytest.approx(
        jackknife, rel=0.03
    )


def test_heterotrait_slopes_are_those_of_differences() -> None:
    # With errors of 1 at one moment and 0 elsewhere the error is that moment's slope.
    covariance = np.cov(simulated(items=5).to_numpy(), rowvar=False)
    covariance[0] *= -1.3
    covariance[:, 0] *= -1.3
    rows, columns = np.tril_indices(5)
    for place in range(len(rows)):
        errors = np.zeros((len(rows), len(rows)))
        errors[place, place] = 1

        def ratio(change: float, place: int = place) -> float:
            moved = covariance.copy()
            moved[rows[place], columns[place]] += change
            moved[columns[place], rows[place]] = moved[rows[place], columns[place]]
            return heterotrait_ratio(moved, np.zeros((15, 15)), [0, 1], [2, 3, 4])[0]

        slope = (ratio(1e-5) - ratio(-1e-5)) / 2e-5
        found = heterotrait_ratio(covariance, errors, [0, 1], [2, 3, 4])[1]
        assert found == pytest.approx(abs(slope), abs=1e-8)


def test_complete_answers_give_the_same_loadings_whatever_the_missing_rule() -> None:
    answers = simulated()
    every = ok(confirmatory_factors(answers, factors=FOUR))
    listwise = ok(confirmatory_factors(answers, factors=FOUR, missing="listwise"))
    np.testing.assert_allclose(loadings_of(every), loadings_of(listwise), atol=1e-7)
    assert number(every.fit.robust_rmsea) == pytest.approx(
        number(listwise.fit.robust_rmsea), abs=1e-8
    )


def test_gaps_are_used_and_counted() -> None:
    with_gaps = simulated()
    with_gaps.iloc[:60, 0] = np.nan
    with_gaps.iloc[60:62] = np.nan
    every = ok(confirmatory_factors(with_gaps, factors=FOUR))
    listwise = ok(confirmatory_factors(with_gaps, factors=FOUR, missing="listwise"))
    assert isinstance(every.fit.chi_square, Estimate)
    assert every.fit.chi_square.n == 298
    assert isinstance(listwise.fit.chi_square, Estimate)
    assert listwise.fit.chi_square.n == 238


def test_heywood_case_is_kept_and_told() -> None:
    # .9 * .6 / .4 = 1.35: more than the whole variance of the first item.
    answers = exact([[1, 0.9, 0.6], [0.9, 1, 0.4], [0.6, 0.4, 1]])
    found = ok(confirmatory_factors(answers, factors=THREE))
    assert number(found.items[0].residual_variance) == pytest.approx(-0.35, abs=1e-6)
    assert len(found.improper) == 1
    assert found.improper[0].endswith("below zero for a")
    assert isinstance(found.loadings[0].loading, Estimate)
    assert "Heywood" in found.loadings[0].loading.method
    reliability = found.reliability[0].composite_reliability
    assert isinstance(reliability, Unavailable)
    assert "Heywood" in reliability.reason


def test_items_without_a_factor_are_refused() -> None:
    answers = pd.DataFrame(
        np.random.default_rng(3).normal(size=(60, 5)), columns=list("abcde")
    )
    found = confirmatory_factors(answers, factors={"f": list("abcde")})
    if isinstance(found, Unavailable):
        assert "Heywood" in found.reason or "search" in found.reason
    else:
        assert number(found.fit.chi_square_df) == 5


def test_marker_and_variance_tell_one_model() -> None:
    answers = simulated()
    one = ok(confirmatory_factors(answers, factors=FOUR))
    two = ok(confirmatory_factors(answers, factors=FOUR, identification="marker"))
    assert number(one.fit.chi_square) == pytest.approx(number(two.fit.chi_square))
    for left, right in zip(one.loadings, two.loadings, strict=True):
        assert number(left.standardised_loading) == pytest.approx(
            number(right.standardised_loading), abs=1e-7
        )
    first = two.loadings[0].loading
    assert isinstance(first, Estimate)
    assert first.conf_low is None
    assert "fixed" in first.method


def test_ordinal_thresholds_are_quantiles_of_the_margins() -> None:
    answers = categories_of(simulated())
    found = ok(confirmatory_factors(answers, factors=FOUR, **ORDINAL))
    for place, item in enumerate(found.items):
        below = [(answers.iloc[:, place] <= code).mean() for code in (1, 2, 3)]
        expected = stats.norm.ppf(below)
        thresholds = [number(result) for result in item.thresholds]
        np.testing.assert_allclose(thresholds, expected, atol=1e-7)


def test_a_category_nobody_chose_is_merged_and_told() -> None:
    answers = categories_of(simulated()).replace({"a": {4.0: 3.0}})
    found = ok(confirmatory_factors(answers, factors=FOUR, **ORDINAL))
    assert len(found.items[0].thresholds) == 2
    assert len(found.items[1].thresholds) == 3
    assert isinstance(found.fit.chi_square, Estimate)
    assert "categories merged: a: 4 with 3" in found.fit.chi_square.method


def test_what_least_squares_lacks_is_told() -> None:
    found = ok(
        confirmatory_factors(categories_of(simulated()), factors=FOUR, **ORDINAL)
    )
    assert isinstance(found.fit.log_likelihood, Unavailable)
    plain = ok(confirmatory_factors(simulated(), factors=FOUR, estimator="ml"))
    assert isinstance(plain.fit.scaled_chi_square, Unavailable)


@pytest.mark.parametrize("options", [{}, {"estimator": "ml"}, ORDINAL])
def test_estimates_lie_within_their_limits(options: dict[str, Any]) -> None:
    answers = simulated()
    if options is ORDINAL:
        answers = categories_of(answers)
    found = ok(confirmatory_factors(answers, factors=FOUR, **options))
    with_limits = [
        result
        for result in found.results()
        if isinstance(result, Estimate) and result.conf_low is not None
    ]
    assert len(with_limits) > 10
    for result in with_limits:
        assert result.conf_high is not None
        assert result.conf_low is not None
        assert result.conf_low <= result.estimate <= result.conf_high


def test_every_result_says_why_it_has_no_interval() -> None:
    found = ok(confirmatory_factors(simulated(), factors=FOUR))
    for result in found.results():
        if isinstance(result, Estimate) and result.conf_low is None:
            assert "no interval" in result.method, result.term


def test_frame_names_items_and_factors() -> None:
    frame = ok(confirmatory_factors(simulated(), factors=FOUR)).to_frame()
    assert list(frame.columns[:3]) == ["item", "factor", "term"]
    row = frame[(frame["item"] == "b") & (frame["term"] == "loading")]
    assert row["factor"].tolist() == ["f"]
    assert frame.loc[frame["term"] == "rmsea", "item"].tolist() == [""]


def test_names_with_spaces_are_kept_apart() -> None:
    names = ["x", "x 1", "f x", "x 1 2"]
    answers = simulated().set_axis(names, axis=1)
    renamed = {"f": names}
    plain = ok(confirmatory_factors(simulated(), factors=FOUR))
    found = ok(confirmatory_factors(answers, factors=renamed))
    assert loadings_of(found) == loadings_of(plain)


REASONS = [
    (simulated().iloc[:0], "0 participants; more than 4 needed"),
    (simulated().iloc[:1], "1 participants; more than 4 needed"),
    (simulated().assign(b=1.0), "1 of 4 items constant: b"),
    (simulated().assign(b="yes"), "b does not hold numbers"),
    (simulated().assign(b=np.nan), "no one answered b"),
    (simulated().assign(b=lambda rows: rows["a"]), "linearly dependent items"),
    (simulated().assign(b=np.inf), "b holds 300 infinite or immense values"),
    (
        simulated().assign(
            a=lambda rows: rows["a"].where(rows.index < 150),
            b=lambda rows: rows["b"].where(rows.index >= 150),
        ),
        "fewer than 2 participants answered both a and b",
    ),
]


@pytest.mark.parametrize(("answers", "reason"), REASONS)
def test_what_stands_in_the_way_is_told(answers: pd.DataFrame, reason: str) -> None:
    found = confirmatory_factors(answers, factors=FOUR)
    assert isinstance(found, Unavailable)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (categories_of(simulated()).iloc[:0], "0 participants"),
        (categories_of(simulated()).assign(b=2.0), "items have one category left: b"),
        (categories_of(simulated()).assign(b=9.0), "none of the declared categories"),
        (categories_of(simulated()).assign(b=np.nan), "no one answered b"),
        (categories_of(simulated()).assign(b=lambda rows: rows["a"]), "runs to +1"),
    ],
)
def test_what_stands_in_the_way_of_ordinal_models(
    answers: pd.DataFrame, reason: str
) -> None:
    found = confirmatory_factors(answers, factors=FOUR, **ORDINAL)
    assert isinstance(found, Unavailable)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("factors", "second_order"),
    [
        ({"one": ["a"]}, {}),
        ({"one": ["a", "b"]}, {}),
        ({"one": ["a", "b", "c", "d"], "two": ["a", "b", "c", "d"]}, {}),
        ({"one": ["a", "b", "c"], "two": ["d", "e", "f"]}, {"top": ["one", "two"]}),
    ],
)
def test_models_the_data_cannot_tell_are_refused(
    factors: dict[str, list[str]], second_order: dict[str, list[str]]
) -> None:
    found = confirmatory_factors(
        simulated(items=6), factors=factors, second_order=second_order
    )
    assert isinstance(found, Unavailable)
    assert "not identified" in found.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"factors": {}}, "no factor is named"),
        ({"factors": {"f": ["a", "z"]}}, "z: not among the items"),
        ({"factors": {"f": ["a", "a", "b"]}}, "named twice"),
        ({"factors": {"a": ["a", "b", "c"]}}, "the name of an item too"),
        ({"second_order": {"g": ["h"]}}, "h: not among the factors"),
        ({"estimator": "uls"}, "estimator is 'uls'"),
        ({"missing": "pairwise"}, "knows fiml and listwise"),
        ({"identification": "effect"}, "identification is 'effect'"),
        ({"categories": [1, 2]}, "only then"),
        ({"estimator": "wlsmv"}, "only then"),
        ({"confidence": 1.0}, "confidence is 1.0"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        confirmatory_factors(simulated(), **{"factors": FOUR, **options})


def test_nullable_integers_are_read() -> None:
    whole = categories_of(simulated()).astype("Int64")
    whole.iloc[0, 0] = pd.NA
    found = ok(confirmatory_factors(whole, factors=FOUR))
    same = ok(confirmatory_factors(whole.astype(float), factors=FOUR))
    assert loadings_of(found) == loadings_of(same)


def test_a_wider_confidence_widens_limits() -> None:
    wide = ok(confirmatory_factors(simulated(), factors=FOUR, confidence=0.99))
    usual = ok(confirmatory_factors(simulated(), factors=FOUR))
    for one, two in zip(wide.loadings, usual.loadings, strict=True):
        assert isinstance(one.loading, Estimate)
        assert isinstance(two.loading, Estimate)
        assert one.loading.conf_low is not None
        assert two.loading.conf_low is not None
        assert one.loading.conf_low < two.loading.conf_low
        assert "99 %" in one.loading.method


def test_fit_is_exported_with_every_index_named() -> None:
    fit = ok(confirmatory_factors(simulated(), factors=FOUR)).fit
    assert isinstance(fit, ModelFit)
    assert [result.term for result in fit.results()] == list(fit.__slots__)


def test_importing_the_library_loads_nothing_that_draws() -> None:
    code = (
        "import importlib, pkgutil, sys, heard\n"
        "for module in pkgutil.walk_packages(heard.__path__, 'heard.'):\n"
        "    importlib.import_module(module.name)\n"
        "print({'matplotlib', 'seaborn', 'pingouin'} & set(sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"
