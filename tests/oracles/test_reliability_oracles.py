"""The reliability statistics give the numbers R gives; see README.md beside this."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from heard.psychometrics.consistency.alpha import cronbach_alpha
from heard.psychometrics.consistency.inter_item import (
    mean_inter_item_correlation,
    spearman_brown,
)
from heard.psychometrics.consistency.omega import omega_total
from heard.psychometrics.items.statistics import item_statistics
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

HERE = Path(__file__).parent
ALPHAS = ("alpha_attitude", "alpha_bfi_agree_listwise", "alpha_small_missing_listwise")
OMEGAS = ("omega_cfa_attitude", "omega_cfa_bfi_agree", "omega_cfa_small_missing")

# Closed forms: R and numpy differ by rounding only (seen: 2e-15).
CLOSED_FORM = 1e-10
# lavaan stops its optimiser at about six digits (seen: 3.3e-7); ours is sharper.
OPTIMISED = 1e-5


class Oracle:
    """The numbers R gave, and the responses it gave them for."""

    def __init__(self, name: str) -> None:
        stored = json.loads((HERE / "values" / f"{name}.json").read_text("utf-8"))
        self.values: dict[str, Any] = stored["values"]
        self.items: list[str] = stored["items"]
        self.responses = pd.read_csv(HERE / "data" / stored["data_file"])
        assert list(self.responses.columns) == self.items
        assert len(self.responses) == stored["n_rows"]

    def ends(self) -> dict[str, float]:
        """R took the smallest and largest answer anywhere as the ends."""
        return {
            "lowest": float(np.nanmin(self.responses)),
            "highest": float(np.nanmax(self.responses)),
        }


@pytest.fixture(params=ALPHAS)
def alphas(request: pytest.FixtureRequest) -> Oracle:
    return Oracle(request.param)


def test_alpha_and_feldt_interval_are_those_of_psych(alphas: Oracle) -> None:
    found = cronbach_alpha(alphas.responses, interval="feldt")
    feldt = alphas.values["feldt_ci_own_formula"]
    assert isinstance(found, Estimate)
    assert found.n == feldt["n"]
    assert found.estimate == pytest.approx(
        alphas.values["total"]["raw_alpha"], abs=CLOSED_FORM
    )
    assert found.conf_low == pytest.approx(feldt["lower"], abs=CLOSED_FORM)
    assert found.conf_high == pytest.approx(feldt["upper"], abs=CLOSED_FORM)


def test_ninety_percent_feldt_interval_is_that_of_psych(alphas: Oracle) -> None:
    found = cronbach_alpha(alphas.responses, interval="feldt", confidence=0.90)
    feldt = alphas.values["feldt_ci_own_formula"]
    assert isinstance(found, Estimate)
    assert found.conf_low == pytest.approx(feldt["lower90"], abs=CLOSED_FORM)
    assert found.conf_high == pytest.approx(feldt["upper90"], abs=CLOSED_FORM)


def test_mean_inter_item_correlation_is_that_of_psych(alphas: Oracle) -> None:
    found = mean_inter_item_correlation(alphas.responses)
    assert isinstance(found, Estimate)
    assert found.n == alphas.values["feldt_ci_own_formula"]["n"]
    assert found.estimate == pytest.approx(
        alphas.values["total"]["average_r"], abs=CLOSED_FORM
    )


@pytest.mark.parametrize(
    ("term", "block", "column"),
    [
        ("mean", "item_stats", "mean"),
        ("standard_deviation", "item_stats", "sd"),
        ("item_rest_correlation", "item_stats", "r.drop"),
        ("cronbach_alpha_if_dropped", "alpha_drop", "raw_alpha"),
    ],
)
def test_item_statistics_are_those_of_psych(
    alphas: Oracle, term: str, block: str, column: str
) -> None:
    found = item_statistics(alphas.responses, **alphas.ends())
    assert [getattr(item, term).estimate for item in found] == pytest.approx(
        alphas.values[block][column], abs=CLOSED_FORM
    )


@pytest.mark.parametrize(
    ("term", "block"), [("share_lowest", "floor_pct"), ("share_highest", "ceiling_pct")]
)
def test_floor_and_ceiling_are_those_of_r(
    alphas: Oracle, term: str, block: str
) -> None:
    found = item_statistics(alphas.responses, **alphas.ends())
    expected = [alphas.values[block][item] / 100 for item in alphas.items]
    assert [getattr(item, term).estimate for item in found] == pytest.approx(
        expected, abs=CLOSED_FORM
    )


def test_every_item_rests_on_its_own_number_of_answers(alphas: Oracle) -> None:
    found = item_statistics(alphas.responses, **alphas.ends())
    answered = alphas.values["item_stats"]["n"]
    complete = alphas.values["feldt_ci_own_formula"]["n"]
    assert [item.mean.n for item in found] == answered
    assert [item.share_lowest.n for item in found] == answered
    assert {item.share_missing.n for item in found} == {len(alphas.responses)}
    assert {item.item_rest_correlation.n for item in found} == {complete}
    assert {item.cronbach_alpha_if_dropped.n for item in found} == {complete}


def test_spearman_brown_steps_up_the_correlation_psych_used(alphas: Oracle) -> None:
    complete = alphas.responses.dropna()
    (one, shared), (_, two) = np.array(alphas.values["cov_used"]["data"])[:2, :2]
    correlation = shared / np.sqrt(one * two)
    found = spearman_brown(complete.iloc[:, :2])
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(
        2 * correlation / (1 + correlation), abs=CLOSED_FORM
    )


@pytest.mark.parametrize("name", OMEGAS)
def test_omega_and_its_interval_are_those_of_lavaan(name: str) -> None:
    oracle = Oracle(name)
    lavaan = oracle.values["ML"]
    found = omega_total(oracle.responses, interval="delta")
    assert isinstance(found, Estimate)
    assert found.n == len(oracle.responses.dropna())
    assert found.estimate == pytest.approx(lavaan["est"], abs=OPTIMISED)
    assert found.conf_low == pytest.approx(lavaan["ci.lower"], abs=OPTIMISED)
    assert found.conf_high == pytest.approx(lavaan["ci.upper"], abs=OPTIMISED)


@pytest.mark.parametrize("name", OMEGAS)
def test_omega_standard_error_is_that_of_lavaan(name: str) -> None:
    oracle = Oracle(name)
    found = omega_total(oracle.responses, interval="delta")
    assert isinstance(found, Estimate)
    assert found.conf_high is not None
    standard_error = (found.conf_high - found.estimate) / 1.959963984540054
    # Three significant digits more than the README's 1e-5: errors are near 0.01.
    assert standard_error == pytest.approx(oracle.values["ML"]["se"], abs=1e-7)
