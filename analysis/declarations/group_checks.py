"""Every way that groups, roll-out and dose contradict the surveys of their study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analysis.declarations.study import NO, YES, Grouping, Study
from analysis.declarations.survey import Attribute
from heard.errors import unknown

MINIMUM_RANKS = 3
"""A line along fewer ranks is the gap between two groups."""


def check_groupings(study: Study) -> Iterator[str]:
    """Every way in which the groups contradict the surveys."""
    surveys = {survey.name for survey in study.surveys}
    seen: dict[tuple[str, str], str] = {}
    for grouping in study.groups:
        at = f"groups.{grouping.name}"
        if grouping.survey not in surveys:
            yield f"[{at}.survey] {unknown('survey', grouping.survey, surveys)}"
            continue
        first = seen.setdefault((grouping.survey, grouping.column), grouping.name)
        if first != grouping.name:
            yield f"[{at}.column] tells apart the same people as [groups.{first}]"
        yield from dict.fromkeys(_check_column(grouping, study, at))


def _check_column(grouping: Grouping, study: Study, at: str) -> Iterator[str]:
    """Faults of the attribute, at every wave that holds the survey."""
    for wave in study.waves:
        export = wave.export(grouping.survey)
        if export is None:
            continue
        attributes = {each.name: each for each in export.attributes}
        attribute = attributes.get(grouping.column)
        if attribute is None:
            yield f"[{at}.column] {unknown('attribute', grouping.column, attributes)}"
        elif not attribute.values or attribute.separator:
            yield (
                f"[{at}.column] '{grouping.column}' puts nobody into one group: it "
                "needs an attribute with values, of which a person gives one"
            )
        else:
            names = dict.fromkeys(attribute.values.values())
            yield from _check_ranks(grouping, list(names), at)


def _check_ranks(grouping: Grouping, names: list[str], at: str) -> Iterator[str]:
    if grouping.reference not in names:
        yield f"[{at}.reference] {unknown('group', grouping.reference, names)}"
    if not grouping.order:
        return
    # A person of a group that has no rank would be left out without a word.
    if Counter(grouping.order) != Counter(names):
        yield f"[{at}.order] must name every group once: {', '.join(sorted(names))}"
    elif len(names) < MINIMUM_RANKS:
        yield f"[{at}.order] needs at least {MINIMUM_RANKS} groups"


def check_rollout(study: Study) -> Iterator[str]:
    """Every way in which the roll-out contradicts the rest of the study."""
    rollout = study.rollout
    if rollout is None:
        return
    units = study.teams if rollout.unit == "team" else study.sites
    known = [unit.name for unit in units]
    if not rollout.starts:
        yield (
            "[rollout.starts] names no start; say the first wave with the pilot of "
            f"each {rollout.unit} that has one"
        )
    for name, wave in rollout.starts.items():
        at = f"rollout.starts.{name}"
        if name not in known:
            yield f"[{at}] {unknown(rollout.unit, name, known)}"
        if wave not in study.wave_names():
            yield f"[{at}] {unknown('wave', wave, study.wave_names())}"
    first = set(study.wave_names()[:1])
    if set(rollout.starts.values()) == first and set(rollout.starts) == set(known):
        yield (
            "[rollout.starts] all start at the first wave: there is neither a time "
            f"before nor a {rollout.unit} without the pilot"
        )


def check_dose(study: Study) -> Iterator[str]:
    """Every way in which the dose contradicts the surveys."""
    dose = study.dose
    if dose is None:
        return
    surveys = [survey.name for survey in study.surveys]
    if dose.survey not in surveys:
        yield f"[dose.survey] {unknown('survey', dose.survey, surveys)}"
        return
    if dose.survey not in {outcome.survey for outcome in study.outcomes}:
        yield f"[dose.survey] no outcome is judged by the survey '{dose.survey}'"
    named = {"column": dose.column, "future": dose.future} | {
        f"ingredients.{name}": attribute for name, attribute in dose.ingredients.items()
    }
    for key, name in named.items():
        if name:
            yield from _check_attribute(study, dose.survey, f"dose.{key}", name)


def _check_attribute(study: Study, survey: str, at: str, name: str) -> Iterator[str]:
    """It is declared at some wave, and counts, or says yes and no, wherever it is."""
    exports = [export for wave in study.waves if (export := wave.export(survey))]
    declared = [each for export in exports for each in export.attributes]
    named = [each for each in declared if each.name == name]
    if not named:
        known = dict.fromkeys(each.name for each in declared)
        yield f"[{at}] {unknown('attribute', name, known)}"
    elif "ingredients" in at and not all(_counts(e) or _yes_or_no(e) for e in named):
        yield (
            f"[{at}] '{name}' neither counts nor says yes or no: it needs an attribute "
            f"with lowest and highest, or with the values {YES} and {NO}"
        )
    elif "ingredients" not in at and not all(_counts(each) for each in named):
        yield (
            f"[{at}] '{name}' does not count: it needs an attribute with lowest and "
            "highest"
        )


def _counts(attribute: Attribute) -> bool:
    return attribute.lowest is not None and attribute.lowest >= 0


def _yes_or_no(attribute: Attribute) -> bool:
    one = not attribute.separator and not attribute.multi
    return one and set(attribute.values.values()) == {YES, NO}
