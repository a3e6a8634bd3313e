"""Values in the order of time, checked once for both charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from analysis.foundation.results import Composite

if TYPE_CHECKING:
    import pandas as pd

    from analysis.foundation.results import Result

Direction: TypeAlias = Literal["increase", "decrease", "neither"]
"""Which way is better."""

Verdict: TypeAlias = Literal["improvement", "concern", "change", "wavering"]
"""What a point shows: a change for the better, for the worse, neither; or nothing."""


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


BETTER: dict[Direction, int] = {"increase": 1, "decrease": -1, "neither": 0}
"""Which side of the centre is better; 0 where neither is."""


def improvement_of(direction: str) -> Direction:
    """Which way is better, by the direction a codebook gives a score."""
    ways: dict[str, Direction] = {
        "higher_is_better": "increase",
        "higher_is_worse": "decrease",
    }
    return ways.get(direction, "neither")


def verdict(side: int, better: int) -> Verdict:
    """What a signal on a side of the centre (1 above, -1 below, 0 none) means."""
    if side == 0:
        return "wavering"
    if better == 0:
        return "change"
    return "improvement" if side == better else "concern"


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


def in_words(names: tuple[str, ...]) -> str:
    """One, two and three."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
