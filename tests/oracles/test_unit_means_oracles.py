"""Arms of few units give the numbers of R's t.test, estimatr and clubSandwich."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from oracle import oracle_rows, oracle_values

from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.unit_means import compare_unit_means, mean_of_units

if TYPE_CHECKING:
    import pandas as pd

    from heard.effects.unit_means import Effect, Summary, UnitComparison

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("unit_means")
UNITS = oracle_rows("unit_means.csv").set_index("unit")
# Closed forms on both sides; JSON holds 15 to 17 digits (seen: 4e-15).
CLOSED = 1e-10


def units(arm: str, *, strata: bool = False) -> pd.DataFrame:
    kept = ["before", "after", "people", "sampling_variance"]
    kept += ["stratum"] if strata else []
    return UNITS[kept].assign(arm=UNITS[arm])


def compared(
    arm: str, summary: Summary = "change", *, strata: bool = False
) -> UnitComparison:
    frame = units(arm, strata=strata)
    return compare_unit_means(frame, treated="pilot", control="usual", summary=summary)


def agrees(effect: Effect, stored: dict[str, float]) -> None:
    assert isinstance(effect, UncertainEffect), effect
    low, high = effect.limits()
    found = {
        "estimate": effect.effect,
        "se": effect.standard_error,
        "df": effect.degrees_of_freedom,
        "low": low,
        "high": high,
    }
    for name, value in stored.items():
        assert found[name] == pytest.approx(value, rel=CLOSED, abs=CLOSED), name


@pytest.mark.parametrize("case", ["half", "few", "within"])
def test_changes_are_compared_as_estimatr_and_clubsandwich_do(case: str) -> None:
    """Six of twelve; three of twelve; and strata of 1 v 2, 2 v 3 and 2 v 1."""
    agrees(compared(case, strata=case == "within").effect, VALUES[case])


@pytest.mark.parametrize("case", ["few", "within"])
def test_means_after_are_compared_as_estimatr_and_clubsandwich_do(case: str) -> None:
    effect = compared(case, "after", strata=case == "within").effect
    agrees(effect, VALUES[f"{case}_after"])


@pytest.mark.parametrize("case", ["few", "within"])
def test_adjusting_for_before_is_r_lm(case: str) -> None:
    effect = compared(case, "adjusted", strata=case == "within").effect
    agrees(effect, VALUES[f"{case}_adjusted"])


def test_equal_arms_are_the_pooled_t_test() -> None:
    agrees(compared("half").effect, VALUES["half_pooled"])


def test_one_group_is_the_t_test_of_its_units() -> None:
    agrees(mean_of_units(units("half")).effect, VALUES["one_group"])
