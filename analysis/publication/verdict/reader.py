"""Read the planned result of an outcome, with all that is said of it, from findings."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, cast, get_args

from analysis.declarations.estimand import (
    good_of,
    good_of_estimate,
    metric_of,
    unit_of,
)
from analysis.foundation.findings import Contrast, Group
from analysis.publication.disclosure.control import SUPPRESSED_VERDICT
from analysis.publication.places import arm_mean, found, of_score, subscale_of
from analysis.publication.verdict.facts import Arm, PlannedFacts, Summary
from heard.effects.judgement.strength import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Outcome, Study
    from analysis.foundation.findings import Finding, Place
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.verdict.facts import Comparability, Counted, Unit
    from heard.effects.judgement.strength import Column, Design, Threat
    from heard.effects.judgement.verdict import Good, VerdictCode

SUMMARIES: tuple[Summary, ...] = get_args(Summary)
SUPPRESSED = "Too few people answered for the result to be shown."
SCORES = {"ratings", "scores"}
"""Short titles with one of these name scores already: ``ratings were higher``."""
STAGGERED = ("the teams that had started", "the teams still waiting")
FEW_TREATED = "few_treated"
START: Summary = "start_effect"
"""Of all waves, from the baseline to the last."""
COMPARABILITY: dict[str, Comparability] = {
    "failed": "warned",
    "not_tested": "not tested",
    "cannot_be_tested": "not tested",
    "one_item": "one item",
}


def planned_facts(
    disclosed: Disclosed, study: Study, outcome: Outcome, follow_up: str
) -> tuple[PlannedFacts, ...]:
    """The planned result of an outcome at a follow-up, one for each contrast of arms.

    Parameters
    ----------
    disclosed : Disclosed
        All findings of the study, as they left disclosure control.
    outcome : Outcome
        Whose score it is.
    follow_up : str
        The later wave; people asked afterwards only have no other.

    Returns
    -------
    tuple of PlannedFacts
        Empty where no verdict was found.
    """
    verdicts = of_score(disclosed, outcome).where(term="verdict").findings
    return tuple(
        facts_of_verdict(finding, disclosed, study, outcome)
        for finding in verdicts
        if finding.wave in {follow_up, Contrast(follow_up, outcome.baseline)}
    )


def facts_of_verdict(
    judged: Finding, disclosed: Disclosed, study: Study, outcome: Outcome
) -> PlannedFacts:
    """The planned result that one verdict of an outcome is about.

    Parameters
    ----------
    judged : Finding
        The verdict.
    disclosed : Disclosed
        All findings of the study, as they left disclosure control.
    outcome : Outcome
        Whose score it is.
    """
    here = of_score(disclosed, outcome)
    at_wave = here.where(wave=judged.wave)
    of_contrast = at_wave.where(arm=judged.arm)
    planned = _planned(of_contrast)
    arms, unit = _arms_of(judged.arm), _unit(of_contrast, study)
    summary = _summary(planned, judged)
    treated, control = _groups(arms, at_wave, study, unit, summary)
    baseline, follow_up = "", str(judged.wave)
    if isinstance(judged.wave, Contrast):
        baseline, follow_up = judged.wave.before, judged.wave.after
    code, refusal = _answer(judged, planned)
    scale = subscale_of(study, outcome)
    short = _within(outcome.short_title or outcome.title)
    facts = PlannedFacts(
        outcome=short,
        scores=short if SCORES & {*short.split()} else f"{short} scores",
        programme=study.programme,
        treated=treated,
        control=control,
        lowest=scale.lowest,
        highest=scale.highest,
        good=good_of_estimate(study, outcome),
        metric=metric_of(study, outcome),
        baseline=study.wave_title(baseline),
        follow_up=study.wave_title(
            outcome.follow_ups[-1] if summary == START else follow_up
        ),
        summary=summary,
        smallest_effect=outcome.smallest_effect,
        units=_total(at_wave, (judged.arm,) if summary == START else arms),
        few_units=_few_units(of_contrast, at_wave, arms),
        unit=unit,
        randomised=study.randomised,
        selected_on_score=study.selected_on_score,
        code=code,
        refusal=refusal,
        at_best=_share_at_best(here, good_of(study, outcome), baseline),
    )
    return _with_evidence(_with_estimate(facts, planned), of_contrast)


def _with_estimate(facts: PlannedFacts, planned: Finding | None) -> PlannedFacts:
    """The same facts with the planned number, if there is one."""
    if planned is None:
        return facts
    return dataclasses.replace(
        facts,
        estimate=planned.estimate,
        low=planned.conf_low,
        high=planned.conf_high,
        people=planned.n,
        counted=cast("Counted", planned.n_unit or "people"),
    )


def _with_evidence(facts: PlannedFacts, of_contrast: Disclosed) -> PlannedFacts:
    """The same facts with how strong the evidence is, and what limits it."""
    strength = _strength(of_contrast)
    lost = found(of_contrast, term="share_lost")
    coverage = _estimate(of_contrast, "interval_level")
    return dataclasses.replace(
        facts,
        coverage=facts.coverage if coverage is None else coverage,
        design=cast("Design | None", _column_about(of_contrast, "design") or None),
        strength=strength,
        lost=lost.estimate if lost else None,
        losses_unknown=strength is not None and lost is None,
        agreeing=_count(of_contrast, "analyses_agreeing"),
        asked=_count(of_contrast, "analyses_asked"),
        depends_on_dropouts=_estimate(of_contrast, "change_undone_at") is not None,
        comparability=_comparability(of_contrast),
        bias=_estimate(of_contrast, "score_bias"),
        movers=_estimate(of_contrast, "share_in_both_arms"),
    )


# ---------------------------------------------------------------- the answer


def _planned(of_contrast: Disclosed) -> Finding | None:
    """The planned estimate: the only number of the contrast without a label."""
    unlabelled = of_contrast.where(group="")
    estimates = (found(unlabelled, term=summary) for summary in SUMMARIES)
    return next(filter(None, estimates), None)


def _summary(planned: Finding | None, judged: Finding) -> Summary:
    if planned is not None:
        return cast("Summary", planned.term)
    return "difference_in_change" if judged.arm else "change"


def _answer(judged: Finding, planned: Finding | None) -> tuple[VerdictCode, str]:
    """The verdict, and why there is none: one suppressed number takes it away."""
    assert isinstance(judged.group, Group), "a verdict is a group"
    code = cast("VerdictCode", judged.group.value)
    if code == "no_answer":
        reasons = (judged.reason, planned.reason if planned else "")
        return code, next(filter(None, reasons), "")
    limits = planned and (planned.conf_low, planned.conf_high)
    if judged.group == SUPPRESSED_VERDICT or not limits or None in limits:
        return "no_answer", SUPPRESSED
    return code, ""


def _count(of_contrast: Disclosed, term: str) -> int:
    return round(_estimate(of_contrast, term) or 0)


# ---------------------------------------------------------------- the groups


def _arms_of(arm: Place) -> tuple[str, ...]:
    return (arm.after, arm.before) if isinstance(arm, Contrast) else (arm,)


def _groups(
    arms: tuple[str, ...],
    at_wave: Disclosed,
    study: Study,
    unit: Unit,
    summary: Summary,
) -> tuple[Arm, Arm | None]:
    """The treated group, or the only one, and the group it is compared with."""
    found_arms = [_arm(name, at_wave, study, unit) for name in arms]
    if summary == START:
        waiting = zip(STAGGERED, ("Started", "Waiting"), strict=True)
        found_arms = [
            Arm(title=title, group=group, name=group) for group, title in waiting
        ]
    treated, *others = found_arms
    return treated, others[0] if others else None


def _arm(name: str, at_wave: Disclosed, study: Study, unit: Unit) -> Arm:
    title = study.arm_title(name) or "All"
    short = f"the {_within(title)}"
    people = unit == "person"
    of_arm = at_wave.where(arm=name)
    return Arm(
        title=title,
        group=f"{short} {'group' if people else f'{unit}s'}",
        name=f"{short} group" if people else short,
        before=_value(arm_mean(of_arm, "before")),
        after=_value(arm_mean(of_arm, "after")),
    )


def _within(title: str) -> str:
    """A title within a sentence; an abbreviation keeps its capitals."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _estimate(disclosed: Disclosed, term: str) -> float | None:
    return _value(found(disclosed, term=term))


def _value(finding: Finding | None) -> float | None:
    return finding.estimate if finding else None


def _total(at_wave: Disclosed, arms: tuple[Place, ...]) -> int | None:
    """Units of all groups; None unless each is known."""
    counts = [_estimate(at_wave.where(arm=arm), "units_compared") for arm in arms]
    known = [count for count in counts if count is not None]
    return round(sum(known)) if len(known) == len(counts) else None


def _share_at_best(here: Disclosed, good: Good, baseline: str) -> float | None:
    """Share of everyone who had the best score before."""
    if good == "none" or not baseline:
        return None
    term = "share_lowest" if good == "lower" else "share_highest"
    return _estimate(here.where(wave=baseline, arm="", item="", group=""), term)


# ---------------------------------------------------------------- the evidence


def _columns(of_contrast: Disclosed) -> Iterator[tuple[Group, float]]:
    for finding in of_contrast.where(term="strength_column").findings:
        if isinstance(finding.group, Group) and finding.estimate is not None:
            yield finding.group, finding.estimate


def _strength(of_contrast: Disclosed) -> Strength | None:
    """The rating with its columns and the threats that lowered it."""
    rating = _estimate(of_contrast, "evidence_strength")
    if rating is None:
        return None
    columns = {
        cast("Column", group.value): round(score)
        for group, score in _columns(of_contrast)
    }
    threats = [
        (cast("Threat", finding.group.value), finding.estimate == 1)
        for finding in of_contrast.where(term="strength_threat").findings
        if isinstance(finding.group, Group)
    ]
    taken = tuple(threat for threat, lowered in threats if lowered)
    lowest = min(columns.values(), default=0)
    return Strength(
        rating=round(rating),
        initial=round(rating) + len(taken),
        columns=columns,
        lowest=tuple(name for name, score in columns.items() if score == lowest),
        threats=tuple(threat for threat, _ in threats),
        taken=taken,
    )


def _column_about(of_contrast: Disclosed, column: str) -> str:
    about = (group.of for group, _ in _columns(of_contrast) if group.value == column)
    return next(about, "")


def _unit(of_contrast: Disclosed, study: Study) -> Unit:
    """What was compared; what the study declares where there was no answer."""
    return cast("Unit", _column_about(of_contrast, "size") or unit_of(study)[0])


def _few_units(
    of_contrast: Disclosed, at_wave: Disclosed, arms: tuple[str, ...]
) -> int | None:
    """How many treated units there are, where the result is about them alone."""
    if _column_about(of_contrast, "design") != FEW_TREATED:
        return None
    return _total(at_wave, arms[:1])


def _comparability(of_contrast: Disclosed) -> Comparability:
    finding = found(of_contrast, term="comparability_checked")
    if finding is None or not isinstance(finding.group, Group):
        return "checked"
    return COMPARABILITY.get(finding.group.value, "checked")
