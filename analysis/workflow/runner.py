"""Run the stale steps of a study in their order, side by side where they can be."""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
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

    Report = Callable[[Step, str, str], None]


@dataclass(slots=True)
class Progress:
    """What became of each step, in the order it became known."""

    done: dict[str, float] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    failed: dict[str, AnalysisError] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)

    def of_waiting(self, step: Step, reason: str) -> tuple[str, str]:
        """What becomes of a step that waits for nothing any more, and why."""
        if failed := {*self.failed, *self.blocked} & {*step.needs}:
            self.blocked.append(step.name)
            return "blocked", f"needs {min(failed)}, which failed"
        if reason:
            return "running", reason
        self.fresh.append(step.name)
        return "fresh", ""

    def of_finished(self, step: Step, future: Future[float]) -> tuple[str, str]:
        """What became of a step that ran, and its seconds or its fault."""
        try:
            self.done[step.name] = future.result()
        except AnalysisError as error:
            self.failed[step.name] = error
            return "failed", str(error)
        except BrokenExecutor:
            reason = "the process that ran it was ended, perhaps for lack of memory"
            self.failed[step.name] = AnalysisError(step.name, reason)
            return "failed", reason
        return "done", f"{self.done[step.name]:.1f} s"


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
    by_name = {step.name: step for step in chosen}
    order = TopologicalSorter({s.name: {*s.needs} & {*by_name} for s in chosen})
    order.prepare()
    progress, running = Progress(), {}
    while order.is_active():
        while ready := order.get_ready():
            for step in map(by_name.__getitem__, ready):
                if progress.done.keys() & set(step.needs):
                    known.pop(step.name, None)
                reason = "forced" if force else _reason(step, known)
                state, note = progress.of_waiting(step, reason)
                report(step, state, note)
                if state == "running":
                    running[executor.submit(run, step)] = step
                else:
                    order.done(step.name)
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            step = running.pop(future)
            report(step, *progress.of_finished(step, future))
            order.done(step.name)
    return progress


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
