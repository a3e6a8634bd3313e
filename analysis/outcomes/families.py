"""Outcomes tested into what still stands once all that was asked is counted.

The rule that holds throughout: a plan says beforehand how many tests are allowed for.
Without such a rule nothing is tested together, and nothing is said here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, cast

from analysis.declarations.plan import EXPLORATORY, PRIMARY, UNTESTED
from analysis.declarations.plan_lock import family_of
from analysis.foundation.findings import Contrast, Finding, Group
from analysis.outcomes.planned import permuted_p_value, planned_estimate
from analysis.outcomes.question import questions_of
from heard.effects.judgement.multiplicity import Family, adjust_families
from heard.results import Estimate, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from analysis.declarations.plan import Plan
    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Place
    from analysis.outcomes.outcome_scores import ScoresByWave
    from heard.effects.judgement.equivalence import UncertainEffect
    from heard.effects.judgement.multiplicity import Adjustment
    from heard.results import Result


TERM = "p_value"


def is_tested(study: Study) -> bool:
    """Whether the plan says how several outcomes are tested together."""
    return study.plan is not None and study.plan.multiplicity_rule != UNTESTED


def tested_outcomes(
    scores_by_wave: ScoresByWave,
    study: Study,
    *,
    links: pd.DataFrame | None,
    linkage_rule: str,
) -> Iterator[Finding]:
    """The p of no effect of every outcome, by the plan's measure.

    At the first follow-up, of two sides. Negative controls are left to their own page.

    Parameters
    ----------
    scores_by_wave, study, links, linkage_rule
        As of `evaluate_outcomes`.
    """
    if not is_tested(study):
        return
    assert study.plan is not None, "else nothing is tested"
    for outcome in study.outcomes:
        if outcome.name in study.plan.negative_controls or not outcome.follow_ups:
            continue
        question = questions_of(
            scores_by_wave,
            study,
            outcome,
            outcome.follow_ups[0],
            links=links,
            rule=linkage_rule,
        )[0]
        planned = planned_estimate(question)
        yield from question.place(
            permuted_p_value(question)
            if planned.method == "permutation"
            else _p_value(planned.effect),
            wave=question.estimand.waves,
            arm=question.estimand.place,
            group=Group("family", of=planned.result.term),
        )


def adjusted_outcomes(tested: Iterable[Finding], study: Study) -> Iterator[Finding]:
    """What was tested, each with its p among its family, in the order declared.

    Parameters
    ----------
    tested : iterable of Finding
        Of `tested_outcomes`; what a gate refused counts as a p of 1.
    """
    if not is_tested(study):
        return
    assert study.plan is not None, "else nothing is tested"
    at_score = {_score(finding): finding for finding in tested}
    location = {
        outcome.name: at_score[score]
        for outcome in study.outcomes
        if (score := _score_of(outcome)) in at_score
    }
    found = adjust_families(
        {name: _result(finding) for name, finding in location.items()},
        [*_families(study.plan, study)],
    )
    for part in found.outcomes:
        own = location.get(part.outcome)
        if own is None:
            continue
        place = {
            key: getattr(own, key)
            for key in ("study", "survey", "instrument", "subscale", "wave", "arm")
        }
        assert isinstance(own.group, Group), "as `tested_outcomes` placed it"
        family = dataclasses.replace(own.group, value=part.family)
        for result in (part.p_value, part.adjusted_p_value):
            yield from Finding.place(result, **place, group=family)


def _families(plan: Plan, study: Study) -> Iterator[Family]:
    """The primary outcome, then the families that wait for it, as they were locked."""
    names = {o.name for o in study.outcomes if family_of(o, study) != EXPLORATORY}
    gate = plan.primary in names
    if gate:
        yield Family(
            name=PRIMARY, outcomes=(plan.primary,), adjustment="fixed_sequence"
        )
    for name, listed in plan.families.items():
        kept = tuple(outcome for outcome in listed if outcome in names)
        if kept:
            yield Family(
                name=name,
                outcomes=kept,
                adjustment=cast("Adjustment", plan.multiplicity_rule),
                after=PRIMARY if gate else "",
            )


def _p_value(effect: UncertainEffect | Unavailable) -> Result:
    if isinstance(effect, Unavailable):
        return Unavailable(
            term=TERM, reason=effect.reason, n=effect.n, method=effect.method
        )
    # Of the absolute effect: the far tail itself, or a tiny p would lose its digits.
    far = dataclasses.replace(effect, effect=abs(effect.effect)).chance_above(0.0)
    return Estimate(
        term=TERM,
        estimate=min(2 * far, 1.0),
        n=effect.n,
        method=f"{effect.term} against no effect, both sides; t on "
        f"{effect.degrees_of_freedom:.4g} degrees of freedom, the error that of its "
        "interval; no interval: a p-value",
    )


def _score_of(outcome: Outcome) -> tuple[Place, ...]:
    first = "".join(outcome.follow_ups[:1])
    waves = Contrast(first, outcome.baseline) if outcome.baseline else first
    return outcome.survey, outcome.instrument, outcome.subscale, waves


def _score(finding: Finding) -> tuple[Place, ...]:
    return finding.survey, finding.instrument, finding.subscale, finding.wave


def _result(finding: Finding) -> Result:
    if finding.estimate is None or finding.n is None:
        return Unavailable(
            term=TERM, reason=finding.reason, n=finding.n, method=finding.method
        )
    return Estimate(
        term=TERM, estimate=finding.estimate, n=finding.n, method=finding.method
    )
