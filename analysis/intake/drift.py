"""Compare a new export with the last wave's, and propose the table to declare it.

Nothing is recoded. A change of coding is written as a comment, to be checked against
the form before it is declared. Texts are counted, never quoted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from analysis.declarations.survey import Columns
from analysis.intake.answers import fold, number
from analysis.intake.headers import find_columns, shortened
from analysis.intake.inspection import (
    answered,
    match_pairs,
    share_fitting,
    similarity,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analysis.declarations.instrument import Instrument
    from analysis.declarations.study import Study
    from analysis.declarations.survey import Export
    from analysis.storage.readers.table import RawTable

MINIMUM_SIMILARITY = 0.5
"""Likeness from which a new header is proposed for one that is gone."""
SINGLE = [each.name for each in fields(Columns) if each.default is None]
"""Columns of a survey that are one header each, by their keys."""
FITTING = 0.1
"""What is added to the likeness where the answers have the same codes."""


CHECK, TOTAL = ("cleaning", "attention"), ("cleaning", "printed_total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that differs between two exports.

    Attributes
    ----------
    kind : str
        ``renamed``, ``missing``, ``new``, ``gone`` or ``coding``.
    """

    kind: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How a column, or an instrument, is answered: codes, and how many other texts."""

    codes: frozenset[float]
    texts: int

    def description(self) -> str:
        """In words that quote no text."""
        parts = []
        if self.codes:
            parts.append(f"numbers {_listed(self.codes)}")
        if self.texts:
            parts.append(f"{self.texts} different texts")
        return " and ".join(parts) or "no answers"

    def __or__(self, other: Coding) -> Coding:
        """Both together."""
        return Coding(
            codes=self.codes | other.codes,
            texts=max(self.texts, other.texts),
        )


Key: TypeAlias = tuple[str, ...]
"""Where a header is named below the survey, such as ``("items", "care.at_ease")``."""


class Slot(NamedTuple):
    """A header by the survey's own declaration, and as the last wave had it."""

    key: Key
    declared: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a new wave's export differs from the last one.

    Attributes
    ----------
    drifts : tuple of Drift
        Everything that differs.
    found : mapping
        Key of a slot → header in the new export; absent where none fits.
    remarks : mapping
        Key of a slot → why to look at it again.
    recodings : mapping
        Instrument → code in the export → code, to be checked.
    """

    drifts: tuple[Drift, ...]
    found: Mapping[Key, str]
    remarks: Mapping[Key, str]
    recodings: Mapping[str, Mapping[str, float]]


def compare_exports(
    study: Study, *, last: Export, new: Export, before: RawTable, now: RawTable
) -> Comparison:
    """List every way in which a new export differs from the last wave's.

    Parameters
    ----------
    before, now : RawTable
        The two exports, each in its tool's one-row-a-response shape.
    """
    was = dict(declared_headers(last))
    slots = [
        Slot(key, declared, was.get(key, declared))
        for key, declared in declared_headers(new)
    ]
    found, drifts, left = _settled(slots, now)
    renamed, scores = _renamed(left, before, now, set(found.values()), study)
    remarks = {key: f"likeness {score:.2f}: check it" for key, score in scores.items()}
    for slot in left:
        gone = f"'{shortened(slot.last)}'"
        if header := renamed.get(slot.key):
            text = f"{gone} → '{shortened(header)}'? {remarks[slot.key]}"
            drifts.append(Drift(kind="renamed", description=text))
        else:
            drifts.append(Drift(kind="missing", description=gone))
    found |= renamed
    known = {slot.last for slot in slots} | set(found.values())
    drifts.extend(_unasked(before, now, {fold(name) for name in known}))
    recodings: dict[str, Mapping[str, float]] = {}
    for name in new.instruments:
        items = [key for key in new.columns.items if key.partition(".")[0] == name]
        old = _together(before, last, [last.columns.items.get(i, "") for i in items])
        is_now = _together(now, new, [found.get(("items", i), "") for i in items])
        if proposed := recoding(is_now.codes, study.instruments[name], new):
            recodings[name] = proposed
        if description := _change(old, is_now, strange=bool(proposed)):
            drifts.append(Drift(kind="coding", description=f"{name}: {description}"))
    return Comparison(
        drifts=tuple(drifts), found=found, remarks=remarks, recodings=recodings
    )


def declared_headers(export: Export) -> Iterator[tuple[Key, str]]:
    """Every header a declaration names, by its key."""
    columns = export.columns
    for place, header in enumerate(columns.participant):
        yield ("columns", "participant", str(place)), header
    for name in SINGLE:
        if header := getattr(columns, name):
            yield ("columns", name), header
    for item, header in columns.items.items():
        yield ("items", item), header
    for attribute in export.attributes:
        if attribute.multi:
            for choice, header in attribute.multi.items():
                yield ("attributes", attribute.name, "multi", choice), header
        else:
            yield ("attributes", attribute.name, "column"), attribute.column
    for name, header in export.texts.items():
        yield ("texts", name), header
    rules = export.cleaning
    yield from (((*CHECK, each.column), each.column) for each in rules.attention)
    yield from (((*TOTAL, each.score), each.column) for each in rules.printed_totals)


def _settled(
    slots: Iterable[Slot], now: RawTable
) -> tuple[dict[Key, str], list[Drift], list[Slot]]:
    """Slots whose header is there, by the declaration or as the last wave had it."""
    found: dict[Key, str] = {}
    drifts: list[Drift] = []
    left = []
    for slot in slots:
        if len(find_columns(now, slot.declared)) == 1:
            found[slot.key] = slot.declared
            if fold(slot.declared) != fold(slot.last):
                headers = shortened(slot.last), shortened(slot.declared)
                text = "'{}' → '{}', as the survey declares".format(*headers)
                drifts.append(Drift(kind="renamed", description=text))
        elif len(find_columns(now, slot.last)) == 1:
            found[slot.key] = slot.last
        else:
            left.append(slot)
    return found, drifts, left


def _renamed(
    slots: Iterable[Slot],
    before: RawTable,
    now: RawTable,
    used: set[str],
    study: Study,
) -> tuple[dict[Key, str], dict[Key, float]]:
    """For each header that is gone the most alike new one, each used once."""
    headers = now.headers
    free = [h for h in headers if h not in used and headers.count(h) == 1]
    pairs = []
    for slot in slots:
        places = find_columns(before, slot.last)
        was = coding(before, places[0]) if places else None
        for header in free:
            place = headers.index(header)
            is_now = coding(now, place)
            likeness = _similarity(slot, before, now, header)
            likeness += FITTING if was and was.codes == is_now.codes else 0.0
            if slot.key[0] == "items":
                instrument = study.instruments[slot.key[1].partition(".")[0]]
                likeness *= _plausible(now, place, is_now, instrument)
            if likeness >= MINIMUM_SIMILARITY and _could_be(was, is_now):
                pairs.append((min(likeness, 1.0), slot.key, header))
    return match_pairs(pairs)


def _similarity(slot: Slot, before: RawTable, now: RawTable, header: str) -> float:
    """How alike a slot's names and question are to a header and its question."""
    asked = before.labels.get(slot.last, slot.last)
    return max(
        similarity(slot.last, header),
        similarity(slot.declared, header),
        similarity(slot.key[-1].rpartition(".")[2], header),
        similarity(asked, now.labels.get(header, "")),
    )


def _plausible(
    table: RawTable, place: int, coded: Coding, instrument: Instrument
) -> float:
    """Less than 1 where the answers fit neither the codebook nor any few numbers."""
    width = instrument.highest - instrument.lowest + 1
    if coded.codes and not coded.texts and len(coded.codes) <= width:
        return 1.0
    words = table.value_labels.get(str(table.cells.columns[place]), {})
    counts = answered(table.cells.iloc[:, place])
    return 0.6 + 0.4 * share_fitting(counts, instrument, words)


def _could_be(was: Coding | None, coded: Coding) -> bool:
    """Whether a column with few answers is not taken for one with very many."""
    if was is None:
        return True
    many = [len(each.codes) + each.texts for each in (was, coded)]
    return max(many) <= 3 * min(many) + 3


def _unasked(before: RawTable, now: RawTable, known: set[str]) -> Iterator[Drift]:
    """Columns nobody declared that came or went."""
    old = {fold(name): name for name in before.headers}
    new = {fold(name): name for name in now.headers}
    for kind, these, others in (("new", new, old), ("gone", old, new)):
        for folded, name in these.items():
            if folded not in others and folded not in known:
                yield Drift(kind=kind, description=f"'{shortened(name)}'")


def coding(table: RawTable, place: int, missing: Iterable[str] = ()) -> Coding:
    """How one column is answered."""
    numbers = [number(text) for text in answered(table.cells.iloc[:, place], missing)]
    codes = frozenset(value for value in numbers if value is not None)
    return Coding(codes=codes, texts=numbers.count(None))


def _together(table: RawTable, export: Export, headers: Iterable[str]) -> Coding:
    whole = Coding(codes=frozenset(), texts=0)
    for header in headers:
        places = find_columns(table, header) if header else []
        if len(places) == 1:
            whole |= coding(table, places[0], export.missing_codes)
    return whole


def _change(was: Coding, is_now: Coding, *, strange: bool) -> str:
    """How the coding differs; empty where it does not, or where nobody answered."""
    if not is_now.codes and not is_now.texts:
        return ""
    kinds = [(bool(each.codes), bool(each.texts)) for each in (was, is_now)]
    ends = [(min(c.codes), max(c.codes)) if c.codes else None for c in (was, is_now)]
    if kinds[0] != kinds[1] or ends[0] != ends[1]:
        return f"{was.description()} → {is_now.description()}"
    return f"{is_now.description()}, which are not all its codes" if strange else ""


def recoding(
    codes: frozenset[float], instrument: Instrument, export: Export
) -> dict[str, float]:
    """Codes of an export in the order of the instrument's, where they are as many.

    Empty where all are known, or where their number does not fit: then only the form
    can show the order.
    """
    own = {number(text) for text in export.answers.get(instrument.name, {})}
    known = {
        float(c) for c in range(int(instrument.lowest), int(instrument.highest) + 1)
    }
    strange = codes - known - {value for value in own if value is not None}
    if not strange or len(codes) != len(known):
        return {}
    pairs = zip(sorted(codes), sorted(known), strict=True)
    return {f"{code:g}": target for code, target in pairs}


def _listed(codes: Iterable[float]) -> str:
    """``1 to 5``, or ``1 to 3, 15 to 18``; how many where they are many."""
    ordered = sorted(codes)
    runs: list[list[float]] = []
    for code in ordered:
        if runs and code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    if len(runs) > 4:
        return f"({len(ordered)} different)"
    return ", ".join(
        f"{run[0]:g}" if len(run) == 1 else f"{run[0]:g} to {run[-1]:g}" for run in runs
    )
