"""Kenward and Roger's errors of mixed models are those of R's pbkrtest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.effects.clustered.repeated_waves import mixed_effects, mixed_wave_effects
from heard.models.mixed.design import RandomTerm
from heard.models.mixed.kenward_roger import KenwardRoger, kenward_roger
from heard.models.mixed.model import MixedFit, fit_mixed_model
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("kenward_roger")
# lme4's bobyqa stops at about seven digits of a variance (seen: 3e-7).
COVARIANCE = 2e-6
# They do not move with the variances where the design is balanced (seen: 4e-7).
DEGREES = 5e-6


def sleepstudy() -> MixedFit | Unavailable:
    rows = oracle_rows("mixed_sleepstudy.csv")
    return fit_mixed_model(
        rows["Reaction"].to_numpy(float),
        [RandomTerm.of("subject", rows["Subject"], rows[["Days"]])],
        fixed=pd.DataFrame({"one": 1.0, "days": rows["Days"]}),
    )


def pastes() -> MixedFit | Unavailable:
    rows = oracle_rows("mixed_pastes.csv")
    return fit_mixed_model(
        rows["strength"].to_numpy(float),
        [
            RandomTerm.of("batch", rows["batch"]),
            RandomTerm.of("cask", rows["cask"] + rows["batch"]),
        ],
    )


def teams() -> MixedFit | Unavailable:
    rows = oracle_rows("missing_people.csv").dropna(subset=["before", "after"])
    pack = (rows["arm"] == "pack").astype(float)
    return fit_mixed_model(
        rows["after"].to_numpy(float),
        [RandomTerm.of("cluster", rows["cluster"])],
        fixed=pd.DataFrame({"one": 1.0, "pack": pack, "before": rows["before"]}),
    )


FITTED = {"sleepstudy": sleepstudy, "pastes": pastes, "teams": teams}


@pytest.mark.parametrize("name", FITTED)
def test_errors_are_those_of_pbkrtest(name: str) -> None:
    fit, known = FITTED[name](), VALUES[name]
    assert isinstance(fit, MixedFit)
    found = kenward_roger(fit)
    assert isinstance(found, KenwardRoger)
    covariance = np.array(known["covariance"])
    assert found.covariance == pytest.approx(covariance, rel=COVARIANCE)
    assert found.plain_covariance == pytest.approx(fit.coefficient_covariance)
    for one, degrees in zip(np.eye(len(fit.names)), known["degrees"], strict=True):
        assert found.degrees_of_freedom(list(one)) == pytest.approx(
            degrees, rel=DEGREES
        )


def test_wave_effects_carry_them() -> None:
    known = VALUES["waves"]
    rows = oracle_rows("clustered_waves.csv").rename(columns={"team": "cluster"})
    found = mixed_wave_effects(
        rows,
        waves=["w0", "w1", "w2"],
        treated="pack",
        control="usual",
        clusters_drift=True,
        small_sample="kenward_roger",
    )
    for place, effect in zip((3, 4), found.by_wave, strict=True):
        degrees = effect.mixed_model_degrees_of_freedom
        difference = effect.mixed_model_difference
        assert isinstance(degrees, Estimate)
        assert isinstance(difference, Estimate)
        assert degrees.estimate == pytest.approx(known["degrees"][place], rel=1e-4)
        assert difference.estimate == pytest.approx(
            known["coefficients"][place], rel=1e-5
        )
        assert "Kenward and Roger" in difference.method


def test_the_error_of_a_wave_is_the_corrected_one() -> None:
    known = VALUES["teams"]
    rows = oracle_rows("missing_people.csv")
    rows["pack"] = (rows["arm"] == "pack").astype(float)
    fits = [
        mixed_effects(
            rows,
            score="after",
            columns=["pack", "before"],
            groups=["cluster"],
            small_sample=how,
        )
        for how in ("satterthwaite", "kenward_roger")
    ]
    plain, corrected = (fit for fit in fits if not isinstance(fit, Unavailable))
    error = known["covariance"][1][1] ** 0.5
    assert corrected.standard_error("pack") == pytest.approx(error, rel=COVARIANCE)
    assert plain.standard_error("pack") < corrected.standard_error("pack")


def test_full_likelihood_has_none() -> None:
    rows = oracle_rows("mixed_pastes.csv")
    fit = fit_mixed_model(
        rows["strength"].to_numpy(float),
        [RandomTerm.of("batch", rows["batch"])],
        criterion="ml",
    )
    assert isinstance(fit, MixedFit)
    found = kenward_roger(fit)
    assert isinstance(found, Unavailable)
    assert "restricted likelihood" in found.reason


def test_a_variance_of_zero_still_has_errors() -> None:
    rows = oracle_rows("mixed_dyestuff2.csv")
    fit = fit_mixed_model(
        rows["Yield"].to_numpy(float), [RandomTerm.of("batch", rows["Batch"])]
    )
    assert isinstance(fit, MixedFit)
    found = kenward_roger(fit)
    assert isinstance(found, KenwardRoger)
    assert found.standard_error([1.0]) > 0
    assert found.degrees_of_freedom([1.0]) > 1
