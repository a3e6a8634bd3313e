"""How participants' codes of two waves are matched, and every fault in it."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.declarations.study import Study
from analysis.declarations.survey import Export, LinkageRule
from heard.errors import unknown

ROWS_OF = {
    "file": "file",
    "sheet": "sheet",
    "event": "event",
    "repeat_instrument": "instrument",
    "tool": "tool",
}
"""What says which rows are read, and the key that declares it."""

MINIMUM_ELEMENTS = 3
"""With two, one element off would leave one to match by, which identifies nobody."""


def rules_tried(export: Export) -> tuple[str, ...]:
    """Every rule the linked responses of a survey can be evaluated under."""
    if export.linkage == "identifier" or export.linkage_rule is None:
        return ("exact",)
    weighted = ("weighted",) if export.linkage_rule.weights else ()
    tolerant = len(export.columns.participant) >= MINIMUM_ELEMENTS
    return ("exact", *(("one_element_off",) if tolerant else ()), *weighted)


def waves_linked(study: Study) -> tuple[tuple[str, str, str], ...]:
    """Survey, earlier and later wave of every pair that an outcome compares."""
    pairs = (
        (outcome.survey, outcome.baseline, follow_up)
        for outcome in study.outcomes
        for follow_up in outcome.follow_ups
    )
    return tuple(dict.fromkeys(pair for pair in pairs if is_linked(study, *pair)))


def is_linked(study: Study, survey: str, *waves: str) -> bool:
    """Whether a survey's people are the same at all of these waves, by a link."""
    exports = {wave.name: wave.export(survey) for wave in study.waves}
    known = [exports.get(wave) for wave in waves]
    return all(export is not None and export.linkage != "none" for export in known)


def declares_rule(study: Study) -> bool:
    """Whether links are made by a declared rule, and not by equality alone."""
    return any(
        export.linkage_rule is not None
        for survey, _, wave in waves_linked(study)
        if (export := study.wave(wave).export(survey))
    )


def check_linkage_rule(export: Export) -> Iterator[str]:
    """Every way that a survey's linkage rule contradicts the rest of it."""
    rule, at = export.linkage_rule, f"surveys.{export.survey}.linkage_rule"
    if rule is None:
        return
    elements = len(export.columns.participant)
    if export.linkage == "none":
        yield f"[{at}] needs linkage to be 'identifier' or 'self_generated_code'"
    elif export.linkage == "identifier" and rule.rule != "exact":
        yield f"[{at}.rule] an identifier is linked 'exact': near ones are other people"
    if rule.rule == "one_element_off" and elements < MINIMUM_ELEMENTS:
        yield f"[{at}.rule] needs at least {MINIMUM_ELEMENTS} columns.participant"
    known = {"site", *(attribute.name for attribute in export.attributes)}
    for name in rule.stable:
        if name not in known:
            yield f"[{at}.stable] '{name}' is neither an attribute nor 'site'"
    yield from _check_weights(rule, elements, at)


def check_row_linkage(export: Export, at: str) -> Iterator[str]:
    """Whatever else would say who answered, where the row of the file says it."""
    if export.linkage != "row":
        return
    if export.columns.participant:
        yield (
            f"[{at}.linkage] 'row' takes each row of the file for one person, and "
            "columns.participant says who a person is: leave out one of the two"
        )
    if export.linkage_rule is not None:
        yield f"[{at}.linkage_rule] a row is itself: 'row' needs no rule"


def _check_rows_agree(survey: str, study: Study) -> Iterator[str]:
    """A row is one person's at all waves only if all waves are read from it."""
    exports = [part for wave in study.waves if (part := wave.export(survey))]
    if not any(export.linkage == "row" for export in exports):
        return
    if any(export.linkage != "row" for export in exports):
        yield f"[surveys.{survey}.linkage] 'row' must be declared at every wave"
    for name, key in ROWS_OF.items():
        if len({getattr(export, name) for export in exports}) > 1:
            yield (
                f"[surveys.{survey}.linkage] 'row' needs one file that holds all "
                f"waves, and '{key}' differs between them: rows of two files are not "
                "the same people. Link by an identifier instead"
            )


def _check_weights(rule: LinkageRule, elements: int, at: str) -> Iterator[str]:
    if rule.rule == "weighted" and not rule.weights:
        yield f"[{at}.weights] is missing; 'weighted' needs a number an element"
    if rule.weights and len(rule.weights) != elements:
        yield f"[{at}.weights] must be {elements} numbers, one a columns.participant"
    if rule.weights and (min(rule.weights) < 0 or sum(rule.weights) <= 0):
        yield f"[{at}.weights] must not be negative, and not all zero"
    if rule.weights and not 0 < rule.threshold <= 1:
        yield f"[{at}.threshold] must be over 0 and at most 1"


def check_waves_agree(survey: str, study: Study) -> Iterator[str]:
    """Codes of two waves are comparable only if they are made and matched alike."""
    yield from _check_rows_agree(survey, study)
    exports = [
        export
        for wave in study.waves
        if (export := wave.export(survey)) and export.linkage != "none"
    ]
    if len({export.linkage_rule for export in exports}) > 1:
        yield f"[surveys.{survey}.linkage_rule] must be the same at every wave"
    if len({export.identifier_spelling for export in exports}) > 1:
        yield f"[surveys.{survey}.identifier_spelling] must be the same at every wave"
    if len({len(export.columns.participant) for export in exports}) > 1:
        yield f"[surveys.{survey}.columns.participant] differs in length between waves"


def check_roster(study: Study) -> Iterator[str]:
    """Every way that the roster contradicts the rest of the study."""
    roster = study.roster
    if roster is None:
        return
    surveys = {survey.name for survey in study.surveys}
    if roster.survey not in surveys:
        yield f"[roster.survey] {unknown('survey', roster.survey, surveys)}"
    exports = [e for wave in study.waves if (e := wave.export(roster.survey))]
    if not all(export.columns.staff_member for export in exports):
        yield f"[roster.survey] needs [surveys.{roster.survey}.columns] staff_member"
    if not study.teams:
        yield "[roster.columns.team] needs [teams] to be declared"
    if roster.least_ratings < 1:
        yield "[roster.minimum_ratings] must be at least 1"
