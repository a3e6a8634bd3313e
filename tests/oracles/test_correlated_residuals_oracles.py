"""Correlated residuals are those of lavaan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.confirmatory.factors import confirmatory_factors
from heard.psychometrics.confirmatory.results import ConfirmatoryFactors
from heard.results import Estimate

VALUES = oracle_values("correlated_residuals")["values"]
FACTORS = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
PAIRS = {
    "ml": [("x7", "x8"), ("x2", "x9")],
    "mlr": [("x7", "x8"), ("x2", "x9")],
    "fiml": [("x1", "x4"), ("x2", "x7")],
    "wlsmv": [("A1", "A2")],
}
AGREE = {"agree": ["A1", "A2", "A3", "A4", "A5"]}
FITTED: dict[str, tuple[str, dict[str, Any]]] = {
    "ml": ("holzinger", {"estimator": "ml", "missing": "listwise"}),
    "mlr": ("holzinger", {"estimator": "mlr", "missing": "listwise"}),
    "fiml": ("holzinger_missing", {"estimator": "ml"}),
    "wlsmv": (
        "bfi_agreeableness_1000",
        {"estimator": "wlsmv", "categories": range(1, 7)},
    ),
}
# lavaan stops at about six digits of an estimate (seen: 2e-6).
OPTIMISED = 2e-5


def fitted(name: str) -> ConfirmatoryFactors:
    data, options = FITTED[name]
    rows = oracle_rows(f"{data}.csv")
    ordinal = name == "wlsmv"
    found = confirmatory_factors(
        rows[AGREE["agree"]] if ordinal else rows,
        factors=AGREE if ordinal else FACTORS,
        correlated_residuals=PAIRS[name],
        **options,
    )
    assert isinstance(found, ConfirmatoryFactors)
    return found


def known(result: Any) -> Estimate:
    assert isinstance(result, Estimate)
    return result


@pytest.mark.parametrize("name", FITTED)
def test_correlated_residuals_are_those_of_lavaan(name: str) -> None:
    found, wanted = fitted(name), VALUES[name]
    relations = found.residual_relations
    covariances = [known(r.residual_covariance) for r in relations]
    assert [c.estimate for c in covariances] == pytest.approx(
        np.ravel(wanted["residual_covariance"]), abs=OPTIMISED
    )
    errors = [(c.conf_high - c.estimate) / 1.959963984540054 for c in covariances]  # type: ignore[operator]
    assert errors == pytest.approx(np.ravel(wanted["standard_error"]), abs=OPTIMISED)
    correlations = [known(r.residual_correlation) for r in relations]
    assert [c.estimate for c in correlations] == pytest.approx(
        np.ravel(wanted["residual_correlation"]), abs=OPTIMISED
    )
    loadings = [known(part.standardised_loading).estimate for part in found.loadings]
    assert loadings == pytest.approx(wanted["standardised_loading"], abs=OPTIMISED)


@pytest.mark.parametrize("name", FITTED)
def test_the_chi_square_counts_the_pairs(name: str) -> None:
    numbers = {
        r.term: r.estimate
        for r in fitted(name).fit.results()
        if isinstance(r, Estimate)
    }
    assert numbers["chi_square"] == pytest.approx(VALUES[name]["chi_square"], rel=1e-5)
    assert numbers["chi_square_df"] == VALUES[name]["df"]
    if VALUES[name].get("scaled"):
        scaled = numbers["scaled_chi_square"]
        assert scaled == pytest.approx(VALUES[name]["scaled"], rel=1e-5)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([("x1", "x99")], "x99: residuals to correlate, but in no factor"),
        ([("x1", "x1")], "no pair of two items"),
        ([("x1", "x2"), ("x2", "x1")], "names a pair twice"),
    ],
)
def test_what_is_no_pair_is_refused(pairs: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        confirmatory_factors(
            oracle_rows("holzinger.csv"), factors=FACTORS, correlated_residuals=pairs
        )


def test_the_pairs_stand_in_every_method() -> None:
    found = fitted("ml")
    assert (
        "residuals correlated: x7 and x8, x2 and x9" in found.loadings[0].loading.method
    )
    assert not found.improper
