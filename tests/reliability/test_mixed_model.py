"""The mixed model engine: gradients, summits, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from heard.models.mixed import design as design_module
from heard.models.mixed.design import MixedDesign, RandomTerm, mixed_design
from heard.models.mixed.likelihood import deviance, gradient, own_blocks, solve
from heard.models.mixed.model import MixedFit, fit_mixed_model, predicted_means
from heard.models.mixed.profile import VarianceConstraint, profile_interval
from heard.results import Unavailable

pytestmark = pytest.mark.filterwarnings("error")

N = 60


def made(seed: int = 3) -> tuple[np.ndarray, pd.DataFrame, list[RandomTerm]]:
    draw = np.random.default_rng(seed)
    a, b = draw.integers(0, 9, N), draw.integers(0, 5, N)
    x = draw.normal(size=N)
    y = 2 + x + draw.normal(size=9)[a] * (1 + x) + draw.normal(size=5)[b]
    fixed = pd.DataFrame({"one": 1.0, "x": x})
    terms = [
        RandomTerm.of("b", pd.Series(b)),
        RandomTerm.of("a", pd.Series(a), fixed[["x"]]),
    ]
    return y + draw.normal(size=N), fixed, terms


def dense_deviance(
    y: np.ndarray,
    fixed: pd.DataFrame,
    design: MixedDesign,
    theta: np.ndarray,
    level: float,
    *,
    restricted: bool,
) -> float:
    """The same by the definition, with the whole covariance of the rows."""
    x = fixed.to_numpy()
    covariance = np.eye(len(y))
    for term, factor in zip(design.terms, design.factors(theta), strict=True):
        spread = np.kron(np.eye(len(term.levels)), factor)
        z = term.matrix().toarray() @ spread
        covariance += z @ z.T
    covariance *= np.exp(level)
    weights = np.linalg.inv(covariance)
    precision = x.T @ weights @ x
    left = y - x @ np.linalg.solve(precision, x.T @ weights @ y)
    value = np.linalg.slogdet(covariance)[1] + left @ weights @ left
    many = len(y) - restricted * x.shape[1]
    value += many * np.log(2 * np.pi) + restricted * np.linalg.slogdet(precision)[1]
    return float(value)


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("small", [True, False])
def test_likelihood_and_gradient_are_those_of_the_definition(
    restricted: bool, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(design_module, "SMALL", 10**6 if small else 0)
    y, fixed, terms = made()
    design = mixed_design(y, fixed, terms)
    assert isinstance(design, MixedDesign)
    theta, level = np.array([0.7, 0.3, 0.4, 0.5]), 0.2
    value = deviance(design, solve(design, theta), level, restricted=restricted)
    expected = dense_deviance(y, fixed, design, theta, level, restricted=restricted)
    assert value == pytest.approx(expected, abs=1e-9)
    numeric = [
        (
            dense_deviance(y, fixed, design, theta + s, level, restricted=restricted)
            - dense_deviance(y, fixed, design, theta - s, level, restricted=restricted)
        )
        / 2e-5
        for s in 1e-5 * np.eye(4)
    ]
    slope = gradient(design, solve(design, theta), level, restricted=restricted)
    assert slope == pytest.approx(np.array(numeric), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("small", [True, False])
def test_blocks_of_the_inverse_are_those_of_the_whole(
    small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(design_module, "SMALL", 10**6 if small else 0)
    y, fixed, terms = made()
    design = mixed_design(y, fixed, terms)
    assert isinstance(design, MixedDesign)
    theta = np.array([0.7, 0.3, 0.4, 0.5])
    solution = solve(design, theta)
    scaled = [
        term.matrix().toarray() @ np.kron(np.eye(len(term.levels)), factor)
        for term, factor in zip(design.terms, solution.factors, strict=True)
    ]
    z = np.column_stack(scaled)
    whole = np.linalg.inv(z.T @ z + np.eye(z.shape[1]))
    start = 0
    for place, term in enumerate(design.terms):
        width = len(term.columns)
        blocks = own_blocks(design, solution, place)
        for group in range(len(term.levels)):
            own = slice(start + group * width, start + (group + 1) * width)
            assert blocks[group] == pytest.approx(whole[own, own], abs=1e-12)
        start += term.size


def test_scale_of_a_fixed_column_changes_its_coefficient_only() -> None:
    y, fixed, terms = made()
    plain = fit_mixed_model(y, terms[:1], fixed=fixed)
    scaled = fit_mixed_model(y, terms[:1], fixed=fixed.assign(x=1000 * fixed["x"]))
    assert isinstance(plain, MixedFit)
    assert isinstance(scaled, MixedFit)
    assert scaled.coefficients[1] * 1000 == pytest.approx(
        plain.coefficients[1], rel=1e-6
    )
    assert scaled.variance("b") == pytest.approx(plain.variance("b"), rel=1e-5)
    assert plain.satterthwaite_df([0, 1]) == pytest.approx(
        scaled.satterthwaite_df([0, 1]), rel=1e-4
    )


def test_a_lone_between_group_contrast_has_groups_minus_two_degrees() -> None:
    # balanced, so Satterthwaite's are exact: 6 groups less 2 arms
    group = pd.Series(np.repeat(np.arange(6), 4))
    draw = np.random.default_rng(0)
    y = draw.normal(0, 2, 6)[group] + draw.normal(size=24)
    fixed = pd.DataFrame({"one": 1.0, "arm": (group < 3).astype(float)})
    fit = fit_mixed_model(y, [RandomTerm.of("group", group)], fixed=fixed)
    assert isinstance(fit, MixedFit)
    assert fit.satterthwaite_df([0, 1]) == pytest.approx(4, rel=1e-5)


def test_what_cannot_be_fitted_says_why() -> None:
    y, fixed, terms = made()
    for response, columns, words in (
        (y, fixed.assign(twice=2 * fixed["x"]), "linearly dependent fixed columns"),
        (np.where(np.arange(N) == 3, np.nan, y), fixed, "missing or infinite values"),
        (2 * fixed["x"].to_numpy(), fixed, "nothing varies"),
        (y[:3], fixed.iloc[:3], "3 rows; more than 3 needed"),
    ):
        chosen = terms if len(response) == N else []
        chosen = chosen or [RandomTerm.of("b", pd.Series([0, 1, 1]))]
        found = fit_mixed_model(response, chosen, fixed=columns)
        assert isinstance(found, Unavailable)
        assert words in found.reason
    nobody = fit_mixed_model(y, [], fixed=fixed)
    assert isinstance(nobody, Unavailable)
    with_gaps = RandomTerm.of("b", pd.Series([None, *["x", "y"] * 29, "x"]))
    found = fit_mixed_model(y, [with_gaps])
    assert isinstance(found, Unavailable)
    assert "rows without a group" in found.reason
    with pytest.raises(ValueError, match="criterion"):
        fit_mixed_model(y, terms, criterion="mle")  # type: ignore[arg-type]


def test_a_zero_that_is_no_minimum_is_left_again() -> None:
    # ratings whose first descent lands on zero, where the likelihood is a saddle
    for seed in (164, 319, 373):
        draw = np.random.default_rng(seed)
        levels, others, n = (
            draw.integers(2, 15),
            draw.integers(2, 8),
            draw.integers(6, 80),
        )
        a, b = draw.integers(0, levels, n), draw.integers(0, others, n)
        spread = draw.choice([0, 0.1, 0.5, 1, 5, 30, 300], 2)
        y = draw.normal(0, spread[0], levels)[a] + draw.normal(0, spread[1], others)[b]
        y = y + draw.normal(0, 1, n)
        if draw.random() < 0.4:
            y = np.round(y)
        fit = fit_mixed_model(y, [RandomTerm.of("a", pd.Series(a))])
        assert isinstance(fit, MixedFit)
        assert fit.variance("a") > 0


def test_limits_of_a_ratio_are_where_the_best_likelihood_has_fallen() -> None:
    y, _, terms = made()
    one, two = terms[0], RandomTerm.of("a", pd.Series(terms[1].codes))
    y = y + np.linspace(-3, 3, 9)[two.codes]
    fit = fit_mixed_model(y, [one, two])
    assert isinstance(fit, MixedFit)
    names = [term.name for term in fit.design.terms]
    held = VarianceConstraint(term="a", others=(("b", 0.0, 1.0),), residual=(0.0, 1.0))
    for ratio in profile_interval(fit, held, confidence=0.95):

        def best(other: float, ratio: float = ratio) -> float:
            # the definition: the deviance with v_a / (v_b + v_residual) kept
            found = {"b": other**2, "a": ratio * (other**2 + 1)}
            theta = np.sqrt([found[name] for name in names])
            solution = solve(fit.design, theta)
            level = float(np.log(solution.squares / (N - 1)))
            return deviance(fit.design, solution, level, restricted=True)

        lowest = optimize.minimize_scalar(best, bounds=(0, 20), method="bounded").fun
        assert lowest + 2 * fit.log_likelihood == pytest.approx(1.959964**2, abs=1e-3)


def test_error_of_a_predicted_mean_owns_up_to_all_that_is_estimated() -> None:
    # balanced one-way: shrinkage B = n g / (1 + n g), mean = B own + (1 - B) overall
    groups, n = 7, 4
    codes = pd.Series(np.repeat(np.arange(groups), n))
    draw = np.random.default_rng(8)
    y = draw.normal(0, 1, groups)[codes] + draw.normal(size=groups * n)
    fit = fit_mixed_model(y, [RandomTerm.of("g", codes)])
    assert isinstance(fit, MixedFit)
    found = predicted_means(fit, "g")
    theta = fit.optimum.theta[0]
    between, within = fit.variance("g"), fit.residual_variance
    shrinkage = n * theta**2 / (1 + n * theta**2)
    own = y.reshape(groups, n).mean(axis=1)
    assert found.means == pytest.approx(
        shrinkage * own + (1 - shrinkage) * y.mean(), rel=1e-9
    )
    known = between * (1 - shrinkage)
    mean = (1 - shrinkage) ** 2 * (between + within / n) / groups
    slope = 2 * n * theta / (1 + n * theta**2) ** 2
    spread = 2 * np.linalg.inv(fit.optimum.hessian)[0, 0]
    variances = slope**2 * (own - y.mean()) ** 2 * spread
    assert found.conditional == pytest.approx(known, rel=1e-9)
    assert found.errors == pytest.approx(known + mean + variances, rel=1e-6)


def test_too_many_effects_beside_the_largest_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(design_module, "MAXIMUM_OTHER_EFFECTS", 4)
    y, fixed, terms = made()
    found = fit_mixed_model(y, terms, fixed=fixed)
    assert isinstance(found, Unavailable)
    assert "5 effects other than the largest term's; at most 4" in found.reason


def test_terms_come_back_in_the_order_given() -> None:
    y, fixed, terms = made()
    found = fit_mixed_model(y, terms, fixed=fixed)
    assert isinstance(found, MixedFit)
    assert [term.name for term in found.random] == ["b", "a"]
    assert [term.n_levels for term in found.random] == [5, 9]
