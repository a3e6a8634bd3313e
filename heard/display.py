"""Show results as text and as HTML: aligned, at most a screen, nothing hidden silently.

What does not fit on the screen is counted, with where to find it.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 88
ROWS = 20
NOTE_LINES = 12
HTML_ROWS = 60
NUMERIC = ("estimate", "n")
"""Columns that are set flush right."""


class Line(NamedTuple):
    """One result, as text."""

    labels: dict[str, str]
    term: str
    n: str
    method: str
    estimate: str = ""
    interval: str = ""
    reason: str = ""


def title_of(name: str) -> str:
    """Words of a class or a term: ``ModelFit`` and ``model_fit`` → ``Model fit``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()
    return words[:1].upper() + words[1:].lower()


def number(value: float | None) -> str:
    """Three decimals; whole numbers without, tiny and huge ones with three digits."""
    if value is None:
        return ""
    if abs(value) < 1e9 and value == int(value):
        return f"{value:.0f}"
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.3g}"


def interval(low: float | None, high: float | None) -> str:
    """The limits in square brackets; an open end is left empty."""
    if low is None and high is None:
        return ""
    return f"[{number(low)}, {number(high)}]"


def result_text(title: str, line: Line) -> str:
    """One result: its title and n, its numbers, how they were made."""
    found = " ".join(filter(None, (line.estimate, line.interval)))
    head = title + f", n = {line.n}" * bool(line.n)
    body = found or f"unavailable: {line.reason}"
    return "\n".join([_clipped(head, WIDTH), *_wrapped(body), *_notes([line])])


def results_text(title: str, lines: Sequence[Line]) -> str:
    """Many results in a table, with the methods under it."""
    shared = {line.n for line in lines}
    if len(shared) == 1 and (n := shared.pop()):
        title += f", n = {n}"
        lines = [line._replace(n="") for line in lines]
    names = list(dict.fromkeys(name for line in lines for name in line.labels))
    for name in tuple(names):
        texts = {line.labels.get(name, "") for line in lines}
        if len(texts) == 1:
            names.remove(name)
            title += f"; {name.replace('_', ' ')}: {texts.pop()}"
    header = [*names, "term", "estimate", "interval", "n", "unavailable because"]
    rows = [
        [
            *(line.labels.get(name, "") for name in names),
            *(line.term, line.estimate, line.interval, line.n, line.reason),
        ]
        for line in lines
    ]
    table = table_lines(header, rows)
    return "\n".join([_clipped(title, WIDTH), *table, *_notes(lines)])


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under their header, empty columns left out, the rest counted."""
    shown = rows[:ROWS]
    kept = [place for place in range(len(header)) if any(row[place] for row in shown)]
    cells = [[row[place] for place in kept] for row in [header, *shown]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    while sum(widths) + 2 * len(widths) > WIDTH and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    right = [header[place] in NUMERIC for place in kept]
    lines = [
        "  ".join(
            _clipped(cell, width).rjust(width)
            if flush
            else _clipped(cell, width).ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]
    if left := len(rows) - len(shown):
        lines.append(f"… {left} more, use .to_frame()")
    return lines


def _notes(lines: Sequence[Line]) -> list[str]:
    """The distinct methods; named by their first term where they differ."""
    first: dict[str, str] = {}
    for line in lines:
        if line.method:
            first.setdefault(line.method, line.term)
    found: list[str] = []
    for place, (method, term) in enumerate(first.items()):
        note = _wrapped(f"{term if len(first) > 1 else 'Method'}: {method}")
        if place and len(found) + len(note) > NOTE_LINES:
            return [*found, f"… {len(first) - place} more methods, use .to_frame()"]
        found += note[:NOTE_LINES]
    return found


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent="  ", subsequent_indent="    ", max_lines=NOTE_LINES
    )


def _clipped(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"


def frame_html(title: str, frame: pd.DataFrame) -> str:
    """A table with a caption; a method that all rows share stands in the caption."""
    caption = html.escape(title)
    for name, words in (("n", "n = {}"), ("method", "{}")):
        values = set(frame[name].dropna()) if name in frame else set()
        if len(values) == 1 and len(frame) > 1:
            caption += "<br>" + html.escape(words.format(values.pop()))
            frame = frame.drop(columns=name)
    if len(frame) > HTML_ROWS:
        caption += f"<br>… {len(frame) - HTML_ROWS} more, use .to_frame()"
        frame = frame.head(HTML_ROWS)
    shown: str = frame.to_html(index=False, float_format="{:.4g}".format, na_rep="")
    table, rest = shown.split("\n", 1)
    return f"{table}\n  <caption>{caption}</caption>\n{rest}"
