"""Findings of charts, taken apart: which waves show what, in which arm, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.series import charted_outcomes, improvement_of
from analysis.outcomes.trends.rules import BETTER, LIMIT_POINTS, in_words, verdict
from analysis.publication.places import (
    arm_text,
    found,
    of_score,
    wave_text,
    waves_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations import Outcome, Study
    from analysis.foundation import Finding
    from analysis.outcomes.trends.rules import Verdict
    from analysis.publication.disclosure import Disclosed

VALUE = "chart_value"
SIGNALS = ("control_chart_signal", "run_chart_signal")
"""The stricter chart first: what it says of a wave counts."""
MEANINGS: dict[Verdict, str] = {
    "improvement": "more than wavering, towards the better end",
    "concern": "more than wavering, towards the worse end",
    "change": "more than wavering",
    "wavering": "no more than the usual wavering",
}


def charts_found(
    disclosed: Disclosed, study: Study
) -> Iterator[tuple[Outcome, Disclosed]]:
    """Every outcome that was charted, and what was found of it."""
    for outcome in charted_outcomes(study):
        here = of_score(disclosed, outcome)
        if here.where(term=VALUE).findings:
            yield outcome, here


def arms_charted(here: Disclosed, study: Study) -> list[str]:
    """The arms, as declared; one empty text where everyone is one series."""
    arms = [arm.name for arm in study.arms] or [""]
    return [arm for arm in arms if here.where(term=VALUE, arm=arm).findings]


def waves_charted(here: Disclosed, study: Study) -> list[str]:
    """The waves that asked for the score, in their order in time."""
    return waves_of(here.where(term=VALUE), study, contrasts=False)


def signals_at(here: Disclosed, arm: str, wave: str) -> list[Finding]:
    """What breaks a rule at a wave, the stricter chart first."""
    at = here.where(arm=arm, wave=wave)
    signals = [signal for term in SIGNALS for signal in at.where(term=term).findings]
    return [signal for signal in signals if signal.estimate is not None]


def verdict_at(
    here: Disclosed, study: Study, outcome: Outcome, arm: str, wave: str
) -> Verdict:
    """What a wave shows."""
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    better = BETTER[improvement_of(subscale.direction)]
    signals = signals_at(here, arm, wave)
    return verdict(int(signals[0].estimate or 0) if signals else 0, better)


def chart_words(here: Disclosed, study: Study, outcome: Outcome) -> str:
    """What the charts show of every arm, in a sentence each."""
    told = [
        f"{arm_text(study, arm)}: {_arm_words(here, study, outcome, arm)}"
        for arm in arms_charted(here, study)
    ]
    return f"{outcome.title}. {' '.join(told)}"


def _arm_words(here: Disclosed, study: Study, outcome: Outcome, arm: str) -> str:
    median = found(here, term="chart_median", arm=arm)
    if median is None or median.estimate is None:
        why = median.reason if median is not None else "nothing was found"
        return f"no chart can be drawn ({why})."
    waves = waves_charted(here, study)
    told = {w: verdict_at(here, study, outcome, arm, w) for w in waves}
    parts = []
    for kind in ("improvement", "concern", "change"):
        chosen = [place for place, wave in enumerate(waves) if told[wave] == kind]
        if chosen:
            names = in_words(_stretches([wave_text(study, w) for w in waves], chosen))
            shows = "shows" if len(chosen) == 1 else "show"
            parts.append(f"{names} {shows} {MEANINGS[kind]}")
    if runs := _runs_words(here, arm):
        parts.append(runs)
    if not parts:
        return "no wave shows more than the usual wavering."
    return f"{'; '.join(parts)}."


def _stretches(names: list[str], chosen: list[int]) -> tuple[str, ...]:
    """Names of the waves chosen; three in a row and more by their first and last."""
    parts: list[list[int]] = []
    for place in chosen:
        if parts and parts[-1][-1] == place - 1:
            parts[-1].append(place)
        else:
            parts.append([place])
    told: list[str] = []
    for part in parts:
        if len(part) < 3:
            told += [names[place] for place in part]
        else:
            told.append(f"{names[part[0]]} to {names[part[-1]]}")
    return tuple(told)


def _runs_words(here: Disclosed, arm: str) -> str:
    """Whether there are fewer or more runs than chance brings."""
    numbers = [
        part.estimate
        for term in ("runs", "fewest_runs", "most_runs")
        if (part := found(here, term=term, arm=arm)) and part.estimate is not None
    ]
    if len(numbers) < 3:
        return ""
    runs, low, high = numbers
    if low <= runs <= high:
        return ""
    what = "few" if runs < low else "many"
    return (
        f"the waves lie too {what} times on another side of the median than the wave "
        f"before ({runs:.0f} runs; chance brings {low:.0f} to {high:.0f})"
    )


def trial_words(here: Disclosed, study: Study) -> str:
    """That limits rest on few waves; empty where they do not."""
    drawn = [
        sum(
            part.estimate is not None
            for part in here.where(term=VALUE, arm=arm).findings
        )
        for arm in arms_charted(here, study)
    ]
    fewest = min((count for count in drawn if count), default=LIMIT_POINTS)
    if fewest >= LIMIT_POINTS:
        return ""
    return (
        f"The usual range rests on {fewest} waves, fewer than {LIMIT_POINTS}, and is "
        "on trial: where a score moved for good, its first waves stand out one way and "
        "its last ones the other."
    )
