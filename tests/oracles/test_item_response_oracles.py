"""Item response statistics give the numbers R gives; see README.md beside this."""

from __future__ import annotations

import pytest
from oracle import matrix, oracle_rows, oracle_values

from analysis.foundation.results import Estimate, Result
from analysis.reliability.item_response import mokken_scalability

pytestmark = pytest.mark.filterwarnings("error")

MOKKEN = ("mokken_attitude_rounded", "mokken_bfi_agree1000")

# Closed form: R and numpy differ by rounding only (seen: 8e-16).
CLOSED_FORM = 1e-10
# The reference goes through a product of large sparse matrices (seen: 4e-17).
STANDARD_ERROR = 1e-6


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


@pytest.mark.parametrize("name", MOKKEN)
def test_scalability_of_the_scale_is_that_of_mokken(name: str) -> None:
    stored = oracle_values(name)
    found = mokken_scalability(oracle_rows(stored["data_file"])[stored["items"]])
    values = stored["values"]
    assert number(found.scalability) == pytest.approx(values["H"], abs=CLOSED_FORM)
    assert number(found.standard_error) == pytest.approx(
        values["se_H"], abs=STANDARD_ERROR
    )


@pytest.mark.parametrize("name", MOKKEN)
def test_scalability_of_items_and_pairs_is_that_of_mokken(name: str) -> None:
    stored = oracle_values(name)
    found = mokken_scalability(oracle_rows(stored["data_file"])[stored["items"]])
    values = stored["values"]
    for one in found.items:
        assert number(one.scalability) == pytest.approx(
            values["Hi"][one.item], abs=CLOSED_FORM
        )
        assert number(one.standard_error) == pytest.approx(
            values["se_Hi"][one.item], abs=STANDARD_ERROR
        )
    pairs = matrix(values["Hij"])
    for pair in found.pairs:
        assert number(pair.scalability) == pytest.approx(
            pairs.loc[pair.item, pair.other_item], abs=CLOSED_FORM
        )
