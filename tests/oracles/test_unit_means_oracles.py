"""Arms of few units give the numbers of R's t.test, estimatr and clubSandwich."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from oracle import oracle_rows, oracle_values

from heard.effects.designs.permutation import permute_unit_means
from heard.effects.designs.stepped_wedge import stepped_wedge
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.unit_means import compare_unit_means, mean_of_units
from heard.models.cluster_robust import clustered_mean
from heard.results import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from heard.effects.unit_means import Effect, Summary, UnitComparison
    from heard.results import Result

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("unit_means")
UNITS = oracle_rows("unit_means.csv").set_index("unit")
# Closed forms on both sides; JSON holds 15 to 17 digits (seen: 4e-15).
CLOSED = 1e-10


def units(arm: str, *, strata: bool = False) -> pd.DataFrame:
    kept = ["before", "after", "people", "sampling_variance"]
    kept += ["stratum"] if strata else []
    frame: pd.DataFrame = UNITS[kept].assign(arm=UNITS[arm])
    return frame


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


def permutation(case: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Units, and how to permute them, for each of R's enumerated cases."""
    arm = {"within": "within", "few": "few", "large": "large"}
    arm |= {"small": "small", "small_by_size": "small"}
    frame = units(arm.get(case, "half"), strata=case == "within")
    if case == "pairs":
        return frame.assign(stratum=UNITS["pair"]), {"pairs": True}
    if case == "list":
        return frame, {"permitted": VALUES["listed"]}
    return frame, {"by_size": case in {"small_by_size", "large"}}


@pytest.mark.parametrize(
    "case",
    ["few", "half", "small", "small_by_size", "large", "within", "pairs", "list"],
)
def test_permutations_are_those_enumerated_in_r(case: str) -> None:
    """Both statistics; the larger treated units keep the plain one."""
    frame, options = permutation(case)
    found = permute_unit_means(frame, treated="pilot", control="usual", **options)
    permutes_like(found.effect, found.p_value, found.smallest_possible_p_value, case)


def permutes_like(effect: Result, p_value: Result, floor: Result, case: str) -> None:
    stored = VALUES[f"permuted_{case}"] if case != "wedge" else VALUES["wedge"]
    for found, name in ((effect, "estimate"), (p_value, "p"), (floor, "floor")):
        assert isinstance(found, Estimate)
        assert found.estimate == pytest.approx(stored[name], rel=CLOSED)
    assert isinstance(effect, Estimate)
    assert f"all {stored['allocations']} allocations" in effect.method
    # R rounds the ends of its steps to 12 decimals to tell them apart.
    limits = (effect.conf_low, effect.conf_high)
    assert limits == pytest.approx((stored["low"], stored["high"]), abs=1e-9)


def test_wedge_within_strata_is_every_order_fitted_by_r_lm() -> None:
    found = stepped_wedge(
        oracle_rows("unit_means_wedge.csv"),
        waves=[1, 2, 3, 4, 5],  # type: ignore[list-item]
        stratum="stratum",
    )
    permutes_like(
        found.stepped_wedge_effect,
        found.stepped_wedge_p_value,
        found.stepped_wedge_smallest_possible_p_value,
        "wedge",
    )


@pytest.mark.parametrize("case", ["mean_of_twelve", "share_of_twelve", "mean_of_four"])
def test_clustered_means_are_those_of_clubsandwich(case: str) -> None:
    teams = oracle_rows("outcomes_teams.csv")
    scores = teams["before"]
    if case == "share_of_twelve":
        scores = (scores > 32).where(scores.notna()).astype(float)
    if case == "mean_of_four":
        kept = teams["cluster"].isin([f"team-{place:02d}" for place in range(1, 5)])
        scores, teams = scores[kept], teams[kept]
    found = clustered_mean(scores, teams["cluster"], minimum_clusters=4)
    stored = VALUES[case]
    assert isinstance(found, Estimate)
    assert found.n == stored["n"]
    assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(
        (stored["estimate"], stored["low"], stored["high"]), rel=CLOSED
    )
    assert f"{stored['df']:.1f} degrees of freedom" in found.method
