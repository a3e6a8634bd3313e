"""Weight completers to represent everyone who started.

Inverse probability of response, from a logistic model of what was known at the start.
The effective n, the trimming and the balance reached are reported. Oracles: R glm,
sandwich and clubSandwich, tests/oracles/values/missing.json.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2
from statsmodels.discrete.discrete_model import Logit

from heard.effects.missing_data.arm_effect import EFFECT, ArmModel, prepared
from heard.models.chained_equations import Numbers, Positions
from heard.models.linear import covariate_columns
from heard.results import Composite, Described, Estimate, Result, Unavailable

MINIMUM_CLUSTERS = 5
# A person who stays or leaves with a probability this near to certain has no odds.
CERTAIN = 1e-8
DEPENDENT = 1e-9
ONE_KIND = "everyone stayed, or everyone left: nothing to model"
SEPARATED = "some kind of people always stay or always leave: no odds can be given"
DEPENDS = "the predictors predict each other, or one never varies: leave out or merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class OddsRatio(Composite):
    """The association of one predictor with dropping out."""

    predictor: str
    odds_ratio: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class AttritionModel(Composite):
    """Predictors of dropping out, in one model.

    - `odds_ratios`: over 1: more leave.
    - `leavers_differ_by_arm`: p of the predictors doing the same in every arm.
    """

    outcome: str
    odds_ratios: tuple[OddsRatio, ...]
    leavers_differ_by_arm: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Rows with all predictors, as a design.

    `design`, shape (n_rows, n_names): an intercept first.
    `left`, shape (n_rows,): 1 where the outcome is missing.
    """

    positions: Positions = field(repr=False)
    design: Numbers = field(repr=False)
    left: Numbers = field(repr=False)
    names: tuple[str, ...]


def attrition_model(
    people: pd.DataFrame,
    *,
    outcome: str,
    predictors: Sequence[str],
    arm: str | None = None,
    cluster: str | None = None,
) -> AttritionModel | Unavailable:
    """Model leaving by what was known at the start.

    Parameters
    ----------
    people : DataFrame, one row a participant
        `outcome` NaN for dropouts.
    predictors : sequence of str
        Numbers (odds ratio a unit) or categories (against the first level); rows
        without one are left out.
    arm, cluster : str, optional
        The arm is a predictor as well; clusters make the errors theirs.

    Returns
    -------
    AttritionModel
        Odds ratios with Wald intervals: normal, or with clusters t on G - 1.
    Unavailable
        Everyone stayed or left, predictors that predict each other, people who always
        stay or leave, fewer than 5 clusters.
    """
    columns = [*([] if arm is None else [arm]), *predictors]
    known = known_rows(people, outcome=outcome, predictors=columns, also=cluster)
    fit = fitted_leaving(known)
    if isinstance(fit, str):
        return Unavailable(term="attrition_model", reason=fit, n=len(known.left))
    if cluster is not None:
        codes, labels = pd.factorize(people[cluster].iloc[known.positions])
        if len(labels) < MINIMUM_CLUSTERS:
            reason = f"{len(labels)} clusters; at least {MINIMUM_CLUSTERS} needed"
            return Unavailable(term="attrition_model", reason=reason, n=len(known.left))
        fit = fitted_leaving(known, codes)
        assert not isinstance(fit, str), "it was fitted without clusters above"
    return AttritionModel(
        outcome=outcome,
        odds_ratios=tuple(
            OddsRatio(
                predictor=name, odds_ratio=_odds_ratio(fit, place, known, cluster)
            )
            for place, name in enumerate(known.names)
            if place
        ),
        leavers_differ_by_arm=_by_arm(known, fit, arm, clustered=bool(cluster)),
    )


def known_rows(
    people: pd.DataFrame,
    *,
    outcome: str,
    predictors: Sequence[str],
    also: str | None = None,
) -> Known:
    """The rows with every predictor (and `also` a cluster), as a design."""
    asked = [*predictors, *([] if also is None else [also])]
    positions = np.flatnonzero(people[asked].notna().all(axis=1).to_numpy())
    rows = people.iloc[positions]
    columns, names = covariate_columns(rows, predictors)
    return Known(
        positions=positions,
        design=np.column_stack([np.ones(len(rows)), columns]),
        left=np.asarray(rows[outcome].isna(), dtype=float),
        names=("one", *names),
    )


def fitted_leaving(known: Known, clusters: Positions | None = None) -> Any:
    """The logistic model of leaving by statsmodels, or in words why there is none."""
    design = known.design
    if not 0 < known.left.sum() < len(known.left):
        return ONE_KIND
    if len(design) <= design.shape[1]:
        return f"{len(design)} rows for {design.shape[1]} columns: no rows to spare"
    lengths = np.linalg.norm(design, axis=0)
    if (lengths == 0).any():
        return DEPENDS
    diagonal = np.diag(np.linalg.qr(design / lengths, mode="r"))
    if (np.abs(diagonal) < DEPENDENT).any():
        return DEPENDS
    how: dict[str, Any] = {}
    if clusters is not None:
        how = {
            "cov_type": "cluster",
            "cov_kwds": {"groups": clusters},
            "use_t": True,
        }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit = Logit(known.left, design).fit(
                disp=0, maxiter=100, tol=1e-12, method="newton", **how
            )
    except (Warning, ArithmeticError, ValueError, np.linalg.LinAlgError):
        return SEPARATED
    chances = fit.predict()
    certain = np.minimum(chances, 1 - chances) < CERTAIN
    return SEPARATED if certain.any() else fit


def _odds_ratio(fit: Any, place: int, known: Known, cluster: str | None) -> Result:
    low, high = np.exp(fit.conf_int()[place])
    n_dropouts = int(known.left.sum())
    errors = (
        "cluster-robust errors (CR1) and t on clusters less one, rather narrow where "
        "clusters are few"
        if cluster
        else "people taken as independent, normal interval"
    )
    return Estimate.of(
        "attrition_odds_ratio",
        np.exp(fit.params[place]),
        (low, high),
        n=len(known.left),
        method=f"odds of leaving, logistic model with {', '.join(known.names[1:])}; "
        f"Wald interval, {errors}; {n_dropouts} left; rows with every predictor; n "
        "counts "
        "people",
    )


def _by_arm(known: Known, fit: Any, arm: str | None, *, clustered: bool) -> Result:
    """Likelihood-ratio p of equal coefficients in every arm."""
    term, n = "leavers_differ_by_arm_p_value", len(known.left)
    method = (
        "likelihood-ratio test of all products of arm and predictors; a probability "
        "has no interval"
    )
    if arm is None or clustered:
        reason = "no arm was named" if arm is None else "people share clusters"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    own = [name.startswith(f"{arm}: ") or name == arm for name in known.names]
    arms = known.design[:, own]
    others = known.design[:, ~np.array(own)][:, 1:]
    if not others.shape[1] or not arms.shape[1]:
        reason = "no predictor other than the arm, or one arm only"
        return Unavailable(term=term, reason=reason, n=n, method=method)
    crossed = (arms[:, :, None] * others[:, None, :]).reshape(n, -1)
    wider = Known(
        positions=known.positions,
        design=np.hstack([known.design, crossed]),
        left=known.left,
        names=known.names,
    )
    larger = fitted_leaving(wider)
    if isinstance(larger, str):
        return Unavailable(term=term, reason=larger, n=n, method=method)
    rise = max(2 * (larger.llf - fit.llf), 0.0)
    return Estimate.of(
        term,
        chi2.sf(rise, crossed.shape[1]),
        n=n,
        method=f"{method}; {crossed.shape[1]} degrees of freedom",
    )


# Weights above this quantile are set to it: one person should not carry the answer.
TRIM = 0.99
FOLLOWED = "people with an outcome"
SEEN = "describes the people at hand, so no interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseWeights(Described):
    """Weights of those with an outcome; rows are people's, so never a finding.

    - `positions`, shape (n_stayers,): rows of the frame given.
    - `values`, shape (n_stayers,): stabilised, trimmed.
    - `chances`, shape (n_stayers,): modelled probability of having an outcome.
    - `summary`: what they cost and mend.
    - `method`: how they were made.
    """

    positions: Positions = field(repr=False, compare=False)
    values: Numbers = field(repr=False, compare=False)
    chances: Numbers = field(repr=False, compare=False)
    summary: WeightSummary
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(Composite):
    """One predictor: those who stayed against all who started."""

    predictor: str
    unweighted: Result
    weighted: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSummary(Composite):
    """What weights cost, and what they mend."""

    outcome: str
    effective_n: Result
    largest_weight: Result
    n_trimmed: Result
    balance: tuple[Balance, ...]


def response_weights(
    people: pd.DataFrame,
    *,
    outcome: str,
    predictors: Sequence[str],
    arm: str | None = None,
    by_arm: bool = False,
    trim: float = TRIM,
) -> ResponseWeights | Unavailable:
    """Weigh those who stayed by the inverse of their chance to stay.

    Parameters
    ----------
    people : DataFrame, one row a participant
        `outcome` NaN for dropouts.
    predictors : sequence of str
        Numbers or categories known at the start; rows without one are left out.
    arm : str, optional
        A predictor too; weights are stabilised by the share of the arm that stayed.
    by_arm : bool
        Whether predictors may work differently in each arm: a model each.
    trim : float
        Quantile of the weights that larger ones are set to; 1 trims nothing.

    Returns
    -------
    ResponseWeights
        Mean weight near 1.
    Unavailable
        Everyone stayed or left (in an arm, if by arm), predictors that predict each
        other, or people who always stay or leave.

    References
    ----------
    Seaman & White (2013), Statistical Methods in Medical Research 22(3), 278-295.
    """
    own = [] if arm is None else [arm]
    known = known_rows(people, outcome=outcome, predictors=[*own, *predictors])
    groups = _groups(people, known, arm)
    chances = np.empty(len(known.left))
    parts = groups if by_arm else [np.arange(len(known.left))]
    for part in parts:
        fit = fitted_leaving(_part(known, part) if by_arm else known)
        if isinstance(fit, str):
            return Unavailable(term="response_weights", reason=fit, n=len(known.left))
        chances[part] = 1 - fit.predict()
    shares = np.empty(len(known.left))
    for group in groups:
        shares[group] = 1 - known.left[group].mean()
    stayed = known.left == 0
    whole = (shares / chances)[stayed]
    limit = float(np.quantile(whole, trim))
    values = np.minimum(whole, limit)
    n_trimmed = int((whole > limit).sum())
    method = (
        "inverse probability of response, logistic model with "
        f"{', '.join(known.names[1:])}{', each arm its own' if by_arm else ''}; "
        f"stabilised by the share that stayed{' of the arm' if own else ''}; "
        f"weights above their quantile {trim:g} set to it"
    )
    return ResponseWeights(
        positions=known.positions[stayed],
        values=values,
        chances=chances[stayed],
        summary=_summary(known, values, n_trimmed, outcome=outcome, method=method),
        method=method,
    )


def weighted_arm_difference(
    people: pd.DataFrame, weights: ResponseWeights, model: ArmModel
) -> Result:
    """Difference between arms among those who stayed, weighted.

    Parameters
    ----------
    people : DataFrame, one row a participant
        The frame the weights were made from.
    weights : ResponseWeights
        Taken as known, which makes the interval a little wide rather than narrow.
    model : ArmModel
        What is compared.

    Returns
    -------
    Estimate
        In units of the outcome; n counts people with an outcome.
    Unavailable
        Fewer than 5 clusters, an empty arm, nothing left over.
    """
    rows = people.iloc[weights.positions]
    kept = model.rows(rows)
    return _difference(
        rows[kept],
        model,
        weights.values[kept],
        term="weighted_arm_difference",
        how=f"{weights.method}, taken as known",
    )


def complete_arm_difference(people: pd.DataFrame, model: ArmModel) -> Result:
    """Difference between arms among those who stayed, as if they stood for all.

    Unavailable as `weighted_arm_difference` is.
    """
    rows = people[model.rows(people) & people[model.outcome].notna().to_numpy()]
    return _difference(
        rows, model, None, term="complete_arm_difference", how="dropouts left out"
    )


def _difference(
    rows: pd.DataFrame,
    model: ArmModel,
    weights: Numbers | None,
    *,
    term: str,
    how: str,
) -> Result:
    fit = prepared(rows, model).fit(weights=weights)
    method = f"{model.describe()}; {how}"
    if isinstance(fit, Unavailable):
        return Unavailable(term=term, reason=fit.reason, n=fit.n, method=method)
    found = fit.estimate(EFFECT, term=term)
    if isinstance(found, Unavailable):
        return found
    return Estimate.of(
        term,
        found.estimate,
        (found.conf_low, found.conf_high),
        n=found.n,
        method=f"{method}; {found.method}",
    )


def _groups(people: pd.DataFrame, known: Known, arm: str | None) -> list[Positions]:
    if arm is None:
        return [np.arange(len(known.left))]
    arms = people[arm].iloc[known.positions].astype(str).to_numpy()
    return [np.flatnonzero(arms == name) for name in np.unique(arms)]


def _part(known: Known, rows: Positions) -> Known:
    """One arm's rows, without the columns that only distinguish arms."""
    design = known.design[rows]
    varies = np.ptp(design, axis=0) > 0
    varies[0] = True
    return Known(
        positions=known.positions[rows],
        design=design[:, varies],
        left=known.left[rows],
        names=tuple(np.array(known.names)[varies].tolist()),
    )


def _summary(
    known: Known, values: Numbers, n_trimmed: int, *, outcome: str, method: str
) -> WeightSummary:
    def as_estimate(term: str, value: float, words: str) -> Estimate:
        return Estimate.of(
            term,
            value,
            n=len(values),
            n_unit=FOLLOWED,
            method=f"{words}; {method}; {SEEN}",
        )

    return WeightSummary(
        outcome=outcome,
        effective_n=as_estimate(
            "effective_n",
            float(values.sum() ** 2 / (values**2).sum()),
            "Kish's effective n: squared sum of the weights over their sum of squares",
        ),
        largest_weight=as_estimate(
            "largest_weight", float(values.max()), "after trimming"
        ),
        n_trimmed=as_estimate(
            "n_trimmed", float(n_trimmed), "weights set to the limit"
        ),
        balance=tuple(
            _balance(name, column, known.left == 0, values)
            for name, column in zip(known.names[1:], known.design.T[1:], strict=True)
        ),
    )


def _balance(
    name: str, column: Numbers, stayed: npt.NDArray[np.bool_], values: Numbers
) -> Balance:
    spread = float(column.std(ddof=1))
    middle, seen = float(column.mean()), column[stayed]
    means = (float(seen.mean()), float(np.average(seen, weights=values)))
    results = [
        Estimate.of(
            f"balance_{kind}",
            (mean - middle) / spread,
            n=len(seen),
            n_unit=FOLLOWED,
            method="mean of those who stayed less that of all who started, over the "
            f"standard deviation (divisor n-1) of all who started; {kind}; {SEEN}",
        )
        for kind, mean in zip(("unweighted", "weighted"), means, strict=True)
    ]
    return Balance(predictor=name, unweighted=results[0], weighted=results[1])
