"""The demonstration's statistics are the same on an old processor as on a newer one.

OpenBLAS and NumPy choose by processor how they add up, and can be made to choose as
if on another one.
"""

from __future__ import annotations

import json
import math
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Project, copy_study

STUDY = "listening-pilot"
NUMBERS = ("estimate", "conf_low", "conf_high")
OLD = {
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
}
NEW = {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": ""}


def unlike() -> str:
    """Why this machine cannot pass for either processor; empty if it can."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return f"a processor of another kind ({platform.machine()})"
    built: dict[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment]
    if "openblas" not in built["Build Dependencies"]["blas"]["name"]:
        return "NumPy calculates with another library than OpenBLAS"
    if "X86_V3" not in built["SIMD Extensions"]["found"]:
        return "a processor older than Haswell"
    return ""


def calculation(
    project: Project, name: str, variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Begin to calculate all findings of the demonstration in one process."""
    script = Path(__file__).parent / "calculated.py"
    folder = project.folder / name
    own = {"HEARD_PROCESSED": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, str(script), STUDY, str(project.folder / f"{name}.json")],
        cwd=ROOT,
        env={**project.environment(), "PYTHONPATH": str(ROOT), **own, **variables},
    )


@pytest.mark.skipif(bool(unlike()), reason=unlike())
def test_findings_are_the_same_on_an_old_processor_and_a_new_one(
    project: Project,
) -> None:
    copy_study(project, STUDY)
    # A first process makes the key that both use.
    assert project.heard("key", "show").returncode == 0
    running = {
        name: calculation(project, name, variables)
        for name, variables in (("old", OLD), ("new", NEW))
    }
    assert {name: process.wait() for name, process in running.items()} == {
        "old": 0,
        "new": 0,
    }
    old, new = (
        json.loads((project.folder / f"{name}.json").read_text("utf-8"))
        for name in running
    )
    assert len(old) == len(new) > 3000
    assert [(a, b) for a, b in zip(old, new, strict=True) if not same(a, b)] == []


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two findings are equal, numbers to nine digits."""
    return all(
        (
            math.isclose(value, other[name], rel_tol=1e-9, abs_tol=1e-12)
            if name in NUMBERS and value is not None and other[name] is not None
            else value == other[name]
        )
        for name, value in one.items()
    )
