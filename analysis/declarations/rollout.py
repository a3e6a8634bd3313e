"""Who has the pilot from which wave on, where it comes to one unit after the other.

How much of the pilot each person had, and which attributes of a survey tell it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heard.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations.study import Study
    from analysis.declarations.survey import Attribute
    from analysis.declarations.toml_tables import Table

UNITS = ("team", "site")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What starts, and when.

    Attributes
    ----------
    unit : str
        What is given a start: ``team`` or ``site``.
    starts : mapping
        Unit → the first wave with the pilot. A unit not named never starts within the
        study.
    """

    unit: str
    starts: Mapping[str, str]


def parse_rollout(table: Table) -> Rollout:
    """The table ``[rollout]``."""
    rollout = Rollout(
        unit=table.choice("unit", UNITS), starts=table.texts_by_text("starts")
    )
    table.close()
    return rollout


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


YES = "yes"
NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """Which attributes say how much a person took part.

    Attributes
    ----------
    survey : str
        The survey that asked.
    column : str
        Attribute: sessions attended up to that wave.
    future : str
        Attribute: sessions attended after that wave, as far as the study goes; empty:
        reckoned from `column` where people are linked.
    ingredients : mapping
        Ingredient → attribute: sessions with it up to that wave, or yes and no.
    """

    survey: str
    column: str
    future: str = ""
    ingredients: Mapping[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute that it needs kept beside the scores."""
        named = (self.column, self.future, *self.ingredients.values())
        return tuple(dict.fromkeys(name for name in named if name))


def parse_dose(table: Table) -> Dose:
    """The table ``[dose]``."""
    dose = Dose(
        survey=table.text("survey"),
        column=table.text("column"),
        future=table.text("future", ""),
        ingredients=table.texts_by_text("ingredients"),
    )
    table.close()
    return dose


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
