"""Two-valued outcomes over teams give the numbers of R's gee, geepack and lme4."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values
from statsmodels.genmod.cov_struct import Exchangeable, Independence
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from heard.effects.clustered.two_values import Model, standardised_shares
from heard.effects.judgement.equivalence import UncertainEffect
from heard.models.random_intercept_logit import (
    RandomInterceptLogit,
    fit_random_intercept_logit,
)
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("two_values")
# Both iterate to 1e-10 and further (seen: 2e-9).
EXACT = 1e-7
# bobyqa stops at about seven digits of the spread (seen: 3e-6).
MIXED = 1e-4


def rows() -> pd.DataFrame:
    found = oracle_rows("missing_people.csv").dropna(subset=["after"])
    return found.assign(score=(found["after"] > 3.5).astype(float))


def fitted(model: Model) -> dict[str, float]:
    found = standardised_shares(
        rows(),
        treated="pack",
        control="usual",
        covariates=["before", "grade"],
        model=model,
    )
    effect = found.effect
    assert isinstance(effect, UncertainEffect)
    assert isinstance(found.share_treated, Estimate)
    assert isinstance(found.share_control, Estimate)
    assert effect.degrees_of_freedom == VALUES["teams"] - 2
    assert effect.n == VALUES["n"]
    return {
        "treated": found.share_treated.estimate,
        "control": found.share_control.estimate,
        "difference": effect.effect,
        "se": effect.standard_error,
    }


@pytest.mark.parametrize("model", ["independence", "exchangeable"])
def test_shares_are_those_of_gee_with_mancl_and_derouens_errors(model: Model) -> None:
    known = VALUES["gee"][model]
    assert fitted(model) == pytest.approx(
        {name: known[name] for name in ("treated", "control", "difference", "se")},
        rel=EXACT,
    )


@pytest.mark.parametrize("model", ["independence", "exchangeable"])
def test_what_statsmodels_fits_is_what_gee_fits(model: str) -> None:
    known: dict[str, Any] = VALUES["gee"][model]
    frame = rows()
    design = np.column_stack(
        [
            np.ones(len(frame)),
            frame["arm"] == "pack",
            frame["before"],
            frame["grade"] == "senior",
        ]
    ).astype(float)
    structure = Exchangeable() if model == "exchangeable" else Independence()
    fit = GEE(
        frame["score"].to_numpy(),
        design,
        groups=frame["cluster"].factorize()[0],
        family=Binomial(),
        cov_struct=structure,
    ).fit(cov_type="bias_reduced", ctol=1e-10, maxiter=200)
    assert fit.params == pytest.approx(known["coefficients"], rel=EXACT)
    assert fit.bse == pytest.approx(known["corrected"], rel=EXACT)
    if model == "independence":
        geepack = VALUES["geepack"]
        assert fit.params == pytest.approx(geepack["coefficients"], rel=EXACT)
        plain = np.sqrt(np.diag(fit.cov_robust))
        assert plain == pytest.approx(geepack["plain_robust"], rel=EXACT)


def test_a_random_intercept_is_that_of_glmer() -> None:
    known, frame = VALUES["mixed"], rows()
    design = np.column_stack(
        [
            np.ones(len(frame)),
            frame["arm"] == "pack",
            frame["before"],
            frame["grade"] == "senior",
        ]
    ).astype(float)
    fit = fit_random_intercept_logit(
        frame["score"].to_numpy(),
        design,
        frame["cluster"].to_numpy(),
        names=["one", "pack", "before", "senior"],
    )
    assert isinstance(fit, RandomInterceptLogit)
    assert fit.coefficients == pytest.approx(known["coefficients"], rel=MIXED)
    assert fit.spread == pytest.approx(known["sd"], rel=MIXED)
    assert fit.log_likelihood == pytest.approx(known["log_likelihood"], abs=1e-7)
    errors = np.sqrt(np.diag(fit.covariance))[:-1]
    assert errors == pytest.approx(known["se"], rel=MIXED)


def test_shares_of_the_random_intercept_are_averaged_over_teams() -> None:
    found, known = fitted("random_intercept"), VALUES["mixed"]
    assert found["treated"] == pytest.approx(known["treated"], rel=MIXED)
    assert found["control"] == pytest.approx(known["control"], rel=MIXED)
