"""What makes a step stale: the files that its notebook can run, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT

from analysis.workflow.reach import notebook_imports, reached_files


def reached(notebook: str) -> set[str]:
    files = reached_files(notebook_imports(ROOT / "notebooks" / f"{notebook}.ipynb"))
    return {path.relative_to(ROOT).as_posix() for path in files}


@pytest.mark.parametrize(
    ("notebook", "most"),
    [("10_cleaning", 70), ("05_design", 120), ("40_coverage", 120)],
)
def test_a_change_far_from_a_page_leaves_it_fresh(notebook: str, most: int) -> None:
    assert 10 < len(reached(notebook)) <= most


def test_what_an_import_runs_is_reached() -> None:
    files = reached("10_cleaning")
    assert {
        "analysis/cleaning/rules.py",
        "analysis/declarations/study_file.py",
    } <= files
    assert {"analysis/foundation/terms.py", "analysis/foundation/terms.toml"} <= files


def test_what_is_imported_for_types_alone_is_not_reached(tmp_path: Path) -> None:
    code = ["import heard.errors\n", "if TYPE_CHECKING:\n", "    import heard.results"]
    notebook = tmp_path / "invented.ipynb"
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code}]}))
    assert notebook_imports(notebook) == {"heard.errors"}


def test_a_package_that_holds_a_docstring_alone_is_not_reached() -> None:
    assert "analysis/cleaning/__init__.py" not in reached("10_cleaning")
    assert "heard/psychometrics/__init__.py" in reached("10_cleaning")


def test_templates_are_reached_with_what_fills_them() -> None:
    template = "analysis/publication/templates/page.html.j2"
    assert template not in reached("10_cleaning")
    files = reached_files({"analysis.publication.documents"})
    assert ROOT / template in files
