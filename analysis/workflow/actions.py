"""Run one step, whatever its kind; what an executor is given to do.

Check that a study's data fit its declaration, running nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.intake.responses import map_responses, read_exports
from analysis.publication.documents import Link, render_index
from analysis.publication.plan import plan_sentences, recorded_deviations
from analysis.publication.publish import published_findings
from analysis.publication.summary.page import funder_summary
from analysis.storage.declared import read_study
from analysis.storage.findings import read_part, write_findings
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import VARIABLE as STAGE
from analysis.storage.whole_files import (
    clear_stage,
    publish_stage,
    read_json,
    write_json,
)
from analysis.workflow.notebooks import run_notebook, variables_set, write_page
from analysis.workflow.pages import page_of
from analysis.workflow.planning import plan_steps
from analysis.workflow.receipts import (
    made_from,
    receipt_file,
    write_failure,
    write_receipt,
)
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.declarations.study import Study
    from analysis.workflow.steps import Step


def run_step(step: Step) -> float:
    """Run a step; its outputs and its receipt appear only if all of it succeeds.

    Returns
    -------
    float
        Seconds it took.
    """
    started = time.monotonic()
    made = made_from(step)
    clear_stage(step.study, step.name)
    try:
        with variables_set({STAGE: step.name}):
            if step.notebook:
                run_notebook(step)
            else:
                ACTIONS[step.kind](step)
        outputs = publish_stage(step.study, step.name)
    except BaseException:
        clear_stage(step.study, step.name)
        write_failure(step)
        raise
    write_receipt(step, made, outputs)
    seconds = time.monotonic() - started
    times = receipt_file(step).with_suffix(".times.json")
    write_json(times, {"seconds": round(seconds, 3)})
    return seconds


def _gather_findings(step: Step) -> None:
    """Put the findings of all steps together, each with its provenance."""
    steps = plan_steps(read_study(step.study))
    needed = [other.name for other in steps if other.name in step.needs]
    parts = {name: read_part(step.study, name) for name in needed}
    write_findings(step.study, parts, {each.name: _provenance(each) for each in steps})


def _provenance(step: Step) -> str:
    """Notebook, declaration and raw files of a step, each by the start of its hash.

    Processed files are left out: they hold pseudonyms, which differ with the key.
    """
    receipt = read_json(receipt_file(step)) or {}
    folder = find_folders().raw
    raw = {
        name: digest
        for name, digest in receipt.get("inputs", {}).items()
        if name in step.inputs and step.inputs[name].is_relative_to(folder)
    }
    parts = {
        "notebook": receipt.get("notebook"),
        "declaration": step.declared,
        **raw,
    }
    return "; ".join([step.name, *(f"{of} {str(by)[:12]}" for of, by in parts.items())])


def _make_index(step: Step) -> None:
    """The page that leads to all others."""
    study = read_study(step.study)
    disclosed = published_findings(study)
    pages = [
        Link(title=made.title, href=f"{made.name}.html", line=page.line)
        for made in reversed(plan_steps(study))
        if (page := page_of(made.kind))
    ]
    deviations = recorded_deviations(study)
    html = render_index(
        study,
        [*pages, *FILES],
        funder_summary(disclosed, study),
        plan=(*plan_sentences(study, deviations), *deviations),
    )
    write_page(find_folders().reports / study.name / "index.html", html)


FILES = (
    Link(
        title="Summary for funders and boards (PDF)",
        href="funder-summary.pdf",
        line="The same page, for printing.",
    ),
    Link(
        title="Findings (CSV)",
        href="findings/findings.csv",
        line="Every number, with its n, its method and what it was made from.",
    ),
)


ACTIONS: dict[str, Callable[[Step], None]] = {
    "findings": _gather_findings,
    "index": _make_index,
}
"""Kind of step that is no notebook → what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCount:
    """What one export holds."""

    wave: str
    survey: str
    rows: int
    encoding: str
    tool: str = "none"
    remark: str = ""


def check_data(study: Study) -> tuple[ExportCount, ...]:
    """Read every export of every wave and fit it to the declaration.

    Raises
    ------
    DataError
        With the faults of all waves.
    """
    counts: list[ExportCount] = []
    faults: list[str] = []
    for wave in study.wave_names():
        try:
            received = read_exports(study, wave)
            map_responses(received)
        except DataError as error:
            faults.extend(f"wave {wave}: {fault}" for fault in error.faults)
            continue
        counts.extend(
            ExportCount(
                wave=wave,
                survey=survey,
                rows=len(table.cells),
                encoding=table.encoding,
                tool=table.tool,
                remark=table.remark,
            )
            for survey, table in received.tables.items()
        )
    if faults:
        raise DataError(study.name, faults)
    return tuple(counts)
