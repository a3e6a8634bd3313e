"""Turn what a study's TOML says of its surveys and waves into values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.declarations.cleaning_file import parse_cleaning
from analysis.declarations.linkage import parse_linkage_rule
from analysis.declarations.study import Survey, Wave
from analysis.declarations.survey import (
    DECIMALS,
    ENCODINGS,
    LINKAGES,
    SPELLINGS,
    TOOLS,
    Attribute,
    Columns,
    Export,
)
from analysis.declarations.tables import Table
from analysis.foundation.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations.instrument import Instrument


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
