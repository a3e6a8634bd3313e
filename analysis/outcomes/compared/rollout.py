"""Rows of clusters that start one after the other into a table of clusters and waves.

Every cluster counts once, whatever its size: it is clusters that are given a start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.errors import DataError, unknown
from analysis.outcomes.compared.panels import complete_rows, score_fault
from analysis.outcomes.description import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.outcomes.clustered.bias_reduction import Array, Labels

TWO_STARTS = "a cluster has more than one start"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """Means of clusters at waves, and when each started.

    Attributes
    ----------
    means : ndarray, shape (n_clusters, n_waves)
        Complete.
    starts : ndarray of int, shape (n_clusters,)
        Place of the first wave with the pilot; n_waves if never in these waves.
    n_left_out : int
        Clusters without a score at some wave.
    fault : str
        Why nothing can be computed; empty if it can.
    """

    means: Array
    starts: Labels
    n_left_out: int
    fault: str = ""

    def method_text(self) -> str:
        """What was averaged and left out, in words."""
        left = f", {self.n_left_out} without a score at some wave left out"
        return (
            f"means of {len(self.starts)} clusters, each once"
            f"{left if self.n_left_out else ''}; n counts clusters"
        )


def roll_out(
    frame: pd.DataFrame,
    *,
    waves: Sequence[str],
    start: str,
    cluster: str,
    score: str,
) -> RollOut:
    """Average scores by cluster and wave.

    Parameters
    ----------
    frame : DataFrame, one row a participant (or cluster) and wave
        ``wave``, the cluster, its start and the score.
    waves : sequence of str
        In order.
    start : str
        Column with the first wave at which the cluster had the pilot; missing if never.
    cluster, score : str
        Columns.

    Raises
    ------
    DataError
        A column is missing, or a start is no wave.
    """
    rows = complete_rows(frame, scores=[score], labels=["wave", cluster])
    if start not in frame.columns:
        known = [str(column) for column in frame.columns]
        raise DataError("roll-out", unknown("column", start, known))
    begun = frame[[cluster, start]].assign(**{start: named(frame[start])})
    begun = begun.dropna(subset=[cluster]).drop_duplicates()
    strange = int((begun[start].notna() & ~begun[start].isin(list(waves))).sum())
    if strange:
        raise DataError(
            "roll-out",
            f"{strange} clusters start at something that is not among the waves; "
            "leave the start empty where it never came",
        )
    if begun[cluster].duplicated().any():
        return _nothing(TWO_STARTS)
    rows = rows[rows["wave"].isin(list(waves))]
    if fault := score_fault(rows, [score]):
        return _nothing(fault)
    table = rows.pivot_table(
        index=cluster, columns="wave", values=score, aggfunc="mean", observed=True
    ).reindex(columns=list(waves))
    means = table.dropna()
    places = {wave: place for place, wave in enumerate(waves)}
    starts = begun.set_index(cluster)[start].reindex(means.index).map(places)
    return RollOut(
        means=means.to_numpy(dtype=float),
        starts=starts.fillna(len(waves)).to_numpy(dtype=int),
        n_left_out=len(table) - len(means),
        fault="" if len(means) else "no cluster has a score at every wave",
    )


def _nothing(fault: str) -> RollOut:
    return RollOut(
        means=np.empty((0, 0)), starts=np.empty(0, dtype=int), n_left_out=0, fault=fault
    )
