"""Check a notebook's parameters strictly, before anything runs.

Papermill only warns of a misspelt parameter, and lets a default win where the
``parameters`` tag is missing: every report would then show the default's wave.
"""

from __future__ import annotations

import ast
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from analysis.foundation.errors import NotebookError
from heard.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from analysis.workflow.steps import Step

Scalar = str | int | float | bool
TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
TAG = "parameters"
FIXED = ("study", "wave")
"""Parameters that say which step it is."""


def declared_parameters(notebook: Path) -> dict[str, type]:
    """Name → type of every parameter a notebook declares.

    Raises
    ------
    NotebookError
        The notebook cannot be read, has not exactly one cell tagged ``parameters``, or
        that cell holds anything but typed scalars.
    """
    cells = [cell for cell in _cells(notebook) if TAG in _tags(cell)]
    if len(cells) != 1:
        raise NotebookError(
            notebook.name,
            f"has {len(cells)} cells tagged '{TAG}'; exactly one is needed, or a "
            "default would override what is passed",
        )
    parameters: dict[str, type] = {}
    faults = []
    for statement in ast.parse("".join(cells[0]["source"])).body:
        found = _parameter(statement)
        if found is None:
            faults.append(
                f"line {statement.lineno} of the '{TAG}' cell is not of the form "
                f"name: {'|'.join(TYPES)} = value"
            )
        else:
            parameters |= found
    if faults:
        raise NotebookError(notebook.name, faults)
    return parameters


def check_parameters(notebook: Path, given: Mapping[str, object]) -> None:
    """Refuse parameters the notebook does not declare, or of another type."""
    declared = declared_parameters(notebook)
    faults = []
    for name, value in given.items():
        if name not in declared:
            faults.append(unknown("parameter", name, declared))
        elif type(value) is not declared[name]:
            faults.append(
                f"parameter '{name}' must be {declared[name].__name__}, "
                f"not {type(value).__name__}"
            )
    if faults:
        raise NotebookError(notebook.name, faults)


def typed_parameter(notebook: Path, name: str, text: str) -> Scalar:
    """A parameter given as text on the command line, as the type declared."""
    declared = declared_parameters(notebook)
    if name not in declared:
        raise NotebookError(notebook.name, unknown("parameter", name, declared))
    kind = declared[name]
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.casefold()]
        value: Scalar = kind(text)
    except (KeyError, ValueError):
        raise NotebookError(
            notebook.name, f"parameter '{name}' must be {kind.__name__}"
        ) from None
    return value


def with_parameters(steps: Sequence[Step], given: Sequence[str]) -> tuple[Step, ...]:
    """Set parameters given as ``name=value`` in every step whose notebook has them.

    Raises
    ------
    NotebookError
        Not of that form, not of the type, or declared by no notebook.
    """
    notebooks = {step.notebook for step in steps if step.notebook} if given else ()
    declared = {notebook: declared_parameters(notebook) for notebook in notebooks}
    changed = list(steps)
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise NotebookError("--parameter", "must be of the form NAME=VALUE")
        if name not in (
            known := {known for each in declared.values() for known in each}
        ):
            raise NotebookError("--parameter", unknown("parameter", name, known))
        if name in FIXED:
            raise NotebookError(
                "--parameter", f"'{name}' is set by the study; use STUDY and --wave"
            )
        for place, step in enumerate(changed):
            if step.notebook and name in declared[step.notebook]:
                typed = {name: typed_parameter(step.notebook, name, value)}
                changed[place] = dataclasses.replace(
                    step, parameters={**step.parameters, **typed}
                )
    return tuple(changed)


def check_injected(
    executed: Mapping[str, Any], given: Mapping[str, object], notebook: str
) -> None:
    """Refuse an executed copy that does not hold the parameters it was given."""
    injected = [c for c in executed["cells"] if "injected-parameters" in _tags(c)]
    found = {
        ast.unparse(statement.targets[0]): ast.literal_eval(statement.value)
        for cell in injected
        for statement in ast.parse("".join(cell["source"])).body
        if isinstance(statement, ast.Assign)
    }
    if found != dict(given):
        names = ", ".join(sorted(set(given) | set(found)))
        raise NotebookError(notebook, f"did not run with the parameters given: {names}")


def _cells(notebook: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        return list(content["cells"])
    except OSError as error:
        raise NotebookError(
            notebook.name, f"cannot be read: {error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise NotebookError(notebook.name, "is not a notebook") from None


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _parameter(statement: ast.stmt) -> dict[str, type] | None:
    match statement:
        case ast.AnnAssign(
            target=ast.Name(id=name),
            annotation=ast.Name(id=kind),
            value=ast.expr() as value,
        ) if kind in TYPES and type(_literal(value)) is TYPES[kind]:
            return {name: TYPES[kind]}
    return None


def _literal(value: ast.expr) -> object:
    try:
        literal: object = ast.literal_eval(value)
    except ValueError:
        return None
    return literal
