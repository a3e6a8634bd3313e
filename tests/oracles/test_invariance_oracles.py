"""Tests of measurement invariance give the numbers of lavaan; see README.md beside."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
from oracle import matrix, oracle_rows, oracle_values

from heard.psychometrics.invariance.measurement import measurement_invariance
from heard.psychometrics.invariance.results import MeasurementInvariance
from heard.results import Estimate, Result

pytestmark = pytest.mark.filterwarnings("error")

# lavaan stops at five to six digits; chi-square hardly feels it (seen: 6e-8).
CHI_SQUARE = 1e-2
DIFFERENCE = 2e-2
INDEX = 1e-4
# Relative; lavaan's least squares and ours differ by 1e-5 at most.
ORDINAL = 1e-2

AGREE = {"agree": ["A1", "A2", "A3", "A4", "A5"]}
FACTORS = {
    "invariance_holzinger_school": {
        "visual": ["x1", "x2", "x3"],
        "textual": ["x4", "x5", "x6"],
        "speed": ["x7", "x8", "x9"],
    },
    "invariance_bfi_AC_gender": {**AGREE, "consc": ["C1", "C2", "C3", "C4", "C5"]},
    "invariance_bfi_agree_gender": AGREE,
    "longinvariance_exLong_3waves": {"F": ["y1", "y2", "y3"]},
}
GROUPS = {
    "invariance_holzinger_school": ("school", ["Pasteur", "Grant-White"]),
    "invariance_bfi_AC_gender": ("gender", ["male", "female"]),
    "invariance_bfi_agree_gender": ("gender", ["male", "female"]),
}
NAMES = list(FACTORS)
TERMS = {
    "chisq": ("chi_square", CHI_SQUARE),
    "df": ("chi_square_df", 0),
    "cfi": ("comparative_fit_index", INDEX),
    "tli": ("tucker_lewis_index", INDEX),
    "rmsea": ("rmsea", INDEX),
    "srmr": ("standardised_root_mean_square_residual", INDEX),
    "logl": ("log_likelihood", CHI_SQUARE),
    "aic": ("akaike_information", CHI_SQUARE),
    "bic": ("bayesian_information", CHI_SQUARE),
    "chisq.scaled": ("scaled_chi_square", CHI_SQUARE),
    "cfi.robust": ("robust_comparative_fit_index", INDEX),
    "rmsea.robust": ("robust_rmsea", INDEX),
}


def asked(name: str) -> dict[str, Any]:
    """The rows and sections of one oracle."""
    stored = oracle_values(name)
    rows = oracle_rows(stored["data_file"])
    factors = FACTORS[name]
    if name in GROUPS:
        column, order = GROUPS[name]
        groups = pd.Series(pd.Categorical(rows[column], categories=order))
        return {"responses": rows, "factors": factors, "groups": groups}
    waves = {wave: [f"y{item}t{wave}" for item in "123"] for wave in ("1", "2", "3")}
    return {"responses": rows, "factors": factors, "waves": waves}


@cache
def levels_of(name: str, estimator: Any, identification: Any) -> MeasurementInvariance:
    given = asked(name)
    found = measurement_invariance(
        given.pop("responses"),
        estimator=estimator,
        missing="listwise",
        identification=identification,
        **given,
    )
    assert isinstance(found, MeasurementInvariance)
    return found


@cache
def ordinal() -> MeasurementInvariance:
    given = asked("invariance_bfi_agree_gender")
    found = measurement_invariance(
        given.pop("responses"),
        estimator="wlsmv",
        missing="listwise",
        categories=[1, 2, 3, 4, 5, 6],
        **given,
    )
    assert isinstance(found, MeasurementInvariance)
    return found


def number(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["ML", "MLR"])
def test_fit_of_every_level_is_that_of_lavaan(name: str, key: str) -> None:
    expected = matrix(oracle_values(name)["values"][key]["fit"])
    found = levels_of(name, key.lower(), "marker")
    assert [level.level for level in found.levels] == list(expected.index)
    for level in found.levels:
        for theirs, (ours, tolerance) in TERMS.items():
            if theirs in expected:
                assert number(getattr(level.fit, ours)).estimate == pytest.approx(
                    expected.loc[level.level, theirs], abs=tolerance
                )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["ML", "MLR"])
@pytest.mark.parametrize("identification", ["marker", "variance"])
def test_differences_between_levels_are_those_of_lavaan(
    name: str, key: str, identification: str
) -> None:
    expected = oracle_values(name)["values"][key]["lrt"]
    found = levels_of(name, key.lower(), identification).levels[1:]
    for place, level in enumerate(found):
        assert number(level.chi_square_difference).estimate == pytest.approx(
            expected["chisq_diff"][place], abs=DIFFERENCE
        )
        assert (
            number(level.chi_square_difference_df).estimate
            == (expected["df_diff"][place])
        )
        assert number(level.chi_square_difference_p).estimate == pytest.approx(
            expected["p"][place], abs=1e-3
        )


@pytest.mark.parametrize("name", [name for name in NAMES if name in GROUPS])
def test_changes_of_indices_are_those_of_lavaan(name: str) -> None:
    values = oracle_values(name)["values"]
    plain = levels_of(name, "ml", "variance").levels[1:]
    robust = levels_of(name, "mlr", "variance").levels[1:]
    for level in plain:
        for term, theirs in (
            ("comparative_fit_change", "delta_cfi"),
            ("rmsea_change", "delta_rmsea"),
            ("residual_change", "delta_srmr"),
        ):
            assert number(getattr(level, term)).estimate == pytest.approx(
                values["ML"][theirs][level.level], abs=INDEX
            )
    for level in robust:
        assert number(level.comparative_fit_change).estimate == pytest.approx(
            values["MLR"]["delta_cfi_robust"][level.level], abs=INDEX
        )


@pytest.mark.parametrize("name", [name for name in NAMES if name in GROUPS])
@pytest.mark.parametrize("identification", ["marker", "variance"])
def test_score_tests_are_those_of_lavaan(name: str, identification: str) -> None:
    stored = oracle_values(name)["values"]["ML"]["score_tests_scalar"]
    expected = {}
    for held, statistic in zip(stored["lhs"], stored["X2"], strict=True):
        left = held.removesuffix(".g1")
        if "=~" in left:
            expected["loadings", left.split("=~")[1]] = statistic
        else:
            expected["intercepts", left.removesuffix("~1")] = statistic
    scalar = levels_of(name, "ml", identification).levels[2]
    found = {
        (test.constrained, test.item): number(test.score_test)
        for test in scalar.equality_tests
    }
    # With a marker its loading is not tested, neither here nor in lavaan.
    assert set(expected) <= set(found)
    for held, statistic in expected.items():
        assert found[held].estimate == pytest.approx(statistic, abs=1e-3)


@pytest.mark.parametrize("key", ["ML", "MLR"])
@pytest.mark.parametrize("name", NAMES)
def test_factor_means_and_errors_are_those_of_lavaan(name: str, key: str) -> None:
    stored = pd.DataFrame(oracle_values(name)["values"][key]["estimates_scalar"])
    means = stored[(stored["op"] == "~1") & (stored["se"] > 0)]
    factors = FACTORS[name]
    expected = [
        (row["est"], row["se"])
        for _, row in means.iterrows()
        if row["lhs"] in {*factors, "F2", "F3"}
    ]
    found = [
        number(one.latent_mean_difference)
        for one in levels_of(name, key.lower(), "marker").differences
    ]
    assert len(found) == len(expected) > 0
    for result, (estimate, error) in zip(found, expected, strict=True):
        assert result.conf_low is not None
        assert result.estimate == pytest.approx(estimate, abs=1e-4)
        assert (result.estimate - result.conf_low) / 1.959963984540054 == (
            pytest.approx(error, rel=1e-3)
        )


def test_ordinal_levels_are_those_of_lavaan() -> None:
    values = oracle_values("invariance_bfi_agree_gender")["values"]
    expected = matrix(values["WLSMV_WuEstabrook"]["fit"])
    assert [level.level for level in ordinal().levels] == list(expected.index)
    for level in ordinal().levels:
        row = expected.loc[level.level]
        for theirs, ours in (
            ("chisq", "chi_square"),
            ("df", "chi_square_df"),
            ("chisq.scaled", "scaled_chi_square"),
        ):
            assert number(getattr(level.fit, ours)).estimate == pytest.approx(
                row[theirs], rel=ORDINAL
            )
        for theirs, ours in (
            ("cfi.scaled", "scaled_comparative_fit_index"),
            ("rmsea.scaled", "scaled_rmsea"),
            ("srmr", "standardised_root_mean_square_residual"),
        ):
            assert number(getattr(level.fit, ours)).estimate == pytest.approx(
                row[theirs], abs=INDEX
            )


def test_ordinal_differences_are_those_of_lavaan() -> None:
    values = oracle_values("invariance_bfi_agree_gender")["values"]
    expected = values["WLSMV_WuEstabrook"]["lrt"]
    for place, level in enumerate(ordinal().levels[1:]):
        assert number(level.chi_square_difference).estimate == pytest.approx(
            expected["chisq_diff"][place], rel=ORDINAL
        )
        assert (
            number(level.chi_square_difference_df).estimate
            == (expected["df_diff"][place])
        )
