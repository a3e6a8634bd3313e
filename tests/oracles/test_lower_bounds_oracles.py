"""The lower bounds of reliability are those of psych; see README.md beside this."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.consistency.lower_bounds import (
    greatest_lower_bound,
    guttman_lambdas,
    split_half_distribution,
)
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

# Closed forms: R and numpy differ by rounding only.
CLOSED_FORM = 1e-10
# psych's semidefinite solver stops at about seven digits.
OPTIMISED = 1e-4
NAMES = ("guttman_attitude", "guttman_bfi_agree", "guttman_bfi_AC10")
IN_R = {1: "lambda1", 2: "lambda2", 3: "lambda3", 5: "lambda5", 6: "lambda6"}


@pytest.fixture(params=NAMES)
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    return oracle_values(request.param)


def rows_of(stored: dict[str, Any]) -> pd.DataFrame:
    """The keyed responses; the file of ten items holds them as answered, 1 to 6."""
    items: list[str] = stored["items"]
    rows = oracle_rows(stored["data_file"])[items]
    turned = ["A1", "C4", "C5"] if len(items) == 10 else []
    rows[turned] = 7 - rows[turned]
    return rows


@pytest.mark.parametrize("standardised", [True, False])
def test_guttman_lambdas_are_those_of_psych(
    stored: dict[str, Any], standardised: bool
) -> None:
    found = guttman_lambdas(rows_of(stored), standardised=standardised)
    block = stored["values"]["on_correlation" if standardised else "on_covariance"]
    for number, name in IN_R.items():
        lambda_ = getattr(found, f"guttman_lambda_{number}")
        expected = block.get(name, block.get(f"{name}_alpha"))
        assert lambda_.estimate == pytest.approx(expected, abs=CLOSED_FORM)
        assert lambda_.conf_low < lambda_.estimate < lambda_.conf_high


@pytest.mark.parametrize("standardised", [True, False])
def test_split_halves_are_those_of_every_split(
    stored: dict[str, Any], standardised: bool
) -> None:
    found = split_half_distribution(rows_of(stored), standardised=standardised)
    block = stored["values"]["split_half_all_splits_own"]
    block = block["correlation" if standardised else "covariance"]
    assert [result.estimate for result in found.results()] == pytest.approx(  # type: ignore[union-attr]
        [block["min"], block["median"], block["mean"], block["max"]], abs=CLOSED_FORM
    )
    lambdas = guttman_lambdas(rows_of(stored), standardised=standardised)
    assert isinstance(lambdas.guttman_lambda_4, Estimate)
    assert lambdas.guttman_lambda_4.estimate == pytest.approx(
        block["max"], abs=CLOSED_FORM
    )


@pytest.mark.parametrize("standardised", [True, False])
def test_greatest_lower_bound_is_that_of_psych(
    stored: dict[str, Any], standardised: bool
) -> None:
    found = greatest_lower_bound(rows_of(stored), standardised=standardised)
    block = stored["values"]["on_correlation" if standardised else "on_covariance"]
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(block["glb_algebraic"], abs=OPTIMISED)
