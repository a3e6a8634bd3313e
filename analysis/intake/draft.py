"""Draft a study's declaration from exports, to be finished by hand.

Whatever is not certain is a comment. What is written holds headers, never a cell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.intake.answers import fold
from analysis.intake.drift import declared_headers
from analysis.intake.headers import shortened
from analysis.intake.inspection import (
    candidate_roles,
    chosen,
    inspect_columns,
    match_instruments,
    missing_texts,
)
from analysis.intake.redcap import kinds_of_rows
from analysis.intake.survey_tools import TITLES, as_received

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from analysis.intake.drift import Comparison
    from analysis.intake.inspection import Column, Match
    from analysis.storage.readers.table import RawTable


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveDetails:
    """What is given about a new wave in addition to its file.

    Attributes
    ----------
    event : tuple of str
        REDCap's events, several where each arm has its own.
    """

    title: str = ""
    date: str = ""
    event: tuple[str, ...] = ()


NO_DETAILS = WaveDetails()


def wave_table(
    study: Study,
    new: Export,
    compared: Comparison | None,
    headings: WaveDetails = NO_DETAILS,
) -> str:
    """The table to add to a study's file for a new wave.

    Parameters
    ----------
    compared : Comparison or None
        None: no more than the file, enough to resolve what the survey declares.
    """
    at = f"waves.{new.wave}"
    lines = []
    if new.wave not in study.wave_names():
        lines += ["", f"[{at}]", f"title = {quoted(headings.title or new.wave)}"]
        lines += [f"date = {headings.date}"] if headings.date else []
    lines += ["", f"[{at}.{new.survey}]", f"file = {quoted(new.file)}"]
    if headings.event:
        first, *others = headings.event
        lines.append(f"event = {_list(headings.event) if others else quoted(first)}")
    if compared is not None:
        lines += _recodings_text(compared)
        lines += _overrides(new, compared)
    return "\n".join(lines) + "\n"


def _recodings_text(compared: Comparison) -> Iterator[str]:
    for name, codes in compared.recodings.items():
        pairs = ", ".join(f'"{code}" = {target:g}' for code, target in codes.items())
        yield "# Coded otherwise than the codebook. If the form has the answers in the"
        yield "# same order, take away the # of the next line; if not, correct it."
        yield f"# answers.{name} = {{ {pairs} }}"


def _overrides(new: Export, compared: Comparison) -> Iterator[str]:
    """Lines for every header the survey's own declaration does not give."""
    declared = dict(declared_headers(new))
    differs = {
        key for key, header in declared.items() if compared.found.get(key) != header
    }
    participant = [key for key in declared if key[:2] == ("columns", "participant")]
    if differs & set(participant):
        listed = [compared.found.get(key, declared[key]) for key in participant]
        yield from _line("columns.participant", listed, participant, compared)
    for key in declared:
        if key in differs and key[0] == "cleaning":
            yield from _of_a_rule(key, compared)
        elif key in differs and key[0] != "items" and key not in participant:
            name = ".".join(map(bare, key))
            yield from _line(name, compared.found.get(key, ""), [key], compared)
    for name in new.instruments:
        keys = [k for k in declared if k[0] == "items" and k[1].startswith(f"{name}.")]
        if differs & set(keys):
            # A table laid over a pattern takes its place, so every item is named.
            for key in keys:
                item = key[1].partition(".")[2]
                header = compared.found.get(key, "")
                line = f"items.{name}.{bare(item)}"
                yield from _line(line, header, [key], compared)


def _of_a_rule(key: tuple[str, ...], found: Comparison) -> Iterator[str]:
    """A rule may be one of several, so it is reported, not overwritten."""
    now = quoted(found.found[key]) if key in found.found else "not found"
    yield f"# cleaning.{key[1]}: the column {quoted(key[2])} is now {now}."
    yield f"# If so, give cleaning.{key[1]} here anew, whole."


def _line(
    name: str, value: str | list[str], keys: list[tuple[str, ...]], found: Comparison
) -> Iterator[str]:
    remarks = [found.remarks[key] for key in keys if key in found.remarks]
    missing = [key for key in keys if key not in found.found]
    if missing:
        yield f"# {name} = …  # not found: name its header, or leave the survey out"
        return
    written = quoted(value) if isinstance(value, str) else _list(value)
    yield f"{name} = {written}" + (f"  # {remarks[0]}" if remarks else "")


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def bare(key: str) -> str:
    """A key as TOML writes it, quoted where it must be."""
    plain = all(sign.isascii() and (sign.isalnum() or sign in "_-") for sign in key)
    return key if plain and key else quoted(key)


SAME_SURVEY = 0.5
"""Share of headers two exports have in common if they are waves of one survey."""
FINISHED = {
    "qualtrics": ("Finished", ["True", "1"]),
    "limesurvey": ("submitdate", ["*"]),
}
"""Tool → the column that says a form was finished, and what it then holds."""
NEEDS = {
    "participant": 'then linkage = "identifier" and cleaning.repeats = "last"',
    "wave": "one file may hold several waves: export them apart, or use event (REDCap)",
    "arm": "declare each arm as [arms.NAME] first",
    "site": "declare each site as [sites.NAME] first",
    "team": "declare each team as [teams.NAME], with its site and arm, first",
    "staff_member": "whom a rating is about",
    "consent": "then cleaning.consent = [the answers that mean yes]",
    "finished": "then cleaning.finished = [the answers that mean finished]",
    "attribute": "[surveys.NAME.attributes.NAME] with lowest and highest, or values",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One export, inspected."""

    file: str
    table: RawTable
    columns: tuple[Column, ...]
    matches: tuple[Match, ...]

    @property
    def certain_matches(self) -> list[Match]:
        """The instruments that are written as declared."""
        return chosen(self.matches)

    def headers(self) -> set[str]:
        """Its headers, as they are compared."""
        return {fold(column.header) for column in self.columns}


def inspect_export(
    raw: RawTable, file: str, instruments: Iterable[Instrument]
) -> Inspected:
    """Find out what an export holds.

    Raises
    ------
    DataError
        No headers, or no responses.
    """
    table = as_received(raw, declared="auto", file=file)
    columns = inspect_columns(table, file)
    matches = match_instruments(table, columns, instruments)
    return Inspected(file=file, table=table, columns=columns, matches=tuple(matches))


def group_surveys(exports: Iterable[Inspected]) -> list[list[Inspected]]:
    """Exports with much the same headers are waves of one survey, in their order."""
    surveys: list[list[Inspected]] = []
    for export in exports:
        for waves in surveys:
            ours, theirs = export.headers(), waves[-1].headers()
            if len(ours & theirs) >= SAME_SURVEY * len(ours | theirs):
                waves.append(export)
                break
        else:
            surveys.append([export])
    return surveys


def draft_study(name: str, surveys: Sequence[Sequence[Inspected]]) -> str:
    """The text of a declaration: what is sure, and in comments what to finish."""
    lines = [
        f"# Drafted from the exports of {name}: a start, to be finished by hand.",
        *(f"# {number}. {task}" for number, task in enumerate(_tasks(surveys), 1)),
        f"# Then: heard check {name}",
        'title = "To finish: what the study asks"',
        'summary = "To finish: who was asked what, when, and by whom."',
        f"folder = {quoted(name)}",
    ]
    if unverified := _unverified(surveys):
        lines += [
            f"# Codebooks with facts not verified: {', '.join(unverified)}.",
            "# To use them all the same, and have every report say so:",
            "# allow_unverified = true",
        ]
    for number, waves in enumerate(surveys, start=1):
        lines += ["", *_survey(f"survey_{number}", waves[0])]
    for place in range(max(map(len, surveys))):
        lines += ["", f"[waves.wave_{place + 1}]", f'title = "Wave {place + 1}"']
        lines.append("# date = 2026-01-31")
        lines += [
            line
            for number, waves in enumerate(surveys, start=1)
            if place < len(waves)
            for line in _wave(f"survey_{number}", waves, place)
        ]
    lines += ["", *OUTCOME]
    return "\n".join(lines) + "\n"


OUTCOME = (
    "# What the pilot is judged by, declared before the results are looked at:",
    "# [outcomes.NAME]",
    '# title = ""',
    '# survey = "survey_1"',
    '# instrument = ""',
    '# subscale = ""',
    '# family = "primary"',
    "# smallest_effect = 0",
)


def _tasks(surveys: Sequence[Sequence[Inspected]]) -> Iterator[str]:
    yield "Write the title and the summary; name the surveys and waves."
    if any(not waves[0].certain_matches for waves in surveys):
        yield "Name the instruments of the surveys where no match was sure."
    if unverified := _unverified(surveys):
        yield f"Decide on unverified codebooks: {', '.join(unverified)}."
    yield "Declare arms, teams and who is linked by what, from the columns proposed."
    yield "Declare the outcomes."


def _unverified(surveys: Sequence[Sequence[Inspected]]) -> list[str]:
    used = (match.instrument for waves in surveys for match in waves[0].certain_matches)
    return sorted({instrument.name for instrument in used if instrument.unverified})


def _survey(name: str, export: Inspected) -> Iterator[str]:
    table, certain_matches = export.table, export.certain_matches
    facts = [
        f"{len(table.cells)} rows",
        table.encoding,
        TITLES[table.tool],
        table.remark,
    ]
    description = ", ".join(fact for fact in dict.fromkeys(facts) if fact)
    yield f"# {_plain(export.file)}: {description}"
    yield f"[surveys.{name}]"
    yield f'title = "Survey {name.rpartition("_")[2]}"'
    listed = ", ".join(quoted(match.instrument.name) for match in certain_matches)
    yield f"instruments = [{listed}]"
    if table.tool not in {"none", "spss"}:
        yield f"tool = {quoted(table.tool)}"
    if missing := missing_texts(table):
        yield f"missing_codes = [{', '.join(map(quoted, missing))}]"
    yield from _rows_to_choose(table)
    yield from _finished(export)
    for match in certain_matches:
        yield f"# {match.instrument.name}: {match.description()}"
        yield from _items(match)
    for match in export.matches:
        if match not in certain_matches:
            yield f"# perhaps {match.instrument.name}: {match.description()}"
            if match.by == "order":
                yield "#   by number and range alone, which many instruments share"
            yield from (f"# {line}" for line in _items(match))
    yield from _roles(export)
    yield from _columns(export)


def _rows_to_choose(table: RawTable) -> Iterator[str]:
    """REDCap's events and repeating instruments: a survey reads one of them."""
    for key, known in kinds_of_rows(table).items():
        yield f"# several in one file: {', '.join(map(quoted, map(_plain, known)))}"
        each = ", or a list: one wave may be an event of each arm"
        more = each if key == "event" else ""
        yield f"# {key} = …  # choose one{more}; without it the file is refused"


def _finished(export: Inspected) -> Iterator[str]:
    header, answers = FINISHED.get(export.table.tool, ("", []))
    if header in export.table.cells.columns:
        yield f"columns.finished = {quoted(header)}"
        yield f"cleaning.finished = [{', '.join(map(quoted, answers))}]"


def _items(match: Match) -> Iterator[str]:
    name = bare(match.instrument.name)
    # A pattern reads what is always asked; other items are named one by one.
    if match.pattern and not any(item.optional for item in match.instrument.items):
        yield f"items.{name} = {quoted(match.pattern)}"
        return
    for item in match.instrument.items:
        header = match.items.get(item.name)
        value = quoted(header) if header else "…  (no like header)"
        yield f"items.{name}.{bare(item.name)} = {value}"


def _roles(export: Inspected) -> Iterator[str]:
    used = {
        header for match in export.certain_matches for header in match.items.values()
    }
    free = [column for column in export.columns if column.header not in used]
    for role, columns in candidate_roles(free).items():
        yield f"# perhaps {role.replace('_', ' ')}: {NEEDS[role]}"
        yield from (
            f"#   {_plain(column.header)} ({column.description()})"
            for column in columns
        )


def _columns(export: Inspected) -> Iterator[str]:
    yield "# Every column of the file; only those declared are read:"
    for column in export.columns:
        label = f" “{_plain(column.label)}”" if column.label else ""
        yield f"#   {_plain(column.header)}{label} ({column.description()})"


def _wave(survey: str, waves: Sequence[Inspected], place: int) -> Iterator[str]:
    export, first = waves[place], waves[0]
    yield f"{survey}.file = {quoted(export.file)}"
    if place:
        n_missing = len(first.headers() - export.headers())
        more = len(export.headers() - first.headers())
        if n_missing or more:
            yield (
                f"# {n_missing} headers of the first wave are not there, "
                f"{more} are new:"
            )
            yield "# take this wave out and let heard add-wave list what changed."


def _plain(text: str) -> str:
    """A header within a comment: on one line, without signs a comment may not hold."""
    return shortened("".join(s for s in " ".join(text.split()) if s.isprintable()))
