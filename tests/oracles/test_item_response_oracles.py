"""Item response statistics give the numbers R gives; see README.md beside this."""

from __future__ import annotations

import pytest
from oracle import matrix, oracle_rows, oracle_values

from analysis.foundation.results import Estimate, Result
from analysis.reliability.item_response import item_bias, mokken_scalability

pytestmark = pytest.mark.filterwarnings("error")

MOKKEN = ("mokken_attitude_rounded", "mokken_bfi_agree1000")

# Closed form: R and numpy differ by rounding only (seen: 8e-16).
CLOSED_FORM = 1e-10
# The reference goes through a product of large sparse matrices (seen: 4e-17).
STANDARD_ERROR = 1e-6
# R's optimiser stops at about six digits; ours is sharper.
LIKELIHOOD_RATIO = 1e-4
# Closed form: differs by rounding only.
MANTEL = 1e-9


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


def test_item_bias_is_that_of_ordinal_and_mantel() -> None:
    stored = oracle_values("dif_bfi_consc_gender")
    rows = oracle_rows(stored["data_file"])
    groups = rows[stored["values"]["group_coding"]["column"]]
    items = rows[stored["items"]]
    found = item_bias(items, groups=groups, categories=range(1, 7))
    model, matched = stored["values"]["logistic"], stored["values"]["mantel"]
    for place, one in enumerate(found):
        for result, column in [
            (one.uniform_chi_square, "chi_uniform"),
            (one.uniform_p, "p_uniform"),
            (one.nonuniform_chi_square, "chi_nonuniform"),
            (one.nonuniform_p, "p_nonuniform"),
            (one.total_chi_square, "chi_total"),
            (one.total_p, "p_total"),
            (one.uniform_nagelkerke_change, "nagelkerke_delta_uniform"),
            (one.nagelkerke_change, "nagelkerke_delta_total"),
            (one.mcfadden_change, "mcfadden_delta_total"),
            (one.group_log_odds, "beta_group"),
        ]:
            assert number(result) == pytest.approx(
                model[column][place], abs=LIKELIHOOD_RATIO
            ), column
        for result, column in [
            (one.mantel_chi_square, "mantel_chisq"),
            (one.standardised_mean_difference, "SMD"),
        ]:
            assert number(result) == pytest.approx(
                matched[column][place], abs=MANTEL
            ), column
        weight = one.group_log_odds
        assert isinstance(weight, Estimate)
        assert weight.conf_high is not None
        error = (weight.conf_high - weight.estimate) / 1.959963984540054
        assert error == pytest.approx(model["se_group"][place], abs=LIKELIHOOD_RATIO)
