"""Those who stayed, weighted to stand for those who started.

The rule that holds throughout: a person like many who left counts more; how much this
costs (effective n), what was trimmed and what it mended (balance) is told.
Oracles: R glm and clubSandwich, tests/oracles/values/missing.json.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Estimate, Result, Unavailable
from analysis.outcomes.missing.arm_effect import EFFECT, ArmModel, prepared
from analysis.outcomes.missing.response import Known, fitted_leaving, known_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from analysis.outcomes.missing.conditional import Numbers, Positions

# Weights above this quantile are set to it: one person should not carry the answer.
TRIM = 0.99
SEEN = "describes the people at hand, so no interval; n counts people with an outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseWeights:
    """Weights of those with an outcome; rows are people's, so never a finding.

    Attributes
    ----------
    positions : ndarray of int, shape (n_stayers,)
        Rows of the frame given.
    values : ndarray, shape (n_stayers,)
        Stabilised, trimmed.
    chances : ndarray, shape (n_stayers,)
        Modelled probability of having an outcome.
    summary : WeightSummary
        What they cost and mend.
    method : str
        How they were made.
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
        `outcome` NaN for leavers.
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
        Everybody stayed or left (in an arm, if by arm), predictors that predict each
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
        rows, model, None, term="complete_arm_difference", how="leavers left out"
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
    return Estimate(
        term=term,
        estimate=found.estimate,
        conf_low=found.conf_low,
        conf_high=found.conf_high,
        n=found.n,
        method=f"{method}; {found.method}",
    )


def _groups(people: pd.DataFrame, known: Known, arm: str | None) -> list[Positions]:
    if arm is None:
        return [np.arange(len(known.left))]
    arms = people[arm].iloc[known.positions].astype(str).to_numpy()
    return [np.flatnonzero(arms == name) for name in np.unique(arms)]


def _part(known: Known, rows: Positions) -> Known:
    """One arm's rows, without the columns that only tell arms apart."""
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
        return Estimate(
            term=term,
            estimate=value,
            n=len(values),
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
        Estimate(
            term=f"balance_{kind}",
            estimate=(mean - middle) / spread,
            n=len(seen),
            method="mean of those who stayed less that of all who started, over the "
            f"standard deviation (divisor n-1) of all who started; {kind}; {SEEN}",
        )
        for kind, mean in zip(("unweighted", "weighted"), means, strict=True)
    ]
    return Balance(predictor=name, unweighted=results[0], weighted=results[1])
