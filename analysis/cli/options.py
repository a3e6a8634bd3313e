"""Arguments and options that several commands share."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from analysis.storage.folders import VARIABLES

StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="Name of a study.")]
Raw = Annotated[
    Path | None,
    typer.Option(help="Folder of raw data, instead of data/raw or HEARD_RAW."),
]
Processed = Annotated[
    Path | None,
    typer.Option(help="Folder of processed data, or HEARD_PROCESSED."),
]
Reports = Annotated[
    Path | None, typer.Option(help="Folder of reports, or HEARD_REPORTS.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only faults.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def use_folders(raw: Path | None, processed: Path | None, reports: Path | None) -> None:
    """Make folders named as options those of this run and of what it starts."""
    named = {"raw": raw, "processed": processed, "reports": reports}
    for name, folder in named.items():
        if folder is not None:
            os.environ[VARIABLES[name]] = str(folder.expanduser().absolute())


def print_json(value: object) -> None:
    """Print a value as readable JSON, for other programs."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))
