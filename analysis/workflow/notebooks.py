"""Execute one notebook with papermill and render its page.

The executed copy is normalised, so that two runs on the same inputs are identical.
Kernels talk over local sockets, not the network, and are gone when a run ends.

Set environment variables for as long as something runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from traitlets.config import Config

from analysis.foundation import errors as known_errors
from analysis.foundation.errors import DisclosureError, NotebookError
from analysis.intake.identity import HEX_DIGITS
from analysis.publication.documents import check_page, render_notebook
from analysis.storage.declared import read_study
from analysis.storage.findings import read_staged_part
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import whole_file, write_text
from analysis.workflow.parameters import check_injected, check_parameters
from heard.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analysis.workflow.steps import Step


@contextlib.contextmanager
def variables_set(wanted: Mapping[str, str]) -> Iterator[None]:
    """Set variables, and put back what was there before."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


LONGEST_SOCKET_PATH = 90
"""Systems take 104 to 108 bytes, and a number is added."""

PSEUDONYM = re.compile(rf"\b[0-9a-f]{{{HEX_DIGITS}}}\b")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""Steps run at the same time; threads of small products would wait for one another."""
NO_ROWS = "not-given-to-reports"
"""What a report notebook finds where others find the folders of rows."""


def run_notebook(step: Step) -> None:
    """Execute a step's notebook and leave the copy and the page in the stage.

    Raises
    ------
    AnalysisError
        Of the kind the notebook raised; `NotebookError` for anything unforeseen.
    """
    assert step.notebook is not None
    check_parameters(step.notebook, step.parameters)
    reports = find_folders().reports / step.study
    with variables_set(_variables(step)):
        executed = _execute(step)
        check_injected(executed, step.parameters, step.notebook.name)
        _check_place(step)
        _check_rows(step, executed)
        text = json.dumps(_normalised(executed), indent=1, ensure_ascii=False) + "\n"
        write_text(reports / "notebooks" / f"{step.name}.ipynb", text)
        page = render_notebook(
            executed, study=read_study(step.study), title=step.title, name=step.name
        )
        write_page(reports / f"{step.name}.html", page)


def write_page(path: Path, page: str) -> None:
    """Write a page that everybody can read, or say why it is not one."""
    if faults := check_page(page):
        raise NotebookError(path.name, faults)
    write_text(path, page)


def _variables(step: Step) -> dict[str, str]:
    """The variables of the kernel: a report notebook is not given the data folders."""
    wanted = {**find_folders().as_environment(), "MPLBACKEND": "Agg", **ONE_THREAD}
    if not step.reads_rows:
        wanted |= {"HEARD_RAW": NO_ROWS, "HEARD_PROCESSED": NO_ROWS}
    return wanted


def _execute(step: Step) -> dict[str, Any]:
    # jsonschema's optional checker of web addresses takes a second to import, and no
    # notebook needs it.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import papermill  # noqa: PLC0415 - only the process that runs a notebook needs it

    assert step.notebook is not None
    copy = find_folders().reports / step.study / "notebooks" / f"{step.name}.ipynb"
    try:
        with whole_file(copy) as temporary, _local_sockets() as sockets:
            executed = papermill.execute_notebook(
                str(step.notebook),
                str(temporary),
                parameters=dict(step.parameters),
                kernel_name="python3",
                progress_bar=False,
                cwd=str(step.notebook.parent),
                config=sockets,
                shutdown_kernel="immediate",
            )
    except papermill.exceptions.PapermillExecutionError as error:
        raise _cause(step, error) from None
    except RuntimeError:
        raise NotebookError(
            step.notebook.name, "its kernel could not be started, or died; run it again"
        ) from None
    as_json: dict[str, Any] = json.loads(json.dumps(executed))
    return as_json


@contextlib.contextmanager
def _local_sockets() -> Iterator[Config]:
    """Let the kernel talk over files that only this user can open.

    A kernel's network ports are not encrypted. Where there are no such files, or their
    path would be longer than the system takes, the ports have to do.
    """
    with tempfile.TemporaryDirectory(prefix="heard-") as folder:
        base = Path(folder, "kernel")
        if os.name == "nt" or len(str(base)) > LONGEST_SOCKET_PATH:
            yield Config()
        else:
            manager = {"transport": "ipc", "ip": str(base)}
            manager["connection_file"] = f"{base}.json"
            yield Config({"KernelManager": manager})


def _cause(step: Step, error: Any) -> AnalysisError:
    """The error a notebook raised, as the kind it was.

    A message of an error that is not ours could hold a response, so only its kind and
    its place are reported.
    """
    kind = getattr(known_errors, str(error.ename), None)
    if isinstance(kind, type) and issubclass(kind, AnalysisError):
        where, _, message = str(error.evalue).partition(": ")
        return kind(where, message)
    assert step.notebook is not None
    listed = ", ".join(f"{name} = {value!r}" for name, value in step.parameters.items())
    return NotebookError(
        step.notebook.name,
        f"failed in cell {error.exec_count} with {error.ename}. Open it in JupyterLab "
        f"with the parameters {listed} to see why",
    )


def _check_place(step: Step) -> None:
    """Refuse findings about another study or wave than the one asked for."""
    part = read_staged_part(step.study, step.name)
    if part is None and step.reads_rows:
        raise NotebookError(
            step.name,
            f"made no findings about study '{step.study}', wave '{step.wave}', for "
            "which it was asked",
        )
    for finding in part or ():
        wrong_wave = step.wave and finding.wave != step.wave
        if finding.study != step.study or wrong_wave:
            raise NotebookError(
                step.name,
                f"made findings about study '{finding.study}', wave '{finding.wave}', "
                f"and was asked for study '{step.study}', wave '{step.wave}'",
            )


def _check_rows(step: Step, executed: dict[str, Any]) -> None:
    """Refuse an executed copy that shows rows, which it does where pseudonyms stand."""
    shown = json.dumps([cell.get("outputs", []) for cell in executed["cells"]])
    people = len(set(PSEUDONYM.findall(shown)))
    if people:
        raise DisclosureError(
            step.name,
            f"an output shows rows of {people} people. A notebook may show what "
            "publish_findings gives, never a frame of responses or scores",
        )


def _normalised(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without times, durations, paths and random identifiers."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        metadata = {"tags": cell["metadata"].get("tags", [])}
        cells.append({**cell, "id": f"cell-{number}", "metadata": metadata})
    kept = ("kernelspec", "language_info")
    metadata = {key: notebook["metadata"][key] for key in kept}
    return {**notebook, "cells": cells, "metadata": metadata}
