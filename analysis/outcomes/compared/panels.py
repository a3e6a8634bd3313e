"""Tidy rows into what a comparison over waves needs, or the reason why there is none.

The rule that holds throughout the package: a cluster stands in one arm, a linked
participant in one cluster, and every difference is treated minus comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.errors import DataError, unknown
from analysis.outcomes.description import as_floats, named, number_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.outcomes.clustered.bias_reduction import Array, Labels

TWICE = "a participant appears more than once at a wave"
CHANGED_CLUSTER = "a participant stands in more than one cluster"
STRADDLING = "a cluster stands in both arms: it was not clusters that were allocated"


def complete_rows(
    frame: pd.DataFrame, *, scores: Sequence[str], labels: Sequence[str]
) -> pd.DataFrame:
    """Copy the named columns, scores as floats, without the rows that lack one.

    Raises
    ------
    DataError
        A column is missing, or a score is text.
    """
    for name in [*scores, *labels]:
        if name not in frame.columns:
            known = [str(column) for column in frame.columns]
            raise DataError("comparison", unknown("column", name, known))
    wanted = frame[[*labels, *scores]].assign(
        **{name: named(frame[name]) for name in labels},
        **{name: as_floats(frame[name]) for name in scores},
    )
    return wanted.dropna().reset_index(drop=True)


def score_fault(rows: pd.DataFrame, scores: Sequence[str]) -> str:
    """Say why nothing can be computed from these scores; empty if it can."""
    if rows.empty:
        return "nobody has a score and all that the comparison needs"
    return number_fault(rows[list(scores)].to_numpy(dtype=float))


def link_fault(rows: pd.DataFrame, *, cluster: str) -> str:
    """Say what is wrong with linked participants; empty if nothing."""
    if rows.duplicated(["participant", "wave"]).any():
        return TWICE
    if rows.groupby("participant", observed=True)[cluster].nunique().max() > 1:
        return CHANGED_CLUSTER
    return ""


def arm_fault(
    rows: pd.DataFrame, *, cluster: str, waves: Sequence[str], arms: tuple[str, str]
) -> str:
    """Say what is wrong with two arms over waves; empty if nothing."""
    if rows.groupby(cluster, observed=True)["arm"].nunique().max() > 1:
        return STRADDLING
    sizes = rows.groupby(["wave", "arm"], observed=True).size()
    empty = [wave for wave in waves for arm in arms if sizes.get((wave, arm), 0) == 0]
    return f"an arm has no score at {empty[0]}" if empty else ""


def within(columns: Array, groups: Labels) -> Array:
    """Columns less their means by group: what absorbing group intercepts leaves.

    Where groups lie within clusters, CR2 of what is left is CR2 of the whole model
    (Pustejovsky & Tipton 2018, theorem 2), and thousands of groups cost nothing.
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and only needed here

    codes, levels = pd.factorize(groups)
    sizes = np.bincount(codes, minlength=len(levels)).astype(float)
    totals = np.zeros((len(levels), columns.shape[1]))
    np.add.at(totals, codes, columns)
    left = columns - (totals / sizes[:, None])[codes]
    # Rounding noise of a column constant within groups must count as nothing.
    noise = 1e-12 * np.abs(columns).max(axis=0, initial=0.0)
    return np.where(np.abs(left) <= noise, 0.0, left)


def answered_twice(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of participants who answered at two waves or more: others tell no change."""
    times = rows.groupby("participant", observed=True)["wave"].transform("size")
    return rows[times > 1].reset_index(drop=True)
