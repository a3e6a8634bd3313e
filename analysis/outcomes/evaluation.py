"""Scores of all waves into findings: every score described, declared outcomes judged.

What was declared decides the analysis: linked responses are compared within people,
others as different people; where teams were allocated, teams are what is compared.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analysis.declarations.estimand import counts_units
from analysis.foundation.findings import Finding
from analysis.outcomes.families import adjusted_outcomes, tested_outcomes
from analysis.outcomes.gates import apply_gates, check_rule
from analysis.outcomes.outcome import outcome_findings
from analysis.outcomes.outcome_scores import by_arm
from analysis.outcomes.sites import site_findings
from heard.effects.description import describe_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from analysis.declarations.study import Study
    from analysis.outcomes.outcome_scores import ScoresByWave


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
        What the scores mean at each wave, as of `judge_comparability`: where
        ``comparability_consequence`` is 0, change and comparison are refused with the
        reason.
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
        comparability=comparability,
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
        apply_gates, study=study, comparability=comparability, reliability=reliability
    )
    return (
        *_descriptions(scores_by_wave, study),
        *gate(judged),
        *adjusted_outcomes(gate(tested), study),
    )


def _descriptions(scores_by_wave: ScoresByWave, study: Study) -> Iterator[Finding]:
    by_unit = counts_units(study)
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
                                cluster=among["team"] if by_unit else None,
                                yes_or_no=subscale.method == "all_highest",
                            ),
                            study=study.name,
                            survey=survey,
                            instrument=name,
                            subscale=subscale.name,
                            wave=wave,
                            arm=arm,
                        )
