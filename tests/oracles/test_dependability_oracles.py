"""Variance components, decisions and staff reliabilities are those R gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle_rows, oracle_values

from heard.psychometrics.dependability.components import (
    VarianceComponents,
    crossed,
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
from heard.psychometrics.dependability.staff import (
    StaffDependability,
    staff_dependability,
)
from heard.results import Estimate

pytestmark = pytest.mark.filterwarnings("error")

# Closed forms: R and numpy differ by rounding only (seen: 2e-15).
CLOSED_FORM = 1e-10
# lme4 stops at about six digits of a variance (seen: 2e-6).
REML = 1e-4
# Predictions move with the variances (seen: 4e-7).
BLUP = 1e-4

# oracle, its rows' column of those rated, and of scores
NESTED = {
    "gtheory_nested_sim_clients_in_staff": ("staff", "score"),
    "gtheory_nested_bhr2000_AF06": ("GRP", "AF06"),
    "gtheory_nested_bhr2000_lead": ("GRP", "lead"),
    "gtheory_nested_InstEval_dept2": ("d", "y"),
}
THREE_FACETS = crossed("staff", "item", "rater")


class Nested:
    """The numbers R gave for raters nested in those rated, and the ratings."""

    def __init__(self, name: str) -> None:
        stored = oracle_values(name)
        self.target, self.score = NESTED[name]
        self.values: dict[str, Any] = stored["values"]
        self.ratings = oracle_rows(stored["data_file"])
        self.ratings[self.target] = self.ratings[self.target].astype(str)

    def components(self, estimator: str = "reml") -> VarianceComponents:
        found = variance_components(
            self.ratings,
            score=self.score,
            facets=[self.target],
            estimator=estimator,  # type: ignore[arg-type]
        )
        assert isinstance(found, VarianceComponents)
        return found


@pytest.fixture(params=sorted(NESTED))
def oracle(request: pytest.FixtureRequest) -> Nested:
    return Nested(request.param)


def number(result: object) -> float:
    assert isinstance(result, Estimate)
    return result.estimate


def test_nested_components_by_reml_ml_and_moments(oracle: Nested) -> None:
    for estimator in ("reml", "ml"):
        found, stored = oracle.components(estimator), oracle.values[estimator]
        assert found.variances[oracle.target] == pytest.approx(
            stored["target"], rel=REML
        )
        assert found.variances["residual"] == pytest.approx(
            stored["residual"], rel=REML
        )
    fit = oracle.components().fit
    assert fit is not None
    assert fit.log_likelihood == pytest.approx(oracle.values["reml_logLik"], abs=1e-7)
    mean = number(oracle.components().mean)
    assert mean == pytest.approx(oracle.values["reml_mean"], abs=1e-6)
    moments = oracle.components("moments").variances
    assert moments[oracle.target] == pytest.approx(
        oracle.values["anova_var_target"], abs=CLOSED_FORM
    )
    assert moments["residual"] == pytest.approx(oracle.values["MSW"], abs=CLOSED_FORM)


def test_standard_deviations_have_the_profile_limits_of_lme4(oracle: Nested) -> None:
    # lme4 profiles the full likelihood and interpolates by a spline (seen: 3e-5)
    stored = oracle.values["sd_profile_ci"]["data"]
    for component, limits in zip(
        oracle.components("ml").components, stored, strict=False
    ):
        assert isinstance(component.variance, Estimate)
        ends = component.variance.conf_low, component.variance.conf_high
        found = np.sqrt(np.array(ends, dtype=float))
        assert found == pytest.approx(limits, rel=1e-3)


def test_nested_analysis_of_variance_and_intraclass_correlations(
    oracle: Nested,
) -> None:
    found = nested_reliability(oracle.ratings, score=oracle.score, target=oracle.target)
    by_mean_size = nested_reliability(
        oracle.ratings, score=oracle.score, target=oracle.target, group_size="mean"
    )
    assert isinstance(found, NestedReliability)
    assert isinstance(by_mean_size, NestedReliability)
    stored = oracle.values
    limits = stored["anova_icc1_F_ci_n0"]
    assert isinstance(found.icc_1, Estimate)
    for ours, theirs in (
        (found.icc_1.estimate, stored["anova_icc1_n0"]),
        (found.icc_1.conf_low, limits["lower"]),
        (found.icc_1.conf_high, limits["upper"]),
        (number(by_mean_size.icc_1), stored["multilevel_ICC1"]),
        (number(found.icc_2), stored["multilevel_ICC2"]),
        (number(found.mean_square_between), stored["MSB"]),
        (number(found.mean_square_within), stored["MSW"]),
        (number(found.unbiased_group_size), stored["n0"]),
        (number(found.harmonic_mean_group_size), stored["harmonic_mean_n"]),
    ):
        assert ours == pytest.approx(theirs, abs=CLOSED_FORM)
    assert number(found.icc_1_reml) == pytest.approx(stored["icc_reml"], rel=REML)


def test_nested_decisions_and_raters_needed(oracle: Nested) -> None:
    components, stored = oracle.components(), oracle.values
    study = decision_study(
        components,
        target=oracle.target,
        numbers={"ratings": stored["D_study"]["n_raters"]},
    )
    assert isinstance(study, DecisionStudy)
    for kind in ("generalisability", "dependability"):
        found = [number(getattr(point, kind)) for point in study.points]
        assert found == pytest.approx(stored["D_study"]["reliability_reml"], rel=REML)
    needed = stored["n_raters_needed"]
    for required, exact, whole in zip(
        needed["target"], needed["exact"], needed["ceil"], strict=True
    ):
        result = raters_needed(components, target=oracle.target, required=required)
        assert number(result) == whole
        assert f"before rounding up {exact:.2f}" in result.method


def test_every_staff_member_has_the_reliability_and_prediction_of_lme4(
    oracle: Nested,
) -> None:
    found = staff_dependability(oracle.ratings, score=oracle.score, staff=oracle.target)
    assert isinstance(found, StaffDependability)
    stored = pd.DataFrame(oracle.values["per_target"]).set_index("target")
    ours = pd.DataFrame(
        {
            "n": [member.observed_mean.n for member in found.members],
            "mean": [number(member.observed_mean) for member in found.members],
            "reliability": [number(member.own_reliability) for member in found.members],
            "blup": [number(member.shrunken_mean) for member in found.members],
        },
        index=[member.staff for member in found.members],
    ).loc[stored.index]
    assert (ours["n"] == stored["n"]).all()
    assert ours["mean"].to_numpy() == pytest.approx(
        stored["mean"].to_numpy(), abs=CLOSED_FORM
    )
    assert ours["reliability"].to_numpy() == pytest.approx(
        stored["reliability"].to_numpy(), rel=REML
    )
    assert ours["blup"].to_numpy() - oracle.values["reml_mean"] == pytest.approx(
        stored["blup"].to_numpy(), abs=BLUP
    )


def test_person_by_item() -> None:
    stored = oracle_values("gtheory_crossed_bfi_person_by_item")
    ratings, values = oracle_rows(stored["data_file"]), stored["values"]
    anova, reml = (
        variance_components(
            ratings, score="score", facets=("person", "item"), estimator=e
        )
        for e in ("moments", "reml")
    )
    assert isinstance(anova, VarianceComponents)
    assert isinstance(reml, VarianceComponents)
    assert list(anova.variances.values()) == pytest.approx(
        list(values["anova"]["var"].values()), abs=CLOSED_FORM
    )
    assert list(reml.variances.values()) == pytest.approx(
        list(values["reml"].values()), rel=REML
    )
    study = decision_study(
        anova, target="person", numbers={"item": values["anova"]["n_prime"]}
    )
    assert isinstance(study, DecisionStudy)
    for kind, name in (
        ("generalisability", "g_coef_rel"),
        ("dependability", "phi_abs"),
    ):
        found = [number(getattr(point, kind)) for point in study.points]
        assert found == pytest.approx(values["anova"][name], abs=CLOSED_FORM)


def test_staff_by_item_by_rater() -> None:
    stored = oracle_values("gtheory_crossed_sim_staff_item_rater")
    ratings, values = oracle_rows(stored["data_file"]), stored["values"]
    anova, reml = (
        variance_components(
            ratings, score="score", facets=THREE_FACETS, estimator=e, interval="wald"
        )
        for e in ("moments", "reml")
    )
    assert isinstance(anova, VarianceComponents)
    assert isinstance(reml, VarianceComponents)
    assert list(anova.variances.values()) == pytest.approx(
        list(values["anova"]["var"].values()), abs=CLOSED_FORM
    )
    letters = {"p": "staff", "i": "item", "o": "rater"}
    for name, value in values["reml"].items():
        ours = (
            ":".join(letters[letter] for letter in name.split(":"))
            if (name != "Residual")
            else "residual"
        )
        assert reml.variances[ours] == pytest.approx(value, rel=REML)
    stored_points = pd.DataFrame(
        {k: v for k, v in values["anova"]["D_study"].items() if k != "_rows"}
    )
    study = decision_study(
        anova, target="staff", numbers={"item": [1, 3, 5, 10], "rater": [1, 2, 4]}
    )
    assert isinstance(study, DecisionStudy)
    for point in study.points:
        row = stored_points[
            (stored_points["ni"] == point.numbers["item"])
            & (stored_points["no"] == point.numbers["rater"])
        ].iloc[0]
        assert number(point.generalisability) == pytest.approx(
            row["rel"], abs=CLOSED_FORM
        )
        assert number(point.dependability) == pytest.approx(row["abs"], abs=CLOSED_FORM)


def test_students_crossed_with_instructors() -> None:
    stored = oracle_values("gtheory_crossclassified_InstEval_dept2")
    ratings, values = oracle_rows(stored["data_file"]), stored["values"]
    found = variance_components(ratings, score="y", facets=("d", "s"), interval="wald")
    assert isinstance(found, VarianceComponents)
    for ours, theirs in (("d", "t"), ("s", "r"), ("residual", "Residual")):
        assert found.variances[ours] == pytest.approx(values["reml"][theirs], rel=REML)
    assert found.fit is not None
    assert found.fit.log_likelihood == pytest.approx(values["logLik"], abs=1e-7)
    assert found.fit.coefficients[0] == pytest.approx(values["intercept"], abs=1e-6)
    error = np.sqrt(found.fit.coefficient_covariance[0, 0])
    assert error == pytest.approx(values["intercept_se"], rel=REML)
    designs = values["D_study_nested_raters"]
    study = decision_study(found, target="d", numbers={"s": designs["n"]})
    assert isinstance(study, DecisionStudy)
    for kind, name in (("generalisability", "rel_crossed"), ("dependability", "abs")):
        coefficients = [number(getattr(point, kind)) for point in study.points]
        assert coefficients == pytest.approx(designs[name], rel=REML)
    blups: dict[str, float] = dict(
        zip(
            map(str, values["blup_targets"]["id"]),
            values["blup_targets"]["blup"],
            strict=True,
        )
    )
    effects = found.fit.effects("d")
    predicted = dict(
        zip(map(str, effects.levels), effects.predicted[:, 0], strict=True)
    )
    assert predicted == pytest.approx(blups, abs=BLUP)
