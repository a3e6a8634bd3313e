"""Answers as written in an export into codes of the instrument.

Case and white space do not matter. What fits no rule is counted and named by its
column; the answer itself is never quoted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from analysis.declarations import Export, Instrument
    from analysis.declarations.study import Arm, Site, Team
    from analysis.declarations.survey import Attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The codes of one column.

    Attributes
    ----------
    values : Series of float
        NaN where not answered.
    emptied : mapping
        Why cells were emptied, beside being blank → how many.
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
