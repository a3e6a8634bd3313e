"""Specifications of a multiverse analysis: declared in advance, all of them run.

A choice has options, the declared one first. What suits no outcome is a fault; what
does not suit one outcome is left out of its combinations.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from analysis.declarations.estimand import Population, summary_of, unit_of
from analysis.declarations.linkage import rules_tried, waves_linked
from analysis.declarations.plan import BETWEEN_ARMS, Multiverse
from analysis.declarations.study import Outcome, Study
from analysis.declarations.survey import LINKAGE_RULES, Export
from heard.errors import unknown

LINKAGE, CLEANING, MISSING, MODEL = "linkage", "cleaning", "missing", "model"
COMPLETE = "complete"
MISSING_METHODS = (COMPLETE, "weighted", "imputed")
BY_PEOPLE = "adjusted_by_people"
"""The one model that takes weights, and scores that were filled in."""
LINKED_MODELS = ("adjusted_difference", BY_PEOPLE)
TEAM_MODELS = (
    "cluster_robust",
    "wild_bootstrap",
    "mixed_model",
    "mixed_model_arms_alike_before",
    "every_other_set_of_teams",
)
MODELS = ("difference_in_change", *LINKED_MODELS, *TEAM_MODELS)
WITHOUT_LINKS = ("cluster_robust", "wild_bootstrap", "every_other_set_of_teams")
"""Models to which it does not matter who is who, where all who answered compare."""
AS_DECLARED = "as declared"
CARELESS = "careless left out"


def declared_options(study: Study, outcome: Outcome) -> dict[str, str]:
    """What the study declares to do, choice by choice."""
    export = study.wave(outcome.follow_ups[0]).export(outcome.survey)
    rule = export.linkage_rule if export else None
    return {
        LINKAGE: rule.rule if rule else LINKAGE_RULES[0],
        CLEANING: AS_DECLARED,
        MISSING: COMPLETE,
        MODEL: _declared_model(study, outcome),
    }


def _declared_model(study: Study, outcome: Outcome) -> str:
    """The summary measure of the planned estimate."""
    if not study.treated:
        return MODELS[0]
    unit, _ = unit_of(study)
    return summary_of(study, outcome, outcome.follow_ups[0], unit=unit)


def outcome_linked(study: Study, outcome: Outcome) -> bool:
    """Whether people are followed from the baseline to the first follow-up."""
    pair = (outcome.survey, outcome.baseline, outcome.follow_ups[0])
    return pair in waves_linked(study)


def options_of(study: Study, outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """Choice → its options for an outcome, the declared one first.

    A choice without another option is left out. There are none of an outcome that is
    judged by the effect of starting: its waves are not two.
    """
    chosen = study.multiverse
    if chosen is None or not outcome.follow_ups:
        return {}
    declared = declared_options(study, outcome)
    if declared[MODEL] == "start_effect":
        return {}
    linked, arms = outcome_linked(study, outcome), declared[MODEL] in BETWEEN_ARMS
    arms = arms and bool(study.treated)
    export = study.wave(outcome.waves[0]).export(outcome.survey)
    rules = rules_tried(export) if export and linked else ()
    models: tuple[str, ...] = MODELS if linked else (MODELS[0], *TEAM_MODELS)
    if not outcome.baseline:
        models = WITHOUT_LINKS
    others = {
        LINKAGE: [rule for rule in chosen.linkage if rule in rules],
        CLEANING: [*cleaning_options(study, outcome)],
        MISSING: [method for method in chosen.missing if linked and arms],
        MODEL: [model for model in chosen.model if model in models and arms],
    }
    found = {
        choice: tuple(dict.fromkeys([declared[choice], *names]))
        for choice, names in others.items()
    }
    return {choice: names for choice, names in found.items() if len(names) > 1}


def cleaning_options(study: Study, outcome: Outcome) -> dict[str, float | None]:
    """Other ways of cleaning → the share that must be answered; None: not careless."""
    chosen = study.multiverse
    exports = [
        export
        for wave in outcome.waves
        if (export := study.wave(wave).export(outcome.survey))
    ]
    if chosen is None or not exports:
        return {}
    least = max(export.cleaning.least_answered for export in exports)
    found: dict[str, float | None] = {
        f"{share:.0%} answered": share
        for share in chosen.least_answered
        if share > least
    }
    if chosen.careless_left_out and all(map(_marks_careless, exports)):
        found[CARELESS] = None
    return found


def _marks_careless(export: Export) -> bool:
    careless = export.cleaning.careless
    return careless is not None and careless.action == "flag"


def combinations_of(
    study: Study, outcome: Outcome, *, population: Population = "linked"
) -> Iterator[dict[str, str]]:
    """Every combination of options that makes sense, choice by choice.

    Only one model takes weights and filled-in scores. Where all who answered are
    compared it does not matter to some how people were linked: another linkage would
    be the same answer twice. Where linked people are, it decides who they are.
    """
    options, declared = options_of(study, outcome), declared_options(study, outcome)
    for chosen in product(*options.values()):
        full = {**declared, **dict(zip(options, chosen, strict=True))}
        same_links = full[LINKAGE] == declared[LINKAGE]
        complete = full[MISSING] == COMPLETE
        if (complete or full[MODEL] == BY_PEOPLE) and (
            same_links or population != "answered" or full[MODEL] not in WITHOUT_LINKS
        ):
            yield {choice: full[choice] for choice in options}


def multiverse_outcomes(study: Study) -> tuple[Outcome, ...]:
    """Outcomes that other choices are declared for."""
    return tuple(one for one in study.outcomes if options_of(study, one))


def check_multiverse(study: Study) -> Iterator[str]:
    """Every way that the other choices contradict the rest of the study."""
    chosen = study.multiverse
    if chosen is None:
        return
    for key, names, known in (
        (LINKAGE, chosen.linkage, LINKAGE_RULES),
        (MISSING, chosen.missing, MISSING_METHODS),
        (MODEL, chosen.model, MODELS),
    ):
        for name in names:
            if name not in known:
                yield f"[multiverse.{key}] {unknown('option', name, known)}"
    for share in chosen.least_answered:
        if not 0 < share <= 1:
            yield "[multiverse.minimum_answered] must be shares over 0, at most 1"
    yield from _check_design(chosen, study)
    yield from _check_use(chosen, study)


def _check_design(chosen: Multiverse, study: Study) -> Iterator[str]:
    """Options that the design of the study has no place for."""
    if (chosen.model or chosen.missing) and not study.treated:
        yield (
            "[multiverse] model and missing compare arms, and the study declares no "
            "treated and control arm"
        )
    if unit_of(study)[0] == "person":
        for name in chosen.model:
            if name in TEAM_MODELS:
                yield (
                    f"[multiverse.model] '{name}' compares teams, and people were "
                    "allocated"
                )
    other_methods = [method for method in chosen.missing if method != COMPLETE]
    if other_methods and BY_PEOPLE not in chosen.model:
        yield (
            f"[multiverse.missing] '{other_methods[0]}' goes with the model "
            f"'{BY_PEOPLE}'; "
            "name it in model"
        )


def _check_use(chosen: Multiverse, study: Study) -> Iterator[str]:
    """Keys that are of no use to any outcome."""
    judged = [outcome for outcome in study.outcomes if outcome.follow_ups]
    if not all(_placed(outcome, study) for outcome in judged):
        return
    used = [option for outcome in judged for option in _others(study, outcome)]
    if not used:
        yield (
            "[multiverse] names nothing that differs from what is declared, for any "
            "outcome with a follow-up"
        )
        return
    linked = [outcome for outcome in judged if outcome_linked(study, outcome)]
    if (chosen.linkage or chosen.missing) and not linked:
        yield "[multiverse] linkage and missing need an outcome of linked responses"
    for name in chosen.linkage:
        rules = [
            rule
            for outcome in linked
            if (export := study.wave(outcome.waves[0]).export(outcome.survey))
            for rule in rules_tried(export)
        ]
        if name in LINKAGE_RULES and name not in rules:
            yield (
                f"[multiverse.linkage] no link is made under the rule '{name}'; "
                "declare it in a survey's linkage_rule"
            )
    for share in chosen.least_answered:
        if 0 < share <= 1 and f"{share:.0%} answered" not in used:
            yield (
                f"[multiverse.minimum_answered] {share:g} is no stricter than the "
                "cleaning of any outcome's survey"
            )
    if chosen.careless_left_out and CARELESS not in used:
        yield (
            "[multiverse.careless_left_out] needs a survey whose cleaning marks "
            "careless responses: cleaning.careless with action 'flag'"
        )


def _placed(outcome: Outcome, study: Study) -> bool:
    """Whether the outcome's waves are there; other checks say which are not."""
    known = set(study.wave_names())
    return all(
        wave in known and study.wave(wave).export(outcome.survey)
        for wave in outcome.waves
    )


def _others(study: Study, outcome: Outcome) -> list[str]:
    return [name for names in options_of(study, outcome).values() for name in names[1:]]
