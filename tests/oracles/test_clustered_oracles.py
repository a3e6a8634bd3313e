"""Cluster-robust fits give the numbers of R's clubSandwich."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from analysis.foundation import Estimate
from analysis.outcomes.clustered.cluster_robust import (
    Adjustment,
    ClusterRobustFit,
    cluster_robust_fit,
)

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
