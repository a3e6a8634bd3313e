"""Run a study, say what is stale, check a declaration, list the studies."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.cli.application import app, report_fault
from analysis.cli.options import (
    AsJson,
    Processed,
    Quiet,
    Raw,
    Reports,
    StudyName,
    print_json,
    use_folders,
)
from analysis.storage.declared import read_study, study_names
from analysis.storage.folders import find_folders
from analysis.storage.key import key_file
from analysis.workflow.executors import local_processes, run_in_worker
from analysis.workflow.parameters import with_parameters
from analysis.workflow.planning import plan_steps
from analysis.workflow.receipts import staleness
from analysis.workflow.runner import Progress, choose_steps, remove_orphans, run_steps
from heard.errors import AnalysisError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.workflow.steps import Step


@app.command("run")
def run_command(
    study: StudyName,
    wave: Annotated[
        list[str] | None,
        typer.Option(help="Only the steps of this wave. May be given more than once."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind of step, or this step. May be repeated."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Notebooks that run side by side.")
    ] = min(2, os.cpu_count() or 1),
    force: Annotated[
        bool, typer.Option("--force", help="Run fresh steps too.")
    ] = False,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-p",
            metavar="NAME=VALUE",
            help="Set a notebook's parameter in every step that declares it.",
        ),
    ] = None,
    raw: Raw = None,
    processed: Processed = None,
    reports: Reports = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run what is stale: raw exports to findings and reports."""
    use_folders(raw, processed, reports)
    if not key_file().exists() and not (quiet or as_json):
        typer.echo(f"A pseudonym key is made at {key_file()}. Keep a safe copy.")
    steps = _plan(study, parameter or [])
    chosen = choose_steps(steps, waves=wave or [], only=only or [])
    remove_orphans(study, steps)
    concerned = {step.name for step in chosen}.union(*(s.needs for s in chosen))
    asked = [] if force else [step for step in steps if step.name in concerned]
    reasons = {step.name: staleness(step) for step in asked}
    # Where all is fresh, nothing that runs a step is even imported.
    if not force and not any(reasons.values()):
        progress = Progress(fresh=[step.name for step in chosen])
    else:
        progress = _run_locally(
            chosen, steps, reasons, jobs=jobs, force=force, silent=quiet or as_json
        )
    _print_result(study, progress, quiet=quiet, as_json=as_json)


def _run_locally(
    chosen: Sequence[Step],
    steps: Sequence[Step],
    reasons: Mapping[str, str],
    *,
    jobs: int,
    force: bool,
    silent: bool,
) -> Progress:
    from analysis.workflow.progress import shown_progress  # noqa: PLC0415 - rich is slow to import

    try:
        with (
            local_processes(jobs) as executor,
            shown_progress(len(chosen), silent=silent) as report,
        ):
            return run_steps(
                chosen,
                steps,
                executor,
                run=run_in_worker,
                report=report,
                force=force,
                reasons=reasons,
            )
    except KeyboardInterrupt:
        typer.secho("Stopped. What was finished is kept.", err=True)
        raise typer.Exit(130) from None


@app.command()
def status(
    study: StudyName,
    raw: Raw = None,
    processed: Processed = None,
    reports: Reports = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Say of every step whether it is fresh, or stale and why."""
    use_folders(raw, processed, reports)
    steps = _plan(study, [])
    reasons = {step.name: staleness(step) for step in steps}
    for step in steps:
        behind = [need for need in step.needs if reasons[need]]
        if behind and not reasons[step.name]:
            reasons[step.name] = f"{behind[0]} is stale"
    if as_json:
        print_json(reasons)
        return
    for name, reason in reasons.items():
        if reason or not quiet:
            typer.echo(
                f"{'stale' if reason else 'fresh'}  {name:<28} {reason}".rstrip()
            )


@app.command()
def check(
    study: StudyName,
    drift: Annotated[
        bool, typer.Option("--drift", help="List what each wave has otherwise.")
    ] = False,
    raw: Raw = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Check a declaration, and that the data fit it; run nothing."""
    from analysis.cli import exports  # noqa: PLC0415 - imports pandas
    from analysis.workflow.actions import check_data  # noqa: PLC0415 - imports pandas

    use_folders(raw, None, None)
    declared = read_study(study)
    counts = check_data(declared)
    if as_json:
        print_json([asdict(count) for count in counts])
    elif not quiet:
        exports.print_counts(counts)
        typer.echo("The declaration is sound and the data fit it.")
        if drift:
            exports.print_drift(declared)


@app.command("list")
def list_command(quiet: Quiet = False, as_json: AsJson = False) -> None:
    """List the declared studies."""
    titles = {}
    for name in study_names():
        try:
            titles[name] = read_study(name).title
        except AnalysisError as error:
            titles[name] = f"(its declaration has {len(error.faults)} faults)"
    if as_json:
        print_json(titles)
        return
    for name, title in titles.items():
        typer.echo(name if quiet else f"{name:<24} {title}")


def _plan(study: str, parameters: list[str]) -> tuple[Step, ...]:
    return with_parameters(plan_steps(read_study(study)), parameters)


def _print_result(
    study: str, progress: Progress, *, quiet: bool, as_json: bool
) -> None:
    """Say what came of a run, and fail as its first fault does."""
    index = find_folders().reports / study / "index.html"
    if as_json:
        text = {
            "ran": {name: round(took, 2) for name, took in progress.done.items()},
            "fresh": progress.fresh,
            "failed": {name: str(fault) for name, fault in progress.failed.items()},
            "blocked": progress.blocked,
            "report": str(index) if index.exists() else None,
        }
        print_json(text)
    if progress.failed:
        for fault in progress.failed.values():
            report_fault(fault)
        sys.exit(next(iter(progress.failed.values())).exit_code)
    if quiet or as_json:
        return
    ran, fresh = len(progress.done), len(progress.fresh)
    typer.echo(f"{ran} steps run, {fresh} already fresh.")
    if index.exists():
        typer.echo(f"The report is at {index}")
        typer.echo("Open it in a web browser; it needs no connection.")
