"""Free texts into texts without what names or reaches a person, and counts of that.

Forms are taken out first (`traces`), then the names a survey lists. A name that is
neither listed nor behind a title or the like stays.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.intake.traces import (
    COMPILED,
    KINDS,
    NAME,
    NAMED,
    PLACEHOLDER,
    is_nhs_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

JOINED = r"[\s'`\u00b4\u02bc\u2018\u2019\u2010-\u2015-]*"
"""What may stand between the parts of a name, or not: O'Hara, O-Hara, OHara."""
NAMELESS = """
van von de der den del la le di da al el bin ibn ap of ter the and jr sr mr mrs ms miss
mx dr doctor prof professor sir dame lord lady rev nurse sister
"""
"""Words of a full name that name nobody by themselves."""
ORDINARY = """
april art august baker bank barker bell best bill black bond brown carter case chance
chase church cook cross daisy dale dawn day dean drew earl english faith field fish
flowers ford forest fox frank french gay gill glen good grace grant gray green grey guy
hall hand harmony head heath hill holly home hope house hunt iris ivy jack jade joy
june king lane law lily little long love marina mark marsh mason may miles mill miller
moon moor nick noble north olive page park pat pearl penny pope power price prince ray
read rich rob robin rose rowan ruby rush sage self sharp short skip smart south star
stone storm strong sue summer sunny sweet tanner taylor walker wall ward waters way west
white wild will wise wood worth young
"""
"""Words that are names too: as part of a full name they are one with a capital."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The listed names, as words of a folded text.

    Attributes
    ----------
    whole : pattern
        Names and parts of them, the longest first.
    capital : pattern
        Those that are ordinary words too, and count with a capital alone.
    """

    whole: re.Pattern[str] | None
    capital: re.Pattern[str] | None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the next of them stand, outside what other kinds have left."""
        if self.whole is None and self.capital is None:
            return []
        folded, places = _folded(text)
        for pattern, only_capital in ((self.whole, False), (self.capital, True)):
            found = [
                (places[start], _end(text, places[end - 1] + 1))
                for start, end in (_spans(pattern, folded) if pattern else ())
                if not only_capital or text[places[start]].isupper()
            ]
            if found:
                return found
        return []


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
    while spans := listed.spans(text):
        text = _replaced(text, spans, NAME, counts)
    return text


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
    nameless, ordinary = set(NAMELESS.split()), set(ORDINARY.split())
    for name in names:
        last, _, first = name.partition(",")
        parts = _parts(f"{first} {last}")
        whole |= {parts, _parts(name)}
        for part in parts if " " in name.strip() else ():
            if len(part) > 1 and part not in nameless:
                (capital if part in ordinary else whole).add((part,))
    return Names(whole=_as_words(whole), capital=_as_words(capital - whole))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W\d_]+", _folded(name)[0]))


def _as_words(names: Iterable[tuple[str, ...]]) -> re.Pattern[str] | None:
    known = sorted(set(names) - {()}, key=lambda name: (-len("".join(name)), name))
    if not known:
        return None
    words = "|".join(JOINED.join(map(re.escape, name)) for name in known)
    # An underscore or a digit beside a name does not make it another word.
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
