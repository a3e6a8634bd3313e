"""Compare arms of teams where a score has two values, with covariates.

Log odds are turned into shares: everybody as if treated, less everybody as if not.
Either generalised estimating equations with Mancl and DeRouen's errors, or a random
intercept of teams; t on teams - 2. Oracle: R gee, geepack and lme4,
tests/oracles/values/two_values.json.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from scipy import special
from statsmodels.genmod.cov_struct import Exchangeable, Independence
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from heard.effects.judgement.equivalence import (
    UncertainEffect,
    t_quantile,
    uncertain_effect,
)
from heard.errors import DataError, unknown
from heard.models.cluster_robust import Array, Labels
from heard.models.linear import covariate_columns
from heard.models.random_intercept_logit import SEPARATED, fit_random_intercept_logit
from heard.results import Composite, Estimate, Result, Unavailable

Model: TypeAlias = Literal["exchangeable", "independence", "random_intercept"]
LEVEL = 0.95
MINIMUM_CLUSTERS_PER_ARM = 3
MAXIMUM_ITERATIONS = 200
GEE_HOW = (
    "generalised estimating equations, {model} working correlation within teams, "
    "Mancl and DeRouen's small-sample standard errors"
)
MIXED_HOW = (
    "logistic model with a random intercept of teams by adaptive Gauss-Hermite "
    "integration, shares averaged over teams"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardisedShares(Composite):
    """Two arms' shares of the higher value, everybody counted in both.

    - `share_treated`, `share_control`: had everybody been in that arm.
    - `share_difference`: treated less control; 100 times it are percentage points.
    - `share_degrees_of_freedom`: what its interval rests on.
    """

    share_treated: Result
    share_control: Result
    share_difference: Result
    share_degrees_of_freedom: Result

    @property
    def effect(self) -> UncertainEffect | Unavailable:
        """The difference with its standard error, to be judged or pooled."""
        return uncertain_effect(
            self.share_difference, degrees_of_freedom=self.share_degrees_of_freedom
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """Zeros and ones, and what they are explained by: one, treated, covariates."""

    outcome: Array = field(repr=False)
    design: Array = field(repr=False)
    clusters: Labels = field(repr=False)
    names: tuple[str, ...]
    n_clusters: tuple[int, int]

    def as_if(self, treated: float) -> Array:
        """The design, had everybody been in one arm."""
        changed = self.design.copy()
        changed[:, 1] = treated
        return changed


class _Fit(NamedTuple):
    """A covariance, and the share of a design with its slope in the same order."""

    covariance: Array
    share: Callable[[Array], tuple[float, Array]]
    how: str


def standardised_shares(
    frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    covariates: Sequence[str] = (),
    model: Model = "exchangeable",
    score: str = "score",
    arm: str = "arm",
    cluster: str = "cluster",
) -> StandardisedShares:
    """Estimate how many more of the treated give the higher of two values.

    Parameters
    ----------
    frame : DataFrame, one row a person
        Rows lacking a value, and other arms, are left out.
    treated, control : str
        The arms; treated less control.
    covariates : sequence of str
        Numbers enter as they are, categories as dummies.
    model : {"exchangeable", "independence", "random_intercept"}
        Estimating equations with that working correlation, or a random intercept.
    score, arm, cluster : str
        Columns; the score has two values, the cluster is what was allocated.

    Returns
    -------
    StandardisedShares
        From 0 to 1; ``n`` counts people. Unavailable: fewer than 3 teams in an arm,
        one value only, kinds of people who all give the same value.

    Raises
    ------
    DataError
        A column is missing, a score has more than two values, a team is in both arms.

    References
    ----------
    Liang & Zeger (1986), Biometrika 73, 13-22; Mancl & DeRouen (2001), Biometrics
    57(1), 126-134.
    """
    answers = _answers(
        frame, (treated, control), (score, arm, cluster), tuple(covariates)
    )
    adjusted = f", adjusted for {', '.join(answers.names)}" if answers.names else ""
    what = f"share of the higher value{adjusted}, standardised over everybody"
    fault = _fault(answers)
    fit = fault or (
        _mixed(answers) if model == "random_intercept" else _gee(answers, model)
    )
    if isinstance(fit, str):
        n = len(answers.outcome)
        return StandardisedShares.unavailable(fit, n=n, method=what)
    return _compared(answers, fit, what)


def _compared(answers: _Answers, fit: _Fit, what: str) -> StandardisedShares:
    n, degrees = len(answers.outcome), sum(answers.n_clusters) - 2
    shares = [fit.share(answers.as_if(arm)) for arm in (1.0, 0.0)]
    error = _error(shares[0][1] - shares[1][1], fit.covariance)
    if not error > 0:
        return StandardisedShares.unavailable(SEPARATED, n=n, method=what)
    difference = shares[0][0] - shares[1][0]
    reach = t_quantile((1 + LEVEL) / 2, degrees) * error
    how = f"{what}; {fit.how}; delta method, t with {degrees} degrees of freedom"
    treated, control = (
        _limited(term, _share(share, fit, degrees), n, how)
        for term, share in zip(("share_treated", "share_control"), shares, strict=True)
    )
    return StandardisedShares(
        share_treated=treated,
        share_control=control,
        share_difference=Estimate.of(
            "share_difference",
            difference,
            (difference - reach, difference + reach),
            n=n,
            method=f"treated less control; {how}",
        ),
        share_degrees_of_freedom=Estimate.of(
            "share_degrees_of_freedom",
            degrees,
            n=sum(answers.n_clusters),
            n_unit="teams",
            method="degrees of freedom of the t interval: teams less 2; no interval",
        ),
    )


def _answers(
    frame: pd.DataFrame,
    arms: tuple[str, str],
    columns: tuple[str, str, str],
    covariates: tuple[str, ...],
) -> _Answers:
    score, arm, cluster = columns
    needed = [*columns, *covariates]
    if missing := [name for name in needed if name not in frame.columns]:
        known = [str(name) for name in frame.columns]
        raise DataError("two values", unknown("column", ", ".join(missing), known))
    rows = frame.loc[frame[arm].isin(arms), needed].dropna()
    values = np.unique(rows[score].to_numpy(float))
    if len(values) > 2:
        raise DataError("two values", f"the score has {len(values)} values, not two")
    in_arm = rows.groupby(cluster, observed=True)[arm].nunique()
    if straddling := int((in_arm > 1).sum()):
        raise DataError("two values", f"{straddling} teams are in both arms")
    is_treated = np.asarray(rows[arm] == arms[0], dtype=float)
    added, names = covariate_columns(rows, covariates)
    counts = rows.groupby(arm, observed=True)[cluster].nunique()
    return _Answers(
        outcome=np.asarray(rows[score].isin(values[1:]), dtype=float),
        design=np.column_stack([np.ones(len(rows)), is_treated, added]),
        clusters=rows[cluster].factorize()[0],
        names=names,
        n_clusters=(int(counts.get(arms[0], 0)), int(counts.get(arms[1], 0))),
    )


def _fault(answers: _Answers) -> str:
    if min(answers.n_clusters) < MINIMUM_CLUSTERS_PER_ARM:
        return "fewer than 3 teams in an arm: no interval that respects teams"
    for side in (1.0, 0.0):
        own = answers.outcome[answers.design[:, 1] == side]
        if own.min() == own.max():
            return "everybody in an arm gave the same value: no odds can be given"
    if np.linalg.matrix_rank(answers.design) < answers.design.shape[1]:
        return "some columns predict each other: leave out or merge groups"
    return ""


def _gee(answers: _Answers, model: Model) -> _Fit | str:
    structure = Exchangeable() if model == "exchangeable" else Independence()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = GEE(
                answers.outcome,
                answers.design,
                groups=answers.clusters,
                family=Binomial(),
                cov_struct=structure,
            ).fit(cov_type="bias_reduced", ctol=1e-10, maxiter=MAXIMUM_ITERATIONS)
    except (Warning, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return SEPARATED
    coefficients = np.asarray(found.params, float)
    covariance = np.asarray(found.cov_params(), float)
    if not np.isfinite(covariance).all():
        return SEPARATED

    def share(design: Array) -> tuple[float, Array]:
        shares = special.expit(design @ coefficients)
        return float(shares.mean()), design.T @ (shares * (1 - shares)) / len(design)

    return _Fit(covariance, share, GEE_HOW.format(model=model))


def _mixed(answers: _Answers) -> _Fit | str:
    found = fit_random_intercept_logit(
        answers.outcome,
        answers.design,
        answers.clusters,
        names=("one", "treated", *answers.names),
    )
    if isinstance(found, Unavailable):
        return found.reason
    return _Fit(found.covariance, found.mean_share, MIXED_HOW)


def _error(slope: Array, covariance: Array) -> float:
    return math.sqrt(max(float(slope @ covariance @ slope), 0.0))


def _share(
    share: tuple[float, Array], fit: _Fit, degrees: int
) -> tuple[float, float, float]:
    """A share with its limits on the logit scale."""
    value, slope = share
    error = _error(slope, fit.covariance) / (value * (1 - value))
    reach = t_quantile((1 + LEVEL) / 2, degrees) * error
    logit = float(special.logit(value))
    return (
        value,
        float(special.expit(logit - reach)),
        float(special.expit(logit + reach)),
    )


def _limited(
    term: str, known: tuple[float, float, float], n: int, how: str
) -> Estimate:
    value, low, high = known
    method = f"{how}; limits on the logit scale"
    return Estimate.of(term, value, (low, high), n=n, method=method)
