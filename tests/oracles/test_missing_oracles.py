"""Attrition, weights, imputation and pooling give the numbers of R and of papers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values
from scipy import stats

from heard.effects.missing_data.arm_effect import ArmModel, imputed_arm_difference
from heard.effects.missing_data.attrition import share_difference
from heard.effects.missing_data.weighting import (
    AttritionModel,
    ResponseWeights,
    attrition_model,
    complete_arm_difference,
    response_weights,
    weighted_arm_difference,
)
from heard.models.imputation import Imputation, impute
from heard.models.imputation_pooling import rubin_rules
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("missing")
# Closed forms: only rounding parts them.
CLOSED = 1e-8
# glm and statsmodels stop within 1e-12 of the likelihood's top.
LOGISTIC = 1e-6
ARMS = {"treated": "pack", "reference": "usual"}
MODEL = ArmModel(outcome="after", adjust=("before",), cluster="cluster", **ARMS)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return oracle_rows("missing_people.csv")


def estimate(result: Any) -> Estimate:
    assert isinstance(result, Estimate)
    return result


@pytest.mark.parametrize("case", list(VALUES["pooled"]))
def test_rubins_rules_are_those_of_mice(case: str) -> None:
    stored = VALUES["pooled"][case]
    errors = np.sqrt(stored["u"]).tolist()
    pooled = rubin_rules(stored["q"], errors, complete_degrees=stored["df"])
    seen = [
        pooled.estimate,
        pooled.within,
        pooled.between,
        pooled.standard_error**2,
        pooled.degrees_of_freedom,
        pooled.increase,
        pooled.fraction,
    ]
    names = ["estimate", "within", "between", "total", "degrees", "increase"]
    names.append("fraction")
    assert seen == pytest.approx([stored[name] for name in names], rel=CLOSED)


def test_difference_of_shares_is_the_papers() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10 (a)."""
    stored = VALUES["newcombe"]
    first, second = tuple(stored["first"]), tuple(stored["second"])
    found = estimate(share_difference(first, second, term="d", method=""))
    limits = [found.conf_low, found.conf_high]
    assert limits == pytest.approx([stored["low"], stored["high"]], abs=5e-5)


@pytest.mark.parametrize("cluster", [None, "cluster"])
def test_who_leaves_is_modelled_as_by_glm(
    people: pd.DataFrame, cluster: str | None
) -> None:
    """Limits by R's errors: normal, or t on 11 with clusters (sandwich's CR1)."""
    stored = VALUES["leaving"]
    model = attrition_model(
        people,
        outcome="after",
        predictors=["before", "grade"],
        arm="arm",
        cluster=cluster,
    )
    assert isinstance(model, AttritionModel)
    reach = stats.norm.ppf(0.975) if cluster is None else stats.t.ppf(0.975, 11)
    errors = stored["errors" if cluster is None else "clustered_errors"]
    parts = zip(model.odds_ratios, stored["coefficients"][1:], errors[1:], strict=True)
    for part, coefficient, error in parts:
        found = estimate(part.odds_ratio)
        assert found.estimate == pytest.approx(math.exp(coefficient), rel=LOGISTIC)
        limits = [coefficient - reach * error, coefficient + reach * error]
        assert [found.conf_low, found.conf_high] == pytest.approx(
            np.exp(limits), rel=LOGISTIC
        )
    if cluster is None:
        by_arm = estimate(model.leavers_differ_by_arm).estimate
        assert by_arm == pytest.approx(stored["by_arm"], rel=LOGISTIC)


@pytest.mark.parametrize(("trim", "stored"), [(1.0, "whole"), (0.95, "trimmed")])
def test_weights_are_those_of_glm(
    people: pd.DataFrame, trim: float, stored: str
) -> None:
    found = weighted(people, trim)
    assert found.values == pytest.approx(VALUES["weighting"][stored], rel=LOGISTIC)


def test_what_weights_cost_and_mend(people: pd.DataFrame) -> None:
    stored, summary = VALUES["weighting"], weighted(people, 0.95).summary
    assert estimate(summary.n_trimmed).estimate == stored["n_trimmed"]
    effective = estimate(summary.effective_n).estimate
    assert effective == pytest.approx(stored["effective"], rel=LOGISTIC)
    before = next(part for part in summary.balance if part.predictor == "before")
    assert estimate(before.unweighted).estimate == pytest.approx(
        stored["balance_before"], rel=CLOSED
    )
    assert estimate(before.weighted).estimate == pytest.approx(
        stored["balance_before_weighted"], rel=LOGISTIC
    )


@pytest.mark.parametrize("kind", ["complete", "weighted"])
def test_differences_of_those_who_stayed_are_those_of_clubsandwich(
    people: pd.DataFrame, kind: str
) -> None:
    stored = VALUES["weighting"][kind]
    if kind == "complete":
        found = estimate(complete_arm_difference(people, MODEL))
    else:
        found = estimate(weighted_arm_difference(people, weighted(people, 0.95), MODEL))
    reach = stats.t.ppf(0.975, stored["df"]) * stored["se"]
    limits = [stored["estimate"] - reach, stored["estimate"] + reach]
    assert found.estimate == pytest.approx(stored["estimate"], rel=LOGISTIC)
    assert [found.conf_low, found.conf_high] == pytest.approx(limits, rel=LOGISTIC)


@pytest.mark.parametrize("method", ["pmm", "norm"])
def test_effect_of_filled_in_people_is_that_of_mice(
    people: pd.DataFrame, method: str
) -> None:
    """Within 4 Monte Carlo errors of both programs' draws.

    Between sets: 99 % of ratios of variances of 99 and 199 degrees lie in .64 to 1.55.
    """
    stored = VALUES[f"imputed_{method}"]
    model = ArmModel(outcome="after", adjust=("before",), **ARMS)
    filled = impute(
        people,
        scores=["before", "middle", "after"],
        covariates=["grade"],
        arm="arm",
        match=method == "pmm",
        n_sets=100,
        seed=method,
    )
    assert isinstance(filled, Imputation)
    pooled = imputed_arm_difference(people, filled, model)
    effect = estimate(pooled.effect).estimate
    own = estimate(pooled.monte_carlo_error).estimate
    theirs = math.sqrt(stored["between"] / stored["m"])
    assert abs(effect - stored["estimate"]) < 4 * math.hypot(own, theirs)
    assert 0.64 < own**2 * 100 / stored["between"] < 1.55


@pytest.mark.parametrize("match", [False, True])
def test_effect_of_people_filled_in_by_team_is_that_of_lme4(
    people: pd.DataFrame, match: bool
) -> None:
    """Only the last score missing: predictions of lmer are what draws centre on.

    Within 4 Monte Carlo errors (seen under 0.2); ours average over the teams' spread,
    lmer's takes it as known.
    """
    seen = people[people["middle"].notna()]
    filled = impute(
        seen,
        scores=["before", "middle", "after"],
        covariates=["grade"],
        arm="arm",
        cluster="cluster",
        match=match,
        n_sets=100,
        seed="by team",
    )
    assert isinstance(filled, Imputation)
    pooled = imputed_arm_difference(seen, filled, MODEL)
    deviation = estimate(pooled.effect).estimate - VALUES["imputed_by_team"]["estimate"]
    assert abs(deviation) < 4 * estimate(pooled.monte_carlo_error).estimate


def weighted(people: pd.DataFrame, trim: float) -> ResponseWeights:
    found = response_weights(
        people,
        outcome="after",
        predictors=["before", "grade"],
        arm="arm",
        trim=trim,
    )
    assert isinstance(found, ResponseWeights)
    return found
