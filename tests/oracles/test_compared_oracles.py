"""Comparisons over waves give the numbers of R's clubSandwich and rms."""

from __future__ import annotations

from typing import Any

import pytest
from oracle import oracle_rows, oracle_values
from scipy import stats

from heard.effects.designs.difference_in_differences import (
    Comparison,
    difference_in_differences,
)
from heard.effects.designs.dose_response import (
    dose_response,
    ingredient_contrasts,
    within_person_dose,
)
from heard.effects.designs.negative_controls import future_dose
from heard.effects.designs.randomisation import placebo_comparison
from heard.effects.designs.staggered_adoption import staggered_effects
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("compared")
# Closed forms: only rounding parts them (seen: 1e-12).
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


def reach(stored: dict[str, float]) -> float:
    return float(stats.t.ppf(0.975, stored["df"])) * stored["se"]


def test_dose_response_is_that_of_clubsandwich_with_the_spline_of_hmisc() -> None:
    stored = VALUES["dose"]
    found = dose_response(oracle_rows("compared_doses.csv"), at=[3, 7])
    slope = found.dose_slope
    assert isinstance(slope, Estimate)
    assert slope.estimate == pytest.approx(stored["line"]["estimate"], rel=CLOSED)
    assert slope.conf_high == pytest.approx(
        slope.estimate + reach(stored["line"]), rel=CLOSED
    )
    assert value(found.dose_slope_p_value) == pytest.approx(
        stored["line"]["p"], rel=CLOSED
    )
    assert value(found.dose_curve_p_value) == pytest.approx(
        stored["curve"]["p"], rel=CLOSED
    )
    for point, name in zip(found.by_dose, ["three", "seven"], strict=True):
        effect = point.dose_effect
        assert isinstance(effect, Estimate)
        assert [effect.estimate, effect.conf_low, effect.conf_high] == pytest.approx(
            [stored[name][k] for k in ("estimate", "low", "high")], rel=CLOSED
        )


def test_dose_within_people_is_that_of_clubsandwich() -> None:
    stored = VALUES["within_person_dose"]
    found = within_person_dose(oracle_rows("compared_waves.csv"))
    slope = found.within_person_dose_slope
    assert isinstance(slope, Estimate)
    assert slope.estimate == pytest.approx(stored["estimate"], rel=CLOSED)
    assert slope.conf_low == pytest.approx(slope.estimate - reach(stored), rel=CLOSED)
    assert value(found.within_person_dose_p_value) == pytest.approx(
        stored["p"], rel=CLOSED
    )


def test_ingredients_are_those_of_clubsandwich() -> None:
    stored = VALUES["ingredients"]
    found = ingredient_contrasts(
        oracle_rows("compared_doses.csv"), ingredients=["lived", "film"]
    )
    for place, contrast in enumerate(found.by_ingredient):
        alone = stored[contrast.ingredient]
        assert value(contrast.ingredient_effect) == pytest.approx(
            alone["estimate"], rel=CLOSED
        )
        assert value(contrast.ingredient_p_value) == pytest.approx(
            alone["p"], rel=CLOSED
        )
        assert value(contrast.ingredient_effect_given_others) == pytest.approx(
            stored["together"]["estimate"][place], rel=CLOSED
        )


def test_future_dose_is_that_of_clubsandwich() -> None:
    stored = VALUES["future"]
    found = future_dose(oracle_rows("compared_doses.csv"))
    assert value(found.future_dose_slope) == pytest.approx(
        stored["estimate"], rel=CLOSED
    )
    assert value(found.future_dose_p_value) == pytest.approx(stored["p"], rel=CLOSED)


def test_placebo_given_the_mean_before_is_that_of_refitting_every_set() -> None:
    stored = VALUES["placebo"]
    found = placebo_comparison(
        oracle_rows("compared_rollout.csv").astype({"cluster": str}),
        treated=["t2", "t4", "t9"],
        before=1,  # type: ignore[arg-type]
        after=6,  # type: ignore[arg-type]
        unit="cluster",
        adjust_for_before=True,
    )
    assert value(found.placebo_effect) == pytest.approx(stored["estimate"], rel=CLOSED)
    assert value(found.placebo_p_value) == pytest.approx(stored["p"], rel=CLOSED)


WAVES: list[Any] = [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("compared_with", ["not_yet", "never"])
def test_group_time_effects_are_those_worked_out_in_r(compared_with: Any) -> None:
    found = staggered_effects(
        oracle_rows("compared_rollout.csv"), waves=WAVES, compared_with=compared_with
    )
    stored = {(c["group"], c["wave"]): c for c in VALUES["staggered"]["cells"]}
    assert len(found.by_group_time) == len(stored)
    for cell in found.by_group_time:
        expected = stored[int(cell.started), int(cell.wave)][compared_with]
        assert value(cell.group_time_effect) == pytest.approx(expected, rel=CLOSED)


def test_one_start_and_two_waves_are_welchs_test_of_changes() -> None:
    stored = VALUES["staggered"]["pair"]
    rows = oracle_rows("compared_rollout.csv")
    rows = rows[rows["wave"].isin([2, 3]) & ~rows["start"].isin([4, 5])]
    found = staggered_effects(rows, waves=WAVES[1:3])
    effect = found.staggered_effect
    assert isinstance(effect, Estimate)
    assert [effect.estimate, effect.conf_low, effect.conf_high] == pytest.approx(
        [stored["estimate"], stored["low"], stored["high"]], rel=CLOSED
    )
    assert value(found.staggered_effect_p_value) == pytest.approx(
        stored["p"], rel=CLOSED
    )
