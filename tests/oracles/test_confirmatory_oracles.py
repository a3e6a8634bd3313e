"""Factor models give the numbers of lavaan and semTools; see README.md beside this."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.results import Estimate, Result

pytestmark = pytest.mark.filterwarnings("error")

# lavaan stops its optimiser at five to six digits; ours goes on (seen: 1e-5).
ESTIMATE = 1e-4
# Relative; of the same optimum, second derivatives included (seen: 2e-5).
ERROR = 1e-3
# Quadratic in how far lavaan stopped from the optimum (seen: 3e-8).
CHI_SQUARE = 1e-3
INDEX = 1e-5
# Least squares: sharper than asked for (1e-3 and 0.5 %), seen 2e-7 and 1e-7.
ORDINAL_CHI_SQUARE = 5e-3
ORDINAL_ESTIMATE = 1e-3

HOLZINGER = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
AGREE = {"agree": ["A1", "A2", "A3", "A4", "A5"]}
BOTH = {**AGREE, "consc": ["C1", "C2", "C3", "C4", "C5"]}
FACTORS = {
    "cfa_holzinger": HOLZINGER,
    "cfa_holzinger_missing": HOLZINGER,
    "cfa_holzinger_second_order": HOLZINGER,
    "cfa_bfi_AC10": BOTH,
    "cfa_bfi_agree1000_one_factor": AGREE,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "ML": {"estimator": "ml", "missing": "listwise", "identification": "marker"},
    "ML_stdlv": {"estimator": "ml", "missing": "listwise"},
    "MLR": {"estimator": "mlr", "missing": "listwise", "identification": "marker"},
    "FIML": {"estimator": "ml", "identification": "marker"},
    "FIML_MLR": {"estimator": "mlr", "identification": "marker"},
    "WLSMV": {
        "estimator": "wlsmv",
        "missing": "listwise",
        "categories": [1, 2, 3, 4, 5, 6],
    },
}
CASES = [
    *(("cfa_holzinger", key) for key in ("ML", "ML_stdlv", "MLR")),
    *(("cfa_holzinger_missing", key) for key in ("ML", "MLR", "FIML", "FIML_MLR")),
    *(("cfa_bfi_AC10", key) for key in ("ML", "MLR", "FIML", "FIML_MLR", "WLSMV")),
    *(("cfa_bfi_agree1000_one_factor", key) for key in ("ML", "MLR", "WLSMV")),
]
TERMS = {
    "chisq": "chi_square",
    "df": "chi_square_df",
    "pvalue": "chi_square_p",
    "chisq.scaled": "scaled_chi_square",
    "pvalue.scaled": "scaled_chi_square_p",
    "chisq.scaling.factor": "chi_square_scaling",
    "cfi": "comparative_fit_index",
    "tli": "tucker_lewis_index",
    "rmsea": "rmsea",
    "rmsea.pvalue": "rmsea_close_p",
    "cfi.scaled": "scaled_comparative_fit_index",
    "tli.scaled": "scaled_tucker_lewis_index",
    "rmsea.scaled": "scaled_rmsea",
    "cfi.robust": "robust_comparative_fit_index",
    "tli.robust": "robust_tucker_lewis_index",
    "rmsea.robust": "robust_rmsea",
    "srmr": "standardised_root_mean_square_residual",
    "logl": "log_likelihood",
    "aic": "akaike_information",
    "bic": "bayesian_information",
}


@cache
def fitted(name: str, key: str) -> ConfirmatoryFactors:
    stored = oracle_values(name)
    found = confirmatory_factors(
        oracle_rows(stored["data_file"])[stored["items"]],
        factors=FACTORS[name],
        **OPTIONS[key],
    )
    assert isinstance(found, ConfirmatoryFactors)
    return found


def lavaan(name: str, key: str) -> dict[str, Any]:
    values: dict[str, Any] = oracle_values(name)["values"][key]
    return values


def number(result: Result | None) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def error_of(result: Result | None) -> float:
    """The standard error behind a 95 % Wald interval; 0 for a fixed number."""
    found = number(result)
    if found.conf_low is None or found.conf_high is None:
        return 0.0
    return (found.conf_high - found.conf_low) / 2 / 1.959963984540054


def rows_of(found: ConfirmatoryFactors) -> dict[tuple[str, str, str], Result]:
    """Raw estimates by lavaan's names for them."""
    rows: dict[tuple[str, str, str], Result | None] = {}
    for one in found.loadings:
        rows[one.factor, "=~", one.item] = one.loading
    for two in found.second_order_loadings:
        rows[two.second_order_factor, "=~", two.factor] = two.loading
    for item in found.items:
        rows[item.item, "~~", item.item] = item.residual_variance
        rows[item.item, "~1", ""] = item.intercept
        for rank, threshold in enumerate(item.thresholds, start=1):
            rows[item.item, "|", f"t{rank}"] = threshold
    for pair in found.relations:
        rows[pair.factor, "~~", pair.other_factor] = pair.factor_covariance
    for factor in found.reliability:
        rows[factor.factor, "~~", factor.factor] = factor.factor_variance
    return {name: result for name, result in rows.items() if result is not None}


def standardised_rows(found: ConfirmatoryFactors) -> dict[tuple[str, str, str], Result]:
    rows = {
        (one.factor, "=~", one.item): one.standardised_loading for one in found.loadings
    }
    for two in found.second_order_loadings:
        rows[two.second_order_factor, "=~", two.factor] = two.standardised_loading
    for item in found.items:
        rows[item.item, "~~", item.item] = item.residual_share
    for pair in found.relations:
        rows[pair.factor, "~~", pair.other_factor] = pair.factor_correlation
    return rows


@pytest.mark.parametrize(("name", "key"), CASES)
def test_estimates_and_errors_are_those_of_lavaan(name: str, key: str) -> None:
    expected = pd.DataFrame(lavaan(name, key)["estimates"])
    found = rows_of(fitted(name, key))
    tolerance = ORDINAL_ESTIMATE if key == "WLSMV" else ESTIMATE
    compared = 0
    for row in expected.itertuples():
        result = found.get((str(row.lhs), str(row.op), str(row.rhs)))
        if result is None:
            continue
        compared += 1
        assert number(result).estimate == pytest.approx(row.est, abs=tolerance)
        # What is fixed, or for ordinal answers a rest, has no error in lavaan.
        if row.se:
            assert error_of(result) == pytest.approx(row.se, rel=ERROR)
    assert compared == len(found)


@pytest.mark.parametrize(("name", "key"), CASES)
def test_standardised_estimates_and_errors_are_those_of_lavaan(
    name: str, key: str
) -> None:
    expected = pd.DataFrame(lavaan(name, key)["estimates"])
    found = standardised_rows(fitted(name, key))
    tolerance = ORDINAL_ESTIMATE if key == "WLSMV" else ESTIMATE
    by_name = {
        (row["lhs"], row["op"], row["rhs"]): row for _, row in expected.iterrows()
    }
    for names, result in found.items():
        row = by_name[names]
        assert number(result).estimate == pytest.approx(row["std.all"], abs=tolerance)
        assert error_of(result) == pytest.approx(row["std.se"], rel=ERROR)


@pytest.mark.parametrize(("name", "key"), CASES)
def test_fit_is_that_of_lavaan(name: str, key: str) -> None:
    expected, found = lavaan(name, key)["fit"], fitted(name, key).fit
    compared = 0
    for theirs, ours in TERMS.items():
        if theirs not in expected:
            continue
        if key == "WLSMV" and theirs in {"pvalue", "rmsea.pvalue"}:
            continue  # of an unscaled sum of squares: no test of anything
        compared += 1
        result, value = number(getattr(found, ours)), expected[theirs]
        if theirs.startswith("chisq") and key == "WLSMV":
            assert result.estimate == pytest.approx(value, rel=ORDINAL_CHI_SQUARE)
        elif theirs.startswith("chisq") or theirs in {"logl", "aic", "bic"}:
            assert result.estimate == pytest.approx(value, abs=CHI_SQUARE)
        else:
            assert result.estimate == pytest.approx(value, abs=INDEX)
    assert compared >= 10
    assert number(found.chi_square).n == lavaan(name, key)["nobs"]


LIMITS = [
    *((name, key, "") for name, key in CASES),
    *((name, key, ".robust") for name, key in CASES if key not in {"ML", "ML_stdlv"}),
    *((name, key, ".scaled") for name, key in CASES if key == "WLSMV"),
]


@pytest.mark.parametrize(("name", "key", "kind"), LIMITS)
def test_limits_of_the_approximation_error_are_those_of_lavaan(
    name: str, key: str, kind: str
) -> None:
    expected = lavaan(name, key)["fit"]
    found = number(getattr(fitted(name, key).fit, f"{kind}_rmsea".strip("._")))
    assert found.conf_low == pytest.approx(expected[f"rmsea.ci.lower{kind}"], abs=INDEX)
    assert found.conf_high == pytest.approx(
        expected[f"rmsea.ci.upper{kind}"], abs=INDEX
    )


@pytest.mark.parametrize(("name", "key"), [case for case in CASES if case[1] == "MLR"])
def test_scaled_limits_belong_to_the_scaled_statistic(name: str, key: str) -> None:
    # For MLR lavaan 0.6-14 prints limits of the unscaled statistic on c times df,
    # though its robust limits, scaled back by c, are those of the scaled one.
    expected = lavaan(name, key)["fit"]
    found = number(fitted(name, key).fit.scaled_rmsea)
    back = expected["chisq.scaling.factor"] ** 0.5
    assert found.conf_low == pytest.approx(
        expected["rmsea.ci.lower.robust"] / back, abs=INDEX
    )
    assert found.conf_high == pytest.approx(
        expected["rmsea.ci.upper.robust"] / back, abs=INDEX
    )


@pytest.mark.parametrize(
    ("name", "key"), [case for case in CASES if case[1] in {"ML", "MLR", "FIML"}]
)
def test_reliability_and_extracted_variance_are_those_of_semtools(
    name: str, key: str
) -> None:
    expected = lavaan(name, key)
    for factor in fitted(name, key).reliability:
        assert number(factor.composite_reliability).estimate == pytest.approx(
            expected["compRelSEM_obs.var_FALSE"][factor.factor], abs=ESTIMATE
        )
        # With gaps semTools takes the observed variance of the complete answers.
        if key != "FIML":
            assert number(factor.average_variance_extracted).estimate == pytest.approx(
                expected["AVE"][factor.factor], abs=ESTIMATE
            )


def test_second_order_model_is_that_of_lavaan_and_semtools() -> None:
    stored = oracle_values("cfa_holzinger_second_order")
    found = confirmatory_factors(
        oracle_rows(stored["data_file"])[stored["items"]],
        factors=HOLZINGER,
        second_order={"g": list(HOLZINGER)},
        estimator="ml",
        missing="listwise",
    )
    assert isinstance(found, ConfirmatoryFactors)
    expected = pd.DataFrame(stored["values"]["estimates"])
    by_name = {
        (row["lhs"], row["op"], row["rhs"]): row for _, row in expected.iterrows()
    }
    raw, standardised = rows_of(found), standardised_rows(found)
    for names, row in by_name.items():
        if names[1] == "=~" or names[0] in stored["items"]:
            assert number(raw[names]).estimate == pytest.approx(
                row["est"], abs=ESTIMATE
            )
            assert error_of(raw[names]) == pytest.approx(row["se"], rel=ERROR)
            assert number(standardised[names]).estimate == pytest.approx(
                row["std.all"], abs=ESTIMATE
            )
            assert error_of(standardised[names]) == pytest.approx(
                row["std.se"], rel=ERROR
            )
    fit = stored["values"]["fit"]
    assert number(found.fit.chi_square).estimate == pytest.approx(
        fit["chisq"], abs=CHI_SQUARE
    )
    omega = found.reliability[-1].composite_reliability
    assert number(omega).estimate == pytest.approx(
        stored["values"]["omega_implied"], abs=ESTIMATE
    )


@pytest.mark.parametrize("name", ["cfa_omega_small_missing", "cfa_omega_bfi_agree"])
@pytest.mark.parametrize("key", ["ML", "MLR", "FIML_ML", "FIML_MLR"])
def test_omega_with_gaps_and_its_limits_are_those_of_lavaan(
    name: str, key: str
) -> None:
    stored = oracle_values(name)
    expected = stored["values"][key]
    found = confirmatory_factors(
        oracle_rows(stored["data_file"])[stored["items"]],
        factors={"f": stored["items"]},
        estimator="mlr" if key.endswith("MLR") else "ml",
        missing="fiml" if key.startswith("FIML") else "listwise",
    )
    assert isinstance(found, ConfirmatoryFactors)
    omega = number(found.reliability[0].composite_reliability)
    assert omega.estimate == pytest.approx(expected["est"], abs=1e-5)
    assert error_of(omega) == pytest.approx(expected["se"], abs=1e-5)
    assert omega.conf_low == pytest.approx(expected["ci.lower"], abs=2e-5)
    loadings = [number(one.loading).estimate for one in found.loadings]
    np.testing.assert_allclose(loadings, expected["loadings"], atol=ESTIMATE)
