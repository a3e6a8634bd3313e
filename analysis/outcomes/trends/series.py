"""Values in the order of time, checked once for both charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.foundation.results import Composite
from analysis.outcomes.trends.rules import verdict

if TYPE_CHECKING:
    import pandas as pd

    from analysis.foundation.results import Result
    from analysis.outcomes.trends.rules import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The waves that have a value, in the order given.

    Attributes
    ----------
    names : tuple of str
        The waves.
    values : ndarray, shape (n_points,)
        One a wave.
    counts : tuple of int
        Answers behind each value; 1 where not given.
    left_out : int
        Waves without a value.
    """

    names: tuple[str, ...]
    values: np.ndarray
    counts: tuple[int, ...]
    left_out: int


def series(
    frame: pd.DataFrame, *, value: str, wave: str, count: str | None
) -> Series | str:
    """Take the waves with a value; else say what is wrong.

    Parameters
    ----------
    frame : DataFrame, one row a wave
        In the order of time.
    value, wave, count : str
        The columns; `count` may be None.
    """
    if len(frame) and frame[wave].duplicated().any():
        return "a wave stands in more than one row"
    kept = frame.dropna(subset=[value])
    values = kept[value].to_numpy(dtype=float)
    if not np.isfinite(values).all():
        return "some values are infinite"
    counts = [1] * len(kept) if count is None else kept[count].astype(int).tolist()
    return Series(
        names=tuple(kept[wave].astype(str)),
        values=values,
        counts=tuple(counts),
        left_out=len(frame) - len(kept),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint(Composite):
    """One wave on a chart, with every rule it breaks.

    Attributes
    ----------
    point : str
        The wave.
    chart_value : Estimate
        Where it lies.
    signals : tuple of str
        Every rule it breaks, in words.
    side : int
        Where its strongest signal lies: 1 above or rising, -1 below or falling, 0 none.
    better : int
        Which side is better, 0 if neither.
    """

    point: str
    chart_value: Result
    signals: tuple[str, ...]
    side: int
    better: int

    @property
    def verdict(self) -> Verdict:
        """What it shows."""
        return verdict(self.side, self.better)


def stretches(sides: np.ndarray) -> list[tuple[int, int, int]]:
    """Runs of equal sides: (start, end past the last, side)."""
    if not len(sides):
        return []
    turns = np.flatnonzero(np.diff(sides) != 0) + 1
    starts = [0, *turns.tolist()]
    ends = [*turns.tolist(), len(sides)]
    return [(a, b, int(sides[a])) for a, b in zip(starts, ends, strict=True)]
