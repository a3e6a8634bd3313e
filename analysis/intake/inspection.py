"""Describe the columns of an undeclared export, and the instruments they may hold.

Of a column only its header, its counts and the range of its numbers are reported, never
a text that someone wrote. Instruments are matched by name first, then by the words of
labels and questions, and last by number and range alone, which is weak evidence and is
reported as such.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.intake.answers import fold
from heard.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from analysis.declarations.instrument import Instrument
    from analysis.storage.readers.table import RawTable

BLANKS = {"": "", "na": "NA", "n/a": "N/A", "-99": "-99", "-9": "-9"}
"""Cells that stand for no answer wherever surveys are exported, as they are written."""
WORDED_BLANKS = {"prefer not to say": "Prefer not to say"}
MANY = 20
"""Different texts past which a column is no list of answers."""
LONG = 60
SHARED = 5
"""Answers a code needs on average before the ends of its column may be shown."""
DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ t]\d{1,2}:\d{2}.*)?$")
MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
ADDRESS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")
IDENTIFYING = (
    *("e-mail", "email", "mail", "phone", "telephone", "mobile", "address"),
    *("ip", "ipaddress", "postcode", "zip", "birth", "dob", "latitude", "longitude"),
    *("locationlatitude", "locationlongitude", "recipientemail", "surname", "nhs"),
    *("recipientfirstname", "recipientlastname", "externalreference"),
)
NAMED_THINGS = {"event", "team", "ward", "site", "trust", "hospital", "service", "unit"}
NAMED_THINGS |= {"instrument", "collector", "survey", "group", "arm", "field"}
ROLES: Mapping[str, tuple[str, ...]] = {
    "participant": ("participant", "subject", "person", "pseudonym", "uniqueid"),
    "wave": ("wave", "timepoint", "event", "visit", "round", "phase", "period"),
    "arm": ("arm", "group", "condition", "allocation", "treatment", "intervention"),
    "site": ("site", "trust", "hospital", "organisation", "organization", "clinic"),
    "team": ("team", "ward", "unit", "service", "department"),
    "staff_member": ("staff", "clinician", "therapist", "practitioner", "worker"),
    "consent": ("consent", "agree"),
    "finished": ("finished", "completed", "submitdate", "status"),
    "attribute": ("age", "sex", "gender", "ethnicity", "role", "years", "education"),
}
"""Part a column may play → words of its header or question that hint at it."""
OF_A_FORM = ("_complete", "_timestamp")
"""Ends of REDCap's columns about a form, whose names begin with the form's."""
IDS = ("id", "code", "number", "nr", "no")
PEOPLE = ("participant", "subject", "person", "respondent", "user", "record", "study")


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
    lowest, highest : float
        Ends of the numbers; NaN where they are not numbers.
    """

    header: str
    label: str
    kind: str
    answered: int
    different: int
    lowest: float = math.nan
    highest: float = math.nan

    def description(self) -> str:
        """What it holds, in words that quote no cell."""
        ends = ""
        # The ends of numbers few people share are somebody's own.
        shared = self.different <= MANY and self.answered >= SHARED * self.different
        if self.kind == "numbers" and shared and "participant" not in _roles(self):
            ends = f" from {self.lowest:g} to {self.highest:g}"
        return f"{self.kind}{ends}, {self.different} different in {self.answered}"


def inspect_columns(table: RawTable, file: str) -> tuple[Column, ...]:
    """What each column seems to be.

    Raises
    ------
    DataError
        The first row looks like answers rather than headers.
    """
    headers = [str(name) for name in table.cells.columns]
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
    texts = list(counts)
    numbers = [n for n in map(number, texts) if n is not None]
    return Column(
        header=header,
        label=label,
        kind=_kind(header, label, texts, len(numbers), sum(counts.values())),
        answered=sum(counts.values()),
        different=len(texts),
        lowest=min(numbers) if numbers and len(numbers) == len(texts) else math.nan,
        highest=max(numbers) if numbers and len(numbers) == len(texts) else math.nan,
    )


def answered(cells: pd.Series[str], missing: Iterable[str] = ()) -> dict[str, int]:
    """Folded cell → how often, without the ones that stand for no answer."""
    blanks = {*BLANKS, *WORDED_BLANKS, *(fold(text) for text in missing)}
    found: dict[str, int] = {}
    for text, count in cells.value_counts().items():
        if (folded := fold(str(text))) not in blanks:
            found[folded] = found.get(folded, 0) + int(count)
    return found


def missing_texts(table: RawTable) -> list[str]:
    """Which usual signs of no answer the table holds, as they are written."""
    known = {**BLANKS, **WORDED_BLANKS}
    found: set[str] = set()
    for place in range(table.cells.shape[1]):
        found |= {fold(str(text)) for text in table.cells.iloc[:, place].unique()}
    return [written for folded, written in known.items() if folded in found - {""}]


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
    return of_a_person or bool(header_words & set(IDENTIFYING))


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
    if column.kind in {"blank", "free text"} or column.header.endswith(OF_A_FORM):
        return
    header_words = set(words(column.header))
    if len(column.label) <= LONG:
        header_words |= set(words(column.label))
    names_people = header_words & set(IDS) and (
        header_words & set(PEOPLE) or len(header_words) == 1
    )
    for role, hints in ROLES.items():
        if header_words & set(hints) or (role == "participant" and names_people):
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


def number(text: str) -> float | None:
    """The number a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


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
