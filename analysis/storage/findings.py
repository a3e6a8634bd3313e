"""Findings on disk: a part a step, and all of them together as JSON and CSV.

What is written here has passed disclosure control; nothing else may be.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import TYPE_CHECKING, Any

from analysis.foundation.errors import StaleError
from analysis.foundation.findings import (
    TIDY_COLUMNS,
    Contrast,
    Finding,
    Group,
    Groups,
    tidy_record,
)
from analysis.storage.folders import find_folders
from analysis.storage.whole_files import (
    read_json,
    staged,
    write_bytes,
    write_json,
    write_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from analysis.declarations.study import Study

SIGNIFICANT_DIGITS = 12
"""Digits written: forced onto other processors, results differ after these."""
NUMBERS = ("estimate", "conf_low", "conf_high")
PLACED = ("wave", "arm", "group")
"""Columns whose values may have parts."""


KEPT = (*TIDY_COLUMNS, "n_unit", "metric")
"""What a record holds of a finding; a metric only where it is not points."""


def _folder(study: str) -> Path:
    return find_folders().reports / study / "findings"


def write_part(study: str, step: str, findings: Iterable[Finding]) -> None:
    """Keep the findings of one step, with the digits that hold on any processor."""
    records = [_rounded(finding) for finding in findings]
    write_json(_folder(study) / "parts" / f"{step}.json", records)


def read_part(study: str, step: str) -> tuple[Finding, ...]:
    """The findings of one step; none if it has not run."""
    return _part(_folder(study) / "parts" / f"{step}.json") or ()


def read_parts(study: Study, kind: str) -> tuple[Finding, ...]:
    """The findings of a kind of step that runs once a wave, of all waves."""
    return tuple(
        finding
        for wave in study.wave_names()
        for finding in read_part(study.name, f"{kind}-{wave}")
    )


def read_staged_part(study: str, step: str) -> tuple[Finding, ...] | None:
    """The findings that the step running now has made; None if it made no part."""
    return _part(staged(_folder(study) / "parts" / f"{step}.json"))


def _part(path: Path) -> tuple[Finding, ...] | None:
    records = read_json(path)
    return None if records is None else tuple(map(_restored, records))


def _restored(record: Mapping[str, Any]) -> Finding:
    """A finding as it was made: what was written in parts is a value again."""
    place = {name: _value(record[name]) for name in PLACED}
    return Finding(**{**record, **place})


def _value(written: str | Mapping[str, Any]) -> str | Contrast | Group | Groups:
    if isinstance(written, str):
        return written
    if "parts" in written:
        # A tuple, and the group of a part, are read back as a list and a mapping.
        parts = tuple(_value(part) for part in written["parts"])
        return Groups(parts=parts, separator=written["separator"])  # type: ignore[arg-type]
    return Contrast(**written) if "after" in written else Group(**written)


def write_findings(
    study: str, findings: Mapping[str, tuple[Finding, ...]], provenance: dict[str, str]
) -> None:
    """Write all findings as a list of records, as JSON and as CSV.

    Parameters
    ----------
    findings : mapping
        Step → its findings.
    provenance : dict
        Step → what its findings were made from, in a word a reader can trace.
    """
    made = [
        (finding, provenance[step]) for step, of in findings.items() for finding in of
    ]
    records = [
        {
            **_rounded(finding),
            **{name: str(getattr(finding, name)) for name in PLACED},
            "provenance": source,
            "parts": _parts(finding),
        }
        for finding, source in made
    ]
    write_json(_folder(study) / "findings.json", records)
    text = io.StringIO(newline="")
    columns = [*TIDY_COLUMNS, "provenance"]
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {**tidy_record(finding), **_numbers(finding), "provenance": source}
        for finding, source in made
    )
    write_text(_folder(study) / "findings.csv", text.getvalue())


def read_findings(study: str) -> tuple[Finding, ...]:
    """All findings of a study.

    Raises
    ------
    StaleError
        There are none yet.
    """
    records = read_json(_folder(study) / "findings.json")
    if records is None:
        raise StaleError(study, f"has no findings yet. Run: heard run {study}")
    return tuple(
        _restored(
            {name: record[name] for name in KEPT if name in record} | record["parts"]
        )
        for record in records
    )


def write_figure(
    study: str, step: str, name: str, *, png: bytes, svg: bytes, drawn: str
) -> None:
    """Keep a figure as a picture of points and of lines, and its numbers as CSV."""
    folder = find_folders().reports / study / "figures"
    write_bytes(folder / f"{step}-{name}.png", png)
    write_bytes(folder / f"{step}-{name}.svg", svg)
    write_text(folder / f"{step}-{name}.csv", drawn)


def write_document(study: str, name: str, content: bytes) -> None:
    """Keep a document that a funder gets."""
    write_bytes(find_folders().reports / study / name, content)


def _rounded(finding: Finding) -> dict[str, Any]:
    record = {**dataclasses.asdict(finding), **_numbers(finding)}
    if not finding.metric:
        del record["metric"]
    return record


def _numbers(finding: Finding) -> dict[str, float | None]:
    numbers = {name: getattr(finding, name) for name in NUMBERS}
    return {
        name: None if number is None else float(f"{number:.{SIGNIFICANT_DIGITS}g}")
        for name, number in numbers.items()
    }


def _parts(finding: Finding) -> dict[str, Any]:
    """What contrasts and groups are made of, so that nobody parses their text."""
    record = dataclasses.asdict(finding)
    return {name: record[name] for name in PLACED if not isinstance(record[name], str)}
