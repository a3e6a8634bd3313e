"""Turn the TOML of a study into values; every fault is told at once, at its key.

Turn the cleaning rules of a survey, as its table declares them, into values.

Turn what a study's TOML says of its surveys and waves into values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.declarations.design import parse_design
from analysis.declarations.groups import parse_grouping
from analysis.declarations.linkage import parse_linkage_rule, parse_roster
from analysis.declarations.multiverse import parse_multiverse
from analysis.declarations.plan import parse_plan
from analysis.declarations.rollout import parse_dose, parse_rollout
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
from analysis.declarations.supplementary_measures import parse_supplementary
from analysis.declarations.survey import (
    CARELESS_ACTIONS,
    CARELESS_INDICES,
    DECIMALS,
    ENCODINGS,
    LINKAGES,
    OUT_OF_RANGE,
    PREVIEWS,
    REPEATS,
    SPELLINGS,
    TOOLS,
    Attention,
    Attribute,
    CarelessRules,
    CleaningRules,
    Columns,
    Export,
    PrintedTotal,
)
from analysis.declarations.toml_tables import Table, parse_toml
from analysis.foundation.errors import DeclarationError
from heard.errors import AnalysisError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.declarations.instrument import Instrument


def parse_cleaning(table: Table) -> CleaningRules:
    """The cleaning rules; a key that is misspelt is told when the table is closed."""
    return CleaningRules(
        previews=table.choice("previews", PREVIEWS, "leave_out"),
        consent=table.texts("consent"),
        finished=table.texts("finished"),
        least_answered=table.number("minimum_answered", 0.0),
        repeats=table.choice("repeats", REPEATS, "keep"),
        shared_submission=table.choice("shared_submission", REPEATS, "keep"),
        identical_answers=table.choice("identical_answers", REPEATS, "keep"),
        attention=tuple(_attention(part) for part in _one_or_more(table, "attention")),
        dates_in_order=table.flag("dates_in_order"),
        printed_totals=tuple(
            _printed_total(part) for part in _one_or_more(table, "printed_total")
        ),
        out_of_range=table.choice("out_of_range", OUT_OF_RANGE, "refuse"),
        careless=_careless(table.table("careless")) if table.has("careless") else None,
    )


def _one_or_more(table: Table, key: str) -> list[Table]:
    """One table, or an array of them."""
    if not table.has(key):
        return []
    is_one = isinstance(table.raw(key), dict)
    return [table.table(key)] if is_one else list(table.list_of_tables(key))


def _attention(table: Table) -> Attention:
    attention = Attention(column=table.text("column"), accepted=table.texts("accepted"))
    if not attention.accepted:
        table.fault("accepted", "must name the answers that pass")
    table.close()
    return attention


def _printed_total(table: Table) -> PrintedTotal:
    total = PrintedTotal(
        column=table.text("column"),
        score=table.text("score"),
        tolerance=table.number("tolerance", 0.005),
        action=table.choice("action", CARELESS_ACTIONS, "flag"),
    )
    table.close()
    return total


def _careless(table: Table) -> CarelessRules:
    rules = CarelessRules(
        cutoffs={
            name: table.number(name) for name in CARELESS_INDICES if table.has(name)
        },
        synonyms_above=table.number("synonyms_above", 0.60),
        antonyms_below=table.number("antonyms_below", -0.60),
        flags_needed=table.whole("flags_needed", 2),
        action=table.choice("action", CARELESS_ACTIONS, "flag"),
    )
    table.close()
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


def parse_survey(name: str, table: Table) -> Survey:
    """Read what is declared of a survey itself, whatever the wave."""
    return Survey(
        name=name,
        title=table.text("title"),
        respondent=table.text("respondent", ""),
        instruments=table.texts("instruments", None),
    )


def parse_wave(
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
        # A fault of the survey itself is told once, not once a wave.
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
    parse_survey(survey.name, table)
    columns = table.table("columns")
    cleaning = table.table("cleaning")
    answers = table.table("answers")
    items = table.table("items")
    export = Export(
        survey=survey.name,
        wave=wave,
        file=table.text("file"),
        instruments=survey.instruments,
        columns=_columns(columns, _items(items, survey, instruments)),
        linkage=table.choice("linkage", LINKAGES, "none"),
        linkage_rule=parse_linkage_rule(table.table("linkage_rule"))
        if table.has("linkage_rule")
        else None,
        identifier_spelling=table.choice("identifier_spelling", SPELLINGS, "check"),
        **_file_format(table),
        answers={
            name: answers.numbers_by_text(name)
            for name in survey.instruments
            if answers.has(name)
        },
        missing_codes=table.texts("missing_codes"),
        attributes=tuple(_attribute(*pair) for pair in table.tables("attributes")),
        texts=table.texts_by_text("texts"),
        names=table.text("names", ""),
        cleaning=parse_cleaning(cleaning),
    )
    for part in (table, columns, cleaning, answers, items):
        part.close()
    return export


def _file_format(table: Table) -> dict[str, Any]:
    """How the file is written, where it is declared rather than found out."""
    encoding = table.text("encoding", "auto")
    if encoding not in ENCODINGS and not _is_encoding(encoding):
        table.fault("encoding", unknown("encoding", encoding, ENCODINGS))
    delimiter = table.text("delimiter", "")
    if len(delimiter) > 1 or delimiter in {"\n", "\r", '"'}:
        table.fault("delimiter", "must be one character, such as ; or a tab")
    return {
        "encoding": encoding,
        "delimiter": delimiter,
        "decimal": table.choice("decimal", DECIMALS, "."),
        "sheet": table.text("sheet", ""),
        "tool": table.choice("tool", TOOLS, "auto"),
        "event": table.texts("event", None) if table.has("event") else None,
        "repeat_instrument": table.optional_text("instrument"),
        "carried": table.texts("carried", None) if table.has("carried") else None,
        "dictionary": table.text("dictionary", ""),
    }


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _columns(table: Table, items: dict[str, str]) -> Columns:
    return Columns(
        participant=table.texts("participant"),
        staff_member=table.optional_text("staff_member"),
        arm=table.optional_text("arm"),
        site=table.optional_text("site"),
        team=table.optional_text("team"),
        consent=table.optional_text("consent"),
        finished=table.optional_text("finished"),
        submission=table.optional_text("submission"),
        started=table.optional_text("started"),
        submitted=table.optional_text("submitted"),
        seconds=table.optional_text("seconds"),
        date_format=table.text("date_format", "ISO8601"),
        items=items,
    )


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
    attribute = Attribute(
        name=name,
        column=table.text("column", "" if multi else None),
        lowest=table.optional_number("lowest"),
        highest=table.optional_number("highest"),
        values=table.texts_by_text("values"),
        separator=table.text("separator", ""),
        multi=multi,
    )
    is_number = attribute.lowest is not None and attribute.highest is not None
    forms = (is_number, bool(attribute.values), bool(multi))
    if sum(forms) != 1:
        table.fault("values", "give either lowest and highest, or values, or multi")
    elif attribute.separator and not attribute.values:
        table.fault("separator", "needs values: the choices that may be joined")
    table.close()
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
        randomised=top.flag("randomised"),
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
            parse_multiverse(top.table("multiverse")) if top.has("multiverse") else None
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
