"""Make an XmR control chart: which points show special-cause variation.

Limits come from the moving ranges of a stretch's first twelve waves; a new stretch
starts only where declared. Rules of NHS England's Making Data Count, as in R
NHSRplotthedots. Oracle: these rules row by row, tests/outcomes/test_control_chart.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heard.effects.trends.rules import (
    BETTER,
    LIMIT_POINTS,
    Direction,
    Verdict,
    in_words,
    verdict,
)
from heard.models.stable_choice import sides
from heard.results import Composite, Estimate, Result, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The waves that have a value, in the order given.

    `names`: the waves.
    `values`, shape (n_points,): one a wave.
    `counts`: answers behind each value; 1 where not given.
    `left_out`: waves without a value.
    """

    names: tuple[str, ...]
    values: np.ndarray
    counts: tuple[int, ...]
    left_out: int


def series(
    frame: pd.DataFrame, *, value: str, wave: str, count: str | None
) -> Series | str:
    """Take the waves with a value; else say what is wrong.

    `frame`: in the order of time.
    `value`, `wave`, `count`: the columns; `count` may be None.
    """
    if len(frame) and frame[wave].duplicated().any():
        return "a wave is in more than one row"
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

    - `point`: the wave.
    - `chart_value`: where it lies.
    - `signals`: every rule it breaks, in words.
    - `side`: where its strongest signal lies: 1 above or rising, -1 below or falling, 0
      none.
    - `better`: which side is better, 0 if neither.
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


MINIMUM_POINTS = 3
RUN = 7
# 3 over 1.128, the expected range of two normal values in their standard deviation;
# rounded as Making Data Count rounds it.
LIMIT = 2.66
WARNING = 2 * LIMIT / 3
# A moving range beyond this many mean ranges does not set the limits.
OUTLYING_RANGE = 3.267
# Values closer than this share of their size are one value.
SAME = 1e-12
OUTSIDE = "outside the limits"
TREND = f"{RUN} in a row {{way}}"
NEAR = "2 of 3 near the {side} limit"
SHIFT = f"{RUN} in a row {{side}} the mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint(SeriesPoint):
    """One wave on the chart.

    - `chart_centre`, `chart_lower_limit`, `chart_upper_limit`: where it usually would
      lie.
    """

    chart_centre: Result
    chart_lower_limit: Result
    chart_upper_limit: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlChart(Composite):
    """An XmR chart.

    - `special_cause_points`: how many waves show special-cause variation.
    - `points`: in the order of time.
    - `trial`: of each stretch: whether its limits are based on fewer than twelve waves.
    """

    special_cause_points: Result
    points: tuple[ChartPoint, ...]
    trial: tuple[bool, ...]

    @property
    def sentence(self) -> str:
        """What the chart says, in plain words."""
        if isinstance(self.special_cause_points, Unavailable):
            return f"No chart: {self.special_cause_points.reason}."
        trial = (
            f" Limits are based on fewer than {LIMIT_POINTS} waves and are on trial."
            if any(self.trial)
            else ""
        )
        found = [
            f"{in_words(names)} {'shows' if len(names) == 1 else 'show'} {what}"
            for what, names in self._by_verdict()
        ]
        if not found:
            return f"No wave shows special-cause variation.{trial}"
        return f"Special-cause variation: {'; '.join(found)}.{trial}"

    def chart_frame(self) -> pd.DataFrame:
        """One row a wave: the numbers drawn, signals and verdict in words."""
        rows = []
        for point in self.points:
            numbers = {
                result.term: getattr(result, "estimate", None)
                for result in point.results()
            }
            words = {"signals": "; ".join(point.signals), "verdict": point.verdict}
            rows.append({"point": point.point, **numbers, **words})
        return pd.DataFrame(rows)

    def _by_verdict(self) -> list[tuple[str, tuple[str, ...]]]:
        meanings: list[tuple[str, Verdict]] = [
            ("a change for the better", "improvement"),
            ("a change for the worse", "concern"),
            ("a change", "change"),
        ]
        named = [
            (what, tuple(p.point for p in self.points if p.verdict == kind))
            for what, kind in meanings
        ]
        return [(what, names) for what, names in named if names]


def control_chart(
    frame: pd.DataFrame,
    *,
    value: str = "value",
    wave: str = "wave",
    count: str | None = None,
    improvement: Direction = "neither",
    rebase: Sequence[str] = (),
) -> ControlChart:
    """Draw up an XmR chart by the rules of Making Data Count.

    Parameters
    ----------
    frame : DataFrame, one row a wave
        In the order of time; waves without a value are left out.
    value, wave, count : str
        The columns; `count` holds the answers behind a value, if known.
    improvement : {"increase", "decrease", "neither"}
        Which way is better, as declared.
    rebase : sequence of str
        Waves at which a new stretch with its own limits starts, declared beforehand.

    Returns
    -------
    ControlChart
        Without points, and `special_cause_points` Unavailable: fewer than 3 waves in a
        stretch, values that never change, a wave to rebase at that is not there.

    References
    ----------
    NHS England, Making Data Count; Wheeler & Chambers (1992), Understanding Statistical
    Process Control; R package NHSRplotthedots.
    """
    found = series(frame, value=value, wave=wave, count=count)
    if isinstance(found, str):
        return _nothing(found, 0)
    unknown = [name for name in rebase if name not in found.names]
    if unknown:
        return _nothing(f"nothing to rebase at: {in_words(tuple(unknown))}", 0)
    starts = sorted({0, *(found.names.index(name) for name in rebase)})
    ends = [*starts[1:], len(found.values)]
    parts = [(start, end) for start, end in zip(starts, ends, strict=True)]
    if min(end - start for start, end in parts) < MINIMUM_POINTS:
        reason = f"fewer than {MINIMUM_POINTS} waves with a value in a stretch"
        return _nothing(reason, len(found.values))
    if any(_still(found.values[start:end]) for start, end in parts):
        reason = (
            "the waves that fix the limits all have one value: no variation to compare "
            "with"
        )
        return _nothing(reason, len(found.values))
    points = [
        point
        for start, end in parts
        for point in _stretch(found, start, end, improvement)
    ]
    special = sum(point.verdict != "wavering" for point in points)
    return ControlChart(
        special_cause_points=Estimate.of(
            "special_cause_points",
            special,
            n=len(points),
            method=f"waves that break one of four rules ({OUTSIDE}; {RUN} on one side "
            f"of the mean; {RUN} rising or falling; 2 of 3 beyond two thirds of the "
            f"way to a limit); XmR chart, {len(parts)} stretches, {found.left_out} "
            "waves without a value left out; a count has no interval",
            n_unit="waves",
        ),
        points=tuple(points),
        trial=tuple(end - start < LIMIT_POINTS for start, end in parts),
    )


def _still(values: np.ndarray) -> bool:
    fixing = values[:LIMIT_POINTS]
    return bool(np.ptp(fixing) <= SAME * np.abs(fixing).max())


def _nothing(reason: str, n: int) -> ControlChart:
    absent = Unavailable(term="special_cause_points", reason=reason, n=n)
    return ControlChart(special_cause_points=absent, points=(), trial=())


def mean_moving_range(values: np.ndarray) -> float:
    """Mean distance of neighbours, once more without those far beyond it."""
    ranges = np.abs(np.diff(values))
    kept = ranges[sides(ranges, OUTLYING_RANGE * ranges.mean()) < 0]
    return float(kept.mean()) if len(kept) else 0.0


def _stretch(
    found: Series, start: int, end: int, improvement: Direction
) -> list[ChartPoint]:
    values = found.values[start:end]
    fixing = values[:LIMIT_POINTS]
    centre, reach = float(fixing.mean()), mean_moving_range(fixing)
    broken = signals(values, centre=centre, moving_range=reach)
    how = (
        f"mean of the first {len(fixing)} waves of the stretch"
        + " (on trial)" * (len(fixing) < LIMIT_POINTS)
        + f", limits {LIMIT} mean moving ranges away, those over {OUTLYING_RANGE} "
        "means left out; limits are not an interval"
    )
    return [
        ChartPoint(
            point=found.names[start + place],
            chart_value=Estimate.of(
                "chart_value",
                values[place],
                n=found.counts[start + place],
                n_unit="answers, or 1 where not known",
                method="as given; its place is judged "
                "by the limits of the chart, not by an interval",
            ),
            chart_centre=_line("chart_centre", centre, len(fixing), how),
            chart_lower_limit=_line(
                "chart_lower_limit", centre - LIMIT * reach, len(fixing), how
            ),
            chart_upper_limit=_line(
                "chart_upper_limit", centre + LIMIT * reach, len(fixing), how
            ),
            signals=tuple(words for words, _ in broken[place]),
            side=broken[place][0][1] if broken[place] else 0,
            better=BETTER[improvement],
        )
        for place in range(len(values))
    ]


def _line(term: str, value: float, n: int, how: str) -> Estimate:
    return Estimate(term=term, estimate=value, n=n, n_unit="waves", method=how)


def signals(
    values: np.ndarray, *, centre: float, moving_range: float
) -> list[list[tuple[str, int]]]:
    """For every point the rules it breaks, the strongest first, and on which side.

    `values`, shape (n_points,): one stretch.
    `centre`, `moving_range`: the mean, and the mean moving range.
    Returns: words and 1 (above, rising) or -1 (below, falling).
    """
    away = np.abs(values - centre)
    side_of = sides(values, centre)
    outside = sides(away, LIMIT * moving_range) > 0
    broken: list[list[tuple[str, int]]] = [[] for _ in values]
    for place in np.flatnonzero(outside).tolist():
        broken[place].append((OUTSIDE, int(side_of[place])))
    # A point that ends one trend and starts another belongs to the second.
    trends: dict[int, int] = {}
    for start, end, step in stretches(sides(values[1:], values[:-1])):
        if step and end - start >= RUN - 1:
            trends |= dict.fromkeys(range(start, end + 1), step)
    for place, step in trends.items():
        broken[place].append((TREND.format(way=_direction(step)), step))
    near = ~outside & (sides(away, WARNING * moving_range) > 0)
    for place in np.flatnonzero(near).tolist():
        if _two_of_three(place, near, side_of):
            side = int(side_of[place])
            end_of = "upper" if side > 0 else "lower"
            broken[place].append((NEAR.format(side=end_of), side))
    for start, end, side in stretches(side_of):
        if side and end - start >= RUN:
            for place in range(start, end):
                words = SHIFT.format(side="above" if side > 0 else "below")
                broken[place].append((words, side))
    return broken


def _direction(step: int) -> str:
    return "rising" if step > 0 else "falling"


def _two_of_three(place: int, near: np.ndarray, side_of: np.ndarray) -> bool:
    """Whether a point is one of two near a limit among three on one side."""
    windows = range(max(0, place - 2), min(place, len(near) - 3) + 1)
    return any(
        near[first : first + 3].sum() >= 2
        and (side_of[first : first + 3] == side_of[place]).all()
        for first in windows
    )
