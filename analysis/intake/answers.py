"""Convert the answers of an export to codes of the instrument.

Case and white space do not matter. What fits no rule is counted and reported by its
column, with the likely reason; the answer itself is never quoted. Where several choices
could be ticked, each has a column of yes or no, blank if nothing at all was answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from analysis.declarations.instrument import Coding, Instrument
    from analysis.declarations.study import Arm, Site, Study, Team
    from analysis.declarations.survey import Attribute, Export
    from analysis.storage.readers.table import RawTable


def fold(text: str) -> str:
    """A text as it is compared: case and runs of white space do not matter."""
    return " ".join(text.split()).casefold().replace("\u2019", "'")


def number(text: str, decimal: str = ".") -> float | None:
    """A number as people write it; Python's own 1_000 is none."""
    written = text.replace(",", ".") if decimal == "," else text
    try:
        value = float(written)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def by_text(cells: pd.Series[str], of_text: Callable[[str], str]) -> pd.Series[str]:
    """What a function makes of each cell; it is asked once for each different text."""
    numbers, texts = pd.factorize(cells)
    made = pd.array([of_text(text) for text in texts], dtype="str")
    return pd.Series(made.take(numbers), index=cells.index, name=cells.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The codes of one column.

    Attributes
    ----------
    values : Series of float
        NaN where not answered.
    emptied : mapping
        Why cells were emptied, other than being blank → how many.
    """

    values: pd.Series[float]
    emptied: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answers:
    """The answers in one column, each taken as the cell and as the words it codes.

    Attributes
    ----------
    words : mapping
        Code → answer in words, as an SPSS file gives them.
    missing : set of str
        What means *not answered*: the cell, or the words it codes.
    """

    cells: pd.Series[str]
    words: Mapping[str, str] = field(default_factory=dict)
    missing: AbstractSet[str] = frozenset({""})

    @classmethod
    def of(cls, table: RawTable, header: str, missing: Iterable[str]) -> Answers:
        """The answers under a header, of a table that may word its codes."""
        labels = table.value_labels.get(header, {})
        words = {fold(code): fold(text) for code, text in labels.items()}
        declared = {fold(text) for text in ("", *missing)}
        coded = {code for code, text in words.items() if text in declared}
        return cls(cells=table.cells[header], words=words, missing=declared | coded)

    def where(self, fits: Callable[[str], bool]) -> pd.Series[bool]:
        """Of which cells something is true; asked once for each different text."""
        numbers, texts = pd.factorize(self.cells)
        fitting = np.array([fits(fold(text)) for text in texts], dtype=bool)
        return pd.Series(fitting[numbers], index=self.cells.index)

    def blank(self) -> pd.Series[bool]:
        """Which cells are not answered."""
        return self.where(lambda text: text in self.missing)

    def accepted(self, answers: Iterable[str]) -> pd.Series[bool]:
        """Which cells hold one of the answers; ``*`` is any that is not missing."""
        wanted = {fold(answer) for answer in answers}

        def fits(text: str) -> bool:
            if "*" in wanted and text not in self.missing:
                return True
            return text in wanted or self.words.get(text, "") in wanted - {""}

        return self.where(fits)

    def named(self, names: Mapping[str, str]) -> pd.Series[str]:
        """The name that each answer stands for; empty where it stands for none."""
        known = {fold(answer): name for answer, name in names.items()}

        def name(text: str) -> str:
            folded = fold(text)
            return known.get(folded) or known.get(self.words.get(folded, ""), "")

        return by_text(self.cells, name)

    def groups(self, groups: Iterable[Arm | Site | Team]) -> pd.Series[str]:
        """Names of the arms, sites or teams that cells name; empty for none."""
        return self.named({text: each.name for each in groups for text in each.answers})

    def codes(self, code: Callable[[str], float | str]) -> Codes:
        """A number for each answer, or why it is emptied, in a word."""
        numbers, texts = pd.factorize(self.cells)
        folded = map(fold, texts)
        found = [math.nan if text in self.missing else code(text) for text in folded]
        emptied: dict[str, int] = {}
        times = np.bincount(numbers, minlength=len(texts))
        for reason, count in zip(found, times, strict=True):
            if isinstance(reason, str):
                emptied[reason] = emptied.get(reason, 0) + int(count)
        floats = [math.nan if isinstance(value, str) else value for value in found]
        values = np.asarray([*floats, math.nan], dtype=float)[numbers]
        return Codes(values=pd.Series(values, index=self.cells.index), emptied=emptied)

    def numbers(self, decimal: str) -> Codes:
        """The numbers that cells are."""

        def code(text: str) -> float | str:
            value = number(text, decimal)
            return "not a number" if value is None else value

        return self.codes(code)


UNMAPPED = "unmapped"
"""Why a cell is emptied whose text fits nothing declared: a fault."""


def item_codes(answers: Answers, instrument: Instrument, export: Export) -> Codes:
    """Turn the answers to one item into codes.

    A study's own answers come first, then the codebook's, then plain numbers within
    the instrument's range. Where the study itself declares numbers as answers, no
    other number is taken: an export's 15 to 18 must not pass for codes. Words that a
    file gives for a code are looked up before the code is taken as a number: *never*
    may be 1 there and 0 here.
    """
    takes = instrument.usual_coding.takes
    declared = export.answers.get(instrument.name, {})
    own = {text: code for text, code in declared.items() if takes(code)}
    known = {fold(t): float(code) for t, code in {**instrument.answers, **own}.items()}
    takes_numbers = not any(number(text) is not None for text in own)
    unscored = {fold(text) for text in instrument.unscored}
    empties = export.cleaning.out_of_range == "empty"

    def code(text: str) -> float | str:
        for written in (text, answers.words.get(text, text)):
            if written in known:
                return known[written]
            if written in unscored:
                return "not applicable"
        value = number(text, export.decimal) if takes_numbers else None
        if value is not None and takes(value):
            return value
        return "out of range" if value is not None and empties else UNMAPPED

    return answers.codes(code)


OUTSIDE = "outside what is declared"


def attribute_values(
    answers: Answers, attribute: Attribute, export: Export
) -> tuple[pd.Series[float] | pd.Series[str], int]:
    """Values of an attribute, and how many were emptied for lying outside it."""
    if attribute.values:
        names = answers.named(attribute.values)
        unknown = (names == "") & ~answers.blank()
        return names.where(names != ""), int(unknown.sum())
    lowest, highest = attribute.lowest, attribute.highest

    def value(text: str) -> float | str:
        found = number(text, export.decimal)
        if found is None or lowest is None or highest is None:
            return OUTSIDE
        return found if lowest <= found <= highest else OUTSIDE

    codes = answers.codes(value)
    return codes.values, codes.emptied.get(OUTSIDE, 0)


def coding_shifts(
    cells: pd.DataFrame, export: Export, study: Study, misfits: Iterable[str]
) -> Iterator[str]:
    """A sentence for every instrument whose export seems to count from elsewhere.

    Parameters
    ----------
    misfits : iterable of str
        Columns ``instrument.item`` that hold answers which fit no code.
    """

    def coded(column: str) -> tuple[str, str]:
        name, _, item = column.partition(".")
        return name, study.instruments[name].item(item).coding

    items = export.columns.items
    for name, coding in dict.fromkeys(map(coded, misfits)):
        headers = [items[each] for each in items if coded(each) == (name, coding)]
        texts = {*cells[headers].to_numpy().ravel()} - {"", *export.missing_codes}
        instrument = study.instruments[name]
        known = instrument.codings.get(coding, instrument.usual_coding)
        if mismatch := _shifted(texts, known):
            yield (
                f"{export.file}: {name}: {mismatch}. If so, declare each code of the "
                "file "
                f"and what it stands for under [surveys.{export.survey}.answers.{name}]"
                "; if the stray code means no answer, declare it in missing_codes"
            )


def _shifted(texts: Iterable[str], coding: Coding) -> str:
    """By how much codes are shifted; empty where no single shift explains them all."""
    found = [value for text in texts if (value := number(text)) is not None]
    if not found or all(map(coding.takes, found)):
        return ""
    # The least shift that takes the codes to where the answers begin or end.
    above, below = max(found) - coding.highest, min(found) - coding.lowest
    shift = max(above, 0.0) or min(below, 0.0)
    if not shift or not all(coding.takes(value - shift) for value in found):
        return ""
    steps = abs(shift) / coding.step
    counted = {1.0: "one"}.get(steps, f"{steps:g}")
    direction = "higher" if shift > 0 else "lower"
    return (
        f"all answers lie in {coding.lowest + shift:g} to {coding.highest + shift:g}, "
        f"the codebook says {coding.lowest:g} to {coding.highest:g}: looks like an "
        f"export coded {counted} {direction}"
    )


NOT_TICKED = ("0", "no", "n", "false", "unchecked", "not selected")
NOT_SHOWN = ("n/a",)
"""What LimeSurvey writes where a question was never shown."""


def choice_columns(
    table: RawTable, attribute: Attribute, export: Export
) -> tuple[dict[str, pd.Series[bool]], int]:
    """One column a choice, ``attribute.choice``, and how many answers fit none."""
    if not attribute.multi:
        return _joined(
            Answers.of(table, attribute.column, export.missing_codes), attribute
        )
    answered = pd.Series(data=False, index=table.cells.index)
    ticked = {}
    for choice, header in attribute.multi.items():
        # A code or its words may say that a choice was not ticked: 2 is often *No*.
        missing = (*export.missing_codes, *NOT_SHOWN)
        answered |= ~Answers.of(table, header, missing).blank()
        ticked[choice] = ~Answers.of(table, header, (*missing, *NOT_TICKED)).blank()
    return {
        f"{attribute.name}.{choice}": column.astype("boolean").where(answered)
        for choice, column in ticked.items()
    }, 0


def _joined(
    answers: Answers, attribute: Attribute
) -> tuple[dict[str, pd.Series[bool]], int]:
    values = {fold(text): name for text, name in attribute.values.items()}
    split = {
        text: None
        if fold(text) in answers.missing
        else split_choices(text, attribute.separator, values)
        for text in answers.cells.unique()
    }
    found = [split[text] for text in answers.cells]
    columns = {
        f"{attribute.name}.{choice}": pd.Series(
            [pd.NA if cell is None else choice in cell[0] for cell in found],
            index=answers.cells.index,
            dtype="boolean",
        )
        for choice in dict.fromkeys(values.values())
    }
    return columns, sum(cell is not None and cell[1] > 0 for cell in found)


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
