"""The specification's cases -> the examples of a reference page, as Markdown.

A page is tests/specification/PAGE.toml, whose tables are Markdown already; its tests
run the same cases through the code, so an example that no longer holds fails there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "specification"
FILES = {"instrument": "the instrument's file", "study": "the study's file"}


def examples(page: str) -> str:
    """What all examples of a page start from, then each of them."""
    whole = tomllib.loads((CASES / f"{page}.toml").read_text(encoding="utf-8"))
    start = "## What all examples start from"
    blocks = [start, *_declared(whole, "In {}:")]
    for case in whole["case"]:
        blocks += [f"## {case['title']}", case["rule"]]
        blocks += _declared(case, "In {}:")
        blocks += _tables(case["given"], whole["labels"], "given")
        blocks += _outcome(case, whole["labels"])
    return "\n\n".join(blocks)


def _declared(part: Mapping[str, Any], line: str) -> Iterator[str]:
    for kind, file in FILES.items():
        if kind in part:
            yield line.format(file)
            yield f"```toml\n{part[kind].strip()}\n```"


def _tables(
    given: str | Mapping[str, str], labels: Mapping[str, str], name: str
) -> Iterator[str]:
    if isinstance(given, str):
        yield f"{labels[name]}:"
        yield given.strip()
        return
    for part, table in given.items():
        yield from _tables(table, labels, part)


def _outcome(case: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[str]:
    if "refused" in case:
        yield f"**Refused:** {case['refused']}."
        return
    if case["expected"].strip().count("\n") > 1:
        yield from _tables(case["expected"], labels, "expected")
    else:
        yield f"{labels['expected']}: no one."
    if counted := case.get("counted"):
        counts = (f"{number} `{name}`" for name, number in counted.items())
        yield f"Counted: {', '.join(counts)}."
