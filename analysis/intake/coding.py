"""Answers that fit no code → the likely reason: an export that counts from elsewhere.

Only the ends of the codebook's codes are ever named, never an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analysis.declarations import Coding, Export, Study


def coding_shifts(
    cells: pd.DataFrame, export: Export, study: Study, misfits: Iterable[str]
) -> Iterator[str]:
    """A sentence for every instrument whose export seems to count from elsewhere.

    Parameters
    ----------
    misfits : iterable of str
        Columns ``instrument.item`` that hold answers which fit no code.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for column in export.columns.items:
        groups.setdefault(_group(column, study), []).append(column)
    for group in dict.fromkeys(_group(column, study) for column in misfits):
        name, _ = group
        headers = [export.columns.items[column] for column in groups[group]]
        coding = study.instruments[name].coding(groups[group][0].partition(".")[2])
        mismatch = check_coding(
            [cells[header] for header in headers], coding, missing=export.missing_codes
        )
        if mismatch:
            yield (
                f"{export.file}: {name}: {mismatch}. If so, declare each code of the file "
                f"and what it stands for under [surveys.{export.survey}.answers.{name}]"
                "; if the stray code means no answer, declare it in missing_codes"
            )


def _group(column: str, study: Study) -> tuple[str, str]:
    name, _, item = column.partition(".")
    return name, study.instruments[name].item(item).coding


def check_coding(
    columns: Iterable[pd.Series[str]], coding: Coding, *, missing: Iterable[str] = ()
) -> str:
    """Say by how much an export's codes are shifted against the codebook's.

    Parameters
    ----------
    columns : iterable of Series of str
        Cells of the items that share this coding.
    missing : iterable of str
        Texts that stand for no answer.

    Returns
    -------
    str
        Empty where the codes fit, or where no single shift explains all numbers.
    """
    missing_texts = {"", *missing}
    texts = {text for column in columns for text in column.unique()} - missing_texts
    numbers = pd.to_numeric(pd.Series(sorted(texts), dtype=object), errors="coerce")
    numbers = numbers.dropna()
    if numbers.empty or all(coding.takes(number) for number in numbers):
        return ""
    shift = _shift(float(numbers.min()), float(numbers.max()), coding)
    if not shift or not all(coding.takes(number - shift) for number in numbers):
        return ""
    steps = abs(shift) / coding.step
    counted = {1.0: "one"}.get(steps, f"{steps:g}")
    direction = "higher" if shift > 0 else "lower"
    return (
        f"all answers lie in {coding.lowest + shift:g} to {coding.highest + shift:g}, "
        f"the codebook says {coding.lowest:g} to {coding.highest:g}: looks like an "
        f"export coded {counted} {direction}"
    )


def _shift(lowest: float, highest: float, coding: Coding) -> float:
    """The least shift that takes the codes to where the answers begin or end."""
    return max(highest - coding.highest, 0.0) or min(lowest - coding.lowest, 0.0)
