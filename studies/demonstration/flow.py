"""Count in the raw files what cleaning should find there, by the rules declared.

A second, plain implementation, on purpose: tests compare the pipeline with it.
"""  # noqa: INP001

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from truth import Truth

    from analysis.declarations.survey import Export

Rows: TypeAlias = list[dict[str, str]]


def expected_flow(content: bytes, export: Export, truth: Truth) -> dict[str, int]:
    """Count the rows each rule leaves out, in the rules' order, and what is left.

    Returns
    -------
    dict of str to int
        ``rows`` to ``left`` add up; ``no code`` is counted among those left. Cells
        (``missing code``, ``unscored``, ``impossible``) are counted in the whole file.
    """
    rows = read_rows(content, truth.written[export.survey][export.wave].encoding)
    filled = [row for row in rows if any(row.values())]
    consented = _accepted(filled, export.columns.consent, export.cleaning.consent)
    finished = _accepted(consented, export.columns.finished, export.cleaning.finished)
    answered = [
        row
        for row in finished
        if _share_answered(row, export, truth) >= export.cleaning.least_answered
    ]
    codes = [_code(row, export) for row in answered]
    repeated = len([code for code in codes if code]) - len({c for c in codes if c})
    return {
        "rows": len(rows),
        "empty": len(rows) - len(filled),
        "no consent": len(filled) - len(consented),
        "unfinished": len(consented) - len(finished),
        "hardly answered": len(finished) - len(answered),
        "repeated": repeated,
        "left": len(answered) - repeated,
        "no code": codes.count("") if export.columns.participant else 0,
        "missing code": _cells(rows, export, map(_folded, export.missing_codes)),
        "unscored": _cells(rows, export, _unscored(export, truth)),
        "impossible": _impossible(rows, export),
    }


def answered_rows(content: bytes, export: Export, truth: Truth) -> Rows:
    """The rows that stay, but for those sent twice."""
    rows = read_rows(content, truth.written[export.survey][export.wave].encoding)
    consented = _accepted(rows, export.columns.consent, export.cleaning.consent)
    finished = _accepted(consented, export.columns.finished, export.cleaning.finished)
    least = export.cleaning.least_answered
    return [row for row in finished if _share_answered(row, export, truth) >= least]


def code_of(row: Mapping[str, str], export: Export) -> tuple[str, ...]:
    """The elements of a self-generated code; nothing where one is blank."""
    elements = tuple(row[header] for header in export.columns.participant)
    return elements if all(elements) else ()


def read_rows(content: bytes, encoding: str) -> Rows:
    """The rows of a file, every cell trimmed, in small letters, single-spaced."""
    lines = io.StringIO(content.decode(encoding), newline="")
    return [
        {header: _folded(cell) for header, cell in row.items()}
        for row in csv.DictReader(lines)
    ]


def linkable(first: bytes, then: bytes, waves: Sequence[Export], truth: Truth) -> int:
    """Count the codes found at both of two waves among all rows."""
    found = []
    for content, export in zip((first, then), waves, strict=True):
        rows = read_rows(content, truth.written[export.survey][export.wave].encoding)
        found.append({_code(row, export) for row in rows} - {""})
    return len(found[0] & found[1])


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _accepted(rows: Rows, header: str | None, answers: Iterable[str]) -> Rows:
    known = {_folded(answer) for answer in answers}
    return [row for row in rows if header is None or row[header] in known]


def _unscored(export: Export, truth: Truth) -> set[str]:
    instruments = (truth.study.instruments[name] for name in export.instruments)
    return {_folded(text) for each in instruments for text in each.unscored}


def _share_answered(row: Mapping[str, str], export: Export, truth: Truth) -> float:
    codes = {"", *map(_folded, export.missing_codes)}
    gaps = codes | _unscored(export, truth)
    headers = export.columns.items.values()
    return sum(row[header] not in gaps for header in headers) / len(headers)


def _code(row: Mapping[str, str], export: Export) -> str:
    elements = [row[header] for header in export.columns.participant]
    return "".join(elements) if all(elements) else ""


def _cells(rows: Rows, export: Export, texts: Iterable[str]) -> int:
    wanted = set(texts)
    headers = export.columns.items.values()
    return sum(row[header] in wanted for row in rows for header in headers)


def _impossible(rows: Rows, export: Export) -> int:
    return sum(
        float(cell) > attribute.highest
        for attribute in export.attributes
        if attribute.highest is not None
        for row in rows
        if (cell := row[attribute.column])
    )


def expected_flows(truth: Truth, files: Mapping[str, bytes]) -> str:
    """What cleaning should find in every file, as a table in Markdown."""
    flows = {
        export.file: expected_flow(files[export.file], export, truth)
        for wave in truth.study.waves
        for export in wave.exports
    }
    headings = ["file", *next(iter(flows.values()))]
    return markdown(headings, [[name, *flow.values()] for name, flow in flows.items()])


def markdown(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
