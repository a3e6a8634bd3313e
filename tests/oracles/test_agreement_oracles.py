"""Agreement and retest statistics give the numbers R gives; see README.md here."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values
from scipy import stats

from heard.psychometrics.agreement.chance_corrected import (
    fleiss_kappa,
    gwet_agreement,
    krippendorff_alpha,
)
from heard.psychometrics.agreement.intraclass import (
    intraclass_correlations,
    of_all_ratings,
)
from heard.psychometrics.agreement.ratings import weighted_kappa
from heard.psychometrics.agreement.two_occasions import (
    concordance_correlation,
    limits_of_agreement,
)
from heard.psychometrics.agreement.within_group import within_group_agreement
from heard.psychometrics.reliability_over_waves import reliability_over_waves
from heard.psychometrics.retest import reliable_change, smallest_detectable_change
from heard.results import Estimate, Result, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

# Closed forms: R and numpy differ by rounding only (seen: 2e-15).
CLOSED_FORM = 1e-10
# irrCAC prints five decimals.
FIVE_DECIMALS = 1e-5
# The README of the oracles asks 1e-8 of these two (seen: 2e-15).
MEAN_SQUARES = 1e-8

AGREEMENT = (
    "agreement_expsy",
    "agreement_expsy_binary",
    "agreement_krippendorff2011",
    "agreement_wine",
)
REML = 1e-4  # two optimisers; seen 1e-7
ICC = ("icc_shrout_fleiss", "icc_wine", "icc_expsy_missing")
LEVELS = {
    "nominal": "unweighted",
    "linear": "linear",
    "interval": "quadratic",
    "ordinal": "ordinal",
}


class Ratings:
    """An oracle's numbers and its ratings, wide and long."""

    def __init__(self, name: str) -> None:
        stored = oracle_values(name)
        self.values: dict[str, Any] = stored["values"]
        self.wide = oracle_rows(stored["data_file"])[stored["items"]]
        assert len(self.wide) == stored["n_rows"]
        self.long = long(self.wide)
        self.complete = not self.wide.isna().to_numpy().any()


def long(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.reset_index(names="target").melt(
        "target", var_name="rater", value_name="score"
    )


def known(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def standard_error(result: Estimate) -> float:
    assert result.conf_low is not None  # the upper limit may be cut at 1
    reach = result.estimate - result.conf_low
    return float(reach / stats.t.ppf(0.975, result.n - 1))


@pytest.fixture(params=AGREEMENT)
def ratings(request: pytest.FixtureRequest) -> Ratings:
    return Ratings(request.param)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_krippendorff_alpha_is_that_of_his_formula(
    ratings: Ratings, level: Any
) -> None:
    wanted = ratings.values["krippendorff"][level]
    categories = ratings.values["categories"]
    found = known(krippendorff_alpha(ratings.long, categories=categories, level=level))
    assert found.estimate == pytest.approx(wanted, abs=CLOSED_FORM)


def test_krippendorff_standard_error_is_that_of_irrcac_on_complete_ratings() -> None:
    # With ratings missing, irrCAC's own versions differ from each other by 1e-4.
    ratings = Ratings("agreement_wine")
    for level in ("nominal", "linear", "interval"):
        found = krippendorff_alpha(
            ratings.long,
            categories=ratings.values["categories"],
            level=level,
        )
        wanted = ratings.values["irrCAC"]["krippen.alpha.raw"][LEVELS[level]]["se"]
        assert standard_error(known(found)) == pytest.approx(wanted, abs=FIVE_DECIMALS)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("function", "name"),
    [(gwet_agreement, "gwet.ac1.raw"), (fleiss_kappa, "fleiss.kappa.raw")],
)
def test_gwet_and_fleiss_with_gaps_and_order_are_those_of_irrcac(
    ratings: Ratings, function: Any, name: str, level: str
) -> None:
    wanted = ratings.values["irrCAC"][name][LEVELS[level]]
    categories = ratings.values["categories"]
    found = known(function(ratings.long, categories=categories, level=level))
    assert found.estimate == pytest.approx(wanted["coeff"], abs=FIVE_DECIMALS)
    assert standard_error(found) == pytest.approx(wanted["se"], abs=FIVE_DECIMALS)


def test_fleiss_kappa_of_complete_targets_is_that_of_irr(ratings: Ratings) -> None:
    complete = long(ratings.wide.dropna())
    found = fleiss_kappa(complete, categories=ratings.values["categories"])
    wanted = ratings.values["fleiss"]["kappa"]
    assert known(found).estimate == pytest.approx(wanted, abs=CLOSED_FORM)


@pytest.mark.parametrize(
    ("weights", "name"),
    [("unweighted", "unweighted"), ("linear", "equal"), ("quadratic", "squared")],
)
def test_weighted_kappa_is_that_of_irr(
    ratings: Ratings, weights: Any, name: str
) -> None:
    found = weighted_kappa(
        ratings.wide.iloc[:, :2],
        categories=ratings.values["categories"],
        weights=weights,
    )
    wanted = ratings.values["kappa2_rater1_rater2"][name]["kappa"]
    assert known(found).estimate == pytest.approx(wanted, abs=CLOSED_FORM)


@pytest.mark.parametrize(
    ("name", "row", "weights"),
    [
        ("agreement_expsy", 0, "unweighted"),
        ("agreement_wine", 0, "unweighted"),
        # psych gives weighted intervals of width 0 in two of the four sets: a defect
        ("agreement_expsy_binary", 1, "quadratic"),
    ],
)
def test_interval_of_kappa_is_that_of_psych(name: str, row: int, weights: Any) -> None:
    ratings = Ratings(name)
    found = weighted_kappa(
        ratings.wide.iloc[:, :2],
        categories=ratings.values["categories"],
        weights=weights,
        interval="wald",
    )
    low, _, high = ratings.values["psych_cohen.kappa"]["confid"]["data"][row]
    found = known(found)
    assert found.conf_low == pytest.approx(low, abs=CLOSED_FORM)
    assert found.conf_high == pytest.approx(high, abs=CLOSED_FORM)


@pytest.mark.parametrize("name", ICC)
def test_six_correlations_and_limits_are_those_of_psych(name: str) -> None:
    ratings = Ratings(name)
    found = intraclass_correlations(ratings.long, missing="listwise")
    table = ratings.values["anova_complete"]
    terms = ("icc_1", "icc_a1", "icc_c1", "icc_1k", "icc_ak", "icc_ck")
    for place, term in enumerate(terms):
        one = known(getattr(found, term))
        assert one.estimate == pytest.approx(table["ICC"][place], abs=CLOSED_FORM)
        assert one.conf_low == pytest.approx(
            table["lower bound"][place], abs=CLOSED_FORM
        )
        assert one.conf_high == pytest.approx(
            table["upper bound"][place], abs=CLOSED_FORM
        )


@pytest.mark.parametrize("name", ICC)
def test_errors_of_measurement_are_those_of_the_mean_squares(name: str) -> None:
    ratings = Ratings(name)
    found = intraclass_correlations(ratings.long, missing="listwise")
    wanted = ratings.values["agreement_measures"]
    for kind in ("agreement", "consistency"):
        error = known(getattr(found, f"standard_error_of_measurement_{kind}"))
        assert error.estimate == pytest.approx(wanted[f"SEM_{kind}"], abs=CLOSED_FORM)


def test_with_a_gap_correlations_are_those_of_psych_by_lme4() -> None:
    ratings = Ratings("icc_expsy_missing")
    found = intraclass_correlations(ratings.long)
    table = ratings.values["lmer"]
    variance = ratings.values["lmer_variances"]["variance"]
    for place, term in enumerate(
        ("icc_1", "icc_a1", "icc_c1", "icc_1k", "icc_ak", "icc_ck")
    ):
        one = known(getattr(found, term))
        assert one.estimate == pytest.approx(table["ICC"][place], abs=REML)
        assert one.n == len(ratings.wide)  # none left out
    error = known(found.standard_error_of_measurement_agreement)
    assert error.estimate**2 == pytest.approx(variance[1] + variance[2], rel=REML)


def test_limits_of_all_planned_ratings_are_those_of_psych_by_lme4() -> None:
    """psych counts the missing rating as given; ours, which do not, are wider."""
    ratings = Ratings("icc_expsy_missing")
    table = ratings.values["lmer"]
    sources = of_all_ratings(ratings.wide.to_numpy(float))
    assert not isinstance(sources, str)
    found = intraclass_correlations(ratings.long)
    for place, term in enumerate(("icc_1", "icc_a1", "icc_c1")):
        wanted = table["lower bound"][place], table["upper bound"][place]
        assert sources.planned.limits(term, 0.95) == pytest.approx(wanted, abs=REML)
        one = known(getattr(found, term))
        assert one.conf_low is not None
        assert one.conf_high is not None
        assert wanted[0] - 0.005 < one.conf_low < wanted[0]
        assert wanted[1] < one.conf_high < wanted[1] + 0.005


class TestRetest:
    """State anxiety of 163 people, twice."""

    stored = oracle_values("retest_sai_XRAY")
    wanted = stored["values"]
    pairs = oracle_rows(stored["data_file"])

    def test_limits_of_agreement_and_their_intervals(self) -> None:
        found = limits_of_agreement(self.pairs, exact=False)
        bias = known(found.bias)
        assert bias.estimate == pytest.approx(self.wanted["bias"], abs=CLOSED_FORM)
        assert (bias.conf_low, bias.conf_high) == pytest.approx(
            self.wanted["bias_ci"], abs=CLOSED_FORM
        )
        for side, place in (("lower", 0), ("upper", 1)):
            limit = known(getattr(found, f"{side}_limit_of_agreement"))
            assert limit.estimate == pytest.approx(
                self.wanted["loa"][place], abs=CLOSED_FORM
            )
            assert (limit.conf_low, limit.conf_high) == pytest.approx(
                self.wanted[f"loa_{side}_ci"], abs=CLOSED_FORM
            )

    def test_exact_limits_are_carkeets(self) -> None:
        limit = known(limits_of_agreement(self.pairs).upper_limit_of_agreement)
        # scipy's and R's noncentral t stop at about nine digits (seen: 4e-11)
        assert (limit.conf_low, limit.conf_high) == pytest.approx(
            self.wanted["loa_upper_ci_exact_one_sided_95pct"], abs=CLOSED_FORM
        )

    def test_slope_and_concordance(self) -> None:
        slope = known(limits_of_agreement(self.pairs).proportional_bias)
        wanted = self.wanted["proportional_bias_slope"]["Estimate"]
        assert slope.estimate == pytest.approx(wanted, abs=CLOSED_FORM)
        found = known(concordance_correlation(self.pairs))
        assert found.estimate == pytest.approx(self.wanted["ccc_lin"], abs=CLOSED_FORM)

    def test_errors_and_detectable_changes(self) -> None:
        found = smallest_detectable_change(self.pairs)
        for term, name in (
            ("standard_error_of_measurement_agreement", "sem_agreement"),
            ("standard_error_of_measurement_consistency", "sem_consistency"),
            ("smallest_detectable_change_agreement", "sdc_agreement"),
            ("smallest_detectable_change_consistency", "sdc_from_sd_diff"),
        ):
            one = known(getattr(found, term))
            assert one.estimate == pytest.approx(self.wanted[name], abs=CLOSED_FORM)

    def test_shares_of_reliable_change(self) -> None:
        found = reliable_change(self.pairs, reliability=self.wanted["reliability_used"])
        for term, name in (
            ("share_improved", "rci_improved"),
            ("share_worsened", "rci_worse"),
            ("reliable_change_needed", "mdc95_ctt"),
        ):
            one = known(getattr(found, term))
            assert one.estimate == pytest.approx(self.wanted[name], abs=CLOSED_FORM)


def test_reliability_over_waves_is_that_of_psych() -> None:
    stored = oracle_values("waves_reliability_sai_VALE")
    rows = oracle_rows(stored["data_file"])
    found = reliability_over_waves(
        rows[stored["items"]], participants=rows["id"], waves=rows["time"]
    )
    for term, name in (
        ("reliability_of_average_over_waves", "RkF"),
        ("reliability_of_one_wave", "R1R"),
        ("reliability_of_average_over_random_waves", "RkR"),
        ("reliability_of_change", "Rc"),
    ):
        one = known(getattr(found, term))
        assert one.estimate == pytest.approx(stored["values"][name], abs=MEAN_SQUARES)


@pytest.mark.parametrize(
    ("term", "name", "column"),
    [
        ("r_wg_j", "rwg_j", "rwg.j"),
        ("r_wg", "rwg_mean_score", "rwg"),
        ("average_deviation", "ad_m", "AD.M"),
        ("a_wg", "awg", "a.wg"),
    ],
)
def test_agreement_within_groups_is_that_of_multilevel(
    term: str, name: str, column: str
) -> None:
    stored = oracle_values("withingroup_bhr2000")
    rows = oracle_rows(stored["data_file"])
    found = within_group_agreement(
        rows[stored["items"]], groups=rows["GRP"], lowest=1, highest=5
    )
    wanted = stored["values"][name]
    by_group = {group.group: getattr(group, term) for group in found.groups}
    for group, value in zip(wanted["grpid"], wanted[column], strict=True):
        assert known(by_group[group]).estimate == pytest.approx(value, abs=MEAN_SQUARES)


def test_agreement_of_teams_at_the_floor_follows_multilevel() -> None:
    stored = oracle_values("withingroup_floor")
    rows = oracle_rows(stored["data_file"])
    found = within_group_agreement(
        rows[stored["items"]], groups=rows["team"], lowest=0, highest=4
    )
    wanted = stored["values"]["awg"]
    for group, value in zip(found.groups, wanted["a.wg"], strict=True):
        if value is None:
            assert isinstance(group.a_wg, Unavailable)
        else:
            assert known(group.a_wg).estimate == pytest.approx(value, abs=CLOSED_FORM)
    assert "1 items left out" in known(found.groups[0].a_wg).method


def test_no_limit_of_agreement_passes_perfect_agreement(ratings: Ratings) -> None:
    for function in (krippendorff_alpha, fleiss_kappa, gwet_agreement):
        few = ratings.long[ratings.long["target"].isin(range(5))]
        found = function(few, categories=ratings.values["categories"])
        if isinstance(found, Estimate) and found.conf_high is not None:
            assert found.conf_high <= 1
            assert "cut at 1" in found.method
