"""Turn the TOML of a study into values; every fault is told at once, at its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.declarations.beside import parse_supplementary
from analysis.declarations.design import parse_design
from analysis.declarations.dose import parse_dose
from analysis.declarations.groups import parse_grouping
from analysis.declarations.other_choices import parse_multiverse
from analysis.declarations.plan import parse_plan
from analysis.declarations.rollout import parse_rollout
from analysis.declarations.roster import parse_roster
from analysis.declarations.study import (
    ALLOCATIONS,
    FAMILIES,
    SMALLEST_GROUP,
    Arm,
    Outcome,
    Site,
    Study,
    Survey,
    Team,
    Wave,
)
from analysis.declarations.study_checks import check_study
from analysis.declarations.survey_file import parse_survey, parse_wave
from analysis.declarations.tables import Table, parse_toml
from analysis.foundation import AnalysisError, DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.declarations.instrument import Instrument


def parse_study(
    text: str, *, name: str, read_instrument: Callable[[str], Instrument]
) -> Study:
    """Turn the text of a study's declaration into a study.

    Parameters
    ----------
    text : str
        The TOML.
    name : str
        Name of the study, which is the name of its file.
    read_instrument : callable
        Gives the instrument of a name; raises `DeclarationError` if there is none.

    Raises
    ------
    DeclarationError
        With every fault, each at its key.
    """
    where = f"{name}.toml"
    faults: list[str] = []
    top = Table(parse_toml(text, where=where), faults)
    surveys = tuple(parse_survey(key, table) for key, table in top.tables("surveys"))
    instruments = _instruments(surveys, read_instrument, faults)
    study = _study(name, top, surveys, instruments)
    top.close()
    found = faults or check_study(study)
    if found:
        raise DeclarationError(where, list(dict.fromkeys(found)))
    return study


def _study(
    name: str,
    top: Table,
    surveys: tuple[Survey, ...],
    instruments: Mapping[str, Instrument],
) -> Study:
    waves = tuple(
        parse_wave(key, table, top, surveys, instruments)
        for key, table in top.tables("waves")
    )
    return Study(
        name=name,
        title=top.text("title"),
        summary=top.text("summary"),
        folder=top.text("folder", name),
        simulated=top.flag("simulated"),
        smallest_group_shown=top.whole("smallest_group_shown", SMALLEST_GROUP),
        allow_unverified=top.flag("allow_unverified"),
        allocated_by=top.choice("allocated_by", ALLOCATIONS, "none"),
        randomised=top.flag("drawn_by_lot"),
        treated=top.text("treated", ""),
        control=top.text("control", ""),
        unknowns=top.texts("unknowns"),
        arms=tuple(_arm(key, table) for key, table in top.tables("arms")),
        sites=tuple(_site(key, table) for key, table in top.tables("sites")),
        teams=tuple(_team(key, table) for key, table in top.tables("teams")),
        roster=parse_roster(top.table("roster")) if top.has("roster") else None,
        groups=tuple(parse_grouping(*pair) for pair in top.tables("groups")),
        rollout=parse_rollout(top.table("rollout")) if top.has("rollout") else None,
        dose=parse_dose(top.table("dose")) if top.has("dose") else None,
        multiverse=(
            parse_multiverse(top.table("other_choices"))
            if top.has("other_choices")
            else None
        ),
        plan=parse_plan(top.table("plan")) if top.has("plan") else None,
        design=parse_design(top.table("design")) if top.has("design") else None,
        surveys=surveys,
        waves=waves,
        outcomes=tuple(
            _outcome(key, table, waves) for key, table in top.tables("outcomes")
        ),
        instruments=instruments,
    )


def _instruments(
    surveys: tuple[Survey, ...],
    read_instrument: Callable[[str], Instrument],
    faults: list[str],
) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    for survey in surveys:
        for name in survey.instruments:
            try:
                found[name] = read_instrument(name)
            except AnalysisError as error:
                faults.append(f"[surveys.{survey.name}.instruments] {error}")
    return found


def _arm(name: str, table: Table) -> Arm:
    arm = Arm(name=name, title=table.text("title"), answers=_answers(name, table))
    table.close()
    return arm


def _site(name: str, table: Table) -> Site:
    site = Site(name=name, title=table.text("title"), answers=_answers(name, table))
    table.close()
    return site


def _team(name: str, table: Table) -> Team:
    team = Team(
        name=name,
        title=table.text("title"),
        site=table.text("site", ""),
        arm=table.text("arm", ""),
        answers=_answers(name, table),
    )
    table.close()
    return team


def _answers(name: str, table: Table) -> tuple[str, ...]:
    """The texts that name an arm, site or team in an export: its own, and others."""
    own = (name, table.text("title"))
    return tuple(dict.fromkeys([*own, *table.texts("answers")]))


def _outcome(name: str, table: Table, waves: tuple[Wave, ...]) -> Outcome:
    """An outcome; compared, unless it says otherwise, over the waves of its survey."""
    survey = table.text("survey")
    waves_of_survey = tuple(wave.name for wave in waves if wave.export(survey))
    baseline = table.text("baseline", waves_of_survey[0] if waves_of_survey else "")
    later = (
        waves_of_survey[waves_of_survey.index(baseline) + 1 :]
        if baseline in waves_of_survey
        else ()
    )
    outcome = Outcome(
        name=name,
        title=table.text("title"),
        survey=survey,
        instrument=table.text("instrument"),
        subscale=table.text("subscale"),
        family=table.choice("family", FAMILIES, "secondary"),
        baseline=baseline,
        follow_ups=table.texts("follow_ups", later),
        smallest_effect=table.optional_number("smallest_effect"),
        supplementary=parse_supplementary(table),
    )
    table.close()
    return outcome
