"""What commands read from exports, and print of them.

Readers and pandas are slow to import, so a command imports this module when it runs.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import typer

from analysis.declarations.study_file import parse_study
from analysis.intake.draft import (
    WaveDetails,
    draft_study,
    group_surveys,
    inspect_export,
    wave_table,
)
from analysis.intake.drift import compare_exports
from analysis.intake.survey_tools import shape, table_facts
from analysis.storage.declared import instrument_names, read_instrument, study_text
from analysis.storage.readers import read_table
from analysis.storage.rows import read_dictionary, read_raw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from analysis.intake.draft import Inspected
    from analysis.intake.drift import Comparison
    from analysis.storage.readers.table import RawTable
    from analysis.workflow.actions import ExportCount

ONE_BY_ONE = ("coding", "missing", "renamed")
WORDS = {
    "coding": "coding changed",
    "missing": "missing",
    "renamed": "renamed",
    "new": "new columns",
    "gone": "columns gone that were not read",
}
"""Kinds of differences in their order, and how each is reported."""


def inspected(folder: Path, files: Sequence[Path]) -> list[Inspected]:
    """Read exports, with what they seem to hold; name those to be moved."""
    instruments = [read_instrument(name) for name in instrument_names()]
    exports = []
    for file in files:
        found = file if file.exists() else folder / file
        name = name_in(folder, found)
        exports.append(inspect_export(read_table(found), name, instruments))
        if not (folder / name).exists():
            typer.echo(f"Put {name} into {folder}")
    return exports


def drafted(study: str, exports: Sequence[Inspected]) -> str:
    """The draft of a study's declaration."""
    return draft_study(study, group_surveys(exports))


def print_inspected(exports: Sequence[Inspected]) -> None:
    """Print what each export seems to hold."""
    for export in exports:
        size = f"{len(export.table.cells)} rows, {len(export.columns)} columns"
        typer.echo(f"{export.file}: {size}, {export.facts}")
        for match in export.matches:
            mark = "=" if match in export.certain_matches else "?"
            typer.echo(f"  {mark} {match.instrument.name}: {match.description()}")


def propose_wave(
    study: Study, last: Export, bare: Export, *, title: str, date: str, event: list[str]
) -> str:
    """Print how a new export differs from the last; return the table of its wave.

    Parameters
    ----------
    last : Export
        Of the survey, at the wave before.
    bare : Export
        The same with the file and the wave of the new one.
    """
    headings = WaveDetails(title=title, date=date, event=tuple(event))
    # The table with the file alone says what the survey itself declares for it.
    parsed = with_table(study.name, wave_table(study, bare, None, headings))
    export = parsed.wave(bare.wave).export(bare.survey)
    assert export is not None, "the table just parsed names this survey"
    comparison = _compared(study, last, export)
    _print_differences(comparison, last.wave)
    return wave_table(study, export, comparison, headings)


def with_table(study: str, table: str) -> Study:
    """A study with one more table at the end of its declaration."""
    text = study_text(study).rstrip("\n") + "\n" + table
    return parse_study(text, name=study, read_instrument=read_instrument)


def print_counts(counts: Sequence[ExportCount]) -> None:
    """Print what was read of each survey at each wave."""
    for count in counts:
        facts = table_facts(count.encoding, count.tool, count.remark)
        typer.echo(f"{count.wave}  {count.survey}  {count.rows} responses, {facts}")


def print_drift(study: Study) -> None:
    """Print, for each survey, how every wave's export differs from the last one's."""
    for survey in study.surveys:
        exports_by_wave = [
            export for w in study.waves if (export := w.export(survey.name))
        ]
        for last, new in itertools.pairwise(exports_by_wave):
            typer.echo(f"\n{survey.title}, wave '{new.wave}' ({new.file}):")
            _print_differences(_compared(study, last, new), last.wave)


def name_in(folder: Path, file: Path) -> str:
    """The name by which a declaration finds a file of the raw folder."""
    whole = file.expanduser().absolute()
    if whole.is_relative_to(folder):
        return whole.relative_to(folder).as_posix()
    if (folder / file).exists():
        return file.as_posix()
    return file.name


def _compared(study: Study, last: Export, export: Export) -> Comparison:
    return compare_exports(
        study,
        last=last,
        new=export,
        before=_shaped(last, study),
        now=_shaped(export, study),
    )


def _shaped(export: Export, study: Study) -> RawTable:
    return shape(read_raw(export, study), export, read_dictionary(export, study))


def _print_differences(compared: Comparison, last: str) -> None:
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
