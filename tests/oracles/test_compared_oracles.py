"""Comparisons over waves give the numbers of R's clubSandwich, nlme and rms."""

from __future__ import annotations

from typing import Any

import pytest
from oracle import oracle_rows, oracle_values

from analysis.foundation import Estimate
from analysis.outcomes.compared import Comparison, difference_in_differences

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("compared")
# Closed forms: only rounding parts them.
CLOSED = 1e-8


def compared(*, linked: bool) -> Any:
    comparison = Comparison(
        waves=["w1", "w2", "w3", "w4", "w5"],
        started="w4",
        treated="pack",
        control="usual",
        linked=linked,
    )
    return difference_in_differences(oracle_rows("compared_waves.csv"), comparison)


def value(result: object) -> float:
    assert isinstance(result, Estimate), result
    return result.estimate


@pytest.mark.parametrize("linked", [False, True])
def test_difference_in_differences_is_that_of_clubsandwich(linked: bool) -> None:
    stored = VALUES["linked" if linked else "unlinked"]["overall"]
    found = compared(linked=linked)
    effect = found.difference_in_differences
    assert value(effect) == pytest.approx(stored["estimate"], rel=CLOSED)
    degrees = value(found.difference_in_differences_degrees_of_freedom)
    assert degrees == pytest.approx(stored["df"], rel=CLOSED)
    p_value = value(found.difference_in_differences_p_value)
    assert p_value == pytest.approx(stored["p"], rel=CLOSED)
    from scipy import stats

    reach = stats.t.ppf(0.975, stored["df"]) * stored["se"]
    assert effect.conf_high - value(effect) == pytest.approx(reach, rel=CLOSED)


@pytest.mark.parametrize("linked", [False, True])
def test_event_study_is_that_of_clubsandwich(linked: bool) -> None:
    stored = VALUES["linked" if linked else "unlinked"]
    found = compared(linked=linked)
    assert [e.wave for e in found.by_wave] == ["w1", "w2", "w4", "w5"]
    effects = [value(e.event_study_effect) for e in found.by_wave]
    assert effects == pytest.approx(stored["events"]["estimate"], rel=CLOSED)
    p_values = [value(e.event_study_p_value) for e in found.by_wave]
    assert p_values == pytest.approx(stored["events"]["p"], rel=CLOSED)


@pytest.mark.parametrize("linked", [False, True])
def test_joint_test_before_the_start_is_hotellings(linked: bool) -> None:
    stored = VALUES["linked" if linked else "unlinked"]["pre_trend"]
    found = compared(linked=linked).pre_trend_p_value
    assert value(found) == pytest.approx(stored["p"], rel=CLOSED)
