"""Scores of all waves into findings: every score described, declared outcomes judged.

What was declared decides the analysis: linked responses are compared within people,
others as different people; where teams were allocated, teams are what is compared.
"""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from analysis.foundation import DeclarationError, Finding
from analysis.foundation.errors import unknown
from analysis.outcomes.description import describe_scores
from analysis.outcomes.families import adjusted_outcomes, tested_outcomes
from analysis.outcomes.outcome import by_arm, outcome_findings
from analysis.outcomes.sites import site_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from analysis.declarations import Study

    ScoresByWave: TypeAlias = Mapping[str, Mapping[str, pd.DataFrame]]


def evaluate_outcomes(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None = None,
    linkage_rule: str = "",
    comparability: Iterable[Finding] = (),
    reliability: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Describe every score and judge every declared outcome.

    Parameters
    ----------
    scores_by_wave : mapping
        Wave → survey → scores, one row a participant.
    links : DataFrame, one row a link
        Survey, ``wave_before``, ``wave_after``, ``rule``, and the participant's
        pseudonym ``before`` and ``after``. Without it equal pseudonyms are linked.
    linkage_rule : str
        Evaluate under this rule and not the declared one.
    comparability : iterable of Finding
        What the scores mean at each wave: where ``means_comparable`` is 0, change and
        comparison are refused with the reason.
    reliability : iterable of Finding
        Cronbach's alpha of the scores at each wave. Where the plan declares a least
        one and either wave has less, change and comparison are refused likewise.

    Raises
    ------
    DeclarationError
        No link was made under that rule.
    DataError
        Linked participants who are mostly at another site: not the same people.
    """
    if linkage_rule:
        check_rule(linkage_rule, links, study)
    reliability, comparability = tuple(reliability), tuple(comparability)
    at = partial(site_findings, links=links, linkage_rule=linkage_rule)
    everywhere = partial(
        outcome_findings,
        links=links,
        linkage_rule=linkage_rule,
        reliability=reliability,
    )
    judged = (
        finding
        for outcome in study.outcomes
        for follow_up in outcome.follow_ups
        for find in (everywhere, at)
        for finding in find(scores_by_wave, study, outcome, follow_up)
    )
    tested = tested_outcomes(
        scores_by_wave, study, links=links, linkage_rule=linkage_rule
    )
    gate = partial(
        through_gates, study=study, comparability=comparability, reliability=reliability
    )
    return (
        *_descriptions(scores_by_wave, study),
        *gate(judged),
        *adjusted_outcomes(gate(tested), study),
    )


def through_gates(
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
    comparable = _comparable_only(findings, comparability)
    yield from _reliable_only(comparable, reliability, study)


def _comparable_only(
    findings: Iterable[Finding], comparability: Iterable[Finding]
) -> Iterator[Finding]:
    """Findings, without numbers where the score does not mean the same at both waves.

    Where that could not be tested, the numbers stand: too few answers for a test are
    no sign that anything is wrong.
    """
    refused = {
        _score(verdict): verdict.method.partition("; rule: ")[0]
        for verdict in comparability
        if verdict.term == "means_comparable" and verdict.estimate == 0
    }
    for finding in findings:
        why = refused.get(_score(finding))
        if why is None or finding.term == "participants_linked":
            yield finding
        else:
            reason = f"the items do not measure the same at both waves: {why}"
            yield _refused(finding, reason)


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
            for wave in waves.split(" - ")[::-1]
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
            yield _refused(finding, reason)


def _refused(finding: Finding, reason: str) -> Finding:
    return dataclasses.replace(
        finding, estimate=None, conf_low=None, conf_high=None, reason=reason
    )


def _score(finding: Finding) -> tuple[str, str, str, str]:
    return finding.survey, finding.instrument, finding.subscale, finding.wave


def _descriptions(scores_by_wave: ScoresByWave, study: Study) -> Iterator[Finding]:
    by_team = study.allocated_by == "team"
    for wave, surveys in scores_by_wave.items():
        for survey, scores in surveys.items():
            for name in study.survey(survey).instruments:
                for subscale in study.instruments[name].subscales:
                    # A score of items that this wave did not ask is not there.
                    if f"{name}.{subscale.name}" not in scores.columns:
                        continue
                    for arm, among in by_arm(scores, study):
                        yield from Finding.place(
                            describe_scores(
                                among[f"{name}.{subscale.name}"],
                                lowest=subscale.lowest,
                                highest=subscale.highest,
                                cluster=among["team"] if by_team else None,
                                yes_or_no=subscale.method == "all_highest",
                            ),
                            study=study.name,
                            survey=survey,
                            instrument=name,
                            subscale=subscale.name,
                            wave=wave,
                            arm=arm,
                        )


def check_rule(rule: str, links: pd.DataFrame | None, study: Study) -> None:
    """Refuse a rule under which no link was made; else equality would decide."""
    known = [] if links is None else sorted(links["rule"].unique())
    if rule not in known:
        raise DeclarationError(
            study.name,
            f"{unknown('linkage rule', rule, known)}. A survey's linkage_rule "
            "declares which are tried",
        )
