"""Find the columns of declared headers.

In this order: the exact header; ``header#2``, the second of that name; the header
whatever its case and white space; the question's words; and a header or question that
begins with the words declared. Two that fit equally well are an error, never a choice.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from analysis.intake.answers import fold
from heard.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analysis.storage.readers.table import RawTable

T = TypeVar("T")
NUMBERED = re.compile(r"^(?P<name>.+)#(?P<number>[1-9]\d*)$")
MINIMUM_PREFIX = 10
"""Signs a beginning needs, a space among them: Q1 must not fit Q10."""
LONGEST_SHOWN = 60


def find_columns(table: RawTable, wanted: str) -> list[int]:
    """Places of the columns a declared header fits; one where it is found."""
    headers = table.headers
    exact = [place for place, name in enumerate(headers) if name == wanted]
    if exact:
        return exact
    numbered = NUMBERED.match(wanted)
    if numbered:
        same = [p for p, name in enumerate(headers) if name == numbered["name"]]
        number = int(numbered["number"])
        if number <= len(same):
            return [same[number - 1]]
    sought = fold(wanted)
    written = [fold(name) for name in headers]
    asked = [fold(label) for label in table.labels_in_order()]
    for texts in (written, asked):
        if fits := [place for place, text in enumerate(texts) if text == sought]:
            return fits
    if len(sought) < MINIMUM_PREFIX or " " not in sought:
        return []
    begins = (
        place
        for texts in (written, asked)
        for place, text in enumerate(texts)
        if text.startswith(sought)
    )
    return list(dict.fromkeys(begins))


def with_wanted_headers(
    table: RawTable, wanted: Iterable[str], file: str
) -> tuple[RawTable, list[str]]:
    """The table with each wanted column under the header declared for it.

    Returns
    -------
    RawTable
        Columns nobody asked for keep their own headers.
    list of str
        A fault for each header that fits no column, or several.
    """
    headers = table.headers
    faults: list[str] = []
    claimed: dict[int, str] = {}
    copies: dict[str, int] = {}
    for name in dict.fromkeys(wanted):
        places = find_columns(table, name)
        if len(places) != 1:
            faults.append(f"{file}: {not_one(name, places, headers)}")
        elif claimed.setdefault(places[0], name) != name:
            copies[name] = places[0]
    renamed = [claimed.get(place, name) for place, name in enumerate(headers)]
    if faults or (renamed == headers and not copies):
        return table, faults
    return _renamed(table, renamed, copies), faults


def _renamed(table: RawTable, renamed: list[str], copies: dict[str, int]) -> RawTable:
    headers = table.headers
    cells = table.cells.copy(deep=False)
    cells.columns = pd.Index(renamed)
    if copies:
        more = {name: table.cells.iloc[:, place] for name, place in copies.items()}
        cells = pd.concat([cells, pd.DataFrame(more)], axis="columns")
    came_from = {
        new: old for new, old in zip(renamed, headers, strict=True) if new != old
    }
    came_from |= {name: headers[place] for name, place in copies.items()}

    def rekeyed(known: Mapping[str, T]) -> dict[str, T]:
        """What was known of a column, under its declared header too."""
        under = {new: known[old] for new, old in came_from.items() if old in known}
        return {**known, **under}

    return dataclasses.replace(
        table,
        cells=cells,
        labels=rekeyed(table.labels),
        value_labels=rekeyed(table.value_labels),
        emptied=rekeyed(table.emptied),
    )


def not_one(name: str, places: list[int], headers: list[str]) -> str:
    """Say that a declared header fits no column, or several, and which."""
    if not places:
        return unknown("column", name, [shortened(header) for header in headers])
    if all(headers[place] == name for place in places):
        choices = " or ".join(f"'{name}#{n}'" for n in range(1, len(places) + 1))
        return f"column '{name}' stands {len(places)} times; say which: {choices}"
    shown = ", ".join(f"'{shortened(headers[place])}'" for place in places)
    return f"column '{name}' fits {len(places)} columns: {shown}; declare more of it"


def shortened(header: str) -> str:
    """A header short enough to read: some tools put whole questions there."""
    if len(header) <= LONGEST_SHOWN:
        return header
    return header[: LONGEST_SHOWN - 3] + "…"
