"""Item response statistics give the numbers R gives; see README.md beside this."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from oracle import matrix, oracle_rows, oracle_values

from heard.psychometrics.item_response.graded_response import graded_response_model
from heard.psychometrics.item_response.graded_results import GradedResponseModel
from heard.psychometrics.item_response.graded_scores import (
    graded_information,
    graded_scores,
)
from heard.psychometrics.item_response.item_bias import item_bias
from heard.psychometrics.item_response.mokken import mokken_scalability
from heard.psychometrics.item_response.two_level import two_level_scalability
from heard.results import Estimate, Result

if TYPE_CHECKING:
    import pandas as pd

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
# mirt's optimiser stops at six digits (seen: 6e-7 slopes and intercepts, 3e-12 logLik).
WEIGHT = 2e-3
GRADED_LIKELIHOOD = 1e-3
# Given mirt's weights the rest is arithmetic on the same grid.
GIVEN_WEIGHTS = 1e-9
# mirt looks for a mode to about five digits.
MODE = 1e-3


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


def graded() -> tuple[dict[str, Any], pd.DataFrame, GradedResponseModel]:
    stored = oracle_values("grm_bfi_agree1000")
    rows = oracle_rows(stored["data_file"])[stored["items"]]
    found = graded_response_model(rows, categories=range(1, 7))
    return stored["values"], rows, found


def test_weights_of_the_graded_model_and_their_errors_are_those_of_mirt() -> None:
    values, _, found = graded()
    straight, shown = matrix(values["slope_intercept"]), matrix(values["IRT_pars_a_b"])
    for item in found.items:
        errors = values["se_slope_intercept"][item.item]
        assert number(item.slope) == pytest.approx(
            straight.loc[item.item, "a1"], abs=WEIGHT
        )
        assert number(item.slope_standard_error) == pytest.approx(
            errors["a1"], abs=WEIGHT
        )
        for step, one in enumerate(item.thresholds, start=1):
            assert number(one.intercept) == pytest.approx(
                straight.loc[item.item, f"d{step}"], abs=WEIGHT
            )
            assert number(one.intercept_standard_error) == pytest.approx(
                errors[f"d{step}"], abs=WEIGHT
            )
            assert number(one.threshold) == pytest.approx(
                shown.loc[item.item, f"b{step}"], abs=WEIGHT
            )


def test_likelihood_and_reliability_of_the_graded_model_are_those_of_mirt() -> None:
    values, _, found = graded()
    for result, key in [
        (found.log_likelihood, "logLik"),
        (found.akaike_information_criterion, "AIC"),
        (found.bayesian_information_criterion, "BIC"),
        (found.marginal_reliability, "marginal_rxx"),
        (found.empirical_reliability, "empirical_rxx_EAP"),
    ]:
        assert number(result) == pytest.approx(values[key], abs=GRADED_LIKELIHOOD), key


def test_scores_and_information_are_those_of_mirt_given_its_weights() -> None:
    values, rows, found = graded()
    straight = matrix(values["slope_intercept"])
    assert found.parameters is not None
    given = dataclasses.replace(
        found.parameters,
        slopes=tuple(straight["a1"]),
        intercepts=tuple(map(tuple, straight.drop(columns="a1").to_numpy())),
    )
    scores = graded_scores(rows, given)
    first = values["EAP"]["n_first"]
    for column, expected, tolerance in [
        ("expected_a_posteriori", values["EAP"]["theta"], GIVEN_WEIGHTS),
        ("expected_a_posteriori_standard_error", values["EAP"]["se"], GIVEN_WEIGHTS),
        ("maximum_a_posteriori", values["MAP"]["theta"], MODE),
        ("maximum_a_posteriori_standard_error", values["MAP"]["se"], MODE),
        ("person_fit", values["personfit_first"]["Zh"], GIVEN_WEIGHTS),
    ]:
        assert scores[column][:first].to_list() == pytest.approx(
            expected, abs=tolerance
        ), column
    reported = graded_information(given, values["theta_grid"]).groupby("item")
    expected = matrix(values["item_information"] | {"rows": None})
    expected[""] = values["test_information"]
    for item, amounts in expected.items():
        assert reported.get_group(item)["information"].to_list() == pytest.approx(
            amounts.to_list(), abs=GIVEN_WEIGHTS
        )
    assert reported.get_group("")["standard_error"].to_list() == pytest.approx(
        values["conditional_sem"], abs=GIVEN_WEIGHTS
    )


def test_two_level_scalability_is_that_of_mokken() -> None:
    # seen: 1e-15; its errors are tested against the jackknife over targets
    stored = oracle_values("mokken_twolevel_bhr2000")
    rows = oracle_rows(stored["data_file"])
    found = two_level_scalability(rows[stored["items"]], groups=rows["GRP"])
    values = stored["values"]
    pairs = matrix(values["Hij"])
    for one in found.pairs:
        reported = [number(r) for r in (one.within, one.between, one.ratio)]
        assert reported == pytest.approx(
            list(pairs.loc[f"{one.item} {one.other_item}"]), abs=CLOSED_FORM
        )
    for place, one in enumerate(found.items):
        assert number(one.within) == pytest.approx(
            values["Hi"]["HWi"][place], abs=CLOSED_FORM
        )
        assert number(one.between) == pytest.approx(
            values["Hi"]["HBi"][place], abs=CLOSED_FORM
        )
        assert number(one.ratio) == pytest.approx(
            values["Hi"]["HBWi"][place], abs=CLOSED_FORM
        )
    scale = found.scale
    for result, key in [
        (scale.within, "HW"),
        (scale.between, "HB"),
        (scale.ratio, "HBW"),
    ]:
        assert number(result) == pytest.approx(values["H"][key], abs=CLOSED_FORM)
