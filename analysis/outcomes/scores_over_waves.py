"""Scores of all waves into one frame an outcome: who answered what, when and where.

The rule that holds throughout: who is followed counts where they were first seen, so
that moving to another team changes nobody's arm.

A study's arms, or its roll-out, into what is compared with what.

Where arms were declared there is one comparison. Where units start one after the other
there is one for each start: those that started then compared with those that never do.
Where the latter are few, the last to start join them, over the waves before they do.
Nobody who has the pilot already serves as comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.declarations.estimand import unit_of
from analysis.foundation.findings import Contrast, Group
from analysis.outcomes.outcome_scores import waves_of_outcome
from heard.effects.designs.difference_in_differences import Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.declarations.study import Outcome, Rollout, Study
    from analysis.outcomes.outcome_scores import ScoresByWave


PLACES = ("arm", "team", "site")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeScores:
    """An outcome over all its waves.

    Attributes
    ----------
    rows : DataFrame, one row a participant and wave
        ``wave``, ``participant`` (a number), ``arm``, ``team``, ``site``, ``score``,
        and the attributes asked for, NaN where a wave did not ask. Who has no score at
        a wave has no row of it.
    waves : tuple of str
        In order of time: those before the baseline, the baseline, the follow-ups; of
        a roll-out all that asked for it.
    linked : bool
        Whether ``participant`` is the same person at every wave; if not, everybody is
        somebody else at another wave.
    """

    rows: pd.DataFrame
    waves: tuple[str, ...]
    linked: bool


def scores_over_waves(
    scores_by_wave: ScoresByWave,
    study: Study,
    outcome: Outcome,
    *,
    links: pd.DataFrame | None,
    also: Sequence[str] = (),
) -> OutcomeScores:
    """Put all waves of an outcome below each other.

    Parameters
    ----------
    scores_by_wave, study, links
        As of `evaluate_outcomes`.
    also : sequence of str
        Attributes to keep alongside the score.

    Returns
    -------
    OutcomeScores
        Linked where each wave is linked with the baseline; waves before the baseline
        under a linkage rule are not, and then nobody is followed.
    """
    waves = _waves(scores_by_wave, study, outcome)
    baseline = outcome.waves[0]
    first = scores_by_wave[baseline][outcome.survey]
    parts, linked = {baseline: first}, len(waves) > 1
    for wave in waves:
        if wave == baseline:
            continue
        _, parts[wave], pair_linked = waves_of_outcome(
            scores_by_wave, study, outcome, wave, links=links
        )
        earlier = waves.index(wave) < waves.index(baseline)
        linked &= pair_linked and not (earlier and links is not None)
    score = f"{outcome.instrument}.{outcome.subscale}"
    rows = pd.concat(
        [_part(parts[wave], wave, score, also) for wave in waves], ignore_index=True
    )
    return OutcomeScores(
        rows=_followed(rows) if linked else rows.assign(participant=rows.index),
        waves=waves,
        linked=linked,
    )


def _waves(
    scores_by_wave: ScoresByWave, study: Study, outcome: Outcome
) -> tuple[str, ...]:
    """Waves with the score: all before the baseline, and those declared after it.

    All of them in a roll-out: its units start after one follow-up and another.
    """
    names = study.wave_names()
    score = f"{outcome.instrument}.{outcome.subscale}"
    before = names.index(outcome.baseline) if outcome.baseline else 0
    known = len(names) if study.rollout else before
    surveyed_waves = [
        wave
        for wave in names[:known]
        if score in scores_by_wave.get(wave, {}).get(outcome.survey, pd.DataFrame())
    ]
    declared = {*surveyed_waves, *outcome.waves}
    return tuple(wave for wave in names if wave in declared)


def _part(
    scores: pd.DataFrame, wave: str, score: str, also: Sequence[str]
) -> pd.DataFrame:
    attributes = {name: scores[name] for name in also if name in scores.columns}
    rows = scores[["participant", *PLACES]].assign(
        wave=wave, score=scores[score], **attributes
    )
    return rows.dropna(subset="score")


def _followed(rows: pd.DataFrame) -> pd.DataFrame:
    """Those with a name, numbered as they come, each where they were first seen.

    Numbered, as another key to the pseudonyms must not change the order of sums.
    """
    named = rows.loc[rows["participant"] != ""].reset_index(drop=True)
    numbers = named["participant"].factorize()[0]
    first = named.groupby(numbers, sort=False)[[*PLACES]].transform("first")
    return named.assign(participant=numbers, **{name: first[name] for name in PLACES})


STARTED, NOT_YET = "started", "not_yet"
MINIMUM_OTHER_UNITS = 3
"""Units to be compared with; from fewer hardly anything could be estimated."""
NO_UNITS = (
    "neither teams nor people who were followed were allocated: there is nothing whose "
    "change could be set beside another's"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRows:
    """One comparison of an outcome, with the rows it is made on.

    Attributes
    ----------
    rows : DataFrame, one row a participant and wave
        With ``arm`` and ``cluster`` as the comparison names them.
    arm : Contrast or str
        The contrast of arms; empty in a roll-out.
    group : Group or str
        Which start, in a roll-out; empty of arms.
    """

    rows: pd.DataFrame
    comparison: Comparison
    arm: Contrast | str = ""
    group: Group | str = ""

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


def contrasts_of(
    outcome_scores: OutcomeScores, study: Study, outcome: Outcome
) -> Iterator[ComparedRows]:
    """Every comparison that the study's arms or roll-out allow, in order of start."""
    if study.rollout is not None:
        yield from _by_start(outcome_scores, study, study.rollout)
    elif study.treated and study.control and outcome.baseline and outcome.follow_ups:
        yield from _of_arms(outcome_scores, study, outcome)


def started_rows(
    outcome_scores: OutcomeScores, study: Study, rollout: Rollout
) -> pd.DataFrame:
    """Rows with ``cluster``, the unit, and ``start``: its first wave with the pilot.

    Of the waves of this outcome, that is; missing where the pilot never came in them.
    """
    order = study.wave_names()
    first = {}
    for unit, start in rollout.starts.items():
        later = order[order.index(start) :]
        first[unit] = next(
            (wave for wave in outcome_scores.waves if wave in later), None
        )
    units = outcome_scores.rows[rollout.unit]
    starts = units.map(first).astype(object)
    known = starts.where(starts.notna(), None)
    rows = outcome_scores.rows.assign(cluster=units, start=known)
    return rows.loc[units != ""].reset_index(drop=True)


def _of_arms(
    outcome_scores: OutcomeScores, study: Study, outcome: Outcome
) -> Iterator[ComparedRows]:
    unit, _ = unit_of(study)
    if unit != "person":
        rows = outcome_scores.rows.assign(cluster=outcome_scores.rows[unit])
    elif outcome_scores.linked:
        rows = outcome_scores.rows.assign(
            cluster=outcome_scores.rows["participant"].astype(str)
        )
    else:
        return
    yield ComparedRows(
        rows=rows,
        comparison=Comparison(
            waves=outcome_scores.waves,
            started=outcome_scores.waves[
                outcome_scores.waves.index(outcome.baseline) + 1
            ],
            treated=study.treated,
            control=study.control,
            linked=outcome_scores.linked,
        ),
        arm=Contrast(study.treated, study.control),
    )


def _by_start(
    outcome_scores: OutcomeScores, study: Study, rollout: Rollout
) -> Iterator[ComparedRows]:
    rows = started_rows(outcome_scores, study, rollout)
    places = {wave: place for place, wave in enumerate(outcome_scores.waves)}
    starts = sorted({places[start] for start in rows["start"].dropna()})
    others, last = rows["start"].isna(), len(outcome_scores.waves)
    for start in reversed(starts):
        if rows.loc[others, "cluster"].nunique() >= MINIMUM_OTHER_UNITS:
            break
        others, last = others | (rows["start"] == outcome_scores.waves[start]), start
    waves = outcome_scores.waves[:last]
    for start in starts:
        if not 0 < start < last:
            continue
        wave = outcome_scores.waves[start]
        arms = rows["start"].eq(wave).map({True: STARTED, False: ""})
        yield ComparedRows(
            rows=rows.assign(arm=arms.mask(others, NOT_YET)),
            comparison=Comparison(
                waves=waves,
                started=wave,
                treated=STARTED,
                control=NOT_YET,
                linked=outcome_scores.linked,
            ),
            group=Group("start", wave),
        )
