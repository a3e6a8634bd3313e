"""No code reads a finding's text back: what a text says is a value as well."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = {"group", "wave", "arm", "method", "reason", "sentence"}
PARSING = {
    "partition",
    "rpartition",
    "split",
    "rsplit",
    "replace",
    "removeprefix",
    "removesuffix",
    "startswith",
    "endswith",
}
SEARCHING = {"sub", "search", "match", "fullmatch", "findall", "finditer"}
BY_HAND = ROOT / "analysis" / "publication" / "reliability_figures" / "dependability.py"
"""Draws decision studies made by hand, whose design only their method holds."""
MODULES = [
    path
    for package in ("analysis", "heard")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path != BY_HAND
]


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a text of a finding, or that made into a `str`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "str" and node.args:
        return is_text(node.args[0])
    return isinstance(node, ast.Attribute) and node.attr in TEXTS


def parsed(source: str) -> Iterator[str]:
    """Every call that takes such a text apart, or searches it."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name, of = node.func.attr, node.func.value
        takes_apart = name in PARSING and is_text(of)
        searches = name in SEARCHING and any(map(is_text, node.args))
        if takes_apart or searches:
            yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_text_of_a_finding_is_read_back(path: Path) -> None:
    found = list(parsed(path.read_text(encoding="utf-8")))
    assert not found, (
        "give what differs as a value (Contrast, Group, n_unit) where the text is made"
    )


@pytest.mark.parametrize(
    "line",
    [
        'finding.wave.partition(" - ")',
        'str(part.group).removeprefix("site: ")',
        'result.method.replace("n counts sites", "n counts people")',
        're.sub("n counts [^;]*", "", result.method)',
        "COUNTS.search(part.method)",
    ],
)
def test_what_reads_a_text_back_is_found(line: str) -> None:
    assert list(parsed(line))


@pytest.mark.parametrize(
    "line", ["match.group(1).split()", "study.wave(name).export(survey)", "f'{a.wave}'"]
)
def test_what_only_looks_alike_is_not_found(line: str) -> None:
    assert not list(parsed(line))
