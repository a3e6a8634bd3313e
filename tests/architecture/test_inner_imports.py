"""Imports stand at the top, but for a few slow ones, each with its reason."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 30
REASON = re.compile(r"# noqa: PLC0415 - \w{2,}")


def inner_imports() -> Iterator[tuple[str, str]]:
    """Where each import inside a function is, and its line."""
    for path in sorted([*ROOT.glob("analysis/**/*.py"), *ROOT.glob("heard/**/*.py")]):
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        found = {
            node.lineno
            for function in ast.walk(ast.parse(source))
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        for number in sorted(found):
            yield f"{path.relative_to(ROOT).as_posix()}:{number}", lines[number - 1]


def test_few_imports_are_inside_functions_and_each_has_its_reason() -> None:
    found = dict(inner_imports())
    assert 0 < len(found) <= MOST, "\n".join(found)
    assert not [at for at, line in found.items() if not REASON.search(line)]
