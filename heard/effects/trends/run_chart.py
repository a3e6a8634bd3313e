"""Make a run chart: shifts, trends and runs about the median.

Waves on the median count on neither side. The distribution of runs is exact, given how
many waves lie above and below. Oracle: every arrangement, and Swed and Eisenhart's
table.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd

from heard.effects.trends.control_chart import Series, SeriesPoint, series, stretches
from heard.effects.trends.rules import BETTER, Direction, in_words
from heard.models.stable_choice import sides
from heard.results import Composite, Estimate, Result, Unavailable

MINIMUM_POINTS = 5
MINIMUM_FOR_RUNS = 10
SHIFT = 6
TREND = 5
TAIL = 0.025
RUN_TERMS = ("runs", "fewest_runs", "most_runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChart(Composite):
    """A run chart.

    - `chart_median`: the line.
    - `runs`: stretches on one side of it.
    - `fewest_runs`, `most_runs`: how many chance brings.
    - `points`: in the order of time.
    """

    chart_median: Result
    runs: Result
    fewest_runs: Result
    most_runs: Result
    points: tuple[SeriesPoint, ...]

    @property
    def sentence(self) -> str:
        """What the chart says, in plain words."""
        if isinstance(self.chart_median, Unavailable):
            return f"No chart: {self.chart_median.reason}."
        found = [
            f"{in_words(tuple(p.point for p in self.points if words in p.signals))}: "
            f"{words}"
            for words in dict.fromkeys(w for p in self.points for w in p.signals)
        ]
        if strange := self._strange_runs():
            found.append(strange)
        if not found:
            return "Only common-cause variation around the median."
        return f"Special-cause variation: {'; '.join(found)}."

    def _strange_runs(self) -> str:
        parts = [self.runs, self.fewest_runs, self.most_runs]
        known = [part.estimate for part in parts if isinstance(part, Estimate)]
        if len(known) < len(parts):
            return ""
        runs, low, high = known
        if low <= runs <= high:
            return ""
        what = "too few runs, values cling"
        if runs > high:
            what = "too many runs, values swing"
        return f"{what} ({runs:.0f}; chance brings {low:.0f} to {high:.0f})"


def run_chart(
    frame: pd.DataFrame,
    *,
    value: str = "value",
    wave: str = "wave",
    count: str | None = None,
    improvement: Direction = "neither",
    baseline: int | None = None,
) -> RunChart:
    """Draw up a run chart.

    Parameters
    ----------
    frame : DataFrame, one row a wave
        In the order of time; waves without a value are left out.
    value, wave, count : str
        The columns; `count` holds the answers behind a value, if known.
    improvement : {"increase", "decrease", "neither"}
        Which way is better, as declared.
    baseline : int, optional
        How many first waves fix the median; all if not given.

    Returns
    -------
    RunChart
        `chart_median` Unavailable: fewer than 5 waves, or one value throughout. `runs`
        Unavailable: fewer than 10 waves off the median, or all on one side of it.

    References
    ----------
    Perla, Provost & Murray (2011), BMJ Quality & Safety 20(1), 46-51; Swed & Eisenhart
    (1943), Annals of Mathematical Statistics 14(1), 66-87.
    """
    found = series(frame, value=value, wave=wave, count=count)
    if fault := _fault(found, baseline):
        n = 0 if isinstance(found, str) else len(found.values)
        absent = {
            name: Unavailable(term=name, reason=fault, n=n)
            for name in ("chart_median", *RUN_TERMS)
        }
        return RunChart(**absent, points=())
    assert isinstance(found, Series)
    fixing = found.values[:baseline]
    middle = float(np.median(fixing))
    on_or_off = sides(found.values, middle)
    broken = _signals(found.values, on_or_off)
    return RunChart(
        chart_median=Estimate.of(
            "chart_median",
            middle,
            n=len(fixing),
            n_unit="waves",
            method=f"median of the first {len(fixing)} of {len(found.values)} waves; "
            f"{found.left_out} waves without a value left out; a line "
            "on the chart, so no interval",
        ),
        **_runs(on_or_off),
        points=tuple(
            SeriesPoint(
                point=name,
                chart_value=Estimate.of(
                    "chart_value",
                    found.values[place],
                    n=found.counts[place],
                    n_unit="answers, or 1 where not known",
                    method="as given; judged "
                    "by its side of the median, not by an interval",
                ),
                signals=tuple(words for words, _ in broken[place]),
                side=broken[place][0][1] if broken[place] else 0,
                better=BETTER[improvement],
            )
            for place, name in enumerate(found.names)
        ),
    )


def _fault(found: Series | str, baseline: int | None) -> str:
    if isinstance(found, str):
        return found
    points = len(found.values)
    if points < MINIMUM_POINTS:
        return f"{points} waves with a value; at least {MINIMUM_POINTS} needed"
    if baseline is not None and not MINIMUM_POINTS <= baseline <= points:
        return f"the median needs {MINIMUM_POINTS} to {points} first waves"
    still = not sides(found.values, found.values[0]).any()
    return "one value throughout" if still else ""


def _signals(values: np.ndarray, on_or_off: np.ndarray) -> list[list[tuple[str, int]]]:
    broken: list[list[tuple[str, int]]] = [[] for _ in values]
    off = np.flatnonzero(on_or_off)
    for start, end, side in stretches(on_or_off[off]):
        if end - start >= SHIFT:
            words = f"{SHIFT} or more {'above' if side > 0 else 'below'} the median"
            for place in off[start:end]:
                broken[place].append((words, side))
    # A wave equal to the one before neither makes nor breaks a trend.
    steps = sides(values[1:], values[:-1])
    changed = np.concatenate([[0], np.flatnonzero(steps) + 1])
    for start, end, step in stretches(steps[steps != 0]):
        if end - start >= TREND - 1:
            words = f"{TREND} or more {'rising' if step > 0 else 'falling'}"
            for place in changed[start : end + 1]:
                broken[place].append((words, step))
    return broken


def run_limits(above: int, below: int) -> tuple[int, int]:
    """Fewest and most runs that chance brings, 2.5 % beyond each at most.

    `above`, `below`: waves on each side of the median, at least one.
    """
    arrangements = comb(above + below, above)
    chances = {}
    for half in range(1, min(above, below) + 1):
        one, other = comb(above - 1, half - 1), comb(below - 1, half - 1)
        chances[2 * half] = 2 * one * other / arrangements
        more = one * comb(below - 1, half) + comb(above - 1, half) * other
        chances[2 * half + 1] = more / arrangements
    possible = sorted(count for count, chance in chances.items() if chance > 0)
    low = next(
        count
        for count in possible
        if sum(chances[other] for other in possible if other <= count) > TAIL
    )
    high = next(
        count
        for count in reversed(possible)
        if sum(chances[other] for other in possible if other >= count) > TAIL
    )
    return low, high


def _runs(on_or_off: np.ndarray) -> dict[str, Result]:
    off = on_or_off[on_or_off != 0]
    above = int((off > 0).sum())
    reason = ""
    if len(off) < MINIMUM_FOR_RUNS:
        reason = (
            f"{len(off)} waves off the median; at least {MINIMUM_FOR_RUNS} needed to "
            "judge how many runs there are"
        )
    elif above in (0, len(off)):
        reason = "every wave lies on one side of the median: chance has no say"
    if reason:
        return {
            term: Unavailable(term=term, reason=reason, n=len(off))
            for term in RUN_TERMS
        }
    low, high = run_limits(above, len(off) - above)
    chance = (
        "that chance brings, at most 2.5 % beyond, counted exactly given the waves "
        "above and below"
    )
    words = ("", f" fewest {chance};", f" most {chance};")
    numbers = (len(stretches(off)), low, high)
    return {
        term: Estimate.of(
            term,
            number,
            n=len(off),
            n_unit="waves off the median",
            method=f"stretches on one side of the median;{which} a count has no "
            "interval",
        )
        for term, number, which in zip(RUN_TERMS, numbers, words, strict=True)
    }
