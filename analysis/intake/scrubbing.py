"""Remove from free texts what names or could identify a person, and count it.

Patterns of form are removed first, then the names that a survey lists; a name that is
neither listed nor preceded by a title or the like is not found. Patterns err on the
side of removing too much: a number that could be someone's is removed. A pattern of
open length starts only where none like it precedes, so that time grows linearly with
length. The patterns and lists of words stand in ``scrubbing.toml`` next to this module.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

PART = re.compile(r"<([A-Z_]+)>")


def _table() -> Mapping[str, Any]:
    """What to look for; patterns lose their line breaks and get their parts."""
    file = resources.files("analysis.intake") / "scrubbing.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    parts: dict[str, str] = {}

    def whole(pattern: str) -> str:
        return PART.sub(lambda name: parts[name[1]], "".join(pattern.split()))

    for name, pattern in table["parts"].items():
        parts[name] = whole(pattern)
    for section in ("forms", "second", "names"):
        table[section] = {kind: whole(form) for kind, form in table[section].items()}
    return table


TABLE = _table()
NAME = "name"
KINDS = (*TABLE["forms"], NAME)
"""What is taken out; each leaves its kind in square brackets."""
COMPILED = tuple(
    (kind, re.compile(forms[kind], re.IGNORECASE))
    for kind in TABLE["forms"]
    for forms in (TABLE["forms"], TABLE["second"])
    if kind in forms
)
"""Kinds with their patterns, in the order in which they are taken out."""
NAMED = tuple(map(re.compile, TABLE["names"].values()))
"""Names by what stands before them: a title, or words that a name follows."""
NAMELESS, ORDINARY = (set(TABLE[key].split()) for key in ("nameless", "ordinary"))
"""Parts of a full name that name nobody, and that are words too."""
PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(map(re.escape, KINDS))})\]")
"""What earlier kinds have left."""
JOINED = r"[\s'`\u00b4\u02bc\u2018\u2019\u2010-\u2015-]*"
"""What may stand between the parts of a name, or not: O'Hara, O-Hara, OHara."""


def is_nhs_number(text: str) -> bool:
    """Whether ten digits end in the check digit of those before it."""
    digits = [int(letter) for letter in text if letter.isdecimal()]
    weighted = sum(
        weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)
    )
    # A remainder that asks for a check digit of ten is no number's.
    return (11 - weighted % 11) % 11 == digits[-1]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scrubbed:
    """Texts without what names or reaches a person.

    Attributes
    ----------
    counts : mapping
        Kind → how many were taken out; kinds of which there was none are left out.
    """

    texts: pd.Series[str]
    counts: Mapping[str, int]

    def __repr__(self) -> str:
        """Size alone: an output kept in a notebook must not hold a text."""
        return f"Scrubbed({len(self.texts)} texts)"


Names: TypeAlias = tuple[tuple[re.Pattern[str], bool], ...]
"""Listed names as words of a folded text, and whether they need a capital in it."""


def scrub(texts: pd.Series[str], *, names: Iterable[str] = ()) -> Scrubbed:
    """Take out what names or reaches a person.

    Parameters
    ----------
    texts : Series of str
        Empty where nothing was written.
    names : iterable of str
        Names to take out wherever they stand as words, whatever their case, accents
        and what joins their parts; of a full name each part too, an ordinary word
        (*Will* of *Will Smith*) where it has a capital.
    """
    listed = _listed(names)
    counts: dict[str, int] = dict.fromkeys(KINDS, 0)
    scrubbed = texts.map(lambda text: _without(text, listed, counts))
    found = {kind: count for kind, count in counts.items() if count}
    return Scrubbed(texts=scrubbed, counts=found)


def _without(text: str, listed: Names, counts: dict[str, int]) -> str:
    for kind, pattern in COMPILED:
        fits = is_nhs_number if kind == "NHS number" else None
        text = _replaced(text, _spans(pattern, text, fits), kind, counts)
    for named in NAMED:
        text = _replaced(text, _spans(named, text), NAME, counts)
    # What one name leaves may make a word of the next, so again until none is left.
    while spans := _listed_spans(text, listed):
        text = _replaced(text, spans, NAME, counts)
    return text


def _listed_spans(text: str, listed: Names) -> list[tuple[int, int]]:
    """Where the next of the listed names stand, outside what other kinds have left."""
    folded, places = _folded(text) if listed else ("", [])
    for pattern, only_capital in listed:
        found = [
            (places[start], _end(text, places[end - 1] + 1))
            for start, end in _spans(pattern, folded)
            if not only_capital or text[places[start]].isupper()
        ]
        if found:
            return found
    return []


def _spans(
    pattern: re.Pattern[str], text: str, fits: Callable[[str], bool] | None = None
) -> list[tuple[int, int]]:
    """Where a pattern stands, outside what earlier kinds have left."""
    spans = [found.span() for found in PLACEHOLDER.finditer(text)]
    return [
        span
        for span in _found(pattern, text, fits)
        if not any(start < span[1] and span[0] < end for start, end in spans)
    ]


def _found(
    pattern: re.Pattern[str], text: str, fits: Callable[[str], bool] | None
) -> Iterator[tuple[int, int]]:
    place = 0
    while found := pattern.search(text, place):
        start, end = found.span("who" if "who" in pattern.groupindex else 0)
        if start >= 0 and (fits is None or fits(found.group())):
            yield start, end
            place = max(end, found.start() + 1)
        else:
            # What does not fit may hide the beginning of what does.
            place = found.start() + 1


def _replaced(
    text: str, spans: list[tuple[int, int]], kind: str, counts: dict[str, int]
) -> str:
    counts[kind] += len(spans)
    for start, end in reversed(spans):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def _listed(names: Iterable[str]) -> Names:
    whole: set[tuple[str, ...]] = set()
    capital: set[tuple[str, ...]] = set()
    for name in names:
        last, _, first = name.partition(",")
        parts = _parts(f"{first} {last}")
        whole |= {parts, _parts(name)}
        for part in parts if " " in name.strip() else ():
            if len(part) > 1 and part not in NAMELESS:
                (capital if part in ORDINARY else whole).add((part,))
    patterns = (_as_words(whole), False), (_as_words(capital - whole), True)
    return tuple((pattern, capital) for pattern, capital in patterns if pattern)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W\d_]+", _folded(name)[0]))


def _as_words(names: Iterable[tuple[str, ...]]) -> re.Pattern[str] | None:
    known = sorted(set(names) - {()}, key=lambda name: (-len("".join(name)), name))
    if not known:
        return None
    words = "|".join(JOINED.join(map(re.escape, name)) for name in known)
    # An underscore or a digit next to a name does not make it another word.
    return re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])")


def _folded(text: str) -> tuple[str, list[int]]:
    """The text in small letters without accents, and where each letter stood."""
    letters, places = [], []
    for place, letter in enumerate(text):
        for part in unicodedata.normalize("NFKD", letter).casefold():
            if not unicodedata.combining(part):
                letters.append(part)
                places.append(place)
    return "".join(letters), places


def _end(text: str, place: int) -> int:
    """The end of a word with the accents that stand behind its last letter."""
    while place < len(text) and unicodedata.combining(text[place]):
        place += 1
    return place
