"""Exports of one wave into pseudonymous responses that fit the declaration.

Nothing is dropped here: who stays is decided by the cleaning rules. Faults of all
surveys are told at once, by column and count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from analysis.foundation import DataError
from analysis.foundation.errors import unknown
from analysis.intake.answers import (
    accepted,
    attribute_values,
    group_names,
    item_codes,
)
from analysis.intake.conduct import conduct_columns
from analysis.intake.pseudonyms import pseudonyms
from analysis.storage.key import read_key
from analysis.storage.rows import RawTable, read_raw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.declarations import Export, Instrument, Study
    from analysis.declarations.study import Arm, Site, Team


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Received:
    """The exports of one wave, as read.

    Attributes
    ----------
    tables : mapping
        Survey → its export, every cell a text.
    """

    study: Study
    wave: str
    tables: Mapping[str, RawTable]

    def __repr__(self) -> str:
        """Name alone: an output kept in a notebook must not hold a cell."""
        return f"Received({self.study.name}, {self.wave})"

    def _repr_html_(self) -> str:
        """What came in, without a cell of it, nor counts not yet fit to be shown."""
        heads = ("Survey", "Encoding", "Columns in the file", "Columns read")
        wave = self.study.wave(self.wave)
        rows = [
            (
                self.study.survey(export.survey).title,
                self.tables[export.survey].encoding,
                self.tables[export.survey].cells.shape[1],
                len(export.wanted_headers()),
            )
            for export in wave.exports
        ]
        head = "".join(f'<th scope="col">{name}</th>' for name in heads)
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
        ``site``, ``team``, ``consented``, ``finished``, what tells how the form was
        filled in (`analysis.intake.conduct`), the attributes, and a column
        ``instrument.item`` an item: its code, NaN if not answered.
    emptied : mapping
        ``reason: column`` → cells emptied.
    instruments : mapping
        Name → codebook, of the instruments the survey asked.
    """

    export: Export
    frame: pd.DataFrame
    emptied: Mapping[str, int] = field(default_factory=dict)
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
    for export in study.wave(wave).exports:
        try:
            tables[export.survey] = read_raw(export, study)
        except DataError as error:
            faults.append(str(error))
            continue
        faults.extend(_check_headers(tables[export.survey].cells, export))
    if faults:
        raise DataError(f"{study.name}, wave {wave}", faults)
    return Received(study=study, wave=wave, tables=tables)


def _check_headers(cells: pd.DataFrame, export: Export) -> Iterator[str]:
    headers = list(cells.columns)
    for wanted in export.wanted_headers():
        if wanted not in headers:
            yield f"{export.file}: {unknown('column', wanted, _shortened(headers))}"
        elif headers.count(wanted) > 1:
            times = headers.count(wanted)
            yield f"{export.file}: column '{wanted}' stands {times} times"


def _shortened(headers: list[str]) -> list[str]:
    """Headers short enough to read: some tools put whole questions there."""
    return [name if len(name) <= 60 else name[:57] + "…" for name in headers]


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
        _map_survey(received.tables[export.survey].cells, export, study, faults)
        for export in study.wave(received.wave).exports
    )
    if faults:
        raise DataError(f"{study.name}, wave {received.wave}", faults)
    return responses


def _map_survey(
    cells: pd.DataFrame, export: Export, study: Study, faults: list[str]
) -> Responses:
    emptied: dict[str, int] = {}
    columns = {
        **_people(cells, export, study),
        **_places(cells, export, study, faults),
        **_consent(cells, export),
        **conduct_columns(cells, export, study, emptied),
        **_attributes(cells, export, emptied),
        **_items(cells, export, study, emptied, faults),
    }
    frame = pd.DataFrame(columns, index=cells.index)
    asked = {name: study.instruments[name] for name in export.instruments}
    return Responses(export=export, frame=frame, emptied=emptied, instruments=asked)


def _people(
    cells: pd.DataFrame, export: Export, study: Study
) -> dict[str, pd.Series[str]]:
    key = read_key()
    columns = export.columns
    found = {"participant": identifiers(cells, columns.participant)}
    if columns.staff_member:
        found["staff_member"] = identifiers(cells, (columns.staff_member,))
    return {
        kind: pseudonyms(named, key=key, study=study.name, kind=kind)
        for kind, named in found.items()
    }


def identifiers(cells: pd.DataFrame, headers: tuple[str, ...]) -> pd.Series[str]:
    """One text a row from the columns that identify; empty if any of them is blank."""
    if not headers:
        return pd.Series("", index=cells.index)
    first, *others = (cells[header].str.upper() for header in headers)
    joined, known = first, first != ""
    for element in others:
        joined = joined + "\x1e" + element
        known &= element != ""
    return joined.where(known, "")


def _places(
    cells: pd.DataFrame, export: Export, study: Study, faults: list[str]
) -> dict[str, pd.Series[str]]:
    """Arm, site and team: as the export names them, else through the team."""
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
        found[kind] = group_names(cells[header], groups)
        answered = ~cells[header].isin(("", *export.missing_codes))
        if unnamed := int(((found[kind] == "") & answered).sum()):
            known = ", ".join(group.name for group in groups)
            faults.append(
                f"{export.file}: column '{header}' names no declared {kind} in "
                f"{unnamed} of {len(cells)} rows. Declared: {known}; add other "
                f"spellings as answers of [{kind}s.…]"
            )
    for kind in ("arm", "site"):
        through_team = {team.name: getattr(team, kind) for team in study.teams}
        derived = found["team"].map(through_team).fillna("")
        found[kind] = found[kind].where(found[kind] != "", derived)
    return found


def _consent(cells: pd.DataFrame, export: Export) -> dict[str, pd.Series[bool]]:
    rules, columns = export.cleaning, export.columns
    everyone = pd.Series(data=True, index=cells.index)
    return {
        "consented": accepted(cells[columns.consent], rules.consent)
        if columns.consent
        else everyone,
        "finished": accepted(cells[columns.finished], rules.finished)
        if columns.finished
        else everyone,
    }


def _attributes(
    cells: pd.DataFrame, export: Export, emptied: dict[str, int]
) -> dict[str, pd.Series[float] | pd.Series[str]]:
    found = {}
    for attribute in export.attributes:
        values, outside = attribute_values(cells[attribute.column], attribute, export)
        found[attribute.name] = values
        if outside:
            emptied[f"outside what is declared: {attribute.name}"] = outside
    return found


def _items(
    cells: pd.DataFrame,
    export: Export,
    study: Study,
    emptied: dict[str, int],
    faults: list[str],
) -> dict[str, pd.Series[float]]:
    found = {}
    for column, header in export.columns.items.items():
        instrument = study.instruments[column.partition(".")[0]]
        codes = item_codes(cells[header], instrument, export)
        found[column] = codes.values
        for reason, count in codes.emptied.items():
            emptied[f"{reason}: {column}"] = count
        if codes.unmapped:
            known = ", ".join(f"'{text}'" for text in instrument.answers)
            labels = f", or {known}" if known else ""
            faults.append(
                f"{export.file}: column '{header}' has {codes.unmapped} answers of "
                f"{len(cells)} that are not codes {instrument.lowest:g} to "
                f"{instrument.highest:g}{labels}. Declare others under "
                f"[surveys.{export.survey}.answers.{instrument.name}] or missing_codes"
            )
    return found
