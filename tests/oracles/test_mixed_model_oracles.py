"""Mixed models and joint sources give the numbers of lme4, lmerTest and nlme."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.models.mixed.design import RandomTerm
from heard.models.mixed.model import MixedFit, fit_mixed_model
from heard.models.mixed.profile import VarianceConstraint, profile_interval
from heard.psychometrics.dependability.components import read_ratings
from heard.psychometrics.dependability.sources import _means, fit_sources

pytestmark = pytest.mark.filterwarnings("error")

VALUES = oracle_values("mixed_models")["values"]
# bobyqa stops at about five digits of a variance (seen: 2e-6); ours is a Newton summit.
VARIANCE = 1e-4
# Effects move with the variances, so share their tolerance (seen: 5e-6).
EFFECT = 1e-4
# The likelihood is flat at its summit: both agree far better there (seen: 3e-10).
LIKELIHOOD = 1e-7
# lmerTest differentiates twice numerically where we do once (seen: 3e-5).
DEGREES = 1e-3
# lme4 interpolates its profile by a spline (seen: 2e-5).
PROFILE = 1e-3
# The same (seen: 3e-5); a search stuck at zero is off by 8e-4.
SMALL_PROFILE = 1e-4


def fitted(name: str, criterion: str = "reml") -> MixedFit:
    data = f"mixed_{name.split('_', maxsplit=1)[0]}.csv"
    fixed, terms, response = None, [], ""
    if name.startswith("sleepstudy"):
        rows, response = oracle_rows(data), "Reaction"
        fixed = pd.DataFrame({"intercept": 1.0, "days": rows["Days"]})
        slopes = None if name.endswith("intercept") else rows[["Days"]]
        terms = [RandomTerm.of("Subject", rows["Subject"], slopes)]
    elif name == "pastes":
        rows, response = oracle_rows(data), "strength"
        cask = rows["cask"] + ":" + rows["batch"]
        terms = [
            RandomTerm.of("cask:batch", cask),
            RandomTerm.of("batch", rows["batch"]),
        ]
    elif name == "penicillin":
        rows, response = oracle_rows(data), "diameter"
        terms = [RandomTerm.of(c, rows[c]) for c in ("plate", "sample")]
    elif name == "dyestuff2":
        rows, response = oracle_rows(data), "Yield"
        terms = [RandomTerm.of("Batch", rows["Batch"])]
    else:
        rows, response = oracle_rows("gtheory_instructors.csv"), "y"
        fixed = pd.DataFrame({"intercept": 1.0, "service": rows["service"]})
        terms = [RandomTerm.of(c, rows[c]) for c in ("d", "s")]
    found = fit_mixed_model(
        rows[response].to_numpy(float),
        terms,
        fixed=fixed,
        criterion="ml" if name.endswith("ml") and "reml" not in name else "reml",
    )
    assert isinstance(found, MixedFit)
    return found


MODELS = tuple(name for name in VALUES if not name.startswith(("profile", "sources")))


@pytest.fixture(params=MODELS)
def both(request: pytest.FixtureRequest) -> tuple[MixedFit, dict[str, Any], str]:
    return fitted(request.param), VALUES[request.param], request.param


def test_variances_and_likelihood_are_those_of_lme4(
    both: tuple[MixedFit, dict[str, Any], str],
) -> None:
    fit, stored, _ = both
    parts = stored["components"]
    for group, first, second, value in zip(
        parts["group"], parts["first"], parts["second"], parts["value"], strict=True
    ):
        if group == "Residual":
            assert fit.residual_variance == pytest.approx(value, rel=VARIANCE)
            continue
        covariance = next(t.covariance for t in fit.random if t.name == group)
        row = 0 if first == "(Intercept)" else 1
        column = row if second is None else 1
        assert covariance[row, column] == pytest.approx(value, rel=VARIANCE, abs=1e-9)
    assert fit.log_likelihood == pytest.approx(stored["log_likelihood"], abs=LIKELIHOOD)
    assert fit.converged


def test_coefficients_and_their_degrees_of_freedom(
    both: tuple[MixedFit, dict[str, Any], str],
) -> None:
    fit, stored, _ = both
    coefficients = np.atleast_1d(stored["coefficients"])
    assert fit.coefficients == pytest.approx(coefficients, rel=1e-5)
    assert fit.coefficient_covariance == pytest.approx(
        np.array(stored["covariance"]), rel=VARIANCE
    )
    for place, degrees in enumerate(np.atleast_1d(stored["degrees"])):
        contrast = np.eye(len(coefficients))[place]
        found = fit.satterthwaite_df([float(weight) for weight in contrast])
        assert found == pytest.approx(degrees, rel=DEGREES)


def test_effects_and_their_conditional_variances(
    both: tuple[MixedFit, dict[str, Any], str],
) -> None:
    fit, stored, name = both
    group = {"instructors": "d", "pastes": "cask:batch", "penicillin": "sample"}.get(
        name, "Batch" if name == "dyestuff2" else "Subject"
    )
    effects = fit.effects(group)
    assert [str(level) for level in effects.levels] == [
        str(v) for v in stored["levels"]
    ]
    predicted = np.array(stored["effects"])
    assert effects.predicted == pytest.approx(
        predicted, abs=EFFECT * (predicted.std() + 1e-3)
    )
    conditional = np.array(stored["conditional"]).reshape(effects.conditional.shape)
    assert effects.conditional == pytest.approx(
        conditional, rel=VARIANCE, abs=1e-4 * conditional.max() + 1e-12
    )


def test_a_variance_of_zero_is_found_and_flagged() -> None:
    fit = fitted("dyestuff2")
    assert fit.variance("Batch") == 0.0
    assert fit.singular == ("Batch",)
    assert fit.converged


@pytest.mark.parametrize("name", ["pastes", "penicillin"])
def test_profiles_of_standard_deviations_are_those_of_lme4(name: str) -> None:
    stored, reml = VALUES[f"profile_{name}"], fitted(name)
    rows = oracle_rows(f"mixed_{name}.csv")
    response = rows["strength" if name == "pastes" else "diameter"].to_numpy(float)
    order = {term.name: term for term in reml.design.terms}
    fit = fit_mixed_model(response, list(order.values()), criterion="ml")
    assert isinstance(fit, MixedFit)
    for label, low, high in zip(
        stored["names"], stored["low"], stored["high"], strict=True
    ):
        if label == "(Intercept)":
            continue
        held = (
            VarianceConstraint(term="")
            if label == "sigma"
            else VarianceConstraint(term=label.split("|")[1], plain=1.0)
        )
        found = np.sqrt(profile_interval(fit, held, confidence=0.95))
        assert found == pytest.approx([low, high], rel=PROFILE)


def test_profiles_of_small_sets_are_those_of_lme4() -> None:
    stored = oracle_values("variance_limits")
    rows = oracle_rows("variance_limits.csv")
    for seed, wanted in stored["values"].items():
        own = rows[rows["seed"] == int(seed)]
        term = RandomTerm.of("staff", own["staff"])
        fit = fit_mixed_model(own["score"].to_numpy(float), [term], criterion="ml")
        assert isinstance(fit, MixedFit)
        held = {
            "residual": VarianceConstraint(term=""),
            "staff": VarianceConstraint(term="staff", plain=1.0),
        }
        for name, constraint in held.items():
            found = np.sqrt(profile_interval(fit, constraint, confidence=0.95))
            assert found == pytest.approx(wanted[name], rel=SMALL_PROFILE)


def test_sources_together_are_those_of_nlme() -> None:
    stored = VALUES["sources"]
    read = read_ratings(oracle_rows("mixed_sources.csv"), "score", ["staff", "source"])
    data, names = _means(read, "staff", "source")
    fit = fit_sources(data)
    assert names == stored["names"]
    assert fit.converged
    assert fit.true == pytest.approx(np.array(stored["true"]), rel=VARIANCE)
    assert fit.raters == pytest.approx(np.array(stored["raters"]), rel=VARIANCE)
    assert -fit.deviance / 2 == pytest.approx(stored["log_likelihood"], abs=LIKELIHOOD)
