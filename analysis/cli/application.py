"""The command ``heard``: its name, its help, and how it reports an error."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module

import typer

from heard.errors import AnalysisError

EXIT_CODES = """Exit codes: 0 done · 1 other fault · 2 wrong use · 10 declaration ·
11 data do not fit · 12 disclosure · 13 stale · 14 notebook · 130 stopped."""

COMMANDS = ("running", "designing", "instruments", "locking", "starting")
"""The modules whose commands join the application, in the order help lists them."""

app = typer.Typer(
    name="heard",
    help="Evaluate whether people feel listened to: survey exports in, findings out.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def command_line() -> typer.Typer:
    """The application with every command."""
    for name in COMMANDS:
        import_module(f"analysis.cli.{name}")
    return app


def run() -> None:
    """Run the command line; every fault is one message and an exit code."""
    warnings.showwarning = report_notice
    try:
        command_line()()
    except AnalysisError as error:
        report_fault(error)
        sys.exit(error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.secho(f"{where}{error.strerror}", fg="red", err=True)
        sys.exit(1)


def report_fault(fault: AnalysisError) -> None:
    """Say a fault in one message, on the error stream."""
    typer.secho(f"{type(fault).__name__}: {fault}", fg="red", err=True)


def report_notice(message: Warning | str, *_: object, **__: object) -> None:
    """State a warning, such as an old key of a study file, in one line."""
    typer.secho(f"Notice: {message}", fg="yellow", err=True)
