"""Start a study from its exports, and add a wave to one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path  # noqa: TC003 - typer reads it
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app
from analysis.cli.options import Raw, StudyName, use_folders
from analysis.foundation.errors import DeclarationError
from analysis.storage.declared import read_study, study_file, study_text
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import write_text
from heard.errors import unknown

if TYPE_CHECKING:
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@app.command()
def new(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Name to give it.")],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Exports, in order of time.")
    ],
    raw: Raw = None,
) -> None:
    """Inspect exports and draft a study's declaration; overwrite nothing."""
    from analysis.cli import exports  # noqa: PLC0415 - imports pandas

    use_folders(raw, None, None)
    _check_name("study", study)
    path = study_file(study)
    if path.exists():
        raise DeclarationError(path.name, "is there already; nothing was written")
    found = exports.inspected(find_folders().raw / study, files)
    write_text(path, exports.drafted(study, found))
    exports.print_inspected(found)
    typer.echo(f"Written: {path}")
    typer.echo("Its first lines say what is left to finish.")
    _print_faults(study)


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
    from analysis.cli import exports  # noqa: PLC0415 - imports pandas

    use_folders(raw, None, None)
    _check_name("wave", wave)
    _check_date(date)
    declared = read_study(study)
    last = _last_export(declared, survey, wave)
    name = exports.name_in(find_folders().raw / declared.folder, file)
    table = exports.propose_wave(
        declared,
        last,
        dataclasses.replace(last, file=name, wave=wave),
        title=title,
        date=date,
        event=event or [],
    )
    typer.echo(table)
    if write:
        exports.with_table(study, table)  # a fault stops before anything is written
        write_text(study_file(study), study_text(study).rstrip("\n") + "\n" + table)
        typer.echo(f"Added to {study_file(study)}. Then: heard check {study}")


def _last_export(study: Study, survey: str, wave: str) -> Export:
    known = [declared.name for declared in study.surveys]
    if survey not in known:
        raise DeclarationError(study.name, unknown("survey", survey, known))
    exports_by_wave = {
        w.name: w.export(survey) for w in study.waves if w.export(survey)
    }
    if wave in exports_by_wave:
        raise DeclarationError(
            study.name, f"wave '{wave}' has survey '{survey}' already; nothing was done"
        )
    exports = [export for export in exports_by_wave.values() if export is not None]
    if not exports:
        raise DeclarationError(
            study.name, f"survey '{survey}' was held at no wave to compare with"
        )
    return exports[-1]


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
