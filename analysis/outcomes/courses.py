"""Scores of all waves into one frame an outcome: who answered what, when and where.

The rule that holds throughout: who is followed counts where they were first seen, so
that moving to another team changes nobody's arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis.outcomes.outcome_scores import waves_of_outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from analysis.declarations import Outcome, Study

    ScoresByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]

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
        Attributes to keep beside the score.

    Returns
    -------
    OutcomeScores
        Linked where each wave is linked with the baseline; waves before the baseline
        under a linkage rule are not, and then nobody is followed.
    """
    waves = _waves(scores_by_wave, study, outcome)
    first = scores_by_wave[outcome.baseline][outcome.survey]
    parts, linked = {outcome.baseline: first}, len(waves) > 1
    for wave in waves:
        if wave == outcome.baseline:
            continue
        _, parts[wave], pair_linked = waves_of_outcome(
            scores_by_wave, study, outcome, wave, links=links
        )
        earlier = waves.index(wave) < waves.index(outcome.baseline)
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
    known = len(names) if study.rollout else names.index(outcome.baseline)
    surveyed_waves = [
        wave
        for wave in names[:known]
        if score in scores_by_wave.get(wave, {}).get(outcome.survey, pd.DataFrame())
    ]
    declared = {*surveyed_waves, outcome.baseline, *outcome.follow_ups}
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
