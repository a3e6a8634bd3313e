"""Accept the demonstration study's findings as the golden ones.

    python tests/golden/rewrite.py

A change of numbers then shows in the diff; say in the CHANGELOG why it is right.
"""

from __future__ import annotations

import csv
from pathlib import Path

STUDY = "listening-pilot"
GOLDEN = Path(__file__).parent / f"{STUDY}.csv"
FOUND = Path("reports", STUDY, "findings", "findings.csv")


def rewrite() -> None:
    """Copy the findings without their provenance, which changes with every edit."""
    with FOUND.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = [name for name in rows[0] if name != "provenance"]
    with GOLDEN.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, names, extrasaction="ignore", lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    rewrite()
