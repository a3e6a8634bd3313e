"""Estimate how scores rise with sessions attended, and with kinds of session.

Participants choose how much they attend, so a slope between people need not be the
effect of the sessions: `future_dose` checks that, and the slope within people compares
each with themselves. Curves are restricted cubic splines with three knots. Oracles: R
clubSandwich and Hmisc, tests/oracles/values/compared.json.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.designs.difference_in_differences import (
    answered_twice,
    complete_rows,
    link_fault,
    score_fault,
    within,
)
from heard.models.cluster_robust import Array, ClusterRobustFit, cluster_robust_fit
from heard.results import Composite, Result, Unavailable

QUANTILES = (0.1, 0.5, 0.9)


def three_knots(doses: Array) -> Array | None:
    """Knots at the 10th, 50th and 90th percentile, None where they coincide.

    Where so many had the smallest dose that they do, those above it place the knots.
    """
    for placing in (doses, doses[doses > doses.min()]):
        if placing.size:
            knots = np.quantile(placing, QUANTILES)
            if (np.diff(knots) > 0).all() and len(np.unique(doses)) > len(QUANTILES):
                return np.asarray(knots)
    return None


def bend(doses: Array, knots: Array) -> Array:
    """The bending column, shape (n_doses,), in units of the dose.

    Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.4.
    """
    first, middle, last = knots

    def beyond(knot: float) -> Array:
        return np.asarray(np.clip(doses - knot, 0, None) ** 3)

    turned = (
        beyond(first)
        - beyond(middle) * (last - first) / (last - middle)
        + beyond(last) * (middle - first) / (last - middle)
    )
    return np.asarray(turned / (last - first) ** 2)


ONE_DOSE = "everyone had the same dose: nothing to compare"
NO_CURVE = "fewer than 4 different doses, or too many the same: no curve can be fitted"
CHOSEN = "attendance was chosen, not allocated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePoint(Composite):
    """The score after a dose less the score after the reference dose.

    - `dose`: how much.
    - `dose_effect`: in score units, people with the same score before.
    """

    dose: str
    dose_effect: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseResponse(Composite):
    """Score after by dose, straight and curved."""

    dose_slope: Result
    dose_slope_p_value: Result
    dose_curve_p_value: Result
    by_dose: tuple[DosePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinPersonDose(Composite):
    """What a further session comes with, each person compared with themselves."""

    within_person_dose_slope: Result
    within_person_dose_p_value: Result


def dose_response(
    frame: pd.DataFrame,
    *,
    at: Sequence[float],
    reference: float = 0.0,
    dose: str = "sessions",
    before: str = "before",
    after: str = "after",
    cluster: str = "cluster",
    covariates: Sequence[str] = (),
) -> DoseResponse:
    """Estimate the score after by the dose received, given the score before.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Dose, both scores, the cluster, numeric covariates. Rows lacking one are left
        out.
    at : sequence of float
        Doses to compare with `reference`.
    reference : float
        The dose compared with.
    dose, before, after, cluster : str
        Columns.
    covariates : sequence of str
        What else to adjust for.

    Returns
    -------
    DoseResponse
        The slope is score units a session, by a straight line. ``by_dose`` follows a
        restricted cubic spline where there are 4 doses or more, else the line;
        ``dose_curve_p_value`` asks whether the line will not do. Unavailable: a dose
        outside those seen, one dose only, fewer than 5 clusters.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.4.
    """
    scores = [after, before, dose, *covariates]
    rows = complete_rows(frame, scores=scores, labels=[cluster])
    fault = score_fault(rows, scores)
    if not fault and rows[dose].nunique() < 2:
        fault = ONE_DOSE
    if fault:
        return _nothing(at, Unavailable(term="", reason=fault, n=len(rows)))
    doses = rows[dose].to_numpy(dtype=float)
    line = _adjusted(rows, after, [before, *covariates], {"dose": doses}, cluster)
    if isinstance(line, Unavailable):
        return _nothing(at, line)
    knots = three_knots(doses)
    curve: ClusterRobustFit | Unavailable = Unavailable(term="", reason=NO_CURVE)
    if knots is not None:
        columns = {"dose": doses, "bend": bend(doses, knots)}
        curve = _adjusted(rows, after, [before, *covariates], columns, cluster)
    adjusted_for = ", ".join(["the score before", *covariates])
    what = f"score after, given {adjusted_for}; {CHOSEN}"
    bent = dataclasses.replace(
        curve.p_value("bend", term="dose_curve_p_value")
        if isinstance(curve, ClusterRobustFit)
        else dataclasses.replace(curve, term="dose_curve_p_value", n=line.n),
        method=f"{what}; restricted cubic spline against a straight line",
    )
    return DoseResponse(
        dose_slope=_with_method(
            line.estimate("dose", term="dose_slope"), f"line; {what}"
        ),
        dose_slope_p_value=_with_method(
            line.p_value("dose", term="dose_slope_p_value"), f"line; {what}"
        ),
        dose_curve_p_value=bent,
        by_dose=tuple(
            _point(
                line if isinstance(curve, Unavailable) else curve,
                None if isinstance(curve, Unavailable) else knots,
                doses,
                (value, reference),
                what,
            )
            for value in at
        ),
    )


def within_person_dose(
    frame: pd.DataFrame,
    *,
    dose: str = "sessions",
    score: str = "score",
    cluster: str = "cluster",
) -> WithinPersonDose:
    """Estimate what a further session comes with, in the same person.

    Parameters
    ----------
    frame : DataFrame, one row a participant and wave
        ``participant``, ``wave``, cluster, score, and the sessions attended up to that
        wave. At three waves or more people who attend at different times are compared;
        at two the slope is that of changes on sessions.
    dose, score, cluster : str
        Columns.

    Returns
    -------
    WithinPersonDose
        Score units a session. What does not change in a person cannot bias it; that
        people attend when they feel better can. Those who answered once are left out;
        n counts answers. Unavailable: a dose that changes alike for everyone, a
        participant twice at a wave, fewer than 5 clusters.
    """
    terms = "within_person_dose_slope", "within_person_dose_p_value"
    labels = ["participant", "wave", cluster]
    rows = complete_rows(frame, scores=[score, dose], labels=labels)
    rows = answered_twice(rows)
    fault = score_fault(rows, [score, dose]) or link_fault(rows, cluster=cluster)
    fit: ClusterRobustFit | Unavailable
    fit = Unavailable(term="", reason=fault, n=len(rows))
    if not fault:
        fit = _within_fit(rows, dose, score, cluster)
    if isinstance(fit, Unavailable):
        return WithinPersonDose(
            within_person_dose_slope=dataclasses.replace(fit, term=terms[0]),
            within_person_dose_p_value=dataclasses.replace(fit, term=terms[1]),
        )
    what = f"an intercept for every person and wave; {CHOSEN}"
    return WithinPersonDose(
        within_person_dose_slope=_with_method(
            fit.estimate("dose", term=terms[0]), what
        ),
        within_person_dose_p_value=_with_method(
            fit.p_value("dose", term=terms[1]), what
        ),
    )


def _within_fit(
    rows: pd.DataFrame, dose: str, score: str, cluster: str
) -> ClusterRobustFit | Unavailable:
    waves = list(dict.fromkeys(rows["wave"]))
    columns = [(rows["wave"] == wave).to_numpy(dtype=float) for wave in waves[1:]]
    given = [rows[name].to_numpy(dtype=float) for name in (score, dose)]
    centred = [given[0] - given[0].mean(), *columns, given[1]]
    left = within(np.column_stack(centred), rows["participant"].to_numpy())
    if not np.abs(left[:, -1]).max():
        reason = "no one's dose changes over the waves"
        return Unavailable(term="", reason=reason, n=len(rows))
    names = [*(f"wave {wave}" for wave in waves[1:]), "dose"]
    return cluster_robust_fit(
        left[:, 0], left[:, 1:], rows[cluster].to_numpy(), names=names
    )


def _adjusted(
    rows: pd.DataFrame,
    after: str,
    covariates: list[str],
    columns: dict[str, Array],
    cluster: str,
) -> ClusterRobustFit | Unavailable:
    adjusted_for = rows[covariates].to_numpy(dtype=float)
    design = [
        np.ones(len(rows)),
        *(adjusted_for - adjusted_for.mean(axis=0)).T,
        *columns.values(),
    ]
    outcome = rows[after].to_numpy(dtype=float)
    return cluster_robust_fit(
        outcome - outcome.mean(),
        np.column_stack(design),
        rows[cluster].to_numpy(),
        names=["one", *covariates, *columns],
    )


def _point(
    fit: ClusterRobustFit,
    knots: Array | None,
    doses: Array,
    ends: tuple[float, float],
    what: str,
) -> DosePoint:
    """One dose less the reference; along the line where there are no knots."""
    value, reference = ends
    label, term = f"{value:g}", "dose_effect"
    if not all(doses.min() <= end <= doses.max() for end in ends):
        reason = "no one had so small or so large a dose"
        absent = Unavailable(term=term, reason=reason, n=len(doses))
        return DosePoint(dose=label, dose_effect=absent)
    if value == reference:
        reason = "the reference itself"
        absent = Unavailable(term=term, reason=reason, n=len(doses))
        return DosePoint(dose=label, dose_effect=absent)
    shape = "straight line"
    contrast = {"dose": value - reference}
    if knots is not None:
        shape = "restricted cubic spline, 3 knots"
        bent = bend(np.array(ends), knots)
        contrast["bend"] = float(bent[0] - bent[1])
    weights = [contrast.get(name, 0.0) for name in fit.names]
    result = fit.estimate(weights, term=term)
    text = f"dose of {value:g} less a dose of {reference:g}; {shape}; {what}"
    return DosePoint(dose=label, dose_effect=_with_method(result, text))


def _with_method(result: Result, what: str) -> Result:
    method = "; ".join(part for part in (what, result.method) if part)
    return dataclasses.replace(result, method=method)


def _nothing(at: Sequence[float], absent: Unavailable) -> DoseResponse:
    doses = (DosePoint.unavailable(absent, dose=f"{dose:g}") for dose in at)
    return DoseResponse.unavailable(absent, by_dose=tuple(doses))


NO_CONTRAST = "all sessions, or none, had it: nothing to compare"
IMPOSSIBLE = "more sessions with it than sessions attended"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientContrast(Composite):
    """What a session with an ingredient comes with, beyond one without.

    - `ingredient`: column that counts the sessions with it.
    - `ingredient_effect`, `ingredient_p_value`: score units a session, by itself.
    - `ingredient_effect_given_others`: with as many sessions of the other ingredients.
    """

    ingredient: str
    ingredient_effect: Result
    ingredient_p_value: Result
    ingredient_effect_given_others: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientContrasts(Composite):
    """Every ingredient's contrast."""

    by_ingredient: tuple[IngredientContrast, ...]


def ingredient_contrasts(
    frame: pd.DataFrame,
    *,
    ingredients: Sequence[str],
    sessions: str = "sessions",
    before: str = "before",
    after: str = "after",
    cluster: str = "cluster",
) -> IngredientContrasts:
    """Contrast sessions with an ingredient and sessions without it.

    Parameters
    ----------
    frame : DataFrame, one row a participant
        Both scores, sessions attended, and for every ingredient how many of them had
        it. Those who attended none are left out, and rows lacking anything.
    ingredients : sequence of str
        Columns.
    sessions, before, after, cluster : str
        Columns.

    Returns
    -------
    IngredientContrasts
        Given the score before and the number of sessions; CR2 intervals, no correction
        for the number of ingredients. n counts participants. Unavailable: all sessions
        or none had it, fewer than 5 clusters, more with it than attended.
    """
    scores = [after, before, sessions, *ingredients]
    rows = complete_rows(frame, scores=scores, labels=[cluster])
    rows = rows[rows[sessions] > 0].reset_index(drop=True)
    fault = score_fault(rows, scores)
    adjusted_for = [before, sessions]

    def fit(names: list[str]) -> ClusterRobustFit | Unavailable:
        reason = fault or _fault(rows, names, sessions)
        if reason:
            return Unavailable(term="", reason=reason, n=len(rows))
        return _fit(rows, after, [*adjusted_for, *names], cluster)

    together = fit(list(ingredients)) if len(ingredients) > 1 else None
    return IngredientContrasts(
        by_ingredient=tuple(
            _contrast(name, fit([name]), together, rows) for name in ingredients
        )
    )


def _fault(rows: pd.DataFrame, names: list[str], sessions: str) -> str:
    for name in names:
        if (rows[name] > rows[sessions]).any() or (rows[name] < 0).any():
            return f"{name}: {IMPOSSIBLE}"
        if (rows[name] == 0).all() or (rows[name] == rows[sessions]).all():
            return f"{name}: {NO_CONTRAST}"
    return ""


def _fit(
    rows: pd.DataFrame, after: str, names: list[str], cluster: str
) -> ClusterRobustFit | Unavailable:
    columns = rows[names].to_numpy(dtype=float)
    outcome = rows[after].to_numpy(dtype=float)
    # Centred: the contrasts are the same, and large scores lose no digits.
    return cluster_robust_fit(
        outcome - outcome.mean(),
        np.column_stack([np.ones(len(rows)), columns - columns.mean(axis=0)]),
        rows[cluster].to_numpy(),
        names=["one", *names],
    )


def _contrast(
    name: str,
    single_fit: ClusterRobustFit | Unavailable,
    together: ClusterRobustFit | Unavailable | None,
    rows: pd.DataFrame,
) -> IngredientContrast:
    compared = "a session with it less one without"
    if rows[name].max() <= 1:
        compared = "people with it less those without"
    what = (
        f"{compared}, given the score before and the number of sessions attended, "
        "among those who attended any; kinds were not allocated"
    )
    others: ClusterRobustFit | Unavailable = together or Unavailable(
        term="", reason="no other ingredient to adjust for", n=len(rows)
    )
    return IngredientContrast(
        ingredient=name,
        ingredient_effect=_asked(single_fit, name, "ingredient_effect", what),
        ingredient_p_value=_asked(single_fit, name, "ingredient_p_value", what),
        ingredient_effect_given_others=_asked(
            others,
            name,
            "ingredient_effect_given_others",
            f"{what}; adjusted for others",
        ),
    )


def _asked(
    fit: ClusterRobustFit | Unavailable, name: str, term: str, what: str
) -> Result:
    if isinstance(fit, Unavailable):
        return dataclasses.replace(fit, term=term)
    asked = fit.p_value if term.endswith("p_value") else fit.estimate
    result = asked(name, term=term)
    return dataclasses.replace(result, method=f"{what}; {result.method}")
