"""Where steps run. The seam is the standard library's ``concurrent.futures.Executor``.

Anything that gives such an executor may take the place of the local processes.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from types import FrameType

    from analysis.workflow.steps import Step


@contextlib.contextmanager
def local_processes(jobs: int) -> Iterator[Executor]:
    """Give an executor of local processes; none is left when the block ends.

    Processes are started afresh, not forked, so that no thread or lock is inherited.
    """
    executor = ProcessPoolExecutor(
        max_workers=jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare_worker,
    )
    try:
        yield executor
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        executor.shutdown(wait=True, cancel_futures=True)
        raise
    executor.shutdown()


def _prepare_worker() -> None:
    """Leave Ctrl-C to the main process, and end in good order when it says so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End this worker, and first the kernel it started, however far that had come.

    What a library says of the sudden death of its kernel is of use to nobody.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    sys.exit(143)


def run_in_worker(step: Step) -> float:
    """Run one step; imports what runs notebooks only where one is run."""
    from analysis.workflow.actions import run_step  # noqa: PLC0415 - imports pandas

    return run_step(step)
