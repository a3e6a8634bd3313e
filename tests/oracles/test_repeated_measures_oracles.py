"""The mixed model for repeated measures gives the numbers of R's mmrm and nlme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.effects.designs.repeated_measures import (
    RepeatedMeasuresEffects,
    repeated_measures_effect,
)
from heard.effects.judgement.equivalence import UncertainEffect
from heard.models.mmrm import RepeatedMeasuresFit, SmallSample, fit_repeated_measures
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

STORED = oracle_values("repeated_measures")
WAVES = ("VIS1", "VIS2", "VIS3", "VIS4")
METHODS: tuple[SmallSample, ...] = ("kenward_roger", "satterthwaite")
# mmrm's optimiser stops at about seven digits (seen: effects 5e-9, errors 5e-8,
# degrees of freedom 1e-7).
EFFECT = 1e-6
DEGREES = 1e-6


def people() -> pd.DataFrame:
    """As `oracles/data` holds them, the score before as a wave of its own."""
    rows = oracle_rows("repeated_measures.csv")
    first = rows[rows["wave"] == "VIS1"]
    before = first.assign(wave="before", score=first["before"])
    return pd.concat([before, rows], ignore_index=True)


def effects(method: SmallSample) -> RepeatedMeasuresEffects:
    return repeated_measures_effect(
        people(),
        treated="TRT",
        control="PBO",
        waves=WAVES,
        baseline="before",
        covariates=["sex"],
        small_sample=method,
    )


@pytest.mark.parametrize("method", METHODS)
def test_effects_are_those_of_mmrm(method: SmallSample) -> None:
    known: list[dict[str, Any]] = STORED["mmrm"][method]["effects"]
    for part, stored in zip(effects(method).follow_ups, known, strict=True):
        found = part.effect
        assert part.wave == stored["wave"]
        assert isinstance(found, UncertainEffect)
        assert found.n == STORED["people"]
        assert found.effect == pytest.approx(stored["effect"], rel=EFFECT)
        assert found.standard_error == pytest.approx(stored["se"], rel=EFFECT)
        assert found.degrees_of_freedom == pytest.approx(stored["df"], rel=DEGREES)


def test_adjusted_means_are_those_of_emmeans_but_for_where_they_are_taken() -> None:
    """Covariates are averaged over rows there, over people here: a shift for all."""
    known = STORED["mmrm"]["kenward_roger"]["means"]
    shifts = []
    for place, part in enumerate(effects("kenward_roger").follow_ups):
        for side, result in enumerate(
            (part.adjusted_mean_control, part.adjusted_mean_treated)
        ):
            assert isinstance(result, Estimate)
            shifts.append(result.estimate - known["mean"][2 * place + side])
    pairs = np.reshape(shifts, (-1, 2))
    assert pairs[:, 0] == pytest.approx(pairs[:, 1], abs=1e-4)
    assert np.abs(shifts).max() < 1


def test_covariance_and_likelihood_are_those_of_mmrm() -> None:
    known = STORED["mmrm"]["kenward_roger"]
    rows = oracle_rows("repeated_measures.csv")
    wide = rows.pivot_table(
        index="participant", columns="wave", values="score", dropna=False
    )
    fixed = rows.groupby("participant")[["arm", "sex", "before"]].first()
    scores = wide.reindex(fixed.index)[list(WAVES)].to_numpy()
    treated, sex = fixed["arm"].eq("TRT"), fixed["sex"].eq("Male")
    design = np.zeros((len(scores), 4, 13))
    for place in range(4):
        design[:, place, 3 * place] = 1
        design[:, place, 3 * place + 1] = treated
        design[:, place, 3 * place + 2] = fixed["before"]
        design[:, place, 12] = sex
    names = [f"column {place}" for place in range(13)]
    fit = fit_repeated_measures(scores, design, names=names, waves=WAVES)
    assert isinstance(fit, RepeatedMeasuresFit)
    assert fit.wave_covariance == pytest.approx(np.array(known["covariance"]), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-6)
    nlme = STORED["nlme"]["log_likelihood"]
    assert fit.log_likelihood == pytest.approx(nlme, abs=1e-6)
