"""Fit a linear mixed model, and predict the mean of each group.

The error of a predicted mean covers the group's effect, the overall mean and, to first
order, the estimated variances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from heard.models.mixed.design import (
    Array,
    MixedDesign,
    RandomTerm,
    fixed_intercept,
    mixed_design,
)
from heard.models.mixed.likelihood import Optimum, optimise, own_blocks, solve
from heard.results import Described, Unavailable

Criterion = Literal["reml", "ml"]
# The share of all variation under which what groups leave over counts as nothing.
PERFECT = 1e-9
# A standard deviation, relative to the residual's, that counts as zero.
ZERO = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomCovariance(Described):
    """The covariance of one term's effects.

    - `name`: what groups the rows.
    - `columns`: what varies between groups: ``intercept``, then the slopes.
    - `n_levels`: how many groups there are.
    - `covariance`, shape (n_columns, n_columns): in squared units of the response.
    - `singular`: some direction of it has variance zero: the estimate lies on the
      boundary.
    """

    name: str
    columns: tuple[str, ...]
    n_levels: int
    covariance: Array = field(compare=False)
    singular: bool

    @property
    def variance(self) -> float:
        """Variance of the intercept."""
        return float(self.covariance[0, 0])


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEffects(Described):
    """Predicted effects of one term, one row a group.

    - `levels`: the groups.
    - `predicted`, shape (n_groups, n_columns): best linear unbiased predictions.
    - `conditional`, shape (n_groups, n_columns, n_columns): variance of the effects
      given the answers, fixed part taken as known.
    - `error`, shape (n_groups, n_columns, n_columns): the same with the fixed part
      estimated: the mean squared error of prediction.
    - `shared`, shape (n_groups, n_columns, n_fixed): covariance of that prediction
      error with the coefficients.
    """

    levels: tuple[object, ...]
    predicted: Array
    conditional: Array
    error: Array
    shared: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedFit(Described):
    """A linear mixed model fitted to rows.

    - `criterion`, {"reml", "ml"}: what was maximised.
    - `n`: rows.
    - `names`: the fixed columns.
    - `coefficients`, shape (n_fixed,): their coefficients.
    - `coefficient_covariance`, shape (n_fixed, n_fixed): given the variances, as lme4
      and SAS report it.
    - `random`: one a random term, in the order given.
    - `residual_variance`: within all groups.
    - `log_likelihood`: of the criterion.
    - `singular`: terms whose covariance lies on the boundary.
    - `converged`: the gradient vanishes and the Hessian is positive definite.
    - `design`: the cross-products.
    - `optimum`: where the likelihood is highest, and its curvature.
    """

    criterion: Criterion
    n: int
    names: tuple[str, ...]
    coefficients: Array = field(compare=False)
    coefficient_covariance: Array = field(compare=False)
    random: tuple[RandomCovariance, ...]
    residual_variance: float
    log_likelihood: float
    singular: tuple[str, ...]
    converged: bool
    design: MixedDesign = field(repr=False, compare=False)
    optimum: Optimum = field(repr=False, compare=False)

    def variance(self, name: str) -> float:
        """Variance of the intercepts of one term."""
        return next(term.variance for term in self.random if term.name == name)

    def effects(self, name: str) -> RandomEffects:
        """Predict the effects of one term, with their errors."""
        place = [term.name for term in self.design.terms].index(name)
        solution, scale = self.optimum.solution, self.residual_variance
        factor = solution.factors[place]
        projections = factor @ solution.projections[place]
        covariance = np.linalg.inv(solution.precision)
        conditional = factor @ own_blocks(self.design, solution, place) @ factor.T
        fixed = projections @ covariance @ projections.transpose(0, 2, 1)
        back = np.linalg.inv(self.design.triangle)
        return RandomEffects(
            levels=self.design.terms[place].levels,
            predicted=solution.effects[place] @ factor.T,
            conditional=scale * conditional,
            error=scale * (conditional + fixed),
            shared=-scale * projections @ covariance @ back.T,
        )

    def satterthwaite_df(self, contrast: Sequence[float]) -> float:
        """Degrees of freedom of a contrast of coefficients (Satterthwaite's).

        `contrast` holds the weights of the coefficients; the contrast is their sum. The
        degrees of freedom are 2 v^2 / var(v), v the contrast's estimated variance and
        var(v) by the delta method from the curvature of the likelihood in the
        variances; infinite where the variances do not move v.

        Kuznetsova, Brockhoff & Christensen (2017), J. Statistical Software 82(13).
        """
        weights = np.linalg.solve(self.design.triangle.T, np.asarray(contrast, float))
        covariance = np.linalg.inv(self.optimum.solution.precision)
        variance = self.residual_variance * float(weights @ covariance @ weights)
        slope = weights @ self.optimum.change_of_covariance @ weights
        spread = 2 * slope @ np.linalg.pinv(self.optimum.hessian, hermitian=True)
        variance_of_estimate = float(spread @ slope)
        return (
            2 * variance**2 / variance_of_estimate
            if variance_of_estimate > 0
            else math.inf
        )


def fit_mixed_model(
    response: Array,
    terms: Sequence[RandomTerm],
    *,
    fixed: pd.DataFrame | None = None,
    criterion: Criterion = "reml",
) -> MixedFit | Unavailable:
    """Fit a linear mixed model with any number of crossed or nested random terms.

    Parameters
    ----------
    response : ndarray, shape (n_rows,)
        The answers; none missing.
    terms : sequence of RandomTerm
        What groups the rows. Terms may be crossed or nested; effects of different terms
        are independent, those of one term (intercept and slopes) are correlated.
    fixed : DataFrame, shape (n_rows, n_fixed), optional
        Columns with fixed coefficients, an intercept among them if one is wanted; None
        for an intercept alone.
    criterion : {"reml", "ml"}
        Restricted likelihood, which does not understate variances, or the full one,
        which alone compares models of different fixed columns.

    Returns
    -------
    MixedFit
        Variances may be zero; `singular` then names their terms.
    Unavailable
        No rows to spare, values missing, dependent columns, a term with one level or
        with as many levels as rows, too many levels, or no convergence.

    References
    ----------
    Bates, Maechler, Bolker & Walker (2015), J. Statistical Software 67(1).
    """
    if criterion not in {"reml", "ml"}:
        raise ValueError(f"criterion is {criterion!r}; give 'reml' or 'ml'")
    columns = fixed_intercept(len(response)) if fixed is None else fixed
    design = mixed_design(response, columns, terms)
    if isinstance(design, str):
        return Unavailable(term="mixed_model", reason=design, n=len(response))
    optimum = optimise(design, restricted=criterion == "reml")
    if not optimum.converged:
        reason = "the likelihood has no proper summit: gradient or Hessian fails"
        if optimum.solution.squares < PERFECT * design.sides[-1, -1]:
            reason = "answers agree perfectly within groups: no residual variance"
        return Unavailable(term="mixed_model", reason=reason, n=len(response))
    order = [term.name for term in terms]
    return _fitted(design, optimum, order, criterion)


def _fitted(
    design: MixedDesign, optimum: Optimum, order: list[str], criterion: Criterion
) -> MixedFit:
    variance = math.exp(optimum.log_variance)
    solution = optimum.solution
    back = np.linalg.inv(design.triangle)
    covariance = variance * back @ np.linalg.inv(solution.precision) @ back.T
    random = sorted(_random(design, optimum), key=lambda term: order.index(term.name))
    return MixedFit(
        criterion=criterion,
        n=design.n,
        names=design.names,
        coefficients=back @ (design.start + solution.coefficients),
        coefficient_covariance=covariance,
        random=tuple(random),
        residual_variance=variance,
        log_likelihood=-optimum.deviance / 2,
        singular=tuple(term.name for term in random if term.singular),
        converged=optimum.converged,
        design=design,
        optimum=optimum,
    )


def _random(design: MixedDesign, optimum: Optimum) -> list[RandomCovariance]:
    variance = math.exp(optimum.log_variance)
    return [
        RandomCovariance(
            name=term.name,
            columns=term.columns,
            n_levels=len(term.levels),
            covariance=variance * factor @ factor.T,
            singular=bool(np.abs(np.diag(factor)).min() < ZERO),
        )
        for term, factor in zip(design.terms, optimum.solution.factors, strict=True)
    ]


STEP = 1e-4  # of a central difference by a relative standard deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedMeans:
    """The mean of each group of a term: overall mean plus predicted effect.

    `levels`: the groups.
    `means`, shape (n_groups,): shrunken towards the overall mean.
    `conditional`, shape (n_groups,): variance of the effect given the answers,
      everything else known.
    `errors`, shape (n_groups,): mean squared error of the means, the overall mean and
      the variances estimated.
    """

    levels: tuple[object, ...]
    means: Array
    conditional: Array
    errors: Array


def predicted_means(fit: MixedFit, name: str) -> PredictedMeans:
    """Predict the mean of every group of one term.

    `fit`: with one fixed mean and random intercepts only.
    `name`: the term.

    Kackar & Harville (1984), J. American Statistical Association 79, 853-862.
    Kass & Steffey (1989), J. American Statistical Association 84, 717-726.
    """
    effects = fit.effects(name)
    errors = effects.error[:, 0, 0] + fit.coefficient_covariance[0, 0]
    errors = errors + 2 * effects.shared[:, 0, 0]
    return PredictedMeans(
        levels=effects.levels,
        means=effects.predicted[:, 0] + fit.coefficients[0],
        conditional=effects.conditional[:, 0, 0],
        errors=errors + _of_variances(fit, name),
    )


def _of_variances(fit: MixedFit, name: str) -> Array:
    """What estimating the variances adds: how far the means move with them."""
    theta = fit.optimum.theta
    slopes = []
    for place in range(len(theta)):
        step = STEP * np.eye(len(theta))[place]
        ends = [_means(fit, name, theta + sign * step) for sign in (1, -1)]
        slopes.append((ends[0] - ends[1]) / (2 * STEP))
    # means depend on ratios of variances only, whose covariance is this block
    covariance = 2 * np.linalg.pinv(fit.optimum.hessian, hermitian=True)[:-1, :-1]
    rows = np.array(slopes)
    return np.asarray(np.einsum("ig,ij,jg->g", rows, covariance, rows), dtype=float)


def _means(fit: MixedFit, name: str, theta: Array) -> Array:
    place = [term.name for term in fit.design.terms].index(name)
    solution = solve(fit.design, theta)
    effects = solution.effects[place][:, 0] * solution.factors[place][0, 0]
    return np.asarray(effects + solution.coefficients[0] / fit.design.triangle[0, 0])
