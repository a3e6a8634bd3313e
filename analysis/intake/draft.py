"""Draft a study's declaration from exports, to be finished by hand.

Whatever is not certain is a comment. What is written holds headers, never a cell.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jinja2

from analysis.intake.answers import fold
from analysis.intake.drift import declared_headers
from analysis.intake.headers import shortened
from analysis.intake.inspection import (
    NEEDS,
    candidate_roles,
    chosen,
    inspect_columns,
    match_instruments,
    missing_texts,
)
from analysis.intake.redcap import kinds_of_rows
from analysis.intake.survey_tools import as_received, table_facts

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
        lines.append(f"event = {listed(headings.event) if others else quoted(first)}")
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
    written = quoted(value) if isinstance(value, str) else listed(value)
    yield f"{name} = {written}" + (f"  # {remarks[0]}" if remarks else "")


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def listed(texts: Iterable[str]) -> str:
    """A list of texts as TOML writes it."""
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

    @property
    def headers(self) -> set[str]:
        """Its headers, as they are compared."""
        return {fold(column.header) for column in self.columns}

    @property
    def facts(self) -> str:
        """How the file was read, in words."""
        table = self.table
        return table_facts(table.encoding, table.tool, table.remark)

    @property
    def finished(self) -> tuple[str, list[str]] | None:
        """The tool's column that says a form was finished, and what it then holds."""
        known = FINISHED.get(self.table.tool)
        return known if known and known[0] in self.table.headers else None

    @property
    def roles(self) -> dict[str, list[Column]]:
        """Part → the columns that no certain instrument uses, and that may play it."""
        used = {h for match in self.certain_matches for h in match.items.values()}
        return candidate_roles(c for c in self.columns if c.header not in used)


def inspect_export(
    raw: RawTable, file: str, instruments: Iterable[Instrument]
) -> Inspected:
    """Find out what an export holds; refused without headers or responses."""
    table = as_received(raw, declared="auto", file=file)
    columns = inspect_columns(table, file)
    matches = match_instruments(table, columns, instruments)
    return Inspected(file=file, table=table, columns=columns, matches=tuple(matches))


def group_surveys(exports: Iterable[Inspected]) -> list[list[Inspected]]:
    """Exports with much the same headers are waves of one survey, in their order."""
    surveys: list[list[Inspected]] = []
    for export in exports:
        for waves in surveys:
            ours, theirs = export.headers, waves[-1].headers
            if len(ours & theirs) >= SAME_SURVEY * len(ours | theirs):
                waves.append(export)
                break
        else:
            surveys.append([export])
    return surveys


def draft_study(name: str, surveys: Sequence[Sequence[Inspected]]) -> str:
    """The text of a declaration: what is sure, and in comments what to finish."""
    first = [waves[0] for waves in surveys]
    used = [match.instrument for export in first for match in export.certain_matches]
    unverified = {instrument.name for instrument in used if instrument.unverified}
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("analysis.intake"),
        autoescape=jinja2.select_autoescape(),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "bare": bare,
        "kinds_of_rows": kinds_of_rows,
        "listed": listed,
        "missing_texts": missing_texts,
        "plain": _plain,
        "quoted": quoted,
    }
    return environment.get_template("study.toml").render(
        name=name,
        surveys=surveys,
        unverified=", ".join(sorted(unverified)),
        unsure=not all(export.certain_matches for export in first),
        needs=NEEDS,
        n_waves=max(map(len, surveys)),
    )


def _plain(text: str) -> str:
    """A header within a comment: on one line, without signs a comment may not hold."""
    return shortened("".join(s for s in " ".join(text.split()) if s.isprintable()))
