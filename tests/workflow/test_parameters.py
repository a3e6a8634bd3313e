"""Papermill's quiet failures: each is refused before anything runs, or seen after."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.foundation.errors import NotebookError
from analysis.workflow.parameters import (
    check_injected,
    check_parameters,
    declared_parameters,
    typed_parameter,
)


def notebook(
    folder: Path, source: str, *, tags: tuple[str, ...] = ("parameters",)
) -> Path:
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"cell-{tag}",
            "metadata": {"tags": [tag]},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for tag in tags
    ]
    path = folder / "test.ipynb"
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


GOOD = """
study: str = "a"  # which
number: int = 1
share: float = 0.5
flag: bool = True
"""


def test_typed_scalars_are_read(tmp_path: Path) -> None:
    found = declared_parameters(notebook(tmp_path, GOOD))
    assert found == {"study": str, "number": int, "share": float, "flag": bool}


@pytest.mark.parametrize("tags", [("other",), ("parameters", "parameters")])
def test_exactly_one_parameters_cell_is_needed(
    tmp_path: Path, tags: tuple[str, ...]
) -> None:
    with pytest.raises(NotebookError, match="exactly one is needed") as caught:
        declared_parameters(notebook(tmp_path, GOOD, tags=tags))
    assert caught.value.exit_code == 14


@pytest.mark.parametrize(
    "line",
    [
        'study = "a"',
        'study: str = "a" + "b"',
        "study: str",
        'number: int = "1"',
        "number: float = 1",
        "flag: bool = 1",
        "pair: tuple = (1, 2)",
        "import os",
    ],
)
def test_anything_but_a_typed_scalar_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(NotebookError, match="line 1 of the 'parameters' cell"):
        declared_parameters(notebook(tmp_path, line))


def test_a_misspelt_parameter_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = notebook(tmp_path, GOOD)
    with pytest.raises(NotebookError) as caught:
        check_parameters(path, {"studdy": "x", "number": 2})
    assert "unknown parameter 'studdy'. Did you mean 'study'?" in str(caught.value)
    assert "Known: flag, number, share, study" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", "2"),
        ("number", True),
        ("number", 2.0),
        ("share", 1),
        ("study", 3),
        ("study", ("a", "b")),
        ("flag", 1),
    ],
)
def test_a_wrong_type_is_refused(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(NotebookError, match=f"parameter '{name}' must be"):
        check_parameters(notebook(tmp_path, GOOD), {name: value})


def test_text_becomes_the_declared_type(tmp_path: Path) -> None:
    path = notebook(tmp_path, GOOD)
    assert typed_parameter(path, "number", "3") == 3
    assert typed_parameter(path, "flag", "false") is False
    with pytest.raises(NotebookError, match="'number' must be int"):
        typed_parameter(path, "number", "3.5")


def test_a_run_with_other_parameters_than_asked_is_seen() -> None:
    cell = {
        "metadata": {"tags": ["injected-parameters"]},
        "source": ["# Parameters\n", 'study = "a"\n', 'wave = "after"\n'],
    }
    executed = {"cells": [cell]}
    check_injected(executed, {"study": "a", "wave": "after"}, "test.ipynb")
    with pytest.raises(NotebookError, match="did not run with the parameters given"):
        check_injected(executed, {"study": "a", "wave": "before"}, "test.ipynb")
    with pytest.raises(NotebookError, match="did not run"):
        check_injected({"cells": []}, {"study": "a"}, "test.ipynb")


def test_what_is_no_notebook_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(NotebookError, match="is not a notebook"):
        declared_parameters(path)
    with pytest.raises(NotebookError, match="cannot be read"):
        declared_parameters(tmp_path / "none.ipynb")
