"""The analysis plan of a study: what is asked, and how it will be answered.

The estimand has five attributes (ICH E9 R1): population, contrast, outcome, what is
done with intercurrent events, summary measure. What the program decides by is a name or
a number; what it cannot check is said in words, for the reader to hold against the
methods.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heard.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Study
    from analysis.declarations.toml_tables import Table

BETWEEN_ARMS = ("difference_in_change", "adjusted_mean_difference")
SUMMARY_MEASURES = (*BETWEEN_ARMS, "mean_change")
"""Terms by which the primary outcome may be judged."""

IN_WORDS = (
    "population",
    "contrast",
    "model",
    "missing",
    "multiplicity",
    "inference",
)
"""Keys that are told in words, and held against the methods by the reader."""

UNTESTED = "none"
MULTIPLICITY_RULES = (UNTESTED, "holm", "benjamini_hochberg", "fixed_sequence")
"""How many tests are allowed for within a family; none: they are not tested."""

PRIMARY = "primary"
"""The family of the primary outcome alone, which the others wait for."""
EXPLORATORY = "exploratory"

PLACES = ("site", "team")
SCORE_BEFORE = "score_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a score must pass before its change is told.

    Attributes
    ----------
    least_reliability : float or None
        Least Cronbach's alpha at either wave; None: no score is refused for it.
    """

    least_reliability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a study will ask of its data, declared before they arrive.

    Attributes
    ----------
    population : str
        Of whom the answer speaks.
    contrast : str
        What is compared with what: the treatment of the estimand.
    primary : str
        Name of the one outcome the study is judged by.
    intercurrent_events : mapping
        What may come between, such as ``leavers`` → what is done with it, in words.
    summary_measure : str
        Term by which the primary outcome is judged.
    families : mapping
        Name of a family of secondary outcomes → the outcomes in it.
    model, missing, multiplicity, inference : str
        In words.
    multiplicity_rule : str
        How many tests are allowed for within a family, once the primary outcome holds;
        ``none``: secondary outcomes are not tested.
    negative_controls : tuple of str
        Outcomes that the intervention should not move.
    """

    population: str
    contrast: str
    primary: str
    intercurrent_events: Mapping[str, str]
    summary_measure: str
    model: str
    missing: str
    multiplicity: str
    inference: str
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    multiplicity_rule: str = UNTESTED
    covariates: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    negative_controls: tuple[str, ...] = ()
    gates: Gates = field(default_factory=Gates)


def parse_plan(table: Table) -> Plan:
    """The table ``[plan]``."""
    families, gates = table.table("families"), table.table("gates")
    plan = Plan(
        population=table.text("population"),
        contrast=table.text("contrast"),
        primary=table.text("primary"),
        intercurrent_events=table.texts_by_text("intercurrent_events"),
        summary_measure=table.choice("summary_measure", SUMMARY_MEASURES),
        model=table.text("model"),
        missing=table.text("missing"),
        multiplicity=table.text("multiplicity"),
        inference=table.text("inference"),
        families={name: families.texts(name) for name in families.keys()},  # noqa: SIM118 - Table is not a mapping
        multiplicity_rule=table.choice(
            "multiplicity_rule", MULTIPLICITY_RULES, UNTESTED
        ),
        covariates=table.texts("covariates"),
        subgroups=table.texts("subgroups"),
        negative_controls=table.texts("negative_controls"),
        gates=Gates(least_reliability=gates.optional_number("minimum_reliability")),
    )
    gates.close()
    table.close()
    return plan


def check_plan(study: Study) -> Iterator[str]:
    """Every way in which the plan contradicts itself or the rest of the study."""
    plan = study.plan
    if plan is None:
        return
    yield from _check_words(plan)
    yield from _check_primary(plan, study)
    yield from _check_families(plan, study)
    yield from _check_measure(plan, study)
    yield from _check_names(plan, study)
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
    if plan.summary_measure == "adjusted_mean_difference" and not _linked(plan, study):
        yield (
            "[plan.summary_measure] 'adjusted_mean_difference' adjusts for a person's "
            "score before, and the survey of the primary outcome declares no linkage"
        )


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
