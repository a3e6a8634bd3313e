"""Alpha and omega with gaps, or without normality; see README.md beside this."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import mean_inter_item_correlation
from heard.psychometrics.consistency.omega import omega_total
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

# Closed forms: R and numpy differ by rounding only.
CLOSED_FORM = 1e-10
# lavaan stops its optimiser at about six digits.
OPTIMISED = 1e-5
PAIRWISE = (
    "alpha_small_missing_pairwise",
    "alpha_bfi_agree_pairwise",
    "alpha_bfi_consc_pairwise",
)
OMEGAS = ("cfa_omega_small_missing", "cfa_omega_bfi_agree")
NORMAL = 1.959963984540054


def rows_of(stored: dict[str, Any]) -> pd.DataFrame:
    """The keyed responses; the file of ten items holds them as answered, 1 to 6."""
    rows: pd.DataFrame = oracle_rows(stored["data_file"])[stored["items"]]
    turned = [name for name in ("C4", "C5") if name in rows]
    rows[turned] = 7 - rows[turned]
    return rows


def error_of(found: object) -> float:
    """The standard error behind limits made on the scale log(1 - estimate)."""
    assert isinstance(found, Estimate)
    assert found.conf_low is not None
    low, left = found.conf_low, 1 - found.estimate
    return left * math.log((1 - low) / left) / NORMAL


@pytest.mark.parametrize("name", PAIRWISE)
def test_pairwise_alpha_is_that_of_psych(name: str) -> None:
    stored = oracle_values(name)
    rows, values = rows_of(stored), stored["values"]
    found = cronbach_alpha(rows, missing="pairwise", interval="feldt")
    feldt = values["feldt_ci_own_formula"]
    assert isinstance(found, Estimate)
    assert found.n == feldt["n"]
    assert [found.estimate, found.conf_low, found.conf_high] == pytest.approx(
        [values["total"]["raw_alpha"], feldt["lower"], feldt["upper"]], abs=CLOSED_FORM
    )
    standardised = cronbach_alpha(rows, missing="pairwise", kind="standardised")
    assert standardised.estimate == pytest.approx(  # type: ignore[union-attr]
        values["total"]["std.alpha"], abs=CLOSED_FORM
    )
    mean = mean_inter_item_correlation(rows, missing="pairwise")
    assert mean.estimate == pytest.approx(  # type: ignore[union-attr]
        values["total"]["average_r"], abs=CLOSED_FORM
    )


@pytest.mark.parametrize("name", PAIRWISE)
def test_distribution_free_error_of_alpha_is_that_of_r(name: str) -> None:
    stored = oracle_values(name)
    found = cronbach_alpha(rows_of(stored), interval="adf")
    expected = stored["values"]["adf_se_complete"]
    assert error_of(found) == pytest.approx(expected, abs=CLOSED_FORM)


@pytest.mark.parametrize("name", ["missing_small", "missing_holzinger_missing"])
def test_alpha_from_every_answer_is_that_of_lavaan(name: str) -> None:
    stored = oracle_values(name)
    found = cronbach_alpha(rows_of(stored), missing="fiml")
    assert isinstance(found, Estimate)
    assert found.n == stored["n_rows"]
    assert found.estimate == pytest.approx(
        stored["values"]["alpha_fiml"], abs=OPTIMISED
    )


@pytest.mark.parametrize("name", OMEGAS)
def test_omega_from_every_answer_is_that_of_lavaan(name: str) -> None:
    stored = oracle_values(name)
    lavaan = stored["values"]["FIML_ML"]
    found = omega_total(rows_of(stored), missing="fiml", interval="delta")
    assert isinstance(found, Estimate)
    assert found.conf_high is not None
    assert found.estimate == pytest.approx(lavaan["est"], abs=OPTIMISED)
    error = (found.conf_high - found.estimate) / NORMAL
    assert error == pytest.approx(lavaan["se"], abs=OPTIMISED)


@pytest.mark.parametrize("name", OMEGAS)
@pytest.mark.parametrize(
    ("key", "missing"), [("MLR", "listwise"), ("FIML_MLR", "fiml")]
)
def test_distribution_free_error_of_omega_is_lavaans_robust_one(
    name: str, key: str, missing: Any
) -> None:
    stored = oracle_values(name)
    found = omega_total(rows_of(stored), missing=missing, interval="adf")
    # lavaan divides the sum of squares by n, we by n - 1: on purpose a little wider
    error = error_of(found) * np.sqrt((found.n or 0) - 1) / np.sqrt(found.n or 1)
    assert error == pytest.approx(stored["values"][key]["se"], abs=OPTIMISED)
