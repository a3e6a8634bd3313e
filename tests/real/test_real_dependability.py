"""Dependability on real ratings: published numbers come out again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import shared_data

from heard.models.mixed.design import RandomTerm
from heard.models.mixed.model import MixedFit, fit_mixed_model
from heard.psychometrics.dependability.components import (
    VarianceComponents,
    variance_components,
)
from heard.psychometrics.dependability.decisions import (
    DecisionStudy,
    decision_study,
    raters_needed,
)
from heard.psychometrics.dependability.nested_reliability import (
    NestedReliability,
    nested_reliability,
)
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")


def test_beat_the_blues_by_full_likelihood() -> None:
    wide = pd.read_csv(shared_data("hsaur3_beat_the_blues") / "BtheB.csv")
    waves = {"bdi.2m": 2, "bdi.3m": 3, "bdi.5m": 5, "bdi.8m": 8}
    long = wide.melt(
        id_vars=["subject", "drug", "length", "treatment", "bdi.pre"],
        value_vars=list(waves),
        var_name="wave",
        value_name="bdi",
    ).dropna(subset=["bdi"], ignore_index=True)
    fixed = pd.DataFrame(
        {
            "intercept": 1.0,
            "before": long["bdi.pre"],
            "months": long["wave"].map(waves),
            "programme": (long["treatment"] == "BtheB").astype(float),
            "drug": (long["drug"] == "Yes").astype(float),
            "long_ill": (long["length"] == ">6m").astype(float),
        }
    )
    term = RandomTerm.of("subject", long["subject"])
    fit = fit_mixed_model(
        long["bdi"].to_numpy(float), [term], fixed=fixed, criterion="ml"
    )
    assert isinstance(fit, MixedFit)
    printed = [5.5924, 0.6397, -0.7048, -2.3291, -2.8250, 0.1971]
    assert fit.coefficients == pytest.approx(printed, abs=5e-5)  # four decimals


def test_autonomy_support_of_fourteen_teachers() -> None:
    folder = shared_data("mokken_autonomy_support")
    pupils = pd.read_csv(folder / "autonomysupport.csv")
    score = pupils.drop(columns="Teacher").mean(axis=1)
    found = nested_reliability(
        pupils.assign(score=score), score="score", target="Teacher", group_size="mean"
    )
    assert isinstance(found, NestedReliability)
    assert isinstance(found.icc_1, Estimate)
    assert isinstance(found.icc_2, Estimate)
    assert found.icc_1.estimate == pytest.approx(0.239, abs=5e-4)
    assert found.icc_2.estimate == pytest.approx(0.853, abs=5e-4)
    assert found.icc_1.n == 259


def test_seventy_thousand_ratings_of_lecturers_by_students() -> None:
    path = shared_data("lme4_insteval") / "insteval.csv"
    ratings = pd.read_csv(path, usecols=["s", "d", "y"])
    found = variance_components(ratings, score="y", facets=["s", "d"], interval="wald")
    assert isinstance(found, VarianceComponents)
    # lme4 1.1.31 as it comes: it stops 2e-6 from the summit
    lme4 = [0.10621450387871, 0.27373485966404, 1.38717970664344]
    assert list(found.variances.values()) == pytest.approx(lme4, rel=1e-5)
    assert found.fit is not None
    assert found.fit.log_likelihood == pytest.approx(-118891.940194, abs=1e-4)
    assert found.fit.coefficients[0] == pytest.approx(3.25415828, abs=1e-6)
    assert [t.n_levels for t in found.fit.random] == [2972, 1128]
    study = decision_study(found, target="d", numbers={"s": [1, 20]})
    assert isinstance(study, DecisionStudy)
    needed = raters_needed(found, target="d", required=0.8, over="s")
    assert isinstance(needed, Estimate)
    exact = 4 * (lme4[0] + lme4[2]) / lme4[1]
    assert needed.estimate == np.ceil(exact)
    assert needed.conf_low is not None
    assert needed.conf_high is not None
    assert needed.conf_low <= needed.estimate <= needed.conf_high
