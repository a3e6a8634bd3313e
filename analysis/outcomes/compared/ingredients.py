"""Sessions of different kinds into which kind comes with more.

Some sessions have a professional with lived experience, or show the film, and some have
not: among people who attended equally often and began alike, what does a session of the
kind come with beyond a session without? Teams chose their sessions, so this is a hint
where to look, not proof. Oracle: R clubSandwich, tests/oracles/values/compared.json.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite, Result, Unavailable
from analysis.outcomes.clustered.cluster_robust import (
    ClusterRobustFit,
    cluster_robust_fit,
)
from analysis.outcomes.compared.panels import complete_rows, score_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

NO_CONTRAST = "all sessions, or none, had it: nothing to compare"
IMPOSSIBLE = "more sessions with it than sessions attended"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientContrast(Composite):
    """What a session with an ingredient comes with, beyond one without.

    Attributes
    ----------
    ingredient : str
        Column that counts the sessions with it.
    ingredient_effect, ingredient_p_value : Estimate or Unavailable
        Score units a session, by itself.
    ingredient_effect_given_others : Estimate or Unavailable
        With as many sessions of the other ingredients.
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
            _contrast(name, fit([name]), together, len(rows)) for name in ingredients
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
    n: int,
) -> IngredientContrast:
    what = (
        "a session with it less one without, given the score before and the number of "
        "sessions attended, among those who attended any; kinds were not allocated"
    )
    others: ClusterRobustFit | Unavailable = together or Unavailable(
        term="", reason="no other ingredient to hold equal", n=n
    )
    return IngredientContrast(
        ingredient=name,
        ingredient_effect=_asked(single_fit, name, "ingredient_effect", what),
        ingredient_p_value=_asked(single_fit, name, "ingredient_p_value", what),
        ingredient_effect_given_others=_asked(
            others, name, "ingredient_effect_given_others", f"{what}; others held equal"
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
