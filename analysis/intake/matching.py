"""Columns of an export into the instruments they may hold, each with its score.

By name first, then by the words of labels and questions, and last by their number and
range alone, which proves little and is said so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.intake.answers import fold
from analysis.intake.inspection import answered, number, similarity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from analysis.declarations import Instrument
    from analysis.intake.inspection import Column
    from analysis.storage.readers import RawTable

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
    pattern: str
    by: str
    named: float
    fit: float

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
    found = []
    for known in instruments:
        if not known.items:  # its key is not known
            continue
        matches = []
        for instrument, (items, pattern, by, named) in _forms(known, usable):
            if len(items) < MINIMUM_FOUND * len(instrument.items):
                continue
            fit = sum(
                share_fitting(counts[h], instrument, table.value_labels.get(h, {}))
                for h in items.values()
            ) / len(items)
            match = Match(
                instrument=instrument,
                items=items,
                pattern=pattern,
                by=by,
                named=named,
                fit=fit,
            )
            if fit >= _least_fitting(instrument, by):
                matches.append(match)
        found.extend(sorted(matches, key=lambda match: -match.score)[:1])
    kept = [match for match in found if match.score >= MINIMUM_REPORTED_SCORE]
    return sorted(kept, key=lambda match: -match.score)


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


Reading = tuple[dict[str, str], str, str, float]


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


def _forms(
    instrument: Instrument, columns: Sequence[Column]
) -> Iterator[tuple[Instrument, Reading]]:
    """Every way to find the instrument, with its optional items and without."""
    forms = [instrument]
    if any(item.optional for item in instrument.items):
        forms.append(instrument.asked(()))
    yield from (
        (form, reading) for form in forms for reading in _readings(form, columns)
    )


def _readings(instrument: Instrument, columns: Sequence[Column]) -> list[Reading]:
    patterned = _by_pattern(instrument, columns)
    if patterned:
        return [_weighed(patterned, instrument, columns)]
    by_words = _weighed(_by_words(instrument, columns), instrument, columns)
    return [by_words, *_by_order(instrument, columns)]


def _least_fitting(instrument: Instrument, by: str) -> float:
    if by == "order":
        return 0.95
    return 0.0 if by == "name" and not _is_generic(instrument) else MINIMUM_FIT


def _is_generic(instrument: Instrument) -> bool:
    return all(GENERIC.fullmatch(item.name) for item in instrument.items)


def _weighed(
    reading: Reading, instrument: Instrument, columns: Sequence[Column]
) -> Reading:
    """A match by names such as q01, which prove no more than the items' order does.

    They are taken at their worth where the questions themselves agree, or where the
    file has exactly as many such columns as the instrument has items.
    """
    items, pattern, by, named = reading
    if not items or not _is_generic(instrument):
        return reading
    asked = {column.header: column.label or column.header for column in columns}
    labels = {item.name: item.label for item in instrument.items}
    agree = sum(
        similarity(labels[i], asked[h]) >= MINIMUM_SIMILARITY for i, h in items.items()
    )
    stems = {_stem(header) for header in items.values()}
    run = sum(_stem(header) in stems for header in asked)
    if agree >= MINIMUM_FOUND * len(items) or run == len(instrument.items):
        return reading
    return items, pattern, by, min(named, BY_ORDER_ALONE)


def _stem(header: str) -> str:
    numbered = NUMBERED.match(header)
    return fold(numbered["stem"]) if numbered else fold(header)


def _by_pattern(instrument: Instrument, columns: Sequence[Column]) -> Reading | None:
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
                return made, f"{before}{{item}}{after}", "name", 1.0
    return None


def _by_words(instrument: Instrument, columns: Sequence[Column]) -> Reading:
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
    return ordered, "", "words", sum(scores.values()) / len(instrument.items)


def match_pairs(
    pairs: Iterable[tuple[float, str, str]],
) -> tuple[dict[str, str], dict[str, float]]:
    """One partner each, the most alike first: name → header, and name → likeness."""
    partners: dict[str, str] = {}
    scores: dict[str, float] = {}
    for best, name, header in sorted(pairs, reverse=True):
        if name not in partners and header not in partners.values():
            partners[name], scores[name] = header, best
    return partners, scores


def _by_order(instrument: Instrument, columns: Sequence[Column]) -> list[Reading]:
    """Runs of numbered headers, as many as there are items."""
    runs: dict[tuple[str, str], list[str]] = {}
    for column in columns:
        if numbered := NUMBERED.match(column.header):
            key = (numbered["stem"], numbered["end"])
            runs.setdefault(key, []).append(column.header)
    names = [item.name for item in instrument.items]
    return [
        (dict(zip(names, headers, strict=True)), "", "order", BY_ORDER_ALONE)
        for headers in runs.values()
        if len(headers) == len(names) > 2
    ]
