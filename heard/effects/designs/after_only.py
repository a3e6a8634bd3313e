"""Compare arms at one wave: as they are, or adjusted for covariates.

Welch's difference, several contrasts at once, and least squares with HC3, or CR2 where
people were trained in groups. Oracles: R t.test, sandwich, clubSandwich and multcomp,
tests/oracles/values/people.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from heard.effects.judgement.equivalence import UncertainEffect
from heard.errors import DataError, unknown
from heard.models.cluster_robust import Array
from heard.models.linear import (
    LinearFit,
    covariate_columns,
    least_squares,
    separate_means,
)
from heard.results import Described, Unavailable

MINIMUM_PEOPLE = 2
Contrast = tuple[str, str]
"""The treated arm, and the one it is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmContrasts(Described):
    """Several differences between arms, and how they move together.

    - `contrasts`: treated and control arm of each.
    - `effects`: the difference of each, or why there is none.
    - `correlation`, shape (n_contrasts, n_contrasts): of the estimates, which share
      arms; NaN where there is none.
    """

    contrasts: tuple[Contrast, ...]
    effects: tuple[UncertainEffect | Unavailable, ...]
    correlation: Array = field(compare=False)


def difference_after(
    frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    score: str = "score",
    arm: str = "arm",
) -> UncertainEffect | Unavailable:
    """Estimate the difference of two arms' mean scores, each with its own spread.

    Parameters
    ----------
    frame : DataFrame, one row a person
        Rows without a score, and other arms, are left out.
    treated, control : str
        The arms; treated less control.
    score, arm : str
        Columns.

    Returns
    -------
    UncertainEffect
        With Welch's degrees of freedom; ``n`` counts people.
    Unavailable
        Fewer than 2 scores in an arm, or nothing varies.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35.
    """
    found = differences_after(
        frame, contrasts=[(treated, control)], score=score, arm=arm
    )
    return found.effects[0]


def differences_after(
    frame: pd.DataFrame,
    *,
    contrasts: Sequence[Contrast],
    score: str = "score",
    arm: str = "arm",
) -> ArmContrasts:
    """Estimate several differences of arms' mean scores, as `difference_after` one.

    Parameters
    ----------
    frame : DataFrame, one row a person
        Rows without a score, and other arms, are left out.
    contrasts : sequence of (treated, control)
        The pairs of arms, as declared.
    score, arm : str
        Columns.

    Returns
    -------
    ArmContrasts
        Give it to `simultaneous_effects` for limits that hold together.

    Raises
    ------
    DataError
        A column is missing.
    """
    arms = tuple(dict.fromkeys(name for pair in contrasts for name in pair))
    rows = _rows(frame, (score, arm), arm, arms)
    codes = rows[arm].map({name: place for place, name in enumerate(arms)}).to_numpy()
    counts = np.bincount(codes, minlength=len(arms))
    weights = np.array(
        [[(a == t) - (a == c) for a in arms] for t, c in contrasts], dtype=float
    )
    fit = separate_means(
        rows[score].to_numpy(float), codes, counts=np.maximum(counts, 1)
    )
    effects = tuple(
        _effect(fit, row, n=int(counts[row != 0].sum()), term="difference_after")
        for row in weights
    )
    covariance = weights @ fit.covariance @ weights.T
    spread = np.sqrt(np.diag(covariance))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = covariance / np.outer(spread, spread)
    return ArmContrasts(
        contrasts=tuple(contrasts), effects=effects, correlation=correlation
    )


def adjusted_difference(
    frame: pd.DataFrame,
    *,
    treated: str,
    control: str,
    covariates: Sequence[str],
    score: str = "score",
    arm: str = "arm",
    cluster: str | None = None,
) -> UncertainEffect | Unavailable:
    """Estimate two arms' difference at equal covariates, such as the score before.

    Parameters
    ----------
    frame : DataFrame, one row a person
        Rows without a score or a covariate, and other arms, are left out.
    treated, control : str
        The arms; treated less control.
    covariates : sequence of str
        Numbers enter as they are, categories as dummies.
    score, arm : str
        Columns.
    cluster : str, optional
        Column of teams, or of groups trained together, where who was trained alone is a
        group of one. Ordered answers enter as their `ridits`.

    Returns
    -------
    UncertainEffect
        Least squares with HC3 errors and people less columns as degrees of freedom;
        with clusters CR2 and Satterthwaite's.
    Unavailable
        Fewer than 2 people in an arm, no people to spare, covariates that predict each
        other or the arm, nothing left over, fewer than 5 clusters where asked.

    References
    ----------
    Long & Ervin (2000), The American Statistician 54(3), 217-224 (HC3); Pustejovsky &
    Tipton (2018), J. Business & Economic Statistics 36(4), 672-683 (CR2).
    """
    columns = (score, arm, *covariates, *([] if cluster is None else [cluster]))
    rows = _rows(frame, columns, arm, (treated, control))
    is_treated = rows[arm].eq(treated).to_numpy(float)
    n, term = len(rows), "adjusted_difference"
    if min(is_treated.sum(), n - is_treated.sum()) < MINIMUM_PEOPLE:
        return Unavailable(term=term, reason="fewer than 2 people in an arm", n=n)
    added, names = covariate_columns(rows, covariates)
    fit = least_squares(
        rows[score].to_numpy(float),
        np.column_stack([np.ones(n), is_treated, added]),
        names=("one", "treated", *names),
        clusters=None if cluster is None else rows[cluster],
    )
    if isinstance(fit, Unavailable):
        return Unavailable(term=term, reason=fit.reason, n=n)
    weights = np.eye(2 + len(names))[1]
    return _effect(fit, weights, n=n, term=term)


def _rows(
    frame: pd.DataFrame, columns: Sequence[str], arm: str, arms: Sequence[str]
) -> pd.DataFrame:
    if missing := [name for name in columns if name not in frame.columns]:
        known = [str(name) for name in frame.columns]
        raise DataError("arms", unknown("column", ", ".join(missing), known))
    return frame.loc[frame[arm].isin(arms), list(columns)].dropna()


def _effect(
    fit: LinearFit, weights: Array, *, n: int, term: str
) -> UncertainEffect | Unavailable:
    if fault := fit.fault(weights):
        return Unavailable(term=term, reason=fault, n=n, method=fit.method)
    return UncertainEffect(
        term=term,
        effect=float(weights @ fit.coefficients),
        standard_error=fit.error(weights),
        degrees_of_freedom=fit.degrees(weights),
        n=n,
    )
