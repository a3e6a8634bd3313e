"""The files of both packages that a notebook or a module can reach by its imports.

A change in any of them makes the step stale; a change elsewhere does not.
"""

from __future__ import annotations

import ast
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("analysis", "heard")


def notebook_imports(notebook: Path) -> set[str]:
    """Modules of the packages that the code cells of a notebook import."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    texts = ["".join(source) for source in code]
    return {name for text in texts for name in _imports(ast.parse(text))}


def reached_files(modules: set[str]) -> tuple[Path, ...]:
    """Every file of the packages that importing the modules can run or read.

    Files that are not Python count too: page templates with a module that fills them,
    and the table of a module, such as the term register, with the module of its name.
    """
    seen: set[str] = set()
    waiting = set(modules)
    while waiting:
        name = waiting.pop()
        if name in seen or _source(name) is None:
            continue
        seen.add(name)
        waiting |= set(_module_imports(name))
        parent = name.rpartition(".")[0]
        if parent:
            waiting.add(parent)
    sources = {file for name in seen if (file := _source(name)) and _runs(file)}
    filling = filter(_fills_templates, sources)
    rooms = {room for path in filling for room in path.parents if ROOT in room.parents}
    templates = {path for room in rooms for path in room.glob("templates/*")}
    tables = {path.with_suffix(".toml") for path in sources}
    return tuple(sorted(sources | templates | set(filter(Path.is_file, tables))))


@functools.cache
def _runs(source: Path) -> bool:
    """Whether a file holds more than a docstring, as a package's often does not."""
    return len(ast.parse(source.read_text(encoding="utf-8")).body) > 1


@functools.cache
def _fills_templates(source: Path) -> bool:
    text = source.read_text(encoding="utf-8")
    return "PackageLoader(" in text or '"templates"' in text


@functools.cache
def _module_imports(name: str) -> frozenset[str]:
    source = _source(name)
    assert source is not None
    return frozenset(_imports(ast.parse(source.read_text(encoding="utf-8"))))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in _run(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and _is_ours(node.module):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that can run: what is imported for types alone cannot."""
    yield node
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        yield from _run(child)


def _is_ours(module: str | None) -> bool:
    return module is not None and module.split(".")[0] in PACKAGES


@functools.cache
def _source(name: str) -> Path | None:
    """The file of a module of the packages; None where the name is no module."""
    base = ROOT.joinpath(*name.split("."))
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None
