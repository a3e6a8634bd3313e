"""Describe the columns of an undeclared export, and the instruments they may hold.

Of a column only its header, its counts and the range of its numbers are reported, never
a text that someone wrote. Instruments are matched by name first, then by the words of
labels and questions, and last by number and range alone, which is weak evidence and is
reported as such.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from analysis.intake.answers import fold, number
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analysis.declarations.instrument import Instrument
    from analysis.storage.readers.table import RawTable

Name = TypeVar("Name", str, tuple[str, ...])
MANY = 20
"""Different texts past which a column is no list of answers."""
LONG = 60
SHARED = 5
"""Answers a code needs on average before the ends of its column may be shown."""
DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ t]\d{1,2}:\d{2}.*)?$")
MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
ADDRESS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")
TABLE: Mapping[str, Any] = tomllib.loads(
    (resources.files("analysis.intake") / "inspection.toml").read_text("utf-8")
)
IDENTIFYING, NAMED_THINGS, IDS, PEOPLE = (
    {*TABLE[key].split()} for key in ("identifying", "named_things", "ids", "people")
)
ROLES = {role: {*table["words"].split()} for role, table in TABLE["roles"].items()}
"""Part a column may play → words of its header or question that hint at it."""
NEEDS = {role: table["needs"] for role, table in TABLE["roles"].items()}
"""Part → what declaring it asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an export, as far as it may be shown.

    Attributes
    ----------
    kind : str
        ``blank``, ``numbers``, ``dates``, ``answers``, ``free text`` or
        ``identifying``.
    answered, different : int
        Cells that hold something, and how many different ones.
    ends : pair of float
        Of the numbers; empty where they are not numbers.
    """

    header: str
    label: str
    kind: str
    answered: int
    different: int
    ends: tuple[float, ...] = ()

    def description(self) -> str:
        """What it holds, in words that quote no cell."""
        ends = ""
        # The ends of numbers few people share are somebody's own.
        shared = self.different <= MANY and self.answered >= SHARED * self.different
        if self.kind == "numbers" and shared and "participant" not in _roles(self):
            ends = " from {:g} to {:g}".format(*self.ends)
        return f"{self.kind}{ends}, {self.different} different in {self.answered}"


def inspect_columns(table: RawTable, file: str) -> tuple[Column, ...]:
    """What each column seems to be; refused where the first row looks like answers."""
    headers = table.headers
    numeric = sum(number(name) is not None for name in headers)
    if numeric * 2 > len(headers):
        raise DataError(
            file,
            f"{numeric} of {len(headers)} headers are numbers: the first row seems to "
            "hold answers. Export it with a row of headers",
        )
    return tuple(
        _column(header, label, table.cells.iloc[:, place])
        for place, (header, label) in enumerate(
            zip(headers, table.labels_in_order(), strict=True)
        )
    )


def _column(header: str, label: str, cells: pd.Series[str]) -> Column:
    counts = answered(cells)
    texts, total = list(counts), sum(counts.values())
    numbers = [n for n in map(number, texts) if n is not None]
    ends = (
        (min(numbers), max(numbers)) if numbers and len(numbers) == len(texts) else ()
    )
    return Column(
        header=header,
        label=label,
        kind=_kind(header, label, texts, len(numbers), total),
        answered=total,
        different=len(texts),
        ends=ends,
    )


def answered(cells: pd.Series[str], missing: Iterable[str] = ()) -> dict[str, int]:
    """Folded cell → how often, without the ones that stand for no answer."""
    blanks = {fold(text) for text in (*TABLE["blanks"], *missing)}
    found: dict[str, int] = {}
    for text, count in cells.value_counts().items():
        if (folded := fold(str(text))) not in blanks:
            found[folded] = found.get(folded, 0) + int(count)
    return found


def missing_texts(table: RawTable) -> list[str]:
    """Which usual signs of no answer the table holds, as they are written."""
    found = {fold(str(text)) for text in pd.unique(table.cells.to_numpy().ravel())}
    return [text for text in TABLE["blanks"] if text and fold(text) in found]


def _kind(header: str, label: str, texts: list[str], numeric: int, total: int) -> str:
    if not texts:
        return "blank"
    if _names_people(header) or _share(texts, MAIL, ADDRESS) > 0.5:
        return "identifying"
    if numeric == len(texts):
        return "numbers"
    if _share(texts, DATE) > 0.9:
        return "dates"
    lengthy = sum(map(len, texts)) / len(texts) > LONG
    spread = len(texts) > MANY and len(texts) > total / 10
    if _names_people(label) and spread:
        return "identifying"
    return "free text" if lengthy or spread else "answers"


def _names_people(header: str) -> bool:
    header_words = set(words(header))
    of_a_person = "name" in header_words and not header_words & NAMED_THINGS
    return of_a_person or bool(header_words & IDENTIFYING)


def _share(texts: list[str], *patterns: re.Pattern[str]) -> float:
    fits = sum(any(pattern.match(text) for pattern in patterns) for text in texts)
    return fits / len(texts)


def candidate_roles(columns: Iterable[Column]) -> dict[str, list[Column]]:
    """Part → the columns that may play it, by the words of header and question."""
    found: dict[str, list[Column]] = {}
    for column in columns:
        for role in _roles(column):
            found.setdefault(role, []).append(column)
    return found


def _roles(column: Column) -> Iterator[str]:
    if column.kind in {"blank", "free text"} or column.header.endswith(
        tuple(TABLE["of_a_form"])
    ):
        return
    header_words = set(words(column.header))
    if len(column.label) <= LONG:
        header_words |= set(words(column.label))
    names_people = header_words & IDS and (
        header_words & PEOPLE or len(header_words) == 1
    )
    for role, hints in ROLES.items():
        if header_words & hints or (role == "participant" and names_people):
            yield role


def words(text: str) -> list[str]:
    """The words of a header, and whole what it joins: unique, id and uniqueid."""
    joined = re.findall(r"[^\W\d_]+", text.casefold())
    return list(dict.fromkeys([*_parts(text), *joined]))


def _parts(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return re.findall(r"[^\W_]+", spaced.casefold())


def similarity(one: str, other: str) -> float:
    """How alike two headers or questions are, from 0 to 1, whatever joins the words.

    The letters in their order, the words in any order, or the one within the other:
    whichever is highest. A word found within a question is worth a little over half.
    """
    first, second = _parts(one), _parts(other)
    if not first or not second:
        return 0.0
    whole = difflib.SequenceMatcher(None, " ".join(first), " ".join(second)).ratio()
    few, many = sorted((first, second), key=len)
    by_word = sum(
        max(difflib.SequenceMatcher(None, word, w).ratio() for w in many)
        for word in few
    ) / len(many)
    within = 0.5 + 0.5 * len(few) / len(many) if set(few) <= set(many) else 0.0
    return max(whole, by_word, within)


CERTAIN_SCORE = 0.75
"""Score from which a match is written as a declaration rather than a remark."""
MINIMUM_REPORTED_SCORE = 0.45
MINIMUM_SIMILARITY = 0.72
MINIMUM_FOUND = 0.6
BY_ORDER_ALONE = 0.3
MINIMUM_FIT = 0.5
"""Share of the answers that must fit, unless the headers name the very items."""
GENERIC = re.compile(r"[a-z]{0,3}_?\d+[a-z]?", re.IGNORECASE)
"""A name that any questionnaire may give an item, such as q01."""
NUMBERED = re.compile(r"^(?P<stem>.*?)(?P<number>\d+)(?P<end>\D*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An instrument that an export may hold.

    Attributes
    ----------
    items : mapping
        Item → header.
    pattern : str
        ``prefix{item}suffix`` where one gives every header; else empty.
    by : str
        ``name``, ``words`` or ``order``.
    named, fit : float
        How well headers agree with items, and answers with codes, from 0 to 1.
    """

    instrument: Instrument
    items: Mapping[str, str]
    pattern: str = ""
    by: str
    named: float
    fit: float = 0.0

    @property
    def score(self) -> float:
        """From 0 to 1; many instruments share their answers, so headers count more."""
        return 0.6 * self.named + 0.4 * self.fit

    def description(self) -> str:
        """The score and what it rests on."""
        items = len(self.instrument.items)
        return (
            f"score {self.score:.2f}: {len(self.items)} of {items} items by "
            f"{self.by}, {self.fit:.0%} of the answers fit"
        )


def match_instruments(
    table: RawTable, columns: Sequence[Column], instruments: Iterable[Instrument]
) -> list[Match]:
    """Instruments the columns may hold, the best first."""
    counts = {
        column.header: answered(table.cells.iloc[:, place])
        for place, column in enumerate(columns)
        if column.kind in {"numbers", "answers"}
    }
    usable = [column for column in columns if column.header in counts]

    def fitted(match: Match) -> Match:
        shares = [
            share_fitting(counts[h], match.instrument, table.value_labels.get(h, {}))
            for h in match.items.values()
        ]
        return dataclasses.replace(match, fit=sum(shares) / len(shares))

    found = []
    for instrument in instruments:
        optional = any(item.optional for item in instrument.items)
        forms = [instrument, instrument.asked(())] if optional else [instrument]
        matches = [
            fitted(match)
            for form in forms
            if form.items  # else its key is not known
            for match in _readings(form, usable)
            if len(match.items) >= MINIMUM_FOUND * len(form.items)
        ]
        fitting = [match for match in matches if match.fit >= _least_fit(match)]
        found += [max(fitting, key=_score)] if fitting else []
    kept = [match for match in found if match.score >= MINIMUM_REPORTED_SCORE]
    return sorted(kept, key=_score, reverse=True)


def _score(match: Match) -> float:
    return match.score


def chosen(matches: Iterable[Match]) -> list[Match]:
    """The sure ones, best first, each column serving one instrument."""
    used: set[str] = set()
    kept = []
    for match in matches:
        headers = set(match.items.values())
        whole = len(match.items) == len(match.instrument.items)
        if match.score >= CERTAIN_SCORE and whole and not headers & used:
            kept.append(match)
            used |= headers
    return kept


def share_fitting(
    counts: Mapping[str, int], instrument: Instrument, words: Mapping[str, str]
) -> float:
    """Share of the answers that the codebook knows, by words or as codes."""
    known = {fold(text) for text in (*instrument.answers, *instrument.unscored)}
    folded_labels = {fold(code): fold(text) for code, text in words.items()}

    def fits(text: str) -> bool:
        value = number(text)
        is_code = value is not None and instrument.takes(value)
        return is_code or text in known or folded_labels.get(text, "") in known

    total = sum(counts.values())
    return sum(n for text, n in counts.items() if fits(text)) / total if total else 0.0


def _readings(instrument: Instrument, columns: Sequence[Column]) -> list[Match]:
    """Every way to find the items; how answers fit is not yet looked at."""
    if patterned := _by_pattern(instrument, columns):
        return [_weighed(patterned, columns)]
    by_words = _weighed(_by_words(instrument, columns), columns)
    return [by_words, *_by_order(instrument, columns)]


def _least_fit(match: Match) -> float:
    if match.by == "order":
        return 0.95
    named = match.by == "name" and not _is_generic(match.instrument)
    return 0.0 if named else MINIMUM_FIT


def _is_generic(instrument: Instrument) -> bool:
    return all(GENERIC.fullmatch(item.name) for item in instrument.items)


def _weighed(match: Match, columns: Sequence[Column]) -> Match:
    """A match by names such as q01, which prove no more than the items' order does.

    They are taken at their worth where the questions themselves agree, or where the
    file has exactly as many such columns as the instrument has items.
    """
    items, instrument = match.items, match.instrument
    if not items or not _is_generic(instrument):
        return match
    asked = {column.header: column.label or column.header for column in columns}
    labels = {item.name: item.label for item in instrument.items}
    agree = sum(
        similarity(labels[i], asked[h]) >= MINIMUM_SIMILARITY for i, h in items.items()
    )
    stems = {_stem(header) for header in items.values()}
    run = sum(_stem(header) in stems for header in asked)
    if agree >= MINIMUM_FOUND * len(items) or run == len(instrument.items):
        return match
    return dataclasses.replace(match, named=min(match.named, BY_ORDER_ALONE))


def _stem(header: str) -> str:
    numbered = NUMBERED.match(header)
    return fold(numbered["stem"]) if numbered else fold(header)


def _by_pattern(instrument: Instrument, columns: Sequence[Column]) -> Match | None:
    """A header for every item that differs from its name by one beginning and end."""
    names = [item.name for item in instrument.items]
    headers = {column.header for column in columns}
    first = names[0]
    for header in headers:
        for start in (m.start() for m in re.finditer(re.escape(first), header)):
            before, after = header[:start], header[start + len(first) :]
            if before[-1:].isalnum() or after[:1].isalnum():
                continue
            made = {name: f"{before}{name}{after}" for name in names}
            if set(made.values()) <= headers:
                pattern = f"{before}{{item}}{after}"
                return Match(
                    instrument=instrument,
                    items=made,
                    pattern=pattern,
                    by="name",
                    named=1.0,
                )
    return None


def _by_words(instrument: Instrument, columns: Sequence[Column]) -> Match:
    """Items and headers paired from the most alike downwards, each once."""
    pairs = []
    for item in instrument.items:
        for column in columns:
            asked = similarity(item.label, column.label) if column.label else 0.0
            best = max(
                similarity(item.name, column.header),
                similarity(item.label, column.header),
                asked,
            )
            if best >= MINIMUM_SIMILARITY:
                pairs.append((best, item.name, column.header))
    items, scores = match_pairs(pairs)
    ordered = {i.name: items[i.name] for i in instrument.items if i.name in items}
    named = sum(scores.values()) / len(instrument.items)
    return Match(instrument=instrument, items=ordered, by="words", named=named)


def match_pairs(
    pairs: Iterable[tuple[float, Name, str]],
) -> tuple[dict[Name, str], dict[Name, float]]:
    """One partner each, the most alike first: name → header, and name → likeness."""
    partners: dict[Name, str] = {}
    scores: dict[Name, float] = {}
    for best, name, header in sorted(pairs, reverse=True):
        if name not in partners and header not in partners.values():
            partners[name], scores[name] = header, best
    return partners, scores


def _by_order(instrument: Instrument, columns: Sequence[Column]) -> list[Match]:
    """Runs of numbered headers, as many as there are items."""
    runs: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        if numbered := NUMBERED.match(column.header):
            key = (numbered["stem"], numbered["end"])
            runs.setdefault(key, []).append(column.header)
    names = [item.name for item in instrument.items]
    return [
        Match(
            instrument=instrument,
            items=dict(zip(names, headers, strict=True)),
            by="order",
            named=BY_ORDER_ALONE,
        )
        for headers in runs.values()
        if len(headers) == len(names) > 2
    ]
