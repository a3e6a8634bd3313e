"""What pre-commit runs: a tool of ``.venv``, or a refusal of files not to be committed.

    python3 .ci/hooks.py run ruff check FILE...     the tool, without activating .venv
    python3 .ci/hooks.py refuse rows FILE...        rows, outputs, large or keys

Standard library only, and any Python 3.7: a commit may come from a shell without ours.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 1_000_000
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----")
SIMULATED = ("data/raw/listening-pilot/", "data/raw/listening-rollout/")
WITHOUT_ROWS = {"README.md", ".gitkeep"}


def is_large(path: Path) -> bool:
    """More bytes than a reviewer could read."""
    return path.stat().st_size > LARGEST


def is_key(path: Path) -> bool:
    """A private key, or a file named as one, such as a pseudonym key."""
    return path.suffix == ".key" or bool(PRIVATE_KEY.search(path.read_bytes()))


def is_rows(path: Path) -> bool:
    """Under data/, and neither a README nor a simulated study."""
    name = path.as_posix()
    is_excepted = path.name in WITHOUT_ROWS or name.startswith(SIMULATED)
    return name.startswith("data/") and not is_excepted


def is_executed(path: Path) -> bool:
    """A notebook that was run: outputs may quote participants."""
    if path.suffix != ".ipynb":
        return False
    cells = json.loads(path.read_text(encoding="utf-8")).get("cells", [])
    return any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


REFUSALS = {
    "large": (is_large, f"is over {LARGEST // 1000} kB"),
    "keys": (is_key, "is or holds a private key; keys live outside the repository"),
    "rows": (is_rows, "may hold rows of people; nothing under data/ is committed"),
    "outputs": (is_executed, "was executed; strip its outputs with nbstripout"),
}


def refuse(kind: str, names: Sequence[str]) -> int:
    """Name every file of a kind that must not be committed."""
    is_refused, why = REFUSALS[kind]
    refused = [name for name in names if is_refused(Path(name))]
    for name in refused:
        print(f"{name} {why}")
    return 1 if refused else 0


def run(tool: str, arguments: Sequence[str]) -> int:
    """Run a tool of ``.venv``, wherever this system keeps it."""
    for folder in ("bin", "Scripts"):
        for program in (ROOT / ".venv" / folder).glob(tool + "*"):
            if program.stem == tool:
                return subprocess.run(
                    [str(program), *arguments], check=False
                ).returncode
    print(f"{tool} is not set up here: python3 start.py setup")
    return 1


if __name__ == "__main__":
    verb, what, *rest = sys.argv[1:]
    sys.exit(run(what, rest) if verb == "run" else refuse(what, rest))
