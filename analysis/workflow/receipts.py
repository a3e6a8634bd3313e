"""What a step was made from, by content: the reason why it is fresh or stale.

Time stamps are never asked. A receipt is written when a step has succeeded, and says
so too when it failed, so that a failed step runs again.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from analysis.storage.folders import find_folders
from analysis.storage.whole_files import digest, output_path, read_json, write_json
from analysis.workflow.reach import ROOT, notebook_imports, reached_files

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.workflow.steps import Step

RUNNERS = {"analysis.workflow.notebooks", "analysis.workflow.actions"}
"""What runs a step; a change there may change every page."""


def receipt_file(step: Step) -> Path:
    """Where a step's receipt is kept."""
    return find_folders().reports / step.study / "receipts" / f"{step.name}.json"


def staleness(step: Step) -> str:
    """Why a step must run, by what it was made from; empty if it is fresh."""
    receipt = read_json(receipt_file(step))
    if not isinstance(receipt, dict):
        return "never run"
    if receipt.get("failed"):
        return "the last run failed"
    reasons = (
        _changed_value(step, receipt),
        _changed_inputs(step, receipt.get("inputs", {})),
        _changed_code(receipt.get("code", {})),
        _changed_outputs(step, receipt.get("outputs", {})),
    )
    return next(filter(None, reasons), "")


def made_from(step: Step) -> dict[str, Any]:
    """All that the step's outputs depend on, by content."""
    return {
        **_values(step),
        "inputs": {name: digest(path) for name, path in step.inputs.items()},
        "code": {
            path.relative_to(ROOT).as_posix(): digest(path) for path in _code(step)
        },
    }


def write_receipt(step: Step, made: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Keep what a step was made from, and remove outputs it no longer makes."""
    before = read_json(receipt_file(step)) or {}
    for name in before.get("outputs", {}):
        if name not in outputs:
            output_path(step.study, name).unlink(missing_ok=True)
    digests = {name: digest(path) for name, path in outputs.items()}
    write_json(receipt_file(step), {"step": step.name, **made, "outputs": digests})


def write_failure(step: Step) -> None:
    """Keep that a step failed, next to the outputs of its last success."""
    before = read_json(receipt_file(step)) or {"step": step.name}
    write_json(receipt_file(step), {**before, "failed": True})


def _values(step: Step) -> dict[str, Any]:
    return {
        "parameters": dict(step.parameters),
        "notebook": digest(step.notebook) if step.notebook else "",
        "declaration": step.declared,
        "lock": _lock_digest(),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "key": step.key,
    }


@functools.cache
def _lock_digest() -> str | None:
    return digest(find_folders().lock)


VALUE_REASONS = {
    "parameters": "its parameters changed",
    "notebook": "the notebook changed",
    "declaration": "the declaration changed",
    "lock": "the locked dependencies changed",
    "python": "the Python version changed",
    "key": "the pseudonym key changed",
}


def _changed_value(step: Step, receipt: dict[str, Any]) -> str:
    now = _values(step)
    changed = (
        why for key, why in VALUE_REASONS.items() if now[key] != receipt.get(key)
    )
    return next(changed, "")


def _changed_inputs(step: Step, before: dict[str, str | None]) -> str:
    for name, path in step.inputs.items():
        now = digest(path)
        if now is None:
            return f"input missing: {name}"
        if name not in before:
            return f"new input: {name}"
        if now != before[name]:
            return f"input changed: {name}"
    removed = set(before) - set(step.inputs)
    return f"no longer an input: {min(removed)}" if removed else ""


def _changed_code(before: dict[str, str]) -> str:
    """The set of files reached follows from their contents, so these are enough."""
    for name, was in before.items():
        if _code_digest(name) != was:
            return f"code changed: {name}"
    return "" if before else "never run"


@functools.cache
def _code_digest(name: str) -> str | None:
    return digest(ROOT / name)


def _changed_outputs(step: Step, before: dict[str, str]) -> str:
    for name, was in before.items():
        now = digest(output_path(step.study, name))
        if now is None:
            return f"output removed: {name}"
        if now != was:
            return f"output changed by hand: {name}"
    return ""


def _code(step: Step) -> tuple[Path, ...]:
    imported = notebook_imports(step.notebook) if step.notebook else set()
    return reached_files(imported | RUNNERS)
