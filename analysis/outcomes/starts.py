"""A study's arms, or its roll-out, into what is compared with what.

Where arms were declared there is one comparison. Where units start one after the other
there is one for each start: those that started then beside those that never do. Where
these are few, the last to start join them, over the waves before they do. Nobody who
has the pilot already serves as comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.outcomes.compared import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from analysis.declarations import Outcome, Study
    from analysis.declarations.rollout import Rollout
    from analysis.outcomes.courses import Course

STARTED, NOT_YET = "started", "not_yet"
FEWEST_OTHERS = 3
"""Units to be compared with; of fewer hardly anything could be told."""
NO_UNITS = (
    "neither teams nor people who were followed were allocated: there is nothing whose "
    "change could be set beside another's"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One comparison of an outcome, with the rows it is made on.

    Attributes
    ----------
    rows : DataFrame, one row a participant and wave
        With ``arm`` and ``cluster`` as the comparison names them.
    arm : str
        The contrast of arms as findings write it; empty in a roll-out.
    group : str
        Which start, in a roll-out; empty of arms.
    """

    rows: pd.DataFrame
    comparison: Comparison
    arm: str = ""
    group: str = ""

    def smallest_side(self, before: Sequence[str], after: Sequence[str]) -> int:
        """Answers of the smaller arm at the smaller time; 0 if one has none."""
        comparison, rows = self.comparison, self.rows
        arms = [comparison.treated, comparison.control]
        rows = rows.loc[rows["arm"].isin(arms) & rows["cluster"].fillna("").ne("")]
        rows = rows.loc[rows["wave"].isin(list(comparison.waves))]
        if comparison.linked:
            again = rows.groupby("participant")["wave"].transform("size") > 1
            rows = rows.loc[again]
        times = [rows["wave"].isin(list(waves)) for waves in (before, after)]
        return min(
            int((time & (rows["arm"] == arm)).sum()) for time in times for arm in arms
        )


def contrasts_of(course: Course, study: Study, outcome: Outcome) -> Iterator[Contrast]:
    """Every comparison that the study's arms or roll-out allow, in order of start."""
    if study.rollout is not None:
        yield from _by_start(course, study, study.rollout)
    elif study.treated and study.control and outcome.follow_ups:
        yield from _of_arms(course, study, outcome)


def started_rows(course: Course, study: Study, rollout: Rollout) -> pd.DataFrame:
    """Rows with ``cluster``, the unit, and ``start``: its first wave with the pilot.

    Of the waves of this outcome, that is; missing where the pilot never came in them.
    """
    order = study.wave_names()
    first = {}
    for unit, start in rollout.starts.items():
        later = order[order.index(start) :]
        first[unit] = next((wave for wave in course.waves if wave in later), None)
    units = course.rows[rollout.unit]
    starts = units.map(first).astype(object)
    known = starts.where(starts.notna(), None)
    rows = course.rows.assign(cluster=units, start=known)
    return rows.loc[units != ""].reset_index(drop=True)


def _of_arms(course: Course, study: Study, outcome: Outcome) -> Iterator[Contrast]:
    if study.allocated_by == "team":
        rows = course.rows.assign(cluster=course.rows["team"])
    elif course.linked:
        rows = course.rows.assign(cluster=course.rows["participant"].astype(str))
    else:
        return
    yield Contrast(
        rows=rows,
        comparison=Comparison(
            waves=course.waves,
            started=course.waves[course.waves.index(outcome.baseline) + 1],
            treated=study.treated,
            control=study.control,
            linked=course.linked,
        ),
        arm=f"{study.treated} - {study.control}",
    )


def _by_start(course: Course, study: Study, rollout: Rollout) -> Iterator[Contrast]:
    rows = started_rows(course, study, rollout)
    places = {wave: place for place, wave in enumerate(course.waves)}
    starts = sorted({places[start] for start in rows["start"].dropna()})
    others, last = rows["start"].isna(), len(course.waves)
    for start in reversed(starts):
        if rows.loc[others, "cluster"].nunique() >= FEWEST_OTHERS:
            break
        others, last = others | (rows["start"] == course.waves[start]), start
    waves = course.waves[:last]
    for start in starts:
        if not 0 < start < last:
            continue
        wave = course.waves[start]
        arms = rows["start"].eq(wave).map({True: STARTED, False: ""})
        yield Contrast(
            rows=rows.assign(arm=arms.mask(others, NOT_YET)),
            comparison=Comparison(
                waves=waves,
                started=wave,
                treated=STARTED,
                control=NOT_YET,
                linked=course.linked,
            ),
            group=f"started at {wave}",
        )
