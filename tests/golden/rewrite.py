"""Accept the demonstration study's findings as the golden ones.

    python tests/golden/rewrite.py

A change of numbers then shows in one file, a change of how they are described in the
other; say in the CHANGELOG why a changed number is right.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STUDY = "listening-pilot"
GOLDEN = Path(__file__).parent / f"{STUDY}.csv"
METHODS = Path(__file__).parent / f"{STUDY}-methods.csv"
FOUND = Path("reports", STUDY, "findings", "findings.csv")
LEFT_OUT = {"provenance", "method"}
"""What changes with every edit, and what the file of methods holds."""

Row: TypeAlias = "dict[str, str]"


def methods_of(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Every term with every way it was calculated, once."""
    return sorted({(row["term"], row["method"]) for row in rows})


def rewrite() -> None:
    """Copy the findings, their methods to a file of their own."""
    with FOUND.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [name for name in rows[0] if name not in LEFT_OUT]
    _write(GOLDEN, names, [[row[name] for name in names] for row in rows])
    _write(METHODS, ["term", "method"], methods_of(rows))


def _write(path: Path, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


if __name__ == "__main__":
    rewrite()
