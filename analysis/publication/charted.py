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
        selected = of_score(disclosed, outcome)
        if selected.where(term=VALUE).findings:
            yield outcome, selected


def arms_charted(selected: Disclosed, study: Study) -> list[str]:
    """The arms, as declared; one empty text where everyone is one series."""
    arms = [arm.name for arm in study.arms] or [""]
    return [arm for arm in arms if selected.where(term=VALUE, arm=arm).findings]


def waves_charted(selected: Disclosed, study: Study) -> list[str]:
    """The waves that asked for the score, in their order in time."""
    return waves_of(selected.where(term=VALUE), study, contrasts=False)


def signals_at(selected: Disclosed, arm: str, wave: str) -> list[Finding]:
    """What breaks a rule at a wave, the stricter chart first."""
    at = selected.where(arm=arm, wave=wave)
    signals = [signal for term in SIGNALS for signal in at.where(term=term).findings]
    return [signal for signal in signals if signal.estimate is not None]


def verdict_at(
    selected: Disclosed, study: Study, outcome: Outcome, arm: str, wave: str
) -> Verdict:
    """What a wave shows."""
    subscale = study.instruments[outcome.instrument].subscale(outcome.subscale)
    better = BETTER[improvement_of(subscale.direction)]
    signals = signals_at(selected, arm, wave)
    return verdict(int(signals[0].estimate or 0) if signals else 0, better)


def chart_words(selected: Disclosed, study: Study, outcome: Outcome) -> str:
    """What the charts show of every arm, in a sentence each."""
    sentences = [
        f"{arm_text(study, arm)}: {_arm_words(selected, study, outcome, arm)}"
        for arm in arms_charted(selected, study)
    ]
    return f"{outcome.title}. {' '.join(sentences)}"


def _arm_words(selected: Disclosed, study: Study, outcome: Outcome, arm: str) -> str:
    median = found(selected, term="chart_median", arm=arm)
    if median is None or median.estimate is None:
        why = median.reason if median is not None else "nothing was found"
        return f"no chart can be drawn ({why})."
    waves = waves_charted(selected, study)
    sentences = {w: verdict_at(selected, study, outcome, arm, w) for w in waves}
    parts = []
    for kind in ("improvement", "concern", "change"):
        chosen = [place for place, wave in enumerate(waves) if sentences[wave] == kind]
        if chosen:
            names = in_words(_stretches([wave_text(study, w) for w in waves], chosen))
            shows = "shows" if len(chosen) == 1 else "show"
            parts.append(f"{names} {shows} {MEANINGS[kind]}")
    if runs := _runs_words(selected, arm):
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
    sentences: list[str] = []
    for part in parts:
        if len(part) < 3:
            sentences += [names[place] for place in part]
        else:
            sentences.append(f"{names[part[0]]} to {names[part[-1]]}")
    return tuple(sentences)


def _runs_words(selected: Disclosed, arm: str) -> str:
    """Whether there are fewer or more runs than chance brings."""
    numbers = [
        part.estimate
        for term in ("runs", "fewest_runs", "most_runs")
        if (part := found(selected, term=term, arm=arm)) and part.estimate is not None
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


def trial_words(selected: Disclosed, study: Study) -> str:
    """That limits rest on few waves; empty where they do not."""
    drawn = [
        sum(
            part.estimate is not None
            for part in selected.where(term=VALUE, arm=arm).findings
        )
        for arm in arms_charted(selected, study)
    ]
    minimum = min((count for count in drawn if count), default=LIMIT_POINTS)
    if minimum >= LIMIT_POINTS:
        return ""
    return (
        f"The usual range rests on {minimum} waves, fewer than {LIMIT_POINTS}, and is "
        "on trial: where a score moved for good, its first waves stand out one way and "
        "its last ones the other."
    )
