"""A trial half of whose people left: counted, filled in, shifted."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import shared_data

from heard.effects.designs.repeated_measures import repeated_measures_effect
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.missing_data.arm_effect import ArmModel, imputed_arm_difference
from heard.effects.missing_data.attrition import attrition_table
from heard.effects.missing_data.tipping_point import TippingPoint, tipping_point
from heard.effects.missing_data.weighting import (
    AttritionModel,
    attrition_model,
    complete_arm_difference,
)
from heard.models.imputation import Imputation, impute
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

WAVES = ["bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"]
PRESENT = {"TAU": [48, 45, 36, 29, 25], "BtheB": [52, 52, 37, 29, 27]}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(shared_data("hsaur3_beat_the_blues") / "BtheB.csv")


def test_who_stayed_in_beat_the_blues(people: pd.DataFrame) -> None:
    """Proudfoot et al. (2003), as counted from the published data set."""
    responses = people.melt(
        id_vars=["subject", "treatment"],
        value_vars=WAVES,
        var_name="wave",
        value_name="bdi",
    )
    table = attrition_table(
        responses,
        waves=WAVES,
        reference="TAU",
        participant="subject",
        arm="treatment",
        score="bdi",
    )
    seen: dict[str, list[float]] = {"TAU": [], "BtheB": []}
    for part in table.retention:
        assert isinstance(part.n_present, Estimate)
        seen[part.arm].append(part.n_present.estimate)
    assert seen == PRESENT


@pytest.fixture(scope="module")
def filled(people: pd.DataFrame) -> Imputation:
    found = impute(
        people,
        scores=WAVES,
        covariates=["drug", "length"],
        arm="treatment",
        seed="beat the blues",
    )
    assert isinstance(found, Imputation)
    return found


def test_leavers_of_beat_the_blues_are_hardly_told_by_the_start(
    people: pd.DataFrame,
) -> None:
    model = attrition_model(
        people,
        outcome="bdi.8m",
        predictors=["bdi.pre", "drug", "length"],
        arm="treatment",
    )
    assert isinstance(model, AttritionModel)
    assert len(model.odds_ratios) == 4
    for part in model.odds_ratios:
        assert isinstance(part.odds_ratio, Estimate)


def test_few_missing_at_two_months_change_little(
    people: pd.DataFrame, filled: Imputation
) -> None:
    left_out = complete_arm_difference(people, at("bdi.2m"))
    pooled = imputed_arm_difference(people, filled, at("bdi.2m"))
    assert isinstance(left_out, Estimate)
    assert isinstance(pooled.effect, Estimate)
    assert (left_out.n, pooled.effect.n) == (97, 100)
    assert pooled.effect.estimate == pytest.approx(left_out.estimate, abs=0.5)


def test_what_would_change_the_answer_at_eight_months(
    people: pd.DataFrame, filled: Imputation
) -> None:
    """Half have left: the interval holds 0; some points on one arm's leavers decide."""
    pooled = imputed_arm_difference(people, filled, at("bdi.8m"))
    assert isinstance(pooled.fraction_missing_information, Estimate)
    assert pooled.fraction_missing_information.estimate > 0.2
    found = tipping_point(people, filled, at("bdi.8m"), shifts=range(-20, 21))
    assert isinstance(found, TippingPoint)
    assert isinstance(found.interval_zero, Estimate)
    assert -8 < found.interval_zero.estimate < -2
    assert "lower" in found.sentence()
    similarity = tipping_point(
        people,
        filled,
        at("bdi.8m"),
        shifts=range(-20, 21),
        shifted={"BtheB": 1, "TAU": 1},
    )
    assert isinstance(similarity, TippingPoint)
    assert isinstance(similarity.interval_zero, Unavailable)


def at(outcome: str) -> ArmModel:
    return ArmModel(
        outcome=outcome,
        treated="BtheB",
        reference="TAU",
        arm="treatment",
        adjust=("bdi.pre", "drug", "length"),
    )


# Effect and limits by R mmrm 0.3.18 (unstructured, Kenward-Roger-Linear).
REPEATED = {
    "bdi.2m": (-3.954361, -7.342975, -0.565747),
    "bdi.3m": (-3.421982, -7.587872, 0.743907),
    "bdi.5m": (-2.500185, -6.899808, 1.899438),
    "bdi.8m": (-1.541368, -5.780436, 2.697700),
}


def test_losses_at_random_shrink_the_effect_of_beat_the_blues(
    people: pd.DataFrame,
) -> None:
    rows = people.rename(columns={"subject": "participant", "treatment": "arm"}).melt(
        id_vars=["participant", "arm"],
        value_vars=WAVES,
        var_name="wave",
        value_name="score",
    )
    found = repeated_measures_effect(
        rows, treated="BtheB", control="TAU", waves=WAVES[1:], baseline=WAVES[0]
    )
    for part, (wave, known) in zip(found.follow_ups, REPEATED.items(), strict=True):
        effect = part.effect
        assert part.wave == wave
        assert isinstance(effect, UncertainEffect)
        assert effect.n == 97
        assert effect.effect == pytest.approx(known[0], abs=1e-5)
        assert effect.limits() == pytest.approx(known[1:], abs=1e-5)
