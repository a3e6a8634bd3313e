"""Clustered effects give the numbers of R's clubSandwich, lmerTest and lme4."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.effects.clustered.intracluster import intracluster_correlation
from heard.effects.clustered.repeated_waves import (
    Approach,
    WaveEffects,
    mixed_wave_effects,
)
from heard.models.cluster_robust import Adjustment, ClusterRobustFit, cluster_robust_fit
from heard.results import Estimate, Unavailable

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("clustered")
# Closed forms: only rounding parts them (seen: 2e-11).
CLOSED = 1e-8
MODELS = ["mortality", "plain", "weighted", "fixed", "weighted_fixed"]


def with_intercept(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return np.column_stack([np.ones(len(rows)), rows[columns].to_numpy(float)])


def fitted(model: str, adjustment: str) -> ClusterRobustFit:
    rows = oracle_rows(
        "clustered_mortality.csv"
        if model == "mortality"
        else "clustered_unbalanced.csv"
    )
    columns: list[str] = VALUES[model]["names"]
    options: dict[str, Any] = {"names": columns, "adjustment": adjustment}
    outcome, clusters = "after", "cluster"
    if model == "mortality":
        outcome, clusters = "mrate", "state"
        years = pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]
        design = np.hstack([rows[columns].to_numpy(float), years])
        options["names"] = [*columns, *map(str, years.columns)]
        options["absorb"] = rows["state"].to_numpy()
    elif "fixed" in model:
        design = rows[columns].to_numpy(float)
        options["absorb"] = rows["site" if "weighted" in model else "cluster"]
    else:
        design = with_intercept(rows, columns[1:])
    if "weighted" in model:
        options["weights"] = rows["weight"].to_numpy(float)
    fit = cluster_robust_fit(
        rows[outcome].to_numpy(float), design, rows[clusters].to_numpy(), **options
    )
    assert isinstance(fit, ClusterRobustFit)
    return fit


@pytest.mark.parametrize("adjustment", ["CR0", "CR1", "CR2"])
@pytest.mark.parametrize("model", MODELS)
def test_coefficients_and_errors_are_those_of_clubsandwich(
    model: str, adjustment: str
) -> None:
    stored = VALUES[model][adjustment]
    fit = fitted(model, cast("Adjustment", adjustment))
    count = len(stored["estimate"])
    assert fit.coefficients[:count] == pytest.approx(stored["estimate"], rel=CLOSED)
    assert fit.covariance[:count, :count] == pytest.approx(
        np.array(stored["covariance"]), rel=CLOSED
    )


@pytest.mark.parametrize("model", MODELS)
def test_degrees_of_freedom_and_p_are_those_of_clubsandwich(model: str) -> None:
    stored = VALUES[model]["CR2"]
    fit = fitted(model, "CR2")
    for place, name in enumerate(VALUES[model]["names"]):
        assert fit.degrees_of_freedom(name) == pytest.approx(
            stored["df"][place], rel=CLOSED
        )
        p_value = fit.p_value(name, term="p_value")
        assert isinstance(p_value, Estimate)
        assert p_value.estimate == pytest.approx(stored["p"][place], rel=CLOSED)


def test_published_example_of_legal_drinking_age() -> None:
    """Pustejovsky & Tipton (2018), as clubSandwich's vignette prints it."""
    fit = fitted("mortality", "CR2")
    legal, beer = (fit.p_value(name, term="p") for name in ("legal", "beertaxa"))
    assert isinstance(legal, Estimate)
    assert isinstance(beer, Estimate)
    assert round(fit.standard_error("legal"), 4) == 2.5131
    assert round(fit.degrees_of_freedom("legal"), 2) == 24.58
    assert round(legal.estimate, 5) == 0.00583
    assert round(fit.standard_error("beertaxa"), 4) == 5.2650
    assert round(fit.degrees_of_freedom("beertaxa"), 2) == 5.77
    assert round(beer.estimate, 5) == 0.49663


def test_contrast_of_several_coefficients_has_clubsandwichs_interval() -> None:
    stored = VALUES["contrast"]
    fit = fitted("plain", "CR2")
    weights = [1.0, 1.0, 3.0]
    found = fit.estimate(weights, term="mean_of_treated")
    assert isinstance(found, Estimate)
    assert fit.degrees_of_freedom(weights) == pytest.approx(stored["df"], rel=CLOSED)
    assert [found.estimate, found.conf_low, found.conf_high] == pytest.approx(
        [stored["estimate"], stored["low"], stored["high"]], rel=CLOSED
    )


# bobyqa stops at about five digits of a variance; effects and errors move less.
EFFECT = 1e-4
# lmerTest differentiates numerically where our engine has the curvature.
DEGREES = 1e-3


def parts(result: Any) -> list[float]:
    assert isinstance(result, Estimate)
    assert result.conf_low is not None
    assert result.conf_high is not None
    return [result.estimate, result.conf_low, result.conf_high]


def wave_effects(model: str) -> WaveEffects:
    rows = oracle_rows("clustered_waves.csv").rename(columns={"team": "cluster"})
    approach = "constrained_baseline" if model == "with_sites" else model
    return mixed_wave_effects(
        rows,
        waves=["w0", "w1", "w2"],
        treated="pack",
        control="usual",
        approach=cast("Approach", approach),
        site=model == "with_sites",
    )


@pytest.mark.parametrize(
    "model",
    ["constrained_baseline", "difference_in_change", "ancova", "with_sites"],
)
def test_wave_effects_are_those_of_lmertest(model: str) -> None:
    stored = VALUES["mixed"][model]
    found = wave_effects(model)
    for place, effect in enumerate(found.by_wave):
        assert parts(effect.mixed_model_difference) == pytest.approx(
            [stored[part][place] for part in ("estimate", "low", "high")], rel=EFFECT
        )
        degrees = effect.mixed_model_degrees_of_freedom
        assert isinstance(degrees, Estimate)
        assert degrees.estimate == pytest.approx(stored["df"][place], rel=DEGREES)
        p_value = effect.mixed_model_p_value
        assert isinstance(p_value, Estimate)
        assert p_value.estimate == pytest.approx(stored["p"][place], rel=EFFECT)


@pytest.mark.parametrize(
    "model", ["constrained_baseline", "difference_in_change", "ancova"]
)
def test_average_of_follow_ups_is_that_of_lmertest(model: str) -> None:
    stored = VALUES["mixed"][model]
    average = wave_effects(model).average
    assert parts(average.mixed_model_difference) == pytest.approx(
        [stored["average"][part] for part in ("estimate", "low", "high")],
        rel=DEGREES,
        abs=EFFECT,
    )
    degrees = average.mixed_model_degrees_of_freedom
    assert isinstance(degrees, Estimate)
    assert degrees.estimate == pytest.approx(stored["average"]["df"], rel=DEGREES)


@pytest.mark.parametrize("model", ["constrained_baseline", "ancova"])
def test_variances_are_those_of_lme4(model: str) -> None:
    stored = VALUES["mixed"][model]["variances"]
    found = [v for v in wave_effects(model).variances if isinstance(v, Estimate)]
    assert {v.term: v.estimate for v in found} == pytest.approx(
        {
            "cluster_variance": stored["team"],
            "participant_variance": stored["participant"],
            "residual_variance": stored["Residual"],
        },
        rel=EFFECT,
    )


def baseline_rows() -> pd.DataFrame:
    rows = oracle_rows("clustered_waves.csv")
    return rows.loc[rows["wave"] == "w0"].rename(columns={"team": "cluster"})


def test_intracluster_correlation_is_that_of_rs_analysis_of_variance() -> None:
    stored = VALUES["intracluster"]["score"]
    found = intracluster_correlation(baseline_rows())
    limits = [stored["icc"], stored["low"], stored["high"]]
    assert parts(found.intracluster_correlation) == pytest.approx(limits, rel=1e-10)
    assert parts(found.design_effect) == pytest.approx(
        [1 + (stored["size"] - 1) * limit for limit in limits], rel=1e-10
    )
    restricted = parts(found.intracluster_correlation_reml)
    assert restricted[0] == pytest.approx(stored["reml"], rel=EFFECT)


def test_intracluster_correlation_of_yes_and_no_has_smiths_interval() -> None:
    stored = VALUES["intracluster"]["yes"]
    rows = baseline_rows()
    rows["score"] = (rows["score"] > 3.4).astype(float)
    found = intracluster_correlation(rows)
    reach = 1.959963984540054 * stored["smith_se"]
    assert parts(found.intracluster_correlation) == pytest.approx(
        [stored["icc"], stored["icc"] - reach, stored["icc"] + reach], rel=1e-10
    )
    assert isinstance(found.intracluster_correlation_reml, Unavailable)
