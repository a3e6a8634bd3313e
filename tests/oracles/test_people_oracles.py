"""Arms of single people give the numbers of R's t.test, sandwich and multcomp."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.effects.designs.after_only import (
    adjusted_difference,
    difference_after,
    differences_after,
)
from heard.effects.judgement.equivalence import UncertainEffect
from heard.effects.judgement.simultaneous import (
    simultaneous_effects,
    single_step_quantile,
)
from heard.effects.supplementary.ordinal import ridits
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("people")
# Closed forms (seen: 1e-14).
EXACT = 1e-10
# An integral over random points, here and in R (seen: 9e-5).
INTEGRAL = 5e-4

# R datasets::PlantGrowth
CONTROL = (4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14)
FIRST = (4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69)
SECOND = (6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26)


@pytest.fixture
def plants() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": ["ctrl"] * 10 + ["trt1"] * 10 + ["trt2"] * 10,
            "score": CONTROL + FIRST + SECOND,
        }
    )


def test_welch_is_that_of_t_test() -> None:
    rows, known = oracle_rows("missing_people.csv"), VALUES["welch"]
    found = difference_after(rows, treated="pack", control="usual", score="after")
    assert isinstance(found, UncertainEffect)
    assert found.effect == pytest.approx(known["effect"], rel=EXACT)
    assert found.standard_error == pytest.approx(known["se"], rel=EXACT)
    assert found.degrees_of_freedom == pytest.approx(known["df"], rel=EXACT)
    assert found.limits() == pytest.approx((known["low"], known["high"]), rel=EXACT)
    assert found.n == known["n"]


def test_adjusted_difference_is_that_of_sandwich_hc3() -> None:
    rows, known = oracle_rows("missing_people.csv"), VALUES["adjusted"]
    found = adjusted_difference(
        rows,
        treated="pack",
        control="usual",
        covariates=["before", "grade"],
        score="after",
    )
    assert isinstance(found, UncertainEffect)
    assert found.effect == pytest.approx(known["effect"], rel=EXACT)
    assert found.standard_error == pytest.approx(known["se"], rel=EXACT)
    assert found.degrees_of_freedom == known["df"]
    assert found.n == known["n"]


def test_groups_trained_together_have_the_errors_of_clubsandwich() -> None:
    rows, known = oracle_rows("missing_people.csv"), VALUES["by_team"]
    found = adjusted_difference(
        rows,
        treated="pack",
        control="usual",
        covariates=["before", "grade"],
        score="after",
        cluster="cluster",
    )
    assert isinstance(found, UncertainEffect)
    assert found.effect == pytest.approx(known["effect"], rel=EXACT)
    assert found.standard_error == pytest.approx(known["se"], rel=EXACT)
    assert found.degrees_of_freedom == pytest.approx(known["df"], rel=1e-8)


def test_contrasts_with_one_control_are_those_of_t_test(plants: pd.DataFrame) -> None:
    known = VALUES["contrasts"]
    found = differences_after(plants, contrasts=[("trt1", "ctrl"), ("trt2", "ctrl")])
    effects = [e for e in found.effects if isinstance(e, UncertainEffect)]
    assert [e.effect for e in effects] == pytest.approx(known["effects"], rel=EXACT)
    assert [e.standard_error for e in effects] == pytest.approx(known["se"], rel=EXACT)
    degrees = [effect.degrees_of_freedom for effect in effects]
    assert degrees == pytest.approx(known["df"], rel=EXACT)
    assert found.correlation[0, 1] == pytest.approx(known["correlation"], rel=EXACT)
    together = simultaneous_effects(found.effects, contrasts=["first", "second"])
    p_values = [part.simultaneous_p_value for part in together.effects]
    held = [p.estimate for p in p_values if isinstance(p, Estimate)]
    assert held == pytest.approx(known["holm"], rel=EXACT)


def test_the_single_step_is_that_of_multcomp() -> None:
    known = VALUES["dunnett"]
    effects = [
        UncertainEffect(
            term="effect", effect=e, standard_error=s, degrees_of_freedom=27, n=30
        )
        for e, s in zip(known["effects"], known["se"], strict=True)
    ]
    found = simultaneous_effects(
        effects,
        contrasts=["first", "second"],
        correlation=np.array([[1, 0.5], [0.5, 1]]),
    )
    for part, effect, p_value in zip(found.effects, effects, known["p"], strict=True):
        assert isinstance(part.simultaneous_effect, Estimate)
        assert isinstance(part.simultaneous_p_value, Estimate)
        high = effect.effect + known["quantile"] * effect.standard_error
        assert part.simultaneous_effect.conf_high == pytest.approx(high, abs=INTEGRAL)
        assert part.simultaneous_p_value.estimate == pytest.approx(
            p_value, abs=INTEGRAL
        )


@pytest.mark.parametrize(
    ("name", "size", "rho", "degrees"),
    [("two", 2, 0.5, 20.0), ("three", 3, 0.5, 20.0), ("four", 4, 0.3, 8.0)],
)
def test_quantiles_are_those_of_mvtnorm(
    name: str, size: int, rho: float, degrees: float
) -> None:
    correlation = np.full((size, size), rho) + (1 - rho) * np.eye(size)
    found = single_step_quantile(correlation, degrees)
    assert found == pytest.approx(VALUES["quantiles"][name], abs=INTEGRAL)


def test_ridits_are_midranks_over_n() -> None:
    answers = pd.Series(VALUES["ridits"]["answers"])
    found = ridits(answers, answers)
    assert found.tolist() == pytest.approx(VALUES["ridits"]["ridits"], rel=EXACT)
