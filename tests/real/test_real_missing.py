"""A trial half of whose people left: counted, filled in, shifted."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import shared_data

from analysis.foundation import Estimate
from analysis.outcomes.missing import (
    ArmModel,
    AttritionModel,
    Imputation,
    TippingPoint,
    attrition_model,
    attrition_table,
    complete_arm_difference,
    impute,
    imputed_arm_difference,
    tipping_point,
)

pytestmark = pytest.mark.filterwarnings("error")

WAVES = ["bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"]
MODEL = ArmModel(
    outcome="bdi.2m",
    treated="BtheB",
    reference="TAU",
    arm="treatment",
    adjust=("bdi.pre", "drug", "length"),
)
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
    assert all(isinstance(part.odds_ratio, Estimate) for part in model.odds_ratios)


def test_what_would_undo_beat_the_blues(people: pd.DataFrame) -> None:
    """At two months the programme's people are less depressed; at eight nobody knows."""
    filled = impute(
        people,
        scores=WAVES,
        covariates=["drug", "length"],
        arm="treatment",
        seed="beat the blues",
    )
    assert isinstance(filled, Imputation)
    for outcome in ("bdi.2m", "bdi.8m"):
        model = ArmModel(
            outcome=outcome,
            treated="BtheB",
            reference="TAU",
            arm="treatment",
            adjust=MODEL.adjust,
        )
        left_out = complete_arm_difference(people, model)
        pooled = imputed_arm_difference(people, filled, model)
        found = tipping_point(
            people, filled, model, shifts=range(-20, 21), shifted={"BtheB": 1, "TAU": 1}
        )
        print(left_out, pooled.to_frame().to_string())
        own = tipping_point(people, filled, model, shifts=range(-20, 21))
        print(own.sentence() if isinstance(own, TippingPoint) else own)
        print(found.sentence() if isinstance(found, TippingPoint) else found)
        for s in (found, own):
            if isinstance(s, TippingPoint):
                print([(p.shift, round(p.effect.estimate,2), round(p.effect.conf_low,2), round(p.effect.conf_high,2)) for p in s.curve][::4])
        tau = tipping_point(people, filled, model, shifts=range(-40, 41), shifted={"TAU": 1})
        print(tau.sentence())
