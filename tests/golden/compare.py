"""Two folders of reports -> every number that differs between them.

    python tests/golden/compare.py BEFORE AFTER [--renamed OLD=NEW ...]

For changes that may alter words but no number. Findings are matched by their place
(study, survey, instrument, wave, arm, group, term); the numbers drawn and the cells of
every table are compared as collections, so that a figure or a page may be renamed.
Prints what differs; exits 1 if anything does.
"""

from __future__ import annotations

import argparse
import collections
import csv
import html
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CLOSE = 1e-9
WORDS = {"method", "reason", "provenance", "parts"}
NUMBERS = ("estimate", "conf_low", "conf_high")
ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
NUMBER = re.compile("-?\N{MINUS SIGN}?\\d[\\d,]*\\.?\\d*")

Record: TypeAlias = "dict[str, Any]"
Counted: TypeAlias = "collections.Counter[tuple[str, ...]]"


def places(study: Path, renamed: Mapping[str, str]) -> dict[tuple[str, ...], Record]:
    """Every finding of a study by its place, words left out."""
    text = (study / "findings" / "findings.json").read_text(encoding="utf-8")
    seen: collections.Counter[tuple[str, ...]] = collections.Counter()
    found = {}
    for record in json.loads(text):
        place = tuple(
            renamed.get(str(value), str(value))
            for name, value in record.items()
            if name not in {*WORDS, *NUMBERS, "n", "n_unit"}
        )
        seen[place] += 1
        found[(*place, str(seen[place]))] = record
    return found


def different_findings(
    before: Path, after: Path, renamed: Mapping[str, str]
) -> Iterator[str]:
    """A line a finding that was lost, added, or has another number."""
    old, new = places(before, renamed), places(after, {})
    for place in old.keys() - new.keys():
        yield f"lost: {' | '.join(part for part in place if part)}"
    for place in new.keys() - old.keys():
        yield f"added: {' | '.join(part for part in place if part)}"
    for place in sorted(old.keys() & new.keys()):
        for name in (*NUMBERS, "n"):
            was, now = old[place][name], new[place][name]
            if not same(was, now):
                yield f"{' | '.join(p for p in place if p)}: {name} {was} -> {now}"


def same(was: float | None, now: float | None) -> bool:
    """Whether two numbers are equal to nine digits, or both absent."""
    if was is None or now is None:
        return was is now
    return math.isclose(was, now, rel_tol=CLOSE, abs_tol=1e-12)


def drawn(study: Path) -> Counted:
    """The numbers of every figure, each row once for every time it is drawn."""
    rows: Counted = collections.Counter()
    for path in sorted((study / "figures").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                rows[tuple(_digits(row.get(name, "")) for name in (*NUMBERS, "n"))] += 1
    return rows


def tabled(study: Path) -> Counted:
    """The numbers in every row of every table on every page."""
    rows: Counted = collections.Counter()
    for path in sorted(study.glob("*.html")):
        for row in ROW.findall(path.read_text(encoding="utf-8")):
            cells = [html.unescape(cell) for cell in CELL.findall(row)]
            numbers = tuple(n for cell in cells for n in NUMBER.findall(cell))
            if numbers:
                rows[numbers] += 1
    return rows


def _digits(text: str) -> str:
    return f"{float(text):.9g}" if text else ""


def different_rows(kind: str, before: Counted, after: Counted) -> Iterator[str]:
    """A line a row of numbers that is shown more or less often than before."""
    for row in sorted({*before, *after}):
        if before[row] != after[row]:
            yield f"{kind}: {before[row]} -> {after[row]} times: {', '.join(row)}"


def compare(before: Path, after: Path, renamed: Mapping[str, str]) -> list[str]:
    """Every difference between two folders of reports, a line each."""
    lines = []
    for folder in sorted(before.iterdir()):
        if not (folder / "findings").is_dir():
            continue
        other = after / folder.name
        if not (other / "findings" / "findings.json").is_file():
            lines.append(f"{folder.name}: no findings afterwards")
            continue
        different = (
            *different_findings(folder, other, renamed),
            *different_rows("drawn", drawn(folder), drawn(other)),
            *different_rows("tabled", tabled(folder), tabled(other)),
        )
        lines += [f"{folder.name}: {line}" for line in different]
    return lines


def main() -> int:
    """Print the differences; 1 if there are any."""
    parser = argparse.ArgumentParser(description="Compare the numbers of two runs.")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", nargs="*", default=[], metavar="OLD=NEW")
    options = parser.parse_args()
    renamed = dict(pair.split("=", 1) for pair in options.renamed)
    lines = compare(options.before, options.after, renamed)
    for line in lines:
        print(line)
    print(f"{len(lines)} differences")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
