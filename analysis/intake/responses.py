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
    UNMAPPED,
    Answers,
    attribute_values,
    by_text,
    choice_columns,
    coding_shifts,
    item_codes,
)
from analysis.intake.headers import shortened, with_wanted_headers
from analysis.intake.identity import (
    check_identifiers,
    identifiers,
    pseudonyms,
    row_identifiers,
)
from analysis.intake.scrubbing import scrub
from analysis.intake.survey_tools import TITLES, shape
from analysis.storage.declared import read_names
from analysis.storage.key import read_key
from analysis.storage.rows import read_dictionary, read_raw
from heard.errors import DataError
from heard.models.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Arm, Site, Study, Team
    from analysis.declarations.survey import Export
    from analysis.storage.readers.table import RawTable


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
        mark), what shows how the form was filled in, the attributes, and a column
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
    surveys = [
        _Mapping(
            table=received.tables[export.survey],
            export=export,
            study=study,
            names=received.names.get(export.survey, ()),
        )
        for export in study.wave(received.wave).exports
    ]
    responses = tuple(survey.responses() for survey in surveys)
    if faults := [fault for survey in surveys for fault in survey.faults]:
        raise DataError(f"{study.name}, wave {received.wave}", faults)
    return responses


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mapping:
    """One export on its way to responses, with what is emptied or wrong on the way."""

    table: RawTable
    export: Export
    study: Study
    names: tuple[str, ...]
    emptied: dict[tuple[str, str], int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def responses(self) -> Responses:
        """Every column that is declared, converted."""
        cells, export = self.table.cells, self.export
        columns = {
            **self._people(),
            **self._groups(),
            **self._consent(),
            **self._conduct(),
            "preview": pd.Series(cells.index.isin(self.table.test_rows), cells.index),
            **self._attributes(),
        }
        parts = (
            pd.DataFrame(columns, index=cells.index),
            self._items(),
            pd.DataFrame(self._texts(), index=cells.index),
        )
        frame = pd.concat(parts, axis="columns")
        self.faults.extend(check_identifiers(cells, frame, export))
        return Responses(
            export=export,
            frame=frame,
            emptied=self.emptied,
            instruments=self.study.asked(export),
        )

    def _answers(self, header: str) -> Answers:
        return Answers.of(self.table, header, self.export.missing_codes)

    def _count(self, reason: str, column: str, count: int) -> None:
        if count:
            self.emptied[reason, column] = count

    def _pseudonyms(self, identified: pd.Series[str], kind: str) -> pd.Series[str]:
        return pseudonyms(identified, key=read_key(), study=self.study.name, kind=kind)

    def _people(self) -> dict[str, pd.Series[str]]:
        cells, export = self.table.cells, self.export
        missing, staff = export.missing_codes, export.columns.staff_member
        if export.linkage == "row":
            people = row_identifiers(cells, export.file)
        else:
            people = identifiers(
                cells,
                export.columns.participant,
                missing_codes=missing,
                as_written=export.identifier_spelling == "as_written",
            )
        found = {"participant": people}
        if staff:
            found["staff_member"] = identifiers(cells, (staff,), missing_codes=missing)
        return {kind: self._pseudonyms(named, kind) for kind, named in found.items()}

    def _groups(self) -> dict[str, pd.Series[str]]:
        """Arm, site and team: as the export names them, else through the team."""
        study = self.study
        found = {
            "arm": self._named("arm", study.arms),
            "site": self._named("site", study.sites),
            "team": self._named("team", study.teams),
        }
        for kind in ("arm", "site"):
            of_team = {"": ""} | {
                team.name: getattr(team, kind) for team in study.teams
            }
            derived = by_text(found["team"], of_team.__getitem__)
            found[kind] = found[kind].where(found[kind] != "", derived)
        return found

    def _named(self, kind: str, groups: Sequence[Arm | Site | Team]) -> pd.Series[str]:
        cells, header = self.table.cells, getattr(self.export.columns, kind)
        if header is None:
            return pd.Series("", index=cells.index)
        answers = self._answers(header)
        names = answers.groups(groups)
        if unnamed := int(((names == "") & ~answers.blank()).sum()):
            known = ", ".join(group.name for group in groups)
            self.faults.append(
                f"{self.export.file}: column '{header}' names no declared {kind} in "
                f"{unnamed} of {len(cells)} rows. Declared: {known}; add other "
                f"spellings as answers of [{kind}s.…]"
            )
        return names

    def _consent(self) -> dict[str, pd.Series[bool]]:
        rules, columns = self.export.cleaning, self.export.columns
        everyone = pd.Series(data=True, index=self.table.cells.index)
        return {
            name: self._answers(header).accepted(answers) if header else everyone
            for name, header, answers in (
                ("consented", columns.consent, rules.consent),
                ("finished", columns.finished, rules.finished),
            )
        }

    def _conduct(self) -> dict[str, pd.Series[Any]]:
        """Submission, attention, order of dates, seconds taken, printed totals."""
        columns, rules = self.export.columns, self.export.cleaning
        found: dict[str, pd.Series[Any]] = {}
        if columns.submission:
            sent = self.table.cells[columns.submission]
            found["submission"] = self._pseudonyms(sent, "submission")
        if rules.attention:
            passed = [
                self._answers(c.column).accepted(c.accepted) for c in rules.attention
            ]
            found["attentive"] = pd.concat(passed, axis="columns").all(axis="columns")
        if columns.started and columns.submitted:
            started = self._moments(columns.started)
            taken = (self._moments(columns.submitted) - started).dt.total_seconds()
            found["dates_in_order"] = ~(taken < 0)
            found["seconds"] = taken.where(taken >= 0)
        if columns.seconds:
            seconds = self._numbers(columns.seconds)
            found["seconds"] = seconds.where(seconds >= 0)
        for total in rules.printed_totals:
            found[total.name] = self._numbers(total.column)
        return found

    def _moments(self, header: str) -> pd.Series[Any]:
        answers = self._answers(header)
        known = ~answers.blank()
        moments = pd.to_datetime(
            answers.cells.where(known, None),
            format=self.export.columns.date_format,
            errors="coerce",
            utc=True,
        )
        self._count("not a date", header, int((moments.isna() & known).sum()))
        return moments

    def _numbers(self, header: str) -> pd.Series[float]:
        found = self._answers(header).numbers(self.export.decimal)
        for reason, count in found.emptied.items():
            self._count(reason, header, count)
        return found.values

    def _attributes(self) -> dict[str, pd.Series[Any]]:
        found: dict[str, pd.Series[Any]] = {}
        for attribute in self.export.attributes:
            name = attribute.name
            if attribute.multi or attribute.separator:
                choices, outside = choice_columns(self.table, attribute, self.export)
                found |= choices
            else:
                answers = self._answers(attribute.column)
                found[name], outside = attribute_values(answers, attribute, self.export)
            self._count("outside what is declared", name, outside)
            missing = sum(self.table.emptied.get(each, 0) for each in attribute.headers)
            self._count("missing as the file declares", name, missing)
        return found

    def _items(self) -> pd.DataFrame:
        """A column ``instrument.item`` an item asked: its codes, NaN if unanswered."""
        cells, asked = self.table.cells, self.export.columns.items
        # One array, filled in place: no answer is held twice.
        codes = np.empty((len(asked), len(cells)))

        def fill(place: int, column: str) -> dict[str, int]:
            answers, instrument = self._answers(asked[column]), self._instrument(column)
            found = item_codes(answers, instrument, self.export)
            codes[place] = found.values
            return dict(found.emptied)

        strange = []
        filled = in_threads(lambda numbered: fill(*numbered), enumerate(asked))
        for (column, header), emptied in zip(asked.items(), filled, strict=True):
            if UNMAPPED in emptied or "out of range" in emptied:
                strange.append(column)
            if unmapped := emptied.pop(UNMAPPED, 0):
                self.faults.append(self._misfit(column, unmapped))
            for reason, count in emptied.items():
                self._count(reason, column, count)
            declared = self.table.emptied.get(header, 0)
            self._count("missing as the file declares", column, declared)
        shifts = coding_shifts(cells, self.export, self.study, strange)
        self.faults.extend(shifts)
        return pd.DataFrame(codes.T, index=cells.index, columns=list(asked), copy=False)

    def _instrument(self, column: str) -> Instrument:
        name, _, item = column.partition(".")
        return self.study.instruments[name].codes_of(item)

    def _misfit(self, column: str, unmapped: int) -> str:
        """What is said of a column with answers that fit no code."""
        export, instrument = self.export, self._instrument(column)
        known = ", ".join(f"'{text}'" for text in instrument.answers)
        labels = f", or {known}" if known else ""
        return (
            f"{export.file}: column '{shortened(export.columns.items[column])}' has "
            f"{unmapped} answers of {len(self.table.cells)} that are not codes "
            f"{instrument.usual_coding.ends}{labels}. Declare others under "
            f"[surveys.{export.survey}.answers.{instrument.name}] or missing_codes"
        )

    def _texts(self) -> dict[str, pd.Series[str]]:
        """Free texts without what names or reaches a person."""
        found = {}
        for name, header in self.export.texts.items():
            answers = self._answers(header)
            written = answers.cells.mask(answers.blank(), "")
            scrubbed = scrub(written, names=self.names)
            found[f"{TEXT}{name}"] = scrubbed.texts
            for kind, count in scrubbed.counts.items():
                self._count(f"{kind} taken out", f"{TEXT}{name}", count)
        return found
