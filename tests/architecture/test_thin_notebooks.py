"""The notebooks are thin: calls under sentences, typed parameters, no outputs."""

from __future__ import annotations

import ast
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from analysis.workflow.parameters import declared_parameters

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FORBIDDEN = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.For,
    ast.While,
    ast.If,
    ast.IfExp,
    ast.Try,
    ast.With,
    ast.ListComp,
    ast.DictComp,
    ast.SetComp,
    ast.GeneratorExp,
)
LONGEST_CELL = 12


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    content = json.loads(path.read_text("utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def is_parameters(cell: dict[str, Any]) -> bool:
    return "parameters" in cell["metadata"].get("tags", [])


def _lines(tree: ast.Module) -> int:
    """Lines of a cell; an import, one name a line, is one: nothing to understand."""
    return sum(
        1
        if isinstance(node, ast.ImportFrom)
        else (node.end_lineno or node.lineno) - node.lineno + 1
        for node in tree.body
    )


def test_the_notebooks_are_here() -> None:
    assert [path.name for path in NOTEBOOKS] == [
        "05_power.ipynb",
        "10_cleaning.ipynb",
        "15_linkage.ipynb",
        "20_reliability.ipynb",
        "25_measurement_invariance.ipynb",
        "30_outcomes.ipynb",
        "31_supplementary_measures.ipynb",
        "33_missing_data.ipynb",
        "35_subgroups.ipynb",
        "36_comparison_designs.ipynb",
        "37_run_charts.ipynb",
        "38_multiverse.ipynb",
        "40_coverage.ipynb",
        "90_funder_summary.ipynb",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_is_stored_without_outputs(self, path: Path) -> None:
        for cell in cells(path, "code"):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None

    def test_has_no_logic_and_short_cells(self, path: Path) -> None:
        for cell in cells(path, "code"):
            tree = ast.parse(source(cell))
            found = [node for node in ast.walk(tree) if isinstance(node, FORBIDDEN)]
            assert not found, source(cell)
            assert _lines(tree) <= LONGEST_CELL, source(cell)

    def test_holds_no_number_and_no_path(self, path: Path) -> None:
        for cell in cells(path, "code"):
            if is_parameters(cell):
                continue
            for node in ast.walk(ast.parse(source(cell))):
                if isinstance(node, ast.Constant):
                    assert isinstance(node.value, str), source(cell)
                    assert "/" not in node.value, source(cell)

    def test_every_cell_stands_under_a_sentence_or_its_heading(
        self, path: Path
    ) -> None:
        kinds = [
            cell["cell_type"] if not is_parameters(cell) else "parameters"
            for cell in json.loads(path.read_text("utf-8"))["cells"]
        ]
        for before, here in itertools.pairwise(kinds):
            assert here != "code" or before in ("markdown", "parameters")

    def test_its_parameters_are_typed_and_explained(self, path: Path) -> None:
        (cell,) = [cell for cell in cells(path, "code") if is_parameters(cell)]
        assert "study" in declared_parameters(path)
        for line in source(cell).splitlines():
            assert "  # " in line
