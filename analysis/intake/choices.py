"""Answers of which several could be ticked into one column of yes or no a choice.

Blank where nothing at all was answered: not to tick is an answer only of someone who
was there to tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis.intake.answers import by_text, fold, not_answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.declarations import Export
    from analysis.declarations.survey import Attribute
    from analysis.storage.readers import RawTable

NOT_TICKED = {"", "0", "no", "n", "false", "unchecked", "not selected"}
NOT_SHOWN = {"n/a"}
"""What LimeSurvey writes where a question was never shown."""


def choice_columns(
    table: RawTable, attribute: Attribute, export: Export
) -> tuple[dict[str, pd.Series[bool]], int]:
    """One column a choice, ``attribute.choice``, and how many answers fit none."""
    if attribute.multi:
        return _spread(table, attribute, export), 0
    missing = not_answered(export.missing_codes)
    return _joined(table.cells[attribute.column], attribute, missing)


def _spread(
    table: RawTable, attribute: Attribute, export: Export
) -> dict[str, pd.Series[bool]]:
    """A code or its words may say that a choice was not ticked: 2 is often *No*."""
    cells = table.cells
    answered = pd.Series(data=False, index=cells.index)
    ticked = {}
    for choice, header in attribute.multi.items():
        words = table.value_labels.get(header, {})
        missing_texts = not_answered(export.missing_codes, words) | NOT_SHOWN
        folded_labels = {fold(code): fold(text) for code, text in words.items()}
        column = by_text(cells[header], fold)
        answered |= ~column.isin(missing_texts)
        left = missing_texts | NOT_TICKED
        left |= {code for code, text in folded_labels.items() if text in left - {""}}
        ticked[choice] = ~column.isin(left)
    return {
        f"{attribute.name}.{choice}": column.astype("boolean").where(answered)
        for choice, column in ticked.items()
    }


def _joined(
    column: pd.Series[str], attribute: Attribute, missing: set[str]
) -> tuple[dict[str, pd.Series[bool]], int]:
    values = {fold(text): name for text, name in attribute.values.items()}
    ticked: dict[str, set[str] | None] = {}
    strange: dict[str, int] = {}
    for text in column.unique():
        blank = fold(text) in missing
        ticked[text], strange[text] = (
            (None, 0) if blank else split_choices(text, attribute.separator, values)
        )
    found = column.map(ticked)
    columns = {
        f"{attribute.name}.{choice}": pd.Series(
            [pd.NA if chosen is None else choice in chosen for chosen in found],
            index=column.index,
            dtype="boolean",
        )
        for choice in dict.fromkeys(values.values())
    }
    return columns, int((column.map(strange) > 0).sum())


def split_choices(
    text: str, separator: str, values: Mapping[str, str]
) -> tuple[set[str], int]:
    """The choices one cell joins, and how many parts are none of those declared.

    A choice may itself hold the separator, as sentences hold commas: the longest run of
    parts that is a declared choice is taken.
    """
    parts = [part for part in text.split(separator) if part.strip()]
    chosen: set[str] = set()
    strange = at = 0
    while at < len(parts):
        for end in range(len(parts), at, -1):
            name = values.get(fold(separator.join(parts[at:end])))
            if name is not None:
                chosen.add(name)
                at = end
                break
        else:
            strange += 1
            at += 1
    return chosen, strange
