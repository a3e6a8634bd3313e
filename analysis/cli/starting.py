"""Start a study from its exports, and add a wave to one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import re
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Raw, StudyName, use_folders
from analysis.declarations.study_file import parse_study
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import (
    instrument_names,
    read_instrument,
    read_study,
    study_file,
    study_text,
)
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import write_text
from heard.errors import unknown

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from analysis.intake.draft import Inspected
    from analysis.intake.drift import Comparison
    from analysis.storage.readers.table import RawTable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
ONE_BY_ONE = ("coding", "missing", "renamed")
WORDS = {
    "coding": "coding changed",
    "missing": "missing",
    "renamed": "renamed",
    "new": "new columns",
    "gone": "columns gone that were not read",
}
"""Kinds of differences in their order, and how each is reported."""


@app.command()
def new(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Name to give it.")],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Exports, in order of time.")
    ],
    raw: Raw = None,
) -> None:
    """Inspect exports and draft a study's declaration; overwrite nothing."""
    from analysis.intake.draft import draft_study, group_surveys  # noqa: PLC0415 - imports pandas

    use_folders(raw, None, None)
    _check_name("study", study)
    path = study_file(study)
    if path.exists():
        raise DeclarationError(path.name, "is there already; nothing was written")
    exports = _inspected(find_folders().raw / study, files)
    write_text(path, draft_study(study, group_surveys(exports)))
    for export in exports:
        size = f"{len(export.table.cells)} rows, {len(export.columns)} columns"
        typer.echo(f"{export.file}: {size}, {export.facts}")
        for match in export.matches:
            mark = "=" if match in export.certain_matches else "?"
            typer.echo(f"  {mark} {match.instrument.name}: {match.description()}")
    typer.echo(f"Written: {path}")
    typer.echo("Its first lines say what is left to finish.")
    _print_faults(study)


def _inspected(folder: Path, files: list[Path]) -> list[Inspected]:
    from analysis.intake.draft import inspect_export  # noqa: PLC0415 - imports pandas
    from analysis.storage.readers import read_table  # noqa: PLC0415 - imports pandas

    instruments = [read_instrument(name) for name in instrument_names()]
    exports = []
    for file in files:
        found = file if file.exists() else folder / file
        name = _name_in(folder, found)
        exports.append(inspect_export(read_table(found), name, instruments))
        if not (folder / name).exists():
            typer.echo(f"Put {name} into {folder}")
    return exports


def _print_faults(study: str) -> None:
    try:
        read_study(study)
    except DeclarationError as error:
        for fault in error.faults:
            typer.echo(f"  to finish: {fault}")


@app.command("add-wave")
def add_wave(
    study: StudyName,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The new wave's export.")
    ],
    survey: Annotated[str, typer.Option(help="The survey it belongs to.")],
    wave: Annotated[str, typer.Option(help="Name of the new wave.")],
    title: Annotated[str, typer.Option(help="Its title for readers.")] = "",
    date: Annotated[str, typer.Option(help="When it began, such as 2026-01-31.")] = "",
    event: Annotated[
        list[str] | None,
        typer.Option(help="REDCap: the event it is; again for another arm's."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Add the table to the declaration.")
    ] = False,
    raw: Raw = None,
) -> None:
    """Compare a new export with the last wave's; propose its table."""
    from analysis.intake.draft import WaveDetails, wave_table  # noqa: PLC0415 - imports pandas

    use_folders(raw, None, None)
    _check_name("wave", wave)
    _check_date(date)
    declared = read_study(study)
    last = _last_export(declared, survey, wave)
    name = _name_in(find_folders().raw / declared.folder, file)
    headings = WaveDetails(title=title, date=date, event=tuple(event or ()))
    # The table with the file alone says what the survey itself declares for it.
    bare = dataclasses.replace(last, file=name, wave=wave)
    text = study_text(study).rstrip("\n") + "\n"
    parsed = _parsed(study, text + wave_table(declared, bare, None, headings))
    export = parsed.wave(wave).export(survey)
    assert export is not None, "the table just parsed names this survey"
    compared = _compared(declared, last, export)
    table = wave_table(declared, export, compared, headings)
    _print_result(compared, last.wave)
    typer.echo(table)
    if write:
        _parsed(study, text + table)
        write_text(study_file(study), text + table)
        typer.echo(f"Added to {study_file(study)}. Then: heard check {study}")


def _last_export(study: Study, survey: str, wave: str) -> Export:
    known = [declared.name for declared in study.surveys]
    if survey not in known:
        raise DeclarationError(study.name, unknown("survey", survey, known))
    exports = {w.name: export for w in study.waves if (export := w.export(survey))}
    if wave in exports:
        raise DeclarationError(
            study.name, f"wave '{wave}' has survey '{survey}' already; nothing was done"
        )
    if not exports:
        raise DeclarationError(
            study.name, f"survey '{survey}' was held at no wave to compare with"
        )
    return [*exports.values()][-1]


def report_drift(study: Study) -> None:
    """Report, for each survey, how every wave's export differs from the last one's."""
    for survey in study.surveys:
        held = [export for w in study.waves if (export := w.export(survey.name))]
        for last, new in itertools.pairwise(held):
            typer.echo(f"\n{survey.title}, wave '{new.wave}' ({new.file}):")
            _print_result(_compared(study, last, new), last.wave)


def _compared(study: Study, last: Export, export: Export) -> Comparison:
    from analysis.intake.drift import compare_exports  # noqa: PLC0415 - imports pandas

    return compare_exports(
        study,
        last=last,
        new=export,
        before=_shaped(last, study),
        now=_shaped(export, study),
    )


def _shaped(export: Export, study: Study) -> RawTable:
    from analysis.intake.survey_tools import shape  # noqa: PLC0415 - imports pandas
    from analysis.storage.rows import read_dictionary, read_raw  # noqa: PLC0415 - imports pandas

    return shape(read_raw(export, study), export, read_dictionary(export, study))


def _parsed(study: str, text: str) -> Study:
    return parse_study(text, name=study, read_instrument=read_instrument)


def _print_result(compared: Comparison, last: str) -> None:
    if not compared.drifts:
        typer.echo(f"Nothing differs from wave '{last}'.")
        return
    typer.echo(f"{len(compared.drifts)} differences from wave '{last}':")
    for kind, words in WORDS.items():
        found = [drift.description for drift in compared.drifts if drift.kind == kind]
        if kind in ONE_BY_ONE:
            for description in found:
                typer.echo(f"  {words}: {description}")
        elif found:
            typer.echo(f"  {words} ({len(found)}): {', '.join(found)}")


def _name_in(folder: Path, file: Path) -> str:
    """The name by which a declaration finds a file of the raw folder."""
    whole = file.expanduser().absolute()
    if whole.is_relative_to(folder):
        return whole.relative_to(folder).as_posix()
    if (folder / file).exists():
        return file.as_posix()
    return file.name


def _check_date(date: str) -> None:
    try:
        is_iso = not date or dt.date.fromisoformat(date).isoformat() == date
    except ValueError:
        is_iso = False
    if not is_iso:
        raise DeclarationError("--date", "must be a date such as 2026-01-31")


def _check_name(kind: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise DeclarationError(
            name if name.isprintable() else kind,
            f"is no name for a {kind}: take letters, digits, - and _",
        )
