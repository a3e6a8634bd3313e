"""Calculate before a pilot what effect its numbers of teams can detect.

Lines have the same length whatever the window, so that two outputs can be compared.
"""

from __future__ import annotations

import sys
import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING

import typer

from analysis.cli.application import app, report_fault
from analysis.cli.options import (
    AsJson,
    Quiet,
    Reports,
    StudyName,
    print_json,
    use_folders,
)
from analysis.cli.running import _run_locally
from analysis.foundation.errors import DeclarationError
from analysis.foundation.findings import tidy_record
from analysis.storage.declared import read_study
from analysis.storage.findings import read_part
from analysis.storage.folders import find_folders
from analysis.workflow.planning import plan_design
from analysis.workflow.receipts import staleness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analysis.declarations.study import Study
    from analysis.publication.table import Table
    from analysis.workflow.steps import Step

WIDTH = 88
COLUMN = 16
LACKING = (
    "declares no design. Add a table [design] with at least team_size, such as "
    "team_size = 15; what else it takes, and what is assumed otherwise, stands in "
    "docs/reference/study-file.md"
)


@app.command()
def design(
    study: StudyName,
    reports: Reports = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Say what a declared design would let the pilot see; needs no data."""
    use_folders(None, None, reports)
    declared = read_study(study)
    steps = plan_design(declared)
    if not steps:
        raise DeclarationError(f"{study}.toml", LACKING)
    _look_ahead(steps[0], silent=quiet or as_json)
    _print_result(declared, quiet=quiet, as_json=as_json)


def _look_ahead(step: Step, *, silent: bool) -> None:
    """Run the step where it is stale, and fail as it fails."""
    reasons = {step.name: staleness(step)}
    if not reasons[step.name]:
        return
    progress = _run_locally([step], [step], reasons, jobs=1, force=False, silent=silent)
    for fault in progress.failed.values():
        report_fault(fault)
        sys.exit(fault.exit_code)


def _print_result(study: Study, *, quiet: bool, as_json: bool) -> None:
    """Print what the page shows, from the same findings."""
    from analysis.publication.design import (  # noqa: PLC0415 - imports pandas
        design_sentence,
        design_table,
    )
    from analysis.publication.disclosure.control import Disclosed  # noqa: PLC0415 - imports pandas

    disclosed = Disclosed(findings=read_part(study.name, "design"))
    if as_json:
        print_json([tidy_record(finding) for finding in disclosed.findings])
        return
    if quiet:
        return
    for line in textwrap.wrap(design_sentence(disclosed, study), WIDTH):
        typer.echo(line)
    typer.echo("")
    for line in _lines(design_table(disclosed, study)):
        typer.echo(line)
    page = find_folders().reports / study.name / "design.html"
    typer.echo(f"\nThe page is at {page}")


def _lines(table: Table) -> Iterator[str]:
    """A table as lines of text: its columns, its rows, and the notes below."""
    headings = [textwrap.wrap(name, COLUMN) for name in table.columns]
    rows = [*zip_longest(*headings, fillvalue=""), *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(text.rjust(width) for text, width in cells).rstrip()
    yield ""
    for note in table.notes:
        yield from textwrap.wrap(note, WIDTH)
