"""What an export tells of how a form was filled in, for the cleaning rules alone.

Columns made here are dropped once the rules have been applied; those not declared are
not made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.intake.answers import accepted, by_text, fold, not_answered
from analysis.intake.pseudonyms import pseudonyms
from analysis.storage.key import read_key

if TYPE_CHECKING:
    from analysis.declarations import Export, Study


def conduct_columns(
    cells: pd.DataFrame, export: Export, study: Study, emptied: dict[str, int]
) -> dict[str, pd.Series[Any]]:
    """Submission, attention, order of dates, seconds taken, printed totals."""
    columns, rules = export.columns, export.cleaning
    found: dict[str, pd.Series[Any]] = {}
    if columns.submission:
        ids = cells[columns.submission]
        found["submission"] = pseudonyms(
            ids, key=read_key(), study=study.name, kind="submission"
        )
    if rules.attention:
        passed = [
            accepted(cells[c.column], c.accepted, missing=export.missing_codes)
            for c in rules.attention
        ]
        found["attentive"] = pd.concat(passed, axis="columns").all(axis="columns")
    found |= _times(cells, export, emptied)
    for total in rules.printed_totals:
        found[total.name] = _numbers(cells, total.column, export, emptied)
    return found


def _times(
    cells: pd.DataFrame, export: Export, emptied: dict[str, int]
) -> dict[str, pd.Series[Any]]:
    columns = export.columns
    found: dict[str, pd.Series[Any]] = {}
    if columns.started and columns.submitted:
        started = _moments(cells, columns.started, export, emptied)
        submitted = _moments(cells, columns.submitted, export, emptied)
        taken = (submitted - started).dt.total_seconds()
        found["dates_in_order"] = ~(taken < 0)
        found["seconds"] = taken.where(taken >= 0)
    if columns.seconds:
        seconds = _numbers(cells, columns.seconds, export, emptied)
        found["seconds"] = seconds.where(seconds >= 0)
    return found


def _moments(
    cells: pd.DataFrame, header: str, export: Export, emptied: dict[str, int]
) -> pd.Series[Any]:
    known = ~_missing(cells[header], export)
    moments = pd.to_datetime(
        cells[header].where(known, None),
        format=export.columns.date_format,
        errors="coerce",
        utc=True,
    )
    if unread := int((moments.isna() & known).sum()):
        emptied[f"not a date: {header}"] = unread
    return moments


def _numbers(
    cells: pd.DataFrame, header: str, export: Export, emptied: dict[str, int]
) -> pd.Series[float]:
    known = ~_missing(cells[header], export)
    written = cells[header]
    if export.decimal == ",":
        written = written.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(written.where(known, None), errors="coerce")
    numbers = numbers.astype(float)
    finite = numbers.where(np.isfinite(numbers))
    if unread := int((finite.isna() & known).sum()):
        emptied[f"not a number: {header}"] = unread
    return finite


def _missing(cells: pd.Series[str], export: Export) -> pd.Series[bool]:
    return by_text(cells, fold).isin(not_answered(export.missing_codes))
