"""The command line plans and reports without the libraries that are slow to import."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"matplotlib", "numpy", "pandas", "papermill", "pyarrow", "rich", "scipy"}
CODE = """
import sys
from analysis.cli.application import command_line
import analysis.workflow.planning
command_line()
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_commands_and_plans_import_nothing_slow() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "analysis" in loaded
    assert not HEAVY & set(loaded)
