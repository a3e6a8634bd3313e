"""Every way that a plan, or a design, contradicts itself or the rest of its study."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from analysis.declarations.estimand import metrics_of
from analysis.declarations.plan import (
    BETWEEN_ARMS,
    EXPLORATORY,
    LOOKS,
    PRIMARY,
    SCORE_BEFORE,
    TOGETHER,
    UNTESTED,
    DeclaredDesign,
    Plan,
)
from analysis.declarations.study import Study
from heard.errors import unknown

IN_WORDS = (
    "population",
    "contrast",
    "model",
    "missing",
    "multiplicity",
    "inference",
)
"""Keys that are stated in words, for the reader to compare with the methods."""

PLACES = ("site", "team")
AFTER_ALONE = (
    "[plan.summary_measure] 'difference_after' is for a primary outcome that is "
    'compared afterwards alone, by baseline = "" or a survey held once; for no other'
)


LEAST_INFORMATION = 0.1
"""Of a follow-up that is judged: before it nothing could be claimed."""

MINIMUM_TEAMS = 2

MAXIMUM_TEAMS = 500

LARGEST_TEAM = 1_000

MAXIMUM_FOLLOW_UPS = 20
"""Beyond these a typing error is likelier than such a pilot, and simulating is slow."""


def check_plan(study: Study) -> Iterator[str]:
    """Every way that the plan contradicts itself or the rest of the study."""
    plan = study.plan
    if plan is None:
        return
    yield from _check_words(plan)
    yield from _check_primary(plan, study)
    yield from _check_families(plan, study)
    yield from _check_measure(plan, study)
    yield from _check_metric(plan, study)
    yield from _check_names(plan, study)
    yield from _check_levels(plan, study)
    least = plan.gates.least_reliability
    if least is not None and not 0 < least < 1:
        yield "[plan.gates.minimum_reliability] must be over 0 and under 1"


def _check_words(plan: Plan) -> Iterator[str]:
    for key in IN_WORDS:
        if not getattr(plan, key).strip():
            yield f"[plan.{key}] is empty; say it in words"
    if not plan.intercurrent_events:
        yield (
            "[plan.intercurrent_events] is missing; say at least what is done with "
            'leavers, as in leavers = "..."'
        )


def _check_measure(plan: Plan, study: Study) -> Iterator[str]:
    if plan.summary_measure in BETWEEN_ARMS and not study.treated:
        yield (
            f"[plan.summary_measure] '{plan.summary_measure}' compares arms, and the "
            "study declares no treated and control arm"
        )
    if plan.summary_measure == "adjusted_difference" and not _linked(plan, study):
        yield (
            "[plan.summary_measure] 'adjusted_difference' adjusts for a person's "
            "score before, and the survey of the primary outcome declares no linkage"
        )
    primary = [o for o in study.outcomes if o.name == plan.primary]
    after_alone = plan.summary_measure == "difference_after"
    if study.treated and any(after_alone == bool(o.baseline) for o in primary):
        yield AFTER_ALONE


NOT_OF_THE_SCORE = {
    "share": "is for a score of two values",
    "probability_of_better": "is for a score of three or four ordered values",
}


def _check_metric(plan: Plan, study: Study) -> Iterator[str]:
    """A metric that the score of the primary outcome does not allow."""
    for outcome in study.outcomes:
        instrument = study.instruments.get(outcome.instrument)
        known = instrument.subscales if instrument else ()
        made = outcome.subscale in {part.name for part in known}
        if not plan.metric or outcome.name != plan.primary or not made:
            continue
        if plan.metric not in (fitting := metrics_of(study, outcome)):
            yield (
                f"[plan.metric] '{plan.metric}' {NOT_OF_THE_SCORE[plan.metric]}; "
                f"{outcome.instrument}.{outcome.subscale}, of the primary outcome, is "
                f"none. Choose {' or '.join(fitting)}, or leave the key out"
            )


def _check_levels(plan: Plan, study: Study) -> Iterator[str]:
    """Faults of what gives each contrast and follow-up its level."""
    if plan.contrasts_rule != TOGETHER and len(study.allocation.pairs()) < 2:
        yield (
            f"[plan.contrasts_rule] '{plan.contrasts_rule}' is for several contrasts, "
            "and [allocation.contrasts] names fewer than two"
        )
    shares, at = plan.looks_information, "plan.looks_information"
    if plan.looks == LOOKS[0]:
        if shares:
            yield f"[{at}] goes with looks = 'alpha_spending' alone"
        return
    if plan.summary_measure == "start_effect":
        yield (
            "[plan.looks] 'alpha_spending' judges one follow-up after another, and "
            "'start_effect' takes all waves together"
        )
    count = next(
        (len(o.follow_ups) for o in study.outcomes if o.name == plan.primary), 0
    )
    if count < 2:
        yield (
            "[plan.looks] 'alpha_spending' is for several follow-ups, and the primary "
            f"outcome has {count}"
        )
    elif len(shares) != count:
        yield (
            f"[{at}] must give a share for each of the primary outcome's {count} "
            f"follow-ups, and gives {len(shares)}"
        )
    elif shares[-1] != 1 or shares[0] < LEAST_INFORMATION or _falls(shares):
        yield f"[{at}] must rise from at least {LEAST_INFORMATION:g} to 1"


def _falls(shares: tuple[float, ...]) -> bool:
    return any(later <= earlier for earlier, later in pairwise(shares))


def _check_names(plan: Plan, study: Study) -> Iterator[str]:
    attributes = {
        attribute.name
        for wave in study.waves
        for export in wave.exports
        for attribute in export.attributes
    }
    for key, names, also in (
        ("covariates", plan.covariates, (SCORE_BEFORE, *PLACES)),
        ("subgroups", plan.subgroups, PLACES),
    ):
        for name in names:
            if name not in (known := {*attributes, *also}):
                yield f"[plan.{key}] {unknown('name', name, known)}"


def _linked(plan: Plan, study: Study) -> bool:
    surveys = {o.survey for o in study.outcomes if o.name == plan.primary}
    exports = [e for wave in study.waves for e in wave.exports if e.survey in surveys]
    return all(export.linkage != "none" for export in exports)


def _check_primary(plan: Plan, study: Study) -> Iterator[str]:
    """Exactly one outcome is primary, it is the one named, and its size matters."""
    outcomes = {outcome.name: outcome for outcome in study.outcomes}
    if plan.primary not in outcomes:
        yield f"[plan.primary] {unknown('outcome', plan.primary, outcomes)}"
        return
    named = sorted(o.name for o in study.outcomes if o.family == "primary")
    if named != [plan.primary]:
        names_text = ", ".join(named) or "none"
        yield (
            f"[plan.primary] exactly one outcome is primary, '{plan.primary}'; by "
            f"family it is: {names_text}"
        )
    if outcomes[plan.primary].smallest_effect is None:
        yield (
            f"[outcomes.{plan.primary}.smallest_effect] is missing; a plan says which "
            "difference in the primary outcome would matter"
        )


def _check_families(plan: Plan, study: Study) -> Iterator[str]:
    known = [outcome.name for outcome in study.outcomes]
    lists = {f"families.{name}": listed for name, listed in plan.families.items()}
    for key, names in {**lists, "negative_controls": plan.negative_controls}.items():
        for name in names:
            if name not in known:
                yield f"[plan.{key}] {unknown('outcome', name, known)}"
            elif name == plan.primary:
                yield f"[plan.{key}] '{name}' is the primary outcome"
    listed = [name for names in plan.families.values() for name in names]
    if plan.multiplicity_rule != UNTESTED:
        yield from _check_tested(plan, listed)
    for name in dict.fromkeys(name for name in listed if listed.count(name) > 1):
        yield f"[plan.families] '{name}' stands in more than one family, or twice"


def _check_tested(plan: Plan, listed: list[str]) -> Iterator[str]:
    """Faults of families that are tested: none, a name taken, or a control in one."""
    if not listed:
        yield "[plan.multiplicity_rule] needs [plan.families], which it is about"
    for family in (PRIMARY, EXPLORATORY):
        if family in plan.families:
            yield f"[plan.families.{family}] means something else; give another name"
    for name in plan.negative_controls:
        if name in listed:
            yield (
                f"[plan.families] '{name}' is a negative control, which nobody hopes "
                "to move; leave it out of the families"
            )


def check_design(study: Study) -> Iterator[str]:
    """Every way that the design cannot be, at its key."""
    if study.design is None:
        return
    assumed, teams = study.design.assumed, study.design.teams
    for key, wrong in assumed.faults_by_key():
        yield f"[design.{key}] {wrong}"
    for key, value, most in (
        ("team_size", assumed.team_size, LARGEST_TEAM),
        ("follow_ups", assumed.follow_ups, MAXIMUM_FOLLOW_UPS),
    ):
        if math.isfinite(value) and value > most:
            yield f"[design.{key}] must be at most {most:,}"
    yield from _check_spread(study.design)
    if not teams:
        yield "[design.teams] names no number of teams; the usual ones are 6, 12, 25"
    if not all(MINIMUM_TEAMS <= count <= MAXIMUM_TEAMS for count in teams):
        yield f"[design.teams] must be from {MINIMUM_TEAMS} to {MAXIMUM_TEAMS} each"
    if len(set(teams)) < len(teams):
        yield "[design.teams] names the same number twice"


def _check_spread(design: DeclaredDesign) -> Iterator[str]:
    if not 0 <= design.site_drift <= 1:
        yield "[design.site_drift] must be from 0 to 1"
    ends = design.intracluster_range
    if ends and not (len(ends) == 2 and 0 <= ends[0] < ends[1] <= 1):
        yield (
            "[design.intracluster_range] must be two numbers from 0 to 1, lowest first"
        )
    if ends and not design.assumed.compared:
        yield "[design.intracluster_range] needs compared = true"
