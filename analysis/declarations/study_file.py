"""Read a study from TOML; every error is reported with its key."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from analysis.declarations.instrument import Instrument
from analysis.declarations.plan import (
    OLD_MEASURES,
    DeclaredDesign,
    Gates,
    Multiverse,
    Plan,
)
from analysis.declarations.study import (
    FAMILIES,
    Allocation,
    Arm,
    Dose,
    Grouping,
    Outcome,
    Rollout,
    Roster,
    Site,
    Study,
    SupplementaryMeasures,
    Survey,
    Team,
    Wave,
)
from analysis.declarations.study_checks import check_study
from analysis.declarations.survey import (
    CARELESS_INDICES,
    ENCODINGS,
    LINKAGE_RULES,
    Attention,
    Attribute,
    CarelessRules,
    CleaningRules,
    Columns,
    Export,
    LinkageRule,
    PrintedTotal,
)
from analysis.declarations.toml_tables import Table, parse_toml
from analysis.foundation.errors import DeclarationError
from heard.effects.pilot_design import PilotDesign
from heard.errors import AnalysisError, unknown

Group = TypeVar("Group", bound=Arm | Site | Team)


def _cleaning(table: Table) -> CleaningRules:
    return table.read(
        CleaningRules,
        attention=tuple(_attention(part) for part in _one_or_more(table, "attention")),
        printed_totals=tuple(
            part.read(PrintedTotal) for part in _one_or_more(table, "printed_total")
        ),
        careless=_careless(table.table("careless")) if table.has("careless") else None,
    )


def _one_or_more(table: Table, key: str) -> list[Table]:
    """One table, or an array of them."""
    if not table.has(key):
        return []
    is_one = isinstance(table.raw(key), dict)
    return [table.table(key)] if is_one else list(table.list_of_tables(key))


def _attention(table: Table) -> Attention:
    attention = table.read(Attention)
    if not attention.accepted:
        table.fault("accepted", "must name the answers that pass")
    return attention


def _careless(table: Table) -> CarelessRules:
    cutoffs = {name: table.number(name) for name in CARELESS_INDICES if table.has(name)}
    rules = table.read(CarelessRules, cutoffs=cutoffs)
    _check_careless(rules, table)
    return rules


def _check_careless(rules: CarelessRules, table: Table) -> None:
    declared = len(rules.cutoffs)
    if not declared:
        known = ", ".join(CARELESS_INDICES)
        table.fault("longstring", f"give at least one index its cut-off, of: {known}")
    elif not 1 <= rules.flags_needed <= declared:
        table.fault(
            "flags_needed",
            f"must be from 1 to {declared}, the number of indices declared",
        )
    for name in ("mahalanobis_p", "share_missing", "straight_lining"):
        if not 0 < rules.cutoffs.get(name, 1) <= 1:
            table.fault(name, "must be above 0 and at most 1")
    for name, value in (
        ("synonyms_above", rules.synonyms_above),
        ("antonyms_below", -rules.antonyms_below),
    ):
        if not 0 <= value < 1:
            table.fault(name, "must be a correlation on that side of 0")


def _survey(name: str, table: Table) -> Survey:
    """Read what is declared of a survey itself, whatever the wave."""
    return table.take(Survey, name=name, instruments=table.texts("instruments", None))


def _wave(
    name: str,
    table: Table,
    top: Table,
    surveys: tuple[Survey, ...],
    instruments: Mapping[str, Instrument],
) -> Wave:
    """Read a wave: each survey's export, as declared there laid over the survey's own.

    Parameters
    ----------
    table, top : Table
        The wave's, and that of the whole file.
    instruments : mapping
        Name → instrument, of those that could be read.
    """
    exports = []
    for survey in surveys:
        if not table.has(survey.name):
            continue
        at_wave = table.raw(survey.name)
        if not isinstance(at_wave, dict):
            table.fault(survey.name, "must be a table")
            continue
        shared = top.raw("surveys")[survey.name]
        # A fault of the survey itself is reported once, not once a wave.
        own = set(at_wave) - {"file"}
        at = f"waves.{name}.{survey.name}" if own else f"surveys.{survey.name}"
        merged = Table(_merged(shared, at_wave), table.faults, at)
        exports.append(_export(merged, survey, name, instruments))
    wave = Wave(
        name=name,
        title=table.text("title", name),
        date=table.date("date"),
        exports=tuple(exports),
    )
    table.close()
    return wave


def _merged(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What a survey declares, with what one wave declares otherwise laid over it."""
    merged = dict(shared)
    for key, value in own.items():
        below = merged.get(key)
        both_tables = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _merged(below, value) if both_tables else value  # type: ignore[arg-type]
    return merged


def _export(
    table: Table, survey: Survey, wave: str, instruments: Mapping[str, Instrument]
) -> Export:
    _survey(survey.name, table)
    columns, items = table.table("columns"), table.table("items")
    answers = table.table("answers")
    _check_format(table)
    export = table.read(
        Export,
        survey=survey.name,
        wave=wave,
        instruments=survey.instruments,
        columns=columns.read(Columns, items=_items(items, survey, instruments)),
        linkage_rule=_linkage_rule(table.table("linkage_rule"))
        if table.has("linkage_rule")
        else None,
        repeat_instrument=table.text("instrument") if table.has("instrument") else None,
        answers={
            name: answers.numbers_by_text(name)
            for name in survey.instruments
            if answers.has(name)
        },
        attributes=tuple(_attribute(*pair) for pair in table.tables("attributes")),
        invited=_invited(table),
        cleaning=_cleaning(table.table("cleaning")),
    )
    for part in (answers, items):
        part.close()
    return export


def _invited(table: Table) -> dict[str, int]:
    """How many were invited: one number, or one for every arm or team."""
    if not table.has("invited"):
        return {}
    if not isinstance(table.raw("invited"), dict):
        return {"": table.whole("invited")}
    inner = table.table("invited")
    return {name: inner.whole(name) for name in inner.names()}


def _linkage_rule(table: Table) -> LinkageRule:
    return table.read(LinkageRule, rule=table.choice("rule", LINKAGE_RULES))


def _check_format(table: Table) -> None:
    """How the file is written, where that is declared rather than detected."""
    encoding, delimiter = table.text("encoding", "auto"), table.text("delimiter", "")
    if encoding not in ENCODINGS and not _is_encoding(encoding):
        table.fault("encoding", unknown("encoding", encoding, ENCODINGS))
    if len(delimiter) > 1 or delimiter in {"\n", "\r", '"'}:
        table.fault("delimiter", "must be one character, such as ; or a tab")


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _items(
    table: Table, survey: Survey, instruments: Mapping[str, Instrument]
) -> dict[str, str]:
    """Headers of items: a table item → header, or a pattern such as ``q_{item}``.

    An item that is asked at some waves alone is read where a table names it.
    """
    headers: dict[str, str] = {}
    for name in survey.instruments:
        if name not in instruments:
            table.has(name)
            continue
        known = [item.name for item in instruments[name].items]
        always = [item.name for item in instruments[name].items if not item.optional]
        if isinstance(table.raw(name), str):
            pattern = table.text(name)
            if "{item}" not in pattern:
                table.fault(name, "a pattern must hold {item}")
            headers |= {f"{name}.{i}": pattern.replace("{item}", i) for i in always}
            continue
        inner = table.table(name)
        headers |= {f"{name}.{i}": inner.text(i) for i in known if inner.has(i)}
        inner.close()
        for item in [i for i in always if not inner.has(i)]:
            inner.fault(item, "is missing; it must be the header of this item's column")
    return headers


def _attribute(name: str, table: Table) -> Attribute:
    multi = table.texts_by_text("multi")
    attribute = table.read(
        Attribute,
        name=name,
        column=table.text("column", "" if multi else None),
        multi=multi,
    )
    is_number = attribute.lowest is not None and attribute.highest is not None
    forms = (is_number, bool(attribute.values), bool(multi))
    if sum(forms) != 1:
        table.fault("values", "give either lowest and highest, or values, or multi")
    elif attribute.separator and not attribute.values:
        table.fault("separator", "needs values: the choices that may be joined")
    return attribute


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
    surveys = tuple(_survey(key, table) for key, table in top.tables("surveys"))
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
        _wave(key, table, top, surveys, instruments)
        for key, table in top.tables("waves")
    )
    allocation = _allocation(top)
    return top.take(
        Study,
        name=name,
        folder=top.text("folder", name),
        allocation=allocation,
        arms=_groups(top, "arms", Arm),
        sites=_groups(top, "sites", Site),
        teams=_groups(top, "teams", Team),
        roster=_roster(top.table("roster")) if top.has("roster") else None,
        groups=tuple(_grouping(*pair) for pair in top.tables("groups")),
        rollout=top.optional("rollout", Rollout),
        dose=top.optional("dose", Dose),
        multiverse=top.optional("multiverse", Multiverse),
        plan=_plan(top.table("plan")) if top.has("plan") else None,
        design=_design(top.table("design")) if top.has("design") else None,
        lock=None,
        surveys=surveys,
        waves=waves,
        outcomes=tuple(
            _outcome(key, table, waves, compares=bool(allocation.pairs()))
            for key, table in top.tables("outcomes")
        ),
        instruments=instruments,
    )


OLD_ALLOCATION = {
    "allocated_by": "unit",
    "drawn_by_lot": "randomised",
    "randomised": "randomised",
    "treated": "treated",
    "control": "control",
}
"""Keys that stood at the top of the file up to version 0.2 → their name now."""
OLD_UNITS = {"participant": "person", "none": ""}


def _allocation(top: Table) -> Allocation:
    """What was allocated, also where a file of version 0.2 says it at the top."""
    declared = dict(top.table("allocation").values)
    for old, key in OLD_ALLOCATION.items():
        if old not in top.values:
            continue
        value = top.raw(old)
        if key in declared:
            top.fault(old, f"is the old place of [allocation] {key}: keep one")
            continue
        warnings.warn(
            f"[{old}] is now '{key}' in the table [allocation]. The old key is read by "
            "this version and will be refused by the next: move it.",
            FutureWarning,
            stacklevel=2,
        )
        declared[key] = OLD_UNITS.get(str(value), value) if key == "unit" else value
    if declared.get("unit") == "":
        del declared["unit"]
    return Table(declared, top.faults, "allocation").read(Allocation)


def _roster(table: Table) -> Roster:
    columns = table.table("columns")
    headers = ("staff_member", "role", "team", "regular_contact")
    roster = table.read(Roster, **{name: columns.text(name) for name in headers})
    columns.close()
    return roster


def _grouping(name: str, table: Table) -> Grouping:
    """One grouping; along an order, the first rank is the reference."""
    order = table.texts("order")
    reference = table.text("reference", order[0] if order else None)
    return table.read(Grouping, name=name, reference=reference)


def _plan(table: Table) -> Plan:
    gates = table.table("gates").read(Gates)
    measure = table.raw("summary_measure")
    if measure not in OLD_MEASURES:
        return table.read(Plan, gates=gates)
    warnings.warn(
        f"[plan.summary_measure] '{measure}' is now called '{OLD_MEASURES[measure]}'. "
        "The old name is read by this version and will be refused by the next.",
        FutureWarning,
        stacklevel=2,
    )
    return table.read(Plan, gates=gates, summary_measure=OLD_MEASURES[measure])


def _design(table: Table) -> DeclaredDesign:
    """The design; what it leaves out is as `PilotDesign` has it."""
    return table.read(DeclaredDesign, assumed=table.take(PilotDesign))


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


def _groups(top: Table, key: str, kind: type[Group]) -> tuple[Group, ...]:
    """Arms, sites or teams, each named in an export by its own texts and others."""
    groups: list[Group] = []
    for name, table in top.tables(key):
        answers = (name, table.text("title"), *table.texts("answers"))
        once = tuple(dict.fromkeys(answers))
        groups.append(table.read(kind, name=name, answers=once))
    return tuple(groups)


def _outcome(
    name: str, table: Table, waves: tuple[Wave, ...], *, compares: bool
) -> Outcome:
    """An outcome; compared, unless it says otherwise, over the waves of its survey.

    Where arms are compared and the survey was held once, they are compared there.
    """
    survey = table.text("survey")
    waves_of_survey = tuple(wave.name for wave in waves if wave.export(survey))
    post_only = compares and len(waves_of_survey) == 1
    first = "" if post_only else "".join(waves_of_survey[:1])
    baseline = table.text("baseline", first)
    later = waves_of_survey if not baseline else ()
    if baseline in waves_of_survey:
        later = waves_of_survey[waves_of_survey.index(baseline) + 1 :]
    return table.read(
        Outcome,
        name=name,
        survey=survey,
        family=table.choice("family", FAMILIES, "secondary"),
        baseline=baseline,
        follow_ups=table.texts("follow_ups", later),
        supplementary=table.take(SupplementaryMeasures),
    )
