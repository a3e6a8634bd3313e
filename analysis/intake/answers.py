"""Convert the answers of an export to codes of the instrument.

Case and white space do not matter. What fits no rule is counted and reported by its
column, with the likely reason; the answer itself is never quoted. Where several choices
could be ticked, each has a column of yes or no, blank if nothing at all was answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.declarations.instrument import Coding, Instrument
    from analysis.declarations.study import Arm, Site, Study, Team
    from analysis.declarations.survey import Attribute, Export
    from analysis.storage.readers.table import RawTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The codes of one column.

    Attributes
    ----------
    values : Series of float
        NaN where not answered.
    emptied : mapping
        Why cells were emptied, other than being blank → how many.
    unmapped : int
        Cells whose text fits nothing declared.
    """

    values: pd.Series[float]
    emptied: Mapping[str, int]
    unmapped: int


def fold(text: str) -> str:
    """A text as it is compared: case and runs of white space do not matter."""
    return " ".join(text.split()).casefold().replace("\u2019", "'")


def item_codes(
    cells: pd.Series[str],
    instrument: Instrument,
    export: Export,
    words: Mapping[str, str] | None = None,
) -> Codes:
    """Turn the answers to one item into codes.

    A study's own answers come first, then the codebook's, then plain numbers within
    the instrument's range. Where the study itself declares numbers as answers, no
    other number is taken: an export's 15 to 18 must not pass for codes.

    Parameters
    ----------
    words : mapping, optional
        Code → answer in words, as an SPSS file gives them. The words are looked up
        before the code is taken as a number: *never* may be 1 there and 0 here.
    """
    folded_labels = _folded_labels(words)
    declared = export.answers.get(instrument.name, {})
    takes = instrument.usual_coding.takes
    own = {text: code for text, code in declared.items() if takes(code)}
    answers = _folded(instrument.answers) | _folded(own)
    takes_numbers = not any(_number(text) is not None for text in own)
    unscored = {fold(text) for text in instrument.unscored}
    empties = export.cleaning.out_of_range == "empty"
    stray = "out of range" if empties else "unmapped"

    def code(text: str) -> float | str:
        for written in (text, folded_labels.get(text, text)):
            if written in answers:
                return answers[written]
            if written in unscored:
                return "not applicable"
        number = _number(text, export.decimal) if takes_numbers else None
        if number is None:
            return "unmapped"
        return number if instrument.usual_coding.takes(number) else stray

    return _coded(cells, code, not_answered(export.missing_codes, words))


def attribute_values(
    cells: pd.Series[str],
    attribute: Attribute,
    export: Export,
    words: Mapping[str, str] | None = None,
) -> tuple[pd.Series[float] | pd.Series[str], int]:
    """Values of an attribute, and how many were emptied for lying outside it."""
    folded_labels = _folded_labels(words)
    missing = not_answered(export.missing_codes, words)
    if attribute.values:
        names = {fold(text): name for text, name in attribute.values.items()}
        folded = by_text(cells, fold)
        known = folded.map(names).fillna(folded.map(folded_labels).map(names))
        return known, int((known.isna() & ~folded.isin(missing)).sum())

    def value(text: str) -> float | str:
        number = _number(text, export.decimal)
        if number is None or attribute.lowest is None or attribute.highest is None:
            return "outside"
        return number if attribute.lowest <= number <= attribute.highest else "outside"

    codes = _coded(cells, value, missing)
    return codes.values, codes.emptied.get("outside", 0)


def group_names(
    cells: pd.Series[str],
    groups: Iterable[Arm | Site | Team],
    words: Mapping[str, str] | None = None,
) -> pd.Series[str]:
    """Names of the arms, sites or teams that cells name; empty where they name none."""
    names = {fold(answer): group.name for group in groups for answer in group.answers}
    folded_labels = _folded_labels(words)

    def name(text: str) -> str:
        folded = fold(text)
        return names.get(folded) or names.get(folded_labels.get(folded, ""), "")

    return by_text(cells, name)


def accepted(
    cells: pd.Series[str],
    answers: Iterable[str],
    words: Mapping[str, str] | None = None,
    *,
    missing: Iterable[str] = (),
) -> pd.Series[bool]:
    """Whether each cell holds one of the answers; ``*`` is any that is not missing."""
    wanted = {fold(answer) for answer in answers}
    folded_labels = _folded_labels(words)
    missing_texts = not_answered(missing, words)

    def fits(text: str) -> bool:
        folded = fold(text)
        anything = "*" in wanted and folded not in missing_texts
        return (
            anything
            or folded in wanted
            or folded_labels.get(folded, "") in wanted - {""}
        )

    numbers, texts = pd.factorize(cells)
    fitting = np.array([fits(text) for text in texts], dtype=bool)
    return pd.Series(fitting[numbers], index=cells.index)


def by_text(cells: pd.Series[str], of_text: Callable[[str], str]) -> pd.Series[str]:
    """What a function makes of each cell; it is asked once for each different text."""
    numbers, texts = pd.factorize(cells)
    made = pd.array([of_text(text) for text in texts], dtype="str")
    return pd.Series(made.take(numbers), index=cells.index, name=cells.name)


def not_answered(
    missing: Iterable[str], words: Mapping[str, str] | None = None
) -> set[str]:
    """What means *not answered*, as it is compared: the cell, or the words it codes."""
    declared = {fold(text) for text in ("", *missing)}
    folded_labels = _folded_labels(words)
    return declared | {code for code, text in folded_labels.items() if text in declared}


def _folded_labels(words: Mapping[str, str] | None) -> dict[str, str]:
    """Code → answer in words, both as they are compared."""
    return {fold(code): fold(text) for code, text in (words or {}).items()}


def _coded(
    cells: pd.Series[str], code: Callable[[str], float | str], missing_texts: set[str]
) -> Codes:
    numbers, texts = pd.factorize(cells)
    found = [math.nan if fold(t) in missing_texts else code(fold(t)) for t in texts]
    times = np.bincount(numbers, minlength=len(texts))
    emptied: dict[str, int] = {}
    for reason, count in zip(found, times, strict=True):
        if isinstance(reason, str):
            emptied[reason] = emptied.get(reason, 0) + int(count)
    floats = [math.nan if isinstance(value, str) else value for value in found]
    values = np.asarray([*floats, math.nan], dtype=float)[numbers]
    unmapped = emptied.pop("unmapped", 0)
    return Codes(
        values=pd.Series(values, index=cells.index),
        emptied=emptied,
        unmapped=unmapped,
    )


def _folded(answers: Mapping[str, float]) -> dict[str, float]:
    return {fold(text): float(code) for text, code in answers.items()}


def _number(text: str, decimal: str = ".") -> float | None:
    """A number as people write it; Python's own 1_000 is none."""
    written = text.replace(",", ".") if decimal == "," else text
    try:
        number = float(written)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


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
                f"{export.file}: {name}: {mismatch}. If so, declare each code of the "
                "file "
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
