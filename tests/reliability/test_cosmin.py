"""Ratings follow COSMIN's criteria, and say how near the threshold they stand."""

from __future__ import annotations

import pytest

from analysis.foundation.findings import Group
from analysis.reliability.cosmin import PropertyEvidence, cosmin_findings, cosmin_table
from heard.results import Estimate, Unavailable


def found(term: str, estimate: float, *limits: float) -> Estimate:
    low, high = limits or (None, None)
    return Estimate(
        term=term, estimate=estimate, conf_low=low, conf_high=high, n=200, method="m"
    )


GOOD_FIT = (found("comparative_fit_index", 0.97), found("rmsea", 0.08, 0.05, 0.1))
POOR_FIT = (found("comparative_fit_index", 0.90), found("rmsea", 0.09, 0.07, 0.1))


def ratings(table: tuple[PropertyEvidence, ...]) -> dict[str, str]:
    return {row.measurement_property: row.rating for row in table}


def test_nothing_analysed_is_indeterminate_everywhere() -> None:
    table = cosmin_table()
    assert set(ratings(table).values()) == {"?"}
    assert len(table) == 5


@pytest.mark.parametrize(("fit", "rating"), [(GOOD_FIT, "+"), (POOR_FIT, "-")])
def test_one_fit_index_that_is_met_suffices(
    fit: tuple[Estimate, ...], rating: str
) -> None:
    assert ratings(cosmin_table(fit=fit))["structural_validity"] == rating


@pytest.mark.parametrize(
    ("alpha", "fit", "rating"),
    [
        (0.70, GOOD_FIT, "+"),
        (0.699, GOOD_FIT, "-"),
        (0.90, POOR_FIT, "?"),
        (0.90, (), "?"),
    ],
)
def test_alpha_counts_only_where_the_structure_is_sufficient(
    alpha: float, fit: tuple[Estimate, ...], rating: str
) -> None:
    table = cosmin_table(fit=fit, cronbach_alpha=found("cronbach_alpha", alpha))
    assert ratings(table)["internal_consistency"] == rating


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((0.65, 0.80), "the interval crosses the threshold"),
        ((0.71, 0.80), "the whole interval is on the good side"),
    ],
)
def test_the_interval_is_placed_against_the_threshold(
    limits: tuple[float, float], message: str
) -> None:
    icc = found("icc_a1", 0.75, *limits)
    row = cosmin_table(reliability=icc)[2]
    assert (row.rating, row.interval) == ("+", message)


def test_measurement_error_needs_an_important_change_to_be_held_against() -> None:
    change = found("smallest_detectable_change", 4.0, 3.5, 4.5)
    unknown = cosmin_table(smallest_detectable_change=change)
    assert ratings(unknown)["measurement_error"] == "?"
    for important, rating in ((5.0, "+"), (4.0, "-"), (3.0, "-")):
        table = cosmin_table(
            smallest_detectable_change=change, minimal_important_change=important
        )
        assert ratings(table)["measurement_error"] == rating


def test_one_biased_item_or_a_failed_verdict_is_insufficient() -> None:
    small, large = found("mcfadden_r2", 0.019), found("mcfadden_r2", 0.02)
    name = "measurement_invariance"
    assert ratings(cosmin_table(item_bias=(small,)))[name] == "+"
    assert ratings(cosmin_table(item_bias=(small, large)))[name] == "-"
    refused = cosmin_table(item_bias=(small,), invariance_verdict=(False, "scalar"))
    assert ratings(refused)[name] == "-"
    held = cosmin_table(invariance_verdict=(True, "scalar holds"))
    assert ratings(held)[name] == "+"


def test_an_absent_coefficient_says_why() -> None:
    absent = Unavailable(term="cronbach_alpha", reason="number of items 1")
    row = cosmin_table(cronbach_alpha=absent)[1]
    assert row.rating == "?"
    assert "number of items 1" in row.reason


def test_scaled_indices_have_the_criteria_of_plain_ones() -> None:
    fit = (
        found("scaled_comparative_fit_index", 0.94),
        found("robust_rmsea", 0.07),
        found("standardised_root_mean_square_residual", 0.05),
    )
    row = cosmin_table(fit=fit)[0]
    assert row.rating == "+"
    assert row.decisive == fit[2]


def test_findings_carry_the_rating_and_the_number_that_decided() -> None:
    table = cosmin_table(
        fit=GOOD_FIT, cronbach_alpha=found("cronbach_alpha", 0.8, 0.65, 0.9)
    )
    findings = list(cosmin_findings(table, study="s", subscale="total"))
    structure, consistency, reliability, *_ = findings
    assert str(structure.group) == "sufficient"
    assert structure.group == Group("rating", "sufficient", of="comparative_fit_index")
    assert (consistency.estimate, consistency.conf_low) == (0.8, 0.65)
    assert "crosses the threshold" in consistency.method
    assert reliability.estimate is None
    assert str(reliability.group) == "indeterminate"
    assert reliability.reason
