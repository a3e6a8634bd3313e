"""What keeps a score from being compared, and a linkage rule from being followed.

Numbers that may not be reported are refused here, in one place for every page.

What refuses a score at some wave, for findings that rest on several waves.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import Contrast, Finding, Group, names_in
from analysis.foundation.refusals import comparability as comparability_refusal
from analysis.foundation.refusals import keys_turned, not_precise
from heard.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TypeAlias

    import pandas as pd

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Place
    from analysis.outcomes.scores_over_waves import OutcomeScores


ENOUGH_FOR_KEYS = 50
"""People; of fewer, an item that runs against the others is only pointed out."""


def apply_gates(
    findings: Iterable[Finding],
    study: Study,
    comparability: Iterable[Finding],
    reliability: Iterable[Finding],
) -> Iterator[Finding]:
    """Findings, without numbers where the score may not be compared.

    Parameters
    ----------
    comparability, reliability : iterable of Finding
        As of `evaluate_outcomes`.
    """
    reliability = tuple(reliability)
    keyed = _rightly_keyed_only(findings, reliability, study)
    comparable = _comparable_only(keyed, comparability)
    yield from _reliable_only(comparable, reliability, study)


def _rightly_keyed_only(
    findings: Iterable[Finding], reliability: Iterable[Finding], study: Study
) -> Iterator[Finding]:
    """Findings, without numbers where an item of the score runs against the others.

    Of enough people, whose whole interval lies below zero. A key that the study
    confirms stands.
    """
    turned: dict[tuple[str, str, str, str], str] = {}
    for found in reliability:
        against = found.term == "item_rest_correlation" and not found.group
        enough = found.n is not None and found.n >= ENOUGH_FOR_KEYS
        below = found.conf_high is not None and found.conf_high < 0
        if against and enough and below and found.item not in study.confirmed_keys:
            place = found.survey, found.instrument, found.subscale, str(found.wave)
            turned.setdefault(place, found.item)
    for finding in findings:
        *score, waves = _score(finding)
        items = (turned.get((*map(str, score), wave)) for wave in names_in(waves))  # type: ignore[arg-type]
        item = next(filter(None, items), None)
        if item is None or finding.term == "participants_linked":
            yield finding
        else:
            label = study.instruments[finding.instrument].item(item).label
            why = keys_turned(label)
            yield _refused(finding, why, in_words=why)


def _comparable_only(
    findings: Iterable[Finding], comparability: Iterable[Finding]
) -> Iterator[Finding]:
    """Findings, without numbers where the score does not mean the same at both waves.

    A refusal of a contrast takes what compares its arms; the numbers of a single arm,
    and of everybody, stand as long as any contrast does.
    """
    consequences: dict[tuple[str, str, str, Place], dict[Place, Finding]] = {}
    for one in comparability:
        if one.term == "comparability_consequence":
            consequences.setdefault(_score(one), {})[one.arm] = one
    for finding in findings:
        known = consequences.get(_score(finding), {})
        own = known.get(finding.arm)
        bearing = [own] if own else _about(finding.arm, known)
        refused = bool(bearing) and all(one.estimate == 0 for one in bearing)
        if not refused or finding.term == "participants_linked":
            yield finding
        else:
            why = bearing[0].method
            reason = f"the items do not measure the same at both waves: {why}"
            yield _refused(finding, reason, in_words=comparability_refusal())


def _about(arm: Place, known: Mapping[Place, Finding]) -> list[Finding]:
    """The consequences that bear on an arm: of its contrasts, else of all."""
    of_arm = [one for place, one in known.items() if arm in names_in(place)]
    return of_arm or list(known.values())


def _reliable_only(
    findings: Iterable[Finding], reliability: Iterable[Finding], study: Study
) -> Iterator[Finding]:
    """Findings, without numbers where a wave's score is too unreliable by the plan.

    Where there is no alpha, as of a score of one item, the numbers stand.
    """
    least = study.plan.gates.least_reliability if study.plan else None
    alphas = {
        _score(found): found.estimate
        for found in reliability
        if found.term == "cronbach_alpha"
        and found.estimate is not None
        and not (found.arm or found.item or found.group)
    }
    for finding in findings:
        survey, instrument, subscale, waves = _score(finding)
        by_wave = {
            wave: alphas.get((survey, instrument, subscale, wave))
            for wave in names_in(waves)[::-1]
        }
        low = [
            f"{math.floor(alpha * 1000) / 1000:.3f} at {wave}"
            for wave, alpha in by_wave.items()
            if least is not None and alpha is not None and alpha < least
        ]
        # A reason that stands already is the nearer one; who was linked is no score.
        if not low or finding.reason or finding.term == "participants_linked":
            yield finding
        else:
            reason = (
                f"the score is not reliable enough: Cronbach's alpha is "
                f"{' and '.join(low)}, under the {least:g} that the plan asks for"
            )
            yield _refused(finding, reason, in_words=not_precise())


def _refused(finding: Finding, reason: str, *, in_words: str) -> Finding:
    """A finding without its numbers; of a verdict, that there is no answer and why."""
    if finding.term != "verdict":
        return finding.without_numbers(reason)
    return dataclasses.replace(
        finding.without_numbers(in_words), group=Group("verdict", "no_answer"), n=None
    )


def _score(finding: Finding) -> tuple[str, str, str, Place]:
    return finding.survey, finding.instrument, finding.subscale, finding.wave


def check_rule(rule: str, links: pd.DataFrame | None, study: Study) -> None:
    """Refuse a rule under which no link was made; else equality would decide."""
    known = [] if links is None else sorted(links["rule"].unique())
    if rule not in known:
        raise DeclarationError(
            study.name,
            f"{unknown('linkage rule', rule, known)}. A survey's linkage_rule "
            "declares which are tried",
        )


if TYPE_CHECKING:
    Gates: TypeAlias = tuple[tuple[Finding, ...], tuple[Finding, ...]]
    """Findings of comparability, and of reliability, as of `evaluate_outcomes`."""


def refusals(
    study: Study, outcome: Outcome, outcome_scores: OutcomeScores, gates: Gates
) -> dict[str, str]:
    """Wave → why its score may not be compared with others; none: all may.

    Whether a score means the same is asked of the first wave and each later one, and of
    the baseline and each follow-up.
    """
    waves = outcome_scores.waves
    pairs = [
        (wave, sorted((wave, other), key=waves.index))
        for other in dict.fromkeys([outcome.waves[0], waves[0]])
        for wave in waves
        if wave != other
    ]
    asked = [
        Finding(
            study=study.name,
            survey=outcome.survey,
            instrument=outcome.instrument,
            subscale=outcome.subscale,
            wave=Contrast(*pair[::-1]),
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
        waves = names_in(finding.wave) if finding.wave else outcome_scores.waves
        reasons = [refused[wave] for wave in waves if wave in refused]
        if not reasons or finding.reason:
            yield finding
        else:
            yield finding.without_numbers(reasons[0])
