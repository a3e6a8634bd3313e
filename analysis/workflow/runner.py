"""Run the stale steps of a study in their order, side by side where they can be."""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.foundation.errors import StaleError
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import output_path, read_json
from analysis.workflow.pages import step_kinds
from analysis.workflow.receipts import staleness
from heard.errors import AnalysisError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor, Future

    from analysis.workflow.steps import Step

if TYPE_CHECKING:
    Report = Callable[[Step, str, str], None]


@dataclass(slots=True)
class Progress:
    """What became of each step, in the order it became known."""

    done: dict[str, float] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    failed: dict[str, AnalysisError] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)


def choose_steps(
    steps: Sequence[Step], *, waves: Iterable[str] = (), only: Iterable[str] = ()
) -> tuple[Step, ...]:
    """The steps asked for.

    Parameters
    ----------
    waves : iterable of str
        Only the steps of these waves; those across waves are left out.
    only : iterable of str
        Only these kinds or steps.

    Raises
    ------
    AnalysisError
        A wave, kind or step that there is not.
    """
    known_waves = {step.wave for step in steps if step.wave}
    known_names = {step.name for step in steps} | set(step_kinds())
    wanted_waves, wanted_names = set(waves), set(only)
    faults = [
        *(unknown("wave", name, known_waves) for name in wanted_waves - known_waves),
        *(unknown("step", name, known_names) for name in wanted_names - known_names),
    ]
    if faults:
        raise AnalysisError(steps[0].study, faults)
    return tuple(
        step
        for step in steps
        if (not wanted_waves or step.wave in wanted_waves)
        and (not wanted_names or {step.name, step.kind} & wanted_names)
    )


def run_steps(
    chosen: Sequence[Step],
    steps: Sequence[Step],
    executor: Executor,
    *,
    run: Callable[[Step], float],
    report: Report,
    force: bool = False,
    reasons: Mapping[str, str] | None = None,
) -> Progress:
    """Run what is stale among the chosen steps.

    Parameters
    ----------
    chosen, steps : sequence of Step
        The steps asked for, and all steps of the study.
    run : callable
        Runs one step on the executor and gives the seconds it took.
    report : callable
        Called for every step: the step, what happens to it, and why.
    reasons : mapping, optional
        Step → why it is stale, empty if fresh, as far as known: files are hashed to
        know it. Asked again of a step only where one that it needs has run.

    Raises
    ------
    StaleError
        A step that was not chosen is stale, and a chosen one needs it.
    """
    known = dict(reasons or {})
    _check_needs(chosen, steps, known)
    this = _Run(executor=executor, run=run, report=report, force=force, reasons=known)
    this.waiting = {step.name: step for step in chosen}
    while this.waiting or this.running:
        this.start_ready()
        if this.running:
            finished, _ = wait(this.running, return_when=FIRST_COMPLETED)
            for future in finished:
                this.finish(future)
    return this.progress


def remove_orphans(study: str, steps: Sequence[Step]) -> list[str]:
    """Remove what steps made that the declaration no longer has, such as a wave's."""
    known = {step.name for step in steps}
    removed = []
    folder = find_folders().reports / study / "receipts"
    for receipt in sorted(folder.glob("*.json")):
        name = receipt.name.removesuffix(".json").removesuffix(".times")
        if name in known:
            continue
        for output in (read_json(receipt) or {}).get("outputs", {}):
            path = output_path(study, output)
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # other files are still in there
                path.parent.rmdir()
        receipt.unlink()
        removed.append(name)
    return list(dict.fromkeys(removed))


def _check_needs(
    chosen: Sequence[Step], steps: Sequence[Step], reasons: Mapping[str, str]
) -> None:
    """Refuse to build on a stale step that was not chosen."""
    by_name = {step.name: step for step in steps}
    names = {step.name for step in chosen}
    needed = {need for step in chosen for need in step.needs} - names
    faults = [
        f"{name} is needed and stale: {reason}"
        for name in sorted(needed)
        if (reason := _reason(by_name[name], reasons))
    ]
    if faults:
        raise StaleError(
            chosen[0].study,
            [*faults, "Run without --only and --wave, or run those steps first"],
        )


def _reason(step: Step, known: Mapping[str, str]) -> str:
    """Why a step is stale, empty if fresh; found out where it is not known."""
    return known[step.name] if step.name in known else staleness(step)


@dataclass(slots=True, kw_only=True)
class _Run:
    """The steps of one run: what waits, what runs, and what became of each."""

    executor: Executor
    run: Callable[[Step], float]
    report: Report
    force: bool
    reasons: dict[str, str]
    waiting: dict[str, Step] = field(default_factory=dict)
    running: dict[Future[float], Step] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)

    def start_ready(self) -> None:
        """Start, or set aside, every step that waits for nothing any more."""
        for step in list(self.waiting.values()):
            ahead = {*self.waiting, *(other.name for other in self.running.values())}
            if not ahead & set(step.needs):
                del self.waiting[step.name]
                self._start(step)

    def _start(self, step: Step) -> None:
        failed_needs = {*self.progress.failed, *self.progress.blocked} & set(step.needs)
        if self.progress.done.keys() & set(step.needs):
            self.reasons.pop(step.name, None)
        reason = "forced" if self.force else _reason(step, self.reasons)
        if failed_needs:
            self.progress.blocked.append(step.name)
            self.report(step, "blocked", f"needs {min(failed_needs)}, which failed")
        elif reason:
            self.report(step, "running", reason)
            self.running[self.executor.submit(self.run, step)] = step
        else:
            self.progress.fresh.append(step.name)
            self.report(step, "fresh", "")

    def finish(self, future: Future[float]) -> None:
        """Keep what became of a step that ran."""
        step = self.running.pop(future)
        try:
            seconds = future.result()
        except AnalysisError as error:
            self.progress.failed[step.name] = error
            self.report(step, "failed", str(error))
        except BrokenExecutor:
            reason = "the process that ran it was ended, perhaps for lack of memory"
            self.progress.failed[step.name] = AnalysisError(step.name, reason)
            self.report(step, "failed", reason)
        else:
            self.progress.done[step.name] = seconds
            self.report(step, "done", f"{seconds:.1f} s")
