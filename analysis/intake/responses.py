"""Read the exports of one wave as pseudonymous responses that fit the declaration.

Nothing is excluded here: the cleaning rules decide that. Errors of all surveys are
reported together, by column and count. Columns on how a form was filled in are made for
the cleaning rules alone, and dropped once the rules have been applied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.intake.answers import (
    accepted,
    attribute_values,
    by_text,
    choice_columns,
    fold,
    group_names,
    not_answered,
)
from analysis.intake.headers import item_columns, with_wanted_headers
from analysis.intake.identity import (
    check_identifiers,
    identifiers,
    pseudonyms,
    row_identifiers,
)
from analysis.intake.scrubbing import scrub
from analysis.intake.survey_tools import TITLES, preview_rows, shape
from analysis.storage.declared import read_names
from analysis.storage.key import read_key
from analysis.storage.rows import read_dictionary, read_raw
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Arm, Site, Study, Team
    from analysis.declarations.survey import Export
    from analysis.storage.readers.table import RawTable


def conduct_columns(
    cells: pd.DataFrame,
    export: Export,
    study: Study,
    emptied: dict[tuple[str, str], int],
) -> dict[str, pd.Series[Any]]:
    """Submission, attention, order of dates, seconds taken, printed totals."""
    columns, rules = export.columns, export.cleaning
    found: dict[str, pd.Series[Any]] = {}
    if columns.submission:
        ids = cells[columns.submission]
        found["submission"] = pseudonyms(
            ids, key=read_key(), study=study.name, kind="submission"
        )
    if rules.attention:
        passed = [
            accepted(cells[c.column], c.accepted, missing=export.missing_codes)
            for c in rules.attention
        ]
        found["attentive"] = pd.concat(passed, axis="columns").all(axis="columns")
    found |= _times(cells, export, emptied)
    for total in rules.printed_totals:
        found[total.name] = _numbers(cells, total.column, export, emptied)
    return found


def _times(
    cells: pd.DataFrame, export: Export, emptied: dict[tuple[str, str], int]
) -> dict[str, pd.Series[Any]]:
    columns = export.columns
    found: dict[str, pd.Series[Any]] = {}
    if columns.started and columns.submitted:
        started = _moments(cells, columns.started, export, emptied)
        submitted = _moments(cells, columns.submitted, export, emptied)
        taken = (submitted - started).dt.total_seconds()
        found["dates_in_order"] = ~(taken < 0)
        found["seconds"] = taken.where(taken >= 0)
    if columns.seconds:
        seconds = _numbers(cells, columns.seconds, export, emptied)
        found["seconds"] = seconds.where(seconds >= 0)
    return found


def _moments(
    cells: pd.DataFrame,
    header: str,
    export: Export,
    emptied: dict[tuple[str, str], int],
) -> pd.Series[Any]:
    known = ~_missing(cells[header], export)
    moments = pd.to_datetime(
        cells[header].where(known, None),
        format=export.columns.date_format,
        errors="coerce",
        utc=True,
    )
    if unread := int((moments.isna() & known).sum()):
        emptied["not a date", header] = unread
    return moments


def _numbers(
    cells: pd.DataFrame,
    header: str,
    export: Export,
    emptied: dict[tuple[str, str], int],
) -> pd.Series[float]:
    known = ~_missing(cells[header], export)
    written = cells[header]
    if export.decimal == ",":
        written = written.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(written.where(known, None), errors="coerce")
    numbers = numbers.astype(float)
    finite = numbers.where(np.isfinite(numbers))
    if unread := int((finite.isna() & known).sum()):
        emptied["not a number", header] = unread
    return finite


def _missing(cells: pd.Series[str], export: Export) -> pd.Series[bool]:
    return by_text(cells, fold).isin(not_answered(export.missing_codes))


TEXT = "text."
"""How the column of a free text begins."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Received:
    """The exports of one wave, as read.

    Attributes
    ----------
    tables : mapping
        Survey → its export, every cell a text.
    names : mapping
        Survey → names to take out of its free texts.
    """

    study: Study
    wave: str
    tables: Mapping[str, RawTable]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Name alone: an output kept in a notebook must not hold a cell."""
        return f"Received({self.study.name}, {self.wave})"

    def _repr_html_(self) -> str:
        """What came in, without a cell of it, nor counts not yet fit to be shown."""
        headings = ("Survey", "From", "Encoding", "Columns in the file", "Columns read")
        wave = self.study.wave(self.wave)
        rows = [
            (
                self.study.survey(export.survey).title,
                TITLES.get(self.tables[export.survey].tool, ""),
                self.tables[export.survey].encoding,
                self.tables[export.survey].cells.shape[1],
                len(export.wanted_headers()),
            )
            for export in wave.exports
        ]
        head = "".join(f'<th scope="col">{name}</th>' for name in headings)
        body = "".join(
            f'<tr><th scope="row">{escape(title)}</th>'
            + "".join(f"<td>{value}</td>" for value in values)
            + "</tr>"
            for title, *values in rows
        )
        caption = f"Exports of the wave “{escape(wave.title)}”"
        return (
            f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Responses:
    """The responses to one survey at one wave.

    Attributes
    ----------
    frame : DataFrame, one row a response
        ``participant`` and ``staff_member`` (pseudonyms, empty if none), ``arm``,
        ``site``, ``team``, ``consented``, ``finished``, ``preview`` (the tool's own
        mark), what shows how the form was filled in (`analysis.intake.conduct`), the
        attributes, and a column
        ``instrument.item`` an item: its code, NaN if not answered. Free texts stand as
        ``text.NAME``, scrubbed.
    emptied : mapping
        Reason and column → cells emptied.
    instruments : mapping
        Name → codebook, of the instruments the survey asked.
    """

    export: Export
    frame: pd.DataFrame
    emptied: Mapping[tuple[str, str], int] = field(default_factory=dict)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a response."""
        return f"Responses({self.export.survey}, {len(self.frame)} rows)"


def read_exports(study: Study, wave: str) -> Received:
    """Read every export of a wave and check that the declared columns are there.

    Raises
    ------
    DataError
        Files or columns that are missing, all of them at once.
    """
    faults: list[str] = []
    tables: dict[str, RawTable] = {}
    names: dict[str, tuple[str, ...]] = {}
    for export in study.wave(wave).exports:
        try:
            table = shape(
                read_raw(export, study), export, read_dictionary(export, study)
            )
            names[export.survey] = read_names(export, study)
        except DataError as error:
            faults.append(str(error))
            continue
        tables[export.survey], unfound = with_wanted_headers(
            table, export.wanted_headers(), export.file
        )
        faults.extend(unfound)
    if faults:
        raise DataError(f"{study.name}, wave {wave}", faults)
    return Received(study=study, wave=wave, tables=tables, names=names)


def map_responses(received: Received) -> tuple[Responses, ...]:
    """Turn texts into codes, names into the declared ones, identifiers into pseudonyms.

    Raises
    ------
    DataError
        Answers that fit nothing declared, by column and count.
    """
    study = received.study
    faults: list[str] = []
    responses = tuple(
        _map_survey(received, export, faults)
        for export in study.wave(received.wave).exports
    )
    if faults:
        raise DataError(f"{study.name}, wave {received.wave}", faults)
    return responses


def _map_survey(received: Received, export: Export, faults: list[str]) -> Responses:
    table, study = received.tables[export.survey], received.study
    cells = table.cells
    emptied: dict[tuple[str, str], int] = {}
    columns = {
        **_people(cells, export, study),
        **_places(table, export, study, faults),
        **_consent(table, export),
        **conduct_columns(cells, export, study, emptied),
        "preview": preview_rows(table),
        **_attributes(table, export, emptied),
    }
    items = item_columns(table, export, study, emptied, faults)
    texts = _texts(cells, export, received.names.get(export.survey, ()), emptied)
    frame = pd.concat(
        [
            pd.DataFrame(columns, index=cells.index),
            items,
            pd.DataFrame(texts, index=cells.index),
        ],
        axis="columns",
    )
    faults.extend(check_identifiers(cells, frame, export))
    return Responses(
        export=export, frame=frame, emptied=emptied, instruments=study.asked(export)
    )


def _people(
    cells: pd.DataFrame, export: Export, study: Study
) -> dict[str, pd.Series[str]]:
    key = read_key()
    columns = export.columns
    missing = export.missing_codes
    if export.linkage == "row":
        people = row_identifiers(cells, export.file)
    else:
        people = identifiers(
            cells,
            columns.participant,
            missing_codes=missing,
            as_written=export.identifier_spelling == "as_written",
        )
    found = {"participant": people}
    if columns.staff_member:
        found["staff_member"] = identifiers(
            cells, (columns.staff_member,), missing_codes=missing
        )
    return {
        kind: pseudonyms(named, key=key, study=study.name, kind=kind)
        for kind, named in found.items()
    }


def _places(
    table: RawTable, export: Export, study: Study, faults: list[str]
) -> dict[str, pd.Series[str]]:
    """Arm, site and team: as the export names them, else through the team."""
    cells, words = table.cells, table.value_labels
    blank = pd.Series("", index=cells.index)
    declared: dict[str, tuple[Arm | Site | Team, ...]] = {
        "arm": study.arms,
        "site": study.sites,
        "team": study.teams,
    }
    found = {}
    for kind, groups in declared.items():
        header = getattr(export.columns, kind)
        if header is None:
            found[kind] = blank
            continue
        found[kind] = group_names(cells[header], groups, words.get(header))
        missing_texts = not_answered(export.missing_codes, words.get(header))
        answered = ~by_text(cells[header], fold).isin(missing_texts)
        if unnamed := int(((found[kind] == "") & answered).sum()):
            known = ", ".join(group.name for group in groups)
            faults.append(
                f"{export.file}: column '{header}' names no declared {kind} in "
                f"{unnamed} of {len(cells)} rows. Declared: {known}; add other "
                f"spellings as answers of [{kind}s.…]"
            )
    for kind in ("arm", "site"):
        of_team = {"": ""} | {team.name: getattr(team, kind) for team in study.teams}
        derived = by_text(found["team"], of_team.__getitem__)
        found[kind] = found[kind].where(found[kind] != "", derived)
    return found


def _consent(table: RawTable, export: Export) -> dict[str, pd.Series[bool]]:
    rules, columns = export.cleaning, export.columns
    cells, words = table.cells, table.value_labels
    everyone = pd.Series(data=True, index=cells.index)
    return {
        "consented": accepted(
            cells[columns.consent],
            rules.consent,
            words.get(columns.consent),
            missing=export.missing_codes,
        )
        if columns.consent
        else everyone,
        "finished": accepted(
            cells[columns.finished],
            rules.finished,
            words.get(columns.finished),
            missing=export.missing_codes,
        )
        if columns.finished
        else everyone,
    }


def _attributes(
    table: RawTable, export: Export, emptied: dict[tuple[str, str], int]
) -> dict[str, pd.Series[float] | pd.Series[str] | pd.Series[bool]]:
    cells = table.cells
    found: dict[str, pd.Series[float] | pd.Series[str] | pd.Series[bool]] = {}
    for attribute in export.attributes:
        if attribute.multi or attribute.separator:
            choices, outside = choice_columns(table, attribute, export)
            found |= choices
        else:
            words = table.value_labels.get(attribute.column)
            found[attribute.name], outside = attribute_values(
                cells[attribute.column], attribute, export, words
            )
        if outside:
            emptied["outside what is declared", attribute.name] = outside
        if missing_texts := sum(
            table.emptied.get(header, 0) for header in attribute.headers
        ):
            emptied["missing as the file declares", attribute.name] = missing_texts
    return found


def _texts(
    cells: pd.DataFrame,
    export: Export,
    names: tuple[str, ...],
    emptied: dict[tuple[str, str], int],
) -> dict[str, pd.Series[str]]:
    """Free texts without what names or reaches a person."""
    found = {}
    for name, header in export.texts.items():
        missing_texts = by_text(cells[header], fold).isin(
            not_answered(export.missing_codes)
        )
        written = cells[header].mask(missing_texts, "")
        scrubbed = scrub(written, names=names)
        found[f"{TEXT}{name}"] = scrubbed.texts
        for kind, count in scrubbed.counts.items():
            emptied[f"{kind} taken out", f"{TEXT}{name}"] = count
    return found
