"""What refuses a score at some wave, for findings that rest on several waves."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analysis.foundation import Finding
from analysis.outcomes.gates import apply_gates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    from analysis.declarations import Outcome, Study
    from analysis.outcomes.courses import OutcomeScores

    Gates: TypeAlias = tuple[tuple[Finding, ...], tuple[Finding, ...]]
    """Findings of comparability, and of reliability, as of `evaluate_outcomes`."""


def refusals(
    study: Study, outcome: Outcome, outcome_scores: OutcomeScores, gates: Gates
) -> dict[str, str]:
    """Wave → why its score may not be set beside others; none: all may.

    Whether a score means the same is asked of the first wave and each later one, and of
    the baseline and each follow-up.
    """
    waves = outcome_scores.waves
    pairs = [
        (wave, sorted((wave, other), key=waves.index))
        for other in dict.fromkeys([outcome.baseline, waves[0]])
        for wave in waves
        if wave != other
    ]
    asked = [
        Finding(
            study=study.name,
            survey=outcome.survey,
            instrument=outcome.instrument,
            subscale=outcome.subscale,
            wave=" - ".join(pair[::-1]),
            term="difference",
        )
        for _, pair in pairs
    ]
    gated = apply_gates(asked, study, *gates)
    return {
        wave: finding.reason
        for (wave, _), finding in zip(pairs, gated, strict=True)
        if finding.reason
    }


def gated(
    findings: Iterable[Finding],
    outcome_scores: OutcomeScores,
    refused: Mapping[str, str],
) -> Iterator[Finding]:
    """Findings, without numbers where they rest on a refused wave.

    Parameters
    ----------
    findings : iterable of Finding
        Of one outcome; an empty ``wave`` stands for all waves.
    refused : mapping
        As `refusals` gives it.
    """
    for finding in findings:
        waves = [
            name for name in finding.wave.split(" - ") if name
        ] or outcome_scores.waves
        reasons = [refused[wave] for wave in waves if wave in refused]
        if not reasons or finding.reason:
            yield finding
        else:
            yield dataclasses.replace(
                finding,
                estimate=None,
                conf_low=None,
                conf_high=None,
                reason=reasons[0],
            )
