"""What every table is: cells of text, and the reasons for what is not shown.

What was suppressed or could not be estimated stands in its cell in words, with the
reason below the table; a number that is not there is never shown as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from analysis.publication.numbers import MINUS, estimate_text
from analysis.publication.places import EVERYONE, found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.foundation.findings import Finding
    from analysis.publication.disclosure.control import Disclosed
    from analysis.publication.places import Columns

ABSENT = "\N{EN DASH}"
SUPPRESSED = "not shown"
LONGEST_NUMBER = 40
"""Characters; what is longer is a sentence, though it begins with a number."""
NUMBER = re.compile(rf"(under |over )?[{MINUS}\d]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose cells are text already.

    Attributes
    ----------
    row_headings : int
        How many leading columns say what a row is about.
    notes : tuple of str
        Sentences below the table, the reasons for what is not shown among them.
    methods : tuple of str
        How the numbers were made, folded away on a page.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_headings: int = 1
    notes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        headings = "".join(
            f'<th scope="col"{self._kind(place)}>{escape(name)}</th>'
            for place, name in enumerate(self.columns)
        )
        body = "\n".join(self._row_html(row) for row in self.rows)
        return (
            f'<div class="table" role="region" tabindex="0" '
            f'aria-label="{escape(self.caption)}">\n'
            f"<table>\n<caption>{escape(self.caption)}</caption>\n"
            f"<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
            f"</div>\n{_list_html(self.notes)}{self._methods_html()}"
        )

    def _row_html(self, row: tuple[str, ...]) -> str:
        cells = []
        for place, text in enumerate(row):
            tag = "td" if place >= self.row_headings else 'th scope="row"'
            cells.append(f"<{tag}{self._kind(place)}>{escape(text)}</{tag[:2]}>")
        return f"<tr>{''.join(cells)}</tr>"

    def _kind(self, place: int) -> str:
        """The class of a column: ends of numbers stand below each other."""
        texts = [row[place] for row in self.rows]
        are_numbers = any(NUMBER.match(text) for text in texts) and not any(
            len(text) > LONGEST_NUMBER for text in texts
        )
        return ' class="number"' * (place >= self.row_headings and are_numbers)

    def _methods_html(self) -> str:
        if not self.methods:
            return ""
        return (
            '<details class="methods"><summary>How these numbers were made</summary>\n'
            f"{_list_html(self.methods)}</details>\n"
        )


class Footnotes:
    """The reasons met while a table is filled, each with its letter."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._methods: dict[str, str] = {}

    def cell(self, finding: Finding | None, *, title: str = "") -> str:
        """The text of a cell; without an estimate, the letter of the reason."""
        if finding is None:
            return ABSENT
        if finding.estimate is None:
            return self._suppressed(finding.reason)
        if title and finding.method:
            self._methods[f"{title}: {finding.method_text}."] = ""
        return estimate_text(finding)

    def people(self, finding: Finding | None) -> str:
        """The n that an estimate rests on."""
        if finding is None:
            return ABSENT
        if finding.n is None:
            return self._suppressed(finding.reason)
        return f"{finding.n:,}"

    def cells(self, here: Disclosed, columns: Columns) -> tuple[str, ...]:
        """The cell of each column's term."""
        return tuple(
            self.cell(found(here, term=term), title=title) for title, term in columns
        )

    def _suppressed(self, reason: str) -> str:
        if not reason:
            return SUPPRESSED
        place = len(self._reasons)
        letter = chr(ord("a") + place % 26) * (place // 26 + 1)
        return f"{SUPPRESSED} ({self._reasons.setdefault(reason, letter)})"

    def table(
        self,
        caption: str,
        columns: Iterable[str],
        rows: Iterable[tuple[str, ...]],
        *,
        row_headings: int = 1,
        also: Iterable[str] = (),
        methods: Iterable[str] = (),
        optional: Iterable[int] = (),
    ) -> Table:
        """The table of these rows, with all reasons and methods met in them.

        Parameters
        ----------
        rows : iterable of tuple of str
            Made while they are read, if they meet reasons.
        also, methods : iterable of str
            Further notes where there are rows, and further methods.
        optional : iterable of int
            Places of the columns that are left out where no row says anything.
        """
        filled, titles = tuple(rows), tuple(columns)
        empty = {p for p in optional if {row[p] for row in filled} <= {ABSENT}}
        kept = [place for place in range(len(titles)) if place not in empty]
        reasons = (
            f"({key}) {reason.removesuffix('.')}."
            for reason, key in self._reasons.items()
        )
        return Table(
            caption=caption,
            columns=tuple(titles[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in filled),
            row_headings=sum(place < row_headings for place in kept),
            notes=(*reasons, *(also if filled else ())),
            methods=(*self._methods, *methods),
        )


def compact_table(
    caption: str,
    headings: Sequence[str],
    columns: Columns,
    rows: Sequence[tuple[str, ...]],
    notes: Footnotes,
    *,
    counts: str = "n",
) -> Table:
    """A table without the columns that say nothing: empty, or the same throughout.

    What a heading column says throughout moves to the caption. Rows of one cell more
    than there are headings have their n first, which `counts` names.
    """
    counted = (counts,) * bool(rows and len(rows[0]) > len(headings) + len(columns))
    names = (*headings, *counted, *(title for title, _ in columns))
    distinct = [{row[place] for row in rows} for place in range(len(names))]
    headed = range(len(headings))
    varied = [place for place in headed if len(distinct[place]) > 1] or [0]
    constant = [rows[0][place] for place in headed if place not in varied and rows]
    said = ", ".join(text for text in constant if text != EVERYONE)
    shown = [p for p in range(len(headings), len(names)) if distinct[p] != {ABSENT}]
    kept = [*varied, *shown]
    return notes.table(
        f"{caption}: {said}" if said else caption,
        (names[place] for place in kept),
        (tuple(row[place] for place in kept) for row in rows),
        row_headings=len(varied),
    )


def _list_html(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="notes">{items}</ul>\n' if items else ""
