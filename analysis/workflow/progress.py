"""What the person at the terminal sees of a run: a bar, and a line a step."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analysis.workflow.steps import Step

MARKS = {"done": "✓", "fresh": "=", "failed": "✗", "blocked": "-"}


@contextlib.contextmanager
def shown_progress(
    total: int, *, silent: bool
) -> Iterator[Callable[[Step, str, str], None]]:
    """Give a function that reports what happens to each step.

    Parameters
    ----------
    total : int
        Steps asked for.
    silent : bool
        Show nothing.
    """
    console = Console(stderr=True, quiet=silent, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)

        def report(step: Step, state: str, note: str) -> None:
            if state == "running":
                bar.update(task, description=escape(step.title))
                if not console.is_terminal:
                    console.print(f"  {step.name}: {note}", markup=False)
                return
            bar.advance(task)
            # A fault is reported in full at the end.
            shown_note = "" if state == "failed" else note
            console.print(
                f"{MARKS[state]} {step.name}  {shown_note}".rstrip(), markup=False
            )

        yield report
