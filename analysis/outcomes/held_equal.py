"""The arms' difference once what the plan names is held equal.

The rule that holds throughout: what is held equal is declared beforehand, is an answer
that puts people into groups, and is that of the baseline where a person is known there.
It stands beside the other ways of reckoning; it replaces none. Oracle: the same model
by statsmodels' formula, tests/outcomes/test_held_equal.py.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from analysis.declarations.plan import SCORE_BEFORE
from analysis.foundation import Unavailable
from analysis.outcomes.clustered import cluster_robust_fit
from analysis.outcomes.contrasts import first_coefficient, raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.foundation import Result
    from analysis.outcomes.description import Numbers

TERM = "difference_in_change_by_way"
EFFECT = "treated_later"
TEAM = "team"
NOT_STATED = "not said"
MISSING = "who gave no answer is a group of its own"


def covariate_names(covariates: Sequence[str]) -> tuple[str, ...]:
    """Those that are held equal here: the score before is, by the change itself."""
    return tuple(name for name in covariates if name != SCORE_BEFORE)


def method_title(covariates: Sequence[str]) -> str:
    """What this way of reckoning is called."""
    named = ", ".join(name.replace("_", " ") for name in covariate_names(covariates))
    return f"with {named} held equal"


def covariate_adjusted_by_team(rows: pd.DataFrame, covariates: Sequence[str]) -> Result:
    """Arm by wave, and what is held equal, with errors that count teams.

    Parameters
    ----------
    rows : DataFrame, one row a participant and wave
        ``participant``, ``wave`` (``before`` or ``after``), ``treated`` and ``later``
        (1 or 0), ``cluster``, ``score``, and a column a covariate but ``team``.
    covariates : sequence of str
        Of the plan; ``team``: every team has its own level.

    Returns
    -------
    Estimate
        In points; ``n`` counts answers.
    Unavailable
        As of `cluster_robust_fit`; a covariate that the scores do not hold.
    """
    names = covariate_names(covariates)
    within = TEAM in names
    if lacking := _lacking(rows, names):
        return Unavailable(term=TERM, reason=lacking, n=len(rows))
    levels = _levels(_as_at_first(rows, names), names, within=within)
    treated, later = rows["treated"].to_numpy(float), rows["later"].to_numpy(float)
    parts = {"later": later, EFFECT: treated * later}
    if not within:
        parts = {"intercept": np.ones(len(rows)), "treated": treated, **parts}
    fit = cluster_robust_fit(
        rows["score"].to_numpy(float),
        np.column_stack([*parts.values(), *levels.values()]),
        rows["cluster"].to_numpy(),
        names=(*parts, *levels),
        absorb=rows["cluster"].to_numpy() if within else None,
    )
    if isinstance(fit, Unavailable):
        return Unavailable(term=TERM, reason=fit.reason, n=fit.n, method=fit.method)
    return _with_words(fit.estimate(EFFECT, term=TERM))


def covariate_adjusted_by_person(
    pairs: pd.DataFrame, covariates: Sequence[str]
) -> Result:
    """The score after on the arm, the score before and what is held equal.

    Parameters
    ----------
    pairs : DataFrame, one row a participant
        ``treated`` (1 or 0), ``before``, ``after``, ``cluster`` and a column a
        covariate.

    Returns
    -------
    Estimate
        In points, t interval with HC3 error; ``n`` counts pairs.
    Unavailable
        No variation, or a covariate that the scores do not hold or the rest predicts.
    """
    names = covariate_names(covariates)
    if lacking := _lacking(pairs, names):
        return Unavailable(term=TERM, reason=lacking, n=len(pairs))
    known = pairs.assign(team=pairs["cluster"]) if TEAM in names else pairs
    levels = _levels(known, names, within=False)
    before = known["before"].to_numpy(float)
    design = np.column_stack(
        [
            known["treated"].to_numpy(float),
            np.ones(len(known)),
            before - before.mean(),
            *levels.values(),
        ]
    )
    if np.linalg.matrix_rank(design) < design.shape[1] or len(design) <= len(design.T):
        reason = "what is held equal follows from the arm, or leaves nobody to compare"
        return Unavailable(term=TERM, reason=reason, n=len(known))
    after = known["after"].to_numpy(float)
    contrast = first_coefficient(
        after - after.mean(), design, scale=float(np.abs(after).max()), covariance="HC3"
    )
    return _with_words(
        raw(
            contrast,
            term=TERM,
            n=len(known),
            method="difference after, adjusted for the score before by least squares; "
            "t interval with HC3 standard error; participants with both scores only",
        )
    )


def _lacking(rows: pd.DataFrame, names: Sequence[str]) -> str:
    lacking = [name for name in names if name not in rows and name != TEAM]
    if not lacking:
        return ""
    names_text = ", ".join(name.replace("_", " ") for name in lacking)
    return (
        f"{names_text}: no answer that puts people into groups, so not held equal here"
    )


def _as_at_first(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Everybody with the answer of the baseline, where they are known there."""
    available = [name for name in names if name in rows]
    first = rows.loc[rows["wave"] == "before"].drop_duplicates("participant")
    at_first = first.set_index("participant")[available].reindex(rows["participant"])
    known = rows["participant"].isin(first["participant"]).to_numpy()
    return rows.assign(
        **{
            name: np.where(known, at_first[name].to_numpy(), rows[name].to_numpy())
            for name in available
        }
    )


def _levels(
    rows: pd.DataFrame, names: Sequence[str], *, within: bool
) -> dict[str, Numbers]:
    """A column a level but the first, of every covariate."""
    columns: dict[str, Numbers] = {}
    for name in names:
        # A team's own level holds its site equal too.
        if within and name in {TEAM, "site"}:
            continue
        values = rows[name].astype(object).where(rows[name].notna(), NOT_STATED)
        values = values.where(values != "", NOT_STATED)
        for level in sorted(values.unique())[1:]:
            columns[f"{name}: {level}"] = (values == level).to_numpy(float)
    return columns


def _with_words(result: Result) -> Result:
    if isinstance(result, Unavailable):
        return result
    return dataclasses.replace(result, method=f"{result.method}; {MISSING}")
