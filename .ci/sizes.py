"""Both packages -> what has grown too large, or has a name that says nothing.

A module is as long as its subject: most are 100 to 300 lines, and past 700 two subjects
are likely in it.

A function is measured without its docstring, which nobody should shorten to please a
counter. Listed are sizes past the first limit; the second limit fails the checks.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
MODULE_LIMITS = (400, 700)
FUNCTION_LIMITS = (40, 60)
FORBIDDEN_NAMES = frozenset({"utils", "helpers", "common", "misc", "core"})

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Remark(NamedTuple):
    """One thing to look at; `fails` where it must not stay."""

    where: str
    text: str
    fails: bool


def remarks(package: Path) -> Iterator[Remark]:
    """Everything to say about the names and sizes of a package."""
    for path in sorted(package.rglob("*")):
        name = path.relative_to(package.parent).as_posix()
        if path.suffix == ".py" or path.is_dir():
            yield from _name_remarks(path, name)
        if path.suffix == ".py":
            yield from _size_remarks(path.read_text(encoding="utf-8"), name)


def function_lines(function: Function) -> int:
    """Lines of a function from its `def` to its end, without the docstring."""
    lines = _span(function)
    if ast.get_docstring(function, clean=False) is not None:
        lines -= _span(function.body[0])
    return lines


def _name_remarks(path: Path, name: str) -> Iterator[Remark]:
    if path.stem.strip("_") in FORBIDDEN_NAMES:
        text = "forbidden name: name it by the noun it is about"
        yield Remark(name, text, fails=True)


def _size_remarks(source: str, name: str) -> Iterator[Remark]:
    yield from _over(name, len(source.splitlines()), MODULE_LIMITS)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            where = f"{name}:{node.lineno} {node.name}()"
            yield from _over(where, function_lines(node), FUNCTION_LIMITS)


def _over(where: str, lines: int, limits: tuple[int, int]) -> Iterator[Remark]:
    worth_a_look, too_large = limits
    if lines > worth_a_look:
        text = f"{lines} lines (look at {worth_a_look}, at most {too_large})"
        yield Remark(where, text, fails=lines > too_large)


def _span(node: ast.stmt) -> int:
    assert node.end_lineno is not None, "a parsed statement has an end"
    return node.end_lineno - node.lineno + 1


def main() -> int:
    """Print the report; 1 when something must be split or renamed."""
    both = [*remarks(ROOT / "analysis"), *remarks(ROOT / "heard")]
    found = sorted(both, key=lambda remark: not remark.fails)
    for remark in found:
        print(f"{'FAIL' if remark.fails else 'look'}  {remark.where}: {remark.text}")
    failing = sum(remark.fails for remark in found)
    print(f"sizes: {failing} too large or misnamed, {len(found) - failing} to look at")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
